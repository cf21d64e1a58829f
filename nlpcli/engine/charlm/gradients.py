"""How far back a network's gradient reaches: ‖∂loss_t/∂h_{t−k}‖ against k.

The vanilla RNN's shrinks or grows by a factor a step, since every step multiplies by W_hh and
tanh′; the LSTM's cell and the GRU's state have a way through time that does not. The backward
pass is written out in numpy, cell by cell, and checked against autograd.

`toy` is the same in one dimension: h_t = tanh(w_hh h_{t−1} + w_xh x_t + b), every factor shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.neural.recurrent_step import CharStep, log_softmax
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.charlm import ATTENTION
from nlpcli.wording import counted

Array = NDArray[np.float64]
_WINDOWS, _WARM_UP = 32, 64


@dataclass(frozen=True, eq=False)
class Reach:
    """Mean norms of ∂loss_t/∂h_{t−k} (and of ∂loss_t/∂c_{t−k} for an LSTM), by layer and k = 0, 1, …"""

    cell: str
    h: Array
    c: Array | None


def reach(model: CharLM, ids: NDArray[np.int32], steps: int = 50) -> Reach:
    """The mean over up to 32 places of the text; arrays are [layers, steps + 1].

    Raises InputError for a text shorter than the steps.
    """
    if model.settings.cell == ATTENTION:
        raise SettingsError(
            "gradients: a transformer has no way back through time; each character is one step away",
            hint="give models with a recurrent cell; activations shows whom a transformer looks at",
        )
    if len(ids) < steps + 2:
        raise InputError(
            f"the text has {counted(len(ids), 'character')}, too few to look {steps} steps back",
            hint="use a smaller --steps",
        )
    length = min(len(ids) - 1, steps + _WARM_UP)
    starts = np.unique(np.linspace(0, len(ids) - 1 - length, _WINDOWS).astype(np.int64))
    windows = np.stack([ids[s : s + length + 1] for s in starts], axis=1)
    tape = Tape(model, windows[:-1], keep=steps + 1)
    return tape.reach(windows[-1])


class Tape:
    """A forward pass over `ids` [T, B] of which the last `keep` steps are remembered, to go back."""

    def __init__(self, model: CharLM, ids: NDArray[np.int32], keep: int) -> None:
        settings = model.settings
        self.cell, self.layers = settings.cell, settings.num_layers
        self.weights = {name: weight.astype(np.float64) for name, weight in model.weights.items()}
        network = CharStep(settings.cell, settings.num_layers, model.weights, ids.shape[1])
        self.steps: list[list[dict[str, Array]]] = []
        for t, row in enumerate(ids):
            before = [(network.h[n], network.c[n] if network.c else network.h[n]) for n in range(self.layers)]
            network.read(row)
            if t >= len(ids) - keep:
                self.steps.append([self._kept(network, n, *before[n]) for n in range(self.layers)])
        self.probabilities = np.exp(log_softmax(network.logits(network.h[-1]))).astype(np.float64)

    def _kept(
        self, network: CharStep, n: int, h: NDArray[np.float32], c: NDArray[np.float32]
    ) -> dict[str, Array]:
        kept = {"h_before": h, "c_before": c, "gates": network.gates[n], "h": network.h[n]}
        if network.c:
            kept["c"] = network.c[n]
        return {name: array.astype(np.float64) for name, array in kept.items()}

    def reach(self, targets: NDArray[np.int32]) -> Reach:
        """Back from the loss of the last step, −log p(target), to the first step remembered."""
        d_logits = self.probabilities.copy()
        d_logits[np.arange(len(targets)), targets] -= 1
        zero = np.zeros_like(self.steps[-1][0]["h"])
        d_h = [zero.copy() for _ in range(self.layers)]
        d_c = [zero.copy() for _ in range(self.layers)]
        d_h[-1] = d_logits @ self.weights["output.w"].T
        h_norms: list[float] = []
        c_norms: list[float] = []
        for step in reversed(self.steps):
            for n in range(self.layers - 1, -1, -1):
                if self.cell == "lstm":
                    # All of ∂loss/∂c: what comes back along c, and what comes through h = o tanh(c).
                    o = _gate(step[n]["gates"], 2, 4)
                    d_c[n] = d_c[n] + d_h[n] * o * (1 - np.tanh(step[n]["c"]) ** 2)
                h_norms.append(_mean_norm(d_h[n]))
                c_norms.append(_mean_norm(d_c[n]))
                d_gates = self._gates(step[n], n, d_h[n], d_c[n])
                d_h[n], d_c[n] = self._before(step[n], n, d_gates, d_h[n], d_c[n])
                if n:
                    d_h[n - 1] = d_h[n - 1] + d_gates @ self.weights[f"layer{n}.w_xh"].T
        shape = (len(self.steps), self.layers)
        h, c = (np.array(norms).reshape(shape)[:, ::-1].T for norms in (h_norms, c_norms))
        return Reach(self.cell, h, c if self.cell == "lstm" else None)

    def _gates(self, kept: dict[str, Array], n: int, d_h: Array, d_c: Array) -> Array:
        """∂loss/∂(pre-activations) of one step, gates side by side."""
        gates, h = kept["gates"], kept["h_before"]
        if self.cell == "rnn":
            return d_h * (1 - kept["h"] ** 2)
        if self.cell == "lstm":
            i, f, o, g = (_gate(gates, k, 4) for k in range(4))
            d_i, d_f, d_g = d_c * g, d_c * kept["c_before"], d_c * i
            d_o = d_h * np.tanh(kept["c"])
            return np.hstack([d_i * i * (1 - i), d_f * f * (1 - f), d_o * o * (1 - o), d_g * (1 - g**2)])
        z, r, candidate = (_gate(gates, k, 3) for k in range(3))
        d_n = d_h * z * (1 - candidate**2)
        size = h.shape[1]
        d_r = d_n @ self.weights[f"layer{n}.w_hh"][:, 2 * size :].T * h
        return np.hstack([d_h * (candidate - h) * z * (1 - z), d_r * r * (1 - r), d_n])

    def _before(
        self, kept: dict[str, Array], n: int, d_gates: Array, d_h: Array, d_c: Array
    ) -> tuple[Array, Array]:
        """∂loss/∂h and ∂loss/∂c of the step before."""
        w = self.weights[f"layer{n}.w_hh"]
        if self.cell == "rnn":
            return d_gates @ w.T, d_c
        if self.cell == "lstm":
            return d_gates @ w.T, d_c * _gate(kept["gates"], 1, 4)
        size = len(w)
        z, r = _gate(kept["gates"], 0, 3), _gate(kept["gates"], 1, 3)
        through_gates = d_gates[:, : 2 * size] @ w[:, : 2 * size].T
        return d_h * (1 - z) + through_gates + d_gates[:, 2 * size :] @ w[:, 2 * size :].T * r, d_c


def _gate(gates: Array, k: int, count: int) -> Array:
    size = gates.shape[1] // count
    return gates[:, k * size : (k + 1) * size]


def _mean_norm(d: Array) -> float:
    return float(np.linalg.norm(d, axis=1).mean())


# --- one dimension --------------------------------------------------------------------------


@dataclass(frozen=True)
class ToyStep:
    """One step of the scalar network, and its factor in the chain rule."""

    t: int
    x: float
    before: float
    h: float
    factor: float  # ∂h_t/∂h_{t−1} = w_hh (1 − h_t²)
    product: float  # ∂h_T/∂h_{t−1}, the factors from here to the last step


def toy(w_hh: float, w_xh: float, b: float, inputs: Sequence[float], h0: float = 0.0) -> list[ToyStep]:
    """The scalar network h_t = tanh(w_hh h_{t−1} + w_xh x_t + b), forward and back.

    ∂h_T/∂h_0 = ∏ₜ w_hh (1 − h_t²): each step multiplies by w_hh once more.

    >>> steps = toy(3, 2, 1, [-0.5, -0.5, -0.5])
    >>> [round(step.factor, 6) for step in steps], round(steps[0].product, 6)
    ([3.0, 3.0, 3.0], 27.0)

    Raises SettingsError when there is no step.
    """
    if not inputs:
        raise SettingsError("--steps must be at least 1")
    forward, h = [], h0
    for x in inputs:
        before, h = h, math.tanh(w_hh * h + w_xh * x + b)
        forward.append((x, before, h, w_hh * (1 - h * h)))
    steps: list[ToyStep] = []
    product = 1.0
    for t in range(len(forward), 0, -1):
        x, before, h, factor = forward[t - 1]
        product *= factor
        steps.append(ToyStep(t, x, before, h, factor, product))
    return steps[::-1]
