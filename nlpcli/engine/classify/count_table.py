"""A count table of features by class while it grows.

Most features are seen in one class alone, so only those of several get a count for each (see
`kernels/classify/counting.py`): with many classes that is most of the memory. Not here: which features there
are, and how a table is shared out over threads (`features.py`).
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.arrays import own_zeros
from nlpcli.engine.runtime.compiled import Kernels

kernels = Kernels("classify.counting")

_FIRST_BITS = 16  # of slots, at first: with many classes and parts, more would be much memory
_FIRST_SEVERAL = 64  # features of several classes that there is room for, at first
_STAMP_BITS, _SEVERAL = np.uint64(32), np.uint64(1 << 31)
SMALL_COUNT = 255  # of a byte: that it is no less

Number = TypeVar("Number", bound=np.generic)
LargeCounts = NDArray[np.int64]
NONE = np.empty(0, np.int32)


class Counted(NamedTuple):
    """The features of a table that were seen often enough, by ascending keys.

    keys: uint64 [F]; rows: int64 [F], where they were in the table, which had `size` of them; last: int32
    [F], the last document that has each one; totals: int64 [F]; counts [S, C] of those with totals above 1.
    """

    keys: NDArray[np.uint64]
    rows: NDArray[np.int64]
    last: NDArray[np.int32]
    totals: NDArray[np.int64]
    counts: NDArray[np.signedinteger[Any]]
    size: int


class CountTable:
    """Counts features by class."""

    def __init__(self, labels: NDArray[np.int32], classes: int, binary: bool) -> None:
        self._labels, self._binary, self._classes = labels, binary, max(classes, 1)
        self._class_bits = self._classes.bit_length()
        self._sizes = np.zeros(3, np.int64)  # used of the table, of those of several classes, of carries
        self._table = np.empty((0, 2), dtype=np.uint64)
        self._several = np.empty((0, self._classes), dtype=np.uint8)
        self._carries = np.empty((0, 2), dtype=np.int64)
        self._slots = np.empty(0, dtype=np.int32)

    @property
    def used(self) -> int:
        """How many features there are."""
        return int(self._sizes[0])

    @property
    def _shared(self) -> int:
        return int(self._sizes[1])

    def add(
        self, keys: NDArray[np.uint64], documents: NDArray[np.int32], rows: NDArray[np.int32] = NONE
    ) -> None:
        """Count some features, given with their documents.

        rows [N], unless empty, gets the row that each one has here, −1 where it does not count.
        """
        start = 0
        if not len(self._slots):
            self._grow(1 << min(max(9, len(keys).bit_length() + 1), _FIRST_BITS))
        while start < len(keys):
            start = kernels.count_keys(
                keys, documents, start, self._labels, self._class_bits, self._binary,
                self._slots, self._table, self._several, self._carries, self._sizes, rows,
            )  # fmt: skip
            used, shared, carried = self._sizes.tolist()
            if start < len(keys):
                if shared == len(self._several):
                    self._several = _longer(self._several, max(2 * shared, _FIRST_SEVERAL))
                if carried + 1 >= len(self._carries):
                    self._carries = _longer(self._carries, max(2 * carried, _FIRST_SEVERAL))
                if used == len(self._table):
                    self._grow(2 * len(self._slots))

    def _grow(self, slots: int) -> None:
        self._table = _longer(self._table, slots // 2)
        del self._slots
        self._slots = own_zeros((slots,), np.int32)
        self._slots -= 1
        if self.used:
            kernels.rehash(self._slots, self._table, self.used)

    def _carried_over(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The places in the counts of several classes that are larger than what stands there, and by how
        much."""
        carries = self._carries[: int(self._sizes[2])]
        places, which = np.unique(carries[:, 0], return_inverse=True)
        more = np.zeros(len(places), np.int64)
        np.add.at(more, which, carries[:, 1])
        return places, more << 8

    @property
    def largest(self) -> int:
        """The largest count that one class has of a feature."""
        places, more = self._carried_over()
        single = int(kernels.largest_single(self._table[: self.used], self._class_bits))
        several = int(self._several[: self._shared].max(initial=0))
        return max(single, several, int((more + self._several.reshape(-1)[places]).max(initial=0)))

    def move(self, keys: NDArray[np.uint64], small: NDArray[np.uint8]) -> LargeCounts:
        """Write the keys, in order, and their counts [used, C], and release all.

        Counts that are 255 or more come back, in order, and are 255 in `small`.
        """
        mine = self._table[: self.used, 0]
        order = np.argsort(mine)
        keys[:] = mine[order]
        places = np.empty(self._shared, np.int32)
        kernels.write_counts(self._table, order, self._class_bits, SMALL_COUNT, self._several, small, places)
        cells, more = self._carried_over()
        more += self._several.reshape(-1)[cells]
        cells = places[cells // self._classes] * np.int64(self._classes) + cells % self._classes
        flat = small.reshape(-1)
        flat[cells] = 0
        exact = np.flatnonzero(flat == SMALL_COUNT)
        flat[cells] = SMALL_COUNT
        held = self._table[order[exact // self._classes], 1] & np.uint64(0xFFFFFFFF)
        alone = held < _SEVERAL
        values = np.where(alone, (held >> np.uint64(self._class_bits)).astype(np.int64), SMALL_COUNT)
        cells, values = np.concatenate([cells, exact]), np.concatenate([more, values])
        del self._table, self._several, self._slots, self._carries
        return values[np.argsort(cells)]

    def counted(self, least: int, kind: type[np.signedinteger[Any]]) -> Counted:
        """What was seen at least so often, its counts of a type that holds them; all is released."""
        totals, used = np.empty(self.used, np.int64), self.used
        rows = np.empty(self._shared, np.int32)
        kernels.count_totals(self._table, self._class_bits, self._several, totals, rows)
        cells, more = self._carried_over()
        np.add.at(totals, rows[cells // self._classes], more)
        keys = self._table[:used, 0]
        order = np.argsort(keys)
        order = order[totals[order] >= least]
        totals = totals[order]
        shared = order[totals > 1]
        counts = np.empty((len(shared), self._classes), kind)
        places = np.full(self._shared, -1, np.int32)
        most = np.iinfo(kind).max
        kernels.write_counts(self._table, shared, self._class_bits, most, self._several, counts, places)
        kept = places[cells // self._classes] >= 0
        cells, more = cells[kept], more[kept]
        counts[places[cells // self._classes], cells % self._classes] += more.astype(kind)
        last = ((self._table[order, 1] >> _STAMP_BITS) - np.uint64(1)).astype(np.int32)
        keys = keys[order]
        del self._table, self._several, self._slots, self._carries
        return Counted(keys, order, last, totals, counts, used)


def _longer(array: NDArray[Number], size: int) -> NDArray[Number]:
    longer = own_zeros((size, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer
