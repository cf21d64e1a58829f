"""Windows over a stretch of text: which rows are trained on which targets, in which order.

Words have a row of their own (`train_words`), or are the mean of the rows of their subwords
(`train_subwords`). The arithmetic of a window is in `sgns.py` and `cbow.py`.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.cbow import cbow_step
from nlpcli.engine.kernels.noise import GOLDEN, Text, below, mixed, thinned
from nlpcli.engine.kernels.rows import move_rows, prefetch_row, sum_rows
from nlpcli.engine.kernels.sgns import skipgram_step
from nlpcli.engine.kernels.targets import Objective, set_noise_targets, set_path_targets, tile_loss
from nlpcli.engine.kernels.tiles import STRIDE, WIDTH

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

LOSS_EVERY = 8  # the loss is the mean over every 8th centre
BLOCK = 128  # centres for which the means of subwords are kept


class Window(NamedTuple):
    """Most words to a side, whether it is always that many, and whether the mean predicts (CBOW)."""

    size: int
    fixed: bool
    cbow: bool


@numba.njit(cache=True, nogil=True, fastmath=True)
def train_block(
    inputs: Floats,
    numbers: Ints,
    origin: int,
    outputs: Floats,
    words: Ints,
    bounds: NDArray[np.int64],
    first: int,
    last: int,
    objective: Objective,
    window: Window,
    alpha: float,
    state: np.uint64,
) -> tuple[float, int]:
    """Train on the centres `words[first]` to `words[last]`; the summed loss, and of how many predictions.

    The word at p has row `numbers[p - origin]` of `inputs`; sentence s is
    `words[bounds[s]:bounds[s + 1]]`.
    """
    # Taken out of their tuples once: to do so in the loop would count references, at great cost.
    negative, table, starts, nodes, turns, half = objective
    size, fixed, cbow = window
    spare = outputs.shape[0] - 1
    targets = np.full((2 * half, STRIDE), spare, np.int32)
    labels = np.zeros((2 * half, STRIDE), np.float32)
    rates = np.zeros((2 * half, STRIDE), np.float32)
    used = np.zeros(2, np.int64)
    gradients = np.zeros((2 * half, 2 * size + 2, STRIDE), np.float32)
    hidden = np.zeros((3, inputs.shape[1]), np.float32)
    rows = np.empty(2 * size + 1, np.int32)
    draws = np.uint64(4 * negative)
    loss = 0.0
    predictions = 0
    ahead = first  # targets are set one word ahead, so that memory can follow
    sentence = np.searchsorted(bounds, first, side="right") - 1
    for centre in range(first, last):
        while ahead < min(centre + 2, last):
            side = ahead % 2
            word, tile = words[ahead], side * half
            if negative > 0:
                used[side] = set_noise_targets(
                    word, negative, table, alpha, state, tile, targets, labels, rates, spare
                )
            else:
                path = starts[word], starts[word + 1]
                used[side] = set_path_targets(*path, nodes, turns, alpha, tile, targets, labels, rates, spare)
            for k in range(tile, tile + used[side]):
                for j in range(WIDTH):
                    prefetch_row(outputs, targets[k, j])
            state += GOLDEN * draws
            if ahead + size + 1 < last:
                prefetch_row(inputs, numbers[ahead + size + 1 - origin])
            ahead += 1
        if centre >= bounds[sentence + 1]:
            sentence += 1
        reach = size if fixed else 1 + below(mixed(state), size)
        state += GOLDEN
        count = 0
        begin, end = max(bounds[sentence], centre - reach), min(bounds[sentence + 1], centre + reach + 1)
        for position in range(begin, end):
            if position != centre:
                rows[count] = numbers[position - origin]
                count += 1
        if count == 0:
            continue
        tile = centre % 2 * half
        beyond = tile + used[centre % 2]
        if cbow:
            cbow_step(inputs, rows, count, outputs, targets, labels, rates, tile, beyond, gradients, hidden)
        else:
            skipgram_step(inputs, rows, count, outputs, targets, labels, rates, tile, beyond, gradients)
        if centre % LOSS_EVERY == 0:
            scored = 1 if cbow else count
            predictions += scored
            for k in range(tile, beyond):
                loss += tile_loss(k, scored, rates, gradients)
    return loss, predictions


@numba.njit(cache=True, nogil=True, fastmath=True)
def train_words(
    inputs: Floats,
    outputs: Floats,
    text: Text,
    objective: Objective,
    window: Window,
    first: int,
    last: int,
    alpha: float,
    state: np.uint64,
) -> tuple[float, int]:
    """Train on the words at `first` to `last`; the summed loss, and of how many predictions."""
    kept = np.empty(last - first, np.int32)
    bounds = np.empty(last - first + 1, np.int64)
    sentences = thinned(text, first, last, state, kept, bounds)
    state += GOLDEN * np.uint64(last - first)
    bounds = bounds[: sentences + 1]
    size = bounds[sentences]
    return train_block(inputs, kept, 0, outputs, kept, bounds, 0, size, objective, window, alpha, state)


class Subwords(NamedTuple):
    """The rows a word is the mean of: word w's are rows[starts[w]:starts[w + 1]]."""

    starts: NDArray[np.int64]
    rows: Ints


