"""What arrays are called, and how offsets come from sizes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]


def offsets_of(sizes: ArrayLike) -> NDArray[np.int64]:
    """Where parts of these sizes [N] begin, one after the other, and where the last ends: int64 [N + 1].

    >>> offsets_of([3, 0, 2]).tolist()
    [0, 3, 3, 5]
    """
    counted = np.asarray(sizes)
    offsets = np.zeros(len(counted) + 1, dtype=np.int64)
    np.cumsum(counted, out=offsets[1:])
    return offsets


def ranges(begins: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers from each of `begins` [N] on, as many as `lengths` [N] says, one range behind another.

    >>> ranges(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    offsets = offsets_of(lengths)
    return np.arange(offsets[-1]) + np.repeat(begins - offsets[:-1], lengths)
