"""Latent Dirichlet allocation (Blei et al. 2003), by collapsed Gibbs sampling.

The documents are cut into shards, a number that depends on the text alone, and each has its own counts
(AD-LDA, Newman et al. 2009). It sees its own changes at once, and those of the others after every round,
an eighth of a sweep, in a fixed order. So any number of threads gives the same bytes, and hardly more
sweeps are needed than by one sampler. The prior of each topic is fitted to the documents as in Mallet
(Wallach et al. 2009: an asymmetric α, but one β for all words, save those that are to be in some topic).

Not here: the sampling itself (`kernels/topics/gibbs.py`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.documents.sparse import split_rows
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.interrupts import postponed_signals
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import Team, available_cores
from nlpcli.engine.topics.lda_start import PIECE, first_topics, pieces
from nlpcli.engine.topics.seed_words import NO_SEEDS, Seeds, seed_counts
from nlpcli.settings.topics import TopicSettings

kernels = Kernels("topics.gibbs")

LANES = 8  # rows of topics are padded to a multiple
_SHARDS = 4
_ROUNDS = 8
_FEW = 1 << 19  # tokens that are one shard: a second takes more time of all processors than it saves
_COPY = 4  # a shard's counts may be so many times as many as its tokens
_SHAPE, _SCALE = 1.001, 1.0  # the gamma prior of each α, as in Mallet
_LEAST_ALPHA = 1e-4
_GOLDEN, _64_BITS = 0x9E3779B97F4A7C15, 2**64 - 1
_TOLD = 50  # sweeps between two words about how it goes


@dataclass(frozen=True, eq=False)
class FoundTopics:
    """word_counts int32 [V, K], words by topics; alpha float64 [K]; log-likelihood a token."""

    word_counts: NDArray[np.int32]
    alpha: NDArray[np.float64]
    log_likelihood: float


class _Room(NamedTuple):
    """What a shard works in; its counts are in the first two."""

    word_rows: Floats
    totals: Floats
    document: Floats
    sums: Floats


def find_topics(
    corpus: EncodedCorpus,
    settings: TopicSettings,
    threads: int | None = None,
    progress: Progress = SILENT,
    seeds: Seeds = NO_SEEDS,
) -> FoundTopics:
    """The topics of a corpus, seeded ones first, then the largest; some document must have a token."""
    training = Training(corpus, settings, threads, seeds)
    training.begin(progress)
    training.go(progress)
    return training.found()


class Standing(NamedTuple):
    """Between two sweeps: how many were made, the topic of every token [N] and the priors of topics [K]."""

    done: int
    topics: NDArray[np.int32]
    alpha: NDArray[np.float64]


class Training:
    """A training that may be interrupted at any time: it goes on from between two sweeps.

    It has to `begin`, or to be restored to where one like it stood.
    """

    def __init__(
        self,
        corpus: EncodedCorpus,
        settings: TopicSettings,
        threads: int | None = None,
        seeds: Seeds = NO_SEEDS,
    ) -> None:
        self._corpus, self.settings, self._seeds = corpus, settings, seeds
        self._threads = threads or available_cores()
        self._sampler = _Sampler(corpus, settings, self._threads, seeds)
        self.standing = Standing(0, self._sampler.topics.copy(), self._sampler.alpha)

    def begin(self, progress: Progress = SILENT) -> None:
        """Draw the first topics."""
        topics = first_topics(self._corpus, self.settings, self._seeds, self._threads, progress)
        self.restore(Standing(0, topics, self.standing.alpha))

    def go(self, progress: Progress, every: int = 0, save: Callable[[], object] = lambda: None) -> int:
        """Sweep to the end, from wherever it stands, and `save` each `every` sweeps; how many there were."""
        sampler, settings = self._sampler, self.settings
        for sweep in range(self.standing.done, settings.iterations):
            sampler.sweep(sweep)
            if settings.optimize_interval and (sweep + 1) % settings.optimize_interval == 0:
                sampler.fit_alpha()
            with postponed_signals():
                np.copyto(self.standing.topics, sampler.topics)
                self.standing = Standing(sweep + 1, self.standing.topics, sampler.alpha)
            if every and (sweep + 1) % every == 0:
                save()
            detail = ""
            if (sweep + 1) % _TOLD == 0:
                detail = f"log-likelihood {sampler.log_likelihood():.4f} a token"
                progress.note(f"sweep {sweep + 1}: {detail}")
            progress.update("sampling", sweep + 1, settings.iterations, detail)
        return settings.iterations

    def found(self) -> FoundTopics:
        """The topics as they are now."""
        sampler, topics = self._sampler, self.settings.topics
        sizes = sampler.word_counts.sum(axis=0)[:topics]
        sizes[: self._seeds.topics] = np.iinfo(sizes.dtype).max  # they keep their numbers
        order = np.argsort(-sizes, kind="stable")
        counts = np.ascontiguousarray(sampler.word_counts[:, order])
        return FoundTopics(counts, sampler.alpha[order], sampler.log_likelihood())

    def restore(self, standing: Standing) -> None:
        """Go on from a place where the same training once stood."""
        self._sampler.set(standing)
        self.standing = standing


class _Sampler:
    """The state of a training: a topic for every token, and what follows from them."""

    def __init__(
        self, corpus: EncodedCorpus, settings: TopicSettings, threads: int, seeds: Seeds = NO_SEEDS
    ) -> None:
        self._ids, self._offsets = np.ascontiguousarray(corpus.ids), corpus.offsets
        self._settings = settings
        words, row = len(corpus.vocabulary), -(-settings.topics // LANES) * LANES
        self.alpha = np.full(settings.topics, settings.alpha)
        shards = _shards(corpus.offsets, words * row)
        self._blocks = [_blocks(corpus.offsets, *shard) for shard in shards]
        self._team = Team(min(threads, len(shards)))
        self._topics = np.zeros(len(self._ids), dtype=np.int32)
        self._seeds, self._seeded = seeds, np.zeros(0)
        if len(seeds.pairs):
            frequencies = np.bincount(self._ids, minlength=words)
            self._seeded = seed_counts(seeds.pairs, frequencies, settings.seed_weight)
        self._before = self._topics.copy()
        self.word_counts = np.zeros((words, row), dtype=np.int32)
        self._rooms = [
            _Room(
                np.empty((words, row), np.float32), np.empty(row, np.float32),
                np.empty((3, row), np.float32), np.empty(row, np.float32),
            )
            for _ in shards
        ]  # fmt: skip
        self._count()

    @property
    def topics(self) -> NDArray[np.int32]:
        """The topic of every token [N]."""
        return self._topics

    def set(self, standing: Standing) -> None:
        """Be where a training once stood."""
        np.copyto(self._topics, standing.topics)
        np.copyto(self._before, standing.topics)
        self.alpha = standing.alpha
        self._count()

    def _count(self) -> None:
        self.word_counts.fill(0)
        for first in range(0, len(self._ids), PIECE):
            last = min(first + PIECE, len(self._ids))
            kernels.count_topics(self._ids, self._topics, first, last, self.word_counts)
        self._topic_counts = self.word_counts.sum(axis=0, dtype=np.int64)

    def sweep(self, number: int) -> None:
        """Draw the topic of every token anew."""
        alpha = np.zeros(self.word_counts.shape[1], dtype=np.float32)
        alpha[: len(self.alpha)] = self.alpha
        self._team.do(self._start)
        for at in range(_ROUNDS):
            self._team.do(self._draw, at, number, alpha)
            self._team.do(self._follow, at)
            for blocks in self._blocks if len(self._blocks) > 1 else ():
                span = slice(*self._offsets[list(blocks[at])])
                self._before[span] = self._topics[span]
        self._count()

    def _start(self, share: tuple[int, int]) -> None:
        for room in self._rooms[share[0] :: share[1]]:
            beta = np.float32(self._settings.beta)
            kernels.start(self.word_counts, self._topic_counts, beta, room.word_rows, room.totals)
            for (word, topic), more in zip(self._seeds.pairs.tolist(), self._seeded.tolist(), strict=False):
                room.word_rows[word, topic] += np.float32(more)
                room.totals[topic] += np.float32(more)

    def _draw(self, share: tuple[int, int], at: int, number: int, alpha: Floats) -> None:
        """A round: each shard's block of documents."""
        beta_sum = np.float32(self._settings.beta * len(self.word_counts))
        for which in range(share[0], len(self._rooms), share[1]):
            for first, last in pieces(self._offsets, *self._blocks[which][at]):
                state = _stream(self._settings.seed, number, first)
                kernels.sweep(
                    self._ids, self._topics, self._offsets, first, last, alpha, beta_sum, state,
                    *self._rooms[which],
                )  # fmt: skip

    def _follow(self, share: tuple[int, int], at: int) -> None:
        """Each shard learns what has changed in the others."""
        for which in range(share[0], len(self._rooms), share[1]):
            room = self._rooms[which]
            for other, blocks in enumerate(self._blocks):
                for first, last in pieces(self._offsets, *blocks[at]) if other != which else ():
                    kernels.follow(
                        self._ids, self._before, self._topics, self._offsets[first], self._offsets[last],
                        room.word_rows, room.totals,
                    )  # fmt: skip

    def fit_alpha(self) -> None:
        """One step of Minka's fixed point: α_k · (above_k + prior) / (below + prior)."""
        counts, above = np.zeros(len(self.alpha), dtype=np.int64), np.zeros(len(self.alpha))
        below = 0.0
        for first, last in pieces(self._offsets, 0, len(self._offsets) - 1):
            below += kernels.prior_sums(self._topics, self._offsets, first, last, self.alpha, counts, above)
        fitted = (self.alpha * above + _SHAPE - 1) / (below + 1 / _SCALE)
        self.alpha = np.maximum(fitted, _LEAST_ALPHA)

    def log_likelihood(self) -> float:
        """Log P(w, z | α, β) a token (Griffiths and Steyvers 2004), which Mallet and tomotopy also tell."""
        counts = np.zeros(len(self.alpha), dtype=np.int64)
        found = 0.0
        for first, last in pieces(self._offsets, 0, len(self._offsets) - 1):
            found += kernels.log_likelihood_of_topics(
                self._topics, self._offsets, first, last, self.alpha, counts
            )
        beta, words, topics = self._settings.beta, len(self.word_counts), len(self.alpha)
        step = max(1, PIECE // topics)
        for first in range(0, words, step):
            last = min(first + step, words)
            found += kernels.log_likelihood_of_words(self.word_counts, first, last, topics, beta)
        prior = np.full(topics, words * beta)
        for (word, topic), more in zip(self._seeds.pairs.tolist(), self._seeded.tolist(), strict=False):
            count = int(self.word_counts[word, topic])
            prior[topic] += more
            found += math.lgamma(count + beta + more) - math.lgamma(beta + more)
            found -= math.lgamma(count + beta) - math.lgamma(beta)
        for total, least in zip(self._topic_counts[:topics].tolist(), prior.tolist(), strict=True):
            found += math.lgamma(least) - math.lgamma(total + least)
        return found / len(self._ids)


def _shards(offsets: NDArray[np.int64], counts: int) -> list[tuple[int, int]]:
    """Ranges of documents; so many that copying `counts` numbers for each costs little."""
    tokens = int(offsets[-1])
    if tokens < _FEW:
        return split_rows(offsets, 1)
    return split_rows(offsets, min(_SHARDS, max(2, _COPY * tokens // counts)))


def _blocks(offsets: NDArray[np.int64], first: int, last: int) -> list[tuple[int, int]]:
    """A shard's documents in as many ranges as there are rounds, some of which may be empty."""
    cuts = np.searchsorted(offsets, np.linspace(offsets[first], offsets[last], _ROUNDS + 1))
    cuts[0], cuts[-1] = first, last
    return list(itertools.pairwise(np.clip(cuts, first, last).tolist()))


def _stream(seed: int, sweep: int, first: int) -> np.uint64:
    """The state of the chance for the documents from `first` on, in a sweep: far from all others."""
    state = 0
    for number in (seed, sweep, first):  # splitmix64's mixing of each, over the one before
        state = (state + number + _GOLDEN) & _64_BITS
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _64_BITS
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _64_BITS
        state ^= state >> 31
    return np.uint64(state)
