"""Lines beside the rows of their texts, and tables that are text: CSV, TSV and JSON.

`table_output.py` says which of them a file gets; workbooks and Parquet files are in `table_files.py`.
"""

from __future__ import annotations

import codecs
import csv
import functools
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO

from nlpcli.engine.io.kept_rows import KeptRows, Row
from nlpcli.engine.io.record_layouts import column_number
from nlpcli.engine.io.workbooks import as_text, cell_text
from nlpcli.engine.io.writing import cell
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import InputError, OutputError

if TYPE_CHECKING:
    from nlpcli.engine.io.table_output import Column, Lines, Sheet

_SURROGATE = re.compile("[\ud800-\udfff]")


class IdLines:
    """Takes the line of each text, and writes it behind what a column of its row holds, and a tab."""

    def __init__(self, lines: Lines, kept: KeptRows, column: str) -> None:
        self._lines, self._kept, self._column = lines, kept, column

    def write(self, line: str) -> None:
        """The line of the next text. Raises InputError where there is no such column."""
        row = self._kept.take()
        if isinstance(row, Mapping):
            found = row.get(self._column)
        else:
            number = self._number
            found = row[number] if number < len(row) else None
        self._lines.write(f"{cell(as_text(found))}\t{line}")

    @functools.cached_property
    def _number(self) -> int:
        kept = self._kept
        return column_number(self._column, (), kept.header, kept.width, kept.name, "--id-col", ",") or 0


class TableLines:
    """Takes the line of each text, and writes the text's row with the cells of the line."""

    def __init__(
        self, sheet: Sheet, kept: KeptRows, columns: Sequence[Column], progress: Progress = SILENT
    ) -> None:
        self._sheet, self._kept, self._columns, self._progress = sheet, kept, columns, progress
        self._number = 0
        self._begun = False
        self._names: list[str] = []  # of the columns that are added

    def write(self, line: str) -> None:
        """The cells of the next text, with tabs between; the only one may hold tabs."""
        many = len(self._columns) > 1
        cells = line.split("\t", len(self._columns) - 1) if many else [line][: len(self._columns)]
        cells += [""] * (len(self._columns) - len(cells))
        added = [
            _number(text) if column.is_number else text
            for text, column in zip(cells, self._columns, strict=True)
        ]
        row = self._kept.take()
        self._begin()
        self._number += 1
        if isinstance(row, Mapping) and isinstance(self._sheet, JsonSheet):
            self._sheet.add_object({**row, **self._named(row, added)})
            return
        own, beyond = self._cells(row)
        self._sheet.add([*own, *added], beyond)

    def finish(self) -> None:
        """The end of the table."""
        self._begin()
        self._sheet.finish()

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        header = self._kept.header
        if header is None:
            self._sheet.begin(None)
            return
        names = _filled([*header, *[""] * (self._kept.width - len(header))])
        for column in self._columns:
            names.append(free_name(column.name, names))
            self._names.append(names[-1])
            if names[-1] != column.name:
                self._progress.note(f"there is a column {column.name} already: what is added is {names[-1]}")
        self._sheet.begin(names)

    def _named(self, row: Mapping[str, object], added: Sequence[object]) -> dict[str, object]:
        """What is added to an object. Raises InputError where the object has a field of that name."""
        if there := [name for name in self._names if name in row]:
            raise InputError(f"text {self._number}: it has a field {there[0]!r}, which the first one has not")
        return dict(zip(self._names, added, strict=True))

    def _cells(self, row: Row) -> tuple[list[object], Sequence[object]]:
        """The cells of the row's own columns, and those beyond."""
        if isinstance(row, Mapping):
            header = self._kept.header or ()
            if more := [name for name in row if name not in header]:
                raise InputError(
                    f"text {self._number}: it has a field {more[0]!r}, which the first one has not",
                    hint="a table has the same columns in every row: give each object the same fields",
                )
            return [row.get(name) for name in header], ()
        width = self._kept.width
        return [*row[:width], *[None] * (width - len(row))], row[width:]


def _filled(names: Sequence[str]) -> list[str]:
    """Names of columns, each another: without a name it is called by its number."""
    found: list[str] = []
    for number, name in enumerate(names, 1):
        found.append(free_name(name, found) if name else free_name(str(number), [*names, *found]))
    return found


def free_name(name: str, names: Sequence[str]) -> str:
    """The name, with the first number behind it that makes it a new one.

    >>> free_name("label", ["text", "label", "label_2"])
    'label_3'
    """
    number, free = 1, name
    while free in names:
        number += 1
        free = f"{name}_{number}"
    return free


def _number(text: str) -> object:
    try:
        value = float(text)
    except ValueError:
        return None
    return int(text) if text.isdecimal() else value if math.isfinite(value) else None


class TextSheet:
    """CSV, or with a tab TSV."""

    def __init__(self, name: str, file: BinaryIO, delimiter: str, encoding: str) -> None:
        self._name, self._file, self._encoding = name, file, encoding
        self._encode = codecs.getincrementalencoder(encoding)("strict").encode
        self._text = io.StringIO(newline="")
        self._rows = csv.writer(self._text, lineterminator="\n") if delimiter == "," else None
        self._number = 0

    def begin(self, header: Sequence[str] | None) -> None:
        """The names of all columns."""
        if header is not None:
            self._write(header)

    def add(self, cells: Sequence[object], beyond: Sequence[object]) -> None:
        """A row. Raises OutputError for a character that the encoding has not."""
        self._write([*map(as_text, cells), *map(as_text, beyond)])

    def finish(self) -> None:
        """The end."""

    def _write(self, cells: Sequence[str]) -> None:
        self._number += 1
        if self._rows is None:
            self._text.write("\t".join(map(cell, cells)) + "\n")
        else:
            self._rows.writerow(cells)
        line = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        try:
            self._file.write(self._encode(_SURROGATE.sub("?", line)))
        except UnicodeEncodeError as error:
            sign = error.object[error.start]
            raise OutputError(
                f"{self._name}: row {self._number}: {self._encoding} has no {sign!r} (U+{ord(sign):04X})",
                hint="--output-encoding utf-8-sig holds every character, and Excel reads it",
            ) from error


class JsonSheet:
    """An object for each row: JSON lines, or one array of them."""

    def __init__(self, file: BinaryIO, *, as_array: bool) -> None:
        self._file, self._as_array = file, as_array
        self._header: Sequence[str] | None = None
        self._begun = False

    def begin(self, header: Sequence[str] | None) -> None:
        """The names of all columns, which are the keys; where they have none, their numbers are."""
        self._header = header

    def add(self, cells: Sequence[object], beyond: Sequence[object]) -> None:
        """A row; what is beyond the last column has its number as its key."""
        keys = [*(self._header or map(str, range(1, len(cells) + 1)))]
        keys += map(str, range(len(cells) + 1, len(cells) + len(beyond) + 1))
        self.add_object(dict(zip(keys, [*cells, *beyond], strict=True)))

    def add_object(self, row: Mapping[str, object]) -> None:
        """A row with names of its own."""
        start = b"" if not self._as_array else b",\n" if self._begun else b"[\n"
        self._begun = True
        made = json.dumps(row, ensure_ascii=False, default=cell_text).encode("utf-8", "backslashreplace")
        self._file.write(start + made + (b"" if self._as_array else b"\n"))

    def finish(self) -> None:
        """The end of an array."""
        if self._as_array:
            self._file.write(b"\n]\n" if self._begun else b"[]\n")
