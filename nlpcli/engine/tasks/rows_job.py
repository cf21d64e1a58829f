"""What is done with the rows of a table before training: what `split`, `dedup` and `language` do.

Rows are written as they were read, byte for byte, with the header; a workbook's as CSV, and all in the
format that the name of an output asks for where it is another than theirs (`row_output.py`).
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.near_duplicates import NearDuplicates
from nlpcli.engine.io.atomic import check_writable, write_atomically
from nlpcli.engine.io.file_names import check_file_names
from nlpcli.engine.io.opening import STDIN
from nlpcli.engine.io.raw_rows import RawRow, RawRows, raw_rows
from nlpcli.engine.io.row_output import row_table
from nlpcli.engine.io.table_lines import free_name
from nlpcli.engine.io.table_output import Column
from nlpcli.engine.io.writing import LineWriter, Output, cell, open_output
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.row_spool import RowSpool
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.errors import InputError, OutputError
from nlpcli.settings.input import InputSettings, LabelRowSettings, RecordSettings, TextRowSettings
from nlpcli.settings.rows import DedupSettings, LanguageSettings, SplitSettings
from nlpcli.wording import counted

PARTS = ("train", "dev", "test")
_BATCH = 1024  # rows that are compared together
_FIRST_BATCH = 16  # of a pipe, whose reader waits


# --- split ----------------------------------------------------------------------------------


class Part(NamedTuple):
    """A part of a table: its file, how many rows it has, and how many of each label."""

    name: str
    file: str
    rows: int
    labels: dict[str, int]


@plain_settings
def split(
    path: str = STDIN,
    folder: str = "",
    settings: SplitSettings = SplitSettings(),
    *,
    records: LabelRowSettings = LabelRowSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> list[Part]:
    """Parts of a table or of lines, written to `folder`: train, dev and test with the table's extension.

    With a label column each part has about the same share of each label; rows of one group (`group_col`) stay
    together. The same rows, settings and seed give the same parts. In a part rows stand in their old order.

    Raises InputError for a part without a row and one that would take the place of the table, OutputError for
    a folder that is a file.
    """
    if folder in ("", STDIN):
        raise OutputError("parts are files in a folder, and do not go to stdout", hint="name it: -o parts")
    spool = RowSpool()
    with (
        contextlib.closing(spool),
        raw_rows(path, RecordSettings.of(records), reading, progress, texts=False) as rows,
    ):
        for part, share in zip(PARTS, _shares(settings), strict=True):
            if share > 0:
                written = str(Path(folder) / f"{part}{rows.suffix}")
                check_file_names("split", {"path": path, "output": written})
        label = None if records.label_col is None else rows.column(records.label_col, "--label-col")
        group = None if settings.group_col is None else rows.column(settings.group_col, "--group-col")
        if label is None and rows.layout is not None and rows.layout.format == "fasttext":
            label = 0
        labels, groups = _Codes(), _Codes()
        for row in rows:
            if not row.cells:
                continue  # a blank row of a table
            spool.add(_ended(row.raw, rows))
            if label is not None:
                labels.add(rows.value(row, label))
            if group is not None:
                groups.add(rows.value(row, group))
        if not len(spool):
            raise InputError(f"{rows.name}: there are no rows to split")
        part_of = parts_of(
            len(spool), settings, labels.array if label is not None else None,
            groups.array if group is not None else None,
        )  # fmt: skip
        _check_parts(part_of, settings, rows.name, group is not None)
        return _write_parts(Path(folder), rows, spool, part_of, labels)


class _Codes:
    """Values by number, in order of first appearance."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self._codes: list[int] = []

    def add(self, value: str) -> None:
        self._codes.append(self.names.setdefault(value, len(self.names)))

    @property
    def array(self) -> NDArray[np.int64]:
        return np.array(self._codes, dtype=np.int64)


def parts_of(
    rows: int,
    settings: SplitSettings,
    labels: NDArray[np.int64] | None = None,
    groups: NDArray[np.int64] | None = None,
) -> NDArray[np.int8]:
    """Which part each row is of: int8 [rows], an index into PARTS.

    Rows, or groups of them, are put in an order in which every label is spread evenly, by chance otherwise,
    and the order is cut: test first, then dev. A group has the label most of its rows have.

    >>> found = parts_of(20, SplitSettings(dev=0.2, test=0.2), np.arange(20) % 2)
    >>> [sorted((np.flatnonzero(found == part) % 2).tolist()) for part in (1, 2)]
    [[0, 0, 1, 1], [0, 0, 1, 1]]
    """
    unit = np.arange(rows) if groups is None else groups
    sizes = np.bincount(unit)
    label = np.zeros(len(sizes), dtype=np.int64) if labels is None else _commonest(unit, labels, len(sizes))
    chance = np.random.default_rng(settings.seed).random(len(sizes))
    by_label = np.lexsort((chance, label))
    within = np.empty(len(sizes))
    counts = np.bincount(label[by_label])
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    within[by_label] = (np.arange(len(sizes)) - starts + 0.5) / np.repeat(counts, counts)
    order = np.lexsort((chance, within))
    middles = np.cumsum(sizes[order]) - sizes[order] / 2
    part = np.zeros(len(sizes), dtype=np.int8)
    part[order[middles < (settings.test + settings.dev) * rows]] = PARTS.index("dev")
    part[order[middles < settings.test * rows]] = PARTS.index("test")
    return part[unit]


