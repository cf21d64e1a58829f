"""The features of labelled texts as rows of numbers, counted on the way: what nbsvm learns from.

Each feature is made once. It is counted in a table as for Naive Bayes (`features.count`), and its place in
that table is kept for the document, which becomes its number when all is counted:

    0 … S − 1        features that several documents have, the most frequent first, so that they lie together
    S + k · D + d    a feature that document d alone has, among its features of kind k

Not here: what is learnt (`nbsvm.py`, `support_vectors.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.count_table import Counted, CountTable
from nlpcli.engine.classify.examples import Examples
from nlpcli.engine.classify.features import (
    CHUNKS_PER_CORE,
    FeatureExtractor,
    add_chunks,
    sorted_by_part,
    table_bits,
)
from nlpcli.engine.classify.packed_counts import kind_for
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.spill import SpillList
from nlpcli.engine.runtime.threads import available_cores, in_threads, run_all
from nlpcli.settings.classify import FeatureSettings

kernels = Kernels("classify.counting")

_PLACES = 1 << 20  # resolved at a time, of whole documents
_ALONE, _LEFT_OUT = -1, -2


class DocumentRows(NamedTuple):
    """The features of one kind of every document that others have too: rows[ends[d − 1]:ends[d]].

    norms: float64 [D], 1 / √n of all its known features; alone: int64 [D], how many it has alone.
    """

    rows: NDArray[np.int32]
    ends: NDArray[np.int64]
    norms: NDArray[np.float64]
    alone: NDArray[np.int64]

    @classmethod
    def none(cls, documents: int) -> DocumentRows:
        """No features at all."""
        nothing = np.zeros(documents, np.int64)
        return cls(np.zeros(0, np.int32), nothing, nothing.astype(np.float64), nothing)


class Features(NamedTuple):
    """All features, and how often those that several documents have were seen in each class.

    keys: uint64 [F], ascending; numbers: int32 [F], as above; counts [S, C]; totals: int64 [S].
    """

    keys: NDArray[np.uint64]
    numbers: NDArray[np.int32]
    counts: NDArray[np.signedinteger[Any]]
    totals: NDArray[np.int64]

    @property
    def owners(self) -> NDArray[np.int32]:
        """K · D + d of each feature that one document alone has."""
        return np.asarray(self.numbers[self.numbers >= len(self.totals)] - len(self.totals))


def count_rows(
    examples: Examples, kinds: Sequence[FeatureSettings], least: int, progress: Progress = SILENT
) -> tuple[Features, list[DocumentRows]]:
    """The features that were seen at least `least` times, and the rows of each kind of them.

    A feature counts once per document. Documents with a negative label have no features. The result does
    not depend on the number of threads.
    """
    documents, threads = len(examples.labels), available_cores()
    extractors = [FeatureExtractor(examples.corpus, kind) for kind in kinds]
    most = sum(extractor.most for extractor in extractors)
    bits = table_bits(most)
    labels = np.tile(examples.labels, len(kinds))
    parts = [CountTable(labels, len(examples.names), True) for _ in range(1 << bits)]
    seen = [_Places(documents, kind * documents) for kind in range(len(kinds))]
    for extractor, places in zip(extractors, seen, strict=True):
        chunks = list(extractor.chunks())
        for begin in range(0, len(chunks), CHUNKS_PER_CORE * threads):
            some = chunks[begin : begin + CHUNKS_PER_CORE * threads]
            places.count(extractor, some, parts, bits)
            progress.update("counting", some[-1][1], documents)
    largest = max(part.largest for part in parts)
    counted = list(
        in_threads(CountTable.counted, ((part, least, kind_for(largest)) for part in parts), threads)
    )
    bases = offsets_of([part.size for part in counted])
    features, lookup = _numbered(counted, bases, len(examples.names))
    return features, [places.resolved(bases, lookup) for places in seen]


def _numbered(
    counted: list[Counted], bases: NDArray[np.int64], classes: int
) -> tuple[Features, NDArray[np.int32]]:
    """The features with their numbers, and the number of each row of the tables, one behind the other.

    `counted` is emptied.
    """
    totals = np.concatenate([part.totals[part.totals > 1] for part in counted])
    order = np.argsort(-totals, kind="stable")
    ranks = np.empty(len(order), np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    size = sum(len(part.keys) for part in counted)
    keys, numbers = np.empty(size, np.uint64), np.empty(size, np.int32)
    counts = np.empty((len(order), classes), counted[0].counts.dtype)
    lookup = np.full(bases[-1], _LEFT_OUT, np.int32)
    done = first = 0
    for base in bases[:-1].tolist():
        part = counted.pop(0)  # which is released when it is copied
        shared, stop = part.totals > 1, done + len(part.keys)
        mine, ranked = numbers[done:stop], ranks[first : first + len(part.counts)]
        mine[:] = part.last + len(order)
        mine[shared] = ranked
        lookup[base + part.rows] = np.where(shared, mine, _ALONE)
        keys[done:stop], counts[ranked] = part.keys, part.counts
        done, first = stop, first + len(ranked)
    return Features(keys, numbers, counts, totals[order]), lookup


class _Places:
    """Where the features of one kind of every document stand in the tables, on disk once they are many.

    first: the number of the first document, which is not 0 where documents come a second time.
    """

    def __init__(self, documents: int, first: int) -> None:
        self._documents, self._first = documents, first
        self._spilled, self._found = SpillList(), 0
        self._sizes = np.zeros(documents, np.int64)

    def count(
        self,
        extractor: FeatureExtractor,
        chunks: Sequence[tuple[int, int]],
        parts: list[CountTable],
        bits: int,
    ) -> None:
        """Count some documents' features in the tables, and keep their places there."""
        threads = available_cores()

        def sorted_chunk(first: int, last: int) -> tuple[Any, ...]:
            made, ends, _ = extractor.make(first, last)
            by_part = sorted_by_part(made, ends, self._first + first, bits)
            part_of = (made >> np.uint64(64 - bits)).astype(np.uint8)
            return by_part, part_of, ends, np.empty(len(made), np.int32)

        def in_order(by_part: Any, part_of: Any, ends: Any, rows: Any) -> tuple[Any, Any]:
            places, place_ends = np.empty(len(rows), np.uint32), np.empty_like(ends)
            found = kernels.by_document(part_of, ends, by_part[0], rows, places, place_ends)
            return places[:found].copy(), place_ends

        sorted_ = list(in_threads(sorted_chunk, chunks, threads))
        shares = (range(thread, len(parts), threads) for thread in range(threads))
        by_part, rows = [one[0] for one in sorted_], [one[3] for one in sorted_]
        run_all(add_chunks, ((parts, by_part, share, rows) for share in shares), threads)
        for (first, last), (places, ends) in zip(chunks, in_threads(in_order, sorted_, threads), strict=True):
            self._sizes[first:last] = np.diff(ends, prepend=0)
            self._spilled.append(places.view(np.int32))
            self._found += len(places)

    def resolved(self, bases: NDArray[np.int64], lookup: NDArray[np.int32]) -> DocumentRows:
        """The rows, when all is counted."""
        places, ends = self._spilled.numbers(self._found).view(np.uint32), np.cumsum(self._sizes)
        spilled, found = SpillList(), 0
        alone, row_ends = np.zeros((2, self._documents), np.int64)
        last = 0
        while last < self._documents:
            first, begin = last, int(ends[last - 1]) if last else 0
            last = max(int(np.searchsorted(ends, begin + _PLACES, side="right")), first + 1)
            some = places[begin : int(ends[last - 1])].copy()
            rows = np.empty(len(some), np.int32)
            written = kernels.resolve(
                some, ends[first:last] - begin, bases, lookup, rows, row_ends[first:last], alone[first:last]
            )
            row_ends[first:last] += found
            found += written
            spilled.append(rows[:written].copy())
        sizes = np.diff(row_ends, prepend=0) + alone
        return DocumentRows(spilled.numbers(found), row_ends, 1 / np.sqrt(np.maximum(sizes, 1)), alone)
