"""Self-attention layers one place at a time: keys and values of the places before are kept (a KV cache).

The same numbers as `transformer.run` with `causal` over all places at once, to 1e-4, for the cost of one.
Large matrices are rounded to int8, and with them keys and values, so that they fit in a cache of the
processor: then the numbers are near those.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.simd.padding import FOUR, GROUP
from nlpcli.engine.neural.int8_matrix import LARGE, Int8Matrix
from nlpcli.engine.neural.transformer import EPSILON, rotation
from nlpcli.engine.runtime.arrays import Floats, on_cache_line
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.settings.transformer import Blocks

kernels, rounded = Kernels("neural.attention_step"), Kernels("neural.attention_int8")
Bytes = NDArray[np.uint8]


class Prepared(NamedTuple):
    """The weights of layers as a kernel takes them: float32, and matrices that are rounded, or none."""

    floats: Floats
    packed: Bytes

    @classmethod
    def of(cls, weights: Mapping[str, Floats], blocks: Blocks, context: int) -> Prepared:
        """Those of some layers, for up to `context` places."""
        parts = _rounded if blocks.width >= LARGE else _flat
        layers = [parts(weights, f"layer{n}.") for n in range(blocks.num_layers)]
        angles = [part.ravel() for part in rotation(context, blocks.head_size)]
        floats = np.concatenate([*(floats for floats, _ in layers), weights["norm"], *angles])
        return cls(floats, on_cache_line(np.concatenate([packed for _, packed in layers])))


class BlockSteps:
    """The layers at work on B texts side by side, up to `context` places of each."""

    def __init__(self, layers: Prepared, blocks: Blocks, context: int, batch: int = 1) -> None:
        self.blocks, self.context, self.layers = blocks, context, layers
        self.reset(batch)

    def reset(self, batch: int = 1) -> None:
        """Back to before any place, for `batch` texts."""
        _, layers, heads = self.blocks
        first, head, self.place = (batch, layers), self.blocks.head_size, 0
        self.cache: tuple[NDArray[Any], ...]
        if not self.layers.packed.size:
            self.cache = (np.empty((2, *first, heads, self.context, head), np.float32),)
            return
        groups = -(-self.context // GROUP)
        keys = (*first, heads, groups, -(-head // FOUR), GROUP * FOUR)
        sizes = np.zeros((*first, 2, heads, groups * GROUP), np.float32)
        values = (*first, -(-self.blocks.width // GROUP), groups * GROUP // FOUR, GROUP * FOUR)
        filled = (on_cache_line(np.full(shape, 128, np.uint8)) for shape in (keys, values))
        self.cache = *filled, sizes

    def begin(self) -> None:
        """Back to before any place, of the same texts."""
        self.place = 0

    def fill(self, x: Floats) -> None:
        """Begin again with the first places of each text, x float32 [B, T, D], read all at once."""
        places = x.shape[1]
        if places > self.context:
            raise IndexError("no room for so many places")
        self._go_on(np.array(x, np.float32, order="C"), 0)

    def __call__(self, x: Floats) -> Floats:
        """The outputs float32 [B, D] of the next place of each text; x float32 [B, D] becomes them.

        There is room for `context` places; the caller begins again before that.
        """
        if not 0 <= self.place < self.context:
            raise IndexError("no room for another place")
        self._go_on(x[:, None], self.place)
        return x

    def _go_on(self, x: Floats, place: int) -> None:
        """Replace x [B, P, D] by the outputs of the places from `place` on."""
        count, epsilon = self.blocks.num_layers, np.float32(EPSILON)
        if self.layers.packed.size:
            rounded.step(x, *self.layers, count, epsilon, *self.cache, place)
        else:
            kernels.step(x, self.layers.floats, count, epsilon, *self.cache, place)
        self.place = place + x.shape[1]


def _flat(weights: Mapping[str, Floats], layer: str) -> tuple[Floats, Bytes]:
    """All weights of a layer, one behind the other as the kernel takes them; matrices are turned."""
    parts = "norm", "qkv", "q_norm", "k_norm", "out", "inner_norm", "w_in", "w_out"
    return np.concatenate([weights[layer + part].T.ravel() for part in parts]), np.zeros(0, np.uint8)


def _rounded(weights: Mapping[str, Floats], layer: str) -> tuple[Floats, Bytes]:
    """The same of a layer whose matrices are rounded: the rest with their scales, and they."""
    rest = [weights[layer + part] for part in ("norm", "q_norm", "k_norm", "inner_norm")]
    matrices = [Int8Matrix(weights[layer + part]) for part in ("qkv", "out", "w_in", "w_out")]
    scales = [matrix.scales for matrix in matrices]
    return np.concatenate([*rest, *scales]), np.concatenate([matrix.packed.ravel() for matrix in matrices])
