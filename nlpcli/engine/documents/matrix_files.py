"""Matrices on disk, in the formats that other tools read; the extension chooses.

    .npz            scipy CSR (scipy.sparse.load_npz), with `features` and `labels` as arrays of text
    .npy            dense array (numpy.load)
    .mtx            Matrix Market coordinates, 1-based (scipy.io.mmread)
    .svm .libsvm    `label index:value …`, 1-based ascending (sklearn.datasets.load_svmlight_file)
    .csv .tsv       dense, a column per feature, header line
    .jsonl          {feature: weight} per row; {"label": …, "weights": …} where there are labels

Not here: vectors of words (`vectors/word_vectors.py`).
"""

from __future__ import annotations

import csv
import functools
import io
import itertools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.documents.sparse import SparseMatrix
from nlpcli.engine.io.atomic import write_atomically
from nlpcli.engine.io.npz import (
    IS_TEXT,
    TEXT,
    NotArrays,
    open_arrays,
    read_checked,
    text_array,
    texts_of,
    write_arrays,
)
from nlpcli.engine.io.schema import FINITE, Array, Held, Schema, offsets_into, within
from nlpcli.errors import InputError, ModelError, OutputError
from nlpcli.settings.fields import check_whole_number

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_ROWS = 1024
_MOST = 2**31 - 1  # rows and columns


@dataclass(frozen=True, eq=False)
class LabelledMatrix:
    """A matrix with the names of its columns and, where the input had them, its rows' labels."""

    matrix: SparseMatrix
    features: Sequence[str] | Vocabulary | None = None
    labels: Sequence[str] | None = None

    def feature(self, number: int) -> str:
        """The name of a column; hashed columns have their number for one."""
        return self._names[number] if self._names is not None else str(number)

    def heaviest(self, top: int) -> Iterator[list[tuple[str, float]]]:
        """The `top` heaviest features of each row, heaviest first; ties in column order."""
        check_whole_number("top", top, 1)
        for columns, weights in _rows(self.matrix):
            order = sorted(range(len(columns)), key=lambda cell: (-weights[cell], columns[cell]))[:top]
            yield [(self.feature(columns[cell]), weights[cell]) for cell in order]

    @functools.cached_property
    def _names(self) -> Sequence[str] | None:
        return self.features.tokens if isinstance(self.features, Vocabulary) else self.features


def check_extension(path: str | os.PathLike[str]) -> None:
    """Raise OutputError unless `path` ends in an extension there is a writer for."""
    _writer(path)


def write_matrix(path: str | os.PathLike[str], table: LabelledMatrix) -> None:
    """Write the matrix, atomically, in the format the extension names.

    Raises OutputError for an unknown extension, or a dense format that would not fit.
    """
    writer = _writer(path)
    if PurePath(path).suffix in (".npy", ".csv", ".tsv"):
        _refuse_what_does_not_fit(path, table.matrix)
    with write_atomically(path) as file:
        writer(file, table)


def _writer(path: str | os.PathLike[str]) -> Callable[[BinaryIO, LabelledMatrix], None]:
    suffix = PurePath(path).suffix.lower()
    if suffix not in WRITERS:
        unknown = f"no matrix format is called {suffix!r}" if suffix else "the name does not say which format"
        raise OutputError(
            f"{path}: {unknown}",
            hint=f"end the name in one of {', '.join(WRITERS)}",
        )
    return WRITERS[suffix]


def _refuse_what_does_not_fit(path: str | os.PathLike[str], matrix: SparseMatrix) -> None:
    rows, columns = matrix.shape
    needed = rows * columns * matrix.data.itemsize
    try:
        available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # macOS and Windows do not tell: numpy will, when it fails
        return
    if needed > available:
        raise OutputError(
            f"{path}: {rows:,} × {columns:,} dense values would take {needed / 1e9:,.1f} GB, "
            f"{available / 1e9:,.1f} GB of memory are free",
            hint="write a sparse format (.npz, .svm, .mtx), or use --max-features",
        )


def _write_npz(file: BinaryIO, table: LabelledMatrix) -> None:
    matrix = table.matrix
    arrays: dict[str, NDArray[Any]] = {
        "format": np.array(b"csr"),
        "shape": np.array(matrix.shape, dtype=np.int64),
        "data": matrix.data,
        "indices": matrix.indices,
        "indptr": matrix.indptr if matrix.indptr[-1] > 2**31 - 1 else matrix.indptr.astype(np.int32),
    }
    for name, lines in (("features", table.features), ("labels", table.labels)):
        if lines is not None:
            arrays[name] = text_array(lines.tokens if isinstance(lines, Vocabulary) else lines)
    write_arrays(file, arrays)


def _write_npy(file: BinaryIO, table: LabelledMatrix) -> None:
    np.lib.format.write_array(file, table.matrix.to_dense(), allow_pickle=False)


def _write_mtx(file: BinaryIO, table: LabelledMatrix) -> None:
    matrix = table.matrix
    field = "integer" if matrix.data.dtype.kind == "i" else "real"
    file.write(f"%%MatrixMarket matrix coordinate {field} general\n".encode())
    file.write(f"{matrix.shape[0]} {matrix.shape[1]} {len(matrix.data)}\n".encode())
    for number, (columns, weights) in enumerate(_rows(matrix), start=1):
        cells = zip(columns, weights, strict=True)
        file.write("".join(f"{number} {column + 1} {weight!r}\n" for column, weight in cells).encode())


