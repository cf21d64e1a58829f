"""Training in shards that do not see each other: the same result with any number of threads.

A round is a few shards of consecutive words; beside each of them stand the words that its windows reach.
Before it is trained, every shard says which rows it will use. A row that no other shard uses is trained
where it lies; of one that several use, each trains a copy, and when all are done the copies are merged
(`shard_merge.py`). Nothing depends on which thread does what, nor on how many there are.

Means of subwords are always copies: words that differ share subwords.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.embeddings.arguments import Objective, Subwords, TileBuffers, Window
from nlpcli.engine.kernels.embeddings.negative_sampling import GOLDEN, mixed
from nlpcli.engine.kernels.embeddings.windows import draw_targets, set_means, train_block
from nlpcli.engine.kernels.simd.rows import prefetch_row, sum_rows

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

_NOTHING = -1  # where there is no row, or no place


class Uses(NamedTuple):
    """Which rows of a matrix each of S shards uses: at most C, of V.

    place_of [S, V]: a row's place in a shard's list, −1 for none; rows [S, C]: the lists, and
    sizes [S], how long they are; uses [S, C]: how often each row is used; trained [S, C]: the
    row of the matrix that is trained in its stead, itself or a copy.
    """

    place_of: Ints
    rows: Ints
    sizes: NDArray[np.int64]
    uses: Ints
    trained: Ints


class Words(NamedTuple):
    """A chunk of text after thinning: ids [N], and bounds [sentences + 1], where sentences begin."""

    ids: Ints
    bounds: NDArray[np.int64]


class Round(NamedTuple):
    """S shards of at most L words each, the most words to a side of them, and the targets drawn for them.

    spans [S, 4]: a shard is trained on the words from spans[:, 1] to spans[:, 2] of its chunk; with
    what is beside them they go from spans[:, 0] to spans[:, 3]. numbers [S, L + 2 · most]: the rows of
    the input vectors of all these; targets, labels, rates [S, L · tiles, 8] and used [S, L], as in
    `arguments.TileBuffers`; streams [S]: random numbers. Numbers and targets are places in the lists of
    `inputs` and `outputs` until they are trained.
    """

    most: int
    spans: NDArray[np.int64]
    numbers: Ints
    targets: Ints
    labels: Floats
    rates: Floats
    used: NDArray[np.int64]
    streams: NDArray[np.uint64]
    inputs: Uses
    outputs: Uses


@numba.njit(nogil=True, fastmath=True)
def prepare_shards(
    part: int,
    parts: int,
    words: Words,
    objective: Objective,
    work: Round,
    first: int,
    last: int,
    alpha: float,
    state: np.uint64,
) -> None:
    """Draw and number what every shard of a round needs whose number is `part` modulo `parts`.

    The round is the words at `first` to `last` of the chunk. No vector is read or written.
    """
    length = work.used.shape[1]
    for shard in range(part, len(work.spans), parts):
        begin = min(first + shard * length, last)
        stream = mixed(state + GOLDEN * np.uint64(begin))
        _prepare_shard(shard, words, objective, work, begin, min(begin + length, last), alpha, stream)


@numba.njit(nogil=True, fastmath=True)
def _prepare_shard(
    shard: int,
    words: Words,
    objective: Objective,
    work: Round,
    first: int,
    last: int,
    alpha: float,
    state: np.uint64,
) -> None:
    ids, bounds = words
    origin, end = first, last
    if first < last:
        origin = max(first - work.most, bounds[np.searchsorted(bounds, first, side="right") - 1])
        end = min(last + work.most, bounds[np.searchsorted(bounds, last, side="left")])
    span, numbers, targets = work.spans[shard], work.numbers[shard], work.targets[shard]
    span[0], span[1], span[2], span[3] = origin, first, last, end
    numbers[: end - origin] = ids[origin:end]
    targets[:] = _NOTHING
    buffers = TileBuffers(targets, work.labels[shard], work.rates[shard], work.used[shard])
    work.streams[shard] = draw_targets(ids, first, last, objective, alpha, state, _NOTHING, buffers)
    _list_rows(numbers[: end - origin], work.inputs, shard)
    _list_rows(targets[: (last - first) * objective.tiles].reshape(-1), work.outputs, shard)


@numba.njit(nogil=True, fastmath=True)
def _list_rows(numbers: Ints, uses: Uses, shard: int) -> None:
    """Make the shard's list of these rows, and put places in the list for their numbers."""
    place_of, rows, counts = uses.place_of[shard], uses.rows[shard], uses.uses[shard]
    for place in range(uses.sizes[shard]):  # what the list was before
        place_of[rows[place]] = _NOTHING
    size = 0
    for at in range(len(numbers)):
        row = numbers[at]
        if row == _NOTHING:
            continue
        place = int(place_of[row])
        if place == _NOTHING:
            place = size
            place_of[row] = place
            rows[place] = row
            counts[place] = 0
            size += 1
        counts[place] += 1
        numbers[at] = place
    uses.sizes[shard] = size


