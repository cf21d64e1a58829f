"""Training in shards that do not see each other: the same result with any number of threads.

A round is a few shards of consecutive words. Each is trained on copies of the rows it touches,
from the same matrices; what the copies have gained is then added up, shard by shard. Nothing
depends on which thread does what, nor on how many there are.

A row that several shards have moved from the same place would go too far if it simply went the
sum. One after the other, each would have had less way left to go: if a shard goes the share
1 − e^−a of the way, c of them go 1 − e^−ac. So the sum is scaled by (1 − e^−ac) / (c (1 − e^−a)),
with a in proportion to the learning rate and to how often a shard has used the row.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.noise import GOLDEN, Text, mixed, thinned
from nlpcli.engine.kernels.rows import prefetch_row, sum_rows
from nlpcli.engine.kernels.targets import Objective
from nlpcli.engine.kernels.windows import Subwords, Window, draw_targets, make_room, train_block

_HASH, _LOW, _32 = np.uint64(2654435769), np.uint64(0xFFFFFFFF), np.uint64(32)

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


class Tally(NamedTuple):
    """For every row of a matrix [V]: how many shards have moved it, which was the last, all its uses.

    Zeros, and −1 for the last, between rounds.
    """

    shards: Ints
    last: Ints
    uses: Ints


class Copies(NamedTuple):
    """What each of S shards has copied, at most C vectors of V: rows, or means of subwords.

    places [S, V]: where a vector's copy is, −1 for none; origins [S, C]: what they are copies
    of; uses [S, C]: how often they were used; sizes [S]; vectors [S, C + 1, R], the last zeros.
    """

    places: Ints
    origins: Ints
    uses: Ints
    sizes: NDArray[np.int64]
    vectors: Floats


@numba.njit(cache=True, nogil=True, fastmath=True)
def train_apart(
    part: int,
    parts: int,
    inputs: Floats,
    outputs: Floats,
    subwords: Subwords,
    input_copies: Copies,
    output_copies: Copies,
    text: Text,
    objective: Objective,
    window: Window,
    first: int,
    last: int,
    length: int,
    alpha: float,
    state: np.uint64,
    sums: NDArray[np.float64],
) -> None:
    """Train every shard of a round whose number is `part` modulo `parts`.

    The round is the words at `first` to `last`, a shard `length` of them. Its copies then hold
    what they have gained, and sums[shard] its summed loss, and of how many predictions. A word
    whose only subword is its own row is a plain word.
    """
    shards = (last - first + length - 1) // length
    for shard in range(part, shards, parts):
        begin = first + shard * length
        end = min(begin + length, last)
        stream = mixed(state + GOLDEN * np.uint64(begin))
        loss, predictions = _train_shard(
            shard, inputs, outputs, subwords, input_copies, output_copies, text, objective, window,
            begin, end, alpha, stream,
        )  # fmt: skip
        sums[shard, 0], sums[shard, 1] = loss, predictions


@numba.njit(cache=True, nogil=True, fastmath=True)
def _train_shard(
    shard: int,
    inputs: Floats,
    outputs: Floats,
    subwords: Subwords,
    input_copies: Copies,
    output_copies: Copies,
    text: Text,
    objective: Objective,
    window: Window,
    first: int,
    last: int,
    alpha: float,
    state: np.uint64,
) -> tuple[float, int]:
    kept = np.empty(last - first, np.int32)
    bounds = np.empty(last - first + 1, np.int64)
    sentences = thinned(text, first, last, state, kept, bounds)
    state += GOLDEN * np.uint64(last - first)
    bounds = bounds[: sentences + 1]
    size = bounds[sentences]
    spare = outputs.shape[0] - 1
    room = make_room(size, objective.tiles, spare)
    state = draw_targets(kept, 0, size, objective, alpha, state, spare, room)
    numbers = np.empty(size, np.int32)
    mine, theirs = input_copies.vectors[shard], output_copies.vectors[shard]
    _forget(input_copies, shard)
    _number(kept[:size], numbers, input_copies, shard)
    _copy_means(inputs, subwords, input_copies, shard, mine)
    _forget(output_copies, shard)
    _number_targets(room.targets, room.rates, len(theirs) - 1, output_copies, shard)
    _copy_rows(outputs, output_copies, shard, theirs)
    sums = train_block(mine, numbers, 0, theirs, bounds, 0, size, room, objective.tiles, window, state)
    _keep_gains_of_means(inputs, subwords, input_copies, shard, mine)
    _keep_gains(outputs, output_copies, shard, theirs)
    return sums


@numba.njit(cache=True, nogil=True, fastmath=True)
def _forget(copies: Copies, shard: int) -> None:
    """Forget the copies of the round before."""
    places, origins = copies.places[shard], copies.origins[shard]
    for place in range(copies.sizes[shard]):
        places[origins[place]] = -1
    copies.sizes[shard] = 0


@numba.njit(cache=True, nogil=True, fastmath=True)
def _number(words: Ints, numbers: Ints, copies: Copies, shard: int) -> None:
    """Give every word a place among the copies."""
    places, origins, uses = copies.places[shard], copies.origins[shard], copies.uses[shard]
    size = 0
    for position in range(len(words)):
        word = words[position]
        if places[word] < 0:
            places[word] = size
            origins[size] = word
            uses[size] = 0
            size += 1
        numbers[position] = places[word]
        uses[places[word]] += 1
    copies.sizes[shard] = size


@numba.njit(cache=True, nogil=True, fastmath=True)
def _number_targets(targets: Ints, rates: Floats, spare: int, copies: Copies, shard: int) -> None:
    """Put the places of their copies for the targets."""
    places, origins, uses = copies.places[shard], copies.origins[shard], copies.uses[shard]
    size = 0
    for tile in range(targets.shape[0]):
        for j in range(targets.shape[1]):
            row = targets[tile, j]
            if rates[tile, j] == 0.0:
                targets[tile, j] = spare
                continue
            if places[row] < 0:
                places[row] = size
                origins[size] = row
                uses[size] = 0
                size += 1
            targets[tile, j] = places[row]
            uses[places[row]] += 1
    copies.sizes[shard] = size


@numba.njit(cache=True, nogil=True, fastmath=True)
def _copy_means(inputs: Floats, subwords: Subwords, copies: Copies, shard: int, vectors: Floats) -> None:
    """Set the copies to the means of the words' subwords."""
    origins, size = copies.origins[shard], copies.sizes[shard]
    starts, rows = subwords
    for place in range(size):
        word = origins[place]
        sum_rows(inputs, rows, starts[word], starts[word + 1], vectors, place)
        share = np.float32(1.0 / (starts[word + 1] - starts[word]))
        for d in range(inputs.shape[1]):
            vectors[place, d] *= share


