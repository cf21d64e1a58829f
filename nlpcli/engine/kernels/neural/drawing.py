"""Drawing one of some ids by their logits."""

from __future__ import annotations

import math

import numba as nb
import numpy as np


@nb.njit(nogil=True, error_model="numpy")
def drawn(logits, temperature, top_k, top_p, number):
    """The id at which what ids are drawn with passes the share `number` in [0, 1) of the whole.

    logits: float32 [V], of which one at least is finite. Ids are drawn with exp(logit / temperature), or 0
    beyond the top k (0 is all of them), and beyond those that together have the share top_p; temperature 0 is
    the likeliest. Of equal ones the first is before the others.
    """
    best = 0
    for i in range(logits.size):
        if logits[i] > logits[best]:
            best = i
    if temperature == 0:
        return best
    highest, total = np.float64(logits[best]), 0.0
    weights = np.empty(logits.size)
    for i in range(logits.size):
        weights[i] = math.exp((np.float64(logits[i]) - highest) / temperature)
    if 0 < top_k < logits.size or top_p < 1:
        _cut(weights, top_k, top_p)
    for i in range(logits.size):
        total += weights[i]
    limit, reached = number * total, 0.0
    for i in range(logits.size):
        reached += weights[i]
        if reached > limit:
            return i
    return best


@nb.njit(nogil=True, error_model="numpy")
def _cut(weights, top_k, top_p):
    """Set to zero what is beyond the top k, then what is beyond the share top_p; one is left at least."""
    order = np.argsort(-weights, kind="mergesort")
    count = min(top_k, order.size) if top_k > 0 else order.size
    if top_p < 1:
        total, reached = 0.0, 0.0
        for rank in range(count):
            total += weights[order[rank]]
        for rank in range(count):
            reached += weights[order[rank]]
            if reached >= top_p * total:
                count = rank + 1
                break
    for rank in range(count, order.size):
        weights[order[rank]] = 0.0
