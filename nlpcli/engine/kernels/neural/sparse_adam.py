"""Adam for tables of which a batch touches a few rows (lazy Adam), and the average of their rows over time.

Rows that are not touched do not move, so that their moving average is known without looking at them: after k
steps it is w + d^k (average − w), d being the decay.
"""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def update_rows(rows, gradients, table, first, second, average, last, step, rate, betas, decay):
    """Move the rows int64 [U] of `table` float32 [R, D] by Adam's rule for `gradients` float32 [U, D].

    first, second: float32 [R, D], the moments; step: how many updates there are with this one.
    average: float32 [R, D], last: int32 [R]: the moving average of a row, and at which step it was of that
    time; decay 0: none is kept.
    """
    one, beta1, beta2 = np.float32(1), np.float32(betas[0]), np.float32(betas[1])
    size = np.float32(rate / (1 - betas[0] ** step))
    scale = np.float32(1 / (1 - betas[1] ** step))
    epsilon = np.float32(1e-8)
    for u in range(rows.size):
        row = rows[u]
        weight, m, v, g = table[row], first[row], second[row], gradients[u]
        if decay > 0:
            kept = np.float32(decay ** (step - 1 - last[row]))
            mean = average[row]
            for d in range(weight.size):
                mean[d] = weight[d] + kept * (mean[d] - weight[d])
        for d in range(weight.size):
            m[d] = beta1 * m[d] + (one - beta1) * g[d]
        for d in range(weight.size):
            v[d] = beta2 * v[d] + (one - beta2) * g[d] * g[d]
        for d in range(weight.size):
            weight[d] -= size * m[d] / (np.sqrt(v[d] * scale) + epsilon)
        if decay > 0:
            kept = np.float32(decay)
            mean = average[row]
            for d in range(weight.size):
                mean[d] = weight[d] + kept * (mean[d] - weight[d])
            last[row] = step


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def averages(table, average, last, step, decay, out):
    """Set `out` float32 [R, D] to the moving average of every row at `step`, which began at nothing."""
    whole = np.float32(1 / (1 - decay**step))
    for row in range(table.shape[0]):
        kept = np.float32(decay ** (step - last[row]))
        for d in range(table.shape[1]):
            out[row, d] = whole * (table[row, d] + kept * (average[row, d] - table[row, d]))
