"""Training over a text in chunks: which words come when, at which rate.

A chunk is a few thousand consecutive words, wherever they end: windows reach into the chunks beside it,
as far as the sentence goes. A kernel trains on one chunk at a time, in about a tenth of a second, so
that progress and Ctrl-C get their turn. Everything a chunk needs follows from its number, never from
the thread that takes it; with one thread the order is fixed too, and so are the bytes of the result.

Not here: what is trained (`word2vec_training.py`, `fasttext_training.py`), and on which threads
(`hogwild.py`, `deterministic.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_LONGEST = 50_000
_AT_LEAST = 64  # chunks of all epochs together, so that the rate falls smoothly on a small text too
_THINNING = 1 << 61  # random streams from here on thin the epochs; those below are the chunks'
_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Chunk:
    """Words `first` to `last` of the text, the learning rate, and streams of random numbers.

    `stream` is the chunk's own; `thinning` is that of the epoch, by which a word stays or not whichever
    chunk it is looked at from.
    """

    number: int
    first: int
    last: int
    alpha: float
    stream: np.uint64
    thinning: np.uint64

    def arguments(self) -> tuple[int, int, float, np.uint64, np.uint64]:
        """What kernels are told of a chunk: all but its number."""
        return self.first, self.last, self.alpha, self.stream, self.thinning


class Schedule:
    """All chunks of some epochs over a text of so many words.

    `cost` is the expected time of a word in nanoseconds, `at_least` how many chunks all epochs have
    together if there are the words. The rate falls from `alpha` to `min_alpha` in proportion to the
    words done.
    """

    def __init__(
        self,
        words: int,
        epochs: int,
        alpha: float,
        min_alpha: float,
        seed: int,
        cost: float,
        at_least: int = _AT_LEAST,
    ) -> None:
        self.words = words
        self.epochs = epochs
        self._alpha, self._min_alpha, self._seed = alpha, min_alpha, seed
        most = math.ceil(words * epochs / at_least)
        self.size = int(min(words, most, _LONGEST, max(1000, 1e8 / cost)))

    @property
    def chunks(self) -> int:
        """How many there are in an epoch."""
        return -(-self.words // self.size)

    def __len__(self) -> int:
        return self.chunks * self.epochs

    def __getitem__(self, number: int) -> Chunk:
        epoch, place = divmod(number, self.chunks)
        first = place * self.size
        last = min(first + self.size, self.words)
        share = (epoch * self.words + first) / (self.epochs * self.words)
        alpha = max(self._min_alpha, self._alpha + (self._min_alpha - self._alpha) * share)
        streams = (np.uint64(stream(self._seed, key)) for key in (number, _THINNING + epoch))
        return Chunk(number, first, last, alpha, *streams)

    def words_before(self, number: int) -> int:
        """Words in the chunks before this one."""
        epoch, place = divmod(number, self.chunks)
        return epoch * self.words + place * self.size


def stream(seed: int, number: int) -> int:
    """The start of a stream of random numbers: 64 bits that depend on all bits of both."""
    state = 0
    for part in (seed, number):
        state = (state + part + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state
