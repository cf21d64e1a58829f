"""A linear-chain conditional random field (Lafferty et al. 2001): gradient, best sequence, probabilities.

The logarithm of the probability of tags y for a sentence is, but for a constant, the sum of the emissions of
its words and of the transitions: e[0, y0] + t[T, y0] + Σ e[i, yi] + t[y(i−1), yi]. Forward and backward sums
run over exponentials that are divided by their sum at every word (Rabiner 1989), so nothing overflows.

Sentences stand as `neural/packing.py` lays them: word i of sentence s is row starts[i] + s.
"""

from __future__ import annotations

import numba as nb
import numpy as np

_LOWEST = -1e30


@nb.njit(nogil=True)
def _exponentials(values, tags, out):
    """Set `out` to the exponentials of `values`, the largest of each row 1; the sum of the largest."""
    sum_of_largest = 0.0
    for row in range(values.shape[0]):
        largest = values[row, 0]
        for tag in range(1, tags):
            largest = max(largest, values[row, tag])
        for tag in range(tags):
            out[row, tag] = np.exp(np.float64(values[row, tag]) - largest)
        sum_of_largest += largest
    return sum_of_largest


@nb.njit(nogil=True, error_model="numpy")
def _made_one(row, tags):
    """Divide by the sum, which is returned; equal shares where nothing is left of it."""
    total = 0.0
    for tag in range(tags):
        total += row[tag]
    for tag in range(tags):
        row[tag] = row[tag] / total if total > 0 else 1.0 / tags
    return total if total > 0 else 1e-300


@nb.njit(nogil=True, error_model="numpy")
def _forward(sentence, length, starts, shares, steps, tags, ahead):
    """Set ahead[i] to the shares of the tags of word i, given what is before it; the log of the sum."""
    logarithm = 0.0
    row = starts[0] + sentence
    for tag in range(tags):
        ahead[0, tag] = shares[row, tag] * steps[tags, tag]
    logarithm += np.log(_made_one(ahead[0], tags))
    for word in range(1, length):
        row = starts[word] + sentence
        now, before = ahead[word], ahead[word - 1]
        for tag in range(tags):
            now[tag] = 0.0
        for previous in range(tags):
            share, into = before[previous], steps[previous]
            for tag in range(tags):
                now[tag] += share * into[tag]
        for tag in range(tags):
            now[tag] *= shares[row, tag]
        logarithm += np.log(_made_one(now, tags))
    return logarithm


@nb.njit(nogil=True, error_model="numpy")
def _backward(row, steps, shares, tags, behind):
    """Bring `behind` from the word of `row` to the word before it."""
    weighted = np.empty(tags)
    for tag in range(tags):
        weighted[tag] = shares[row, tag] * behind[tag]
    for previous in range(tags):
        total, into = 0.0, steps[previous]
        for tag in range(tags):
            total += into[tag] * weighted[tag]
        behind[previous] = total
    _made_one(behind, tags)
    return weighted


@nb.njit(nogil=True, error_model="numpy")
def loss(starts, lengths, emissions, transitions, gold, d_emissions, d_transitions):
    """The summed negative log-probability of the tags gold int64 [N], and its gradient.

    emissions float32 [N, T], transitions float32 [T + 1, T]; d_emissions is set, d_transitions float64
    [T + 1, T] added to.
    """
    tags = emissions.shape[1]
    shares, steps = np.empty(emissions.shape), np.empty(transitions.shape)
    total = _exponentials(emissions, tags, shares)
    largest = transitions.max()
    for row in range(tags + 1):
        for tag in range(tags):
            steps[row, tag] = np.exp(np.float64(transitions[row, tag]) - largest)
    ahead, behind, pairs = np.empty((lengths.max(), tags)), np.empty(tags), np.empty(tags)
    for sentence in range(lengths.size):
        length = lengths[sentence]
        total += length * largest + _forward(sentence, length, starts, shares, steps, tags, ahead)
        behind[:] = 1.0
        for word in range(length - 1, -1, -1):
            row = starts[word] + sentence
            right = gold[row]
            before_right = tags if word == 0 else gold[starts[word - 1] + sentence]
            total -= emissions[row, right] + np.float64(transitions[before_right, right])
            d_transitions[before_right, right] -= 1.0
            for tag in range(tags):
                pairs[tag] = ahead[word, tag] * behind[tag]
            _made_one(pairs, tags)
            for tag in range(tags):
                d_emissions[row, tag] = pairs[tag]
            d_emissions[row, right] -= np.float32(1)
            if word == 0:
                for tag in range(tags):
                    d_transitions[tags, tag] += pairs[tag]
            else:
                weighted = _backward(row, steps, shares, tags, behind)
                _add_pairs(ahead[word - 1], steps, weighted, tags, d_transitions)
    return total


