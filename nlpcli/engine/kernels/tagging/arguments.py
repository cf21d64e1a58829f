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
SYLLABLE_FEATURES, ROOM = 32, 9  # of a character in its line; numbers that it takes to find them
TURNS, LANES = 8, 8  # a line of memory holds LINE weights, in as many blocks as it has turns
LINE = TURNS * LANES


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


class SyllableLexicon(NamedTuple):
    """Which labels a unit can have, and what labels are.

    starts: int32 [U + 1], unit u has labels[starts[u]:starts[u + 1]], int32; needs: int32 [L], the tag that
    has to end before the label, −1 for any; lasts: int32 [L], the tag that it ends in; slots: int32 [L],
    where its weights are in a line.
    """

    starts: NDArray[np.int32]
    labels: NDArray[np.int32]
    needs: NDArray[np.int32]
    lasts: NDArray[np.int32]
    slots: NDArray[np.int32]


class SyllableWeights(NamedTuple):
    """What was learnt: weights [R, LINE] of features; steps [2, T + 1, L], with and without a space between,
    from the tag before (the last row: from the beginning) to a label; how far behind a tag may be."""

    weights: NDArray[Any]
    steps: NDArray[Any]
    beam: int


class SyllableLattice(NamedTuple):
    """Room for lines of up to N characters, C choices each, and T tags.

    labels: int32 [N, C]; ways: int32 [N, 2, C], scores and where they come from; heads: int32 [N, T], the
    best choice that ends in a tag; alive: int32 [N, 2 T + 2], how many tags that is, and which,
    then their scores; sums: [TURNS, LINE], and total [LINE] of them; path: int32 [N].
    """

    labels: NDArray[np.int32]
    ways: NDArray[np.int32]
    heads: NDArray[np.int32]
    alive: NDArray[np.int32]
    sums: NDArray[Any]
    total: NDArray[Any]
    path: NDArray[np.int32]


class Spelling(NamedTuple):
    """How morphemes are written, by the labels [L] of P pieces at most.

    pieces: uint8 [L, P, 3], as `morphemes_of` takes them; letters: int32 [L, P, 6], of each piece how it is
    spelt (AS_IT_IS, BY_LETTERS or BY_BYTES), the number of its onset, vowel and coda, −1 for the character's
    own, and its place in spelt; spelt: uint8, what is not spelt like the character, in UTF-8; tags: uint8,
    what stands behind a morpheme of each tag, tag t being tags[tag_starts[t]:tag_starts[t + 1]]; kept: uint8
    [T], whether morphemes of a tag are written; most: the bytes that one character needs at most.
    """

    pieces: NDArray[np.uint8]
    letters: NDArray[np.int32]
    spelt: NDArray[np.uint8]
    tags: NDArray[np.uint8]
    tag_starts: NDArray[np.int32]
    kept: NDArray[np.uint8]
    most: int


AS_IT_IS, BY_LETTERS, BY_BYTES = 0, 1, 2