def _commonest(unit: NDArray[np.int64], labels: NDArray[np.int64], units: int) -> NDArray[np.int64]:
    """The label that most rows of each unit have; the first of those as common."""
    pairs, counts = np.unique(np.stack([unit, labels], axis=1), axis=0, return_counts=True)
    order = np.lexsort((pairs[:, 1], -counts, pairs[:, 0]))
    first = np.unique(pairs[order, 0], return_index=True)[1]
    found = np.zeros(units, dtype=np.int64)
    found[pairs[order[first], 0]] = pairs[order[first], 1]
    return found


def _shares(settings: SplitSettings) -> tuple[float, float, float]:
    """What share of the rows each part gets."""
    return 1 - settings.dev - settings.test, settings.dev, settings.test


def _check_parts(part_of: NDArray[np.int8], settings: SplitSettings, name: str, grouped: bool) -> None:
    counts = np.bincount(part_of, minlength=len(PARTS)).tolist()
    for part, share, count in zip(PARTS, _shares(settings), counts, strict=True):
        if share > 0 and not count:
            what = "groups" if grouped else "rows"
            raise InputError(
                f"{name}: too few {what} ({len(part_of):,} rows in all) for a {part} of {share:.0%}",
                hint=f"larger shares, or --{part} 0" if part != "train" else "smaller --dev and --test",
            )


def _write_parts(
    folder: Path, rows: RawRows, spool: RowSpool, part_of: NDArray[np.int8], labels: _Codes
) -> list[Part]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot make the folder {folder}: {error.strerror}", hint="give the folder another name"
        ) from error
    counts = np.bincount(part_of, minlength=len(PARTS)).tolist()
    paths = {part: str(folder / f"{name}{rows.suffix}") for part, name in enumerate(PARTS) if counts[part]}
    with contextlib.ExitStack() as stack:
        files = {part: stack.enter_context(write_atomically(path)) for part, path in paths.items()}
        for file in files.values():
            file.write(rows.head)
        for part, raw in zip(part_of.tolist(), spool, strict=True):
            files[part].write(rows.written(raw))
    codes = labels.array
    return [
        Part(
            PARTS[part], path, counts[part],
            {
                name: int(np.count_nonzero(codes[part_of == part] == code))
                for name, code in sorted(labels.names.items())
            },
        )
        for part, path in paths.items()
    ]  # fmt: skip


def _ended(raw: bytes, rows: RawRows) -> bytes:
    """The row with a line end: the last of a file may lack one, and may come to stand before others."""
    return raw if raw.endswith(b"\n") else raw + rows.end


# --- dedup ----------------------------------------------------------------------------------


@dataclass
class DedupCounts:
    """How many rows there were, and how many of them were dropped as the same, and as nearly the same."""

    rows: int = 0
    same: int = 0
    near: int = 0


