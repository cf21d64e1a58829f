"""Where a large file may be cut, so that its parts are read one by one as the whole would be.

    plain lines, tables without quotes     at any line end
    tables with quotes                     at line ends outside quotes, by counting the quotes before
    compressed files, UTF-16, workbooks    nowhere: only their beginning says how they go on

Encoding and layout are decided once, and go with the parts: by the beginning of the file, of which the client
reads a mebibyte. What that does not tell, the workers look for (`looks.py`), where it is not soon found here.
"""

from __future__ import annotations

import codecs
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from nlpcli.engine.distributed.looks import (
    Ask,
    Seam,
    Spot,
    Stretch,
    letter_in,
    quotes_in,
    row_in,
)
from nlpcli.engine.io.charsets import (
    AUTO,
    checked_encoding,
    encoding_of_mark,
    first_letter,
    guess,
    surely_wide,
)
from nlpcli.engine.io.compressed import format_of
from nlpcli.engine.io.file_kinds import kind_of
from nlpcli.engine.io.line_ends import ends_with_returns
from nlpcli.engine.io.lines import line_blocks
from nlpcli.engine.io.opening import CHUNK, display_name, open_bytes, read_chunks
from nlpcli.engine.io.places import Decided, Part, gives_parts, is_address, open_place
from nlpcli.engine.io.record_layouts import Layout
from nlpcli.engine.io.records import Records
from nlpcli.engine.io.table_signs import is_plain
from nlpcli.engine.runtime.progress import Progress
from nlpcli.settings.input import InputSettings, RecordSettings, TextInputSettings

_HEAD = 1 << 20  # bytes that show what a file is
_HERE = 1 << 28  # bytes of all files that are looked through sooner than workers are asked
_OF_UTF8 = ("utf-8", "utf-8-sig")
_WITH_STATE = ("utf-7", "hz", "iso2022")  # encodings whose bytes mean something else after others


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


@dataclass(eq=False)
class _Draft:
    """A file that may be cut: about where, and what is known of it.

    encoding: `auto` until it is decided; letter: where the first byte stands that is none of ASCII's, -1
    where none was seen; inside: of each place, whether it is inside quotes
    """

    path: str
    size: int
    places: list[int]
    encoding: str
    letter: int
    layout: Layout | None
    inside: list[bool]

    @property
    def has_quotes(self) -> bool:
        """Whether line ends may stand in quotes."""
        return self.layout is not None and self.layout.format == "csv"

    def parts(self, first: int = 0) -> list[Part]:
        """What lies between the places, from the byte `first` on."""
        ends = [first, *(place for place in self.places if place > first), self.size]
        return [Part(self.path, start, end) for start, end in itertools.pairwise(ends) if start < end]


def cut_files(
    files: Sequence[tuple[str, int]], most: int, reading: Reading, ask: Ask, progress: Progress
) -> list[list[tuple[Part, Decided]] | None]:
    """The parts of files of some sizes, none much larger than `most`; None for one that stays whole.

    What only the whole of a file tells is asked of the workers, of all files together.
    """
    drafts = [_draft(path, size, most, reading, progress) for path, size in files]
    _decide(list(filter(None, drafts)), ask)
    for draft in _within_fields(list(filter(None, drafts)), ask):
        progress.note(f"{display_name(draft.path)}: quotes stand within fields, so it is one shard")
        drafts[drafts.index(draft)] = None
    cuts = iter(_cuts(list(filter(None, drafts)), ask))
    return [None if draft is None else _cut(draft, next(cuts), progress) for draft in drafts]


def _draft(path: str, size: int, most: int, reading: Reading, progress: Progress) -> _Draft | None:
    """What the beginning of a file shows; None where it stays whole."""
    if not gives_parts(path, size):
        progress.note(f"{display_name(path)}: the server gives whole files alone, so it is one shard")
        return None
    with open_place(path) as file:
        head = file.read(_HEAD)
    encoding = _encoding(head, reading)
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
    mark = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    letter = first_letter(head[mark:])
    return _Draft(
        path, size, places, encoding, letter + mark if letter >= 0 else -1, layout, [False] * len(places)
    )


def _cut(draft: _Draft, found: Sequence[int], progress: Progress) -> list[tuple[Part, Decided]] | None:
    cuts = sorted({0, draft.size, *(min(place, draft.size) for place in found)})
    if len(cuts) == 2:
        progress.note(f"{display_name(draft.path)} has no line end to cut it at, so it is one shard")
        return None
    if draft.layout is not None and draft.layout.remark:
        progress.note(draft.layout.remark)
    known = Decided(draft.encoding, draft.layout)
    return [(Part(draft.path, start, end), known) for start, end in itertools.pairwise(cuts)]


