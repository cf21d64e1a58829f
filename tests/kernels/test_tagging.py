"""The kernels of tagging, compiled and as Python, against what can be worked out by enumeration."""

import itertools

import numpy as np
import pytest

from nlpcli.engine.io.schemas.tagging import FORBIDDEN
from nlpcli.engine.kernels.tagging import pieces, viterbi
from nlpcli.engine.kernels.tagging.arguments import (
    FEATURES,
    FINAL,
    LOWER,
    PREFIX,
    SHAPE,
    SUFFIX,
    VOWEL,
    WORD,
    Lattice,
    Perceptron,
    Text,
)
from nlpcli.engine.tagging.features import text_of
from nlpcli.engine.tagging.perceptron import Weights, best_pieces, best_tags, probabilities

RANDOM = np.random.default_rng(3)
SENTENCES = [["The", "cat's", "paw", "."], ["학교에", "갔다"], [], ["x"], ["Zürich", "", "\udcff", "🙂🙂"]]


def weights(tags, rows=64, forbidden=()):
    transitions = RANDOM.integers(-40, 40, (tags + 1, tags)).astype(np.int32)
    for pair in forbidden:
        transitions[pair] = FORBIDDEN
    return Weights(RANDOM.integers(-127, 128, (rows, tags)).astype(np.int8), transitions)


def scores_of_all(model, rows):
    """The score of every sequence of tags for a sentence with these rows of weights [L, FEATURES]."""
    emissions = model.rows.astype(np.int64)[rows & (len(model.rows) - 1)].sum(axis=1)
    tags = model.rows.shape[1]
    found = {}
    for sequence in itertools.product(range(tags), repeat=len(rows)):
        score, before = 0, tags
        for word, tag in enumerate(sequence):
            score += int(model.transitions[before, tag] + emissions[word, tag])
            before = tag
        found[sequence] = score
    return found


def sentence_rows(text):
    return [text.features[begin:end] for begin, end in itertools.pairwise(text.sentences.tolist())]


@pytest.mark.parametrize("forbidden", [(), ((3, 1), (0, 1))])
def test_the_best_sequence_is_the_best_of_all(forbidden):
    model, text = weights(3, forbidden=forbidden), text_of(SENTENCES)
    found = best_tags(model, text).tolist()
    for rows, (begin, end) in zip(sentence_rows(text), itertools.pairwise(text.sentences), strict=True):
        scores = scores_of_all(model, rows)
        assert scores[tuple(found[begin:end])] == max(scores.values())


@pytest.mark.parametrize("forbidden", [(), ((3, 1), (0, 1))])
def test_probabilities_are_the_shares_of_all_sequences(forbidden):
    model, text, scale = weights(3, forbidden=forbidden), text_of(SENTENCES), 0.01
    found = best_tags(model, text)
    likely = probabilities(model, text, found, scale)
    for rows, (begin, end) in zip(sentence_rows(text), itertools.pairwise(text.sentences), strict=True):
        scores = scores_of_all(model, rows)
        most = max(scores.values())
        shares = {sequence: np.exp(scale * (score - most)) for sequence, score in scores.items()}
        whole = sum(shares.values())
        for word in range(end - begin):
            wanted = sum(share for tags, share in shares.items() if tags[word] == found[begin + word]) / whole
            assert likely[begin + word] == pytest.approx(wanted, rel=1e-9)


def test_scores_beyond_all_bounds_leave_probabilities_that_are_some():
    model = weights(4)
    model.transitions[:] = FORBIDDEN
    likely = probabilities(model, text_of(SENTENCES), np.zeros(11, np.int32), 1e3)
    assert np.isfinite(likely).all() and (likely >= 0).all() and (likely <= 1).all()


