"""The piece of a text that shows best why it was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nlpcli.engine.text.token import Token


@dataclass(frozen=True)
class Snippet:
    """A piece of a text in one line, from `start` on, and where in it the words that were found stand."""

    text: str
    start: int
    marks: list[tuple[int, int]]


def snippet(text: str, tokens: Sequence[Token], width: int = 160) -> Snippet:
    """About `width` characters of `text` with the most different of some tokens of it; … where it is cut.

    >>> snippet("a" + " " * 40 + " needle " + "x" * 40, [Token("needle", 42, 48)], 24).text
    '… needle …'
    """
    found = [(token.start, token.end, token.form) for token in tokens]
    start = 0
    if len(text) > width and found:
        start = max(found, key=lambda mark: (_worth(found, mark[0], width), -mark[0]))[0]
        start = _word_start(text, max(0, start - width // 5))
    end = len(text) if len(text) - start <= width else _word_end(text, start, start + width)
    while start < end and text[start].isspace():
        start += 1
    before, after = "… " if start else "", " …" if end < len(text) else ""
    shown = text[start:end].replace("\n", " ").replace("\t", " ").rstrip()
    marks: list[tuple[int, int]] = []
    for first, last, _ in found:
        if start <= first and last <= end and (not marks or first - start + len(before) >= marks[-1][1]):
            marks.append((first - start + len(before), last - start + len(before)))
    return Snippet(before + shown + after, start, marks)


def _worth(found: Sequence[tuple[int, int, str]], start: int, width: int) -> int:
    reach = start + width - width // 5
    return len({form for first, last, form in found if start <= first and last <= reach})


def _word_start(text: str, place: int) -> int:
    space = text.rfind(" ", max(0, place - 20), place)
    return space + 1 if space >= 0 else place


def _word_end(text: str, start: int, place: int) -> int:
    space = text.rfind(" ", max(start + 1, place - 20), place)
    return space if space >= 0 else place
