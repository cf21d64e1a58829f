"""Co-occurrence counts: how often each word stands near each other word.

A neighbour at distance d counts 1/d, or 1. Counting is done in whole units of 1/unit, where
`unit` is the least common multiple of the distances, so sums are exact: in any order, in any
number of threads, and over any division of a text into shards (for windows up to 22; beyond,
1/d is rounded to 9 digits first, the same everywhere).

Rows of the matrix are made in groups. A group is consecutive rows with at most a few million
cells, chosen by the vocabulary alone, so that neither memory nor threads change a result.

A text too long for memory is counted in pieces, whose counts are spilled to disk group by
group and added up group by group.

Not here: `.npz` files (`count_files.py`) and what is made of the counts (`embeddings/glove.py`).
"""

from __future__ import annotations

import functools
import itertools
import math
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.cooccurrence.row_groups import group_bounds
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.kernels.counts.arguments import Accumulator, IndexedText, Rows
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.spill import SpillStore, release
from nlpcli.engine.runtime.threads import Stop, run_threads
from nlpcli.errors import ModelError
from nlpcli.settings.embeddings import CooccurrenceSettings

kernels = Kernels("counts.cooccurrence")

_EXACT_WINDOW = 22
_PLACES_A_CALL = 100_000  # places of a word; with their neighbours well under 0.2 s
_CELLS_A_CALL = 10_000_000
MOST_UNITS = 2**63 - 1


class Counts(Protocol):
    """A co-occurrence matrix that gives its rows group by group; safe to use from threads."""

    @property
    def words(self) -> int:
        """The size of the vocabulary."""

    @property
    def unit(self) -> int:
        """Counts are kept in fractions of it."""

    @property
    def bounds(self) -> NDArray[np.int64]:
        """Where groups of rows begin, and the end."""

    def group(self, number: int, scratch: Scratch, stop: Stop) -> Rows:
        """Rows bounds[number] to bounds[number + 1]."""


def unit_of(settings: CooccurrenceSettings) -> int:
    """The whole number in whose fractions counts are kept.

    >>> unit_of(CooccurrenceSettings(window_size=4)), unit_of(CooccurrenceSettings(distance_weighting=False))
    (12, 1)
    """
    if not settings.distance_weighting:
        return 1
    return math.lcm(*range(1, min(settings.window_size, _EXACT_WINDOW) + 1))


def weights_of(settings: CooccurrenceSettings, window: int) -> NDArray[np.int64]:
    """What a neighbour counts, in units, by its distance: int64 [window + 1], 0 at distance 0."""
    weights = np.zeros(window + 1, dtype=np.int64)
    unit = unit_of(settings) if settings.distance_weighting else 1
    shares = unit / np.arange(1, window + 1) if settings.distance_weighting else 1
    weights[1:] = np.maximum(np.round(shares), 1)
    return weights


@runtime_checkable
class StoredCounts(Counts, Protocol):
    """Counts of which rows, columns and units can be had one without the other, in whatever groups."""

    def row_lengths(self) -> Iterator[NDArray[np.int64]]:
        """How many cells rows have."""

    def columns(self) -> Iterator[NDArray[np.int32]]:
        """The columns of all cells, row by row, ascending."""

    def units(self) -> Iterator[NDArray[np.integer]]:
        """Their counts."""


class Scratch:
    """One thread's dense row and the bits that say which of its entries are in use.

    again: rows lie where those before lay, which are not needed any more: fresh memory takes longer
    """

    def __init__(self, words: int, *, again: bool = False) -> None:
        self._again = again
        self._columns, self._units = np.empty(0, np.int32), np.empty(0, np.int64)
        self.accumulator = Accumulator(
            row=np.zeros(words, dtype=np.int64),
            touched=np.empty(words + 1, dtype=np.uint32),
            low=np.zeros((words >> 6) + 1, dtype=np.uint64),
            high=np.zeros((words >> 12) + 1, dtype=np.uint64),
        )

    def rows(self, rows: int, cells: int) -> Rows:
        """Room for some rows with so many cells at most."""
        columns, units = self._columns, self._units
        if cells > len(columns) or not self._again:
            columns, units = np.empty(cells, np.int32), np.empty(cells, np.int64)
        if self._again:
            self._columns, self._units = columns, units
        return Rows(np.empty(rows, np.int64), columns[:cells], units[:cells])

    @staticmethod
    def size(words: int) -> int:
        """Bytes it takes."""
        return words * 12 + words // 8


# --- from text ------------------------------------------------------------------------------


