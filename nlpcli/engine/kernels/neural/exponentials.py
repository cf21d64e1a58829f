"""e^x of many numbers at once, and the logarithm of a sum of them."""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from nlpcli.engine.kernels.simd.vector_ops import EXP2

CHUNK = 64  # numbers at a time


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def exponentials(x, highest, powers, out):
    """Set `out` float32 [N] to e^(x − highest), to about 1e-7 of it, and 0 for e^−80; their sum.

    `out` is another array than x, or the loops are slow. highest: the highest of all x float32 [N];
    powers: int32 [64], to work on. e^x = 2^n 2^f, with f in ±1/2 by a polynomial (that of
    `simd/vector_ops.py`); written so that LLVM makes vectors of it.
    """
    f32 = np.float32
    scales, total = powers.view(np.float32), 0.0
    for start in range(0, x.size, CHUNK):
        some, found = x[start : start + CHUNK], out[start : start + CHUNK]
        for i in range(some.size):
            scaled = max(some[i] - highest, f32(-80.0)) * f32(1.4426950408889634)
            whole = math.floor(scaled + f32(0.5))
            f = scaled - f32(whole)
            power = f32(EXP2[0]) * f + f32(EXP2[1])
            power = power * f + f32(EXP2[2])
            power = power * f + f32(EXP2[3])
            power = power * f + f32(EXP2[4])
            power = power * f + f32(EXP2[5])
            found[i] = power * f + f32(EXP2[6])
            powers[i] = (np.int32(whole) + np.int32(127)) << np.int32(23)
        part = f32(0)
        for i in range(some.size):
            found[i] *= scales[i]
            part += found[i]
        total += float(part)
    return total


@nb.njit(nogil=True, error_model="numpy")
def log_sum_exp(scores, highest, powers, room):
    """The logarithm of Σ exp(score) of float32 [T], of which `highest` is the highest; to about 1e-6.

    powers: int32 [64], and room: float32 [64], to work on.
    """
    total = 0.0
    for start in range(0, scores.size, CHUNK):
        some = scores[start : start + CHUNK]
        total += exponentials(some, highest, powers, room[: some.size])
    return math.log(total) + highest
