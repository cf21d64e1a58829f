"""Matrices whose rows are whole vectors of the processor; here, so that making one takes no numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LANES = 16  # float32 numbers in a vector; rows of matrices are padded to a multiple
HIGH_HALF = np.uint32(0xFFFF0000)
PACKED = 10  # numbers of a packed row, which has a factor of half the size for each (`rows.py`)
GROUP, FOUR = 64, 4  # columns of a matrix of int8 that stand together; rows of it that are added up at once

Floats = NDArray[np.float32]

_BLOCK = 1024  # rows moved at a time


def aligned_rows(rows: int, dim: int) -> Floats:
    """Zeros [rows, dim rounded up to 16], beginning at a cache line."""
    width = -(-dim // LANES) * LANES
    padded = np.zeros(rows * width + LANES, np.float32)
    start = -(padded.ctypes.data // 4) % LANES
    return padded[start : start + rows * width].reshape(rows, width)


def round_factors(factors: Floats) -> None:
    """Round factors [N, 16], of which the first 10 count, to what a packed row has of them."""
    for first in range(0, len(factors), _BLOCK):
        bits = factors[first : first + _BLOCK, :PACKED].view(np.uint32)
        bits += np.uint32(1 << 15)
        bits &= HIGH_HALF


def pack(factors: Floats) -> Floats:
    """Rows of zeros packed with rounded factors [N, 16], in their place: `factors` is used up.

    Numbers 0 to 4 lie in the low halves of the five behind a row's numbers, 5 to 9 in the high ones.
    """
    half = PACKED // 2
    for first in range(0, len(factors), _BLOCK):
        rows = factors[first : first + _BLOCK].view(np.uint32)
        rows[:, PACKED : PACKED + half] = rows[:, half:PACKED] | rows[:, :half] >> np.uint32(16)
        rows[:, :PACKED] = rows[:, PACKED + half :] = 0
    return factors


def unpadded(matrix: Floats, rows: int, dim: int) -> Floats:
    """The first rows as [rows, dim], moved together in place: there is no copy, and `matrix` is used up."""
    numbers = matrix.reshape(-1)
    for first in range(0, rows, _BLOCK):
        last = min(first + _BLOCK, rows)
        numbers[first * dim : last * dim] = matrix[first:last, :dim].reshape(-1)
    return numbers[: rows * dim].reshape(rows, dim)
