"""From the encoder's outputs for the words of a text to one vector, to the scores of classes.

    attention  s = Σ a_i y_i,  a = softmax(v · tanh(W y_i + b))          (Yang et al. 2016)
    max        s_d = max_i y_id                                          (Collobert & Weston 2008)
    mean       s = Σ y_i / n
    last       s = [→h_n ⊕ ←h_1], the last output of either direction
    scores     s W_o + b_o

Each is a sum over words, y_i weighed by w_i, so a score can be told apart again: word i adds (w_i ∘ y_i) W_o.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from nlpcli.engine.io.schemas.classify import pooling_shapes
from nlpcli.engine.neural.packing import Ids, Packing
from nlpcli.engine.runtime.arrays import Floats, offsets_of
from nlpcli.settings.neural import EncoderSettings

if TYPE_CHECKING:
    from torch import Tensor


class PoolingHead:
    """One answer of a text: how words are pooled, and the weights of classes."""

    def __init__(self, encoder: EncoderSettings, pooling: str, classes: int) -> None:
        self.shapes = pooling_shapes(encoder, pooling, classes)
        self._encoder, self._pooling = encoder, pooling

    def scores(self, y: Tensor, weights: Mapping[str, Tensor], packing: Packing) -> Tensor:
        """Scores of classes [B, C] for packed texts, y [N, Y]."""
        import torch

        texts = torch.from_numpy(packing.sequences())
        if self._pooling == "max":
            index = texts[:, None].expand(-1, y.shape[1])
            start = y.new_full((packing.batch, y.shape[1]), -torch.inf)
            pooled = start.scatter_reduce(0, index, y, "amax")
        elif self._pooling == "last":
            forward = y[torch.from_numpy(packing.ends)][:, : self._encoder.rnn_size]
            pooled = torch.cat([forward, y[: packing.batch, self._encoder.rnn_size :]], dim=1)
        else:
            if self._pooling == "attention":
                hidden = torch.tanh(y @ weights["head.attention_w"] + weights["head.attention_b"])
                strength = hidden @ weights["head.attention_v"]
                chosen = torch.exp(strength - strength.max().detach())
            else:
                chosen = y.new_ones(len(y))
            whole = y.new_zeros(packing.batch).index_add(0, texts, chosen)
            shares = chosen / whole[texts].clamp(min=1e-30)
            pooled = y.new_zeros((packing.batch, y.shape[1])).index_add(0, texts, y * shares[:, None])
        return pooled @ weights["head.w"] + weights["head.b"]

    def parts(self, y: Floats, weights: Mapping[str, Floats], packing: Packing) -> tuple[Floats, Floats]:
        """At work: scores [B, C], and what each word adds to them [N, C], in packed order."""
        order = np.argsort(packing.order())  # packed places, one text behind another
        starts = offsets_of(packing.lengths)[:-1]
        shares = self._shares(y[order], weights, packing, starts)
        added = np.empty((len(y), weights["head.w"].shape[1]), np.float32)
        added[order] = (y[order] * shares) @ weights["head.w"]
        scores = np.add.reduceat(added[order], starts, axis=0) + weights["head.b"]
        return scores, added

    def _shares(self, y: Floats, weights: Mapping[str, Floats], packing: Packing, starts: Ids) -> Floats:
        """What each number of each output is multiplied by, [N, 1] or [N, Y]; texts one behind another."""
        lengths = packing.lengths
        if self._pooling == "mean":
            even: Floats = np.repeat(1 / lengths, lengths).astype(np.float32)[:, None]
            return even
        if self._pooling == "attention":
            hidden = np.tanh(y @ weights["head.attention_w"] + weights["head.attention_b"])
            strength = hidden @ weights["head.attention_v"]
            chosen = np.exp(strength - np.repeat(np.maximum.reduceat(strength, starts), lengths))
            whole = np.add.reduceat(chosen, starts)
            weighed: Floats = (chosen / np.repeat(whole, lengths)).astype(np.float32)[:, None]
            return weighed
        shares = np.zeros_like(y)
        if self._pooling == "last":
            shares[starts + lengths - 1, : self._encoder.rnn_size] = 1
            shares[starts, self._encoder.rnn_size :] = 1
            return shares
        for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
            part = y[start : start + length]
            shares[start + part.argmax(axis=0), np.arange(y.shape[1])] = 1
        return shares
