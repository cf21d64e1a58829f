"""What kernels of word vectors are given, as named arrays; here, so that naming them takes no numba."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

WIDTH = 6  # output rows in a tile: two context rows make 12 sums, which fit the registers
STRIDE = 8  # slots a tile takes in `targets`, `labels`, `rates` and in a row of `gradients`

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


class Text(NamedTuple):
    """Words as numbers.

    ids [N]; offsets [D + 1], where sentences begin; keep [V]: a word's chance to stay when
    frequent words are thinned, of 2^32 − 1 (which is always).
    """

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    keep: NDArray[np.uint32]


class Objective(NamedTuple):
    """How targets are found; one of the two has empty arrays.

    negative: noise words per centre; table [V, 2]: the alias table they are drawn from.
    starts [V + 1], nodes, codes: word w's path is nodes[starts[w]:starts[w + 1]], with labels.
    tiles: the most tiles that a word needs.
    """

    negative: int
    table: NDArray[np.uint32]
    starts: NDArray[np.int64]
    nodes: Ints
    codes: Floats
    tiles: int


class Window(NamedTuple):
    """Most words to a side, whether it is always that many, and whether the mean predicts (CBOW).

    `most` is how many there can be to a side: `size`, or less where the sentences are short.
    """

    size: int
    fixed: bool
    cbow: bool
    most: int


class TileBuffers(NamedTuple):
    """Tiles for the words of a block: word p's begin at p · tiles, and it takes used[p] of them.

    targets, labels, rates [words · tiles, 8].
    """

    targets: Ints
    labels: Floats
    rates: Floats
    used: NDArray[np.int64]


class Subwords(NamedTuple):
    """The rows a word is the mean of: word w's are rows[starts[w]:starts[w + 1]]."""

    starts: NDArray[np.int64]
    rows: Ints


class Sides(NamedTuple):
    """GloVe's parameters: words, contexts [V, 2 · padded], rows as in `adagrad.py`.

    word_biases, context_biases [V, 2]: the bias and AdaGrad's sum.
    """

    words: Floats
    contexts: Floats
    word_biases: Floats
    context_biases: Floats


class Block(NamedTuple):
    """The cells of one row block and one column block of a co-occurrence matrix.

    A chunk is the cells of one row: row first_row + rows[s] has cells ends[s − 1]:ends[s],
    in columns first_column + columns[cell]. `logs` are ln X, `weights` are f(X).
    """

    first_row: int
    first_column: int
    rows: Ints
    ends: Ints
    columns: NDArray[np.uint16]
    logs: Floats
    weights: Floats


class ColumnBlocks(NamedTuple):
    """block_of [V], the column block of each column; bounds [blocks + 1], where they begin."""

    block_of: Ints
    bounds: NDArray[np.int64]


class Weighting(NamedTuple):
    """f(X) = min(1, (X / x_max)^alpha), where X is units / unit."""

    unit: int
    x_max: float
    alpha: float


class Arranged(NamedTuple):
    """The blocks of one row block, one after the other, their arrays as in `Block`."""

    rows: Ints
    ends: Ints
    columns: NDArray[np.uint16]
    logs: Floats
    weights: Floats
