"""Windows over a chunk of text: which rows are trained on which targets, in which order.

Words have a row of their own (`train_words`), or are the mean of the rows of their subwords
(`train_subwords`). The arithmetic of a window is in `sgns.py` and `cbow.py`.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.embeddings.arguments import (
    STRIDE,
    WIDTH,
    Objective,
    Subwords,
    Text,
    TileBuffers,
    Window,
)
from nlpcli.engine.kernels.embeddings.cbow import cbow_step
from nlpcli.engine.kernels.embeddings.negative_sampling import GOLDEN, below, mixed, noise_pool, thinned
from nlpcli.engine.kernels.embeddings.sgns import skipgram_step
from nlpcli.engine.kernels.embeddings.targets import TRIES, set_noise_targets, set_path_targets, tile_loss
from nlpcli.engine.kernels.simd.rows import move_rows, prefetch_row, sum_rows

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

LOSS_EVERY = 8  # the loss is the mean over every 8th centre that has a window
BLOCK = 128  # centres that share a pool of noise words, and means of subwords
SMALLEST_POOL = 64


@numba.njit(nogil=True, fastmath=True, forceinline=True)
def make_tile_buffers(words: int, tiles: int, spare: int) -> TileBuffers:
    """Empty tiles for so many words."""
    return TileBuffers(
        np.full((words * tiles, STRIDE), spare, np.int32),
        np.zeros((words * tiles, STRIDE), np.float32),
        np.zeros((words * tiles, STRIDE), np.float32),
        np.zeros(words, np.int64),
    )


@numba.njit(nogil=True, fastmath=True)
def draw_targets(
    words: Ints,
    first: int,
    last: int,
    objective: Objective,
    alpha: float,
    state: np.uint64,
    spare: int,
    buffers: TileBuffers,
) -> np.uint64:
    """Fill the tiles for words[first:last]; the next state of the random stream.

    The block draws about as many noise words as it has words, and its words draw theirs from
    these: so few rows stay near, where 5 a word from all would not.
    """
    # Taken out of their tuples once: to do so in a loop would count references, at great cost.
    negative, table, starts, nodes, codes, tiles = objective
    targets, labels, rates, used = buffers
    pool = noise_pool(max(last - first, SMALLEST_POOL) if negative > 0 else 0, table, state)
    state += GOLDEN * np.uint64(len(pool))
    draws = GOLDEN * np.uint64(TRIES * negative)
    for place in range(last - first):
        word, tile = words[first + place], place * tiles
        if negative > 0:
            used[place] = set_noise_targets(
                word, negative, pool, alpha, state, tile, targets, labels, rates, spare
            )
        else:
            begin, end = starts[word], starts[word + 1]
            used[place] = set_path_targets(
                begin, end, nodes, codes, alpha, tile, targets, labels, rates, spare
            )
        state += draws
    return state


@numba.njit(nogil=True, fastmath=True)
def train_block(
    inputs: Floats,
    numbers: Ints,
    origin: int,
    outputs: Floats,
    bounds: NDArray[np.int64],
    first: int,
    last: int,
    buffers: TileBuffers,
    tiles: int,
    window: Window,
    state: np.uint64,
) -> tuple[float, int]:
    """Train the centres `first` to `last`; the summed loss, and of how many predictions.

    The word at p has row `numbers[p - origin]` of `inputs`; sentence s goes from bounds[s] to
    bounds[s + 1]. The tiles in `buffers` are those of the centres, from `first` on.
    """
    size, fixed, cbow, most = window
    targets, labels, rates, used = buffers
    gradients = np.zeros((tiles, 2 * most + 2, STRIDE), np.float32)
    hidden = np.zeros((3, inputs.shape[1]), np.float32)
    rows = np.empty(2 * most + 1, np.int32)
    loss = 0.0
    predictions = 0
    trained = 0
    sentence = np.searchsorted(bounds, first, side="right") - 1
    for centre in range(first, last):
        if centre + 1 < last:  # what comes next is fetched while this is worked out
            following = (centre + 1 - first) * tiles
            for tile in range(following, following + used[centre + 1 - first]):
                for j in range(WIDTH):
                    prefetch_row(outputs, targets[tile, j])
            if centre + most + 1 < last:
                prefetch_row(inputs, numbers[centre + most + 1 - origin])
        if centre >= bounds[sentence + 1]:
            sentence += 1
        reach = min(most, size if fixed else 1 + below(mixed(state), size))
        state += GOLDEN
        count = 0
        begin, end = max(bounds[sentence], centre - reach), min(bounds[sentence + 1], centre + reach + 1)
        for position in range(begin, end):
            if position != centre:
                rows[count] = numbers[position - origin]
                count += 1
        if count == 0:
            continue
        tile = (centre - first) * tiles
        beyond = tile + used[centre - first]
        if cbow:
            cbow_step(inputs, rows, count, outputs, targets, labels, rates, tile, beyond, gradients, hidden)
        else:
            skipgram_step(inputs, rows, count, outputs, targets, labels, rates, tile, beyond, gradients)
        trained += 1
        if trained % LOSS_EVERY == 1:  # the first too, so that a tiny text has a loss
            scored = 1 if cbow else count
            predictions += scored
            for k in range(tile, beyond):
                loss += tile_loss(k, k - tile, scored, rates, gradients)
    return loss, predictions


@numba.njit(nogil=True, fastmath=True)
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
    thinning: np.uint64,
) -> tuple[float, int]:
    """Train on the words at `first` to `last`; the summed loss, and of how many predictions.

    Their windows reach beyond them, as far as their sentences do. `thinning` is the random stream
    that thins the text in this epoch, `state` that of all else in this chunk.
    """
    kept = np.empty(last - first + 2 * window.most, np.int32)
    bounds = np.empty(len(kept) + 1, np.int64)
    sentences, begin, end = thinned(text, first, last, window.most, thinning, kept, bounds)
    bounds = bounds[: sentences + 1]
    spare = outputs.shape[0] - 1
    buffers = make_tile_buffers(BLOCK, objective.tiles, spare)
    loss = 0.0
    predictions = 0
    for block in range(begin, end, BLOCK):
        beyond = min(block + BLOCK, end)
        state = draw_targets(kept, block, beyond, objective, alpha, state, spare, buffers)
        block_loss, block_predictions = train_block(
            inputs, kept, 0, outputs, bounds, block, beyond, buffers, objective.tiles, window, state
        )
        state += GOLDEN * np.uint64(BLOCK)
        loss += block_loss
        predictions += block_predictions
    return loss, predictions


@numba.njit(nogil=True, fastmath=True)
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
    thinning: np.uint64,
) -> tuple[float, int]:
    """As `train_words`, for words that are means of subwords.

    The means of a block's words are worked out once, trained as if they were rows, and what
    they have gained is then added to every subword: the gradient of a mean, but for the factor
    1/n that fastText too leaves out.
    """
    kept = np.empty(last - first + 2 * window.most, np.int32)
    bounds = np.empty(len(kept) + 1, np.int64)
    sentences, begin, end = thinned(text, first, last, window.most, thinning, kept, bounds)
    bounds = bounds[: sentences + 1]
    size = bounds[sentences]
    most = BLOCK + 2 * window.most
    numbers = np.empty(most, np.int32)  # a word's row among the means of the block
    found = np.empty(most, np.int32)  # the words of the block, each once
    number_of = np.full(len(text.keep), -1, np.int32)
    means = np.zeros((most + 1, inputs.shape[1]), np.float32)
    before = np.empty((most, inputs.shape[1]), np.float32)
    spare = outputs.shape[0] - 1
    buffers = make_tile_buffers(BLOCK, objective.tiles, spare)
    loss = 0.0
    predictions = 0
    for block in range(begin, end, BLOCK):
        beyond = min(block + BLOCK, end)
        origin = max(0, block - window.most)
        count = 0
        for position in range(origin, min(beyond + window.most, size)):
            word = kept[position]
            if number_of[word] < 0:
                number_of[word] = count
                found[count] = word
                count += 1
            numbers[position - origin] = number_of[word]
        set_means(inputs, subwords, found, count, means, before)
        means[-1] = 0.0
        state = draw_targets(kept, block, beyond, objective, alpha, state, spare, buffers)
        block_loss, block_predictions = train_block(
            means, numbers, origin, outputs, bounds, block, beyond, buffers, objective.tiles, window, state
        )
        state += GOLDEN * np.uint64(BLOCK)
        loss += block_loss
        predictions += block_predictions
        add_gains(inputs, subwords, found, count, means, before)
        for number in range(count):
            number_of[found[number]] = -1
    return loss, predictions


@numba.njit(nogil=True, fastmath=True)
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


@numba.njit(nogil=True, fastmath=True)
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


@numba.njit(nogil=True, fastmath=True)
def put_together(inputs: Floats, subwords: Subwords, vectors: Floats) -> None:
    """Set every row of `vectors` [V, R] to the mean of its word's subwords."""
    for word in range(len(vectors)):
        first, last = subwords.starts[word], subwords.starts[word + 1]
        sum_rows(inputs, subwords.rows, first, last, vectors, word)
        vectors[word] *= np.float32(1.0 / (last - first))
