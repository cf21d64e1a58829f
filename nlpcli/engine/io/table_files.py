"""Workbooks and Parquet files as they are written, row by row.

Text stays text: a cell of a workbook that begins with = is no formula. A cell that came as text becomes a
number there only if it reads back as the same text: 5 does, 007 and 1.50 do not.

Not here: what stands in the rows (`table_output.py`).
"""

from __future__ import annotations

import contextlib
import datetime
import re
from collections.abc import Sequence
from typing import Any, BinaryIO

from nlpcli.engine.io.kept_rows import KeptRows
from nlpcli.engine.io.parquet import imported
from nlpcli.engine.io.workbooks import as_text, cell_text
from nlpcli.errors import INSTALL_EXCEL, MissingDependency, OutputError
from nlpcli.wording import counted

_MOST_ROWS, _MOST_COLUMNS, _MOST_CHARACTERS = 1 << 20, 1 << 14, 32_767  # that Excel takes
# What XML cannot hold, what it would change, and what would be read as such an escape.
_TO_ESCAPE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMERIC = re.compile(r"-?\d{1,15}|-?\d{0,15}\.\d{1,15}")
_BATCH = 2000  # rows
_TOO_LARGE = 10**15  # for a number of a workbook to keep all its digits


class WorkbookSheet:
    """The sheet of a workbook."""

    def __init__(self, name: str, file: BinaryIO) -> None:
        try:
            import openpyxl
            from openpyxl.cell import WriteOnlyCell
        except ImportError as error:
            raise MissingDependency(
                f"{name}: the package that writes Excel workbooks is not installed",
                hint=f"{INSTALL_EXCEL}, or name a .csv and add --output-encoding utf-8-sig",
            ) from error
        self._name, self._file = name, file
        self._workbook = openpyxl.Workbook(write_only=True)
        self._sheet = self._workbook.create_sheet("Sheet1")
        self._cell = WriteOnlyCell
        self._number = 0

    def begin(self, header: Sequence[str] | None) -> None:
        """The names of all columns."""
        if header is not None:
            self._append([self._text(name) for name in header])

    def add(self, cells: Sequence[object], beyond: Sequence[object]) -> None:
        """A row. Raises OutputError for one more, and for a longer cell, than Excel takes."""
        self._append([self._value(value) for value in (*cells, *beyond)])

    def finish(self) -> None:
        """Write the file."""
        self._workbook.save(self._file)

    def abandon(self) -> None:
        """End what the library has open: it would complain of it at some later time, on stderr."""
        with contextlib.suppress(Exception):
            self._sheet.close()

    def _append(self, cells: Sequence[Any]) -> None:
        self._number += 1
        if self._number > _MOST_ROWS:
            raise OutputError(
                f"{self._name}: a sheet holds {_MOST_ROWS:,} rows, and there are more",
                hint="name a .csv or .parquet",
            )
        if len(cells) > _MOST_COLUMNS:
            raise OutputError(
                f"{self._name}: a sheet holds {_MOST_COLUMNS:,} columns, and there are {len(cells):,}",
                hint="name a .csv or .parquet",
            )
        self._sheet.append(cells)

    def _value(self, value: object) -> Any:
        if isinstance(value, str):
            number = _as_number(value)
            return self._text(value) if number is None else number
        if isinstance(value, int | float) and not abs(value) < _TOO_LARGE:  # nan too
            return self._text(str(value))
        is_plain = isinstance(value, bool | int | float | datetime.date | datetime.time | datetime.timedelta)
        if value is None or (is_plain and getattr(value, "tzinfo", None) is None):
            return value
        return self._text(as_text(value))

    def _text(self, text: str) -> Any:
        if not text:
            return None
        if len(text) > _MOST_CHARACTERS:
            raise OutputError(
                f"{self._name}: row {self._number + 1}: a text of "
                f"{counted(len(text), 'character')}, and a cell holds "
                f"{_MOST_CHARACTERS:,}",
                hint="name a .csv, .jsonl or .parquet",
            )
        text = _TO_ESCAPE.sub(lambda sign: f"_x{ord(sign[0]):04X}_", _SURROGATE.sub("?", text))
        made = self._cell(self._sheet, text)
        made.data_type = "s"  # also of what begins with =, which is no formula then
        return made


def _as_number(text: str) -> int | float | None:
    """The number that a text is, if it reads back as the same text.

    >>> [_as_number(text) for text in ("5", "-2.5", "007", "1.50", "1e5", "")]
    [5, -2.5, None, None, None, None]
    """
    if not text.isascii() or not _NUMERIC.fullmatch(text):
        return None
    number = float(text) if "." in text else int(text)
    return number if cell_text(number) == text else None


class ParquetSheet:
    """A Parquet file: of one the columns keep their types, of other tables all are texts."""

    def __init__(self, name: str, file: BinaryIO, kept: KeptRows | None) -> None:
        self._arrow, self._parquet = imported(name)
        self._name, self._file, self._kept = name, file, kept or KeptRows()
        self._rows: list[Sequence[object]] = []
        self._schema: Any = None
        self._writer: Any = None
        self._header: Sequence[str] | None = None

    def begin(self, header: Sequence[str] | None) -> None:
        """The names of all columns; where they have none, their numbers are."""
        if self._header is not None:
            raise OutputError(
                f"{self._name}: several tables are written, and .parquet holds one",
                hint="name a .xlsx or .json",
            )
        self._header = header

    def add(self, cells: Sequence[object], beyond: Sequence[object]) -> None:
        """A row. Raises OutputError where it has cells beyond the last column."""
        if any(beyond):
            raise OutputError(
                f"{self._name}: a row has more cells than there are columns", hint="name a .csv or .xlsx"
            )
        self._rows.append(cells)
        if len(self._rows) >= _BATCH:
            self._write()

    def finish(self) -> None:
        """What is left, and the end of the file."""
        self._write()
        self._writer.close()

    def _write(self) -> None:
        if self._writer is None:
            self._schema = self._types()
            self._writer = self._parquet.ParquetWriter(self._file, self._schema)
        columns = zip(*self._rows, strict=True) if self._rows else ([] for _ in self._schema)
        made = [
            self._arrow.array([self._fitted(value, field.type) for value in values], type=field.type)
            for field, values in zip(self._schema, columns, strict=True)
        ]
        self._writer.write_table(self._arrow.table(made, schema=self._schema))
        self._rows = []

    def _fitted(self, value: object, kind: Any) -> object:
        if kind == self._arrow.string():
            return None if value is None else _SURROGATE.sub("?", as_text(value))
        return value

    def _types(self) -> Any:
        arrow, before = self._arrow, self._kept.schema
        width = len(self._header or (self._rows[0] if self._rows else ()))
        names = [*(self._header or map(str, range(1, width + 1)))]
        fields = [*before] if before is not None else []  # type: ignore[misc]
        for number in range(len(fields), width):
            is_added = number >= self._kept.width
            kinds = {type(row[number]) for row in self._rows if is_added} - {type(None)}
            kind = arrow.int64() if kinds == {int} else arrow.float64() if float in kinds else arrow.string()
            fields.append(arrow.field(names[number], arrow.string() if str in kinds else kind))
        return arrow.schema(fields)
