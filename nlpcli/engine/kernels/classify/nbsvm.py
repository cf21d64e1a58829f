"""Dual coordinate descent for linear support vector machines on sparse binary features.

(Hsieh et al. 2008, algorithm 1, with squared hinge loss.) Features come in two kinds, words and
characters, or in one, and the second is empty. Feature f of document d has the value r_f / √n_d, n_d the
number of d's features of that kind. The weights are kept multiplied by r, beside r², so that a document
costs one sweep to read and one to write:

    state    float32 [F, 2]   r_f · w_f and r_f²; where several classes are discriminated at once,
    weights  float32 [F, 16]  packed rows of 10 of each (`simd/rows.py`), a cache line
    rows, ends                features of a kind of document d: rows[ends[d − 1]:ends[d]]
    norms    float64 [2, D]   1 / √n_d of either kind
    alphas   float64 [D]      the dual variables, one per document (and class)

A feature of one document alone has no row. Its weight is α_d y_d r² / √n_d, since only d moves it; and
r is the same for all such features of one kind of target, so that together they add

    y_d α_d · own_d · alone[y_d]      own_d = Σ over kinds of their number / n_d, alone[y] = r²

to the document's margin. In long texts they are most features, and half of what is seen.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from nlpcli.engine.kernels.simd.rows import move_packed_rows, sum_rows


@nb.njit(nogil=True, fastmath=True)
def diagonals(rows, ends, first, state, norms, diagonal):
    """What the documents in `ends`, from `first` on, add to the dual problem's diagonal [D].

    `rows` and `ends` are those of these documents alone.
    """
    begin = 0
    for number in range(ends.size):
        total = 0.0
        for at in range(begin, ends[number]):
            total += state[rows[at], 1]
        diagonal[first + number] += total * norms[first + number] ** 2
        begin = ends[number]


@nb.njit(nogil=True, fastmath=True)
def diagonals_together(rows, ends, first, squares, norms, diagonal):
    """The same for the diagonals [D, 16] of several classes."""
    sums = np.zeros((1, squares.shape[1]), np.float32)
    begin = 0
    for number in range(ends.size):
        sum_rows(squares, rows, begin, ends[number], sums, 0)
        for lane in range(diagonal.shape[1]):
            diagonal[first + number, lane] += sums[0, lane] * norms[first + number] ** 2
        begin = ends[number]


@nb.njit(nogil=True, fastmath=True, inline="always")
def _margin(rows, ends, document, state):
    total = 0.0
    for at in range(ends[document - 1] if document else 0, ends[document]):
        total += state[rows[at], 0]
    return total


@nb.njit(nogil=True, fastmath=True, inline="always")
def _move(rows, ends, document, state, step):
    for at in range(ends[document - 1] if document else 0, ends[document]):
        row = rows[at]
        state[row, 0] += step * state[row, 1]


@nb.njit(nogil=True, fastmath=True)
def descend(
    words, word_ends, chars, char_ends, order, state, norms, own, alone, diagonal, targets, alphas, bias, cost
):
    """One step for each document in `order`; `targets` are ±1, 0 for a document left out.

    alone: float64 [2], r² of a feature of one document that has the target −1, and +1.
    Returns: the largest violation of the optimality conditions met on the way.
    """
    worst = 0.0
    for document in order:
        target = targets[document]
        if target == 0.0:
            continue
        margin = (
            bias[0]
            + _margin(words, word_ends, document, state) * norms[0, document]
            + _margin(chars, char_ends, document, state) * norms[1, document]
            + target * alphas[document] * own[document] * alone[int(target > 0.0)]
        )
        gradient = target * margin - 1.0 + 0.5 * alphas[document] / cost
        if alphas[document] == 0.0 and gradient >= 0.0:
            continue
        worst = max(worst, abs(gradient))
        new = max(alphas[document] - gradient / diagonal[document], 0.0)
        step = (new - alphas[document]) * target
        alphas[document] = new
        bias[0] += step
        _move(words, word_ends, document, state, step * norms[0, document])
        _move(chars, char_ends, document, state, step * norms[1, document])
    return worst


@nb.njit(nogil=True, fastmath=True)
def descend_together(
    words, word_ends, chars, char_ends, order, weights, norms, own, alone, diagonal, classes, alphas,
    bias, cost,
):  # fmt: skip
    """One step for each document in `order` and each of up to 10 classes, which know nothing of each other.

    classes: int64 [D], the column of a document's class, another number where it is none of these; norms,
    own and order as in `descend`; alone: float64 [2, K]; diagonal, alphas: float64 [D, K]; bias: float64 [K].
    Returns: the largest violation of the optimality conditions met on the way.
    """
    lanes = bias.size
    sums, gains = np.zeros((2, weights.shape[1]), np.float32), np.zeros((2, weights.shape[1]), np.float32)
    worst = 0.0
    for document in order:
        first, last = word_ends[document - 1] if document else 0, word_ends[document]
        char_first, char_last = char_ends[document - 1] if document else 0, char_ends[document]
        sum_rows(weights, words, first, last, sums, 0)
        sum_rows(weights, chars, char_first, char_last, sums, 1)
        moved = False
        for lane in range(lanes):
            gains[0, lane] = gains[1, lane] = 0.0
            inside = classes[document] == lane
            target, alpha = 1.0 if inside else -1.0, alphas[document, lane]
            margin = (
                bias[lane]
                + sums[0, lane] * norms[0, document]
                + sums[1, lane] * norms[1, document]
                + target * alpha * own[document] * alone[int(inside), lane]
            )
            gradient = target * margin - 1.0 + 0.5 * alpha / cost
            if alpha == 0.0 and gradient >= 0.0:
                continue
            worst = max(worst, abs(gradient))
            alphas[document, lane] = max(alpha - gradient / diagonal[document, lane], 0.0)
            step = (alphas[document, lane] - alpha) * target
            bias[lane] += step
            gains[0, lane], gains[1, lane] = step * norms[0, document], step * norms[1, document]
            moved = True
        if moved:
            move_packed_rows(weights, words, first, last, gains, 0)
            move_packed_rows(weights, chars, char_first, char_last, gains, 1)
    return worst
