"""Files that settings name and models carry: stop lists, user dictionaries, subword models.

A setting holds the content, never the path, so that a model works on another machine. A field
of the settings says by `reads=` which reader turns its option's value into its content.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import open_bytes


def read_text(path: str) -> str:
    """The whole of a small text file, UTF-8, as lines that end in a newline."""
    return "".join(line + "\n" for line in Lines([path]))


def read_subwords(path: str) -> str:
    """A subword model as base64 text. Raises ModelError for another file."""
    import base64

    from nlpcli.engine.text.tokenizers.sentencepiece_file import check_model

    with open_bytes(path) as (stream, _):
        content = stream.read()
    check_model(content, path)
    return base64.b64encode(content).decode("ascii")


def read_stopwords(names: Iterable[str]) -> tuple[str, ...]:
    """The words of stop lists, by name (en, ko) or from files."""
    from nlpcli.engine.text.stopwords import load

    return load(names)


def read_seed_words(given: Iterable[str]) -> tuple[str, ...]:
    """Words that topics are to hold, a text for each: as given, or the lines of a file of that name."""
    found: list[str] = []
    for text in given:
        # A long text is no name of a file, which pathlib would raise for.
        is_file = os.path.exists(text) and not os.path.isdir(text)  # noqa: PTH110,PTH112
        found += Lines([text]) if is_file else [text]
    return tuple(words for text in found if (words := text.strip()) and not words.startswith("#"))


READERS: dict[str, Callable[[Any], Any]] = {
    "text": read_text,
    "subwords": read_subwords,
    "stopwords": read_stopwords,
    "seed words": read_seed_words,
}
