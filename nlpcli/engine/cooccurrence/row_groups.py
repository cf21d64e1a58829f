"""Groups of rows of a co-occurrence matrix, of at most a few million cells, by the vocabulary alone."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.settings.embeddings import CooccurrenceSettings

_GROUP_CELLS = 1 << 22
_MIN_GROUPS = 32


def group_bounds(
    counts: NDArray[np.int64], settings: CooccurrenceSettings, within: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Where groups of rows begin, and the end: at most about 4 M cells and 1/32 of all in each.

    within: bounds of groups that may only be divided further, where they have more than 4 M
    """
    most = _most_cells(counts, settings)
    if within is None:
        return divide(most, min(_GROUP_CELLS, max(1, int(most.sum()) // _MIN_GROUPS)))
    groups = [
        divide(most[first:last], _GROUP_CELLS)[1:] + first
        for first, last in itertools.pairwise(within.tolist())
    ]
    return np.concatenate([within[:1], *groups])


def largest_group(counts: NDArray[np.int64], settings: CooccurrenceSettings) -> int:
    """The most cells that a group can have."""
    bounds = group_bounds(counts, settings)
    return int(np.add.reduceat(_most_cells(counts, settings), bounds[:-1]).max(initial=0))


def _most_cells(counts: NDArray[np.int64], settings: CooccurrenceSettings) -> NDArray[np.int64]:
    """A word seen n times has at most 2·window·n different neighbours, and at most V."""
    reach = settings.window_size * (2 if settings.symmetric else 1)
    most: NDArray[np.int64] = np.minimum(counts, len(counts)) * min(reach, 1 << 30)
    return np.minimum(most, len(counts))


def divide(sizes: NDArray[np.int64], limit: int, longest: int | None = None) -> NDArray[np.int64]:
    """Bounds of consecutive items whose sizes add up to at most `limit` (or are one item).

    >>> divide(np.array([5, 1, 1, 1, 1, 1]), 3).tolist()
    [0, 1, 4, 6]
    """
    before = offsets_of(sizes)
    bounds = [0]
    while bounds[-1] < len(sizes):
        begin = bounds[-1]
        end = int(np.searchsorted(before, before[begin] + limit, side="right")) - 1
        end = max(end, begin + 1)
        bounds.append(min(end, begin + longest, len(sizes)) if longest else min(end, len(sizes)))
    return np.array(bounds, dtype=np.int64)
