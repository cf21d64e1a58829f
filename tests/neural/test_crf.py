"""The CRF's kernels against all sequences, written out."""

import itertools
import math

import numpy as np
import pytest

from nlpcli.engine.neural.packing import Packing
from nlpcli.engine.runtime.compiled import Kernels

kernels = Kernels("neural.crf")
LENGTHS = [4, 3, 1]
TAGS = 3


def example(seed):
    random = np.random.default_rng(seed)
    packing = Packing.of(LENGTHS)
    emissions = random.normal(size=(sum(LENGTHS), TAGS)).astype(np.float32) * 2
    transitions = random.normal(size=(TAGS + 1, TAGS)).astype(np.float32)
    return packing, emissions, transitions, random.integers(0, TAGS, sum(LENGTHS))


def rows_of(packing, sentence):
    return [int(packing.starts[word]) + sentence for word in range(LENGTHS[sentence])]


def score(tags, rows, emissions, transitions):
    before, total = TAGS, 0.0
    for tag, row in zip(tags, rows, strict=True):
        total += float(emissions[row, tag]) + float(transitions[before, tag])
        before = tag
    return total


def by_hand(packing, emissions, transitions, gold):
    """The loss, the best tags, and how probable each of these is, from all sequences."""
    loss, best, likely = 0.0, np.zeros(len(gold), np.int64), np.zeros(len(gold))
    for sentence, length in enumerate(LENGTHS):
        rows = rows_of(packing, sentence)
        every = [*itertools.product(range(TAGS), repeat=length)]
        scores = [score(tags, rows, emissions, transitions) for tags in every]
        whole = math.log(sum(map(math.exp, scores)))
        loss += whole - score([gold[row] for row in rows], rows, emissions, transitions)
        best[rows] = every[int(np.argmax(scores))]
        for place, row in enumerate(rows):
            same = [s for tags, s in zip(every, scores, strict=True) if tags[place] == best[row]]
            likely[row] = sum(math.exp(s - whole) for s in same)
    return loss, best, likely


@pytest.mark.parametrize("seed", range(4))
def test_loss_best_tags_and_probabilities_are_those_of_all_sequences(seed):
    packing, emissions, transitions, gold = example(seed)
    d_emissions, d_transitions = np.zeros_like(emissions), np.zeros(transitions.shape)
    sizes = packing.starts, packing.lengths, emissions, transitions
    loss = kernels.loss(*sizes, gold, d_emissions, d_transitions)
    found, likely = np.zeros(len(gold), np.int64), np.zeros(len(gold))
    kernels.best_tags(*sizes, found)
    kernels.probabilities(*sizes, found, likely)
    wanted, best, probable = by_hand(packing, emissions, transitions, gold)
    assert loss == pytest.approx(wanted, rel=1e-6)
    assert found.tolist() == best.tolist()
    assert likely == pytest.approx(probable, rel=1e-6)
    step = np.float32(1e-2)
    for array, gradient in ((emissions, d_emissions), (transitions, d_transitions)):
        for place in np.ndindex(array.shape):
            array[place] += step
            above = by_hand(packing, emissions, transitions, gold)[0]
            array[place] -= 2 * step
            below = by_hand(packing, emissions, transitions, gold)[0]
            array[place] += step
            assert gradient[place] == pytest.approx((above - below) / 0.02, abs=2e-3)


def test_large_scores_and_a_long_sentence_do_not_overflow():
    packing = Packing.of([2000])
    random = np.random.default_rng(0)
    emissions = (random.normal(size=(2000, 5)) * 300).astype(np.float32)
    transitions = np.where(random.random((6, 5)) < 0.2, -1e4, 50).astype(np.float32)
    gold = random.integers(0, 5, 2000)
    d_emissions, d_transitions = np.zeros_like(emissions), np.zeros(transitions.shape)
    sizes = packing.starts, packing.lengths, emissions, transitions
    assert math.isfinite(kernels.loss(*sizes, gold, d_emissions, d_transitions))
    assert np.isfinite(d_emissions).all() and np.isfinite(d_transitions).all()
    found, likely = np.zeros(2000, np.int64), np.zeros(2000)
    kernels.best_tags(*sizes, found)
    kernels.probabilities(*sizes, found, likely)
    assert ((likely >= 0) & (likely <= 1 + 1e-9)).all()
