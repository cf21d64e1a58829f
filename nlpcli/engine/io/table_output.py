"""Tables out: the rows that were read, with columns added, in the format that the name of the file says.

    .csv            quoted as in RFC 4180
    .tsv            without quotes: tabs and line ends in cells are written as \\t and \\n
    .json .jsonl    an object for each row
    .xlsx .parquet  with the extras excel and parquet

A command that answers each text with a line writes its lines to `open_lines`. Where the file is a table, a
line is the cells that are added to the row of its text, with tabs between. A name that a column has already
gets a number: label_2.

Not here: how the rows came (`kept_rows.py`), how lines become rows (`table_lines.py`), and workbooks and
Parquet files (`table_files.py`).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import BinaryIO, NamedTuple, Protocol

from nlpcli.engine.io.charsets import AUTO, checked_encoding
from nlpcli.engine.io.kept_rows import KeptRows
from nlpcli.engine.io.writing import LineWriter, Output, open_output
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import OutputError, SettingsError
from nlpcli.settings.fields import refuse
from nlpcli.settings.results import TABLES, LineSettings, RowSettings

_BINARY = (".xlsx", ".parquet")
_NOT_WRITTEN = (".xls", ".xlsb", ".xlsm", ".ods", ".feather", ".arrow")
# What is drawn is written by options of its own (--page, --chart, --plot).
_PICTURES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".svg",
    ".pdf",
    ".html",
    ".htm",
    ".docx",
    ".pptx",
    ".hwp",
    ".hwpx",
)


class Column(NamedTuple):
    """A column that is added: its name, and whether it holds numbers."""

    name: str
    is_number: bool = False


def ranked(columns: Sequence[Column], most: int) -> list[Column]:
    """The columns of as many answers.

    >>> [column.name for column in ranked([Column("label"), Column("probability")], 2)]
    ['label', 'probability', 'label_rank2', 'probability_rank2']
    """
    more = (
        column._replace(name=f"{column.name}_rank{rank}") for rank in range(2, most + 1) for column in columns
    )
    return [*columns, *more]


class Lines(Protocol):
    """What takes the line of each text."""

    def write(self, line: str) -> None:
        """The line of the next text."""


class Sheet(Protocol):
    """A table of one format, as it is written."""

    def begin(self, header: Sequence[str] | None) -> None:
        """The names of all columns; None: they have none."""

    def add(self, cells: Sequence[object], beyond: Sequence[object]) -> None:
        """A row: a cell for each column, and those beyond the last column."""

    def finish(self) -> None:
        """The end of the table."""


def kept_for(output: Output, table: RowSettings, *, otherwise: str | None = None) -> KeptRows | None:
    """What keeps the rows of the texts, where `output` is the name of a table; else None.

    otherwise: the option by which it is lines in a layout of their own, and no table.

    With `--id-col` it also keeps them where lines are written.

    Raises SettingsError for settings of tables where there is none, OutputError for such lines in a workbook.
    """
    check_suffix(output)
    suffix = suffix_of(output)
    if otherwise is not None and suffix in _BINARY:
        raise OutputError(
            f"{output}: {otherwise} writes lines, and {suffix} holds a row for each text",
            hint=f"leave out {otherwise}, or name a .txt",
        )
    id_col = getattr(table, "id_col", None)
    if suffix not in TABLES or otherwise is not None:
        refuse(["--output-encoding"] * (table.output_encoding is not None), "but with -o TABLE.csv or .tsv")
        refuse(["--id-col"] * (id_col is not None and otherwise is not None), f"beside {otherwise}")
        return None if id_col is None else KeptRows(is_table=False)
    refuse(["--id-col"] * (id_col is not None), "with a table, whose rows keep all their columns")
    if suffix not in (".csv", ".tsv"):
        refuse(["--output-encoding"] * (table.output_encoding is not None), f"with {suffix}, which is UTF-8")
    encoding_of(table)
    return KeptRows()


def check_suffix(output: Output) -> None:
    """Raise OutputError for a file whose name says that it holds neither rows nor text."""
    suffix = suffix_of(output)
    if suffix in _NOT_WRITTEN:
        raise OutputError(f"{output}: {suffix} is not written", hint="name a .xlsx or .csv")
    if suffix in _PICTURES:
        raise OutputError(
            f"{output}: this holds rows of text, and {suffix} a picture or page",
            hint="name a .xlsx, .csv or .txt",
        )


def suffix_of(output: Output) -> str:
    """The end of the name of a file, in lower case; empty where it has none."""
    return PurePath(output).suffix.lower() if isinstance(output, str | os.PathLike) else ""


def encoding_of(table: RowSettings) -> str:
    """The encoding of a table that is text. Raises SettingsError for one that there is not."""
    if table.output_encoding == AUTO:
        raise SettingsError("--output-encoding names an encoding, such as utf-8-sig or cp949")
    return checked_encoding(table.output_encoding or "utf-8", "--output-encoding")


@contextlib.contextmanager
def open_lines(
    output: Output,
    kept: KeptRows | None,
    columns: Sequence[Column],
    table: RowSettings = RowSettings(),
    progress: Progress = SILENT,
) -> Iterator[Lines]:
    """Where the line of each text goes: into a file of lines, or beside its row into a table."""
    with open_output(output) as file:
        if kept is None:
            yield LineWriter(file)
            return
        if isinstance(table, LineSettings) and table.id_col is not None:
            from nlpcli.engine.io.table_lines import IdLines

            yield IdLines(LineWriter(file), kept, table.id_col)
            return
        from nlpcli.engine.io.table_lines import TableLines

        with open_sheet(output, file, kept, table) as sheet:
            written = TableLines(sheet, kept, columns, progress)
            yield written
            written.finish()


@contextlib.contextmanager
def open_sheet(
    output: Output, file: BinaryIO, kept: KeptRows | None = None, table: RowSettings = RowSettings()
) -> Iterator[Sheet]:
    """The table of `sheet_of`, which is let go where the block does not end well."""
    sheet = sheet_of(output, file, kept, table)
    try:
        yield sheet
    except BaseException:
        if suffix_of(output) == ".xlsx":
            sheet.abandon()  # type: ignore[attr-defined]
        raise


def sheet_of(
    output: Output, file: BinaryIO, kept: KeptRows | None = None, table: RowSettings = RowSettings()
) -> Sheet:
    """The table that the name of a file speaks for, which is one of `TABLES`."""
    suffix, name = suffix_of(output), str(output)
    if suffix == ".xlsx":
        from nlpcli.engine.io.table_files import WorkbookSheet

        return WorkbookSheet(name, file)
    if suffix == ".parquet":
        from nlpcli.engine.io.table_files import ParquetSheet

        return ParquetSheet(name, file, kept)
    from nlpcli.engine.io.table_lines import JsonSheet, TextSheet

    if suffix in (".json", ".jsonl"):
        return JsonSheet(file, as_array=suffix == ".json")
    return TextSheet(name, file, "," if suffix == ".csv" else "\t", encoding_of(table))
