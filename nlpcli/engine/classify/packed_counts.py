"""Counts of features by class in a byte each, as a model file has them.

Most counts are small, and most of a large table are zero. What needs more than a byte stands apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.count_table import SMALL_COUNT

_PIECE = 1_000_000  # counts looked at at a time
_ROWS = 1 << 16
Whole = TypeVar("Whole", bound=np.integer[Any])


class PackedCounts(NamedTuple):
    """Counts [F, C].

    small: uint8 [F, C], 255 where the count is in `large`, int64 [N], row by row.
    """

    small: NDArray[np.uint8]
    large: NDArray[np.int64]

    @classmethod
    def of(cls, counts: NDArray[np.signedinteger[Any]]) -> PackedCounts:
        """Some counts packed."""
        flat = counts.reshape(-1)
        small, large = np.empty(counts.shape, np.uint8), [np.empty(0, np.int64)]
        np.minimum(counts, SMALL_COUNT, out=small, casting="unsafe")
        for begin in range(0, len(flat), _PIECE):
            some = flat[begin : begin + _PIECE]
            large.append(some[some >= SMALL_COUNT].astype(np.int64))
        return cls(small, np.concatenate(large))

    def unpacked(self) -> NDArray[np.signedinteger[Any]]:
        """All of them, of the smallest signed type from int16 on that holds them.

        >>> counts = np.array([[0, 254], [255, 70000]])
        >>> PackedCounts.of(counts).unpacked().tolist(), PackedCounts.of(counts[:1]).unpacked().dtype.name
        ([[0, 254], [255, 70000]], 'int16')
        """
        counts = self.small.astype(kind_for(int(self.large.max(initial=SMALL_COUNT))))
        counts[self.small == SMALL_COUNT] = self.large
        return counts

    def blocks(self) -> Iterator[NDArray[np.int64]]:
        """The same, some rows at a time.

        >>> [block.tolist() for block in PackedCounts.of(np.array([[0, 300], [255, 1]])).blocks()]
        [[[0, 300], [255, 1]]]
        """
        done = 0
        for begin in range(0, len(self.small), _ROWS):
            counts = self.small[begin : begin + _ROWS].astype(np.int64)
            large = counts == SMALL_COUNT
            number = int(np.count_nonzero(large))
            counts[large] = self.large[done : done + number]
            done += number
            yield counts


def kind_for(largest: int) -> type[np.signedinteger[Any]]:
    """The smallest type of counts of which none is larger, and which can be subtracted from each other."""
    return next(kind for kind in (np.int16, np.int32, np.int64) if largest <= np.iinfo(kind).max)


def of_classes(
    counts: NDArray[Whole], labels: tuple[str, ...], all_labels: tuple[str, ...]
) -> NDArray[Whole]:
    """Counts of some classes [..., C] as those of all classes, zero for the others.

    >>> of_classes(np.array([[4, 2]]), ("b", "d"), ("a", "b", "d")).tolist()
    [[0, 4, 2]]
    """
    if labels == all_labels:
        return counts
    found = np.zeros((*counts.shape[:-1], len(all_labels)), dtype=counts.dtype)
    found[..., [all_labels.index(label) for label in labels]] = counts
    return found
