"""Partial counts of co-occurrence: the cells of a shard over a vocabulary that is given, in memory.

The vocabulary is that of all shards (`TokenCounting`), so that the same rows of all of them are of the same
words. Counts are whole units, so their sums are exact in any order.

Not here: the sums of files of counts, with vocabularies of their own (`count_files.py`).
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.cooccurrence.count_files import Cooccurrence
from nlpcli.engine.cooccurrence.counting import (
    MOST_UNITS,
    Counts,
    Scratch,
    count_corpus,
    group_bounds,
    make_groups,
    too_large,
    unit_of,
)
from nlpcli.engine.cooccurrence.vocabularies import firsts_of, ranks_of
from nlpcli.engine.corpus.encoding import encode_ranked
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.shards import Shard
from nlpcli.engine.kernels.counts.arguments import CellTable, Rows
from nlpcli.engine.runtime.arrays import as_compiled, joined, offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import Stop, available_cores, run_threads
from nlpcli.settings.embeddings import CooccurrenceSettings
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings

kernels = Kernels("counts.merging")

_CELLS_A_CALL = 10_000_000


@dataclass(frozen=True, eq=False)
class CellCounts:
    """The matrix [V, V] of a shard, or some consecutive rows of it.

    indptr: int64 [rows + 1]; columns: int32 [cells], ascending in each row
    units: counts in units [cells], of an unsigned type that holds them
    seen: int64 [V], how often each word stood in the text; first: int64 [V], where each was first seen
    others: whether there were tokens of other words
    """

    indptr: NDArray[np.int64]
    columns: NDArray[np.int32]
    units: NDArray[np.unsignedinteger]
    seen: NDArray[np.int64]
    first: NDArray[np.int64]
    others: bool = False

    def rows(self, first: int, last: int) -> Rows:
        """Rows first … last − 1, as kernels take them."""
        begin, end = self.indptr[first], self.indptr[last]
        ends = self.indptr[first + 1 : last + 1] - begin
        return Rows(ends, self.columns[begin:end], self.units[begin:end].astype(np.int64))

    def slice(self, first: int, last: int) -> CellCounts:
        """Rows first … last − 1 as counts of their own: what one task of many may add up."""
        begin, end = self.indptr[first], self.indptr[last]
        return dataclasses.replace(
            self,
            indptr=self.indptr[first : last + 1] - begin,
            columns=self.columns[begin:end],
            units=self.units[begin:end],
        )


NO_WORDS = Vocabulary.of([], [])  # before they are chosen


class _Held:
    """Cells in memory as `Counts`, in given groups of rows; they may be in slices, one behind the other."""

    def __init__(self, slices: Sequence[CellCounts], unit: int, bounds: NDArray[np.int64]) -> None:
        self.words, self.unit, self.bounds = len(slices[0].seen), unit, bounds
        self._slices = slices
        ends = offsets_of([len(each.indptr) - 1 for each in slices]).tolist()
        self._places = [*itertools.pairwise(ends)]

    def group(self, number: int, scratch: Scratch, stop: Stop) -> Rows:  # noqa: ARG002
        """Rows bounds[number] to bounds[number + 1]."""
        first, last = self.bounds[number : number + 2].tolist()
        found = [
            each.rows(max(first - begin, 0), min(last, end) - begin)
            for each, (begin, end) in zip(self._slices, self._places, strict=True)
            if first < end and begin < last
        ]
        if len(found) == 1:
            return found[0]
        lengths = np.concatenate([np.diff(rows.ends, prepend=0) for rows in found])
        columns, units = (np.concatenate(same) for same in zip(*(rows[1:] for rows in found), strict=True))
        return Rows(np.cumsum(lengths), columns, units)


@dataclass(frozen=True)
class CooccurrenceCounting:
    """What `cooccur` does with shards: the words that stand near each other, of a given vocabulary.

    vocab_order: by what its words are in order, as the file of counts tells (`merge` goes by it)
    """

    vocabulary: Vocabulary
    counting: CooccurrenceSettings = CooccurrenceSettings()
    analysis: AnalysisSettings = LOWERCASE
    reading: TextInputSettings = TextInputSettings()
    vocab_order: str = "frequency"

    def part(self, shard: Shard, progress: Progress = SILENT) -> CellCounts:
        """The counts of some files; 20 to 30 bytes of memory a token while they are made."""
        corpus, ranks, others = encode_ranked(
            shard.paths, self.analysis, self.vocabulary, self.reading, progress
        )
        counts = count_corpus(corpus, self.counting, threads=available_cores(), progress=progress)
        return _gathered(counts, corpus.vocabulary.counts, firsts_of(ranks, shard.number), others)

    def merge(self, one: CellCounts, other: CellCounts) -> CellCounts:
        """The counts of both; of the same rows of both, where they are some rows."""
        seen, first = one.seen + other.seen, np.minimum(one.first, other.first)
        return CellCounts(*_merged_cells(one, other), seen, first, one.others or other.others)

    def finish(self, merged: CellCounts, progress: Progress = SILENT) -> Cooccurrence:  # noqa: ARG002
        """The counts of all, to be saved or trained on."""
        return self.over(self.vocabulary.with_counts(merged.seen), [merged])

    def over(self, vocabulary: Vocabulary, slices: Sequence[CellCounts]) -> Cooccurrence:
        """The counts of all, in slices of rows that were added up apart, in groups of rows as the
        vocabulary's own counts say: of these texts, or of those that training began with."""
        counts = _Held(slices, unit_of(self.counting), group_bounds(vocabulary.counts, self.counting))
        merged = slices[0]  # what is not of cells is the same in all
        return Cooccurrence(
            vocabulary, self.counting, self.analysis, counts, self.vocab_order, ranks_of(merged.first),
            merged.others,
        )  # fmt: skip