@plain_settings
def dedup(
    path: str,
    output: Output,
    settings: DedupSettings = DedupSettings(),
    *,
    report: str | None = None,
    jsonl: bool = False,
    records: TextRowSettings = TextRowSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> DedupCounts:
    """The rows whose text was not there before, as they stand; the first of those that are alike is kept.

    `report` gets a table of those that are dropped: their line, that of the kept row, the similarity
    and the text. `jsonl`: rows as objects by the names of their columns. A row without a text is kept.
    """
    if report is not None:
        check_writable(report)
    counts, seen = DedupCounts(), NearDuplicates(settings.threshold, settings.shingle)
    lines: list[int] = []  # of each row
    with contextlib.ExitStack() as stack:
        rows = stack.enter_context(raw_rows(path, RecordSettings.of(records), reading, progress))
        told = stack.enter_context(write_atomically(report)) if report is not None else None
        file = stack.enter_context(open_output(output))
        if told is not None:
            told.write(b"line\tsame_as\tsimilarity\ttext\n")
        table = None if jsonl else row_table(output, file, rows)
        if table is not None:
            stack.enter_context(table)
        elif not jsonl:
            file.write(rows.head)
        for some in _batches(rows):
            texts = [rows.text(row) for row in some]
            lines.extend(row.line for row in some)
            for row, text, duplicate in zip(some, texts, seen.add(texts), strict=True):
                counts.rows += 1
                if duplicate is None and table is not None:
                    table.add(row)
                elif duplicate is None:
                    file.write(_row_bytes(rows, row, jsonl))
                if duplicate is None:
                    continue
                counts.same += duplicate.similarity == 1
                counts.near += duplicate.similarity < 1
                if told is not None:
                    of = lines[duplicate.of]
                    shown = f"{row.line}\t{of}\t{duplicate.similarity:.4f}\t{cell(text)}\n"
                    told.write(shown.encode("utf-8", "replace"))
            file.flush()
            progress.update("comparing", counts.rows)
    dropped = counts.same + counts.near
    progress.note(
        f"{counted(counts.rows, 'row')}, {dropped:,} dropped: {counts.same:,} "
        f"the same, {counts.near:,} nearly"
    )
    return counts


def _batches(rows: Iterable[RawRow]) -> Iterator[list[RawRow]]:
    """Rows in batches that grow, so that the first do not wait for long."""
    following, size = iter(rows), _FIRST_BATCH
    while batch := list(itertools.islice(following, size)):
        yield batch
        size = min(2 * size, _BATCH)


def _row_bytes(rows: RawRows, row: RawRow, jsonl: bool) -> bytes:
    if jsonl:
        return json.dumps(rows.as_object(row), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    return rows.written(row.raw)


# --- language -------------------------------------------------------------------------------


@plain_settings
def language(
    path: str,
    output: Output,
    settings: LanguageSettings = LanguageSettings(),
    *,
    jsonl: bool = False,
    records: TextRowSettings = TextRowSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> Counter[str]:
    """The language of every text and its probability, one line out per line in; how many each has comes back.

    Of lines: code TAB probability; a table gets the columns `language` and `probability`. With `only` the
    rows of these languages alone, as they stand.

    Raises SettingsError for a code that is not known, MissingDependency without the library.
    """
    from nlpcli.engine.text.languages import Languages, no_such_language

    languages, counts = Languages(settings.among), Counter[str]()
    for code in settings.only:
        if code not in languages.codes:
            raise no_such_language("--only", code, languages.codes)
    with contextlib.ExitStack() as stack:
        rows = stack.enter_context(raw_rows(path, RecordSettings.of(records), reading, progress))
        file = stack.enter_context(open_output(output))
        added = _Added(rows, progress)
        columns = [] if settings.only else [Column("language"), Column("probability", is_number=True)]
        table = None if jsonl else row_table(output, file, rows, columns, progress)
        if table is not None:
            stack.enter_context(table)
        elif not jsonl and rows.layout is not None:
            _write_head(rows, file, None if settings.only else added)
        writer = LineWriter(file)
        for row in rows:
            code, probability = languages.of(rows.text(row))
            counts[code] += 1
            if settings.only and (code not in settings.only or probability < settings.min_probability):
                continue
            told: dict[str, str | float] = {}
            if not settings.only and table is None and (jsonl or (rows.layout is not None and row.cells)):
                told = dict(zip(added.names(row), (code, round(probability, 4)), strict=True))
            if jsonl:
                writer.write(json.dumps(rows.as_object(row) | told, ensure_ascii=False))
            elif table is not None:
                table.add(row, f"{code}\t{probability:.4f}")
            elif settings.only:
                file.write(rows.written(_ended(row.raw, rows)))
            elif rows.layout is None:
                writer.write(f"{code}\t{probability:.4f}")
            else:
                file.write(rows.written(rows.with_cells(row, told) if row.cells else row.raw))
            progress.update("telling languages", counts.total())
    return counts


def _write_head(rows: RawRows, file: BinaryIO, added: _Added | None) -> None:
    if rows.header is None or added is None:
        file.write(rows.head)
        return
    names: dict[str, str | float] = dict.fromkeys(added.names(rows.header), "")
    file.write(rows.preamble + rows.written(rows.with_cells(rows.header, names, named=True)))


class _Added:
    """What the columns are called that are added; of a name that is there already, with a number."""

    def __init__(self, rows: RawRows, progress: Progress) -> None:
        self._rows, self._progress = rows, progress
        self._names: list[str] | None = None

    def names(self, row: RawRow) -> list[str]:
        """Their names. Raises InputError for an object with a field of that name, which the first had not."""
        there = [*row.cells] if isinstance(row.cells, dict) else self._rows.names()
        if self._names is None:
            self._names = [free_name(name, there) for name in ("language", "probability")]
            for name, free in zip(("language", "probability"), self._names, strict=True):
                if name != free:
                    self._progress.note(f"there is a column {name} already: what is added is {free}")
        elif isinstance(row.cells, dict) and (taken := [name for name in self._names if name in there]):
            raise InputError(
                f"{self._rows.name}:{row.line}: it has a field {taken[0]!r}, which the first one has not",
                hint="give each object the same fields",
            )
        return self._names
