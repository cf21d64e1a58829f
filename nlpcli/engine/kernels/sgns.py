"""Skip-gram over a stretch of text: every word of a window predicts its centre.

All context words of a centre share its noise words, so that scores and updates are small
matrix products (`tiles.py`). Ji et al. 2016 ("Parallelizing Word2Vec in Shared and Distributed
Memory") show that quality stays the same.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.noise import GOLDEN, below, drawn, mixed, thinned
from nlpcli.engine.kernels.tiles import STRIDE, WIDTH, prefetch_row, score_tile, update_tile

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

LOSS_EVERY = 8  # the loss is the mean over every 8th centre
_SMALLEST = 1e-30


@numba.njit(cache=True, nogil=True, fastmath=True)
def noise_targets(
    word: int,
    negative: int,
    alpha: float,
    limits: NDArray[np.uint32],
    others: Ints,
    state: np.uint64,
    tile: int,
    targets: Ints,
    rates: Floats,
) -> int:
    """Fill the tiles from `tile` on with `word` and `negative` different noise words; their number.

    A noise word that cannot be found in a few draws (a tiny vocabulary) leaves its slot to the
    spare row, at rate 0, as are the slots of the last tile that are left over.
    """
    spare = len(limits)
    tiles = (negative + WIDTH) // WIDTH
    for slot in range(tiles * WIDTH):
        row, column = tile + slot // WIDTH, slot % WIDTH
        targets[row, column] = spare
        rates[row, column] = 0.0
    targets[tile, 0] = word
    rates[tile, 0] = alpha
    for slot in range(1, negative + 1):
        row, column = tile + slot // WIDTH, slot % WIDTH
        for _ in range(4):
            found = drawn(mixed(state), limits, others)
            state += GOLDEN
            fresh = True
            for k in range(slot):
                fresh &= targets[tile + k // WIDTH, k % WIDTH] != found
            if fresh:
                targets[row, column] = found
                rates[row, column] = alpha
                break
    return tiles


@numba.njit(cache=True, nogil=True, fastmath=True)
def tile_loss(tile: int, count: int, rates: Floats, gradients: Floats) -> float:
    """Σ −log σ(±score) over the tile: the gradients hold 1 − σ(±score), times the rate."""
    product = 1.0
    loss = 0.0
    for j in range(WIDTH):
        if rates[tile, j] > 0.0:
            for i in range(count):
                product *= max(1.0 - abs(gradients[tile, i, j] / rates[tile, j]), 1e-8)
            if product < 1e-150:
                loss -= math.log(product)
                product = 1.0
    return loss - math.log(max(product, 1e-300))


@numba.njit(cache=True, nogil=True, fastmath=True)
def train_skipgram(
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
    """Train on the words at `first` to `last`; the summed loss and number of the pairs looked at."""
    kept = np.empty(last - first, np.int32)
    bounds = np.empty(last - first + 1, np.int64)
    sentences = thinned(ids, offsets, first, last, keep, state, kept, bounds)
    state += GOLDEN * np.uint64(last - first)
    spare = inputs.shape[0] - 1
    most = (negative + WIDTH) // WIDTH
    targets = np.full((2 * most, STRIDE), spare, np.int32)
    rates = np.zeros((2 * most, STRIDE), np.float32)
    labels = np.zeros((2 * most, STRIDE), np.float32)
    labels[0, 0] = labels[most, 0] = 1.0
    gradients = np.zeros((2 * most, 2 * window + 2, STRIDE), np.float32)
    rows = np.empty(2 * window + 2, np.int32)
    size = bounds[sentences]
    loss = 0.0
    pairs = 0
    ahead = 0  # words whose targets are drawn: one more than trained, so that memory can follow
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
            rows[count] = spare
            tile = centre % 2 * most
            for k in range(tile, tile + most):
                score_tile(inputs, rows, count, outputs, targets, labels, rates, k, gradients)
            if centre % LOSS_EVERY == 0:
                pairs += count
                for k in range(tile, tile + most):
                    loss += tile_loss(k, count, rates, gradients)
            for k in range(tile, tile + most):
                update_tile(inputs, rows, count, outputs, targets, k, gradients)
    return loss, pairs
