"""Word vectors, in any layout, as part of what a network is told of words (`--vectors`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.word_states import WordStates
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.errors import InputError

_SIZE = 0.3  # the root of the mean square of a number


class GivenVectors(NamedTuple):
    """Words, and float16 [V + 1, D]: row 0, for words that have none, is zeros."""

    words: Sequence[str]
    rows: NDArray[np.float16]


def read_given(path: str) -> GivenVectors:
    """The vectors in a file, brought to one size. Raises InputError or ModelError."""
    found = Vectors.load(path)
    if not len(found):
        raise InputError(f"{path} holds no vectors")
    matrix = np.asarray(found.matrix, np.float32)
    size = float(np.sqrt(np.mean(np.square(matrix, dtype=np.float64)))) or 1.0
    rows = np.zeros((len(matrix) + 1, matrix.shape[1]), np.float16)
    rows[1:] = np.clip(matrix * np.float32(_SIZE / size), -1e4, 1e4)
    return GivenVectors(found.tokens, rows)


def read_told(vectors: str | None, lm: str | None) -> tuple[GivenVectors | None, WordStates | None]:
    """What a network is told of words besides their forms: vectors, and a character model's states."""
    return (
        None if vectors is None else read_given(vectors),
        None if lm is None else WordStates(CharLM.load(lm)),
    )
