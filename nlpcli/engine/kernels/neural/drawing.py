"""Drawing one of some ids by their logits."""

from __future__ import annotations

import math

import numba as nb
import numpy as np


@nb.njit(nogil=True, error_model="numpy")
def drawn(logits, temperature, number):
    """The id at which Σ exp(logit / temperature) passes the share `number` in [0, 1) of the whole.

    logits: float32 [V], of which one at least is finite.
    """
    highest = np.float64(logits.max())
    totals = np.empty(logits.size)
    total = 0.0
    for i in range(logits.size):
        total += math.exp((np.float64(logits[i]) - highest) / temperature)
        totals[i] = total
    for i in range(logits.size):
        if totals[i] > number * total:
            return i
    return logits.size - 1
