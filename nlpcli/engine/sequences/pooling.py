"""From the numbers that stand for the words of a text to one vector.

    attention  s = Σ a_i y_i,  a = softmax(v · tanh(W y_i + b))          (Yang et al. 2016)
    max        s_d = max_i y_id                                          (Collobert & Weston 2008)
    mean       s = Σ y_i / n
    last       s = [→h_n ⊕ ←h_1], the last output of either direction

Each is a sum over words, y_i weighed by w_i.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from nlpcli.engine.neural.packing import Ids, Packing
from nlpcli.engine.runtime.arrays import Floats, offsets_of
from nlpcli.settings.neural import EncoderSettings

if TYPE_CHECKING:
    from torch import Tensor


class Pooling:
    """One vector for each text, as long as the encoder's output."""

    def __init__(self, encoder: EncoderSettings, kind: str) -> None:
        self._encoder, self._kind = encoder, kind

    def pooled(self, y: Tensor, weights: Mapping[str, Tensor], packing: Packing) -> Tensor:
        """In training: the vectors [B, Y] of packed texts, y [N, Y]."""
        import torch

        texts = torch.from_numpy(packing.sequences())
        if self._kind == "max":
            index = texts[:, None].expand(-1, y.shape[1])
            start = y.new_full((packing.batch, y.shape[1]), -torch.inf)
            return start.scatter_reduce(0, index, y, "amax")
        if self._kind == "last":
            forward = y[torch.from_numpy(packing.ends)][:, : self._encoder.rnn_size]
            return torch.cat([forward, y[: packing.batch, self._encoder.rnn_size :]], dim=1)
        if self._kind == "attention":
            hidden = torch.tanh(y @ weights["head.attention_w"] + weights["head.attention_b"])
            strength = hidden @ weights["head.attention_v"]
            chosen = torch.exp(strength - strength.max().detach())
        else:
            chosen = y.new_ones(len(y))
        whole = y.new_zeros(packing.batch).index_add(0, texts, chosen)
        shares = chosen / whole[texts].clamp(min=1e-30)
        return y.new_zeros((packing.batch, y.shape[1])).index_add(0, texts, y * shares[:, None])

    def shares(self, y: Floats, weights: Mapping[str, Floats], lengths: Ids) -> Floats:
        """At work: what each number of each output is multiplied by, [N, 1] or [N, Y].

        y: texts one behind another, of `lengths` words.
        """
        starts = offsets_of(lengths)[:-1]
        if self._kind == "mean":
            even: Floats = np.repeat(1 / lengths, lengths).astype(np.float32)[:, None]
            return even
        if self._kind == "attention":
            hidden = np.tanh(y @ weights["head.attention_w"] + weights["head.attention_b"])
            strength = hidden @ weights["head.attention_v"]
            chosen = np.exp(strength - np.repeat(np.maximum.reduceat(strength, starts), lengths))
            whole = np.add.reduceat(chosen, starts)
            weighed: Floats = (chosen / np.repeat(whole, lengths)).astype(np.float32)[:, None]
            return weighed
        shares = np.zeros_like(y)
        if self._kind == "last":
            shares[starts + lengths - 1, : self._encoder.rnn_size] = 1
            shares[starts, self._encoder.rnn_size :] = 1
            return shares
        for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
            part = y[start : start + length]
            shares[start + part.argmax(axis=0), np.arange(y.shape[1])] = 1
        return shares
