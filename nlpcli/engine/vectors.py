"""Word vectors from any file to any file: our models, word2vec, GloVe and fastText layouts.

`Vectors.load` tells the layout by the content, never by the name; `write_vectors` goes by the
extension. Not here: the layouts themselves (`vector_formats.py`) and questions to vectors
(`neighbours.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine import vector_formats
from nlpcli.engine.packed_tokens import PackedTokens
from nlpcli.errors import OutputError

FORMATS = {
    ".safetensors": "safetensors",
    ".txt": "word2vec",
    ".vec": "word2vec",
    ".bin": "word2vec-bin",
    ".glove": "glove",
}


def write_vectors(
    path: str | os.PathLike[str],
    tokens: Iterable[str],
    matrix: NDArray[np.float32],
    *,
    counts: Sequence[int] | NDArray[np.int64] | None = None,
    layout: str | None = None,
) -> None:
    """Write word vectors [V, dim] to a file, atomically; the layout goes by the extension.

    `.safetensors` our model of kind "vectors", `.txt` and `.vec` word2vec text, `.bin` word2vec
    binary, `.glove` GloVe text (no header); or `layout` names one of them. Text holds nine digits,
    from which the same float32 numbers come back.

    Raises OutputError for another extension and for tokens that the layout cannot hold (a space,
    a line end, nothing at all): the file would be broken for every reader.
    """
    packed = PackedTokens.of(tokens)
    if len(packed) != len(matrix):
        raise ValueError(f"{len(packed)} tokens for {len(matrix)} vectors")
    writer = vector_formats.WRITERS[layout or layout_of(path)]
    writer(path, packed, np.ascontiguousarray(matrix, dtype=np.float32), counts)


def layout_of(path: str | os.PathLike[str]) -> str:
    """The layout that a file name asks for. Raises OutputError for an unknown extension."""
    extension = Path(path).suffix.lower()
    if extension not in FORMATS:
        raise OutputError(
            f"{path}: no vector layout has the extension {extension or '(none)'}",
            hint=f"use one of {', '.join(FORMATS)}",
        )
    return FORMATS[extension]
