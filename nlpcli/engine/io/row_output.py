"""Rows that are written as they stand, into a file whose name asks for another format than theirs.

`dedup` and `language` keep the bytes of a row. The name of a workbook, say, cannot hold lines of CSV: there
the cells are written as a table of that format, with what is added in columns of their own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import BinaryIO, Self

from nlpcli.engine.io.kept_rows import KeptRows
from nlpcli.engine.io.raw_rows import RawRow, RawRows
from nlpcli.engine.io.table_lines import TableLines
from nlpcli.engine.io.table_output import Column, check_suffix, open_sheet, suffix_of
from nlpcli.engine.io.writing import Output
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.settings.results import TABLES

_OF_LINES = (".csv", ".tsv")  # names that lines which are no table may have


class RowTable:
    """A table of the rows of `rows`, with the columns that are added; a `with` block ends it."""

    def __init__(
        self, output: Output, file: BinaryIO, rows: RawRows, added: Sequence[Column], progress: Progress
    ) -> None:
        self._kept = KeptRows()
        header = rows.names() if rows.layout is None or rows.header is not None else None
        self._kept.begin(rows.name, header, 1 if rows.layout is None else rows.layout.width)
        self._is_begun = rows.layout is None or rows.layout.format != "jsonl"
        self._name = rows.name
        self._sheet = contextlib.ExitStack()
        sheet = self._sheet.enter_context(open_sheet(output, file, self._kept))
        self._lines = TableLines(sheet, self._kept, added, progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if error is None:
            self._lines.finish()
        self._sheet.__exit__(kind, error, where)

    def add(self, row: RawRow, added: str = "") -> None:
        """A row, and the cells that are added to it, with tabs between; blank rows are left out."""
        if not row.cells:
            return
        if not self._is_begun:  # objects: the first one says what the columns are called
            self._kept.header, self._kept.width = tuple(row.cells), len(row.cells)
            self._is_begun = True
        self._kept.add(row.cells)
        self._lines.write(added)


def row_table(
    output: Output, file: BinaryIO, rows: RawRows, added: Sequence[Column] = (), progress: Progress = SILENT
) -> RowTable | None:
    """A table in the format that the name of the output asks for; None where the rows stand in it already.

    Raises OutputError for the name of a file that holds neither rows nor text.
    """
    check_suffix(output)
    suffix = suffix_of(output)
    stands = _OF_LINES if rows.layout is None else (f".{rows.layout.format}",)
    if suffix not in TABLES or suffix in stands:
        return None
    return RowTable(output, file, rows, added, progress)
