"""Stop words: lists by name or from files, and whether a token is one.

A list holds words, compared without regard to case and to the kind of apostrophe, and entries with
a tag: `은/J` is the particle 은, not the noun (silver); `*/E` is any ending. Where the tokenizer knows
no tags, the word alone counts, and an entry for any word is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from nlpcli.engine.io.lines import Lines
from nlpcli.engine.text.tagsets import tag_begins
from nlpcli.engine.text.token import Token
from nlpcli.engine.text.unicode_marks import typewriter

DATA = Path(__file__).parents[2] / "data"
LISTS = {name: DATA / f"stopwords_{name}.txt" for name in ("en", "ko")}
_TAGGED = re.compile(r"(.+)/([A-Z]{1,6})")
UNTAGGED = "WORD"  # the tag of entries that only count where no tags are known


def load(names: Iterable[str]) -> tuple[str, ...]:
    """The words of all lists together, each once. A name is `en`, `ko` or a file's.

    >>> {"the", "of"} <= set(load(["en"])), "은/J" in load(["en,ko"])
    (True, True)
    """
    words: dict[str, None] = {}
    for name in (part.strip() for value in names for part in value.split(",")):
        if name:
            words |= dict.fromkeys(_read(str(LISTS.get(name, name))))
    return tuple(words)


def _read(path: str) -> Iterable[str]:
    """The entries of a list: a word a line, `#` begins a remark."""
    for line in Lines([path]):
        if (word := line.strip()) and not word.startswith("#"):
            yield word


def untagged(words: Iterable[str]) -> frozenset[str]:
    """The words of a list for a tokenizer that knows no tags, as `looked_up` has them."""
    found = (_TAGGED.fullmatch(word) for word in words)
    plain = (match[1] if match else word for match, word in zip(found, words, strict=True))
    return frozenset(looked_up(word) for word in plain if word != "*")


def looked_up(word: str) -> str:
    """A word as it is looked for on a list: in lower case, with typewriter apostrophes.

    >>> looked_up("Don\u2019t")
    "don't"
    """
    return typewriter(word.lower())


def tagged(words: Iterable[str], analyser: str) -> Callable[[Token], bool]:
    """Whether a token of that analyser is on the list, going by form and tag."""
    alone: set[str] = set()
    tags: list[str] = []
    with_tag: dict[str, list[str]] = {}
    for word in words:
        match = _TAGGED.fullmatch(word)
        if match is None:
            alone.add(looked_up(word))
        elif match[1] == "*":
            tags.append(match[2])
        elif match[2] != UNTAGGED:
            with_tag.setdefault(match[1], []).append(match[2])

    def is_stop_word(token: Token) -> bool:
        return (
            looked_up(token.form) in alone
            or tag_begins(analyser, token.tag, tags)
            or (token.form in with_tag and tag_begins(analyser, token.tag, with_tag[token.form]))
        )

    return is_stop_word
