"""The network of the character language model over texts of their own, each under a condition.

As `recurrent_network.py`, but packed: every text begins with states of zeros. What a condition adds
stands in `charlm/conditions.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nlpcli.engine.neural.nets.recurrent import layer
from nlpcli.engine.neural.nets.recurrent_network import CharRNN
from nlpcli.engine.neural.packing import Packing


class ConditionalRNN(CharRNN):
    """The network with its weights as torch parameters, on the CPU."""

    def loss(
        self,
        ids: Tensor,
        targets: Tensor,
        packing: Packing,
        conditions: Any,
        random: np.random.Generator | None = None,
    ) -> Tensor:
        """Summed loss in nats of `targets` [N] after `ids` [N], packed texts under `conditions` [B, D].

        `random` draws the dropout masks; without it nothing is dropped.
        """
        given, of_text = torch.from_numpy(conditions), torch.from_numpy(packing.sequences())
        rows = torch.arange(len(ids))
        out = functional.embedding(ids, self._first_table())
        for n in range(self.num_layers):
            inputs = out
            if n:
                out = self._dropped(out, random)
                product = out @ self.weights[f"layer{n}.w_xh"].to(out.dtype)
                inputs = product.float() + self.weights[f"layer{n}.b"]
            inputs = inputs + (given @ self.weights[f"condition.layer{n}.every"])[of_text]
            first = inputs[: packing.batch] + given @ self.weights[f"condition.layer{n}.first"]
            inputs = torch.cat((first, inputs[packing.batch :]))
            w_hh, state = self.weights[f"layer{n}.w_hh"], self.zero_state(packing.batch)[n]
            out, _ = layer(self.cell, inputs, rows, packing, w_hh, state, self.low)
        out = self._dropped(out, random)
        logits = (out @ self.weights["output.w"].to(out.dtype)).float() + self.weights["output.b"]
        return functional.cross_entropy(logits, targets, reduction="sum")
