"""Labelled text: rows of a table, JSON lines, `__label__` lines, or a folder per class.

    tsv, csv   columns by header name or number, with tab or `,` `;` `|` between; CSV quoting as in RFC 4180
    .xlsx      a sheet of an Excel workbook, told by content
    jsonl      fields of a JSON object per line
    fasttext   `__label__x text`
    text       every line is a text, without a label
    a folder   `folder/label/file`: every file is one text

Built on `lines.Lines`, so compression, stdin and encodings work as everywhere. A line end
inside a text (quoted CSV, JSON, a whole file) counts as white space. Not here: how a layout
is recognised (`record_layouts.py`), how rows of each are read (`record_formats.py`) and what
becomes of the text (`corpus/encoding.py`).
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from nlpcli.engine.io import title_rows
from nlpcli.engine.io.dialects import SAMPLE, Beginning, Dialect, FirstRecord
from nlpcli.engine.io.folders import files_in
from nlpcli.engine.io.kept_rows import KeptRows
from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import STDIN, display_name, files_pattern, folder_error
from nlpcli.engine.io.parquet import ParquetRows, is_parquet
from nlpcli.engine.io.paths import is_folder
from nlpcli.engine.io.places import decided_of, part_of
from nlpcli.engine.io.record_errors import check_wanted, no_numbers, no_second_text
from nlpcli.engine.io.record_formats import Batch, Documents, Feed, Formats, as_texts
from nlpcli.engine.io.record_layouts import (
    Layout,
    detect,
    table_layout,
)
from nlpcli.engine.io.table_signs import format_by_name, is_plain, is_zipped, taken_as_it_stands
from nlpcli.engine.io.workbooks import cell_text, workbook_rows
from nlpcli.engine.io.writing import readable
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import in_threads
from nlpcli.errors import InputError
from nlpcli.settings.fields import changed, refuse
from nlpcli.settings.input import InputSettings, RecordSettings, TextRowSettings
from nlpcli.wording import counted

_BLANK = " \t\r,;|"  # a row of empty cells too
_MOST_WAITED = (
    1 << 24
)  # characters of a first record, which a quote that never ends might make the whole file


class Records:
    """The texts and labels of some files, in batches as they arrive.

    `labelled=False` reads texts only: plain lines, unless the settings name a format or column.
    With `pairs` the settings may name a second text of each row: then both come, in turn, for one
    label. With `numbers` they may name columns of numbers: then a text is these, with spaces between, and
    `columns` are their names. With `several` they may want all labels of a text as one
    (`record_formats.SEVERAL` between). `kept` gets the row of every text.
    After `texts()` ran, `codes` holds the label of every text as an index into `names` (in
    order of first appearance). `rows_before` is how many rows stand above the first text of a file.

    Raises InputError with `file:line` for a row that lacks a field, and for a column, field or
    label that is not there, with what was seen instead.
    """

    def __init__(
        self,
        paths: Sequence[str] | None,
        settings: TextRowSettings = TextRowSettings(),
        reading: InputSettings = InputSettings(),
        *,
        labelled: bool = True,
        pairs: bool = False,
        several: bool = False,
        numbers: bool = False,
        kept: KeptRows | None = None,
        progress: Progress = SILENT,
    ) -> None:
        settings = RecordSettings.of(settings)
        check_wanted(settings, labelled=labelled, pairs=pairs, several=several, numbers=numbers)
        auto = "all" if several and settings.label_sep is not None else "first"
        self._several = auto if settings.multi_label == "auto" else settings.multi_label
        is_split = labelled and (self._several == "all" or settings.label_sep is not None)
        separator = settings.separator if is_split else None
        self.paths = list(paths or [STDIN])
        self.settings = settings
        self.labelled = labelled
        self.codes: array[int] = array("i")
        self.names: list[str] = []
        self._number_of: dict[str, int] = {}
        self._reading = reading
        self._progress = progress
        self.rows_before = 0
        self._kept = kept
        self._decided = {path: decided_of(path) for path in self.paths}
        self._formats = Formats(labelled, self._several, separator, kept)  # type: ignore[arg-type]

    def texts(self) -> Iterator[list[str]]:
        """Batches of texts; their labels gather in `codes` and `names`."""
        return map(as_texts, self._coded(self.batches()))

    def documents(self) -> Iterator[Documents]:
        """The same, as lines of UTF-8 where that is faster: for kernels that read bytes."""
        return self._coded(self.batches(as_lines=True))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the numbers of a row, once `texts` or `documents` ran."""
        return self._formats.numbers.columns

    def labels(self, documents: Iterable[int] | None = None) -> list[str]:
        """The label of every text, or of some, by number; once `texts` or `documents` ran."""
        codes = self.codes if documents is None else (self.codes[document] for document in documents)
        return [self.names[code] for code in codes]

    def _coded(self, batches: Iterable[Batch]) -> Iterator[Documents]:
        number_of = self._number_of
        longer, place = 0, ""
        for batch in batches:
            texts, labels = batch.texts, batch.labels
            longer += batch.longer
            place = place or batch.longer_place
            for label in set(labels) - number_of.keys():
                if self._several != "all":
                    _check_label(label)
                number_of[label] = -1
            if len(number_of) > len(self.names):  # new ones, numbered as they come
                for label in labels:
                    if number_of[label] < 0:
                        number_of[label] = len(self.names)
                        self.names.append(label)
            self.codes.extend(map(number_of.__getitem__, labels))
            yield texts
        if longer:
            self._progress.lost(
                f"{counted(longer, 'row has', 'rows have')} more cells than the first row "
                f"({place}): those beyond are not read; does a text hold what separates columns?"
            )
        if self._several != "all" and (alike := _differ_in_space(self.names)):
            self._progress.note(f"labels that differ in white space only: {alike}")
        if none := self._formats.no_label:
            self._progress.note(f"left out, for want of a label: {counted(none, 'line')}")
        if several := self._formats.several_labels:
            kept = "the first one counts" if self._several == "first" else "each one counts"
            self._progress.note(
                f"{counted(several, 'line has', 'lines have')} more than one label; {kept} (--multi-label)"
            )

    def batches(self, as_lines: bool = False) -> Iterator[Batch]:
        """Texts and labels, as they arrive."""
        for path in self.paths:
            if path != STDIN and is_folder(path):
                yield from self._folder(Path(path))
            else:
                yield from self._file(path, as_lines)

    def _file(self, path: str, as_lines: bool) -> Iterator[Batch]:
        if is_zipped(path, self._progress):
            rows = workbook_rows(path, self.settings.sheet, self._progress)
            yield from self._rows(path, rows, self.settings)
            return
        if self.settings.sheet is not None:
            raise InputError(f"{display_name(path)} is no Excel workbook", hint="--sheet is for those alone")
        if is_parquet(path, self._progress):
            yield from self._parquet(path)
            return
        is_text = is_plain(self.settings, self.labelled)
        if is_text:
            idle = changed(self.settings, "header", "quoting")
            refuse(idle, "with lines that are texts", "--text-col names the column of a table")
        # Of a table's lines those of the beginning are looked at, so they come whole.
        lines = Lines([path], self._reading, self._progress, table=not is_text)
        blocks = lines.line_blocks(in_pieces=is_text)
        if is_text:
            yield from self._plain(path, lines, blocks if as_lines else None)
        else:
            yield from self._table(path, lines, blocks, as_lines)

    def _plain(self, path: str, lines: Lines, blocks: Iterator[bytes] | None) -> Iterator[Batch]:
        """Lines each of which is a text; `blocks` has them as bytes, where those are wanted."""
        if self.settings.format == "auto" and (remark := taken_as_it_stands(path)):
            if self._kept is not None and format_by_name(path):
                raise InputError(
                    f"{path}: this is a table by its name, and no column is named",
                    hint="--text-col names the column of the texts; --input-format text takes every line",
                )
            self._progress.note(remark)
        if self._kept is not None:
            self._kept.begin(lines.name, ["text"], 1)
            yield from self._kept_lines(lines)
        elif blocks is not None:
            yield from (Batch(block, []) for block in blocks)
        else:
            yield from (Batch(batch, []) for batch in lines.batches())

    def _table(self, path: str, lines: Lines, blocks: Iterator[bytes], as_lines: bool) -> Iterator[Batch]:
        """The rows of a table in a file of lines."""
        batches = map(as_texts, blocks) if as_lines else lines.batches()
        head, first, layout = self._begun(path, lines, batches)
        if layout is None:
            return
        self._tell(layout)
        if layout.has_header or layout.skipped:
            first += layout.skipped
        else:
            first = 0
        self.rows_before = first + layout.has_header
        self._begin_kept(lines.name, layout)
        # `lines.number` is how many lines came before the batch at hand, for error messages.
        lines.number, formats = 0, self._formats
        if layout.format == "csv":
            yield from formats.table(lines, Feed(head[first:], batches, layout), layout, first)
            return
        parse = {"tsv": formats.split, "jsonl": formats.objects, "fasttext": formats.prefixed}[layout.format]
        lines.number = first + layout.has_header
        yield parse(lines, head[lines.number :], layout)
        if (
            as_lines
            and self._kept is None
            and layout.format == "tsv"
            and layout.delimiter == "\t"
            and formats.are_cut(layout)
        ):
            numbered = ((lines, lines.number, block, layout) for block in blocks)
            yield from in_threads(formats.cut, numbered)
            return
        yield from (parse(lines, batch, layout) for batch in batches)

    def layout_of(self, path: str) -> Layout | None:
        """The layout of a file of lines, as its beginning shows it; None of one that is empty."""
        lines = Lines([path], self._reading, self._progress, table=True)
        return self._begun(path, lines, lines.batches())[2]

    def _begun(
        self, path: str, lines: Lines, batches: Iterable[list[str]]
    ) -> tuple[list[str], int, Layout | None]:
        """The lines that were read to see the layout, the number of the first not blank, and the layout."""
        part, known = part_of(path), self._decided.get(path)
        if part and part.start and known and known.layout:
            return [], 0, dataclasses.replace(known.layout, has_header=False, skipped=0, remark="")
        head, first, least, whole = self._beginning(lines, batches)
        if first == len(head):
            return head, first, None
        if known and known.layout:
            return head, first, known.layout
        sample = Beginning(_sample(head[first:], least), whole, lines.encoding.startswith("utf-16"))
        return head, first, detect(path, sample, self.settings, self.labelled)

    def _kept_lines(self, lines: Lines) -> Iterator[Batch]:
        for batch in lines.batches():
            for line in batch:
                self._kept.add([line])  # type: ignore[union-attr]
            yield Batch(batch, [])

    def _begin_kept(self, name: str, layout: Layout) -> None:
        if self._kept is not None:
            self._kept.begin(name, layout.header, layout.width)

    def _beginning(self, lines: Lines, batches: Iterable[list[str]]) -> tuple[list[str], int, int, bool]:
        """As many lines as it takes to see the layout; the number of the first not blank; the lines of the
        first record; whether all lines are there.

        From a pipe without labels, where somebody may be waiting, no more than the first record.
        """
        head: list[str] = []
        delimiter = None if self.settings.delimiter == "auto" else self.settings.delimiter
        enough = SAMPLE if self.labelled or lines.has_end else 0
        first = size = 0
        record = FirstRecord(delimiter)
        for batch in batches:
            if not head and batch:
                batch[0] = batch[0].lstrip("\ufeff")  # written by two programs, one after the other
            head += batch
            size += sum(map(len, batch))
            while first < len(head) and not head[first].strip(_BLANK):
                first += 1
            is_complete = record.add(head[first + record.lines :])
            if (is_complete and size >= enough) or size > _MOST_WAITED:
                return head, first, record.lines, False
        return head, first, record.lines, True

    def _parquet(self, path: str) -> Iterator[Batch]:
        found = ParquetRows(path)
        if self._kept is not None:
            self._kept.schema = found.schema
        rows: Iterator[list[list[object]]] = itertools.chain([[[*found.header]]], found.batches())
        yield from self._rows(path, rows, dataclasses.replace(self.settings, header="yes"))

    def _rows(
        self, path: str, batches: Iterable[list[list[object]]], settings: RecordSettings
    ) -> Iterator[Batch]:
        """The rows of a workbook or Parquet file, whose cells are values."""
        layout: Layout | None = None
        name, number, names = display_name(path), 0, list[str]()
        for rows in batches:
            found = Batch([], [])
            begun = next((place for place, row in enumerate(rows) if row), len(rows))
            for place, row in enumerate(rows):
                number += 1
                if layout is None and place == begun:
                    beginning = [[*map(cell_text, one)] for one in rows[begun:]]
                    if above := title_rows.rows_above(beginning, settings):
                        begun += above
                        names = title_rows.names_of(beginning, above)
                        self._progress.note(title_rows.told(name, beginning, above, number + above))
                        continue
                    beginning[0] = names or beginning[0]
                    layout = table_layout(path, beginning, Dialect("", True), settings, self.labelled)
                    self._tell(layout)
                    self._begin_kept(name, layout)
                    self.rows_before = number - 1 + layout.has_header
                    if layout.has_header:
                        continue
                if layout is not None:
                    cells = [*map(cell_text, row)]
                    cells += [""] * (layout.width - len(row))  # empty cells at the end are not kept
                    self._formats.append(cells, found, layout, f"{name}: row {number}", row)
            yield found

    def _tell(self, layout: Layout) -> None:
        if layout.remark:
            self._progress.note(layout.remark)

    def _folder(self, folder: Path) -> Iterator[Batch]:
        if not self.labelled:
            raise folder_error(str(folder))
        if self.settings.vector_col is not None:
            raise no_numbers(f"{folder}: a file of a folder")
        if self.settings.text2_col is not None:
            raise no_second_text(f"{folder}: a file of a folder")
        try:
            classes = sorted(
                entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")
            )
        except OSError as error:
            raise InputError(f"{folder}: cannot be read: {error.strerror}") from error
        if not classes:
            raise InputError(
                f"{folder}: no folder in it, so there are no labels",
                hint=f"wanted: folder/label/text-file; tables are named: {files_pattern(str(folder))}",
            )
        for number, entry in enumerate(classes):
            self._progress.update("reading", number, len(classes))
            files = sorted(map(Path, files_in(str(entry), self.settings.on_error, self._progress)))
            if not files and os.access(entry, os.R_OK | os.X_OK):
                raise InputError(
                    f"{entry}: the class {entry.name!r} is empty", hint="remove the folder or fill it"
                )
            for some in range(0, len(files), 256):
                texts = [" ".join(Lines([str(file)], self._reading)) for file in files[some : some + 256]]
                yield Batch(texts, [readable(entry.name)] * len(texts))


def _check_label(label: str) -> None:
    if not label.strip():
        raise InputError(
            f"a label is nothing but white space: {label!r}", hint="label every row or take it out"
        )


def _differ_in_space(names: Iterable[str]) -> str:
    """Some labels that are the same but for white space, as a message shows them."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault("".join(name.split()), name)
        if other != name:
            return f"{other!r} and {name!r}"
    return ""


def _sample(lines: list[str], least: int) -> list[str]:
    """The first lines, up to some number of characters whatever the chunks in which they were read.

    `least`: as many lines at least.
    """
    size = 0
    for number, line in enumerate(lines, start=1):
        size += len(line)
        if size > SAMPLE and number >= least:
            return lines[:number]
    return lines
