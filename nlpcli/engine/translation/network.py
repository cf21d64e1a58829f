"""The encoder–decoder at work, without torch: the same numbers as `nets/seq2seq.py` gives in training.

The formulas stand there. Here one step of a target is made at a time, of K hypotheses of B sources each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nlpcli.engine.neural.encoder import run
from nlpcli.engine.neural.packing import Ids, Packing
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.settings.translation import UNKNOWN, Seq2SeqSettings

cells = Kernels("neural.recurrent_cells")
_NOWHERE = np.float32(-1e30)  # the strength of attention to what is beyond a source's end


@dataclass
class Sources:
    """Sources that were read: their units int64 [B, S], −1 beyond the end, and what the decoder is told.

    first: float32 [B, G·H], what the last states add to the first step. memory: float32 [B, S, H], None
    without attention; keys: what states are compared with; mask: float32 [B, 1, S], 0 or nowhere.
    """

    units: Ids
    first: Floats
    memory: Floats | None
    keys: Floats | None
    mask: Floats | None

    def of(self, which: Ids) -> Sources:
        """Some of them."""
        rest = (None if one is None else one[which] for one in (self.memory, self.keys, self.mask))
        return Sources(self.units[which], self.first[which], *rest)


@dataclass
class Step:
    """What the network says at one step of R hypotheses: scores [R, T], attention [R, S], gate [R].

    gate: the logarithms of writing and of copying, [R, 2].
    """

    scores: Floats
    attention: Floats | None
    gate: Floats | None


class Network:
    """A trained network; `states` of hypotheses are passed in and out, a layer after another [R, H]."""

    def __init__(self, settings: Seq2SeqSettings, weights: Weights) -> None:
        self.settings, self.weights = settings, weights
        self.targets = len(weights["vocabulary.b"])
        dim = weights["embedding"].shape[1]
        scale = np.float32(math.sqrt(dim))
        self._table = weights["embedding"] * scale
        self._rows = np.arange(0)
        # What each unit adds to the decoder's gates is looked up, not multiplied out at every step.
        self._inputs = self._table @ weights["decoder.layer0.w_xh"] + weights["decoder.layer0.b"]
        self._out = np.ascontiguousarray(weights["embedding"][: self.targets].T)
        self._w_hh = [weights[f"decoder.layer{n}.w_hh"] for n in range(settings.decoder_layers)]
        size = settings.rnn_size
        self._split = [
            tuple(np.ascontiguousarray(part) for part in (w[:, : 2 * size], w[:, 2 * size :]))
            for w in (self._w_hh if settings.writer == "gru" else [])
        ]

    # --- reading ----------------------------------------------------------------------------

    def read(self, sources: Sequence[Sequence[int]]) -> Sources:
        """Read some sources, of numbers of units, each with one at least."""
        lengths = np.fromiter(map(len, sources), np.int64, len(sources))
        order = np.argsort(-lengths, kind="stable")
        rank = np.argsort(order, kind="stable")
        packing = Packing.of(lengths[order])
        steps = np.arange(lengths.max())
        filled = steps < lengths[:, None]
        units = np.full(filled.shape, -1, np.int64)
        units[filled] = np.concatenate([np.asarray(source, np.int64) for source in sources])
        packed = units[order].T[filled[order].T]
        read = np.where(packed < len(self._table), packed, UNKNOWN)
        kinds, rows = np.unique(read, return_inverse=True)
        y = run(self.settings, self.weights, self._table[kinds], rows.reshape(-1), packing)
        first = self._summary(y, packing)[rank] @ self.weights["bridge.w"]
        if self.settings.attention == "none":
            return Sources(units, first, None, None, None)
        places = np.where(filled, packing.starts[:-1] + rank[:, None], 0)
        memory: Floats = (y @ self.weights["attention.memory"])[places]
        memory[~filled] = 0
        if self.settings.attention == "dot":
            keys = np.ascontiguousarray(memory.transpose(0, 2, 1)) / np.float32(math.sqrt(memory.shape[2]))
        else:
            keys = memory @ self.weights["attention.key"]
        mask = np.where(filled, np.float32(0), _NOWHERE)[:, None]
        return Sources(units, first, memory, keys, mask)

    def _summary(self, y: Floats, packing: Packing) -> Floats:
        size, ends = self.settings.rnn_size, packing.ends
        if y.shape[1] == size:
            return y[ends]
        return np.concatenate([y[ends, :size], y[: packing.batch, size:]], axis=1)

    # --- writing ----------------------------------------------------------------------------

    def states(self, rows: int) -> list[Floats]:
        """The states before anything is written: of each layer one, of an LSTM two."""
        parts = self.settings.decoder_layers * (1 + (self.settings.writer == "lstm"))
        return [np.zeros((rows, self.settings.rnn_size), np.float32) for _ in range(parts)]

    def step(self, units: Ids, sources: Sources, states: list[Floats], *, first: bool = False) -> Step:
        """One step after `units` [R], R = B · K, the hypotheses of a source side by side; moves `states`."""
        weights, batch = self.weights, len(sources.units)
        each = len(units) // batch
        known = np.where(units < len(self._inputs), units, UNKNOWN)
        inputs: Floats = np.take(self._inputs, known, axis=0)
        if first:
            inputs += np.repeat(sources.first, each, axis=0)
        h = self._cell(0, inputs, states)
        attention = seen = None
        if sources.memory is not None:
            attention, seen = self._look(h.reshape(batch, each, -1), sources)
        for n in range(1, self.settings.decoder_layers):
            inputs = _beside(h, seen) @ weights[f"decoder.layer{n}.w_xh"]
            inputs += weights[f"decoder.layer{n}.b"]
            h = self._cell(n, inputs, states)
        o = np.tanh(_beside(h, seen) @ weights["output.w"] + weights["output.b"])
        scores = o @ self._out
        scores += weights["vocabulary.b"]
        gate = None
        if self.settings.copies:
            logit = (o @ weights["copy.w"] + weights["copy.b"])[:, None]
            gate = -np.logaddexp(np.float32(0), np.concatenate([-logit, logit], axis=1))
        return Step(scores, attention, gate)

    def _look(self, h: Floats, sources: Sources) -> tuple[Floats, Floats]:
        """Attention [R, S] of states [B, K, H], and what they see [R, H]."""
        assert sources.memory is not None and sources.keys is not None and sources.mask is not None
        if self.settings.attention == "dot":
            strength = h @ sources.keys
        else:
            asked = h @ self.weights["attention.query"]
            strength = np.tanh(asked[:, :, None] + sources.keys[:, None]) @ self.weights["attention.v"]
        strength += sources.mask
        strength -= strength.max(axis=2, keepdims=True)
        attention: Floats = np.exp(strength, out=strength)
        attention /= attention.sum(axis=2, keepdims=True)
        rows = h.shape[0] * h.shape[1]
        return attention.reshape(rows, -1), (attention @ sources.memory).reshape(rows, -1)

    def _cell(self, n: int, inputs: Floats, states: list[Floats]) -> Floats:
        if len(self._rows) < len(inputs):
            self._rows = np.arange(len(inputs))
        rows = self._rows[: len(inputs)]
        if self.settings.writer == "lstm":
            h, c = states[2 * n], states[2 * n + 1]
            new, cell, gates = np.empty_like(h), np.empty_like(h), np.empty_like(inputs)
            cells.lstm_forward(inputs, rows, h @ self._w_hh[n], c, gates, cell, new)
            states[2 * n], states[2 * n + 1] = new, cell
            return new
        h = states[n]
        new = np.empty_like(h)
        if self.settings.writer == "rnn":
            cells.rnn_forward(inputs, rows, h @ self._w_hh[n], new)
        else:
            w_zr, w_n = self._split[n]
            gates, reset, low = np.empty_like(inputs), np.empty_like(h), np.empty_like(h)
            cells.gru_gates_forward(inputs, rows, h @ w_zr, h, gates, reset)
            cells.gru_forward(inputs, rows, reset @ w_n, h, gates, new, low)
        states[n] = new
        return new


def _beside(h: Floats, seen: Floats | None) -> Floats:
    return h if seen is None else np.concatenate([h, seen], axis=1)
