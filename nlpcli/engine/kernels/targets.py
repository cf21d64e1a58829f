"""What a centre word is to be told from: noise words, or the turns of a path in a Huffman tree.

Either becomes rows of the output matrix with a label (1 or 0) and a rate each, in tiles of six
(`tiles.py`).

    negative sampling      the word itself, label 1, and `negative` noise words, label 0
    hierarchical softmax   the inner nodes on the way to the word, label 1 where it turns left
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.noise import GOLDEN, drawn, mixed
from nlpcli.engine.kernels.tiles import STRIDE, WIDTH, prefetch_row

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


class Objective(NamedTuple):
    """How targets are found; one of the two has empty arrays.

    negative: noise words per centre; limits, others [V]: the alias table they are drawn from.
    starts [V + 1], nodes, turns: word w's path is nodes[starts[w]:starts[w + 1]], with labels.
    tiles: the most tiles that a word needs.
    """

    negative: int
    limits: NDArray[np.uint32]
    others: Ints
    starts: NDArray[np.int64]
    nodes: Ints
    turns: Floats
    tiles: int


class Targets(NamedTuple):
    """Tiles to fill: rows, labels and rates [2 · tiles, 8] for a word and the one after it."""

    rows: Ints
    labels: Floats
    rates: Floats
    used: NDArray[np.int64]


@numba.njit(cache=True, nogil=True, fastmath=True)
def make_targets(objective: Objective, spare: int) -> Targets:
    """Empty tiles."""
    count = 2 * objective.tiles
    return Targets(
        np.full((count, STRIDE), spare, np.int32),
        np.zeros((count, STRIDE), np.float32),
        np.zeros((count, STRIDE), np.float32),
        np.zeros(2, np.int64),
    )


@numba.njit(cache=True, nogil=True, fastmath=True)
def set_targets(
    word: int,
    objective: Objective,
    alpha: float,
    state: np.uint64,
    half: int,
    targets: Targets,
    outputs: Floats,
) -> None:
    """Fill a half of the tiles for `word` and ask for its rows to be brought near."""
    tile = half * objective.tiles
    spare = outputs.shape[0] - 1
    if objective.negative > 0:
        used = _noise_targets(word, objective, alpha, state, tile, targets, spare)
    else:
        used = _path_targets(word, objective, alpha, tile, targets, spare)
    targets.used[half] = used
    for k in range(tile, tile + used):
        for j in range(WIDTH):
            prefetch_row(outputs, targets.rows[k, j])


@numba.njit(cache=True, nogil=True, fastmath=True)
def _noise_targets(
    word: int, objective: Objective, alpha: float, state: np.uint64, tile: int, targets: Targets, spare: int
) -> int:
    """The word and noise words that differ from it and from each other.

    A noise word that cannot be found in a few draws (a tiny vocabulary) leaves its slot to the
    spare row, at rate 0.
    """
    rows, rates = targets.rows, targets.rates
    rows[tile, 0] = word
    rates[tile, 0] = alpha
    targets.labels[tile, 0] = 1.0
    for slot in range(1, objective.negative + 1):
        row, column = tile + slot // WIDTH, slot % WIDTH
        rows[row, column] = spare
        rates[row, column] = 0.0
        for _ in range(4):
            found = drawn(mixed(state), objective.limits, objective.others)
            state += GOLDEN
            fresh = True
            for k in range(slot):
                fresh &= rows[tile + k // WIDTH, k % WIDTH] != found
            if fresh:
                rows[row, column] = found
                rates[row, column] = alpha
                break
    return objective.tiles


@numba.njit(cache=True, nogil=True, fastmath=True)
def _path_targets(
    word: int, objective: Objective, alpha: float, tile: int, targets: Targets, spare: int
) -> int:
    first, last = objective.starts[word], objective.starts[word + 1]
    used = (last - first + WIDTH - 1) // WIDTH
    for slot in range(used * WIDTH):
        row, column = tile + slot // WIDTH, slot % WIDTH
        within = first + slot < last
        targets.rows[row, column] = objective.nodes[first + slot] if within else spare
        targets.labels[row, column] = objective.turns[first + slot] if within else 0.0
        targets.rates[row, column] = alpha if within else 0.0
    return int(used)


@numba.njit(cache=True, nogil=True, fastmath=True)
def tile_loss(tile: int, count: int, rates: Floats, gradients: Floats) -> float:
    """Σ −log σ(±score) over a tile: gradients hold 1 − σ(±score), times ±rate."""
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
def huffman_paths(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], Ints, Floats]:
    """The way to every word in the Huffman tree of `counts` [V]: starts, nodes and turns.

    The V − 1 inner nodes are numbered as they are made; the last one is the root, with which
    every path begins. Of two nodes that are joined the rarer is to the left (turn 1).
    """
    words = len(counts)
    order = np.argsort(counts, kind="mergesort")  # rarest first
    weight = np.zeros(words, np.int64)
    parent = np.zeros(2 * words, np.int64)
    left = np.zeros(2 * words, np.bool_)
    leaf, inner = 0, 0
    for node in range(words - 1):
        for side in range(2):
            if leaf < words and (inner >= node or counts[order[leaf]] <= weight[inner]):
                child, share = order[leaf], counts[order[leaf]]
                leaf += 1
            else:
                child, share = words + inner, weight[inner]
                inner += 1
            weight[node] += share
            parent[child] = node
            left[child] = side == 0
    starts = np.zeros(words + 1, np.int64)
    for word in range(words):
        length, place = 1, word
        while words > 1 and parent[place] != words - 2:
            place = words + parent[place]
            length += 1
        starts[word + 1] = starts[word] + (length if words > 1 else 0)
    nodes = np.empty(starts[words], np.int32)
    turns = np.empty(starts[words], np.float32)
    for word in range(words):
        place = word
        for slot in range(starts[word + 1] - 1, starts[word] - 1, -1):
            nodes[slot] = parent[place]
            turns[slot] = 1.0 if left[place] else 0.0
            place = words + parent[place]
    return starts, nodes, turns