def _merged_cells(
    one: CellCounts, other: CellCounts
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.unsignedinteger]]:
    """The same rows of both added up: indptr, columns, units.

    Each thread has some rows, and writes where they would begin if no column were in both.
    """
    kind = _kind_of(sum(int(each.units.max(initial=0)) for each in (one, other)))
    tables = [
        CellTable(
            as_compiled(each.indptr),
            as_compiled(each.columns),
            as_compiled(each.units.astype(kind, copy=False)),
        )
        for each in (one, other)
    ]
    starts = one.indptr + other.indptr
    most = int(starts[-1])
    lengths, columns, units = (
        np.empty(len(starts) - 1, np.int64),
        np.empty(most, np.int32),
        np.empty(most, kind),
    )
    bounds = _even_bounds(starts, available_cores())
    ends = np.zeros(len(bounds) - 1, dtype=np.int64)

    def work(number: int, stop: Stop) -> None:
        first, last = bounds[number : number + 2]
        state = np.array([first, starts[first]], dtype=np.int64)
        while state[0] < last and not stop:
            kernels.merge_rows(*tables, state, int(last), _CELLS_A_CALL, lengths, columns, units)
        ends[number] = state[1]

    run_threads(work, len(ends))
    written = 0
    for begin, end in zip(starts[bounds[:-1]].tolist(), ends.tolist(), strict=True):
        if written < begin:
            for array in (columns, units):
                array[written : written + end - begin] = array[begin:end]
        written += end - begin
    return offsets_of(lengths), columns[:written], units[:written]


def _kind_of(largest: int) -> np.dtype[np.unsignedinteger]:
    """The smallest type that holds a count. Raises ModelError where it is too large to go on with."""
    if largest > MOST_UNITS:
        raise too_large()
    return np.min_scalar_type(largest)


def _even_bounds(starts: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """Rows, whose cells begin at `starts`, in so many groups at most, of about as many cells each."""
    cuts = np.searchsorted(starts, np.linspace(0, starts[-1], groups + 1))
    return np.unique(np.append(cuts, [0, len(starts) - 1]))


def _gathered(counts: Counts, seen: NDArray[np.int64], first: NDArray[np.int64], others: bool) -> CellCounts:
    """All groups of counts in one."""
    groups: dict[int, tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.unsignedinteger]]] = {}

    def keep(number: int, rows: Rows) -> None:
        # Copied: what a group was made in is larger, and serves the next one.
        kind = _kind_of(int(rows.units.max(initial=0)))
        groups[number] = np.diff(rows.ends, prepend=0), rows.columns.copy(), rows.units.astype(kind)

    make_groups(counts, available_cores(), keep)
    nothing = np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.uint8)
    parts = [nothing, *(groups.pop(number) for number in range(len(counts.bounds) - 1))]
    lengths, columns, units = joined(parts, lambda arrays: arrays)
    return CellCounts(offsets_of(lengths), columns, units, seen, first, others)