@numba.njit(cache=True, nogil=True, fastmath=True)
def _keep_gains_of_means(
    inputs: Floats, subwords: Subwords, copies: Copies, shard: int, vectors: Floats
) -> None:
    """Take the means away from their copies: what is left they have gained."""
    origins, size = copies.origins[shard], copies.sizes[shard]
    starts, rows = subwords
    total = np.empty((1, inputs.shape[1]), np.float32)
    for place in range(size):
        word = origins[place]
        sum_rows(inputs, rows, starts[word], starts[word + 1], total, 0)
        share = np.float32(1.0 / (starts[word + 1] - starts[word]))
        for d in range(inputs.shape[1]):
            vectors[place, d] -= share * total[0, d]


@numba.njit(cache=True, nogil=True, fastmath=True)
def _copy_rows(outputs: Floats, copies: Copies, shard: int, vectors: Floats) -> None:
    """Set the copies to their rows."""
    origins, size = copies.origins[shard], copies.sizes[shard]
    for place in range(size):
        if place + 4 < size:
            prefetch_row(outputs, origins[place + 4])
        row = origins[place]
        for d in range(outputs.shape[1]):
            vectors[place, d] = outputs[row, d]


@numba.njit(cache=True, nogil=True, fastmath=True)
def _keep_gains(outputs: Floats, copies: Copies, shard: int, vectors: Floats) -> None:
    """Take the rows away from their copies: what is left they have gained."""
    origins, size = copies.origins[shard], copies.sizes[shard]
    for place in range(size):
        row = origins[place]
        for d in range(outputs.shape[1]):
            vectors[place, d] -= outputs[row, d]


@numba.njit(cache=True, nogil=True, fastmath=True)
def add_up(
    part: int,
    parts: int,
    matrix: Floats,
    subwords: Subwords,
    copies: Copies,
    tally: Tally,
    shards: int,
    pull: float,
) -> None:
    """Add what the shards have gained to every row that `is_in` the part.

    `pull` times the uses of a row in a shard is the a of the formula above.
    """
    starts, rows = subwords
    _, all_origins, all_uses, sizes, vectors = copies
    shards_of, last_of, uses_of = tally
    for shard in range(shards):
        for place in range(sizes[shard]):
            origin = all_origins[shard, place]
            for number in range(starts[origin], starts[origin + 1]):
                row = rows[number]
                if is_in(row, part, parts):
                    uses_of[row] += all_uses[shard, place]
                    if last_of[row] != shard:
                        last_of[row] = shard
                        shards_of[row] += 1
    for shard in range(shards):
        for place in range(sizes[shard]):
            if place + 4 < sizes[shard]:
                prefetch_row(matrix, rows[starts[all_origins[shard, place + 4]]])
            origin = all_origins[shard, place]
            for number in range(starts[origin], starts[origin + 1]):
                row = rows[number]
                if is_in(row, part, parts):
                    scale = np.float32(together(shards_of[row], pull * uses_of[row] / shards_of[row]))
                    for d in range(matrix.shape[1]):
                        matrix[row, d] += scale * vectors[shard, place, d]
    for shard in range(shards):
        for place in range(sizes[shard]):
            origin = all_origins[shard, place]
            for number in range(starts[origin], starts[origin + 1]):
                row = rows[number]
                if is_in(row, part, parts):
                    shards_of[row] = uses_of[row] = 0
                    last_of[row] = -1


@numba.njit(cache=True, nogil=True, fastmath=True, forceinline=True)
def is_in(row: int, part: int, parts: int) -> bool:
    """Every row is in one of the parts, which are about equal: a multiplicative hash."""
    return bool((((np.uint64(row) * _HASH & _LOW) * np.uint64(parts)) >> _32) == np.uint64(part))


@numba.njit(cache=True, nogil=True, fastmath=True)
def together(shards: int, pull: float) -> float:
    """How far shards go together, of the sum of what each has gone.

    >>> together(1, 0.5), together(4, 0.0), round(together(4, 100.0), 3)
    (1.0, 1.0, 0.25)
    """
    if shards == 1 or pull < 1e-6:
        return 1.0
    return (1.0 - math.exp(-pull * shards)) / (shards * (1.0 - math.exp(-pull)))
