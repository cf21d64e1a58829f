"""The best sequence of tags for a sentence, and the averaged perceptron that learns to find it.

A sequence's score is the sum of its words' weights, a row of them for each feature, and of the weights of
its transitions; the best one is found by dynamic programming (Viterbi 1967). Learning is Collins's
(2002): where the best sequence is not the right one, the weights of the right one go up by one and those
of the other down. Other tags have a head start of `margin`, so that the right one has to win clearly.
Weights are whole numbers, so sums are exact and the same everywhere; what is kept is their mean over
all steps.
"""

from __future__ import annotations

import numba as nb
import numpy as np

_LIMIT = 32000  # of a weight


@nb.njit(nogil=True)
def _emit(features, weights, mask, emissions):
    """Set row i of `emissions` to the sum of the weights of word i's features."""
    width = weights.shape[1]
    for word in range(features.shape[0]):
        row = emissions[word]
        row[:] = 0
        for k in range(features.shape[1]):
            weight = weights[features[word, k] & mask]
            for tag in range(width):
                row[tag] += weight[tag]


@nb.njit(nogil=True)
def _search(length, tags, transitions, lattice):
    """Set `lattice.path` to the best sequence for the emissions of a sentence; ties go to the lower tag.

    Where a score came from is not noted but found again on the way back, for the tags on the path alone: so
    the inner loop is a plain maximum. The columns beyond the tags are carried along and never looked at.
    """
    emissions, scores, path = lattice
    width = transitions.shape[1]
    for tag in range(width):
        scores[0, tag] = transitions[tags, tag] + emissions[0, tag]
    for word in range(1, length):
        then, best = scores[word - 1], scores[word]
        for tag in range(width):
            best[tag] = then[0] + transitions[0, tag]
        for before in range(1, tags):
            score, into = then[before], transitions[before]
            for tag in range(width):
                best[tag] = max(best[tag], score + into[tag])
        for tag in range(width):
            best[tag] += emissions[word, tag]
    tag = 0
    for other in range(1, tags):
        if scores[length - 1, other] > scores[length - 1, tag]:
            tag = other
    path[length - 1] = tag
    for word in range(length - 1, 0, -1):
        came = scores[word, tag] - emissions[word, tag]
        before = 0
        while before < tags - 1 and scores[word - 1, before] + transitions[before, tag] != came:
            before += 1
        tag = before
        path[word - 1] = tag


@nb.njit(nogil=True)
def learn(text, gold, order, model, mask, tags, margin, outside, step, lattice):
    """Go through the sentences `order` int64 once, gold int32 [N] being their tags.

    model: Perceptron; lattice: room for the longest of them. outside: (tag, margin), a tag with a head
    start of its own, −1 for none: so spans are rather found than missed.
    Returns: (steps so far, words got wrong).
    """
    _, features, sentences = text
    weights, sums, transitions, transition_sums = model
    path = lattice.path
    wrong = 0
    for sentence in order:
        begin = sentences[sentence]
        length = sentences[sentence + 1] - begin
        _emit(features[begin : begin + length], weights, mask, lattice.emissions)
        for word in range(length):
            lattice.emissions[word, :tags] += margin
            if outside[0] >= 0:
                lattice.emissions[word, outside[0]] += outside[1] - margin
            right = gold[begin + word]
            lattice.emissions[word, right] -= outside[1] if right == outside[0] else margin
        _search(length, tags, transitions, lattice)
        step += length
        before, before_gold = tags, tags
        for word in range(length):
            tag, right = path[word], gold[begin + word]
            if tag != right:
                wrong += 1
                for k in range(features.shape[1]):
                    row = features[begin + word, k] & mask
                    if abs(weights[row, right]) < _LIMIT and abs(weights[row, tag]) < _LIMIT:
                        weights[row, right] += 1
                        weights[row, tag] -= 1
                        sums[row, right] += step
                        sums[row, tag] -= step
            if tag != right or before != before_gold:
                transitions[before_gold, right] += 1
                transitions[before, tag] -= 1
                transition_sums[before_gold, right] += step
                transition_sums[before, tag] -= step
            before, before_gold = tag, right
    return step, wrong


