"""The encoder–decoder in training: the summed loss of some pairs, all steps of a target at once.

    m_s = W_m y_s                                     what the encoder says of source unit s
    h¹_t = cell(e(w_{t−1}), h¹_{t−1})              at t = 0 beside the encoder's last states
    a_ts = softmax_s(h¹_t · m_s / √H)                    "dot" (Luong et al. 2015)
           softmax_s(v · tanh(W_q h¹_t + W_k m_s))       "additive" (Bahdanau et al. 2015)
    c_t = Σ_s a_ts m_s,   h²_t = cell([h¹_t ⊕ c_t], h²_{t−1}) and so on      (as in Wu et al. 2016)
    o_t = tanh(W_o [h_t ⊕ c_t] + b_o),   P_write = softmax(E o_t + b)        E: the vectors of units (tied)
    g_t = σ(w_g · o_t + b_g),   P(w) = g_t P_write(w) + (1 − g_t) Σ_{s: w_s = w} a_ts   (See et al. 2017)

No layer waits for what the attention saw one step before, so each runs over a whole target at once. At work
it is numpy's (`translation/network.py`). Not here: how the encoder reads (`encoder.py`): another one
takes the place of `_read` and `_summary`, and of `run` at work.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nlpcli.engine.neural.nets.dropout import dropped
from nlpcli.engine.neural.nets.encoder import encode
from nlpcli.engine.neural.nets.recurrent import layer, product
from nlpcli.engine.neural.packing import Ids, Packing
from nlpcli.settings.translation import UNKNOWN, Seq2SeqSettings

TINY = 1e-9
Chance = np.random.Generator


class Pairs(NamedTuple):
    """Some pairs, longest target first.

    source, target: packed numbers [N], [M] (targets end with END); reading, writing: their packings.
    rank [B]: which of the sources, longest first, belongs to each target.
    """

    source: Ids
    reading: Packing
    target: Ids
    writing: Packing
    rank: Ids


class Places(NamedTuple):
    """Where packed rows stand among B texts side by side of the same length, and the other way round.

    rows [B, T]: the row of each place, 0 beyond a text's end; filled [B, T]; text, step [N]: of each row.
    """

    rows: Tensor
    filled: Tensor
    text: Tensor
    step: Tensor


def places_of(packing: Packing, rank: Ids | None = None) -> Places:
    """Those of packed texts; `rank` says in which order the texts stand side by side."""
    order = np.arange(packing.batch) if rank is None else rank
    steps = np.arange(len(packing.starts) - 1)
    filled = steps < packing.lengths[order][:, None]
    rows = np.where(filled, packing.starts[:-1] + order[:, None], 0)
    counts = np.diff(packing.starts)
    step = np.repeat(steps, counts)
    text = np.arange(packing.starts[-1]) - packing.starts[step]
    return Places(*map(torch.from_numpy, (rows, filled, text, step)))


class Written(NamedTuple):
    """What the network says at each of N steps: scores of what can be written [N, T], attention [N, S].

    gate [N]: the logit of writing against copying; None where nothing is copied.
    """

    scores: Tensor
    attention: Tensor | None
    gate: Tensor | None


class Seq2SeqNet:
    """The network with some weights, its large products in `low`. Without `random` nothing is dropped."""

    def __init__(
        self,
        settings: Seq2SeqSettings,
        weights: Mapping[str, Tensor],
        dropout: float = 0.0,
        low: torch.dtype = torch.float32,
    ) -> None:
        self._settings, self._weights, self._dropout, self._low = settings, weights, dropout, low

    def loss(
        self, pairs: Pairs, random: Chance | None = None, smoothing: float = 0.0, word_dropout: float = 0.0
    ) -> Tensor:
        """Summed negative log-likelihood of the targets, a share `smoothing` of it spread over all units."""
        written = self.written(pairs, random, word_dropout)
        size = written.scores.shape[1]
        target = torch.from_numpy(pairs.target)
        scores = functional.log_softmax(written.scores, dim=1)
        known = target < size
        own = scores.gather(1, torch.where(known, target, UNKNOWN)[:, None])[:, 0]
        if written.gate is not None and written.attention is not None:
            # Where a unit can neither be written nor copied, the unknown stands for it.
            copied = (written.attention * self._matches(pairs)).sum(dim=1)
            write, copy = functional.logsigmoid(written.gate), functional.logsigmoid(-written.gate)
            own = torch.where(known | (copied == 0), own, -math.inf)
            own = torch.logaddexp(own + write, torch.log(copied + TINY) + copy)
        loss = -own.sum()
        if smoothing:
            loss = (1 - smoothing) * loss - smoothing * scores.mean(dim=1).sum()
        return loss

    def _matches(self, pairs: Pairs) -> Tensor:
        """Which units of the source each unit of a target is the same as: [N, S]."""
        source = places_of(pairs.reading, pairs.rank)
        units = torch.where(source.filled, torch.from_numpy(pairs.source)[source.rows], -1)
        of_row = units[places_of(pairs.writing).text]
        return (of_row == torch.from_numpy(pairs.target)[:, None]).to(torch.float32)

    def written(self, pairs: Pairs, random: Chance | None = None, word_dropout: float = 0.0) -> Written:
        """What the network says at each step of the targets, in the order of their packing."""
        settings, weights = self._settings, self._weights
        y = self._read(pairs, random, word_dropout)
        memory = filled = None
        if settings.attention != "none":
            source = places_of(pairs.reading, pairs.rank)
            memory, filled = self._times(y, "attention.memory")[source.rows], source.filled
        h = self._first_layer(pairs, self._summary(y, pairs), random, word_dropout)
        attention = seen = None
        if memory is not None and filled is not None:
            attention, seen = self._look(h, memory, filled, places_of(pairs.writing))
        for n in range(1, settings.decoder_layers):
            h = dropped(h, self._dropout, random)
            h = self._layer(n, self._times(_beside(h, seen), f"decoder.layer{n}.w_xh"), pairs.writing)
        o = torch.tanh(self._times(_beside(h, seen), "output.w") + weights["output.b"])
        o = dropped(o, self._dropout, random)
        size = len(weights["vocabulary.b"])
        scores = product(o, weights["embedding"][:size].t(), self._low) + weights["vocabulary.b"]
        gate = o @ weights["copy.w"] + weights["copy.b"] if settings.copies else None
        return Written(scores, attention, gate)

    def _vectors(self, numbers: Ids, random: Chance | None, word_dropout: float) -> tuple[Tensor, Ids]:
        """The vectors of different units, and which of them each place takes."""
        table = self._weights["embedding"]
        read = np.where(numbers < len(table), numbers, UNKNOWN)
        if random is not None and word_dropout:
            read = np.where(random.random(len(read)) < word_dropout, UNKNOWN, read)
        kinds, rows = np.unique(read, return_inverse=True)
        return functional.embedding(torch.from_numpy(kinds), table) * scale_of(table.shape[1]), rows.reshape(
            -1
        )

    def _read(self, pairs: Pairs, random: Chance | None, word_dropout: float) -> Tensor:
        x, rows = self._vectors(pairs.source, random, word_dropout)
        return encode(
            self._settings,
            self._weights,
            x,
            torch.from_numpy(rows),
            pairs.reading,
            self._dropout,
            random,
            low=self._low,
        )

    def _summary(self, y: Tensor, pairs: Pairs) -> Tensor:
        """The last state of either direction, [B, output_size], in the order of the targets."""
        size = self._settings.rnn_size
        ends = torch.from_numpy(pairs.reading.ends)
        last = y[ends] if y.shape[1] == size else torch.cat((y[ends, :size], y[: len(ends), size:]), dim=1)
        return last[torch.from_numpy(pairs.rank)]

    def _first_layer(
        self, pairs: Pairs, summary: Tensor, random: Chance | None, word_dropout: float
    ) -> Tensor:
        x, rows = self._vectors(before(pairs.target, pairs.writing), random, word_dropout)
        inputs = self._times(dropped(x, self._dropout, random), "decoder.layer0.w_xh")[torch.from_numpy(rows)]
        batch = pairs.writing.batch
        first = inputs[:batch] + self._times(summary, "bridge.w")
        return self._layer(0, torch.cat((first, inputs[batch:])), pairs.writing)

    def _layer(self, n: int, inputs: Tensor, packing: Packing) -> Tensor:
        name, settings = f"decoder.layer{n}", self._settings
        state = tuple(
            torch.zeros((packing.batch, settings.rnn_size)) for _ in range(1 + (settings.writer == "lstm"))
        )
        out, _ = layer(
            settings.writer, inputs + self._weights[f"{name}.b"], torch.arange(len(inputs)), packing,
            self._weights[f"{name}.w_hh"], state, self._low,
        )  # fmt: skip
        return out

    def _times(self, x: Tensor, name: str) -> Tensor:
        return product(x, self._weights[name], self._low)

    def _look(self, h: Tensor, memory: Tensor, filled: Tensor, places: Places) -> tuple[Tensor, Tensor]:
        """Attention [N, S] of packed states [N, H] to sources [B, S, H], and what they see [N, H]."""
        side_by_side = h.float()[places.rows]
        if self._settings.attention == "dot":
            strength = side_by_side @ memory.transpose(1, 2) / math.sqrt(h.shape[1])
        else:
            weights = self._weights
            asked, keys = self._times(side_by_side, "attention.query"), self._times(memory, "attention.key")
            strength = torch.tanh(asked[:, :, None] + keys[:, None]) @ weights["attention.v"]
        strength = strength.masked_fill(~filled[:, None], -math.inf)
        attention = torch.softmax(strength, dim=2)
        return attention[places.text, places.step], (attention @ memory)[places.text, places.step]


def before(target: Ids, packing: Packing) -> Ids:
    """What stands before each unit of packed targets: END before the first."""
    from nlpcli.settings.translation import END

    found = np.full(len(target), END, np.int64)
    for now, earlier, _ in packing.steps():
        if now.start:
            begin = earlier.start - packing.batch
            found[now] = target[begin : begin + now.stop - now.start]
    return found


def scale_of(size: int) -> float:
    """What a unit's vector is multiplied by where it is read: as rows of a softmax vectors are small."""
    return math.sqrt(size)


def _beside(h: Tensor, seen: Tensor | None) -> Tensor:
    return h if seen is None else torch.cat((h, seen.to(h.dtype)), dim=1)
