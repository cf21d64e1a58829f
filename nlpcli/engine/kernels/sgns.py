"""Skip-gram over a stretch of text: every word of a window predicts its centre.

All context words of a centre share its noise words, so that scores and updates are small
matrix products (`tiles.py`); Ji et al. 2016, "Parallelizing Word2Vec in Shared and Distributed
Memory", show that the quality stays.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.noise import GOLDEN, Text, below, mixed, thinned
from nlpcli.engine.kernels.targets import Objective, make_targets, set_targets, tile_loss
from nlpcli.engine.kernels.tiles import STRIDE, prefetch_row, score_tile, update_tile

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

LOSS_EVERY = 8  # the loss is the mean over every 8th centre


@numba.njit(cache=True, nogil=True, fastmath=True)
def train_skipgram(
    inputs: Floats,
    outputs: Floats,
    text: Text,
    objective: Objective,
    window: int,
    fixed: bool,
    first: int,
    last: int,
    alpha: float,
    state: np.uint64,
) -> tuple[float, int]:
    """Train on the words at `first` to `last`; the summed loss and number of the pairs looked at."""
    kept = np.empty(last - first, np.int32)
    bounds = np.empty(last - first + 1, np.int64)
    sentences = thinned(text, first, last, state, kept, bounds)
    state += GOLDEN * np.uint64(last - first)
    spare = inputs.shape[0] - 1
    targets = make_targets(objective, outputs.shape[0] - 1)
    gradients = np.zeros((2 * objective.tiles, 2 * window + 2, STRIDE), np.float32)
    rows = np.empty(2 * window + 2, np.int32)
    size = bounds[sentences]
    loss = 0.0
    pairs = 0
    ahead = 0  # words whose targets are set: one more than trained, so that memory can follow
    for sentence in range(sentences):
        begin, end = bounds[sentence], bounds[sentence + 1]
        for centre in range(begin, end):
            while ahead < min(centre + 2, size):
                set_targets(kept[ahead], objective, alpha, state, ahead % 2, targets, outputs)
                state += GOLDEN * np.uint64(4 * objective.negative)
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
            tile = centre % 2 * objective.tiles
            beyond = tile + targets.used[centre % 2]
            for k in range(tile, beyond):
                score_tile(
                    inputs, rows, count, outputs, targets.rows, targets.labels, targets.rates, k, gradients
                )
            if centre % LOSS_EVERY == 0:
                pairs += count
                for k in range(tile, beyond):
                    loss += tile_loss(k, count, targets.rates, gradients)
            for k in range(tile, beyond):
                update_tile(inputs, rows, count, outputs, targets.rows, k, gradients)
    return loss, pairs