# --- encodings ------------------------------------------------------------------------------


def _encoding(head: bytes, reading: Reading) -> str | None:
    """The encoding of a file that may be cut, or `auto`; None where it may not."""
    if format_of(head[:6]) or kind_of(head):
        return None
    asked = checked_encoding(reading.text.encoding)
    if asked in (AUTO, *_OF_UTF8) and (encoding_of_mark(head) or surely_wide(head)):
        return None
    if asked == AUTO:
        return AUTO
    if asked.replace("_", "-").startswith(_WITH_STATE) or "\n".encode(asked) != b"\n":
        return None
    return asked


def _decide(drafts: Sequence[_Draft], ask: Ask) -> None:
    """What `auto` means for each file: UTF-8 or CP949, by the first lines with other letters than ASCII's."""
    plain = []
    left = _HERE
    for draft in (draft for draft in drafts if draft.encoding == AUTO and draft.letter < 0):
        if draft.size <= left and not is_address(draft.path):
            left -= draft.size
            draft.letter = letter_in(Spot(Part(draft.path, min(_HEAD, draft.size), draft.size)))
        else:
            plain.append(draft)
    parts = [draft.parts(_HEAD) for draft in plain]
    if spots := [Spot(part) for some in parts for part in some]:
        found = iter(ask("looking for letters", letter_in, spots))
        for draft, some in zip(plain, parts, strict=True):
            letters = [place for place in itertools.islice(found, len(some)) if place >= 0]
            draft.letter = min(letters, default=-1)
    for draft in drafts:
        if draft.encoding == AUTO:
            draft.encoding = _guessed(draft.path, draft.letter) if draft.letter >= 0 else "utf-8"


def _guessed(path: str, letter: int) -> str:
    """What one machine takes the text for, by the first letter and the rest of the block that it reads."""
    with open_bytes(path) as (stream, raw):
        chunks = read_chunks(stream)
        end = len(next(chunks))  # shorter than the others
        end += max(-(-(letter + 1 - end) // CHUNK), 0) * CHUNK
        raw.seek(letter)
        blocks = line_blocks(itertools.chain([raw.read(end - letter)], iter(lambda: raw.read(CHUNK), b"")))
        return guess(next(blocks)) or "utf-8"


# --- places ---------------------------------------------------------------------------------


def _within_fields(drafts: Sequence[_Draft], ask: Ask) -> list[_Draft]:
    """Those whose quotes do not stand as they should; of the others it is told which places are inside."""
    quoted = [draft for draft in drafts if draft.has_quotes]
    if not quoted:
        return []
    found = iter(
        ask("looking for rows", quotes_in, [place for draft in quoted for place in _stretches(draft)])
    )
    wrong = []
    for draft in quoted:
        inside, well = False, True
        for number, quotes in enumerate(itertools.islice(found, len(draft.places) + 1)):
            if number:
                draft.inside[number - 1] = inside
            well &= quotes.if_inside if inside else quotes.if_outside
            inside ^= quotes.count % 2 == 1
        if not well:
            wrong.append(draft)
    return wrong


def _stretches(draft: _Draft) -> list[Stretch]:
    assert draft.layout is not None
    delimiter = draft.layout.delimiter.encode(draft.encoding)
    return [Stretch(part, delimiter[-1], delimiter[0], draft.layout.spaced) for part in draft.parts()]


def _cuts(drafts: Sequence[_Draft], ask: Ask) -> list[list[int]]:
    """Where rows begin at or behind the places of each file, unless the next place comes first.

    They are looked for here where one is near, as nearly always; behind lines of mebibytes by the workers.
    """
    found: list[list[int]] = []
    far: list[Seam] = []
    for draft in drafts:
        found.append([])
        for part, inside in zip(draft.parts()[1:], draft.inside, strict=True):
            near = part._replace(end=min(part.end, part.start + _HEAD))
            place = row_in(Seam(near, inside, draft.has_quotes))
            if place >= 0:
                found[-1].append(place)
            elif near != part:
                far.append(Seam(part, inside, draft.has_quotes))
                found[-1].append(-len(far))
    rows = ask("looking for rows", row_in, far) if far else []
    return [
        [place for place in (one if one >= 0 else rows[-one - 1] for one in some) if place >= 0]
        for some in found
    ]