class TextCounts:
    """The counts around tokens begin … end − 1 of a text, 8 bytes of memory a token.

    Neighbours are also looked for outside of that range, so ranges add up to the whole.
    """

    def __init__(
        self,
        corpus: EncodedCorpus,
        settings: CooccurrenceSettings,
        begin: int = 0,
        end: int | None = None,
        bounds: NDArray[np.int64] | None = None,
    ) -> None:
        self.words = len(corpus.vocabulary)
        self.unit = unit_of(settings)
        self.bounds = group_bounds(corpus.vocabulary.counts, settings) if bounds is None else bounds
        # No neighbour is farther away than the longest document is long.
        window = min(settings.window_size, int(np.diff(corpus.offsets).max(initial=1)))
        self._weights = weights_of(settings, window)
        self._symmetric = settings.symmetric
        end = len(corpus.ids) if end is None else end
        text, first, last = _lay_out(corpus, begin, end, window)
        starts = np.zeros(self.words + 1, dtype=np.int64)
        positions = np.empty(end - begin, dtype=np.int32 if len(text) < 2**31 else np.int64)
        self._indexed = IndexedText(text, positions, starts)
        steps = [*range(first, last, _CELLS_A_CALL), last]
        for start, stop in itertools.pairwise(steps):
            kernels.count_words(text, start, stop, starts)
        np.cumsum(starts, out=starts)
        cursors = starts[:-1].copy()
        for start, stop in itertools.pairwise(steps):
            kernels.index_words(text, start, stop, cursors, positions)

    def group(self, number: int, scratch: Scratch, stop: Stop) -> Rows:
        """Rows bounds[number] to bounds[number + 1]."""
        first, last = int(self.bounds[number]), int(self.bounds[number + 1])
        starts = self._indexed.starts
        seen = np.diff(starts[first : last + 1])
        reach = (len(self._weights) - 1) * (2 if self._symmetric else 1)
        most = int(np.minimum(seen * reach, self.words).sum())
        rows = scratch.rows(last - first, most)
        state = np.array([first, starts[first], 0, 0, first], dtype=np.int64)
        step = max(1, _PLACES_A_CALL * 20 // reach)
        while state[0] < last and not stop:
            kernels.count_rows(
                self._indexed, self._weights, self._symmetric, state, last, step, scratch.accumulator, rows
            )
        written = int(state[2])
        return Rows(rows.ends, rows.columns[:written], rows.units[:written])


def _lay_out(corpus: EncodedCorpus, begin: int, end: int, window: int) -> tuple[NDArray[np.int32], int, int]:
    """Tokens begin … end − 1 and a window around them, −1 at the ends of documents; their places."""
    if begin == end:  # no token is in the vocabulary, however many documents there are
        return np.full(1, -1, dtype=np.int32), 1, 1
    low, high = max(0, begin - window), min(len(corpus.ids), end + window)
    document_of = functools.partial(np.searchsorted, corpus.offsets, side="right")
    first = int(document_of(low)) - 1
    offsets = np.clip(corpus.offsets[first : int(document_of(high - 1)) + 1], low, high)
    text = np.empty(high - low + len(offsets), dtype=np.int32)
    kernels.lay_out(corpus.ids, offsets, text)
    place = begin - low + int(document_of(begin)) - first
    last = end - low + int(document_of(end - 1)) - first
    return text, place, last


def count_corpus(
    corpus: EncodedCorpus,
    settings: CooccurrenceSettings,
    *,
    piece: int | None = None,
    bounds: NDArray[np.int64] | None = None,
    threads: int = 1,
    progress: Progress = SILENT,
) -> Counts:
    """The counts of an encoded text, taken `piece` tokens at a time; the same for any piece.

    bounds: where groups of rows begin, if they are not those of the text's own counts

    >>> from nlpcli.engine.corpus.vocabulary import Vocabulary
    >>> corpus = EncodedCorpus(np.array([0, 1, 0]), np.array([0, 3]), Vocabulary.of("ab", [2, 1]))
    >>> counts = count_corpus(corpus, CooccurrenceSettings(window_size=1))
    >>> counts.group(0, Scratch(2), Stop()).units.tolist()
    [2]
    """
    tokens = len(corpus.ids)
    piece = piece or tokens
    if piece >= tokens:
        counts = TextCounts(corpus, settings, bounds=bounds)
        release(corpus.ids, 0, len(corpus.ids))
        return counts
    parts: list[Counts] = []
    pieces = -(-tokens // piece)
    for number in range(pieces):
        begin = number * piece
        part = TextCounts(corpus, settings, begin, min(begin + piece, tokens), bounds)
        release(corpus.ids, 0, len(corpus.ids))
        spill_store = SpilledCounts(part.words, part.unit, part.bounds, memory=0)
        spill_store.fill(part, threads, progress, f"counting piece {number + 1} of {pieces}")
        parts.append(spill_store)
        del part
    progress.note(
        f"the text was counted in {pieces} pieces of {piece:,} tokens; they wait in {tempfile.gettempdir()}"
    )
    return SummedCounts(parts)


# --- sums -----------------------------------------------------------------------------------


def add_rows(parts: list[Rows], scratch: Scratch, stop: Stop) -> Rows:
    """The sum of the same rows of several matrices."""
    if len(parts) == 1:
        return parts[0]
    if sum(int(part.units.max(initial=0)) for part in parts) > MOST_UNITS:
        raise too_large()
    rows = len(parts[0].ends)
    begins = np.zeros((len(parts), rows + 1), dtype=np.int64)
    base = 0
    for number, part in enumerate(parts):
        begins[number, 0] = base
        begins[number, 1:] = part.ends + base
        base += len(part.columns)
    columns = np.concatenate([part.columns for part in parts])
    units = np.concatenate([part.units for part in parts])
    result = Rows(np.empty(rows, np.int64), np.empty(base, np.int32), np.empty(base, np.int64))
    state = np.zeros(2, dtype=np.int64)
    while state[0] < rows and not stop:
        kernels.add_rows(begins, columns, units, state, rows, _CELLS_A_CALL, scratch.accumulator, result)
    written = int(state[1])
    return Rows(result.ends, result.columns[:written], result.units[:written])


def too_large() -> ModelError:
    """The error for counts that no text has."""
    return ModelError("the counts are too large to be added up", hint="are the files what they should be?")


class SpilledCounts:
    """Counts whose groups lie on a spill store: in memory or, beyond a budget, on disk."""

    def __init__(self, words: int, unit: int, bounds: NDArray[np.int64], memory: int) -> None:
        self.words = words
        self.unit = unit
        self.bounds = bounds
        self.spill_store = SpillStore(memory)
        self._handles: list[tuple[int, int, int, int, int] | None] = [None] * (len(bounds) - 1)

    def put(self, number: int, rows: Rows) -> None:
        """Keep a group."""
        ends, columns, units = (
            self.spill_store.put(array.copy()) for array in (rows.ends, rows.columns, rows.units)
        )
        self._handles[number] = (ends, columns, units, len(rows.ends), len(rows.columns))

    def group(self, number: int, scratch: Scratch, stop: Stop) -> Rows:  # noqa: ARG002
        """Rows bounds[number] to bounds[number + 1]."""
        handles = self._handles[number]
        assert handles is not None
        ends, columns, units, rows, cells = handles
        take = self.spill_store.take
        return Rows(take(ends, 0, rows), take(columns, 0, cells), take(units, 0, cells))

    def row_lengths(self) -> Iterator[NDArray[np.int64]]:
        """How many cells rows have, group by group."""
        return (np.diff(ends, prepend=0) for ends in self._each(0))

    def columns(self) -> Iterator[NDArray[np.int32]]:
        """The columns of all cells."""
        return self._each(1)

    def units(self) -> Iterator[NDArray[np.integer]]:
        """Their counts."""
        return self._each(2)

    def _each(self, which: int) -> Iterator[NDArray[Any]]:
        for handles in self._handles:
            assert handles is not None
            yield self.spill_store.take(handles[which], 0, handles[3 if which == 0 else 4])

    def fill(self, counts: Counts, threads: int, progress: Progress, stage: str = "counting") -> None:
        """Make every group of `counts` and keep it, in several threads."""

        def keep(number: int, rows: Rows) -> None:
            self.put(number, rows)
            progress.update(stage, number + 1, len(self.bounds) - 1)

        make_groups(counts, threads, keep)

    @property
    def cells(self) -> int:
        """Non-zero cells."""
        return sum(handles[4] for handles in self._handles if handles is not None)


class SummedCounts:
    """The sum of several matrices over one vocabulary, group by group."""

    def __init__(self, parts: list[Counts]) -> None:
        self.words = parts[0].words
        self.unit = parts[0].unit
        self.bounds = parts[0].bounds
        self._parts = parts

    def group(self, number: int, scratch: Scratch, stop: Stop) -> Rows:
        """Rows bounds[number] to bounds[number + 1]."""
        return add_rows([part.group(number, scratch, stop) for part in self._parts], scratch, stop)


NO_COUNTS: Counts = SpilledCounts(0, 1, np.zeros(1, dtype=np.int64), memory=0)


def make_groups(counts: Counts, threads: int, keep: Callable[[int, Rows], None]) -> None:
    """Make every group of `counts` in several threads, and hand each to `keep` in the one that made it.

    What it is handed is good until it returns: the next group lies there.
    """
    total = len(counts.bounds) - 1
    numbers = iter(range(total))
    lock = threading.Lock()

    def work(_thread: int, stop: Stop) -> None:
        scratch = Scratch(counts.words, again=True)
        while not stop:
            with lock:
                number = next(numbers, -1)
            if number < 0:
                return
            rows = counts.group(number, scratch, stop)
            if not stop:
                keep(number, rows)

    run_threads(work, min(threads, total))
