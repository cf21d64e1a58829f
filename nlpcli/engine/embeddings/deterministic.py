"""Rounds of shards: training on several threads with the same bytes for any number of them.

A chunk of text is thinned and trained in rounds of four shards of 512 words, each apart from the others
(`kernels/embeddings/shards.py`); a round is over when what they have learned is merged
(`kernels/embeddings/shard_merge.py`). Rounds and shards follow from the place in the text alone. While one
round is merged the next is prepared, which takes no vectors.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nlpcli.engine.embeddings.schedule import Chunk
from nlpcli.engine.kernels.embeddings import negative_sampling, shard_merge, shards
from nlpcli.engine.kernels.embeddings.arguments import STRIDE, WIDTH, Objective, Subwords, Text, Window
from nlpcli.engine.kernels.simd.padding import aligned_rows
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.compiled import numba_kernels
from nlpcli.engine.runtime.threads import Team

for file in ("shards", "shard_merge"):  # called as they are; what is compiled of them is kept
    numba_kernels(f"embeddings.{file}")

SHARDS = 4
SHARD = 512  # words
# How far a use of a row goes towards where it is going, as a multiple of the learning rate.
INPUT_PULL = 0.1
OUTPUT_PULL = 0.1

Share = tuple[int, int]  # which one, of how many


class WordShards:
    """How shards are trained and merged whose words have a row of their own.

    Behind its rows each matrix has room for what the shards copy, `copies` rows, and one of zeros.
    """

    def __init__(self, inputs: Floats, outputs: Floats) -> None:
        self._inputs, self._outputs = inputs, outputs

    def train(self, share: Share, *work: Any) -> None:
        """Train a share of the shards."""
        shards.train_word_shards(*share, self._inputs, self._outputs, *work)

    def merge(self, share: Share, work: shards.Round, alpha: float) -> None:
        """Merge a share of the rows."""
        shard_merge.merge_copies(*share, self._inputs, work.inputs, INPUT_PULL * alpha)
        shard_merge.merge_copies(*share, self._outputs, work.outputs, OUTPUT_PULL * alpha)


class SubwordShards:
    """The same for words that are means of subwords; only the output vectors have room for copies."""

    def __init__(self, inputs: Floats, outputs: Floats, subwords: Subwords, most: int) -> None:
        self._inputs, self._outputs, self._subwords = inputs, outputs, subwords
        words, width = _most_words(len(subwords.starts) - 1, most), inputs.shape[1]
        self._means = aligned_rows(SHARDS * (words + 1), width).reshape(SHARDS, words + 1, width)
        self._before = self._means[:, :-1].copy()
        shards, uses, last = (np.full(len(inputs), start, np.int32) for start in (0, 0, -1))
        self._tally = shard_merge.Tally(shards, last, uses, np.zeros(len(inputs), np.float32))

    def train(self, share: Share, *work: Any) -> None:
        """Train a share of the shards."""
        shards.train_subword_shards(
            *share, self._inputs, self._outputs, self._subwords, self._means, self._before, *work
        )

    def merge(self, share: Share, work: shards.Round, alpha: float) -> None:
        """Merge a share of the rows."""
        shard_merge.add_gains_of_words(
            *share, self._inputs, self._subwords, work.inputs, self._means, self._tally, INPUT_PULL * alpha
        )
        shard_merge.merge_copies(*share, self._outputs, work.outputs, OUTPUT_PULL * alpha)


class Rounds:
    """Trains chunks; `step` is what `chunks.Run` asks for."""

    def __init__(
        self,
        shards: WordShards | SubwordShards,
        text: Text,
        objective: Objective,
        window: Window,
        threads: int,
    ) -> None:
        self._shards = shards
        self._text, self._objective, self._window = text, objective, window
        self._sums = np.zeros((SHARDS, 2))
        self._rounds = [_empty_round(len(text.keep), objective.tiles, window.most) for _ in range(2)]
        self._team = Team(threads)

    def step(self, part: Chunk) -> tuple[float, int]:
        """Train on a chunk; the summed loss, and of how many predictions."""
        losses, predictions = [], 0
        words, begin, end = self._thinned(part)
        work, following = self._rounds
        self._team.do(self._prepare, words, work, part, begin, end)
        for first in range(begin, end, SHARDS * SHARD):
            self._team.do(self._train, words, work)
            losses += self._sums[:, 0].tolist()
            predictions += int(self._sums[:, 1].sum())
            self._team.do(self._merge_and_prepare, words, work, following, part, first + SHARDS * SHARD, end)
            work, following = following, work
        return math.fsum(losses), predictions

    def _thinned(self, part: Chunk) -> tuple[shards.Words, int, int]:
        """The words of a chunk with those beside them, and from where to where its own are."""
        most = self._window.most
        kept = np.empty(part.last - part.first + 2 * most, np.int32)
        bounds = np.empty(len(kept) + 1, np.int64)
        sentences, begin, end = negative_sampling.thinned(
            self._text, part.first, part.last, most, part.thinning, kept, bounds
        )
        return shards.Words(kept, bounds[: sentences + 1]), begin, end

    def _prepare(
        self, share: Share, words: shards.Words, work: shards.Round, part: Chunk, first: int, end: int
    ) -> None:
        first, last = min(first, end), min(first + SHARDS * SHARD, end)
        shards.prepare_shards(*share, words, self._objective, work, first, last, part.alpha, part.stream)

    def _train(self, share: Share, words: shards.Words, work: shards.Round) -> None:
        self._shards.train(share, words, work, self._objective.tiles, self._window, self._sums)

    def _merge_and_prepare(
        self,
        share: Share,
        words: shards.Words,
        work: shards.Round,
        following: shards.Round,
        part: Chunk,
        first: int,
        end: int,
    ) -> None:
        self._shards.merge(share, work, part.alpha)
        self._prepare(share, words, following, part, first, end)


def copies(words: int, tiles: int, most: int) -> int:
    """How many rows the shards of a round may copy: a share of each of the most rows they can use."""
    return SHARDS * max(_most_targets(words, tiles), _most_words(words, most))


def _most_targets(words: int, tiles: int) -> int:
    return min(SHARD * tiles * WIDTH, words)


def _most_words(words: int, most: int) -> int:
    return min(SHARD + 2 * most, words)


def _empty_round(words: int, tiles: int, most: int) -> shards.Round:
    buffers = SHARDS, SHARD * tiles, STRIDE
    return shards.Round(
        most,
        np.zeros((SHARDS, 4), np.int64),
        np.zeros((SHARDS, SHARD + 2 * most), np.int32),
        np.zeros(buffers, np.int32),
        np.zeros(buffers, np.float32),
        np.zeros(buffers, np.float32),
        np.zeros((SHARDS, SHARD), np.int64),
        np.zeros(SHARDS, np.uint64),
        _no_uses(words, _most_words(words, most)),
        _no_uses(words, _most_targets(words, tiles)),
    )


def _no_uses(rows: int, most: int) -> shards.Uses:
    lists = (np.zeros((SHARDS, most), np.int32) for _ in range(3))
    rows_used, uses, trained = lists
    place_of = np.full((SHARDS, rows), -1, np.int32)
    return shards.Uses(place_of, rows_used, np.zeros(SHARDS, np.int64), uses, trained)
