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

Number = TypeVar("Number", bound=np.generic)
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
    """Counts features by class.

    `used` features so far; most is how many there can be, counting each as often as it is seen.
    """

    def __init__(self, labels: NDArray[np.int32], classes: int, binary: bool, most: int) -> None:
        self._labels, self._binary = labels, binary
        self.used = self._shared = 0
        self._table = np.empty((0, 3), dtype=np.uint64)
        self._several = np.empty((0, classes), dtype=np.uint32 if most < 1 << 32 else np.uint64)
        self._slots = np.empty(0, dtype=np.int32)

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
            start, self.used, self._shared = kernels.count_keys(
                keys, documents, start, self._labels, self._binary, self._slots, self._table, self._several,
                self.used, self._shared, rows,
            )  # fmt: skip
            if start < len(keys):
                if self._shared == len(self._several):
                    self._several = _longer(self._several, max(2 * self._shared, _FIRST_SEVERAL))
                if self.used == len(self._table):
                    self._grow(4 * len(self._slots))

    def _grow(self, slots: int) -> None:
        self._table = _longer(self._table, slots // 2)
        self._slots = own_zeros((slots,), np.int32)
        self._slots -= 1
        if self.used:
            kernels.rehash(self._slots, self._table, self.used)

    @property
    def largest(self) -> int:
        """The largest count that one class has of a feature."""
        return int(kernels.largest_count(self._table[: self.used], self._several[: self._shared]))

    def move(self, keys: NDArray[np.uint64], counts: NDArray[np.signedinteger[Any]]) -> None:
        """Write the keys, in order, and their counts [used, C], and release all."""
        mine = self._table[: self.used, 0]
        order = np.argsort(mine)
        keys[:] = mine[order]
        kernels.write_counts(self._table, order, self._several, counts)
        del self._table, self._several, self._slots

    def counted(self, least: int, kind: type[np.signedinteger[Any]]) -> Counted:
        """What was seen at least so often, its counts of a type that holds them; all is released."""
        totals, used = np.empty(self.used, np.int64), self.used
        kernels.count_totals(self._table, self._several, totals)
        keys = self._table[:used, 0]
        order = np.argsort(keys)
        order = order[totals[order] >= least]
        totals = totals[order]
        shared = order[totals > 1]
        counts = np.empty((len(shared), self._several.shape[1]), kind)
        kernels.write_counts(self._table, shared, self._several, counts)
        last = (self._table[order, 1] - np.uint64(1)).astype(np.int32)
        keys = keys[order]
        del self._table, self._several, self._slots
        return Counted(keys, order, last, totals, counts, used)


def _longer(array: NDArray[Number], size: int) -> NDArray[Number]:
    longer = own_zeros((size, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer
