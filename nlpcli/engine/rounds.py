"""Rounds of shards: training on several threads with the same bytes for any number of them.

A stretch of text is trained in rounds of four shards of 512 words, each apart from the
others (`kernels/apart.py`); a round is over when all have added what they have gained. Rounds
and shards follow from the place in the text alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels import apart
from nlpcli.engine.kernels.noise import Text
from nlpcli.engine.kernels.rows import aligned_rows
from nlpcli.engine.kernels.targets import Objective
from nlpcli.engine.kernels.tiles import WIDTH
from nlpcli.engine.kernels.windows import Subwords, Window
from nlpcli.engine.stretches import Stretch

SHARDS = 4
SHARD = 512  # words
# How far a use of a row goes towards where it is going, as a multiple of the learning rate.
INPUT_PULL = 0.1
OUTPUT_PULL = 0.1

Floats = NDArray[np.float32]


class Rounds:
    """Trains stretches; `step` is what `stretches.Run` asks for."""

    def __init__(
        self,
        inputs: Floats,
        outputs: Floats,
        subwords: Subwords,
        text: Text,
        objective: Objective,
        window: Window,
        threads: int,
    ) -> None:
        words, width = len(text.keep), inputs.shape[1]
        self._matrices = inputs, outputs
        self._training = text, objective, window
        self._subwords = subwords
        self._rows = plain_subwords(len(outputs))
        self._copied_inputs = _copies(words, min(SHARD, words), width)
        targets = min(SHARD * objective.tiles * WIDTH, len(outputs))
        self._copied_outputs = _copies(len(outputs), targets, width)
        self._tallies = _tally(len(inputs)), _tally(len(outputs))
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads)

    def step(self, part: Stretch) -> tuple[float, int]:
        """Train on a stretch; the summed loss, and of how many predictions."""
        sums = [
            self._round(part, first, min(first + SHARDS * SHARD, part.last))
            for first in range(part.first, part.last, SHARDS * SHARD)
        ]
        return math.fsum(loss for loss, _ in sums), sum(count for _, count in sums)

    def _round(self, part: Stretch, first: int, last: int) -> tuple[float, int]:
        inputs, outputs = self._matrices
        sums = np.zeros((SHARDS, 2))
        shards = -(-(last - first) // SHARD)

        def train(number: int) -> None:
            apart.train_apart(
                number, self._threads, inputs, outputs, self._subwords, self._copied_inputs,
                self._copied_outputs, *self._training, first, last, SHARD, part.alpha, part.stream, sums,
            )  # fmt: skip

        def add_up(number: int) -> None:
            share = number, self._threads
            pulls = INPUT_PULL * part.alpha, OUTPUT_PULL * part.alpha
            apart.add_up(
                *share, inputs, self._subwords, self._copied_inputs, self._tallies[0], shards, pulls[0]
            )
            apart.add_up(
                *share, outputs, self._rows, self._copied_outputs, self._tallies[1], shards, pulls[1]
            )

        self._on_all_threads(train)
        self._on_all_threads(add_up)
        loss, predictions = sums.sum(axis=0).tolist()
        return loss, int(predictions)

    def _on_all_threads(self, work: Callable[[int], None]) -> None:
        """Do the work's parts and wait for all; this thread does one of them."""
        others = [self._pool.submit(work, number) for number in range(1, self._threads)]
        work(0)
        for other in others:
            other.result()


def plain_subwords(words: int) -> Subwords:
    """Every word is its own only subword."""
    return Subwords(np.arange(words + 1), np.arange(words, dtype=np.int32))


def _copies(vectors: int, most: int, width: int) -> apart.Copies:
    """Room for the copies of all shards."""
    room = aligned_rows(SHARDS * (most + 1), width).reshape(SHARDS, most + 1, width)
    places = np.full((SHARDS, vectors), -1, np.int32)
    origins, uses = np.zeros((SHARDS, most), np.int32), np.zeros((SHARDS, most), np.int32)
    return apart.Copies(places, origins, uses, np.zeros(SHARDS, np.int64), room)


def _tally(rows: int) -> apart.Tally:
    return apart.Tally(np.zeros(rows, np.int32), np.full(rows, -1, np.int32), np.zeros(rows, np.int32))
