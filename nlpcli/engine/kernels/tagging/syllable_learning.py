"""The averaged perceptron that learns to find the labels of the characters of Korean text.

Learning is Collins's (2002), as in `viterbi.py`: where the best path, in which wrong labels are given a
margin, is not the right one, the weights of the right one go up and those of the other down.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from nlpcli.engine.kernels.tagging.arguments import LANES, LENGTHS, SYLLABLE_FEATURES, TURNS
from nlpcli.engine.kernels.tagging.syllable_features import SPACE, WORD_SEED, describe, joined
from nlpcli.engine.kernels.tagging.syllables import search

_LIMIT = 32000  # of a weight
_BY_MORPHEME = 4  # how much a weight of morphemes changes at once, where others change by 1


@nb.njit(nogil=True)
def variants_of(gold, lines, lexicon):
    """Set gold int32 [N], labels of lines, to the variants that follow each other."""
    for i in range(lines.size - 1):
        state = -1
        for place in range(lines[i], lines[i + 1]):
            label = gold[place]
            if label < 0:
                state = -1
                continue
            variant = lexicon.variants[label]
            while lexicon.needs[variant] >= 0 and lexicon.needs[variant] != state:
                variant += 1
            gold[place] = variant
            state = lexicon.lasts[variant]


@nb.njit(nogil=True)
def _learn_morphemes(line, labels, kinds, lexicon, morphemes, sums, change, step):
    """Add `change` to the weights of the morphemes that labels tell, as `_extend` weighs them."""
    length = where = before = within = 0
    for place in range(line.size):
        if line[place] == SPACE:
            within = 0
            continue
        within += 1
        label = labels[place]
        state = lexicon.lasts[label]
        if lexicon.holds[label] < 0:
            last = lexicon.needs[label]
            morphemes[length, where, before, last] -= change
            sums[length, where, before, last] -= change * step
            length = min(length + 1, LENGTHS - 1)
        else:
            length = lexicon.holds[label]
        is_last = place + 1 == line.size or line[place + 1] == SPACE
        where, before = 2 * (length == within) + is_last, kinds[place, length]
        morphemes[length, where, before, state] += change
        sums[length, where, before, state] += change * step


@nb.njit(nogil=True)
def _learn_line(line, gold, hashes, kinds, lexicon, model, sums, step, path):
    """Where the path is not the right one, the right one's weights go up and the other's down."""
    weights, steps, morphemes, _ = model
    weight_sums, step_sums, morpheme_sums = sums
    rows, states = np.uint64(weights.shape[0]), steps.shape[2] - 1
    wrong, before, before_gold, spaced = 0, states, states, 1
    for place in range(line.size):
        if line[place] == SPACE:
            spaced = 1
            continue
        label, right = path[place], gold[place]
        if label != right:
            wrong += 1
            for k in range(SYLLABLE_FEATURES):
                hashed = np.uint64(hashes[place, k])
                row = (hashed * rows) >> np.uint64(32)
                turn = np.int64(hashed & np.uint64(TURNS - 1)) * LANES
                one, two = lexicon.slots[right] ^ turn, lexicon.slots[label] ^ turn
                if abs(weights[row, one]) < _LIMIT and abs(weights[row, two]) < _LIMIT:
                    weights[row, one] += 1
                    weights[row, two] -= 1
                    weight_sums[row, one] += step
                    weight_sums[row, two] -= step
        if label != right or before != before_gold:
            steps[spaced, right, before_gold] += 1
            steps[spaced, label, before] -= 1
            step_sums[spaced, right, before_gold] += step
            step_sums[spaced, label, before] -= step
        before, before_gold, spaced = lexicon.lasts[label], lexicon.lasts[right], 0
    if wrong:
        _learn_morphemes(line, gold, kinds, lexicon, morphemes, morpheme_sums, _BY_MORPHEME, step)
        _learn_morphemes(line, path, kinds, lexicon, morphemes, morpheme_sums, -_BY_MORPHEME, step)
    return wrong


@nb.njit(nogil=True)
def learn(units, gold, lines, order, words, lexicon, model, sums, margin, step, room, hashes, lattice, free):
    """Go through the lines `order` int64 once; free: int32, FREE for the longest line's units.

    Returns: (steps so far, units got wrong).
    """
    wrong = 0
    for i in order:
        begin, end = lines[i], lines[i + 1]
        line, right = units[begin:end], gold[begin:end]
        describe(line, free, 0, end - begin, words, room, lattice.kinds, hashes)
        search(line, free, hashes, lexicon, model, right, margin, lattice)
        step += 1
        wrong += _learn_line(line, right, hashes, lattice.kinds, lexicon, model, sums, step, lattice.path)
    return step, wrong


@nb.njit(nogil=True)
def words_in(units, labels, lines, words):
    """Set rows of words uint64 [W, 4]: where each begins and ends, its hash, that of its labels; how many."""
    count = 0
    for i in range(lines.size - 1):
        place, end = lines[i], lines[i + 1]
        while place < end:
            first, word, told = place, np.uint64(WORD_SEED), np.uint64(WORD_SEED)
            while place < end and units[place] != SPACE:
                word, told = joined(word, units[place]), joined(told, labels[place])
                place += 1
            if place > first:
                words[count, 0], words[count, 1], words[count, 2], words[count, 3] = first, place, word, told
                count += 1
            place += 1
    return count
