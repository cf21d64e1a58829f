"""The encoder–decoder at work, without torch: the same numbers as `nets/seq2seq.py` gives in training.

The formulas stand there. Here one step of a target is made at a time, of K hypotheses of B sources each.
With matrices of int8 the numbers are near those; what a source gives then does not depend on what is read
beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.neural.encoder import run
from nlpcli.engine.neural.int8_matrix import Int8Matrix, columns, rounded
from nlpcli.engine.neural.packing import Ids, Packing
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.runtime.arrays import Floats, on_cache_line
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.settings.translation import UNKNOWN, Seq2SeqSettings

cells, looks = Kernels("neural.recurrent_cells"), Kernels("neural.source_attention")
fused = Kernels("neural.lstm_int8")
_KINDS = {"none": 0, "dot": 1, "additive": 2}  # of attention, as the kernel has them
_NOWHERE: Floats = np.zeros((0, 0, 0), np.float32)
_LOOKED_UP = frozenset({"embedding", "decoder.layer0.w_xh"})  # by no product with states


@dataclass
class Sources:
    """Sources that were read: their units int64 [B, S], −1 beyond the end, and what the decoder is told.

    first: float32 [B, G·H], what the last states add to the first step. lengths: int64 [B]. Source b is
    number numbers[b] of what was read together, which stays where it is: memory, float32 [·, S, H], None
    without attention; keys: what states are compared with, where that is not the memory.
    """

    units: Ids
    first: Floats
    lengths: Ids
    numbers: Ids
    memory: Floats | None = None
    keys: Floats | None = None

    def of(self, which: Ids) -> Sources:
        """Some of them."""
        return Sources(
            self.units[which],
            self.first[which],
            self.lengths[which],
            self.numbers[which],
            self.memory,
            self.keys,
        )


@dataclass
class Step:
    """What the network says at one step of R hypotheses: scores [R, T], attention [R, S], gate [R].

    gate: the logarithms of writing and of copying, [R, 2].
    """

    scores: Floats
    attention: Floats | None
    gate: Floats | None


class Network:
    """A trained network; `states` of hypotheses are passed in and out, a layer after another [R, H].

    An LSTM with matrices of int8 makes a step in one call, and has one array of states [R, 2 L, H].
    """

    def __init__(self, settings: Seq2SeqSettings, weights: Weights, *, int8: bool = False) -> None:
        self.settings = settings
        self.targets = len(weights["vocabulary.b"])
        scale = np.float32(math.sqrt(weights["embedding"].shape[1]))
        self._table: Floats = weights["embedding"] * scale
        # What each unit adds to the decoder's gates is looked up, not multiplied out at every step.
        self._inputs: Floats = self._table @ weights["decoder.layer0.w_xh"] + weights["decoder.layer0.b"]
        out = np.ascontiguousarray(weights["embedding"][: self.targets].T)
        self._out: Any = Int8Matrix(out) if int8 else out
        self.weights = rounded(weights, _LOOKED_UP) if int8 else dict(weights)
        # Where a file's numbers lie, kernels may not read them at once.
        self.weights["vocabulary.b"] = np.array(weights["vocabulary.b"])
        w_hh = [self.weights[f"decoder.layer{n}.w_hh"] for n in range(settings.decoder_layers)]
        size = settings.rnn_size
        self._w_hh: list[Any] = w_hh
        self._split = [
            (columns(w, 0, 2 * size), columns(w, 2 * size, 3 * size))
            for w in (w_hh if settings.writer == "gru" else [])
        ]
        self._rows = np.arange(0)
        self._fused = self._in_one() if int8 and settings.writer == "lstm" else None

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
        found = Sources(units, first, lengths, np.arange(len(sources)))
        if self.settings.attention == "none":
            return found
        places = np.where(filled, packing.starts[:-1] + rank[:, None], 0)
        memory: Floats = y @ self.weights["attention.memory"]
        found.memory = memory[places]
        if self.settings.attention == "additive":
            found.keys = (memory @ self.weights["attention.key"])[places]
        return found

    def _summary(self, y: Floats, packing: Packing) -> Floats:
        size, ends = self.settings.rnn_size, packing.ends
        if y.shape[1] == size:
            return y[ends]
        return np.concatenate([y[ends, :size], y[: packing.batch, size:]], axis=1)

    # --- writing ----------------------------------------------------------------------------

    def states(self, rows: int) -> list[Floats]:
        """The states before anything is written: of each layer one, of an LSTM two."""
        parts = self.settings.decoder_layers * (1 + (self.settings.writer == "lstm"))
        if self._fused is not None:
            return [np.zeros((rows, parts, self.settings.rnn_size), np.float32)]
        return [np.zeros((rows, self.settings.rnn_size), np.float32) for _ in range(parts)]

    def step(self, units: Ids, sources: Sources, states: list[Floats], *, first: bool = False) -> Step:
        """One step after `units` [R], R = B · K, the hypotheses of a source side by side; moves `states`."""
        weights = self.weights
        inputs: Floats = self._inputs
        rows = np.where(units < len(inputs), units, UNKNOWN)
        if first:
            inputs = inputs[rows] + np.repeat(sources.first, len(units) // len(sources.units), axis=0)
            rows = self._all(len(units))
        if self._fused is not None:
            return self._step_in_one(inputs, rows, sources, states[0])
        h = self._cell(0, inputs, rows, states)
        attention = seen = None
        if sources.memory is not None:
            attention, seen = self._look(h, sources)
        for n in range(1, self.settings.decoder_layers):
            inputs = _times(
                _beside(h, seen), weights[f"decoder.layer{n}.w_xh"], weights[f"decoder.layer{n}.b"]
            )
            h = self._cell(n, inputs, self._all(len(units)), states)
        o = _times(_beside(h, seen), weights["output.w"], weights["output.b"])
        np.tanh(o, out=o)
        scores = _times(o, self._out, weights["vocabulary.b"])
        gate = None
        if self.settings.copies:
            logit = (np.einsum("rd,d->r", o, weights["copy.w"]) + weights["copy.b"])[:, None]
            gate = -np.logaddexp(np.float32(0), np.concatenate([-logit, logit], axis=1))
        return Step(scores, attention, gate)

    def _in_one(self) -> tuple[NDArray[np.uint8], Floats]:
        """The decoder's matrices, and what stands beside them, as the kernel takes them."""
        weights, settings = self.weights, self.settings
        none = np.zeros(4 * settings.rnn_size, np.float32)
        parts = [(self._w_hh[0], none)]
        if settings.attention == "additive":
            parts.append((weights["attention.query"], none[: settings.rnn_size]))
        for n in range(1, settings.decoder_layers):
            layer = f"decoder.layer{n}."
            parts += [(weights[layer + "w_xh"], weights[layer + "b"]), (self._w_hh[n], none)]
        parts += [(weights["output.w"], weights["output.b"]), (self._out, weights["vocabulary.b"])]
        floats = [part for matrix, bias in parts for part in (matrix.scales, bias)]
        if settings.attention == "additive":
            floats.append(weights["attention.v"])
        if settings.copies:
            floats += [weights["copy.w"], weights["copy.b"]]
        packed = np.concatenate([matrix.packed.ravel() for matrix, _ in parts])
        return on_cache_line(packed), np.concatenate([np.ravel(part) for part in floats])

    def _step_in_one(self, inputs: Floats, rows: Ids, sources: Sources, states: Floats) -> Step:
        assert self._fused is not None
        count, kind = len(rows), _KINDS[self.settings.attention]
        attention = np.empty((count, sources.units.shape[1]) if kind else (0, 0), np.float32)
        gates = np.empty((count if self.settings.copies else 0, 2), np.float32)
        scores = np.empty((count, self.targets), np.float32)
        o = np.empty((count, self._table.shape[1]), np.float32)
        memory = _NOWHERE if sources.memory is None else sources.memory
        keys = _NOWHERE if sources.keys is None else sources.keys
        fused.decoder_step(
            inputs, rows, states, *self._fused, kind, memory, keys, sources.numbers, sources.lengths,
            (scores, attention, gates, o),
        )  # fmt: skip
        return Step(scores, attention if kind else None, gates if len(gates) else None)

    def _look(self, h: Floats, sources: Sources) -> tuple[Floats, Floats]:
        """Attention [R, S] of states [R, H], and what they see [R, H]."""
        assert sources.memory is not None
        attention, seen = np.empty((len(h), sources.units.shape[1]), np.float32), np.empty_like(h)
        if self.settings.attention == "dot":
            looks.dot(h, sources.memory, sources.numbers, sources.lengths, attention, seen)
        else:
            assert sources.keys is not None
            asked, v = h @ self.weights["attention.query"], self.weights["attention.v"]
            looks.additive(
                asked, sources.keys, v, sources.memory, sources.numbers, sources.lengths, attention, seen
            )
        return attention, seen

    def _all(self, count: int) -> Ids:
        """The rows of a step, one after the other."""
        if len(self._rows) < count:
            self._rows = np.arange(count)
        return self._rows[:count]

    def _cell(self, n: int, inputs: Floats, rows: Ids, states: list[Floats]) -> Floats:
        """The new state of layer n, to whose gates row rows[r] of `inputs` is added."""
        if self.settings.writer == "lstm":
            h, c = states[2 * n], states[2 * n + 1]
            recurrent: Floats = h @ self._w_hh[n]
            new, cell = np.empty_like(h), np.empty_like(h)
            cells.lstm_forward(inputs, rows, recurrent, c, recurrent, cell, new)
            states[2 * n], states[2 * n + 1] = new, cell
            return new
        h = states[n]
        new = np.empty_like(h)
        if self.settings.writer == "rnn":
            cells.rnn_forward(inputs, rows, h @ self._w_hh[n], new)
        else:
            w_zr, w_n = self._split[n]
            gates, reset, low = (np.empty((len(h), parts * h.shape[1]), np.float32) for parts in (3, 1, 1))
            cells.gru_gates_forward(inputs, rows, h @ w_zr, h, gates, reset)
            cells.gru_forward(inputs, rows, reset @ w_n, h, gates, new, low)
        states[n] = new
        return new


def _times(x: Floats, w: Floats | Int8Matrix, bias: Floats) -> Floats:
    if isinstance(w, Int8Matrix):
        return w.multiply(x, bias)
    out: Floats = x @ w
    out += bias
    return out


def _beside(h: Floats, seen: Floats | None) -> Floats:
    return h if seen is None else np.concatenate([h, seen], axis=1)
