"""A transformer language model one unit at a time, in numpy and a kernel: what `generate` runs on.

It is called as a recurrent network is (`recurrent_step.CharStep`). Where the window is full, it slides as
`sliding` in `charlm/windows.py` says. Where its matrices are rounded, it also writes many units at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.neural.int8_matrix import Int8Matrix
from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.neural.transformer import EPSILON, Places
from nlpcli.engine.neural.transformer_lm import inputs, logits
from nlpcli.engine.neural.transformer_step import BlockSteps, Prepared, rounded
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.settings.charlm import LOOK_BACK, CharLMSettings

_TOGETHER = 32  # units that are written by one call of a kernel, at most
_WORK = 1e9  # bytes of weights that one call may read, so that it can be interrupted


class PreparedLM(NamedTuple):
    """A model for steps: its layers; if rounded, the vectors of units [3, V, D] and the last matrix."""

    layers: Prepared
    tables: Floats
    output: Int8Matrix | None

    @classmethod
    def of(cls, weights: Mapping[str, Floats], settings: CharLMSettings) -> PreparedLM:
        """That of some weights."""
        layers = Prepared.of(weights, settings.blocks, settings.context_size)
        if not layers.packed.size:
            return cls(layers, np.zeros((LOOK_BACK, 0, 0), np.float32), None)
        tables = np.stack([weights[f"embedding{n}"] for n in range(LOOK_BACK)])
        return cls(layers, tables, Int8Matrix(weights["output.w"]))


class TransformerStep:
    """A network at work on B texts side by side; holds the units of their windows, and what was seen."""

    def __init__(
        self, settings: CharLMSettings, weights: Mapping[str, Floats], model: PreparedLM, batch: int = 1
    ) -> None:
        self._weights, self.context, self._model = weights, settings.context_size, model
        self._layers = BlockSteps(model.layers, settings.blocks, settings.context_size, batch)
        self._bias = np.array(weights["output.b"])
        self.reset(batch)

    def reset(self, batch: int = 1) -> None:
        """Back to before any text, for `batch` texts."""
        self._layers.reset(batch)
        self._window: Ids = np.zeros((self.context + 1, batch), np.int64)  # and what is to be read next

    def read(self, ids: Any) -> Floats:
        """Take in one unit per text; the outputs of the last layer [B, D]."""
        if self._layers.place == self.context:
            self._slide()
        return self._read(ids)

    def _read(self, ids: Any) -> Floats:
        place = self._layers.place
        self._window[place] = ids
        x: Floats = self._weights["embedding0"][self._window[place]]
        for back in range(1, min(LOOK_BACK, place + 1)):
            x += self._weights[f"embedding{back}"][self._window[place - back]]
        return self._layers(x)

    def _slide(self) -> None:
        """The last units of the window become a new one."""
        self.begin(self._window[self.context - self.context // 2 : self.context].copy())

    def begin(self, units: Ids) -> None:
        """Begin again with the first units int64 [T, B] of each text, read all at once."""
        self._window[: len(units)] = units
        self._layers.begin()
        if len(units):
            texts = units.shape[1]
            x = inputs(self._weights, units.T.ravel(), Places.of([len(units)] * texts))
            self._layers.fill(x.reshape(texts, len(units), -1))

    def logits(self, h: Floats) -> Floats:
        """Unnormalised log-probabilities [B, V] of the next unit."""
        if self._model.output is not None:
            return self._model.output.multiply(h, self._bias)
        return logits(self._weights, h)

    def step(self, ids: Any) -> Floats:
        """`read`, then `logits`."""
        return self.logits(self.read(ids))

    @property
    def together(self) -> int:
        """How many units `write` may be asked for, or 0 if it is not there."""
        if self._model.output is None:
            return 0
        return max(1, min(_TOGETHER, int(_WORK / self._model.layers.packed.nbytes)))

    def write(self, unit: int, choice: tuple[float, int, float, int], numbers: NDArray[np.float64]) -> Ids:
        """Units int64 [N] that follow a unit of the only text, which is read; `numbers` [N] draw them.

        choice: temperature, top k, top p, as `GenerateSettings` has them, and a unit that never comes, or −1.
        They are fewer where the window is full.
        """
        output, layers = self._model.output, self._layers
        assert output is not None
        if layers.place == self.context:
            self._slide()
        window, written = self._window[:, 0], np.empty(len(numbers), np.int64)
        window[layers.place] = unit
        count = rounded.write(
            self._model.tables,
            (output.packed, output.scales, self._bias),
            choice,
            numbers,
            window,
            (*layers.layers, layers.blocks.num_layers, np.float32(EPSILON)),
            layers.cache,
            layers.place,
            written,
        )
        layers.place += count
        return written[:count]
