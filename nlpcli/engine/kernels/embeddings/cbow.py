"""CBOW: the mean of a window's words predicts its centre.

The mean is one row for the tiles of `tiles.py`; what it gains is added to every word of the
window, as in word2vec.c.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.embeddings.tiles import score_tile, update_tile
from nlpcli.engine.kernels.simd.rows import move_rows, sum_rows

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

# Rows of `hidden`: the mean, zeros that make a pair with it, the mean as it was.
_MEAN, _ZEROS, _BEFORE = 0, 1, 2
_PAIR = np.array([_MEAN, _ZEROS], np.int32)


@numba.njit(nogil=True, fastmath=True, forceinline=True)
def cbow_step(
    inputs: Floats,
    rows: Ints,
    count: int,
    outputs: Floats,
    targets: Ints,
    labels: Floats,
    rates: Floats,
    first: int,
    last: int,
    gradients: Floats,
    hidden: Floats,
) -> None:
    """Train the mean of `count` context rows against the tiles `first` to `last`.

    `hidden` [3, R] is zeros to work in.
    """
    set_mean(inputs, rows, count, hidden)
    for tile in range(first, last):
        score_tile(hidden, _PAIR, 1, outputs, targets, labels, rates, tile, tile - first, gradients)
    for tile in range(first, last):
        update_tile(hidden, _PAIR, 1, outputs, targets, tile, tile - first, gradients)
    add_gain(inputs, rows, count, hidden)


@numba.njit(nogil=True, fastmath=True, forceinline=True)
def set_mean(inputs: Floats, rows: Ints, count: int, hidden: Floats) -> None:
    """Set the mean, and the mean as it was, to the mean of the input rows."""
    sum_rows(inputs, rows, 0, count, hidden, _MEAN)
    share = np.float32(1.0 / count)
    for d in range(inputs.shape[1]):
        hidden[_MEAN, d] *= share
        hidden[_BEFORE, d] = hidden[_MEAN, d]


@numba.njit(nogil=True, fastmath=True, forceinline=True)
def add_gain(inputs: Floats, rows: Ints, count: int, hidden: Floats) -> None:
    """Add what the mean has gained to every input row."""
    for d in range(inputs.shape[1]):
        hidden[_MEAN, d] -= hidden[_BEFORE, d]
    move_rows(inputs, rows, 0, count, hidden, _MEAN)
