"""Skip-gram: every word of a window predicts its centre.

All context words of a centre share its noise words, so that scores and updates are small
matrix products (`tiles.py`); Ji et al. 2016, "Parallelizing Word2Vec in Shared and Distributed
Memory", show that the quality stays.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.embeddings.tiles import score_tile, update_tile

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@numba.njit(nogil=True, fastmath=True, forceinline=True)
def skipgram_step(
    inputs: Floats,
    rows: Ints,
    count: int,
    outputs: Floats,
    targets: Ints,
    labels: Floats,
    rates: Floats,
    first: int,
    last: int,
    gradients: Floats,
) -> None:
    """Train `count` context rows against the tiles `first` to `last`; fills their gradients.

    `rows` must have room for one more: an odd count is made even by the spare row.
    """
    rows[count] = inputs.shape[0] - 1
    for tile in range(first, last):
        score_tile(inputs, rows, count, outputs, targets, labels, rates, tile, tile - first, gradients)
    for tile in range(first, last):
        update_tile(inputs, rows, count, outputs, targets, tile, tile - first, gradients)
