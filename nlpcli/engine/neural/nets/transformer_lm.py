"""The transformer language model in torch, for training. The formula: `../transformer_lm.py`."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nlpcli.engine.neural.nets.parameters import Parameters
from nlpcli.engine.neural.nets.recurrent import product
from nlpcli.engine.neural.nets.transformer import run
from nlpcli.engine.neural.transformer import Places
from nlpcli.engine.neural.weights import Weights
from nlpcli.settings.charlm import LOOK_BACK, CharLMSettings

State = list[tuple[Tensor, ...]]


class TransformerLM(Parameters):
    """The network with its weights as torch parameters."""

    def __init__(
        self,
        settings: CharLMSettings,
        weights: Weights,
        device: str = "cpu",
        low: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(weights, device)
        self.settings, self.low = settings, low

    def zero_state(self, batch: int) -> State:
        """Nothing is carried from window to window."""
        del batch
        return []

    def forward(
        self, ids: Tensor, state: State, random: np.random.Generator | None = None
    ) -> tuple[Tensor, State]:
        """Logits [T·B, V] for windows `ids` [T, B], a column each.

        `random` draws the dropout masks; without it nothing is dropped.
        """
        length, batch = ids.shape
        x = functional.embedding(ids.t(), self.weights["embedding0"])
        for back in range(1, min(LOOK_BACK, length)):
            before = functional.embedding(ids[:-back].t(), self.weights[f"embedding{back}"])
            x = x + functional.pad(before, (0, 0, back, 0))
        y = run(
            self.weights, self.settings.blocks, x.reshape(length * batch, -1), Places.of([length] * batch),
            causal=True, low=self.low, dropout=self.settings.dropout, random=random,
        )  # fmt: skip
        y = y.view(batch, length, -1).transpose(0, 1).reshape(length * batch, -1)
        return product(y, self.weights["output.w"], self.low) + self.weights["output.b"], state
