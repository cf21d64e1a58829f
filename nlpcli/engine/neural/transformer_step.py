"""Self-attention layers one place at a time: keys and values of the places before are kept (a KV cache).

The same numbers as `transformer.run` with `causal` over all places at once, to 1e-4, for the cost of one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nlpcli.engine.neural.transformer import EPSILON, rotation
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.settings.transformer import Blocks

kernels = Kernels("neural.attention_step")


class BlockSteps:
    """The layers at work on B texts side by side, up to `context` places of each."""

    def __init__(self, weights: Mapping[str, Floats], blocks: Blocks, context: int, batch: int = 1) -> None:
        self.blocks, self.context, self._layers = blocks, context, weights
        layers = [_flat(weights, f"layer{n}.") for n in range(blocks.num_layers)]
        angles = [part.ravel() for part in rotation(context, blocks.head_size)]
        self._weights = np.concatenate([*layers, weights["norm"], *angles])
        self.reset(batch)

    def reset(self, batch: int = 1) -> None:
        """Back to before any place, for `batch` texts."""
        _, layers, heads = self.blocks
        shape = 2, batch, layers, heads, self.context, self.blocks.head_size
        self._cache, self.place = np.empty(shape, np.float32), 0

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
        kernels.step(x, self._weights, self.blocks.num_layers, np.float32(EPSILON), self._cache, place)
        self.place = place + x.shape[1]


def _flat(weights: Mapping[str, Floats], layer: str) -> Floats:
    """All weights of a layer, one behind the other as the kernel takes them; matrices are turned."""
    parts = "norm", "qkv", "q_norm", "k_norm", "out", "inner_norm", "w_in", "w_out"
    return np.concatenate([weights[layer + part].T.ravel() for part in parts])
