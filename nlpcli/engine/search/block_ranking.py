"""The best documents of some queries together, by packed postings: no term stands for others.

Not here: terms that do, word vectors, and what is shown of a document (`ranking.py`).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.search.closeness import Looked, add_closeness
from nlpcli.engine.search.postings import B, damaged, idf, room_of, usual_k1
from nlpcli.settings.search import SearchSettings

if TYPE_CHECKING:
    from nlpcli.engine.search.index import SearchIndex

kernels = Kernels("search.ranking")

_BLOCK, _WINDOW = 128, 4096
_TOGETHER = 32  # queries that a kernel answers in one go

Ranked = tuple[NDArray[np.int64], NDArray[np.float64]]  # documents and their scores, the best first
NOTHING: Ranked = (np.zeros(0, np.int64), np.zeros(0))


class _Terms(NamedTuple):
    """The terms of some queries, those of query q at offsets[q] to offsets[q + 1]: int64 [T], how often each
    stands in its query and its weight there, float64 [T]; quanta: of scores, float64 [Q]."""

    offsets: NDArray[np.int64]
    numbers: NDArray[np.int64]
    rarity: NDArray[np.float64]
    weights: NDArray[np.float64]
    quanta: NDArray[np.float64]


class BlockRanking:
    """Ranks the documents of an index by TF-IDF or BM25."""

    def __init__(self, index: SearchIndex, settings: SearchSettings) -> None:
        self._index = index
        self._by_bm25, self._b = settings.by == "bm25", settings.bm25_b
        self.k1 = usual_k1(index.settings.terms) if settings.bm25_k1 is None else settings.bm25_k1
        self._again = settings.rerank

    def best(
        self, wanted: Sequence[Mapping[str, int]], top: int, words: Sequence[Sequence[str]] | None = None
    ) -> list[tuple[NDArray[np.int64], NDArray[np.float64], set[str]]]:
        """The best documents of each query, given as terms and how often each stands there, and which terms
        are in the index; ranked again, if the settings say so, where the words of the queries are given."""
        found: list[tuple[NDArray[np.int64], NDArray[np.float64], set[str]]] = []
        for first in range(0, len(wanted), _TOGETHER):
            last = min(first + _TOGETHER, len(wanted))
            found += self._best(wanted[first:last], top, words[first:last] if words is not None else None)
        return found

    def _best(
        self, wanted: Sequence[Mapping[str, int]], top: int, words: Sequence[Sequence[str]] | None
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64], set[str]]]:
        names, terms = self._looked_up(wanted)
        again = self._again if words is not None else 0
        room = min(max(top, again), len(self._index))
        documents, scores = np.zeros((len(wanted), room), np.int64), np.zeros((len(wanted), room))
        held = self._ranked(terms, scores, documents)
        scores *= terms.quanta[:, None]
        queries = np.repeat(np.arange(len(wanted)), room)
        empty = (np.arange(room) >= held[:, None]).ravel()
        if again and words is not None:
            looked = Looked(terms.offsets, names, terms.rarity, terms.weights, words)
            add_closeness(self._index.texts, looked, documents, held, scores)
        order = np.lexsort((documents.ravel(), -scores.ravel(), empty, queries)).reshape(scores.shape)
        documents, scores = documents.ravel()[order], scores.ravel()[order]
        bounds = terms.offsets.tolist()
        for number, count in enumerate(np.minimum(held, top).tolist()):
            matched = set(names[bounds[number] : bounds[number + 1]])
            yield documents[number, :count], scores[number, :count], matched

    def _looked_up(self, wanted: Sequence[Mapping[str, int]]) -> tuple[list[str], _Terms]:
        """The terms of queries that are in the index, by name and as kernels take them."""
        names = list(itertools.chain.from_iterable(wanted))
        numbers = self._index.terms.numbers_of(names)
        known = numbers >= 0
        times = np.array([count for one in wanted for count in one.values()], np.float64)[known]
        offsets = offsets_of(known)[offsets_of(list(map(len, wanted)))]
        numbers, total = numbers[known], len(self._index)
        frequencies = self._index.postings.frequencies[numbers]
        rarity = bm25_idf(frequencies, total) if self._by_bm25 else idf(frequencies, total)
        weights, most = times * rarity, np.zeros(len(wanted))
        for query, (first, last) in enumerate(itertools.pairwise(offsets.tolist())):
            part = slice(first, last)
            if not self._by_bm25:
                weights[part] *= rarity[part] / max(float(np.linalg.norm(weights[part])), 1e-300)
            bounds = self.k1 + 1 if self._by_bm25 else self._most(numbers[part])
            most[query] = (weights[part] * bounds).sum()
        quanta = np.ldexp(1.0, np.frexp(np.maximum(most, 1e-300))[1] - 52)
        found = [name for name, is_there in zip(names, known.tolist(), strict=True) if is_there]
        return found, _Terms(offsets, numbers, rarity, weights, quanta)

    def _ranked(
        self, terms: _Terms, scores: NDArray[np.float64], documents: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Fill in scores, in quanta, and documents, both [Q, n]; how many there are, int64 [Q]."""
        postings, sizes = self._index.postings, np.diff(terms.offsets)
        count, held = int(sizes.max(initial=0)), np.zeros(len(sizes), np.int64)
        blocks = np.stack([postings.blocks[terms.numbers], postings.blocks[terms.numbers + 1]], axis=1)
        weights = terms.weights / np.repeat(terms.quanta, sizes)
        whole = kernels.best_of_all(
            terms.offsets, blocks, postings.frequencies[terms.numbers], weights,
            self.k1 + 1.0 if self._by_bm25 else 1.0, postings.index, self._bounds, self.room, self._by_bm25,
            np.zeros((count, 4), np.int64), np.zeros((2, count)), np.zeros(count, np.int64),
            np.zeros((count, _BLOCK), np.int32), np.zeros((count, _BLOCK), np.int32), np.zeros(_WINDOW),
            scores, documents, held,
        )  # fmt: skip
        if not whole:
            raise damaged()
        return held

    @functools.cached_property
    def room(self) -> NDArray[np.float64]:
        """Of each document what a count is divided by: with BM25 together with the count."""
        if self._by_bm25:
            return room_of(self._index.lengths, self.k1, self._b)
        return np.maximum(self._index.norms, 1e-12).astype(np.float64)

    @functools.cached_property
    def _bounds(self) -> NDArray[np.float32]:
        """The most that a posting of each block can add, by the rarity of its term."""
        postings = self._index.postings
        if not self._by_bm25:
            return postings.cosines
        if (self.k1, self._b) == (usual_k1(self._index.settings.terms), B):
            return postings.okapi
        return np.full(len(postings.okapi), (self.k1 + 1) * (1 + 1e-6), np.float32)

    def _most(self, terms: NDArray[np.int64]) -> NDArray[np.float64]:
        """The most of the bounds of each term's blocks."""
        starts = self._index.postings.blocks
        return np.array(
            [self._bounds[starts[term] : starts[term + 1]].max() for term in terms.tolist()], float
        )


def bm25_idf(frequencies: NDArray[np.int64], documents: int) -> NDArray[np.float64]:
    """Okapi BM25's, ln(1 + (n − df + ½) / (df + ½))."""
    rarity: NDArray[np.float64] = np.log(1 + (documents - frequencies + 0.5) / (frequencies + 0.5))
    return rarity
