"""Where a large file may be cut, so that its parts are read one by one as the whole would be.

    plain lines, tables without quotes     at any line end
    tables with quotes                     at line ends outside quotes, by counting the quotes before
    compressed files, UTF-16, workbooks    nowhere: only their beginning says how they go on

Encoding and layout are decided by the beginning of the file, and go with its parts.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nlpcli.engine.io.charsets import AUTO, checked_encoding, encoding_of_mark, guess, surely_wide
from nlpcli.engine.io.compressed import format_of
from nlpcli.engine.io.file_kinds import kind_of
from nlpcli.engine.io.line_ends import ends_with_returns
from nlpcli.engine.io.lines import line_blocks
from nlpcli.engine.io.opening import display_name, open_bytes, read_chunks
from nlpcli.engine.io.places import Decided, Part, gives_parts, open_place
from nlpcli.engine.io.record_layouts import Layout
from nlpcli.engine.io.records import Records
from nlpcli.engine.io.table_signs import is_plain
from nlpcli.engine.runtime.progress import Progress
from nlpcli.settings.input import InputSettings, RecordSettings, TextInputSettings

_HEAD = 1 << 20  # bytes that show what a file is
_CHUNK = 1 << 22
_OF_UTF8 = ("utf-8", "utf-8-sig")
_WITH_STATE = ("utf-7", "hz", "iso2022")  # encodings whose bytes mean something else after others
_FEED, _RETURN, _QUOTE, _SPACE = 10, 13, 34, 32


@dataclass(frozen=True)
class Reading:
    """How the input is read: as lines, or as rows of tables; with labels; as pairs of texts."""

    text: InputSettings
    records: RecordSettings = RecordSettings()
    labelled: bool = False
    pairs: bool = False

    @classmethod
    def of(cls, reading: TextInputSettings) -> Reading:
        """Of commands that know texts alone."""
        return cls(reading, reading.records)

    @property
    def is_table(self) -> bool:
        """Whether files are read as rows of a table."""
        return not is_plain(self.records, self.labelled)


@dataclass(frozen=True)
class Stretch:
    """Some bytes of a table with quotes, and what separates its cells."""

    part: Part
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


CountQuotes = Callable[[Sequence[Stretch]], Sequence[Quotes]]


def cut_file(
    path: str, size: int, most: int, reading: Reading, count_quotes: CountQuotes, progress: Progress
) -> list[tuple[Part, Decided]] | None:
    """The parts of a file of `size` bytes, none much larger than `most`; None where it stays whole."""
    if not gives_parts(path, size):
        progress.note(f"{display_name(path)}: the server gives whole files alone, so it is one shard")
        return None
    with open_place(path) as file:
        head = file.read(_HEAD)
    encoding = _encoding(path, head, reading)
    if encoding is None or ends_with_returns(head, quoted=reading.is_table):
        return None
    layout = None
    if reading.is_table:
        if reading.records.vector_col is not None:
            return None
        records = Records(
            [path], reading.records, reading.text, labelled=reading.labelled, pairs=reading.pairs
        )
        layout = records.layout_of(path)
        if layout is None:
            return None
    pieces = -(-size // most)
    places = [size * number // pieces for number in range(1, pieces)]
    if layout is not None and layout.format == "csv":
        found = _outside_quotes(path, size, places, layout, encoding, count_quotes)
        if found is None:
            progress.note(f"{display_name(path)}: quotes stand within fields, so it is one shard")
            return None
    else:
        found = [_line_start(path, place) for place in places]
    cuts = sorted({0, size, *(min(place, size) for place in found)})
    if len(cuts) == 2:
        progress.note(f"{display_name(path)} has no line end to cut it at, so it is one shard")
        return None
    if layout is not None and layout.remark:
        progress.note(layout.remark)
    known = Decided(encoding, layout)
    return [(Part(path, start, end), known) for start, end in itertools.pairwise(cuts)]


def _encoding(path: str, head: bytes, reading: Reading) -> str | None:
    """The encoding of a file that may be cut; None where it may not."""
    if format_of(head[:6]) or kind_of(head):
        return None
    asked = checked_encoding(reading.text.encoding)
    if asked in (AUTO, *_OF_UTF8) and (encoding_of_mark(head) or surely_wide(head)):
        return None
    if asked == AUTO:
        return _first_seen(path)
    if asked.replace("_", "-").startswith(_WITH_STATE) or "\n".encode(asked) != b"\n":
        return None
    return asked


def _first_seen(path: str) -> str:
    """What `auto` means for a file: UTF-8 or CP949, by the first lines with other letters than ASCII's."""
    with open_bytes(path) as (stream, _):
        for block in line_blocks(read_chunks(stream)):
            if not block.isascii():
                return guess(block) or "utf-8"
    return "utf-8"


def _line_start(path: str, place: int, inside: bool = False, *, quoted: bool = False) -> int:
    """Where the first line begins at or behind a place; or where the file ends.

    quoted: a line end inside quotes is none; `inside` says whether the place is.
    """
    with open_place(path) as file:
        file.seek(place - 1)
        here = place
        if file.read(1) == b"\n" and not inside:
            return place
        while chunk := file.read(_HEAD):
            begun = 0
            while (feed := chunk.find(b"\n", begun)) >= 0:
                inside ^= quoted and chunk.count(b'"', begun, feed) % 2 == 1
                if not inside:
                    return here + feed + 1
                begun = feed + 1
            inside ^= quoted and chunk.count(b'"', begun) % 2 == 1
            here += len(chunk)
    return here


def _outside_quotes(
    path: str, size: int, places: list[int], layout: Layout, encoding: str, count_quotes: CountQuotes
) -> list[int] | None:
    """Where rows begin at or behind some places; None where quotes do not stand as they should."""
    delimiter = layout.delimiter.encode(encoding)
    ends = [0, *places, size]
    stretches = [
        Stretch(Part(path, start, end), delimiter[-1], delimiter[0], layout.spaced)
        for start, end in itertools.pairwise(ends)
    ]
    inside, found = False, []
    for stretch, quotes in zip(stretches, count_quotes(stretches), strict=True):
        if stretch.part.start:
            found.append(_line_start(path, stretch.part.start, inside, quoted=True))
        if not (quotes.if_inside if inside else quotes.if_outside):
            return None
        inside ^= quotes.count % 2 == 1
    return found


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