def fnv(data):
    """FNV-1a of bytes, its bits mixed, by Python's own integers."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    value = (value ^ value >> 32) * 0xD6E8FEB86659FD93 % 2**64
    return value ^ value >> 32


def test_properties_are_hashes_of_parts_of_a_word():
    text = text_of([["McDonald's", "하늘", "é", ""]])
    first, second, third, empty = text.words.tolist()
    assert first[WORD] == fnv(b"McDonald's") and first[LOWER] == fnv(b"mcdonald's")
    assert first[SUFFIX : SUFFIX + 2] == [fnv(b"s"), fnv(b"'s") + 1]
    assert first[PREFIX : PREFIX + 3] == [fnv(b"m"), fnv(b"mc") + 1, fnv(b"mcd") + 2]
    assert first[SHAPE] == fnv([1, 2, 1, 2, 5 + ord("'"), 2])
    assert second[SUFFIX] == fnv("늘".encode()) and second[SUFFIX + 3] == fnv("하늘".encode()) + 3
    # 늘 is 0xB298: the final ㄹ is number 8 of 28, with its vowel number 512 of 588.
    assert second[FINAL] == 1 + (0xB298 - 0xAC00) % 28 == 9
    assert second[VOWEL] == 1 + (0xB298 - 0xAC00) % 588
    assert third[SUFFIX] == fnv("é".encode()) and third[FINAL] == 0
    assert empty[WORD] == empty[PREFIX] == fnv(b"")


def test_a_word_has_the_same_own_features_everywhere_and_others_by_its_neighbours():
    text = text_of([["a", "cat", "ran"], ["cat"], ["the", "Cat", "ran"]])
    alone, first, other = text.features[3], text.features[1], text.features[5]
    assert (alone[:13] == first[:13]).all()
    assert (alone != first).sum() > 10 and (first != other).sum() > 3


def learnt(function, *arguments):
    """The weights after learning from two sentences with a kernel or its Python."""
    text = text_of([["a", "b", "a"], ["b", "c"]])
    model = Perceptron(
        np.zeros((32, 8), np.int16),
        np.zeros((32, 8), np.int64),
        np.zeros((4, 8), np.int32),
        np.zeros((4, 8), np.int64),
    )
    order = np.array([1, 0, 1], np.int64)
    with np.errstate(over="ignore"):
        step, wrong = function(text, *arguments, order, model, 31, *room(function))
    return step, wrong, *map(np.ndarray.tolist, model)


def room(function):
    if "pieces" in str(function):
        return 3, 4, 0, np.zeros(FEATURES + 13, np.int64), np.zeros(8, np.int32)
    lattice = Lattice(
        np.zeros((3, 8), np.int32),
        np.zeros((3, 8), np.int32),
        np.zeros(3, np.int32),
    )
    return 3, 4, (0, 9), 0, lattice


def test_python_and_machine_code_learn_alike():
    gold = np.array([0, 1, 0, 1, 2], np.int32)
    assert learnt(viterbi.learn, gold) == learnt(viterbi.learn.py_func, gold)
    gold, starts = np.array([0, 2, 1, 0, 2, 0, 2, 1, 2, 1, 1, 2], np.int32), np.array([0, 2, 5, 7, 9, 12])
    assert learnt(pieces.learn_pieces, gold, starts) == learnt(pieces.learn_pieces.py_func, gold, starts)


def test_the_first_mistake_moves_the_weights_of_its_features_by_one():
    text = text_of([["a"]])
    model = Perceptron(
        np.zeros((1 << 16, 8), np.int16), np.zeros((1 << 16, 8), np.int64), np.zeros((3, 8), np.int32),
        np.zeros((3, 8), np.int64),
    )  # fmt: skip
    lattice = Lattice(
        np.zeros((1, 8), np.int32),
        np.zeros((1, 8), np.int32),
        np.zeros(1, np.int32),
    )
    step, wrong = viterbi.learn(
        text, np.array([1], np.int32), np.zeros(1, np.int64), model, (1 << 16) - 1, 2, 0, (-1, 0), 0, lattice
    )
    rows = text.features[0] & ((1 << 16) - 1)
    assert (step, wrong) == (1, 1)
    assert (model.weights[rows, 1] >= 1).all() and (model.weights[rows, 0] <= -1).all()
    assert model.weights.sum() == 0 and model.sums[:, 1].sum() == FEATURES
    assert model.transitions[2].tolist()[:2] == [-1, 1]


def test_pieces_end_and_their_probabilities_multiply():
    model, text = Weights(weights(4, 1024).rows, weights(4).transitions), text_of(SENTENCES)
    found, likely = best_pieces(model, text, 3, 0.01)
    assert [len(word) for word in found] == [max(1, min(3, len(word))) for word in found]
    assert all(0 <= piece < 3 for word in found for piece in word)
    assert ((likely > 0) & (likely < 1)).all()
    again, sure = best_pieces(model, text, 3, 10.0)
    assert again == found and (sure >= likely - 1e-9).all()
    assert best_pieces(model, text, 3)[1].tolist() == [1.0] * len(found)


def test_no_words_are_no_features():
    assert text_of([]).features.shape == (0, FEATURES)
    assert best_tags(weights(2), Text(*text_of([[]]))).tolist() == []
