"""Training over a text in chunks: which words come when, at which rate.

A chunk is a few thousand consecutive words, cut at a sentence's end where one is near; in a text
without line ends it is cut after 50,000 words at most, and no window reaches over the cut. A
kernel trains on one chunk at a time, in about a tenth of a second, so that progress and
Ctrl-C get their turn. Everything a chunk needs follows from its number, never from the thread
that takes it; with one thread the order is fixed too, and so are the bytes of the result.

Not here: what is trained (`word2vec_training.py`, `fasttext_training.py`), and on which threads
(`hogwild.py`, `deterministic.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LONGEST = 50_000
_AT_LEAST = 64  # chunks in an epoch, so that the rate falls smoothly on a small text too
_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Chunk:
    """Words `first` to `last` of the text, the learning rate, and a stream of random numbers."""

    number: int
    first: int
    last: int
    alpha: float
    stream: np.uint64


class Schedule:
    """All chunks of some epochs over a text.

    offsets: int64 [D + 1], where sentences begin. `cost` is the expected time of a word in
    nanoseconds, `at_least` how many chunks an epoch has if it has the words. The rate falls
    from `alpha` to `min_alpha` in proportion to the words done.
    """

    def __init__(
        self,
        offsets: NDArray[np.int64],
        epochs: int,
        alpha: float,
        min_alpha: float,
        seed: int,
        cost: float,
        at_least: int = _AT_LEAST,
    ) -> None:
        self.words = int(offsets[-1])
        self.epochs = epochs
        self._alpha, self._min_alpha, self._seed = alpha, min_alpha, seed
        size = int(min(_LONGEST, max(1000, 1e8 / cost), max(1, math.ceil(self.words / at_least))))
        self.cuts = _cuts(offsets, size)

    @property
    def chunks(self) -> int:
        """How many there are in an epoch."""
        return len(self.cuts) - 1

    def __len__(self) -> int:
        return self.chunks * self.epochs

    def __getitem__(self, number: int) -> Chunk:
        epoch, place = divmod(number, self.chunks)
        first, last = int(self.cuts[place]), int(self.cuts[place + 1])
        share = (epoch * self.words + first) / (self.epochs * self.words)
        alpha = max(self._min_alpha, self._alpha + (self._min_alpha - self._alpha) * share)
        return Chunk(number, first, last, alpha, np.uint64(stream(self._seed, number)))

    def words_before(self, number: int) -> int:
        """Words in the chunks before this one."""
        epoch, place = divmod(number, self.chunks)
        return epoch * self.words + int(self.cuts[place])


def stream(seed: int, number: int) -> int:
    """The start of a stream of random numbers: 64 bits that depend on all bits of both."""
    state = 0
    for part in (seed, number):
        state = (state + part + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


def _cuts(offsets: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Where chunks of about `size` words begin and end: at a sentence's end unless it is far."""
    places = np.arange(size, int(offsets[-1]), size)
    ends = offsets[np.searchsorted(offsets, places)]
    places = np.where(ends - places < size, ends, places)
    return np.unique(np.concatenate(([0], places, [offsets[-1]]))).astype(np.int64)
