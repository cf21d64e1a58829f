"""Partial counts of co-occurrence: the cells of a shard over a vocabulary that is given, in memory.

The vocabulary is that of all shards (`TokenCounting`), so that the same rows of all of them are of the same
words. Counts are whole units, so their sums are exact in any order.

Not here: the sums of files of counts, with vocabularies of their own (`count_files.py`).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.cooccurrence.count_files import Cooccurrence
from nlpcli.engine.cooccurrence.counting import (
    Counts,
    Scratch,
    SummedCounts,
    count_corpus,
    group_bounds,
    make_groups,
    unit_of,
)
from nlpcli.engine.cooccurrence.vocabularies import firsts_of, ranks_of
from nlpcli.engine.corpus.encoding import encode_ranked
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.shards import Shard
from nlpcli.engine.kernels.counts.arguments import Rows
from nlpcli.engine.runtime.arrays import joined, offsets_of
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import Stop, available_cores
from nlpcli.settings.embeddings import CooccurrenceSettings
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings


@dataclass(frozen=True, eq=False)
class CellCounts:
    """The matrix [V, V] of a shard, or some consecutive rows of it.

    indptr: int64 [rows + 1]; columns: int32 [cells], ascending in each row
    units: counts in units [cells], of the smallest unsigned type that holds them
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
    """Cells in memory as `Counts`, in given groups of rows."""

    def __init__(self, cells: CellCounts, unit: int, bounds: NDArray[np.int64]) -> None:
        self.words, self.unit, self.bounds = len(cells.seen), unit, bounds
        self._cells = cells

    def group(self, number: int, scratch: Scratch, stop: Stop) -> Rows:  # noqa: ARG002
        """Rows bounds[number] to bounds[number + 1]."""
        return self._cells.rows(*self.bounds[number : number + 2].tolist())


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
        bounds = _even_bounds(one, other)
        held: list[Counts] = [_Held(each, unit_of(self.counting), bounds) for each in (one, other)]
        return _gathered(SummedCounts(held), seen, first, one.others or other.others)

    def join(self, parts: list[CellCounts]) -> CellCounts:
        """Rows that were added up apart, one behind the other. `parts` is emptied."""
        first = parts[0]
        lengths, columns, units = joined(parts, lambda part: (np.diff(part.indptr), part.columns, part.units))
        return CellCounts(offsets_of(lengths), columns, units, first.seen, first.first, first.others)

    def finish(self, merged: CellCounts, progress: Progress = SILENT) -> Cooccurrence:  # noqa: ARG002
        """The counts of all, to be saved or trained on."""
        return self.over(self.vocabulary.with_counts(merged.seen), merged)

    def over(self, vocabulary: Vocabulary, merged: CellCounts) -> Cooccurrence:
        """The counts of all in groups of rows as the vocabulary's own counts say: of these texts, or of those
        that training began with."""
        counts = _Held(merged, unit_of(self.counting), group_bounds(vocabulary.counts, self.counting))
        ranks = ranks_of(merged.first)
        return Cooccurrence(
            vocabulary, self.counting, self.analysis, counts, self.vocab_order, ranks, merged.others
        )


_EVEN_CELLS = 1 << 20


def _even_bounds(one: CellCounts, other: CellCounts) -> NDArray[np.int64]:
    """Groups of the rows, of about as many cells each."""
    cells = one.indptr + other.indptr
    groups = int(cells[-1]) // _EVEN_CELLS + 1
    cuts = np.searchsorted(cells, np.linspace(0, cells[-1], groups + 1))
    return np.unique(np.append(cuts, [0, len(cells) - 1]))


def _gathered(counts: Counts, seen: NDArray[np.int64], first: NDArray[np.int64], others: bool) -> CellCounts:
    """All groups of counts in one."""
    groups: dict[int, Rows] = {}
    make_groups(counts, available_cores(), groups.__setitem__)
    rows = [groups.pop(number) for number in range(len(counts.bounds) - 1)]
    lengths = [np.diff(group.ends, prepend=0) for group in rows]
    most = max((int(group.units.max(initial=0)) for group in rows), default=0)
    kind = np.min_scalar_type(most)
    return CellCounts(
        offsets_of(np.concatenate([np.empty(0, np.int64), *lengths])),
        np.concatenate([np.empty(0, np.int32), *(group.columns for group in rows)]),
        np.concatenate([np.empty(0, kind), *(group.units.astype(kind) for group in rows)]),
        seen,
        first,
        others,
    )
