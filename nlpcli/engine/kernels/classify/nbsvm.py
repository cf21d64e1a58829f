"""Dual coordinate descent for a linear support vector machine on sparse binary features.

(Hsieh et al. 2008, algorithm 1, with squared hinge loss.) Feature f of document d has the
value r_f / √n_d. The weights are kept multiplied by r, beside r², so that a document costs one
sweep to read and one to write:

    state   float32 [F, 2]   r_f · w_f and r_f²
    rows, ends               features of document d: rows[ends[d − 1]:ends[d]]
    alphas  float64 [D]      the dual variables, one per document
"""

from __future__ import annotations

import numba as nb


@nb.njit(nogil=True, fastmath=True)
def diagonals(rows, ends, first, state, cost, norms, diagonal):
    """1 / √n_d and the dual problem's diagonal for the documents in `ends`, from `first` on.

    `rows` and `ends` are those of these documents alone.
    """
    begin = 0
    for number in range(ends.size):
        count = ends[number] - begin
        total = 0.0
        for at in range(begin, ends[number]):
            total += state[rows[at], 1]
        norms[first + number] = 1.0 / count**0.5 if count else 0.0
        diagonal[first + number] = (total / count if count else 0.0) + 1.0 + 0.5 / cost
        begin = ends[number]


@nb.njit(nogil=True, fastmath=True)
def descend(rows, ends, order, state, norms, diagonal, targets, alphas, bias, cost):
    """One step for each document in `order`; `targets` are ±1, 0 for a document left out.

    Returns: the largest violation of the optimality conditions met on the way.
    """
    worst = 0.0
    for document in order:
        target = targets[document]
        if target == 0.0:
            continue
        begin = ends[document - 1] if document else 0
        margin = 0.0
        for at in range(begin, ends[document]):
            margin += state[rows[at], 0]
        margin = margin * norms[document] + bias[0]
        gradient = target * margin - 1.0 + 0.5 * alphas[document] / cost
        if alphas[document] == 0.0 and gradient >= 0.0:
            continue
        worst = max(worst, abs(gradient))
        new = max(alphas[document] - gradient / diagonal[document], 0.0)
        step = (new - alphas[document]) * target
        alphas[document] = new
        bias[0] += step
        step *= norms[document]
        for at in range(begin, ends[document]):
            row = rows[at]
            state[row, 0] += step * state[row, 1]
    return worst
