"""The layouts of two files: a matrix, numpy's `.npy` or the projector's `.tsv`, and its words in another."""

from __future__ import annotations

import ast
import os
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.io.binary_input import BinaryInput, CutShort
from nlpcli.engine.io.opening import open_bytes
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.vectors import text_rows
from nlpcli.engine.vectors.text_layout import packed
from nlpcli.engine.vectors.word2vec_binary import check_finite
from nlpcli.engine.vectors.writing import companion
from nlpcli.errors import InputError
from nlpcli.wording import counted

NPY = b"\x93NUMPY"
_COMPRESSED = ("", ".gz", ".bz2", ".xz", ".zst")
_LONGEST_HEADER = 1 << 16


def words_of(path: str, layout: str) -> str:
    """The file with the words of a matrix; both may be compressed. It need not be there.

    >>> words_of("no/such.npy.gz", "npy")
    'no/such.vocab'
    """
    stem, extension = os.path.splitext(path)  # noqa: PTH122
    plain = companion(stem if extension in _COMPRESSED else path, layout)
    names = [plain + ending for ending in _COMPRESSED]
    return next((name for name in names if os.path.exists(name)), plain)  # noqa: PTH110


def is_tsv(path: str) -> bool:
    """Whether it is the projector's matrix, which is told by its name and the file beside it."""
    stem, extension = os.path.splitext(path)  # noqa: PTH122
    named = extension == ".tsv" or (extension in _COMPRESSED and stem.endswith(".tsv"))
    return named and os.path.exists(words_of(path, "tsv"))  # noqa: PTH110


def read_npy(source: BinaryInput, path: str) -> tuple[PackedTokens, Floats]:
    """The words and the matrix of a `.npy` file and the words beside it. Raises InputError."""
    try:
        dtype, shape, columns_first = _npy_header(source)
    except (CutShort, ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise InputError(f"{path}: the header of the .npy file makes no sense: {error}") from error
    if len(shape) != 2 or dtype.kind != "f" or dtype.itemsize > 8:
        raise InputError(f"{path}: expected a matrix of floats, found {dtype} {shape}")
    try:
        stored = source.take_array(dtype, shape[::-1] if columns_first else shape)
    except CutShort as error:
        raise InputError(
            f"{path}: cut short: its header promises {shape[0]:,} × {shape[1]:,} numbers"
        ) from error
    if not source.at_end:
        raise InputError(f"{path}: more data than the {shape[0]:,} × {shape[1]:,} numbers of its header")
    with np.errstate(over="ignore"):
        matrix = np.asarray(stored.T if columns_first else stored, dtype=np.float32)
    return _with_words(words_of(path, "npy"), path, matrix)


def _npy_header(source: BinaryInput) -> tuple[np.dtype[Any], tuple[int, ...], bool]:
    """Type, shape, and whether columns come first."""
    if source.take(6) != NPY:
        raise ValueError("it does not begin as one")
    major, _ = source.take_numbers("BB")
    (length,) = source.take_numbers("H" if major == 1 else "I")
    if not 1 <= major <= 3 or length > _LONGEST_HEADER:
        raise ValueError(f"version {major}, {length:,} bytes")
    record = ast.literal_eval(source.take(length).decode("utf-8" if major == 3 else "latin-1").strip())
    if not isinstance(record, dict) or not isinstance(record.get("descr"), str):
        raise ValueError("it does not tell one type of number")
    shape, columns_first = record.get("shape"), record.get("fortran_order")
    sizes = shape if isinstance(shape, tuple) else (None,)
    if not all(type(size) is int and 0 <= size < 1 << 40 for size in sizes) or not isinstance(
        columns_first, bool
    ):
        raise ValueError(f"the shape {shape!r}")
    return np.dtype(record["descr"]), tuple(sizes), columns_first


def read_tsv(stream: BinaryIO, path: str) -> tuple[PackedTokens, Floats]:
    """The words and the matrix of the projector's two files. Raises InputError, with the line."""
    return _with_words(words_of(path, "tsv"), path, text_rows.read_numbers(stream, path))


def _with_words(words: str, path: str, matrix: NDArray[np.float32]) -> tuple[PackedTokens, Floats]:
    with open_bytes(words) as (stream, _):
        lines = stream.read().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if not lines[-1]:
        del lines[-1]
    tokens = [line.removesuffix(b"\r") for line in lines]
    if len(tokens) != len(matrix):
        raise InputError(
            f"{words} holds {counted(len(tokens), 'word')}, {path} {counted(len(matrix), 'vector')}"
        )
    check_finite(matrix, path)
    return packed(tokens), matrix
