"""GloVe's stochastic updates over one block of co-occurrence cells.

A row of parameters is [v₀ … v_p, s₀ … s_p]: the vector, padded to p floats, and beside it what
AdaGrad has summed, so that both come with one stretch of memory. Padding stays zero by itself:
its gradient is zero.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def arrange_cells(
    ends, columns, units, unit, block_of, bounds, x_max, alpha, cells, stretches,
    rows, stretch_ends, local_columns, logs, weights,
):  # fmt: skip
    """Cells of some rows, given row by row, into column blocks; see `Cells` in engine/cells.py.

    `cells` and `stretches` [blocks + 1] are where each block begins in the output. A stretch is
    the cells of one row in one block; its end is counted from the begin of its block.
    """
    cell_at, stretch_at = cells.copy(), stretches.copy()
    begin = 0
    for row in range(ends.size):
        before = -1
        for cell in range(begin, ends[row]):
            block = block_of[columns[cell]]
            if block != before:
                rows[stretch_at[block]] = row
                stretch_at[block] += 1
                before = block
            place = cell_at[block]
            count = units[cell] / unit
            local_columns[place] = columns[cell] - bounds[block]
            logs[place] = np.log(count)
            weights[place] = 1.0 if count >= x_max else (count / x_max) ** alpha
            cell_at[block] = place + 1
            stretch_ends[stretch_at[block] - 1] = place + 1 - cells[block]
        begin = ends[row]


@njit(cache=True, nogil=True)
def measure_cells(ends, columns, block_of, cells, stretches):
    """Add the cells and stretches of some rows in column block b to cells[b + 1], stretches[b + 1]."""
    begin = 0
    for row in range(ends.size):
        before = -1
        for cell in range(begin, ends[row]):
            block = block_of[columns[cell]]
            cells[block + 1] += 1
            if block != before:
                stretches[block + 1] += 1
                before = block
        begin = ends[row]


@functools.cache
def update_cells(padded: int) -> Callable[..., float]:
    """The training kernel for rows of `padded` floats; a constant length lets it run in registers."""
    one = np.float32(1)
    half = np.float32(0.5)

    # error_model="numpy": a check for division by zero would keep the loop from being vectorised.
    @njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
    def update(
        words, contexts, word_biases, context_biases, first_row, first_column, rows, ends, shift,
        columns, logs, weights, eta, with_bias,
    ):  # fmt: skip
        """Half the weighted squared error of the cells, each taken just before its own update.

        For a cell with log X and weight f: g = f·(w·c + b_w + b_c − log X), then for each
        component AdaGrad: h = η·g·c, w −= h / √s, s += h². The biases move by g / √s, without η,
        as in the authors' program. Stretches are taken in order, from number `shift` round.
        """
        cost = 0.0
        count = rows.size
        for turn in range(count):
            stretch = turn + shift
            if stretch >= count:
                stretch -= count
            i = first_row + rows[stretch]
            w = words[i]
            begin = ends[stretch - 1] if stretch else 0
            for cell in range(begin, ends[stretch]):
                j = first_column + np.int64(columns[cell])
                c = contexts[j]
                dot = np.float32(0)
                for d in range(padded):
                    dot += w[d] * c[d]
                error = dot + word_biases[i, 0] + context_biases[j, 0] - logs[cell]
                g = weights[cell] * error
                cost += g * error
                step = eta * g
                for d in range(padded):
                    a, b = w[d], c[d]
                    s, t = w[padded + d], c[padded + d]
                    h, k = step * b, step * a
                    w[d] = a - h * (one / np.sqrt(s))
                    c[d] = b - k * (one / np.sqrt(t))
                    w[padded + d] = s + h * h
                    c[padded + d] = t + k * k
                if with_bias:
                    word_biases[i, 0] -= g * (one / np.sqrt(word_biases[i, 1]))
                    word_biases[i, 1] += g * g
                    context_biases[j, 0] -= g * (one / np.sqrt(context_biases[j, 1]))
                    context_biases[j, 1] += g * g
        return half * cost

    kernel: Callable[..., Any] = update
    return kernel
