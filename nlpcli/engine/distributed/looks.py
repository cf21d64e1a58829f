"""What is looked for in parts of a large file, to know where it may be cut and what it is: by the workers,
since the client would have to read all of it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from nlpcli.engine.io.charsets import first_letter
from nlpcli.engine.io.places import Part, open_place

_CHUNK = 1 << 22
_FIRST, _TIMES = 1 << 16, 4  # bytes that are first looked at for a line end, which is near; then more of them
_FEED, _RETURN, _QUOTE, _SPACE = 10, 13, 34, 32


@dataclass(frozen=True)
class Spot:
    """Some bytes of a file to look at."""

    part: Part


Place = TypeVar("Place", bound=Spot)
Found = TypeVar("Found")


class Ask(Protocol):
    """Who looks at some bytes each, and tells what was found; `stage` says what they are doing."""

    def __call__(
        self, stage: str, look: Callable[[Place], Found], places: Sequence[Place], /
    ) -> Sequence[Found]:
        """`look(place)` of each."""


@dataclass(frozen=True)
class Stretch(Spot):
    """Some bytes of a table with quotes, and what separates its cells."""

    before: int  # the byte that ends a delimiter
    behind: int  # the byte that begins one
    spaced: bool  # quotes may stand behind a space


@dataclass(frozen=True)
class Quotes:
    """How many quotes some bytes hold, and whether they stand as they should in either case.

    One that begins a field stands behind a delimiter or line end, and one that ends it before such. Which of
    the two the first one is, all the bytes before tell: they are outside of quotes, or inside.
    """

    count: int
    if_outside: bool
    if_inside: bool


@dataclass(frozen=True)
class Seam(Spot):
    """Some bytes in which a row shall begin that is the first of a shard.

    inside: whether they begin inside quotes; quoted: whether quotes may hold line ends at all
    """

    inside: bool = False
    quoted: bool = False


def letter_in(spot: Spot) -> int:
    """Where the first byte that is none of ASCII's stands in the file; -1 where all are ASCII's."""
    path, here, end = spot.part
    with open_place(path) as file:
        file.seek(here)
        while chunk := file.read(min(_CHUNK, end - here)):
            if (place := first_letter(chunk)) >= 0:
                return here + place
            here += len(chunk)
    return -1


def row_in(seam: Seam) -> int:
    """Where the first row begins in the file, at the byte behind these at last; -1 where none does."""
    path, start, end = seam.part
    with open_place(path) as file:
        file.seek(start - 1)
        if file.read(1) == b"\n" and not seam.inside:
            return start
        here, inside, size = start, seam.inside, _FIRST
        while chunk := file.read(min(size, end - here)):
            begun = 0
            while (feed := chunk.find(b"\n", begun)) >= 0:
                inside ^= seam.quoted and chunk.count(b'"', begun, feed) % 2 == 1
                if not inside:
                    return here + feed + 1
                begun = feed + 1
            inside ^= seam.quoted and chunk.count(b'"', begun) % 2 == 1
            here += len(chunk)
            size = min(size * _TIMES, _CHUNK)
    return -1


def quotes_in(stretch: Stretch) -> Quotes:
    """The quotes of some bytes of a table."""
    import numpy as np

    path, start, end = stretch.part
    count, well = 0, [True, True]
    opening = np.zeros(256, dtype=bool)
    opening[[stretch.before, _FEED, _RETURN, _QUOTE]] = True
    opening[_SPACE] |= stretch.spaced
    closing = np.zeros(256, dtype=bool)
    closing[[stretch.behind, _FEED, _RETURN, _QUOTE]] = True
    with open_place(path) as file:
        here = start
        while here < end:
            file.seek(max(here - 1, 0))
            data = (b"" if here else b"\n") + file.read(min(_CHUNK, end - here) + 2)
            took = min(_CHUNK, end - here)
            if here == 0 and data[1:4] == b"\xef\xbb\xbf":
                data = b"\n\n\n\n" + data[4:]
            found = np.frombuffer(data[: took + 2].ljust(took + 2, b"\n"), dtype=np.uint8)
            place = np.flatnonzero(found[1:-1] == _QUOTE) + 1
            opens, closes = opening[found[place - 1]], closing[found[place + 1]]
            for case in (0, 1):
                first = (count + case) % 2  # which of these quotes opens first
                well[case] &= bool(opens[first::2].all() and closes[1 - first :: 2].all())
            count += len(place)
            here += took
    return Quotes(count, *well)
