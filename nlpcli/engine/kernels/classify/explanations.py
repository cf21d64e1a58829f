"""What the tokens of documents add to scores: a feature's weight, shared out over the tokens it covers."""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(nogil=True)
def share_out(rows, ends, spans, weights, wanted, normalised, offsets, scratch, shares):
    """Add to `shares` [T, K] what each token adds to K sums of classes' scores.

    rows [N]: the documents' features as rows of `weights` [F, C]; ends [D]: where each document's features
    end; spans [N, 2]: the tokens (from, to) of its document that each covers. wanted [D, C, K]: factors of
    the sums; a class whose factor is 0 adds nothing, even ∞. offsets [D + 1]: where documents begin in
    `shares`.
    With `normalised` a sum is divided by the root of the number of the document's features.
    scratch: each [longest document's features], change [longest document's tokens + 1].
    """
    each, change = scratch
    first = 0
    for document in range(ends.size):
        end, base = ends[document], offsets[document]
        tokens = offsets[document + 1] - base
        scale = np.sqrt(max(end - first, 1)) if normalised else 1.0
        for column in range(wanted.shape[2]):
            factors = wanted[document, :, column]
            for at in range(first, end):
                each[at - first] = _sum(weights, rows[at], factors) / scale / (spans[at, 1] - spans[at, 0])
            change[: tokens + 1] = 0.0
            for at in range(first, end):
                change[spans[at, 0]] += each[at - first]
            for at in range(first, end):
                change[spans[at, 1]] -= each[at - first]
            running = 0.0
            for token in range(tokens):
                running += change[token]
                shares[base + token, column] += running
        first = end


@nb.njit(nogil=True, inline="always")
def _sum(weights, row, factors):
    total = 0.0
    for label in range(factors.size):
        if factors[label] != 0.0:
            total += weights[row, label] * factors[label]
    return total


@nb.njit(nogil=True)
def pass_over_repeated(rows, ends, seen):
    """Let all but the first of the same rows of a document be −1.

    `seen` is scratch, int64 zeros of a power of two, at least twice as many as the longest document has
    features.
    """
    first = 0
    for document in range(ends.size):
        end, size = ends[document], 16
        while size < 2 * (end - first):
            size *= 2
        for at in range(first, end):
            row = rows[at] + 1
            slot = (row * 0x9E3779B1 >> 8) & (size - 1)
            while seen[slot] != 0 and seen[slot] != row:
                slot = (slot + 1) & (size - 1)
            if seen[slot] == row:
                rows[at] = -1
            seen[slot] = row
        seen[:size] = 0
        first = end
