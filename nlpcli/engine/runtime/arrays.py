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
