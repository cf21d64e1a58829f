"""Tags that are made of pieces, written one piece at a time: NNG+JKS as NNG, JKS, end.

A thousand combinations of fifty pieces need no weights of their own, and combinations that were never
seen can be given. Each piece is chosen by its word's features, told apart by how many pieces came
before, and by what those pieces were; greedily, from left to right. Learning is the averaged perceptron
of `viterbi.py`, for one choice at a time.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from nlpcli.engine.kernels.tagging.arguments import FINAL, LOWER, PREFIX, SUFFIX, VOWEL
from nlpcli.engine.kernels.tagging.features import feature, mixed

_PLACE, _PIECE = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xA24BAED4963EE407)
_PLACES = 4  # pieces from here on share weights
_LIMIT = 32000  # of a weight


@nb.njit(nogil=True)
def _describe(own, features, after, place, piece, before, last, mask, rows):
    """Set `rows` to those of the features of the piece at `place`, when `piece`, `before` it, came last."""
    told = np.uint64(min(place, _PLACES) + 1) * _PLACE
    count = features.size
    for k in range(count):
        rows[k] = mixed(np.uint64(features[k]) * np.uint64(64) + np.uint64(k) ^ told) & mask
    one = np.uint64(piece + 2) * _PIECE
    two = one * np.uint64(3) + np.uint64(before + 2)
    row = rows[count:]
    row[0] = feature(one, 50) & mask
    row[1] = feature(two, 51) & mask
    row[2] = feature(one ^ own[LOWER], 52) & mask
    for size in range(4):
        row[3 + size] = feature(one ^ own[SUFFIX + size], 53 + size) & mask
    row[7] = feature(one ^ own[FINAL] * np.uint64(77), 57) & mask
    row[8] = feature(one ^ own[VOWEL] * np.uint64(77), 58) & mask
    row[9] = feature(one ^ np.uint64(last + 3) * np.uint64(991) + told, 59) & mask
    row[10] = feature(one ^ after, 60) & mask
    row[11] = feature(two ^ own[SUFFIX + 1], 61) & mask
    row[12] = feature(two ^ own[PREFIX + 1], 62) & mask


@nb.njit(nogil=True)
def _add_up(rows, weights, scores):
    scores[:] = 0
    for row in rows:
        weight = weights[row]
        for piece in range(weights.shape[1]):
            scores[piece] += weight[piece]


@nb.njit(nogil=True)
def _rival(scores, pieces, right):
    """The piece with the highest score but one."""
    rival = 1 if right == 0 else 0
    for piece in range(pieces):
        if piece != right and scores[piece] > scores[rival]:
            rival = piece
    return rival


@nb.njit(nogil=True)
def learn_pieces(text, gold, starts, order, model, mask, pieces, margin, step, rows, scores):
    """Go through the sentences `order` once; gold int32: word i has gold[starts[i]:starts[i + 1]].

    Each word's last piece is the end, `pieces − 1`. rows int64 [FEATURES + PIECE_FEATURES] and scores int32
    [W] are room. Returns: (steps so far, words got wrong).
    """
    words, features, sentences = text
    weights, sums, _, _ = model
    wrong = 0
    for sentence in order:
        last = -1
        for word in range(sentences[sentence], sentences[sentence + 1]):
            after = words[word + 1, LOWER] if word + 1 < sentences[sentence + 1] else np.uint64(2)
            piece, before, missed = -1, -1, False
            for place in range(starts[word + 1] - starts[word]):
                right = gold[starts[word] + place]
                step += 1
                _describe(words[word], features[word], after, place, piece, before, last, mask, rows)
                _add_up(rows, weights, scores)
                rival = _rival(scores, pieces, right)
                missed |= scores[right] <= scores[rival]
                if scores[right] - scores[rival] <= margin:
                    for row in rows:
                        if abs(weights[row, right]) < _LIMIT and abs(weights[row, rival]) < _LIMIT:
                            weights[row, right] += 1
                            weights[row, rival] -= 1
                            sums[row, right] += step
                            sums[row, rival] -= step
                before, piece = piece, right
            last = before
            wrong += missed
    return step, wrong


@nb.njit(nogil=True)
def best_pieces(text, weights, mask, pieces, rows, scores, found, lengths, scale, likely):
    """Set found int32 [N, P] to the pieces of each word, and lengths int32 [N] to their number, at least 1.

    likely: float64 [N], set to how probable each word's pieces are when `scale` times a score is a logarithm;
    not with a scale of 0.
    """
    words, features, sentences = text
    for sentence in range(sentences.size - 1):
        last = -1
        for word in range(sentences[sentence], sentences[sentence + 1]):
            after = words[word + 1, LOWER] if word + 1 < sentences[sentence + 1] else np.uint64(2)
            piece, before = -1, -1
            likely[word] = 1.0
            for place in range(found.shape[1] + 1):
                _describe(words[word], features[word], after, place, piece, before, last, mask, rows)
                _add_up(rows, weights, scores)
                if place == 0:
                    scores[pieces - 1] = -(2**30)
                best = pieces - 1
                if place < found.shape[1]:
                    for other in range(pieces):
                        if scores[other] > scores[best]:
                            best = other
                if scale > 0:
                    total = 0.0
                    for other in range(pieces if place < found.shape[1] else 0):
                        total += np.exp(scale * (scores[other] - scores[best]))
                    likely[word] /= max(total, 1.0)
                before, piece = piece, best
                lengths[word] = place
                if best == pieces - 1:
                    break
                found[word, place] = best
            last = before