@nb.njit(nogil=True, error_model="numpy")
def _add_pairs(before, steps, weighted, tags, d_transitions):
    """Add how probable each pair of neighbouring tags is."""
    whole = 0.0
    for previous in range(tags):
        share, into = before[previous], steps[previous]
        for tag in range(tags):
            whole += share * into[tag] * weighted[tag]
    if whole <= 0:
        return
    for previous in range(tags):
        share, into, row = before[previous] / whole, steps[previous], d_transitions[previous]
        for tag in range(tags):
            row[tag] += share * into[tag] * weighted[tag]


@nb.njit(nogil=True)
def best_tags(starts, lengths, emissions, transitions, found):
    """Set found int64 [N] to the best tags of each sentence (Viterbi 1967); ties go to the lower tag."""
    tags = emissions.shape[1]
    most = lengths.max()
    came = np.empty((most, tags), np.int32)
    scores, best = np.empty(tags, np.float32), np.empty(tags, np.float32)
    for sentence in range(lengths.size):
        length = lengths[sentence]
        for tag in range(tags):
            scores[tag] = emissions[starts[0] + sentence, tag] + transitions[tags, tag]
        for word in range(1, length):
            row = starts[word] + sentence
            for tag in range(tags):
                best[tag] = np.float32(_LOWEST)
                came[word, tag] = 0
            for previous in range(tags):
                score, into = scores[previous], transitions[previous]
                for tag in range(tags):
                    if score + into[tag] > best[tag]:
                        best[tag] = score + into[tag]
                        came[word, tag] = previous
            for tag in range(tags):
                scores[tag] = best[tag] + emissions[row, tag]
        tag = 0
        for other in range(1, tags):
            if scores[other] > scores[tag]:
                tag = other
        for word in range(length - 1, -1, -1):
            found[starts[word] + sentence] = tag
            tag = came[word, tag] if word else tag


@nb.njit(nogil=True, error_model="numpy")
def probabilities(starts, lengths, emissions, transitions, found, likely):
    """Set likely float64 [N] to how probable the tag found int64 [N] of each word is (forward-backward)."""
    tags = emissions.shape[1]
    shares, steps = np.empty(emissions.shape), np.empty(transitions.shape)
    _exponentials(emissions, tags, shares)
    largest = transitions.max()
    for row in range(tags + 1):
        for tag in range(tags):
            steps[row, tag] = np.exp(np.float64(transitions[row, tag]) - largest)
    ahead, behind = np.empty((lengths.max(), tags)), np.empty(tags)
    for sentence in range(lengths.size):
        length = lengths[sentence]
        _forward(sentence, length, starts, shares, steps, tags, ahead)
        behind[:] = 1.0
        for word in range(length - 1, -1, -1):
            row = starts[word] + sentence
            whole = right = 0.0
            for tag in range(tags):
                share = ahead[word, tag] * behind[tag]
                whole += share
                if tag == found[row]:
                    right = share
            likely[row] = right / whole if whole > 0 else 0.0
            _backward(row, steps, shares, tags, behind)
