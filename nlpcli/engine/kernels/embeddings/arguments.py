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
    starts [V + 1], nodes, turns: word w's path is nodes[starts[w]:starts[w + 1]], with labels.
    tiles: the most tiles that a word needs.
    """

    negative: int
    table: NDArray[np.uint32]
    starts: NDArray[np.int64]
    nodes: Ints
    turns: Floats
    tiles: int


class Window(NamedTuple):
    """Most words to a side, whether it is always that many, and whether the mean predicts (CBOW)."""

    size: int
    fixed: bool
    cbow: bool


class Room(NamedTuple):
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
