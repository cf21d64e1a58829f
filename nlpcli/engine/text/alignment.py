"""Text that was changed, and where each of its characters stood before.

A change is a list of steps, each a regular expression and what to put for a match. Applied
plainly it is `re.sub`; applied to an `Aligned` text it also carries the places along, so that
a token found in normalised text is shown where it stands in the user's line.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from nlpcli.engine.text.unicode_marks import MARKS

Form = Literal["NFC", "NFKC", "NFD", "NFKD"]
Replacement = str | Callable[[re.Match[str]], str]


@dataclass(frozen=True)
class Aligned:
    """`text`, and for each of its characters the `start` and `end` it came from.

    `starts` and `ends` are None while nothing has moved.
    """

    text: str
    starts: list[int] | None = None
    ends: list[int] | None = None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` stood in the original.

        >>> aligned = Aligned("a<b>c").sub(re.compile("<b>"), "")
        >>> aligned.text, aligned.place(1, 2)
        ('ac', (4, 5))
        """
        if self.starts is None or self.ends is None:
            return start, end
        if start >= len(self.starts):
            last = self.ends[-1] if self.ends else 0
            return last, last
        return self.starts[start], self.ends[max(start, end - 1)]

    def sub(self, pattern: re.Pattern[str], replacement: Replacement) -> Aligned:
        """The text after `pattern.sub(replacement, text)`; a replacement stands where its match stood."""
        starts, ends = self._places()
        pieces: list[str] = []
        new_starts: list[int] = []
        new_ends: list[int] = []
        position = 0
        for match in pattern.finditer(self.text):
            begin, end = match.span()
            put = match.expand(replacement) if isinstance(replacement, str) else replacement(match)
            if put == match[0]:
                continue
            pieces += (self.text[position:begin], put)
            new_starts += starts[position:begin]
            new_ends += ends[position:begin]
            if put and begin < end:
                new_starts += [starts[begin]] * len(put)
                new_ends += [ends[end - 1]] * len(put)
            position = end
        if not pieces:
            return self
        pieces.append(self.text[position:])
        return Aligned("".join(pieces), new_starts + starts[position:], new_ends + ends[position:])

    def _places(self) -> tuple[list[int], list[int]]:
        if self.starts is None or self.ends is None:
            return list(range(len(self.text))), list(range(1, len(self.text) + 1))
        return self.starts, self.ends


# A base with the marks and conjoining jamo that may melt into it: normalisation does not reach
# across the start of the next.
@functools.cache
def _cluster() -> re.Pattern[str]:
    """Made when it is needed, which takes some milliseconds."""
    return re.compile(rf"[^\u1160-\u11ff{MARKS}]?[\u1160-\u11ff{MARKS}]+|[^\x00-\x7f]", re.DOTALL)


def composed(text: str) -> Aligned:
    """`text` in normalisation form NFC.

    >>> aligned = composed("\\u1112\\u1161\\u11ab글")
    >>> aligned.text, aligned.place(1, 2)
    ('한글', (3, 4))
    """
    return normalised(Aligned(text), "NFC")


def normalised(aligned: Aligned, form: Form) -> Aligned:
    """The text in a Unicode normalisation form (NFC, NFKC, NFD or NFKD), places kept."""
    whole = unicodedata.normalize(form, aligned.text)
    if whole == aligned.text:
        return aligned
    stepwise = aligned.sub(_cluster(), lambda match: unicodedata.normalize(form, match[0]))
    if stepwise.text == whole:
        return stepwise
    # A rare composition across clusters: one replacement for the whole text.
    return aligned.sub(re.compile(r".+", re.DOTALL), lambda _: whole)
