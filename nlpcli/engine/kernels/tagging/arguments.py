"""What the kernels of tagging are given, as named arrays; here, so that naming them takes no numba."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Columns of a word's properties: hashes of parts of it. Affixes have 1 to 4 characters.
WORD, LOWER, SUFFIX, PREFIX, SHAPE, FINAL, VOWEL, FINE, COARSE = 0, 1, 2, 6, 10, 11, 12, 13, 14
PROPERTIES = 15
FEATURES, CLASS_FEATURES = 36, 12  # of a word in its sentence, and what its class adds
PIECE_FEATURES = 13  # of a piece of a tag, besides those of its word


class Text(NamedTuple):
    """Sentences of words.

    words: uint64 [N, PROPERTIES]; features: uint32 [N, FEATURES or more], hashes;
    sentences: int64 [S + 1], where each begins.
    """

    words: NDArray[np.uint64]
    features: NDArray[np.uint32]
    sentences: NDArray[np.int64]


class Perceptron(NamedTuple):
    """Weights while they are learnt, and what their mean is made of.

    weights: int16 [2^b, W], a row for each value of a hash, W ≥ the number of tags;
    sums: int64 [2^b, W], of every change times the step at which it was made;
    transitions: int32 [T + 1, W], from a tag (the last row: from the beginning) to the next, and
    transition_sums: int64, the same shape.
    """

    weights: NDArray[np.int16]
    sums: NDArray[np.int64]
    transitions: NDArray[np.int32]
    transition_sums: NDArray[np.int64]


class Lattice(NamedTuple):
    """Room for the search in sentences of up to L words: emissions, scores int32 [L, W], path int32 [L]."""

    emissions: NDArray[np.int32]
    scores: NDArray[np.int32]
    path: NDArray[Any]
