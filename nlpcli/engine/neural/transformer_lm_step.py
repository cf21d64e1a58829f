"""A transformer language model one unit at a time, in numpy and a kernel: what `generate` runs on.

It is called as a recurrent network is (`recurrent_step.CharStep`). Where the window is full, it slides as
`sliding` in `charlm/windows.py` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.neural.transformer import Places
from nlpcli.engine.neural.transformer_lm import inputs, logits
from nlpcli.engine.neural.transformer_step import BlockSteps, Prepared
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.settings.charlm import LOOK_BACK, CharLMSettings


class TransformerStep:
    """A network at work on B texts side by side; holds the units of their windows, and what was seen."""

    def __init__(
        self, settings: CharLMSettings, weights: Mapping[str, Floats], layers: Prepared, batch: int = 1
    ) -> None:
        self._weights, self.context = weights, settings.context_size
        self._layers = BlockSteps(layers, settings.blocks, settings.context_size, batch)
        self.reset(batch)

    def reset(self, batch: int = 1) -> None:
        """Back to before any text, for `batch` texts."""
        self._layers.reset(batch)
        self._window: Ids = np.zeros((self.context, batch), np.int64)

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
        kept = self._window[self.context - self.context // 2 :].copy()
        self._window[: len(kept)] = kept
        self._layers.begin()
        if len(kept):
            texts = kept.shape[1]
            x = inputs(self._weights, kept.T.ravel(), Places.of([len(kept)] * texts))
            self._layers.fill(x.reshape(texts, len(kept), -1))

    def logits(self, h: Floats) -> Floats:
        """Unnormalised log-probabilities [B, V] of the next unit."""
        return logits(self._weights, h)

    def step(self, ids: Any) -> Floats:
        """`read`, then `logits`."""
        return self.logits(self.read(ids))