@nb.njit(nogil=True)
def best_tags(text, weights, transitions, mask, tags, lattice, found):
    """Set found int32 [N] to the best sequence of each sentence."""
    _, features, sentences = text
    for sentence in range(sentences.size - 1):
        begin = sentences[sentence]
        length = sentences[sentence + 1] - begin
        if length:
            _emit(features[begin : begin + length], weights, mask, lattice.emissions)
            _search(length, tags, transitions, lattice)
            found[begin : begin + length] = lattice.path[:length]


@nb.njit(nogil=True)
def _soften(emissions, length, tags, scale, shares):
    """Set row i of `shares` to the exponentials of word i's emissions, the largest 1."""
    for word in range(length):
        most = emissions[word, 0]
        for tag in range(1, tags):
            most = max(most, emissions[word, tag])
        for tag in range(tags):
            shares[word, tag] = np.exp(scale * (emissions[word, tag] - most))


@nb.njit(nogil=True)
def _made_one(row, tags):
    """Divide by the sum; equal shares where nothing is left of it."""
    total = 0.0
    for tag in range(tags):
        total += row[tag]
    for tag in range(tags):
        row[tag] = row[tag] / total if total > 0 else 1.0 / tags


@nb.njit(nogil=True)
def probabilities(text, weights, steps, mask, tags, scale, lattice, forward, backward, found, likely):
    """Set likely float64 [N] to how probable the tag found int32 [N] of each word is (forward-backward).

    The logarithm of a sequence's probability is `scale` times its score, but for a constant. steps: float64
    [T + 1, T], the exponentials of the scaled transitions; forward, backward: float64 [L, W], room.
    """
    _, features, sentences = text
    for sentence in range(sentences.size - 1):
        begin = sentences[sentence]
        length = sentences[sentence + 1] - begin
        if length == 0:
            continue
        _emit(features[begin : begin + length], weights, mask, lattice.emissions)
        _soften(lattice.emissions, length, tags, scale, forward)
        backward[:length] = forward[:length]
        for tag in range(tags):
            forward[0, tag] *= steps[tags, tag]
        _made_one(forward[0], tags)
        for word in range(1, length):
            for tag in range(tags):
                total = 0.0
                for before in range(tags):
                    total += forward[word - 1, before] * steps[before, tag]
                forward[word, tag] *= total
            _made_one(forward[word], tags)
        # backward[i] holds what comes from word i on, seen from the word before it.
        last = begin + length - 1
        likely[last] = forward[length - 1, found[last]]
        for word in range(length - 2, -1, -1):
            _made_one(backward[word + 1], tags)
            whole = right = 0.0
            for tag in range(tags):
                ahead = 0.0
                for after in range(tags):
                    ahead += steps[tag, after] * backward[word + 1, after]
                backward[word, tag] *= ahead
                share = forward[word, tag] * ahead
                whole += share
                if tag == found[begin + word]:
                    right = share
            likely[begin + word] = right / whole if whole > 0 else 0.0


@nb.njit(nogil=True)
def largest_mean(weights, sums, step, tags):
    """The largest absolute mean over all steps of any weight."""
    largest = 0.0
    for row in range(weights.shape[0]):
        for tag in range(tags):
            if weights[row, tag] != 0 or sums[row, tag] != 0:
                largest = max(largest, abs(weights[row, tag] - sums[row, tag] / step))
    return largest


@nb.njit(nogil=True)
def round_means(weights, sums, step, unit, rounded):
    """Set rounded int8 [R, T] to the means over all steps, in whole units."""
    for row in range(weights.shape[0]):
        for tag in range(rounded.shape[1]):
            if weights[row, tag] != 0 or sums[row, tag] != 0:
                rounded[row, tag] = np.int8(np.rint((weights[row, tag] - sums[row, tag] / step) / unit))
