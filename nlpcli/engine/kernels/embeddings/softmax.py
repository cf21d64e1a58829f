"""The full softmax of the first word2vec paper's model: every word is a candidate, none is drawn.

P(target | h) = softmax(W2 · h), with h a row of W1 (skip-gram) or the mean of some (CBOW), by
plain stochastic gradient descent. The cost of a step grows with the vocabulary.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.embeddings.arguments import Text, Window
from nlpcli.engine.kernels.embeddings.cbow import add_gain, set_mean
from nlpcli.engine.kernels.embeddings.negative_sampling import GOLDEN, below, mixed, thinned

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@numba.njit(nogil=True, fastmath=True)
def softmax_step(
    inputs: Floats,
    row: int,
    outputs: Floats,
    words: int,
    target: int,
    alpha: float,
    scores: Floats,
    gain: Floats,
) -> float:
    """One step on −log P(target | inputs[row]), which is what comes back.

    `scores` [words] and `gain` [R] are room to work in.
    """
    width = inputs.shape[1]
    highest = np.float32(-np.inf)
    for word in range(words):
        score = np.float32(0.0)
        for d in range(width):
            score += outputs[word, d] * inputs[row, d]
        scores[word] = score
        highest = max(highest, score)
    total = 0.0
    for word in range(words):
        scores[word] = math.exp(scores[word] - highest)
        total += scores[word]
    loss = math.log(total) - math.log(max(scores[target], np.float32(1e-38)))
    gain[:] = 0.0
    for word in range(words):
        error = np.float32(alpha * ((1.0 if word == target else 0.0) - scores[word] / total))
        for d in range(width):
            gain[d] += error * outputs[word, d]
            outputs[word, d] += error * inputs[row, d]
    for d in range(width):
        inputs[row, d] += gain[d]
    return loss


@numba.njit(nogil=True, fastmath=True)
def train_pairs(
    inputs: Floats, outputs: Floats, pairs: Ints, first: int, last: int, alpha: float, state: np.uint64
) -> tuple[float, int]:
    """Train on the pairs `first` to `last` of (input, target) [N, 2], in an order drawn from `state`."""
    words = outputs.shape[0] - 1
    scores = np.empty(words, np.float32)
    gain = np.empty(inputs.shape[1], np.float32)
    order = np.arange(first, last)
    loss = 0.0
    for left in range(last - first, 0, -1):
        place = below(mixed(state), left)
        state += GOLDEN
        number = order[place]
        order[place] = order[left - 1]
        loss += softmax_step(inputs, pairs[number, 0], outputs, words, pairs[number, 1], alpha, scores, gain)
    return loss, last - first


@numba.njit(nogil=True, fastmath=True)
def train_softmax(
    inputs: Floats,
    outputs: Floats,
    text: Text,
    window: Window,
    first: int,
    last: int,
    alpha: float,
    state: np.uint64,
    thinning: np.uint64,
) -> tuple[float, int]:
    """Train on the words at `first` to `last`; the summed loss and number of the predictions.

    Skip-gram predicts the centre from each word of its window, CBOW from their mean.
    """
    kept = np.empty(last - first + 2 * window.most, np.int32)
    bounds = np.empty(len(kept) + 1, np.int64)
    sentences, first_centre, last_centre = thinned(text, first, last, window.most, thinning, kept, bounds)
    words = outputs.shape[0] - 1
    scores = np.empty(words, np.float32)
    gain = np.empty(inputs.shape[1], np.float32)
    hidden = np.zeros((3, inputs.shape[1]), np.float32)
    rows = np.empty(2 * window.most, np.int32)
    loss = 0.0
    predictions = 0
    for sentence in range(sentences):
        begin, end = bounds[sentence], bounds[sentence + 1]
        for centre in range(max(begin, first_centre), min(end, last_centre)):
            reach = window.size if window.fixed else 1 + below(mixed(state), window.size)
            reach = min(reach, window.most)
            state += GOLDEN
            count = 0
            for position in range(max(begin, centre - reach), min(end, centre + reach + 1)):
                if position != centre:
                    rows[count] = kept[position]
                    count += 1
            if window.cbow and count > 0:
                set_mean(inputs, rows, count, hidden)
                loss += softmax_step(hidden, 0, outputs, words, kept[centre], alpha, scores, gain)
                add_gain(inputs, rows, count, hidden)
                predictions += 1
            elif not window.cbow:
                for i in range(count):
                    loss += softmax_step(inputs, rows[i], outputs, words, kept[centre], alpha, scores, gain)
                predictions += count
    return loss, predictions
