"""Rows of a file as they stand: for filters that keep a table's columns, quoting and line ends, byte by byte.

A row is a line, or of a table a record, which may go on over several lines in quotes. Its bytes are kept
beside its cells, so that what is written again is what was read. A workbook has no bytes of rows: its
rows are written as CSV in UTF-8 with a mark, as Excel reads it.

Not here: texts and labels for training (`records.py`), and how a layout is recognised (`record_layouts.py`).
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import Any, NamedTuple

from nlpcli.engine.io.charsets import (
    AUTO,
    begins_a_mark,
    checked_encoding,
    encoding_hint,
    encoding_of_mark,
    guess,
    surely_wide,
)
from nlpcli.engine.io.dialects import MAX_FIELD, Beginning, Dialect, FirstRecord, csv_quoting
from nlpcli.engine.io.file_kinds import refuse_other_kinds
from nlpcli.engine.io.lines import line_blocks
from nlpcli.engine.io.opening import STDIN, display_name, open_bytes, read_chunks
from nlpcli.engine.io.record_errors import asked_by
from nlpcli.engine.io.record_layouts import Layout, detect, table_layout
from nlpcli.engine.io.table_signs import (
    FASTTEXT_PREFIX,
    format_by_name,
    is_plain,
    is_zipped,
    taken_as_it_stands,
)
from nlpcli.engine.io.workbook_records import workbook_records
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import InputError
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.wording import counted

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le", codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be",
}  # fmt: skip
_ERRORS = {"strict": "strict", "replace": "replace", "skip": "ignore"}
_BLANK = " \t\r\n,;|"


class RawRow(NamedTuple):
    """A row: its bytes with the line end, its cells or JSON fields, and the line where it begins.

    A blank row of a table has no cells.
    """

    raw: bytes
    cells: list[str] | dict[str, Any]
    line: int


class RawRows:
    """The rows of a file, once; what stands before them is there from the beginning.

    preamble: bytes before the header (a mark, blank lines, `sep=;`); header: the row that names the columns,
    None where there is none; layout: None where every line is a text. encoding: that of the bytes, and end:
    that of the lines, as far as rows are read.
    """

    def __init__(self, path: str, settings: RecordSettings, reading: InputSettings) -> None:
        self.path, self.name = path, display_name(path)
        self.preamble = b""
        self.header: RawRow | None = None
        self.layout: Layout | None = None
        self._named = _suffix(path)
        self.is_empty = False  # a table without a row, of which no column is known
        self.encoding = checked_encoding(reading.encoding)
        self._settings = settings
        self._errors = _ERRORS[reading.errors]
        self._wide: str | None = None  # of what was read; rows are held in UTF-8 then
        self._returns = False  # lines end with a carriage return alone
        self._rows: Iterator[RawRow] = iter(())
        self.end = b"\n"

    def __iter__(self) -> Iterator[RawRow]:
        return self._rows

    def written(self, raw: bytes) -> bytes:
        """The bytes of a row as the file has them."""
        raw = raw.replace(b"\n", b"\r") if self._returns else raw
        if self._wide:
            raw = raw.decode("utf-8", "surrogatepass").encode(self._wide, "surrogatepass")
        return raw

    @property
    def suffix(self) -> str:
        """How a file of these rows is called: as the one they come from, or by what they turned out to be."""
        if self._named or self.layout is None:
            return self._named or ".txt"
        delimited = ".tsv" if self.layout.delimiter == "\t" else ".csv"
        return {"jsonl": ".jsonl", "fasttext": ".txt"}.get(self.layout.format, delimited)

    @property
    def head(self) -> bytes:
        """What stands before the rows, as the file has it."""
        return self.preamble + (b"" if self.header is None else self.written(self.header.raw))

    def text(self, row: RawRow) -> str:
        """The text of a row: its text column, or the line; "" of a blank one."""
        if self.layout is None or self.layout.format == "fasttext":
            return str(row.cells[-1]) if row.cells else ""  # type: ignore[index]
        return self.value(row, self.layout.text_name or self.layout.text)

    def value(self, row: RawRow, column: int | str) -> str:
        """A cell by its number, or a JSON field by its name. Raises InputError where there is none."""
        if not row.cells:
            return ""
        if isinstance(row.cells, dict):
            if column not in row.cells:
                raise InputError(
                    f"{self.name}:{row.line}: no field {column!r}; there are: {', '.join(row.cells)}"
                )
            value = row.cells[str(column)]
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if int(column) >= len(row.cells):
            raise InputError(
                f"{self.name}:{row.line}: {counted(len(row.cells), 'cell')}, "
                f"column {int(column) + 1} is not there",
                hint="is the separator right? --delimiter says what it is",
            )
        return row.cells[int(column)]

    def column(self, asked: str, option: str) -> int | str:
        """The column that was asked for, to give `value`. Raises InputError where it is not there."""
        if self.is_empty:
            return asked
        if self.layout is None:
            raise InputError(f"{self.name}: {option} names a column, and this is no table")
        if self.layout.format == "jsonl":
            return asked
        first = [""] * self.layout.width if self.header is None else [str(one) for one in self.header.cells]
        settings = RecordSettings(text_col=asked, header="no" if self.header is None else "yes")
        dialect = Dialect(self.layout.delimiter, self.layout.format == "csv")
        with asked_by(option):
            return table_layout(self.path, [first], dialect, settings, False).text

    def names(self) -> list[str]:
        """What the columns are called, by number where nothing says so."""
        if self.layout is None:
            return ["text"]
        if self.layout.format == "fasttext":
            return ["labels", "text"]
        header = [] if self.header is None else [str(cell) for cell in self.header.cells]
        return [name or str(number) for number, name in enumerate(header or [""] * self.layout.width, 1)]

    def as_object(self, row: RawRow) -> dict[str, Any]:
        """The row by the names of its columns."""
        if isinstance(row.cells, dict):
            return row.cells
        names = self.names()
        names += [str(number) for number in range(len(names) + 1, len(row.cells) + 1)]
        return dict(itertools.zip_longest(names[: max(len(row.cells), 1)], row.cells, fillvalue=""))

    def with_cells(self, row: RawRow, added: dict[str, str | float], *, named: bool = False) -> bytes:
        """The bytes of a row with more cells at its end; `named`: it is the header, and gets their names."""
        body = row.raw.removesuffix(b"\n").removesuffix(b"\r")
        end = row.raw[len(body) :] or self.end
        if isinstance(row.cells, dict):
            fields = json.dumps(added, ensure_ascii=False)[1:]
            inner = body.rstrip().removesuffix(b"}").rstrip()
            return inner + (b"" if inner.endswith(b"{") else b", ") + fields.encode() + end
        assert self.layout is not None
        cells = (
            [*added] if named else [f"{one:.4f}" if isinstance(one, float) else one for one in added.values()]
        )
        padding = [""] * (self.layout.width - max(len(row.cells), 1))
        text = "".join(self.layout.delimiter + cell for cell in (*padding, *cells))
        return body + text.encode(self._inner_encoding, "replace") + end

    @property
    def _inner_encoding(self) -> str:
        # With the mark, which stands before the first row alone, each row would get one.
        return "utf-8" if self._wide or self.encoding in (AUTO, "utf-8-sig") else self.encoding

    def begin(self, chunks: Iterator[bytes]) -> None:
        """Look at the beginning: encoding, layout, header."""
        blocks = line_blocks(self._plain(chunks))
        settings = self._settings
        by_name = settings.format == "auto" and format_by_name(self.path) is not None
        if is_plain(settings, labelled=False) and not by_name:
            lines = itertools.chain.from_iterable(map(_lines, blocks))
            self._rows = (
                RawRow(raw, [self._decoded(raw, number)], number) for number, raw in enumerate(lines, 1)
            )
            return
        head, size = self._beginning(blocks)
        self.is_empty = True
        if not head:
            return
        texts = [self._decoded(raw, number) for number, raw in enumerate(head, 1)]
        blank = next((number for number, text in enumerate(texts) if text.strip(_BLANK)), len(texts))
        if blank == len(texts):
            self.preamble += self.written(b"".join(head))
            return
        beginning = Beginning(texts[blank:], size < 0, self.encoding.startswith("utf-16"))
        self.layout, self.is_empty = detect(self.path, beginning, settings, False), False
        first = blank + self.layout.skipped if self.layout.has_header or self.layout.skipped else 0
        rest = itertools.chain(head[first:], itertools.chain.from_iterable(_lines(block) for block in blocks))
        self.preamble += self.written(b"".join(head[:first]))
        self._rows = self._records(rest, first)
        if self.layout.has_header:
            self.header = next(self._rows, None)

    def _plain(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The bytes without a mark, with line feeds, in UTF-8 where the file has two bytes a letter."""
        first = next(chunks, b"")
        while begins_a_mark(first) and (more := next(chunks, b"")):
            first += more
        refuse_other_kinds(self.name, first)
        if self.encoding == AUTO:
            self.encoding = encoding_of_mark(first) or surely_wide(first) or AUTO
        elif self.encoding.startswith("utf-8") and (marked := encoding_of_mark(first)):
            self.encoding = marked
        if self.encoding.startswith(("utf-16", "utf-32")):
            mark = next((mark for mark in _MARKS if first.startswith(mark)), b"")
            self._wide = _MARKS.get(mark, self.encoding)
            self.preamble = mark
            chunks = self._as_utf8(itertools.chain([first[len(mark) :]], chunks))
            first = next(chunks, b"")
        elif first.startswith(codecs.BOM_UTF8):
            self.preamble = codecs.BOM_UTF8
            first = first[3:]
        if b"\r" in first and b"\n" not in first:
            self._returns = True
            return (chunk.replace(b"\r", b"\n") for chunk in itertools.chain([first], chunks))
        return itertools.chain([first], chunks)

    def _as_utf8(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder(str(self._wide))(self._errors)
        try:
            for chunk in itertools.chain(chunks, [b""]):
                yield decoder.decode(chunk, not chunk).encode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{self.name}: not {self.encoding}: {error.reason}", hint="--encoding says what it is"
            ) from error

    def _beginning(self, blocks: Iterator[bytes]) -> tuple[list[bytes], int]:
        """The lines of the first block, and of more until the first record is whole; −1: they are all."""
        delimiter = None if self._settings.delimiter == "auto" else self._settings.delimiter
        record, head = FirstRecord(delimiter), list[bytes]()
        for block in blocks:
            lines = _lines(block)
            head += lines
            if record.add(
                [line.decode("latin-1").strip("\r\n") for line in lines if line.strip() or record.lines]
            ):
                return head, 0 if block.endswith(b"\n") else -1
        return head, -1

    def _records(self, lines: Iterable[bytes], before: int) -> Iterator[RawRow]:
        """The rows of a table: a record may go on in the next lines."""
        assert self.layout is not None
        number, quoted, delimiter = before, self.layout.format == "csv", self.layout.delimiter
        following = iter(lines)
        csv.field_size_limit(MAX_FIELD)
        for raw in following:
            number += 1
            start, text = number, self._decoded(raw, number)
            if quoted and '"' in text:
                record, parts = FirstRecord(delimiter), [raw]
                while not record.add([text]) and (more := next(following, b"")):
                    number += 1
                    parts.append(more)
                    text = self._decoded(more, number)
                raw = b"".join(parts)
                text = "\n".join(self._decoded(part, start) for part in parts)
            yield RawRow(raw, self._cells(text, start), start)

    def _cells(self, text: str, number: int) -> list[str] | dict[str, Any]:
        assert self.layout is not None
        layout = self.layout
        if not text.strip():
            return []
        if layout.format == "jsonl":
            try:
                found = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise InputError(
                    f"{self.name}:{number}: not JSON: {error}", hint="wanted: one JSON object per line"
                ) from error
            if not isinstance(found, dict):
                raise InputError(f"{self.name}:{number}: not a JSON object but {type(found).__name__}")
            return found
        if layout.format == "fasttext":
            labels = [word for word in text.split() if word.startswith(FASTTEXT_PREFIX)]
            rest = " ".join(word for word in text.split() if not word.startswith(FASTTEXT_PREFIX))
            return [" ".join(labels), rest]
        if layout.format == "tsv":
            return text.split(layout.delimiter)
        try:
            return next(
                csv.reader(
                    io.StringIO(text, newline=""), delimiter=layout.delimiter, quoting=csv_quoting(True),
                    strict=True, skipinitialspace=layout.spaced,
                )
            )  # fmt: skip
        except (csv.Error, StopIteration) as error:
            raise InputError(
                f"{self.name}:{number}: {error}", hint="--quoting none reads quotes as any character"
            ) from error

    def _decoded(self, raw: bytes, number: int) -> str:
        """A line as text without its end."""
        try:
            text = raw.decode(self._inner_encoding, "surrogatepass" if self._wide else self._errors)
        except UnicodeDecodeError as error:
            if self.encoding == AUTO and guess(raw) == "cp949":
                self.encoding = "cp949"
                return self._decoded(raw, number)
            start = raw[error.start : error.start + 6].hex(" ")
            raise InputError(
                f"{self.name}:{number}: not {self._inner_encoding}: bytes {start} ({error.reason})",
                hint=encoding_hint(raw, self._inner_encoding),
            ) from error
        self.end = b"\r\n" if raw.endswith(b"\r\n") else self.end
        return text.removesuffix("\n").removesuffix("\r")


