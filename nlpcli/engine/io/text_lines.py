"""Texts for commands that know lines alone: the lines of files, or a column of tables as if it were lines.

`text_lines` is the one place where a command gets its texts from: `--text-col`, `--sheet` and so on
work for all that call it. A line end within a cell counts as a space, so that a text stays one line; a row
without a text is an empty line.

Not here: how tables are read (`records.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from nlpcli.engine.io.lines import Lines, count_lines
from nlpcli.engine.io.opening import STDIN
from nlpcli.engine.io.table_signs import holds_a_table, is_plain, taken_as_it_stands
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.settings.fields import changed, refuse
from nlpcli.settings.input import InputSettings, TextInputSettings

if TYPE_CHECKING:  # what reads tables comes in with the first table
    from nlpcli.engine.io.kept_rows import KeptRows
    from nlpcli.engine.io.record_formats import Documents


def text_lines(
    paths: Sequence[str | os.PathLike[str]] | None,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
    stage: str = "reading",
    *,
    kept: KeptRows | None = None,
) -> Lines:
    """The texts of some files: their lines, or of tables a column, as `reading` says.

    A workbook or Parquet file is a table whatever `reading` says. `kept` gets the row of every text.

    Raises SettingsError for settings of tables where lines are texts.
    """
    names = None if paths is None else [os.fspath(path) for path in paths]
    settings = reading if isinstance(reading, TextInputSettings) else TextInputSettings()
    if not any(reads_a_table(reading, path) for path in names or [STDIN]):
        refuse(
            changed(settings, "header", "quoting"), "with lines that are texts",
            "--text-col names the column of a table",
        )  # fmt: skip
        if kept is None:
            for path in names or () if settings.input_format == "auto" else ():
                if remark := taken_as_it_stands(path):
                    progress.note(remark)
            return Lines(names, reading, progress, stage)
    return ColumnLines(names, settings, reading, progress, stage, kept)


def reads_a_table(reading: InputSettings, path: str) -> bool:
    """Whether a file is read as a table: a column or layout is named, or it is a workbook or Parquet file."""
    if isinstance(reading, TextInputSettings) and not is_plain(reading.records, labelled=False):
        return True
    return holds_a_table(path)


class ColumnLines(Lines):
    """A column of tables as lines.

    `number` is the row as a spreadsheet program counts it, the one with the columns' names included.
    """

    def __init__(
        self,
        paths: Sequence[str] | None,
        settings: TextInputSettings,
        reading: InputSettings,
        progress: Progress,
        stage: str,
        kept: KeptRows | None = None,
    ) -> None:
        super().__init__(paths, reading, progress, stage)
        self._settings = settings.records
        self._reading = reading
        self._kept = kept

    def batches(self) -> Iterator[list[str]]:
        """Lists of texts, as they arrive; `number` counts the rows *before* the batch."""
        from nlpcli.engine.io.record_formats import as_texts

        return map(as_texts, self._documents(as_lines=False))

    def pieces(self) -> Iterator[tuple[list[str], bool]]:
        """The same; a text is never cut."""
        return ((batch, False) for batch in self.batches())

    def line_blocks(self, *, in_pieces: bool = False) -> Iterator[bytes]:  # noqa: ARG002
        """The same as lines of UTF-8."""
        return self.blocks()

    def blocks(self) -> Iterator[bytes]:
        """The same as lines of UTF-8, for kernels that read bytes."""
        for documents in self._documents(as_lines=True):
            if isinstance(documents, bytes):
                yield documents
            elif documents:
                yield "\n".join([*documents, ""]).encode("utf-8", "surrogatepass")

    def _documents(self, as_lines: bool) -> Iterator[Documents]:
        from nlpcli.engine.io.records import Records

        for path in self.paths:
            records = Records(
                [path], self._settings, self._reading, labelled=False, kept=self._kept,
                progress=self._progress,
            )  # fmt: skip
            self.path, before = path, 0
            for documents in records.documents() if as_lines else records.texts():
                if not documents:
                    continue
                self.number = before + records.rows_before
                yield documents
                before += count_lines(documents) if isinstance(documents, bytes) else len(documents)
            self.number = before + records.rows_before