def _write_svm(file: BinaryIO, table: LabelledMatrix) -> None:
    codes = label_codes(table.labels) if table.labels is not None else None
    for number, (columns, weights) in enumerate(_rows(table.matrix)):
        label = codes[table.labels[number]] if codes is not None and table.labels is not None else "0"
        cells = "".join(f" {column + 1}:{weight!r}" for column, weight in zip(columns, weights, strict=True))
        file.write(f"{label}{cells}\n".encode())


def label_codes(labels: Sequence[str]) -> dict[str, str]:
    """What each label is called where only numbers will do: itself if all are whole numbers,
    otherwise its place in alphabetical order.

    >>> label_codes(["pos", "neg", "pos"])
    {'neg': '0', 'pos': '1'}
    """
    names = sorted(set(labels))
    if all(name.lstrip("-").isascii() and name.lstrip("-").isdigit() for name in names):
        return {name: name for name in names}
    return {name: str(code) for code, name in enumerate(names)}


def _write_delimited(file: BinaryIO, table: LabelledMatrix, dialect: str) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="", write_through=True)
    rows = csv.writer(text, dialect, lineterminator="\n")
    labelled = table.labels is not None
    header = [table.feature(column) for column in range(table.matrix.columns)]
    rows.writerow((["label"] if labelled else []) + header)
    for number, (columns, weights) in enumerate(_rows(table.matrix)):
        dense: list[Any] = [0] * table.matrix.columns
        for column, weight in zip(columns, weights, strict=True):
            dense[column] = weight
        rows.writerow(([table.labels[number]] if table.labels is not None else []) + dense)
    text.detach()


def _write_csv(file: BinaryIO, table: LabelledMatrix) -> None:
    _write_delimited(file, table, "excel")


def _write_tsv(file: BinaryIO, table: LabelledMatrix) -> None:
    _write_delimited(file, table, "excel-tab")


def write_jsonl(file: BinaryIO, table: LabelledMatrix) -> None:
    """Write each row as one line of JSON."""
    for number, (columns, weights) in enumerate(_rows(table.matrix)):
        row: dict[str, Any] = {
            table.feature(column): weight for column, weight in zip(columns, weights, strict=True)
        }
        if table.labels is not None:
            row = {"label": table.labels[number], "weights": row}
        file.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


def _rows(matrix: SparseMatrix) -> Iterator[tuple[list[int], list[Any]]]:
    """Columns and weights of each row as Python numbers, some rows at a time."""
    for start in range(0, matrix.shape[0], _ROWS):
        bounds = matrix.indptr[start : start + _ROWS + 1].tolist()
        columns = matrix.indices[bounds[0] : bounds[-1]].tolist()
        weights = matrix.data[bounds[0] : bounds[-1]].tolist()
        for begin, end in itertools.pairwise(bounds):
            cells = slice(begin - bounds[0], end - bounds[0])
            yield columns[cells], weights[cells]


WRITERS: dict[str, Callable[[BinaryIO, LabelledMatrix], None]] = {
    ".npz": _write_npz,
    ".npy": _write_npy,
    ".mtx": _write_mtx,
    ".svm": _write_svm,
    ".libsvm": _write_svm,
    ".csv": _write_csv,
    ".tsv": _write_tsv,
    ".jsonl": write_jsonl,
}


# --- reading --------------------------------------------------------------------------------


def _matrix_shape(held: Held) -> str | None:
    rows, columns = held.arrays["shape"].tolist()
    indices = held.arrays["indices"]
    if rows != held.sizes["rows"] or (len(indices) and not 0 <= indices.min() <= indices.max() < columns):
        return "its cells do not lie within its shape"
    return None


def _is_csr(held: Held) -> str | None:
    layout = held.arrays.get("format")
    return None if layout is None or layout.tobytes() == b"csr" else "its layout is not csr"


_INDICES = ("int32", "int64")
# Of scipy.sparse.save_npz, and what `vectorize` adds.
MATRIX = Schema(
    {},
    {
        "format": Array("bytes24", (), optional=True),
        "shape": Array(_INDICES, (2,), within(0, _MOST)),
        "data": Array(
            ("float64", "float32", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))),
            ("cells",),
            FINITE,
        ),
        "indices": Array(_INDICES, ("cells",)),
        "indptr": Array(_INDICES, ("rows+1",), offsets_into("cells"), within(0, _MOST)),
        "features": Array(("uint8", TEXT), ("length of features",), IS_TEXT, optional=True),
    },
    never_empty=("rows",),
    relations=(_matrix_shape, _is_csr),
)


def read_matrix(path: str) -> tuple[csr_array, list[str]]:
    """The matrix in an `.npz` file, float64 in CSR, without empty columns; and what the columns are called.

    Raises InputError for a file that is no such matrix, or is damaged.
    """
    import scipy.sparse

    try:
        with open_arrays(path) as arrays:
            parts = read_checked(path, MATRIX, arrays)
    except (OSError, NotArrays, ModelError) as error:
        raise InputError(
            f"{path}: not a matrix of documents: {error}", hint="nlpcli vectorize -o NAME.npz"
        ) from error
    names = texts_of(parts["features"]) if "features" in parts else []
    used, indices = np.unique(parts["indices"], return_inverse=True)  # few where columns are hashed
    cells = parts["data"].astype(np.float64), indices.astype(np.int32), parts["indptr"].astype(np.int32)
    matrix = scipy.sparse.csr_array(cells, shape=(len(parts["indptr"]) - 1, len(used)))
    matrix.sum_duplicates()
    known = len(names) == int(parts["shape"][1])
    return matrix, [names[number] if known else str(number) for number in used.tolist()]