@contextlib.contextmanager
def raw_rows(
    path: str = STDIN,
    settings: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
    *,
    texts: bool = True,
) -> Iterator[RawRows]:
    """The rows of a file. `texts`: whether a table's text column is wanted; else none needs to be told.

    Raises InputError as `records.Records` does.
    """
    option = "--text-col"
    if not texts and settings.text_col is None:
        option = "--label-col"
        named = settings.label_col if settings.label_col and not settings.label_col.isdecimal() else "1"
        is_table = format_by_name(path) or not is_plain(settings, labelled=False)
        settings = (
            replace(settings, text_col=named) if is_table and settings.format != "fasttext" else settings
        )
    rows = RawRows(path, settings, reading)
    if is_zipped(path, progress):
        with asked_by(option):
            _begin_workbook(rows, settings, progress)
        yield rows
        return
    if settings.sheet is not None:
        raise InputError(f"{rows.name} is no Excel workbook", hint="--sheet is for those alone")
    with open_bytes(path, progress.lost) as (stream, _):
        with asked_by(option):
            rows.begin(read_chunks(stream))
        if rows.layout is not None and rows.layout.remark:
            progress.note(rows.layout.remark)
        elif rows.layout is None and settings.format == "auto" and (remark := taken_as_it_stands(path)):
            progress.note(remark)
        yield rows


def _begin_workbook(rows: RawRows, settings: RecordSettings, progress: Progress) -> None:
    """The rows of a workbook as records of CSV."""
    rows._named, rows.encoding, rows.preamble = ".csv", "utf-8-sig", codecs.BOM_UTF8
    found = workbook_records(rows.path, rows.name, settings, progress)
    if found is None:
        return
    rows.layout, above, records = found
    rows.preamble += above
    rows._rows = itertools.starmap(RawRow, records)
    if rows.layout.has_header:
        rows.header = next(rows._rows, None)


def _lines(block: bytes) -> list[bytes]:
    """Lines with their ends; a carriage return ends none."""
    lines = block.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])


def _suffix(path: str) -> str:
    name = PurePath(path.removesuffix(STDIN))
    return PurePath(name.stem).suffix if name.suffix in (".gz", ".bz2", ".xz", ".zst") else name.suffix
