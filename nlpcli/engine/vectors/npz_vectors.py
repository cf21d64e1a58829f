"""Word vectors as arrays of numpy in one `.npz` file: `words` [V], text, and `vectors` [V, dim].

`numpy.load` opens them, without pickle. Not here: matrices of documents (`documents/matrix_files.py`).
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.packed_strings import PackedTokens
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
from nlpcli.engine.io.schema import FINITE, Array, Schema
from nlpcli.errors import InputError, ModelError
from nlpcli.wording import counted

ZIP = b"PK\x03\x04"
_VECTORS = Schema(
    {},
    {
        "words": Array(("uint8", TEXT), ("length of words",), IS_TEXT),
        "vectors": Array(("float32", "float64", "float16"), ("V", "dim"), FINITE),
    },
)


def is_vectors(path: str) -> bool:
    """Whether a `.npz` file holds words with vectors."""
    try:
        with open_arrays(path) as arrays:
            return {"words", "vectors"} <= {*arrays.members}
    except (OSError, NotArrays):
        return False


def read_npz(path: str, name: str) -> tuple[PackedTokens, NDArray[np.float32]]:
    """The words and their vectors. Raises InputError for a file with other arrays, and a damaged one."""
    try:
        with open_arrays(path) as arrays:
            if not {"words", "vectors"} <= {*arrays.members}:
                raise InputError(
                    f"{name} holds no word vectors, but {_held([*arrays.members])}",
                    hint=f"word vectors in .npz are two arrays, words and vectors; nlpcli inspect {name}",
                )
            found = read_checked(name, _VECTORS, arrays)
    except NotArrays as error:
        raise InputError(f"{name}: not word vectors: {error}", hint="is it a whole .npz file?") from error
    except ModelError as error:
        raise InputError(error.message, hint="copy it or make it again") from error
    words, matrix = texts_of(found["words"]), found["vectors"]
    if len(words) != len(matrix):
        raise InputError(f"{name} holds {counted(len(words), 'word')} and {counted(len(matrix), 'vector')}")
    return PackedTokens.of(words), np.ascontiguousarray(matrix, dtype=np.float32)


def _held(names: list[str]) -> str:
    if {"data", "indices", "indptr", "shape"} <= {*names}:
        return "a matrix of documents, or counts"
    return "arrays called " + ", ".join(names[:8])


def write_npz(path: str | os.PathLike[str], tokens: PackedTokens, numbers: NDArray[Any]) -> None:
    """Write them, atomically; the same words and numbers give the same bytes."""
    with write_atomically(path) as file:
        write_arrays(file, {"words": text_array([*tokens]), "vectors": numbers})
