"""From the encoder's output for words to the scores of one answer: the last part of a classifier.

    text    s W_o + b_o, s being the words' outputs pooled (`pooling.py`)

    pair    e_ij = y_i · z_j / √Y + Σ_m a_m S_ijm        word i of one text across from word j of the other
            ỹ_i = Σ_j softmax_j(e_ij) z_j,  f_im = max_j S_ijm
            c_i = ReLU([y_i, ỹ_i, |y_i − ỹ_i|, y_i ∘ ỹ_i, f_i] W_c + b_c)
            u, v: c pooled over either text
            h = ReLU([u, v, |u − v|, u ∘ v] W_h + b_h),  h W_o + b_o
            symmetric: u + v and max(u, v) instead of u and v; swapped, a pair has the same scores

The pair's is Parikh et al. 2016's and Chen et al. 2017's without the second recurrent layer; S is how alike
words are by measures that are not learnt (`pairs.py`). Not here: what follows from scores (`answers.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from nlpcli.engine.io.schemas.classify import text_head_shapes
from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.neural.sequence_trainer import Part
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.sequences.pairs import Grid, Likeness, pairs_of
from nlpcli.engine.sequences.pooling import Pooling
from nlpcli.settings.neural import EncoderSettings

if TYPE_CHECKING:
    from torch import Tensor


class TextHead(Protocol):
    """The scores of one answer for each text, or each pair of texts."""

    shapes: dict[str, tuple[int, ...]]

    def judged(self, part: Part) -> Ids:
        """The numbers of what is judged in a part, in the order of its scores: texts, or pairs."""

    def scores(
        self, y: Tensor, weights: Mapping[str, Tensor], part: Part, likeness: Likeness | None, drop: float,
        random: np.random.Generator,
    ) -> Tensor:  # fmt: skip
        """In training: scores [B, C] of packed texts, y [N, Y]."""

    def at_work(
        self, y: Floats, weights: Mapping[str, Floats], part: Part, likeness: Likeness | None
    ) -> Floats:
        """The same without torch."""


class OneText:
    """An answer of each text."""

    def __init__(self, encoder: EncoderSettings, pooling: str, outputs: int) -> None:
        self.shapes = text_head_shapes(encoder, pooling, outputs)
        self._pooling = Pooling(encoder, pooling)

    def judged(self, part: Part) -> Ids:
        """The texts, longest first."""
        return part.sentences

    def scores(
        self, y: Tensor, weights: Mapping[str, Tensor], part: Part, likeness: Likeness | None, drop: float,
        random: np.random.Generator,
    ) -> Tensor:  # fmt: skip
        """Scores in training; what is dropped was in y."""
        del likeness, drop, random
        return self._pooling.pooled(y, weights, part.packing) @ weights["head.w"] + weights["head.b"]

    def at_work(
        self, y: Floats, weights: Mapping[str, Floats], part: Part, likeness: Likeness | None
    ) -> Floats:
        """Scores at work."""
        del likeness
        return self.parts(y, weights, part)[0]

    def parts(self, y: Floats, weights: Mapping[str, Floats], part: Part) -> tuple[Floats, Floats]:
        """Scores [B, C], and what each word adds to them [N, C], in packed order."""
        packing = part.packing
        order = np.argsort(packing.order())  # packed places, one text behind another
        starts = np.cumsum(packing.lengths) - packing.lengths
        shares = self._pooling.shares(y[order], weights, packing.lengths)
        added = np.empty((len(y), weights["head.w"].shape[1]), np.float32)
        added[order] = (y[order] * shares) @ weights["head.w"]
        return np.add.reduceat(added[order], starts, axis=0) + weights["head.b"], added


class TwoTexts:
    """An answer of each pair of texts, aligned word by word."""

    def __init__(
        self, encoder: EncoderSettings, pooling: str, outputs: int, measures: int, symmetric: bool
    ) -> None:
        self.shapes = text_head_shapes(encoder, pooling, outputs, measures)
        self._pooling, self._symmetric = Pooling(encoder, pooling), symmetric

    def judged(self, part: Part) -> Ids:
        """The pairs, in order of their numbers."""
        return pairs_of(part.sentences)

    def scores(
        self, y: Tensor, weights: Mapping[str, Tensor], part: Part, likeness: Likeness | None, drop: float,
        random: np.random.Generator,
    ) -> Tensor:  # fmt: skip
        """Scores in training."""
        import torch

        from nlpcli.engine.neural.nets.dropout import dropped

        assert likeness is not None
        grid = Grid.of(part.sentences, part.packing)
        alike = torch.from_numpy(likeness.of(part, grid))
        first, second = (y[torch.from_numpy(rows)] for rows in grid.rows)
        strength = first @ second.transpose(1, 2) / y.shape[1] ** 0.5 + alike @ weights["head.align"]
        here, there = (torch.from_numpy(inside) for inside in grid.there)
        to_second = torch.softmax(strength.masked_fill(~there[:, None], -torch.inf), dim=2)
        to_first = torch.softmax(strength.masked_fill(~here[:, :, None], -torch.inf), dim=1)
        across = (to_second @ second, to_first.transpose(1, 2) @ first)
        best = (
            alike.masked_fill(~there[:, None, :, None], -1).amax(dim=2),
            alike.masked_fill(~here[:, :, None, None], -1).amax(dim=1),
        )
        back = torch.from_numpy(grid.back)
        z, f = (torch.cat([side.flatten(0, 1) for side in sides])[back] for sides in (across, best))
        compared = dropped(torch.cat([y, z, (y - z).abs(), y * z, f], dim=1), drop, random)
        c = torch.relu(compared @ weights["head.compare_w"] + weights["head.compare_b"])
        pooled = self._pooling.pooled(c, weights, part.packing)
        u, v = (pooled[torch.from_numpy(texts)] for texts in grid.texts)
        one, other = (u + v, torch.maximum(u, v)) if self._symmetric else (u, v)
        whole = dropped(torch.cat([one, other, (u - v).abs(), u * v], dim=1), drop, random)
        hidden = torch.relu(whole @ weights["head.hidden_w"] + weights["head.hidden_b"])
        return dropped(hidden, drop, random) @ weights["head.w"] + weights["head.b"]

    def at_work(
        self, y: Floats, weights: Mapping[str, Floats], part: Part, likeness: Likeness | None
    ) -> Floats:
        """Scores at work."""
        assert likeness is not None
        packing, grid = part.packing, Grid.of(part.sentences, part.packing)
        alike = likeness.of(part, grid)
        first, second = (y[rows] for rows in grid.rows)
        strength = (
            first @ second.transpose(0, 2, 1) / np.float32(y.shape[1] ** 0.5) + alike @ weights["head.align"]
        )
        here, there = grid.there
        across = (
            _softmax(strength, there[:, None], 2) @ second,
            _softmax(strength, here[:, :, None], 1).transpose(0, 2, 1) @ first,
        )
        best = (
            np.where(there[:, None, :, None], alike, np.float32(-1)).max(axis=2),
            np.where(here[:, :, None, None], alike, np.float32(-1)).max(axis=1),
        )
        z, f = (
            np.concatenate([side.reshape(-1, side.shape[2]) for side in sides])[grid.back]
            for sides in (across, best)
        )
        compared = np.concatenate([y, z, abs(y - z), y * z, f], axis=1)
        c = np.maximum(compared @ weights["head.compare_w"] + weights["head.compare_b"], 0)
        order = np.argsort(packing.order())
        shares = self._pooling.shares(c[order], weights, packing.lengths)
        starts = np.cumsum(packing.lengths) - packing.lengths
        pooled = np.add.reduceat(c[order] * shares, starts, axis=0)
        u, v = pooled[grid.texts[0]], pooled[grid.texts[1]]
        one, other = (u + v, np.maximum(u, v)) if self._symmetric else (u, v)
        whole = np.concatenate([one, other, abs(u - v), u * v], axis=1)
        hidden = np.maximum(whole @ weights["head.hidden_w"] + weights["head.hidden_b"], 0)
        scores: Floats = hidden @ weights["head.w"] + weights["head.b"]
        return scores


def _softmax(strength: Floats, inside: np.ndarray, axis: int) -> Floats:
    """Shares along an axis of those that are inside."""
    held = np.where(inside, strength, np.float32(-np.inf))
    shares = np.exp(held - held.max(axis=axis, keepdims=True))
    found: Floats = shares / shares.sum(axis=axis, keepdims=True)
    return found


def head_of(
    encoder: EncoderSettings, pooling: str, outputs: int, measures: int, symmetric: bool = False
) -> OneText | TwoTexts:
    """The head for single texts, or, with measures of how alike words are, for pairs."""
    if measures:
        return TwoTexts(encoder, pooling, outputs, measures, symmetric)
    return OneText(encoder, pooling, outputs)
