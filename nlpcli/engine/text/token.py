"""A token with all that is known about it, and how tokens find their place in a line.

Not here: what makes tokens (`text/tokenizers/rules.py`, `text/tokenizers/korean.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Token(NamedTuple):
    """A token of one line: its text, tag and dictionary form, and `line[start:end]`.

    `tag` is in the analyser's own set, empty where it has none; `lemma` is empty where the
    tokenizer knows none. A morpheme that is fused with its neighbour (했 = 하 + 었) shares its
    place with it, so `line[start:end]` may hold more or other letters than `form`.
    """

    form: str
    start: int
    end: int
    tag: str = ""
    lemma: str = ""

    @property
    def dictionary_form(self) -> str:
        """The lemma, or the form itself where none is known."""
        return self.lemma or self.form


def pieces(text: str, size: int) -> Iterator[tuple[int, str]]:
    """`text` in pieces of at most `size` characters, cut after a space where there is one.

    >>> list(pieces("ab cd e", 4))
    [(0, 'ab '), (3, 'cd e')]
    """
    start = 0
    while len(text) - start > size:
        cut = text.rfind(" ", start, start + size) + 1 or start + size
        yield start, text[start:cut]
        start = cut
    if start < len(text):
        yield start, text[start:]


_QUOTES = ("``", "''")
_SPACE = re.compile(r"\s*")


def locate(text: str, forms: Iterable[str]) -> list[Token]:
    """The tokens of `text` with their places, found from left to right.

    >>> [(t.start, t.end) for t in locate("a  bc a", ["a", "bc", "a"])]
    [(0, 1), (3, 5), (6, 7)]
    """
    return [Token(form, start, end) for form, (start, end) in _places(text, list(forms))]


def locate_tagged(text: str, pairs: Sequence[tuple[str, str]]) -> list[Token]:
    """Tagged morphemes with their places; those the analyser rewrote share the gap they stand in."""
    places = _places(text, [form for form, _ in pairs])
    return [
        Token(form, start, end, tag) for (form, tag), (_, (start, end)) in zip(pairs, places, strict=True)
    ]


def _places(text: str, forms: list[str]) -> list[tuple[str, tuple[int, int]]]:
    """Each form with `(start, end)`: exact finds are anchors, what lies between shares the gap."""
    found: list[tuple[int, int] | None] = []
    position = 0
    for form in forms:
        place = _next(text, form, position)
        found.append(place)
        if place is not None:
            position = place[1]
    places: list[tuple[int, int]] = []
    position = 0
    for number, place in enumerate(found):
        if place is None:
            following = (later[0] for later in found[number + 1 :] if later is not None)
            place = _gap(text, position, next(following, len(text)))
        else:
            position = place[1]
        places.append(place)
    return list(zip(forms, places, strict=True))


# How far a form may lie from where the one before ended: beyond that a find is chance.
_REACH = 24


def _next(text: str, form: str, position: int) -> tuple[int, int] | None:
    match = _SPACE.match(text, position)
    start = match.end() if match else position
    if text.startswith(form, start):
        return start, start + len(form)
    if form in _QUOTES and text.startswith('"', start):
        return start, start + 1
    if len(form) == 1 and not unicodedata.category(form).startswith("L"):
        return None  # a rewritten symbol: elsewhere it would be another one
    start = text.find(form, start, start + _REACH + len(form))
    return None if start < 0 else (start, start + len(form))


def _gap(text: str, start: int, end: int) -> tuple[int, int]:
    """`start:end` without the white space at its edges; an empty gap takes the letter before."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end = max(start, start + len(piece.strip()))
    if start == end and start > 0:
        start = end - 1
    return start, min(end, len(text))
