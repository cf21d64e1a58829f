"""The network of the character language model, for training: characters in, logits out.

Input x_t (one-hot, or a learned embedding) → one to several recurrent layers → W_out h_t + b_out.
The cells' equations stand in `recurrent.py`. On a CPU the layers run there; on a GPU LSTM and
RNN run in cuDNN under bfloat16 autocast, and the GRU, whose equation cuDNN does not have, step
by step.

Not here: the loop over the text (`charlm/training.py`), and generation, which needs no torch
(`neural/recurrent_step.py`).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nlpcli.engine.neural.nets.dropout import dropped
from nlpcli.engine.neural.nets.parameters import Parameters
from nlpcli.engine.neural.nets.recurrent import layer, plain_layer
from nlpcli.engine.neural.packing import Packing

State = list[tuple[Tensor, ...]]


class CharRNN(Parameters):
    """The network with its weights as torch parameters."""

    def __init__(
        self,
        cell: str,
        num_layers: int,
        dropout: float,
        weights: Mapping[str, NDArray[np.float32]],
        device: str = "cpu",
        low: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(weights, device)
        self.cell, self.num_layers, self.dropout, self.low = cell, num_layers, dropout, low

    def zero_state(self, batch: int) -> State:
        """The state before any text: per layer (h,) or (h, c), each [B, H]."""
        size = len(self.weights["layer0.w_hh"])
        parts = 2 if self.cell == "lstm" else 1
        return [
            tuple(torch.zeros((batch, size), device=self.device) for _ in range(parts))
            for _ in range(self.num_layers)
        ]

    def forward(
        self, ids: Tensor, state: State, random: np.random.Generator | None = None
    ) -> tuple[Tensor, State]:
        """Logits [T·B, V] for `ids` [T, B], and the state after them, cut off from the gradient.

        `random` draws the dropout masks; without it nothing is dropped.
        """
        run = self._run_cpu if self.device.type == "cpu" else self._run_gpu
        after: State = []
        out, last = run(0, ids, state[0])
        after.append(last)
        for n in range(1, self.num_layers):
            out, last = run(n, self._dropped(out, random), state[n])
            after.append(last)
        out = self._dropped(out, random)
        logits = out.reshape(-1, out.shape[2]) @ self.weights["output.w"].to(out.dtype)
        detached = [tuple(part.detach().float() for part in parts) for parts in after]
        return logits.float() + self.weights["output.b"], detached

    def _first_table(self) -> Tensor:
        """What each character adds to the first layer's gates, [V, G·H]: the product with a one-hot row."""
        table = self.weights["layer0.w_xh"]
        if "embedding" in self.weights:
            table = self.weights["embedding"] @ table
        return table + self.weights["layer0.b"]

    def _run_cpu(self, n: int, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        steps, batch = x.shape[:2]
        if n == 0:
            inputs, rows = self._first_table(), x.reshape(-1)
        else:
            flat = x.reshape(steps * batch, -1) @ self.weights[f"layer{n}.w_xh"].to(x.dtype)
            inputs = flat.float() + self.weights[f"layer{n}.b"]
            rows = torch.arange(steps * batch)
        packing, w_hh = Packing.even(steps, batch), self.weights[f"layer{n}.w_hh"]
        out, after = layer(self.cell, inputs, rows, packing, w_hh, state, self.low)
        return out.view(steps, batch, -1), after

    def _run_gpu(self, n: int, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        w_xh, w_hh, b = (self.weights[f"layer{n}.{name}"] for name in ("w_xh", "w_hh", "b"))
        if n == 0:
            x = self._embedded(x)
        if self.cell == "gru":
            inputs = (x.to(self.low) @ w_xh.to(self.low)).float() + b
            return plain_layer(self.cell, inputs, w_hh, state)
        return _cudnn_layer(self.cell, x, w_xh, w_hh, b, state, self.low)

    def _embedded(self, ids: Tensor) -> Tensor:
        if "embedding" in self.weights:
            return functional.embedding(ids, self.weights["embedding"])
        return functional.one_hot(ids, len(self.weights["layer0.w_xh"])).to(self.low)

    def _dropped(self, x: Tensor, random: np.random.Generator | None) -> Tensor:
        if random is not None and self.device.type != "cpu":
            return functional.dropout(x, self.dropout)
        return dropped(x, self.dropout, random)


def _cudnn_layer(
    cell: str, x: Tensor, w_xh: Tensor, w_hh: Tensor, b: Tensor, state: Sequence[Tensor], low: torch.dtype
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """A layer through cuDNN, which wants [G·H, inputs] and the LSTM's gates in the order i, f, g, o."""
    weights = [w.to(low) for w in (_cudnn_order(cell, w_xh), _cudnn_order(cell, w_hh))]
    bias = _cudnn_order(cell, b[None])[:, 0].to(low)
    flat = [*weights, bias, torch.zeros_like(bias)]
    start = [part.to(low)[None] for part in state]
    with warnings.catch_warnings():
        # The weights change at every step, so that cuDNN's "not one chunk of memory" is no news.
        warnings.filterwarnings("ignore", message=".*single contiguous chunk.*")
        if cell == "lstm":
            out, h, c = torch._VF.lstm(x.to(low), start, flat, True, 1, 0.0, True, False, False)
            return out, (h[0], c[0])
        out, h = torch._VF.rnn_tanh(x.to(low), start[0], flat, True, 1, 0.0, True, False, False)
    return out, (h[0],)


def _cudnn_order(cell: str, w: Tensor) -> Tensor:
    if cell == "lstm":
        i, f, o, g = w.chunk(4, dim=1)
        w = torch.cat((i, f, g, o), dim=1)
    return w.t().contiguous()
