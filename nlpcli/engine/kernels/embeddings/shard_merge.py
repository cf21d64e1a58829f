"""What shards have learned apart, put together: the second half of a round (`shards.py`).

A row that several shards have moved from the same place would go too far if it simply went the
sum of their ways. One after the other, each would have had less way left to go: if a shard goes
the share 1 − e^−a of the way, c of them go 1 − e^−ac. So the sum is scaled by
(1 − e^−ac) / (c (1 − e^−a)), with a in proportion to the learning rate and to how often a shard
has used the row.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.embeddings.arguments import Subwords
from nlpcli.engine.kernels.embeddings.shards import Uses
from nlpcli.engine.kernels.simd.rows import sum_rows

_HASH, _LOW, _32 = np.uint64(2654435769), np.uint64(0xFFFFFFFF), np.uint64(32)

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


class Tally(NamedTuple):
    """For every row of a matrix [V]: how many shards have moved it, which was the last, all its uses.

    Zeros, and −1 for the last, between rounds. `scales` [V] is room to work in.
    """

    shards: Ints
    last: Ints
    uses: Ints
    scales: Floats


@numba.njit(nogil=True, fastmath=True)
def merge_copies(part: int, parts: int, matrix: Floats, uses: Uses, pull: float) -> None:
    """Set every row that several shards have copied to what they make of it together.

    The work is divided by places in the shards' lists. `pull` times the uses of a row in a shard
    is the a of the formula above.
    """
    place_of, rows, sizes, counts, trained = uses
    shards = len(sizes)
    copies = np.empty(shards, np.int32)
    total = np.empty((1, matrix.shape[1]), np.float32)
    for shard in range(shards):
        for place in range(part, sizes[shard], parts):
            row = rows[shard, place]
            if trained[shard, place] == row:
                continue
            users, count = 0, 0
            for other in range(shards):
                at = place_of[other, row]
                if at >= 0:
                    copies[users] = trained[other, at]
                    count += counts[other, at]
                    users += 1
            if copies[0] != trained[shard, place]:  # the first that has copied a row sees to it
                continue
            sum_rows(matrix, copies, 0, users, total, 0)
            scale = np.float32(together(users, pull * count / users))
            rest = np.float32(1.0) - np.float32(users) * scale
            for d in range(matrix.shape[1]):
                matrix[row, d] = rest * matrix[row, d] + scale * total[0, d]


@numba.njit(nogil=True, fastmath=True)
def add_gains_of_words(
    part: int,
    parts: int,
    matrix: Floats,
    subwords: Subwords,
    uses: Uses,
    gains: Floats,
    tally: Tally,
    pull: float,
) -> None:
    """Add what the words of the shards have gained to every row of a subword that `is_in` the part.

    gains [S, C, R]; `pull` as in `merge_copies`.
    """
    starts, rows = subwords
    words, sizes, counts = uses.rows, uses.sizes, uses.uses
    shards_of, last_of, uses_of, scales = tally
    for shard in range(len(sizes)):
        for place in range(sizes[shard]):
            word = words[shard, place]
            for number in range(starts[word], starts[word + 1]):
                row = rows[number]
                if is_in(row, part, parts):
                    uses_of[row] += counts[shard, place]
                    if last_of[row] != shard:
                        last_of[row] = shard
                        shards_of[row] += 1
    for shard in range(len(sizes)):
        for place in range(sizes[shard]):
            word = words[shard, place]
            for number in range(starts[word], starts[word + 1]):
                row = rows[number]
                if not is_in(row, part, parts):
                    continue
                if shards_of[row] > 0:  # it is met for the first time
                    scales[row] = together(shards_of[row], pull * uses_of[row] / shards_of[row])
                    shards_of[row] = uses_of[row] = 0
                    last_of[row] = -1
                for d in range(matrix.shape[1]):
                    matrix[row, d] += scales[row] * gains[shard, place, d]


@numba.njit(nogil=True, fastmath=True, forceinline=True)
def is_in(row: int, part: int, parts: int) -> bool:
    """Every row is in one of the parts, which are about equal: a multiplicative hash."""
    return bool((((np.uint64(row) * _HASH & _LOW) * np.uint64(parts)) >> _32) == np.uint64(part))


@numba.njit(nogil=True, fastmath=True)
def together(shards: int, pull: float) -> float:
    """How far shards go together, of the sum of what each has gone.

    >>> together(1, 0.5), together(4, 0.0), round(together(4, 100.0), 3)
    (1.0, 1.0, 0.25)
    """
    if shards == 1 or pull < 1e-6:
        return 1.0
    return (1.0 - math.exp(-pull * shards)) / (shards * (1.0 - math.exp(-pull)))
