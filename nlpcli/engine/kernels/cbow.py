"""CBOW over a stretch of text: the mean of a window's words predicts its centre.

The mean is one row for the tiles of `tiles.py`; what it gains is added to every word of the
window, as in word2vec.c.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.noise import GOLDEN, below, mixed, thinned
from nlpcli.engine.kernels.sgns import LOSS_EVERY, noise_targets, tile_loss
from nlpcli.engine.kernels.tiles import STRIDE, WIDTH, prefetch_row, score_tile, update_tile

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@numba.njit(cache=True, nogil=True, fastmath=True)
def train_cbow(
    inputs: Floats,
    outputs: Floats,
    ids: Ints,
    offsets: NDArray[np.int64],
    first: int,
    last: int,
    keep: NDArray[np.uint32],
    limits: NDArray[np.uint32],
    others: Ints,
    window: int,
    fixed: bool,
    negative: int,
    alpha: float,
    state: np.uint64,
) -> tuple[float, int]:
    """Train on the words at `first` to `last`; the summed loss and number of the centres looked at."""
    kept = np.empty(last - first, np.int32)
    bounds = np.empty(last - first + 1, np.int64)
    sentences = thinned(ids, offsets, first, last, keep, state, kept, bounds)
    state += GOLDEN * np.uint64(last - first)
    spare = inputs.shape[0] - 1
    width = inputs.shape[1]
    most = (negative + WIDTH) // WIDTH
    targets = np.full((2 * most, STRIDE), spare, np.int32)
    rates = np.zeros((2 * most, STRIDE), np.float32)
    labels = np.zeros((2 * most, STRIDE), np.float32)
    labels[0, 0] = labels[most, 0] = 1.0
    gradients = np.zeros((2 * most, 2, STRIDE), np.float32)
    hidden = np.zeros((3, width), np.float32)  # the mean, the zeros that pair with it, the mean as it was
    pair = np.array([0, 1], np.int32)
    rows = np.empty(2 * window, np.int32)
    size = bounds[sentences]
    loss = 0.0
    looked_at = 0
    ahead = 0
    for sentence in range(sentences):
        begin, end = bounds[sentence], bounds[sentence + 1]
        for centre in range(begin, end):
            while ahead < min(centre + 2, size):
                tile = ahead % 2 * most
                noise_targets(kept[ahead], negative, alpha, limits, others, state, tile, targets, rates)
                state += GOLDEN * np.uint64(4 * negative)
                for k in range(tile, tile + most):
                    for j in range(WIDTH):
                        prefetch_row(outputs, targets[k, j])
                if ahead + window + 1 < size:
                    prefetch_row(inputs, kept[ahead + window + 1])
                ahead += 1
            reach = window if fixed else 1 + below(mixed(state), window)
            state += GOLDEN
            count = 0
            for position in range(max(begin, centre - reach), min(end, centre + reach + 1)):
                if position != centre:
                    rows[count] = kept[position]
                    count += 1
            if count == 0:
                continue
            _mean(inputs, rows, count, hidden)
            tile = centre % 2 * most
            for k in range(tile, tile + most):
                score_tile(hidden, pair, 1, outputs, targets, labels, rates, k, gradients)
            if centre % LOSS_EVERY == 0:
                looked_at += 1
                for k in range(tile, tile + most):
                    loss += tile_loss(k, 1, rates, gradients)
            for k in range(tile, tile + most):
                update_tile(hidden, pair, 1, outputs, targets, k, gradients)
            for d in range(width):
                hidden[0, d] -= hidden[2, d]
            for i in range(count):
                row = rows[i]
                for d in range(width):
                    inputs[row, d] += hidden[0, d]
    return loss, looked_at


@numba.njit(cache=True, nogil=True, fastmath=True)
def _mean(inputs: Floats, rows: Ints, count: int, hidden: Floats) -> None:
    """Fill rows 0 and 2 of `hidden` with the mean of the input rows."""
    width = inputs.shape[1]
    share = np.float32(1.0 / count)
    for d in range(width):
        hidden[0, d] = 0.0
    for i in range(count):
        row = rows[i]
        for d in range(width):
            hidden[0, d] += inputs[row, d]
    for d in range(width):
        hidden[0, d] *= share
        hidden[2, d] = hidden[0, d]
