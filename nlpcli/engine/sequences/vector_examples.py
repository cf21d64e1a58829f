"""Rows of numbers to learn from or to judge: columns of a table (`--vector-col`), or an `.npz` file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.documents.labelled_rows import is_array_file, read_rows
from nlpcli.engine.io.kept_rows import KeptRows
from nlpcli.engine.io.opening import STDIN, display_name
from nlpcli.engine.io.records import Records
from nlpcli.engine.io.table_signs import format_by_name
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.wording import counted

_ROWS = 1024  # that are judged together
# How lines of numbers alone are read: as a table of one column.
_PLAIN: dict[str, Any] = {
    "vector_col": "1", "format": "tsv", "delimiter": "\x1f", "header": "no", "quoting": "none",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class VectorExamples:
    """Labelled rows of numbers.

    vectors: float64 [D, N], of columns that are called `columns`. labels: int32 [D], an index into `names`.
    """

    vectors: NDArray[np.float64]
    columns: tuple[str, ...]
    labels: NDArray[np.int32]
    names: tuple[str, ...]

    def documents_per_class(self) -> NDArray[np.int64]:
        """How many rows each class has, int64 [C]."""
        return np.bincount(self.labels, minlength=len(self.names)).astype(np.int64)

    def relabelled(self, labels: NDArray[np.int32], names: tuple[str, ...]) -> VectorExamples:
        """The same rows with other labels."""
        return dataclasses.replace(self, labels=labels, names=names)

    def chosen(self, wanted: NDArray[np.bool_]) -> VectorExamples:
        """The `wanted` [D] rows by themselves."""
        return dataclasses.replace(self, vectors=self.vectors[wanted], labels=self.labels[wanted])

    def texts(self) -> list[str]:
        """Each row as it is shown: height=172 weight=70."""
        return [
            " ".join(f"{name}={value:g}" for name, value in zip(self.columns, row, strict=True))
            for row in self.vectors.tolist()
        ]


def read_vectors(
    paths: Sequence[str] | None,
    records: RecordSettings,
    reading: InputSettings,
    progress: Progress = SILENT,
    columns: Sequence[str] = (),
) -> VectorExamples:
    """The labelled rows of tables, or of `.npz` files; columns: those of a model that shall judge them.

    Raises InputError for a cell that is no number, rows of several lengths or of other columns, and where
    there are no labels.
    """
    if not _are_arrays(paths, records):
        source = Records(paths, records, reading, several=True, numbers=True, progress=progress)
        rows = [numbers_in(text) for batch in source.texts() for text in batch]
        labels, found = source.labels(), source.columns
        if not rows:
            raise InputError(f"{display_name((paths or [STDIN])[0])}: there are no rows")
        matrix = np.array(rows)
        if columns and len(columns) != len(found):
            raise _other_number(len(found), columns)
        return _examples(matrix, found, labels)
    parts = [_labelled(path, records) for path in paths or ()]
    for path, part in zip(paths or (), parts, strict=True):
        _check_columns(path, part.columns, columns or parts[0].columns)
    return _examples(
        np.concatenate([part.numbers for part in parts]),
        parts[0].columns,
        [label for part in parts for label in part.labels or ()],
    )


def vector_batches(
    paths: Sequence[str] | None,
    records: RecordSettings,
    reading: InputSettings,
    columns: Sequence[str],
    progress: Progress,
    kept: KeptRows | None = None,
) -> Iterator[Any]:
    """Rows of numbers in batches, as texts or as arrays, to be judged by a model of `columns`."""
    if not _are_arrays(paths, records):
        source = Records(paths, records, reading, labelled=False, numbers=True, kept=kept, progress=progress)
        yield from source.texts()
        return
    if kept is not None:
        raise SettingsError("a file of numbers has no rows to keep", hint="-o NAME.txt gets a label a line")
    for path in paths or ():
        rows = read_rows(path)
        _check_columns(path, rows.columns, columns)
        for first in range(0, len(rows.numbers), _ROWS):
            yield rows.numbers[first : first + _ROWS]


def for_model(
    paths: Sequence[str] | None, records: RecordSettings, columns: str, *, labelled: bool
) -> RecordSettings:
    """How rows are read for a model that learnt from `columns`, where nothing else is said.

    Lines that are no table hold numbers with spaces between.
    """
    if records.text_col is not None:
        raise SettingsError(
            "--text-col has no place here: the model judges rows of numbers",
            hint="--vector-col names their columns",
        )
    arrays = all(map(is_array_file, paths or [STDIN]))
    if records.vector_col is not None or arrays:
        return records
    is_table = records.format not in ("auto", "text") or records.delimiter != "auto" or records.sheet
    if columns and (labelled or is_table or any(map(format_by_name, paths or ()))):
        return dataclasses.replace(records, vector_col=columns)
    if labelled:
        raise SettingsError(
            "which columns hold the numbers?",
            hint="the model learnt from an .npz file; --vector-col names columns",
        )
    return dataclasses.replace(records, **_PLAIN)


def numbers_in(text: str) -> list[float]:
    """The numbers of a row that is a text. Raises InputError for what is no number."""
    try:
        found = [*map(float, text.split())]
    except ValueError as error:
        raise InputError(
            f"{text[:40]!r} is no row of numbers", hint="wanted: numbers with spaces between: 172 70 45"
        ) from error
    if not found or not np.isfinite(found).all():
        raise InputError(f"{text[:40]!r} is no row of finite numbers")
    return found


def check_width(found: int, columns: Sequence[str]) -> None:
    """Raise InputError for rows that have more or fewer numbers than a model has columns."""
    if found != len(columns):
        raise _other_number(found, columns)


def _are_arrays(paths: Sequence[str] | None, records: RecordSettings) -> bool:
    """Whether files hold arrays. Raises SettingsError where some do, and for columns of them."""
    files = [path for path in paths or () if is_array_file(path)]
    if files and len(files) < len(paths or ()):
        raise SettingsError(f"{files[0]} holds arrays, and other files do not", hint="give files of one kind")
    if files and (
        asked := [name for name in ("vector_col", "label_col") if getattr(records, name) is not None]
    ):
        raise SettingsError(
            f"--{asked[0].replace('_', '-')} is for tables, and {files[0]} holds arrays", hint="leave it out"
        )
    return bool(files)


def _labelled(path: str, records: RecordSettings) -> Any:
    rows = read_rows(path)
    if rows.labels is None:
        raise InputError(
            f"{path}: it has no labels",
            hint="vectorize --label-col writes them beside the rows, numpy.savez takes vectors= and labels=",
        )
    if records.label_sep is not None or records.multi_label == "all":
        raise SettingsError("--label-sep and --multi-label are for tables")
    return rows


def _check_columns(path: str, found: Sequence[str], wanted: Sequence[str]) -> None:
    check_width(len(found), wanted)
    other = next(((a, b) for a, b in zip(found, wanted, strict=True) if a != b and not a.isdecimal()), None)
    if other is not None:
        raise InputError(
            f"{path}: its column {other[0]!r} is {other[1]!r} where was learnt",
            hint="vectorize --save-model keeps columns, and --model makes the same ones again",
        )


def _other_number(found: int, columns: Sequence[str]) -> InputError:
    shown = ", ".join(columns[:8]) + (", …" if len(columns) > 8 else "")
    return InputError(
        f"a row has {counted(found, 'number')}, and the model takes {len(columns):,}: {shown}",
        hint="--vector-col names the columns of a table",
    )


def _examples(vectors: NDArray[np.float64], columns: Sequence[str], labels: Sequence[str]) -> VectorExamples:
    names = tuple(sorted({*labels}))
    position = {name: number for number, name in enumerate(names)}
    numbers = np.array([position[label] for label in labels], np.int32)
    return VectorExamples(vectors, tuple(columns), numbers, names)
