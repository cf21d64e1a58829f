"""From the encoder's output for a word to its tag: the last part of a network that tags.

    Softmax   p(t | i) ∝ exp(y_i W + b)                                          every word for itself
    Crf       p(t_1 … t_n) ∝ exp(Σ e_i[t_i] + a[t_{i−1}, t_i]), e = y W + b      (Lample et al. 2016)
    Pieces    p(p_k | i, p_{k−1}) ∝ exp(tanh(y_i V + E[p_{k−1}] + P_k) U + c)    NNG+JKS, piece by piece

Each has its loss, in torch, and its best tags and how probable these are, in numpy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.schemas.tagging import head_shapes
from nlpcli.engine.neural.packing import Ids, Packing
from nlpcli.engine.neural.recurrent_step import log_softmax
from nlpcli.engine.runtime.arrays import Floats, offsets_of, ranges
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.tagging.training import legal
from nlpcli.settings.neural import EncoderSettings

if TYPE_CHECKING:
    from torch import Tensor

kernels = Kernels("neural.crf")
_NEVER = np.float32(-1e4)  # a transition's score that makes it impossible


class TagHead(Protocol):
    """The last part of a network that tags; `gold` is what it learns to give for each word."""

    shapes: dict[str, tuple[int, ...]]

    def loss(self, y: Tensor, weights: Mapping[str, Tensor], places: Ids, packing: Packing) -> Tensor:
        """Summed loss of packed words, y [N, Y]; `places` says which words of the text they are."""

    def best(self, y: Floats, weights: Mapping[str, Floats], packing: Packing) -> tuple[list[str], Floats]:
        """The tags of packed words, y [N, Y], and how probable each is."""


class Softmax:
    """Every word for itself."""

    def __init__(self, encoder: EncoderSettings, tags: Sequence[str], gold: Ids | None = None) -> None:
        self.shapes = head_shapes(encoder, len(tags), 0, crf=False)
        self._tags, self._gold = tags, gold

    def loss(self, y: Tensor, weights: Mapping[str, Tensor], places: Ids, packing: Packing) -> Tensor:  # noqa: ARG002
        """Summed cross entropy."""
        import torch
        from torch.nn import functional

        assert self._gold is not None
        scores = y @ weights["head.w"] + weights["head.b"]
        return functional.cross_entropy(scores, torch.from_numpy(self._gold[places]), reduction="sum")

    def best(self, y: Floats, weights: Mapping[str, Floats], packing: Packing) -> tuple[list[str], Floats]:  # noqa: ARG002
        """The likeliest tag of each word."""
        logarithms = log_softmax(y @ weights["head.w"] + weights["head.b"])
        found = logarithms.argmax(axis=1)
        return [self._tags[tag] for tag in found.tolist()], np.exp(logarithms.max(axis=1))


class Crf:
    """The best sequence of labels; those that BIO-2 forbids are no sequences."""

    def __init__(self, encoder: EncoderSettings, tags: Sequence[str], gold: Ids | None = None) -> None:
        self.shapes = head_shapes(encoder, len(tags), 0, crf=True)
        self._tags, self._gold = tags, gold
        self._never = np.where(legal(tags), np.float32(0), _NEVER).astype(np.float32)

    def loss(self, y: Tensor, weights: Mapping[str, Tensor], places: Ids, packing: Packing) -> Tensor:
        """Summed negative log-probability of the sentences' labels."""
        import torch

        from nlpcli.engine.neural.nets.crf import crf_loss

        assert self._gold is not None
        emissions = y @ weights["head.w"] + weights["head.b"]
        transitions = weights["head.transitions"] + torch.from_numpy(self._never)
        return crf_loss(emissions, transitions, torch.from_numpy(self._gold[places]), packing)

    def best(self, y: Floats, weights: Mapping[str, Floats], packing: Packing) -> tuple[list[str], Floats]:
        """The best sequence of each sentence."""
        emissions = y @ weights["head.w"] + weights["head.b"]
        transitions = weights["head.transitions"] + self._never
        found, likely = np.empty(len(y), np.int64), np.empty(len(y))
        kernels.best_tags(packing.starts, packing.lengths, emissions, transitions, found)
        kernels.probabilities(packing.starts, packing.lengths, emissions, transitions, found, likely)
        return [self._tags[tag] for tag in found.tolist()], likely.astype(np.float32)


class Pieces:
    """Tags that are made of pieces, one after the other; the last is the end of the tag."""

    def __init__(
        self,
        encoder: EncoderSettings,
        tags: Sequence[str],
        most: int,
        gold: Sequence[Sequence[int]] | None = None,
    ) -> None:
        self.shapes = head_shapes(encoder, len(tags), most, crf=False)
        self._tags, self._most = tags, most
        if gold is not None:
            self._starts = offsets_of(np.fromiter(map(len, gold), np.int64, len(gold)))
            self._gold = np.fromiter((piece for word in gold for piece in word), np.int64)

    def loss(self, y: Tensor, weights: Mapping[str, Tensor], places: Ids, packing: Packing) -> Tensor:  # noqa: ARG002
        """Summed cross entropy of all pieces."""
        import torch
        from torch.nn import functional

        counts = np.diff(self._starts)[places]
        words = np.repeat(np.arange(len(places)), counts)
        number = ranges(np.zeros_like(counts), counts)
        gold = self._gold[ranges(self._starts[places], counts)]
        earlier = np.where(number == 0, len(self._tags), np.roll(gold, 1))  # the end also is the beginning
        hidden = (
            (y @ weights["head.v"])[torch.from_numpy(words)]
            + functional.embedding(torch.from_numpy(earlier), weights["head.pieces"])
            + functional.embedding(torch.from_numpy(number), weights["head.places"])
        )
        scores = torch.tanh(hidden) @ weights["head.w"] + weights["head.b"]
        return functional.cross_entropy(scores, torch.from_numpy(gold), reduction="sum")

    def best(self, y: Floats, weights: Mapping[str, Floats], packing: Packing) -> tuple[list[str], Floats]:  # noqa: ARG002
        """The likeliest piece after each piece, until the end of the tag."""
        end = len(self._tags)
        hidden = y @ weights["head.v"]
        live, before = np.arange(len(y)), np.full(len(y), end)
        found: list[list[str]] = [[] for _ in range(len(y))]
        logarithms = np.zeros(len(y), np.float32)
        for number in range(self._most):
            within = np.tanh(hidden[live] + weights["head.pieces"][before] + weights["head.places"][number])
            scores = log_softmax(within @ weights["head.w"] + weights["head.b"])
            if number == 0:
                scores[:, end] = -np.inf  # a tag has at least one piece
            best = scores.argmax(axis=1)
            logarithms[live] += scores.max(axis=1)
            goes_on = best != end
            live, before = live[goes_on], best[goes_on]
            for word, piece in zip(live.tolist(), before.tolist(), strict=True):
                found[word].append(self._tags[piece])
        return ["+".join(pieces) for pieces in found], np.exp(logarithms)


def head_of(
    encoder: EncoderSettings,
    tags: Sequence[str],
    most: int,
    *,
    crf: bool,
    gold: NDArray[np.int64] | Sequence[Sequence[int]] | None = None,
) -> TagHead:
    """The head for whole tags, in sequences or each for itself, or for pieces (`most` > 0)."""
    if most:
        return Pieces(encoder, tags, most, gold)  # type: ignore[arg-type]
    return (Crf if crf else Softmax)(encoder, tags, gold)  # type: ignore[arg-type]
