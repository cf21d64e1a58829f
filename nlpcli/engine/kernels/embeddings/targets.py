"""What a centre word is discriminated from: noise words, or the nodes of a path in a Huffman tree.

Either becomes rows of the output matrix with a label (1 or 0) and a rate each, in tiles of six
(`tiles.py`).

    negative sampling      the word itself, label 1, and `negative` noise words, label 0
    hierarchical softmax   the inner nodes on the way to the word, label 1 where it turns left
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.embeddings.arguments import WIDTH
from nlpcli.engine.kernels.embeddings.negative_sampling import GOLDEN, below, mixed

TRIES = 4  # draws for a noise word that differs from the others

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@numba.njit(nogil=True, fastmath=True, forceinline=True)
def set_noise_targets(
    word: int,
    negative: int,
    pool: Ints,
    alpha: float,
    state: np.uint64,
    tile: int,
    targets: Ints,
    labels: Floats,
    rates: Floats,
    spare: int,
) -> int:
    """Fill the tiles from `tile` on with the word and noise words of the pool; how many it takes.

    They all differ; one that is not found in four draws (a tiny vocabulary) leaves its slot
    to the spare row, at rate 0.
    """
    used = (negative + WIDTH) // WIDTH
    for row in range(tile, tile + used):
        for column in range(WIDTH):
            targets[row, column] = spare
            rates[row, column] = 0.0
    targets[tile, 0] = word
    labels[tile, 0] = 1.0
    rates[tile, 0] = alpha
    row, column = tile, 0
    for _ in range(negative):
        column += 1
        if column == WIDTH:
            row, column = row + 1, 0
        draw = state
        state += GOLDEN * np.uint64(TRIES)
        for _ in range(TRIES):
            found = pool[below(mixed(draw), len(pool))]
            draw += GOLDEN
            same = 0  # all slots are looked at, filled or not: loops of a fixed length have no branches
            for earlier in range(tile, row + 1):
                for k in range(WIDTH):
                    same |= int(targets[earlier, k] == found)
            if not same:
                targets[row, column] = found
                rates[row, column] = alpha
                break
    return used


@numba.njit(nogil=True, fastmath=True, forceinline=True)
def set_path_targets(
    first: int,
    last: int,
    nodes: Ints,
    codes: Floats,
    alpha: float,
    tile: int,
    targets: Ints,
    labels: Floats,
    rates: Floats,
    spare: int,
) -> int:
    """Fill the tiles from `tile` on with the path nodes[first:last]; how many it takes."""
    used = (last - first + WIDTH - 1) // WIDTH
    for slot in range(used * WIDTH):
        row, column = tile + slot // WIDTH, slot % WIDTH
        within = first + slot < last
        targets[row, column] = nodes[first + slot] if within else spare
        labels[row, column] = codes[first + slot] if within else 0.0
        rates[row, column] = alpha if within else 0.0
    return used


@numba.njit(nogil=True, fastmath=True, forceinline=True)
def tile_loss(tile: int, place: int, count: int, rates: Floats, gradients: Floats) -> float:
    """Σ −log σ(±score) over a tile: gradients[place] holds 1 − σ(±score), times ±rate."""
    product = 1.0
    loss = 0.0
    for j in range(WIDTH):
        if rates[tile, j] > 0.0:
            for i in range(count):
                product *= max(1.0 - abs(gradients[place, i, j] / rates[tile, j]), 1e-8)
            if product < 1e-150:
                loss -= math.log(product)
                product = 1.0
    return loss - math.log(max(product, 1e-300))


@numba.njit(nogil=True, fastmath=True, forceinline=True)
def huffman_paths(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], Ints, Floats]:
    """The way to every word in the Huffman tree of `counts` [V]: starts, nodes and codes.

    The V − 1 inner nodes are numbered as they are made; the last one is the root, with which
    every path begins. Of two nodes that are joined the rarer is to the left (code 1).
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
    codes = np.empty(starts[words], np.float32)
    for word in range(words):
        place = word
        for slot in range(starts[word + 1] - 1, starts[word] - 1, -1):
            nodes[slot] = parent[place]
            codes[slot] = 1.0 if left[place] else 0.0
            place = words + parent[place]
    return starts, nodes, codes
