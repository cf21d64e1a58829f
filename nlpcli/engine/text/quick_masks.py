"""The patterns of masks, tried only where a match may begin: the same matches in less time.

A date, a telephone number and a number each hold a digit, and begin at a run of digits, with a sign before
it, or with the name of a month and a space before it. So the runs are found once for all three, and the
pattern is asked at these places alone. Other masks are looked for in texts that hold what they need.
Not here: the patterns (`normalizers.py`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator

from nlpcli.engine.text.alignment import Replacement
from nlpcli.engine.text.emoji import may_hold_emoji

Runs = list[tuple[int, int]]

# A class of characters comes first, which `re` skips to; the run begins where no digit is before it.
_RUN = re.compile(r"\d(?<!\d\d)\d*+")
_ASCII_RUN = re.compile(r"[0-9](?<![0-9][0-9])[0-9]*+")
_MONTH = re.compile(r"(?i:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)")
_LONGEST_MONTH = 10  # letters of a month's name, of which a pattern takes nine, and a space
_MONTH_BEGINS = "jfmasondJFMASONDſ"
_AFTER_DATE = "년월./-stnrSTNRſ"  # behind the first digits of a date: also 1st, 2nd, 3rd, 4th; or a space
_PHONE_PARTS = frozenset((2, 3, 4, 10, 11))  # digits that a telephone number begins with, or has in one
_WWW = re.compile(r"[wW]{3}\.")


class DigitRuns:
    """Where the runs of digits of a text begin and end, kept for the next mask that asks."""

    def __init__(self) -> None:
        self._held: tuple[str, Runs] = ("", [])

    def __call__(self, text: str) -> Runs:
        """Of this text."""
        held = self._held
        if held[0] is not text:
            pattern = _ASCII_RUN if text.isascii() else _RUN
            held = self._held = text, [run.span() for run in pattern.finditer(text)]
        return held[1]


def quick_mask(
    name: str, pattern: re.Pattern[str], replacement: Replacement, runs: DigitRuns
) -> Callable[[str], str]:
    """What does the same as `pattern.sub(replacement, text)` for the mask of a name."""
    if name in _BEGINNINGS:
        return functools.partial(_replaced, pattern, replacement, runs, _BEGINNINGS[name])
    needed = _NEEDED.get(name)
    if needed is None:
        return functools.partial(pattern.sub, replacement)
    return lambda text: pattern.sub(replacement, text) if needed(text) else text


def _replaced(
    pattern: re.Pattern[str],
    replacement: Replacement,
    runs: DigitRuns,
    beginnings: Callable[[str, Runs], Iterable[int]],
    text: str,
) -> str:
    """`pattern.sub`, where each match begins at one of the `beginnings`, which are given in order."""
    parts: list[str] = []
    done = 0
    for place in beginnings(text, runs(text)):
        match = pattern.match(text, place) if place >= done else None
        if match is not None:
            put = replacement if isinstance(replacement, str) else replacement(match)
            parts += text[done : match.start()], put
            done = match.end()
    return "".join([*parts, text[done:]]) if parts else text


def _dates(text: str, runs: Runs) -> Iterator[int]:
    for start, end in runs:
        behind = text[end : end + 1]
        before = text[start - 1] if start else ""
        if behind == "년" and before and before in "'’":
            yield start - 1
        elif before.isspace() and start > 1 and text[start - 2].isalpha():
            for month in _MONTH.finditer(text, max(start - _LONGEST_MONTH, 0), start - 1):
                yield month.start()
        if behind in _AFTER_DATE or (behind.isspace() and text[end + 1 : end + 2] in _MONTH_BEGINS):
            yield start


def _phones(text: str, runs: Runs) -> Iterator[int]:
    for start, end in runs:
        before = text[start - 1] if start else ""
        if before and before in "+(":
            yield start - 1
        if end - start in _PHONE_PARTS and (end - start > 4 or text[end : end + 1] in " .-"):
            yield start


def _numbers(text: str, runs: Runs) -> Iterator[int]:
    for start, _ in runs:
        if start and text[start - 1] in "+-−":
            yield start - 1
        yield start


def _may_hold_address(text: str) -> object:
    if "://" in text:
        return True
    if ("ww" in text or "WW" in text or "wW" in text or "Ww" in text) and _WWW.search(text):
        return True
    return (
        ".com" in text or ".net" in text or ".org" in text or ".io" in text or ".kr" in text
        or ".edu" in text or ".gov" in text
    )  # fmt: skip


_BEGINNINGS: dict[str, Callable[[str, Runs], Iterator[int]]] = {
    "date": _dates,
    "phone": _phones,
    "number": _numbers,
}
_NEEDED: dict[str, Callable[[str], object]] = {
    "url": _may_hold_address,
    "email": lambda text: "@" in text,
    "mention": lambda text: "@" in text,
    "hashtag": lambda text: "#" in text,
    "emoji": may_hold_emoji,
}
