"""One step of a trained network at a time, in numpy alone: what `generate` runs on.

The same numbers as the torch network to 1e-5, without importing it: a first character comes
after a fifth of a second. The equations stand in `nets/recurrent.py`.

Not here: which character is drawn (`charlm/sampling.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
_HALF = np.float32(0.5)


class CharStep:
    """A network at work on B texts side by side; holds their states.

    `weights` is what `CharLM` holds. States are zero at first.
    """

    def __init__(self, cell: str, num_layers: int, weights: Mapping[str, Array], batch: int = 1) -> None:
        self.cell = cell
        self._w_hh = [np.ascontiguousarray(weights[f"layer{n}.w_hh"]) for n in range(num_layers)]
        first = weights["layer0.w_xh"]
        if "embedding" in weights:
            first = weights["embedding"] @ first
        self._table = np.ascontiguousarray(first + weights["layer0.b"])
        self._w_xh = [weights[f"layer{n}.w_xh"] for n in range(1, num_layers)]
        self._b = [weights[f"layer{n}.b"] for n in range(1, num_layers)]
        self._w_out, self._b_out = weights["output.w"], weights["output.b"]
        self.reset(batch)

    def reset(self, batch: int = 1) -> None:
        """Back to the state before any text, for `batch` texts."""
        self.h = [np.zeros((batch, len(w)), dtype=np.float32) for w in self._w_hh]
        self.c = [np.zeros_like(h) for h in self.h] if self.cell == "lstm" else []
        self.gates: list[Array] = [np.zeros((batch, w.shape[1]), dtype=np.float32) for w in self._w_hh]

    def read(self, ids: Any) -> Array:
        """Take in one unit per text; the outputs of the last layer [B, H].

        Afterwards `h`, `c` and `gates` (activated, in the cell's order) hold every layer's values.
        """
        x = self._table[ids]
        for n in range(len(self._w_hh)):
            if n:
                x = self.h[n - 1] @ self._w_xh[n - 1] + self._b[n - 1]
            _STEPS[self.cell](self, n, self.moved(n, x))
        return self.h[-1]

    def moved(self, n: int, x: Array) -> Array:
        """What reaches the gates of layer `n` from below, [B, G·H]; a condition adds to it."""
        del n
        return x

    def logits(self, h: Array) -> Array:
        """Unnormalised log-probabilities [B, V] of the next unit."""
        return h @ self._w_out + self._b_out

    def step(self, ids: Any) -> Array:
        """`read`, then `logits`."""
        return self.logits(self.read(ids))

    def _rnn(self, n: int, x: Array) -> None:
        self.gates[n] = self.h[n] = np.tanh(x + self.h[n] @ self._w_hh[n])

    def _lstm(self, n: int, x: Array) -> None:
        z = self.h[n] @ self._w_hh[n]
        z += x
        size = z.shape[1] // 4
        _sigmoid_in_place(z[:, : 3 * size])
        np.tanh(z[:, 3 * size :], out=z[:, 3 * size :])
        i, f, o, g = z[:, :size], z[:, size : 2 * size], z[:, 2 * size : 3 * size], z[:, 3 * size :]
        self.gates[n] = z
        self.c[n] = f * self.c[n] + i * g
        self.h[n] = o * np.tanh(self.c[n])

    def _gru(self, n: int, x: Array) -> None:
        w, h = self._w_hh[n], self.h[n]
        size = h.shape[1]
        gates = x.copy()
        gates[:, : 2 * size] += h @ w[:, : 2 * size]
        _sigmoid_in_place(gates[:, : 2 * size])
        z, r = gates[:, :size], gates[:, size : 2 * size]
        gates[:, 2 * size :] += (r * h) @ w[:, 2 * size :]
        np.tanh(gates[:, 2 * size :], out=gates[:, 2 * size :])
        self.gates[n] = gates
        self.h[n] = h + z * (gates[:, 2 * size :] - h)


def _sigmoid_in_place(x: Array) -> None:
    """σ(x) = ½ tanh(x / 2) + ½: cannot overflow, and numpy's tanh is fast."""
    x *= _HALF
    np.tanh(x, out=x)
    x *= _HALF
    x += _HALF


_STEPS = {"rnn": CharStep._rnn, "lstm": CharStep._lstm, "gru": CharStep._gru}


def log_softmax(logits: Array) -> Array:
    """Log-probabilities along the last axis."""
    shifted: Array = logits - logits.max(axis=-1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted
