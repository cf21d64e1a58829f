"""Co-occurrence cells laid out for training: a fixed grid of row blocks and column blocks.

The grid follows from the vocabulary alone. A column block is small enough for its parameters to
stay in the cache (and for 16-bit column numbers); a row block is a group of the counts. In a
block, cells stand row by row. `BlockScheduler` hands the blocks out so that the result is that of one
fixed sequence, whatever the number of threads: no two blocks under way share a row or column.

Not here: the counts (`cooccurrence/counting.py`) and the updates (`kernels/embeddings/glove.py`).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.cooccurrence.counting import Counts, make_groups
from nlpcli.engine.cooccurrence.row_groups import divide
from nlpcli.engine.kernels.counts.arguments import Rows
from nlpcli.engine.kernels.embeddings.arguments import Arranged, Block, ColumnBlocks, Weighting
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.spill import SpillStore
from nlpcli.engine.runtime.threads import Stop

kernels = Kernels("embeddings.glove")

_BLOCK_COLUMNS = 1024  # × 2 × 112 floats = 0.9 MB: about half of a level-2 cache
_BLOCK_SHARE = 64  # frequent words share a block with few others, so that blocks weigh alike


@dataclass(frozen=True, eq=False)
class _RowBlock:
    """Where the cells of a row block lie: handles on the spill store, and the bounds of its blocks."""

    cells: NDArray[np.int64]
    segments: NDArray[np.int64]
    rows: int
    ends: int
    columns: int
    logs: int
    weights: int


class Cells:
    """All cells of a matrix, block by block; beyond `memory` bytes they lie on disk."""

    def __init__(
        self,
        counts: Counts,
        occurrences: NDArray[np.int64],
        x_max: float = 100.0,
        alpha: float = 0.75,
        *,
        threads: int = 1,
        memory: int = 1 << 40,
        progress: Progress = SILENT,
    ) -> None:
        self._x_max = x_max
        self._alpha = alpha
        self._spill = SpillStore(memory)
        self.row_bounds = counts.bounds
        share = max(1, int(occurrences.sum()) // _BLOCK_SHARE)
        self.column_bounds = divide(occurrences, share, longest=_BLOCK_COLUMNS)
        widths = np.diff(self.column_bounds)
        block_of = np.repeat(np.arange(len(widths), dtype=np.int32), widths)
        self._grid = ColumnBlocks(block_of, self.column_bounds)
        self._row_blocks: list[_RowBlock | None] = [None] * (len(self.row_bounds) - 1)
        self.total_units = 0
        self._fill(counts, threads, progress)

    def _fill(self, counts: Counts, threads: int, progress: Progress) -> None:
        lock = threading.Lock()

        def keep(number: int, rows: Rows) -> None:
            self._row_blocks[number] = self._arrange(rows, counts.unit)
            with lock:
                self.total_units += int(rows.units.sum())
                progress.update("counting", number + 1, len(self._row_blocks))

        make_groups(counts, threads, keep)

    def _arrange(self, rows: Rows, unit: int) -> _RowBlock:
        blocks = len(self.column_bounds) - 1
        cells, segments = np.zeros(blocks + 1, dtype=np.int64), np.zeros(blocks + 1, dtype=np.int64)
        kernels.measure_cells(rows.ends, rows.columns, self._grid.block_of, cells, segments)
        np.cumsum(cells, out=cells)
        np.cumsum(segments, out=segments)
        arranged = Arranged(
            rows=np.empty(segments[-1], dtype=np.int32),
            ends=np.empty(segments[-1], dtype=np.int32),
            columns=np.empty(cells[-1], dtype=np.uint16),
            logs=np.empty(cells[-1], dtype=np.float32),
            weights=np.empty(cells[-1], dtype=np.float32),
        )
        weighting = Weighting(unit, self._x_max, self._alpha)
        kernels.arrange_cells(rows, self._grid, weighting, cells, segments, arranged)
        return _RowBlock(cells, segments, *(self._spill.put(array) for array in arranged))

    def __len__(self) -> int:
        return sum(int(block.cells[-1]) for block in self._row_blocks if block is not None)

    @property
    def on_disk(self) -> int:
        """Bytes of cells that lie on disk."""
        return self._spill.on_disk

    def sizes(self) -> NDArray[np.int64]:
        """Cells in each block: int64 [row blocks, column blocks]."""
        return np.array([np.diff(block.cells) for block in self._row_blocks if block is not None])

    def block(self, row: int, column: int) -> Block:
        """The cells of one block."""
        kept = self._row_blocks[row]
        assert kept is not None
        cells = int(kept.cells[column]), int(kept.cells[column + 1])
        segments = int(kept.segments[column]), int(kept.segments[column + 1])
        take = self._spill.take
        return Block(
            int(self.row_bounds[row]),
            int(self.column_bounds[column]),
            take(kept.rows, *segments),
            take(kept.ends, *segments),
            take(kept.columns, *cells),
            take(kept.logs, *cells),
            take(kept.weights, *cells),
        )


def sequence_of(sizes: NDArray[np.int64], generator: np.random.Generator) -> list[tuple[int, int]]:
    """All blocks that hold cells, shuffled.

    They are the diagonals of a shuffled grid: neighbours in the sequence share neither rows nor
    columns and can be trained at the same time.

    >>> sequence_of(np.ones((2, 2), dtype=np.int64), np.random.default_rng(1))
    [(0, 0), (1, 1), (0, 1), (1, 0)]
    """
    rows, columns = (generator.permutation(length).tolist() for length in sizes.shape)
    long, short = max(len(rows), len(columns)), min(len(rows), len(columns))
    pairs = (
        (rows[place], columns[(place + shift) % long])
        if len(rows) <= len(columns)
        else (rows[(place + shift) % long], columns[place])
        for shift in range(long)
        for place in range(short)
    )
    return [(row, column) for row, column in pairs if sizes[row, column]]


class BlockScheduler:
    """Hands out the items of a sequence of (row, column) to threads.

    An item is ready when every earlier one in its row and in its column is finished. So each
    row and column sees its items in the order of the sequence: the result is the same as that
    of one thread.
    """

    def __init__(self, sequence: Sequence[tuple[int, int]]) -> None:
        self._sequence = sequence
        self._rows: dict[int, deque[int]] = {}
        self._columns: dict[int, deque[int]] = {}
        for number, (row, column) in enumerate(sequence):
            self._rows.setdefault(row, deque()).append(number)
            self._columns.setdefault(column, deque()).append(number)
        self._ready = deque(number for number in range(len(sequence)) if self._is_first(number))
        self._left = len(sequence)
        self._changed = threading.Condition()

    def _is_first(self, number: int) -> bool:
        row, column = self._sequence[number]
        return self._rows[row][0] == number and self._columns[column][0] == number

    def take(self, stop: Stop) -> int | None:
        """The number of an item that is ready, as soon as there is one; None when all are given."""
        with self._changed:
            while not self._ready:
                if not self._left or stop:
                    return None
                self._changed.wait(0.1)
            if stop:
                return None
            self._left -= 1
            return self._ready.popleft()

    def finish(self, number: int) -> None:
        """The item is done; what waited for it becomes ready."""
        row, column = self._sequence[number]
        with self._changed:
            for queue in (self._rows[row], self._columns[column]):
                queue.popleft()
                if queue and self._is_first(queue[0]) and queue[0] not in self._ready:
                    self._ready.append(queue[0])
            self._changed.notify_all()
