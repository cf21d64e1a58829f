"""CBOW over a stretch of text: the mean of a window's words predicts its centre.

The mean is one row for the tiles of `tiles.py`; what it gains is added to every word of the
window, as in word2vec.c.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.noise import GOLDEN, Text, below, mixed, thinned
from nlpcli.engine.kernels.sgns import LOSS_EVERY
from nlpcli.engine.kernels.targets import Objective, make_targets, set_targets, tile_loss
from nlpcli.engine.kernels.tiles import STRIDE, prefetch_row, score_tile, update_tile

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@numba.njit(cache=True, nogil=True, fastmath=True)
def train_cbow(
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
    """Train on the words at `first` to `last`; the summed loss and number of the centres looked at."""
    kept = np.empty(last - first, np.int32)
    bounds = np.empty(last - first + 1, np.int64)
    sentences = thinned(text, first, last, state, kept, bounds)
    state += GOLDEN * np.uint64(last - first)
    targets = make_targets(objective, outputs.shape[0] - 1)
    gradients = np.zeros((2 * objective.tiles, 2, STRIDE), np.float32)
    hidden = np.zeros((3, inputs.shape[1]), np.float32)  # the mean, zeros that pair with it, the mean before
    pair = np.array([0, 1], np.int32)
    rows = np.empty(2 * window, np.int32)
    size = bounds[sentences]
    loss = 0.0
    centres = 0
    ahead = 0  # words whose targets are set, as in sgns.py
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
            set_mean(inputs, rows, count, hidden)
            tile = centre % 2 * objective.tiles
            beyond = tile + targets.used[centre % 2]
            for k in range(tile, beyond):
                score_tile(
                    hidden, pair, 1, outputs, targets.rows, targets.labels, targets.rates, k, gradients
                )
            if centre % LOSS_EVERY == 0:
                centres += 1
                for k in range(tile, beyond):
                    loss += tile_loss(k, 1, targets.rates, gradients)
            for k in range(tile, beyond):
                update_tile(hidden, pair, 1, outputs, targets.rows, k, gradients)
            add_gain(inputs, rows, count, hidden)
    return loss, centres


@numba.njit(cache=True, nogil=True, fastmath=True)
def set_mean(inputs: Floats, rows: Ints, count: int, hidden: Floats) -> None:
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


@numba.njit(cache=True, nogil=True, fastmath=True)
def add_gain(inputs: Floats, rows: Ints, count: int, hidden: Floats) -> None:
    """Add what row 0 of `hidden` has gained over row 2 to every input row."""
    width = inputs.shape[1]
    for d in range(width):
        hidden[0, d] -= hidden[2, d]
    for i in range(count):
        row = rows[i]
        for d in range(width):
            inputs[row, d] += hidden[0, d]
