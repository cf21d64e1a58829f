"""Partial counts of co-occurrence: the cells of a shard over a vocabulary that is given, in memory.

The vocabulary is that of all shards (`TokenCounting`), so that the same rows of all of them are of the same
words. Counts are whole units, so their sums are exact in any order.

Not here: the sums of files of counts, with vocabularies of their own (`count_files.py`).
"""

from __future__ import annotations

import dataclasses
import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.cooccurrence.count_files import Cooccurrence
from nlpcli.engine.cooccurrence.counting import (
    Counts,
    Scratch,
    count_corpus,
    make_groups,
    unit_of,
)
from nlpcli.engine.cooccurrence.packed_cells import PackedCells, added, blocks_of, joined_rows, packed
from nlpcli.engine.cooccurrence.row_groups import group_bounds
from nlpcli.engine.cooccurrence.vocabularies import firsts_of, ranks_of
from nlpcli.engine.corpus.encoding import encode_ranked
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.shards import Shard
from nlpcli.engine.kernels.counts.arguments import Rows
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import Stop, available_cores, run_threads
from nlpcli.settings.embeddings import CooccurrenceSettings
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings


@dataclass(frozen=True, eq=False)
class CellCounts:
    """The matrix [V, V] of a shard, or some consecutive rows of it, in pieces that all shards have.

    bounds: int64 [pieces + 1], the rows where pieces begin, and the last ends
    seen: int64 [V], how often each word stood in the text; first: int64 [V], where each was first seen
    others: whether there were tokens of other words
    """

    bounds: NDArray[np.int64]
    pieces: list[PackedCells]
    seen: NDArray[np.int64]
    first: NDArray[np.int64]
    others: bool = False

    def slice(self, first: int, last: int) -> CellCounts:
        """Pieces first … last − 1 as counts of their own: what one task of many may add up."""
        return dataclasses.replace(self, bounds=self.bounds[first : last + 1], pieces=self.pieces[first:last])


NO_WORDS = Vocabulary.of([], [])  # before they are chosen


class HeldCells:
    """Cells in memory as `Counts`, in groups of rows that others give, and as what is stored in pieces."""

    def __init__(self, slices: Sequence[CellCounts], unit: int, bounds: NDArray[np.int64]) -> None:
        self.words, self.unit, self.bounds = len(slices[0].seen), unit, bounds
        self.pieces = [piece for each in slices for piece in each.pieces]
        self._blocks = blocks_of(self.words)
        self._places = [ends for each in slices for ends in itertools.pairwise(each.bounds.tolist())]

    def group(self, number: int, scratch: Scratch, stop: Stop) -> Rows:  # noqa: ARG002
        """Rows bounds[number] to bounds[number + 1]."""
        first, last = self.bounds[number : number + 2].tolist()
        found = [
            piece.some(max(first - begin, 0), min(last, end) - begin, self._blocks)
            for piece, (begin, end) in zip(self.pieces, self._places, strict=True)
            if first < end and begin < last
        ]
        if len(found) == 1:
            return found[0]
        lengths = np.concatenate([np.diff(rows.ends, prepend=0) for rows in found])
        columns, units = (np.concatenate(same) for same in zip(*(rows[1:] for rows in found), strict=True))
        return Rows(np.cumsum(lengths), columns, units)

    def row_lengths(self) -> Iterator[NDArray[np.int64]]:
        """How many cells rows have."""
        return (piece.row_lengths(self._blocks) for piece in self.pieces)

    def columns(self) -> Iterator[NDArray[np.int32]]:
        """The columns of all cells, piece by piece."""
        return (piece.all_columns(self._blocks) for piece in self.pieces)

    def units(self) -> Iterator[NDArray[np.integer]]:
        """Their counts."""
        return (piece.all_units(self._blocks) for piece in self.pieces)


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
        pieces = group_bounds(self.vocabulary.counts, self.counting)
        groups = group_bounds(corpus.vocabulary.counts, self.counting, within=pieces)
        counts = count_corpus(
            corpus, self.counting, bounds=groups, threads=available_cores(), progress=progress
        )
        return CellCounts(
            pieces,
            _gathered(counts, pieces),
            corpus.vocabulary.counts,
            firsts_of(ranks, shard.number),
            others,
        )

    def merge(self, one: CellCounts, other: CellCounts) -> CellCounts:
        """The counts of both; of the same pieces of both, where they are some pieces."""
        seen, first = one.seen + other.seen, np.minimum(one.first, other.first)
        blocks = blocks_of(len(seen))
        pieces: list[PackedCells] = [*one.pieces]
        numbers = iter(range(len(pieces)))
        lock = threading.Lock()

        def work(_thread: int, stop: Stop) -> None:
            while not stop:
                with lock:
                    number = next(numbers, -1)
                if number < 0:
                    return
                pieces[number] = added(one.pieces[number], other.pieces[number], blocks, stop)

        run_threads(work, min(available_cores(), len(pieces)))
        return CellCounts(one.bounds, pieces, seen, first, one.others or other.others)

    def finish(self, merged: CellCounts, progress: Progress = SILENT) -> Cooccurrence:  # noqa: ARG002
        """The counts of all, to be saved or trained on."""
        return self.over(self.vocabulary.with_counts(merged.seen), [merged])

    def over(self, vocabulary: Vocabulary, slices: Sequence[CellCounts]) -> Cooccurrence:
        """The counts of all, in slices of rows that were added up apart, in groups of rows as the
        vocabulary's own counts say: of these texts, or of those that training began with."""
        counts = HeldCells(slices, unit_of(self.counting), group_bounds(vocabulary.counts, self.counting))
        merged = slices[0]  # what is not of cells is the same in all
        return Cooccurrence(
            vocabulary, self.counting, self.analysis, counts, self.vocab_order, ranks_of(merged.first),
            merged.others,
        )  # fmt: skip


def _gathered(counts: Counts, pieces: NDArray[np.int64]) -> list[PackedCells]:
    """All groups of counts, in pieces of rows in each of which there are some whole groups."""
    blocks = blocks_of(counts.words)
    groups: dict[int, PackedCells] = {}

    def keep(number: int, rows: Rows) -> None:
        groups[number] = packed(rows, blocks)

    make_groups(counts, available_cores(), keep)
    ends = np.searchsorted(counts.bounds, pieces).tolist()
    return [
        joined_rows([groups.pop(number) for number in range(first, last)], blocks)
        for first, last in itertools.pairwise(ends)
    ]
