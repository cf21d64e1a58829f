"""What tagged text is made of, whatever its layout."""

from __future__ import annotations

from typing import NamedTuple


class TaggedSentence(NamedTuple):
    """Words and their tags.

    text: the sentence as it was written, where that is known; `place` is `file:line` of the first word, which
    has line `line` of file `name`; `rows`: each word has a line of its own.
    """

    words: list[str]
    tags: list[str]
    name: str
    line: int
    rows: bool = False
    text: str = ""

    @property
    def place(self) -> str:
        """`file:line` of the first word."""
        return f"{self.name}:{self.line}"

    def place_of(self, word: int) -> str:
        """`file:line` of a word, as near as it is known."""
        return f"{self.name}:{self.line + word}" if self.rows else self.place


class CharacterSpan(NamedTuple):
    """Characters `start` up to but without `end` of a text, of a type."""

    start: int
    end: int
    label: str


class SpannedText(NamedTuple):
    """A text and its spans, and the `file:line` where it stands."""

    text: str
    spans: list[CharacterSpan]
    name: str
    line: int

    @property
    def place(self) -> str:
        """`file:line` of the text."""
        return f"{self.name}:{self.line}"
