"""Rows of numbers in an `.npz` file, to learn from: of `vectorize`, or of any program that writes numpy.

    data, indices, indptr, shape     sparse rows, as `vectorize` and scipy.sparse.save_npz write them
    vectors                          dense rows [N, D]
    labels                           N strings, or N whole numbers, or UTF-8 with a line end between two
    features                         names of the columns: strings, or UTF-8 with a line end between two

Not here: numbers in tables (`io/number_rows.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.documents.matrix_files import MATRIX
from nlpcli.engine.io.npz import IS_TEXT, TEXT, NotArrays, open_arrays, read_checked, texts_of
from nlpcli.engine.io.schema import FINITE, Array, Check, Schema
from nlpcli.errors import InputError, ModelError
from nlpcli.wording import counted

_MOST = 1 << 27  # numbers of a table that is held as it is: 1 GB
_INTEGERS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
_STRINGS = tuple(f"bytes{8 * length}" for length in range(1, 17))
_ARE_TEXT = Check("text", lambda array, held: array.dtype.kind != "U" or IS_TEXT.holds(array, held))
_LABELS = Array((*_INTEGERS, *_STRINGS, TEXT), ("length of labels",), _ARE_TEXT, optional=True)
_SPARSE = MATRIX._replace(arrays={**MATRIX.arrays_for({}), "labels": _LABELS})
_DENSE = Schema(
    {},
    {
        "vectors": Array(("float64", "float32", "float16", *_INTEGERS), ("rows", "columns"), FINITE),
        "labels": _LABELS,
        "features": MATRIX.arrays_for({})["features"],
    },
    never_empty=("rows", "columns"),
)


class Rows(NamedTuple):
    """Rows float64 [N, D], the names of their columns, and of each row its label, if the file has them."""

    numbers: NDArray[np.float64]
    columns: tuple[str, ...]
    labels: list[str] | None


def is_array_file(path: str) -> bool:
    """Whether a file's name says that it holds arrays."""
    return path.lower().endswith(".npz")


def read_rows(path: str) -> Rows:
    """The rows in a file. Raises InputError for one that holds none, is damaged or too large."""
    try:
        with open_arrays(path) as arrays:
            dense = "vectors" in arrays.members
            parts = read_checked(path, _DENSE if dense else _SPARSE, arrays)
    except (OSError, NotArrays, ModelError) as error:
        raise InputError(
            f"{path}: no rows of numbers: {error}",
            hint="nlpcli vectorize TABLE --text-col text --label-col label -o NAME.npz, or numpy.savez with "
            "vectors= and labels=; labels are whole numbers, or text: np.array(labels)",
        ) from error
    shape = parts["vectors"].shape if dense else tuple(parts["shape"].tolist())
    if shape[0] * shape[1] > _MOST:
        raise InputError(
            f"{path}: {shape[0]:,} × {shape[1]:,} numbers are more than can be learnt from at once",
            hint="vectorize --max-features 1000 keeps the most frequent columns",
        )
    numbers = parts["vectors"].astype(np.float64) if dense else _filled(parts, shape)
    names = texts_of(parts["features"]) if "features" in parts else ()
    columns = tuple(names) if len(names) == shape[1] else tuple(map(str, range(1, shape[1] + 1)))
    return Rows(numbers, columns, _labels(path, parts.get("labels"), shape[0]))


def _filled(parts: dict[str, NDArray[Any]], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Sparse rows with their zeros; cells that stand there twice are added up."""
    found = np.zeros(shape)
    rows = np.repeat(np.arange(shape[0]), np.diff(parts["indptr"]))
    np.add.at(found, (rows, parts["indices"]), parts["data"])
    return found


def _labels(path: str, array: NDArray[Any] | None, rows: int) -> list[str] | None:
    if array is None:
        return None
    if array.dtype.kind == "U":
        labels = texts_of(array)
    elif array.dtype.kind == "S":
        labels = [label.decode("utf-8", "replace") for label in array.tolist()]
    else:
        labels = [*_lines(array)] if array.dtype == np.uint8 else []
        if len(labels) != rows:
            labels = [str(label) for label in array.tolist()]
    if len(labels) != rows:
        raise InputError(f"{path}: {counted(len(labels), 'label')} for {counted(rows, 'row')}")
    return labels


def _lines(array: NDArray[np.uint8]) -> Sequence[str]:
    return array.tobytes().decode("utf-8", "replace").split("\n")