@numba.njit(cache=True, nogil=True, fastmath=True)
def train_subwords(
    inputs: Floats,
    outputs: Floats,
    text: Text,
    subwords: Subwords,
    objective: Objective,
    window: Window,
    first: int,
    last: int,
    alpha: float,
    state: np.uint64,
) -> tuple[float, int]:
    """As `train_words`, for words that are means of subwords.

    The means of a block's words are worked out once, trained as if they were rows, and what
    they have gained is then added to every subword: the gradient of a mean, but for the factor
    1/n that fastText too leaves out.
    """
    kept = np.empty(last - first, np.int32)
    bounds = np.empty(last - first + 1, np.int64)
    sentences = thinned(text, first, last, state, kept, bounds)
    state += GOLDEN * np.uint64(last - first)
    bounds = bounds[: sentences + 1]
    size = bounds[sentences]
    most = BLOCK + 2 * window.size
    numbers = np.empty(most, np.int32)  # a word's row among the means of the block
    found = np.empty(most, np.int32)  # the words of the block, each once
    number_of = np.full(len(text.keep), -1, np.int32)
    means = np.zeros((most + 1, inputs.shape[1]), np.float32)
    before = np.empty((most, inputs.shape[1]), np.float32)
    loss = 0.0
    predictions = 0
    for begin in range(0, size, BLOCK):
        end = min(begin + BLOCK, size)
        origin = max(0, begin - window.size)
        count = 0
        for position in range(origin, min(end + window.size, size)):
            word = kept[position]
            if number_of[word] < 0:
                number_of[word] = count
                found[count] = word
                count += 1
            numbers[position - origin] = number_of[word]
        set_means(inputs, subwords, found, count, means, before)
        means[-1] = 0.0
        block_loss, block_predictions = train_block(
            means, numbers, origin, outputs, kept, bounds, begin, end, objective, window, alpha, state
        )
        state = mixed(state + GOLDEN)
        loss += block_loss
        predictions += block_predictions
        add_gains(inputs, subwords, found, count, means, before)
        for number in range(count):
            number_of[found[number]] = -1
    return loss, predictions


@numba.njit(cache=True, nogil=True, fastmath=True)
def set_means(
    inputs: Floats, subwords: Subwords, words: Ints, count: int, means: Floats, before: Floats
) -> None:
    """Set the first `count` rows of `means` and `before` to the means of the words' subwords."""
    width = inputs.shape[1]
    starts, rows = subwords.starts, subwords.rows
    for number in range(count):
        if number + 1 < count:
            following = words[number + 1]
            for place in range(starts[following], starts[following + 1]):
                prefetch_row(inputs, rows[place])
        first, last = starts[words[number]], starts[words[number] + 1]
        sum_rows(inputs, rows, first, last, means, number)
        share = np.float32(1.0 / (last - first))
        for d in range(width):
            means[number, d] *= share
            before[number, d] = means[number, d]


@numba.njit(cache=True, nogil=True, fastmath=True)
def add_gains(
    inputs: Floats, subwords: Subwords, words: Ints, count: int, means: Floats, before: Floats
) -> None:
    """Add what each mean has gained to all subwords of its word."""
    width = inputs.shape[1]
    starts, rows = subwords.starts, subwords.rows
    for number in range(count):
        for d in range(width):
            before[number, d] = means[number, d] - before[number, d]
        word = words[number]
        move_rows(inputs, rows, starts[word], starts[word + 1], before, number)


@numba.njit(cache=True, nogil=True, fastmath=True)
def put_together(inputs: Floats, subwords: Subwords, vectors: Floats) -> None:
    """Set every row of `vectors` [V, R] to the mean of its word's subwords."""
    for word in range(len(vectors)):
        first, last = subwords.starts[word], subwords.starts[word + 1]
        sum_rows(inputs, subwords.rows, first, last, vectors, word)
        vectors[word] *= np.float32(1.0 / (last - first))
