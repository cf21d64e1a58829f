"""The topics of new documents, the topics themselves as they are.

By expectation maximisation, which takes no chance: a document's answer is its own, whatever stands
around it. With φ_wk = P(w | k) the posterior weights γ of a document's topics are the fixed point of

    γ_k = α_k + Σ_i  φ_wi,k γ_k / Σ_j φ_wi,j γ_j

(CVB0 of Asuncion et al. 2009 without leaving out the token itself).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(nogil=True, fastmath=True)
def fold_in(ids, offsets, first, last, word_topics, alpha, rounds, tolerance, room, weights):
    """Posterior weights γ of documents `first` to `last`; done when a round moves under `tolerance` a token.

    ids int32 [N]; offsets int64 [D + 1]; word_topics float32 [V, row], φ; alpha float32 [row]; room float32
    [row]; weights float32 [D, row]. Rows may be longer than there are topics, with α and φ 0.
    """
    row = np.uint64(alpha.size)
    flat = word_topics.reshape(-1)
    for document in range(first, last):
        begin, end = offsets[document], offsets[document + 1]
        mine = weights[document]
        for k in range(row):
            mine[k] = alpha[k] + np.float32(end - begin) / np.float32(alpha.size)
        for _ in range(rounds if end > begin else 0):
            for k in range(row):
                room[k] = alpha[k]
            for place in range(begin, end):
                base = np.uint64(ids[place]) * row
                total = np.float32(0)
                for k in range(row):
                    total += mine[k] * flat[base + k]
                share = np.float32(1) / max(total, np.float32(1e-30))
                for k in range(row):
                    room[k] += mine[k] * flat[base + k] * share
            moved = np.float32(0)
            for k in range(row):
                moved += abs(room[k] - mine[k])
                mine[k] = room[k]
            if moved <= tolerance * np.float32(end - begin):
                break


@njit(nogil=True, fastmath=True)
def log_likelihood(ids, offsets, first, last, word_topics, shares):
    """Σ log Σ_k θ_dk φ_wk of the tokens of documents `first` to `last`; `shares` θ [D, row] adds up to 1."""
    found = 0.0
    for document in range(first, last):
        for place in range(offsets[document], offsets[document + 1]):
            chance = np.float32(0)
            for k in range(shares.shape[1]):
                chance += shares[document, k] * word_topics[ids[place], k]
            found += math.log(max(chance, np.float32(1e-30)))
    return found
