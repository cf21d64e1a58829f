"""Products with a matrix of int8: rows are rounded to int8 too, each by its own scale; the sums are exact.

    x ≈ s_x q        s_x = max |x| / 127, q whole numbers        (of each row; of the matrix of each column)
    x w ≈ s_x s_w Σ q_x q_w

So a row's product is the same whatever rows stand beside it. As CTranslate2 and gemmlowp do
(Jacob et al. 2018).
"""

from __future__ import annotations

import numba as nb
import numpy as np

from nlpcli.engine.kernels.simd.int8_products import ROWS, add_up_tile
from nlpcli.engine.kernels.simd.padding import FOUR, GROUP


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def round_row(x, q):
    """Set q int8 [4 S] to x float32 [K], rounded, zeros behind; its scale, and the sum of q."""
    largest = np.float32(0)
    for i in range(x.size):
        largest = max(largest, abs(x[i]))
    inverse = np.float32(127) / largest if largest > np.float32(1e-30) else np.float32(0)
    for i in range(x.size):
        q[i] = np.int8(np.floor(x[i] * inverse + np.float32(0.5)))
    total = np.int32(0)
    for i in range(x.size):
        total += np.int32(q[i])
    for i in range(x.size, q.size):
        q[i] = 0
    return largest / np.float32(127), total


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def multiply(x, packed, scales, bias, out):
    """Set out float32 [R, N] to x float32 [R, K] by a matrix, plus a bias [N].

    packed: uint8 [G, S, 256] as `int8_products.add_up_tile` takes it, K ≤ 4 S; scales: float32 [64 G].
    """
    count = len(x)
    q = np.empty((count, packed.shape[1] * FOUR), np.int8)
    sizes, totals = np.empty(count, np.float32), np.empty(count, np.int32)
    multiply_in(x, packed, scales, bias, out, q, sizes, totals, np.empty((ROWS, GROUP), np.int32))


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def multiply_in(x, packed, scales, bias, out, q, sizes, totals, sums):
    """The same in given room: q int8 [R, 4 S], sizes float32 and totals int32 [R], sums int32 [4, 64]."""
    count = len(x)
    for row in range(count):
        sizes[row], totals[row] = round_row(x[row], q[row])
    for group in range(len(packed)):
        start = group * GROUP
        stop = min(start + GROUP, out.shape[1])
        scale, added = scales[start:stop], bias[start:stop]
        for first in range(0, count, ROWS):
            some = min(ROWS, count - first)
            add_up_tile(q, first, some, packed, group, sums)
            for r in range(some):
                _scaled(
                    sums[r],
                    totals[first + r] * 128,
                    sizes[first + r],
                    scale,
                    added,
                    out[first + r, start:stop],
                )


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _scaled(sums, offset, size, scale, bias, out):
    """128 was added to all numbers of the matrix, so `offset` to each sum."""
    for j in range(out.size):
        out[j] = np.float32(sums[j] - offset) * (size * scale[j]) + bias[j]
