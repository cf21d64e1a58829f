"""Which of some spans answers a question: a log-linear model over hashed features, trained by AdaGrad."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(nogil=True)
def score_spans(features, weights, scores):
    """Add up the weights of each span's features, int32 [C, F], out of float32 [B]: scores float64 [C]."""
    for span in range(features.shape[0]):
        total = 0.0
        for place in range(features.shape[1]):
            total += weights[features[span, place]]
        scores[span] = total


@njit(nogil=True)
def train_spans(features, offsets, targets, order, first, last, rate, decay, weights, squares, scores):
    """Steps on −log P(right spans) for questions order[first:last]; the sum of these losses before each step.

    features int32 [N, F]; offsets int64 [Q + 1], the spans of each question; targets float32 [N], that add up
    to 1 for each question; weights, squares float32 [B] (AdaGrad: Duchi et al. 2011); scores float64, as many
    as a question has spans at most; rate: of learning; decay: of weights, where they are touched.
    """
    loss = 0.0
    for number in range(first, last):
        begin, end = offsets[order[number]], offsets[order[number] + 1]
        score_spans(features[begin:end], weights, scores)
        most = -np.inf
        for span in range(end - begin):
            most = max(most, scores[span])
        total = right = 0.0
        for span in range(end - begin):
            scores[span] = math.exp(scores[span] - most)
            total += scores[span]
            if targets[begin + span] > 0:
                right += scores[span] * targets[begin + span]
        loss -= math.log(max(right, 1e-30) / total)
        for span in range(end - begin):
            error = scores[span] / total
            if targets[begin + span] > 0:
                error -= scores[span] * targets[begin + span] / max(right, 1e-30)
            if abs(error) < 1e-4:
                continue
            for place in range(features.shape[1]):
                at = features[begin + span, place]
                slope = error + decay * weights[at]
                squares[at] += slope * slope
                weights[at] -= rate * slope / (math.sqrt(squares[at]) + 1e-6)
    return loss
