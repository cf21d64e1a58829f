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
FREE = -1  # a character that is bound to no label
LONGEST_KNOWN = 8  # characters of a word that is always analysed alike
LENGTHS = 12  # of a morpheme that are told apart: up to 10 characters, and more
NOUNS = ("NNG", "NNP")  # tags of morphemes whose length so far is told apart
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

    A label that goes on with a noun stands here once for each length of it that is told apart: V variants of
    L labels. A state is a tag, for nouns with that length.

    starts: int32 [U + 1], the choices of unit u are those from starts[u] to starts[u + 1]; labels: int32
    [C + V], the variant of a choice, and behind them each variant once; choice_…: int32 [C + V], the same as
    below of a choice's variant, side by side, since that is where the search takes its time.
    plain: int32 [V], the label of a variant; variants: int32 [L + 1], label l has those from variants[l] to
    variants[l + 1]; needs: int32 [V], the state that has to end before, −1 for any; lasts: int32 [V], the
    state that it ends in; slots: int32 [V], where its weights are in a line; holds: int32 [V], characters of
    the morpheme that it ends in that are in this one, −1 where that morpheme began before.
    """

    starts: NDArray[np.int32]
    labels: NDArray[np.int32]
    choice_needs: NDArray[np.int32]
    choice_lasts: NDArray[np.int32]
    choice_slots: NDArray[np.int32]
    choice_holds: NDArray[np.int32]
    plain: NDArray[np.int32]
    variants: NDArray[np.int32]
    needs: NDArray[np.int32]
    lasts: NDArray[np.int32]
    slots: NDArray[np.int32]
    holds: NDArray[np.int32]


class SyllableWeights(NamedTuple):
    """What was learnt.

    weights: [R, LINE] of features; steps: [2, V, S + 1], with and without a space between, to a variant from
    the state before (the last: from the beginning); morphemes: [LENGTHS, 4, 256, S], of a morpheme by length,
    whether it begins a word (2) and ends one (1), kind in the dictionary, and state; beam: how far behind a
    state may be.
    """

    weights: NDArray[Any]
    steps: NDArray[Any]
    morphemes: NDArray[Any]
    beam: int


class SyllableLattice(NamedTuple):
    """Room for lines of up to N characters, C choices each, and S states.

    choices, sources: int32 [N, C], the labels of each character, and which choice of the one before they
    follow; row: int32 [C + 1], the choices that can stand at a character.
    Of a character and the one before, by turns: scores, lengths, weighs: int32 [2, C], of each choice its
    score, how long the morpheme at hand is, and what that weighs; heads: int32 [2, S], the best choice that
    ends in a state; alive: int32 [2, S + 2], how many states that is, and which; ends: int32 [2, S + 2],
    their scores.
    tops: int64 [S]; kinds: uint8 [N + 1, LENGTHS], of the words of the dictionary that end here, by length;
    sums: [TURNS, LINE], and total [LINE] of them; path: int32 [N].
    """

    choices: NDArray[np.int32]
    sources: NDArray[np.int32]
    row: NDArray[np.int32]
    scores: NDArray[np.int32]
    lengths: NDArray[np.int32]
    weighs: NDArray[np.int32]
    tops: NDArray[np.int64]
    heads: NDArray[np.int32]
    alive: NDArray[np.int32]
    ends: NDArray[np.int32]
    kinds: NDArray[np.uint8]
    sums: NDArray[Any]
    total: NDArray[Any]
    path: NDArray[np.int32]


class SyllableMemory(NamedTuple):
    """Words that are analysed alike wherever they stand, and the labels of those met so far.

    marks: uint16 [M], which words these are; keys: uint64 [K], hashes of words met, 0 where there is none;
    places: int32 [K], where each one's labels begin in labels int16 [P]; used: int64 [2], how many words and
    labels there are; free: int32 [LONGEST_KNOWN], FREE.
    """

    marks: NDArray[np.uint16]
    keys: NDArray[np.uint64]
    places: NDArray[np.int32]
    labels: NDArray[np.int16]
    used: NDArray[np.int64]
    free: NDArray[np.int32]


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
