"""A matrix of int8, by which float32 numbers are multiplied: a quarter of the memory, and faster.

What it costs in accuracy `kernels/neural/int8.py` says. `x @ matrix` is as with an array.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import numpy as np

from nlpcli.engine.kernels.simd.padding import FOUR, GROUP
from nlpcli.engine.runtime.arrays import Floats, on_cache_line
from nlpcli.engine.runtime.compiled import Kernels

kernels = Kernels("neural.int8")
LARGE = 128  # units of a layer, from which on rounding pays


class Int8Matrix:
    """A matrix w float32 [K, N] rounded to int8, each column by its own scale."""

    __array_ufunc__ = None  # so that numpy leaves x @ matrix to __rmatmul__

    def __init__(self, w: Floats) -> None:
        self.given, self.shape = w, w.shape
        rows, columns = w.shape
        groups, steps = -(-columns // GROUP), -(-rows // FOUR)
        self.scales = np.zeros(groups * GROUP, np.float32)
        self.scales[:columns] = np.abs(w).max(axis=0, initial=0) / np.float32(127)
        inverse = 1 / np.maximum(self.scales[:columns], np.float32(1e-30))
        whole = np.full((steps * FOUR, groups * GROUP), 128, np.uint8)
        whole[:rows, :columns] = (np.rint(w * inverse) + 128).astype(np.uint8)
        packed = on_cache_line(whole.reshape(steps, FOUR, groups, GROUP).transpose(2, 0, 3, 1))
        self.packed = packed.reshape(groups, steps, GROUP * FOUR)
        self._none = np.zeros(columns, np.float32)

    def __rmatmul__(self, x: Floats) -> Floats:
        return self.multiply(x, self._none)

    def multiply(self, x: Floats, bias: Floats) -> Floats:
        """X [R, K] by the matrix, plus a bias [N]."""
        out = np.empty((len(x), self.shape[1]), np.float32)
        kernels.multiply(np.ascontiguousarray(x), self.packed, self.scales, bias, out)
        return out


def rounded(weights: Mapping[str, Floats], kept: Container[str] = ()) -> dict[str, Any]:
    """Weights, of which the matrices are rounded, but for those of some names."""
    return {
        name: Int8Matrix(weight) if weight.ndim == 2 and name not in kept else weight
        for name, weight in weights.items()
    }


def columns(w: Any, first: int, last: int) -> Any:
    """Some columns of a matrix, as one of the same kind."""
    if isinstance(w, Int8Matrix):
        return Int8Matrix(w.given[:, first:last])
    return np.ascontiguousarray(w[:, first:last])
