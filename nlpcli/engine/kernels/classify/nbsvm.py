"""Dual coordinate descent for a linear support vector machine on sparse binary features.

(Hsieh et al. 2008, algorithm 1, with squared hinge loss.) Features come in two kinds, words and
characters, or in one, and the second is empty. Feature f of document d has the value r_f / √n_d, n_d the
number of d's features of that kind. The weights are kept multiplied by r, beside r², so that a document
costs one sweep to read and one to write:

    state   float32 [F, 2]   r_f · w_f and r_f²
    rows, ends               features of a kind of document d: rows[ends[d − 1]:ends[d]]
    norms   float64 [2, D]   1 / √n_d of either kind
    alphas  float64 [D]      the dual variables, one per document
"""

from __future__ import annotations

import numba as nb


@nb.njit(nogil=True, fastmath=True)
def diagonals(rows, ends, first, state, norms, diagonal):
    """1 / √n_d of the documents in `ends`, from `first` on, and what they add to the dual problem's diagonal.

    `rows` and `ends` are those of these documents alone.
    """
    begin = 0
    for number in range(ends.size):
        count = ends[number] - begin
        total = 0.0
        for at in range(begin, ends[number]):
            total += state[rows[at], 1]
        norms[first + number] = 1.0 / count**0.5 if count else 0.0
        diagonal[first + number] += total / count if count else 0.0
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
def descend(words, word_ends, chars, char_ends, order, state, norms, diagonal, targets, alphas, bias, cost):
    """One step for each document in `order`; `targets` are ±1, 0 for a document left out.

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