@numba.njit(nogil=True, fastmath=True)
def train_word_shards(
    part: int,
    parts: int,
    inputs: Floats,
    outputs: Floats,
    words: Words,
    work: Round,
    tiles: int,
    window: Window,
    sums: NDArray[np.float64],
) -> None:
    """Train every shard whose number is `part` modulo `parts`: sums[shard] is its loss, of how many.

    Both matrices end in S · C rows for copies and one of zeros.
    """
    for shard in range(part, len(work.spans), parts):
        size = work.spans[shard, 3] - work.spans[shard, 0]
        _choose_rows(inputs, work.inputs, shard)
        _put_rows(work.numbers[shard, :size], work.inputs.trained[shard], _NOTHING)
        _train_shard(shard, inputs, outputs, words, work, tiles, window, sums)


@numba.njit(nogil=True, fastmath=True)
def train_subword_shards(
    part: int,
    parts: int,
    inputs: Floats,
    outputs: Floats,
    subwords: Subwords,
    means: Floats,
    before: Floats,
    words: Words,
    work: Round,
    tiles: int,
    window: Window,
    sums: NDArray[np.float64],
) -> None:
    """As `train_word_shards`, for words that are means of subwords.

    means [S, C + 1, R], of which the last is zeros, then hold what the words have gained; before
    [S, C, R] is room to work in. Only `outputs` has rows for copies.
    """
    for shard in range(part, len(work.spans), parts):
        used, size = work.inputs.rows[shard], work.inputs.sizes[shard]
        gains, begun = means[shard], before[shard]
        set_means(inputs, subwords, used, size, gains, begun)
        _train_shard(shard, gains, outputs, words, work, tiles, window, sums)
        for place in range(size):
            for d in range(gains.shape[1]):
                gains[place, d] -= begun[place, d]


@numba.njit(nogil=True, fastmath=True)
def _train_shard(
    shard: int,
    inputs: Floats,
    outputs: Floats,
    words: Words,
    work: Round,
    tiles: int,
    window: Window,
    sums: NDArray[np.float64],
) -> None:
    """Train a shard whose numbers are rows of `inputs`."""
    span, targets = work.spans[shard], work.targets[shard]
    origin, first, last = span[0], span[1], span[2]
    _choose_rows(outputs, work.outputs, shard)
    rows = targets[: (last - first) * tiles].reshape(-1)
    _put_rows(rows, work.outputs.trained[shard], outputs.shape[0] - 1)
    buffers = TileBuffers(targets, work.labels[shard], work.rates[shard], work.used[shard])
    numbers, stream = work.numbers[shard], work.streams[shard]
    loss, predictions = train_block(
        inputs, numbers, origin, outputs, words.bounds, first, last, buffers, tiles, window, stream
    )
    sums[shard, 0], sums[shard, 1] = loss, predictions


@numba.njit(nogil=True, fastmath=True)
def _choose_rows(matrix: Floats, uses: Uses, shard: int) -> None:
    """Copy the rows that other shards use too; say for all which rows are trained."""
    place_of, rows, trained = uses.place_of, uses.rows[shard], uses.trained[shard]
    shards, most = uses.rows.shape
    size = uses.sizes[shard]
    copy = len(matrix) - 1 - (shards - shard) * most
    for place in range(size):
        if place + 4 < size:
            prefetch_row(matrix, rows[place + 4])
        row = rows[place]
        trained[place] = row
        users = 0
        for other in range(shards):
            users += place_of[other, row] >= 0
        if users > 1:
            trained[place] = copy
            sum_rows(matrix, rows, place, place + 1, matrix, copy)
            copy += 1


@numba.njit(nogil=True, fastmath=True)
def _put_rows(numbers: Ints, trained: Ints, spare: int) -> None:
    """Put the rows that are trained for their places in the list."""
    for at in range(len(numbers)):
        place = numbers[at]
        numbers[at] = trained[place] if place != _NOTHING else spare
