"""GloVe's kernels: cells into blocks, and the stochastic updates over a block.

Rows of parameters are those of `adagrad.py`: the vector, and beside it AdaGrad's sums.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from nlpcli.engine.kernels.embeddings.adagrad import dot_rows, step_rows
from nlpcli.engine.kernels.simd.rows import prefetch_row


@njit(nogil=True)
def arrange_cells(counted, grid, weighting, cells, segments, arranged):
    """Cells of some rows, given row by row, into column blocks (`Cells` in `embeddings/glove_blocks.py`).

    `cells` and `segments` [blocks + 1] are where each block begins in the output. A segment is
    the cells of one row in one block; its end is counted from the begin of its block.
    """
    ends, columns, units = counted
    block_of, bounds = grid
    unit, x_max, alpha = weighting
    rows, segment_ends, local_columns, logs, weights = arranged
    cell_at, segment_at = cells.copy(), segments.copy()
    begin = 0
    for row in range(ends.size):
        before = -1
        for cell in range(begin, ends[row]):
            block = block_of[columns[cell]]
            if block != before:
                rows[segment_at[block]] = row
                segment_at[block] += 1
                before = block
            place = cell_at[block]
            count = units[cell] / unit
            local_columns[place] = columns[cell] - bounds[block]
            logs[place] = np.log(count)
            weights[place] = 1.0 if count >= x_max else (count / x_max) ** alpha
            cell_at[block] = place + 1
            segment_ends[segment_at[block] - 1] = place + 1 - cells[block]
        begin = ends[row]


@njit(nogil=True)
def measure_cells(ends, columns, block_of, cells, segments):
    """Add the cells and segments of some rows in column block b to cells[b + 1], segments[b + 1]."""
    begin = 0
    for row in range(ends.size):
        before = -1
        for cell in range(begin, ends[row]):
            block = block_of[columns[cell]]
            cells[block + 1] += 1
            if block != before:
                segments[block + 1] += 1
                before = block
        begin = ends[row]


# error_model="numpy": a check for division by zero would stand in the way of vector code.
@njit(nogil=True, fastmath=True, error_model="numpy")
def update_cells(sides, block, shift, eta, with_bias):
    """Half the weighted squared error of the cells, each taken just before its own update.

    For a cell with log X and weight f: g = f·(w·c + b_w + b_c − log X), then AdaGrad with the
    gradients η·g·c and η·g·w. The biases move by g / √s, without η, as in the authors' program.
    Segments are taken in order, from number `shift` round. The next row of `words` is asked for
    early; rows of `contexts` are few enough to be in the cache.
    """
    words, contexts, word_biases, context_biases = sides
    first_row, first_column, rows, ends, columns, logs, weights = block
    one = np.float32(1)
    cost = 0.0
    count = rows.size
    for turn in range(count):
        segment = turn + shift
        if segment >= count:
            segment -= count
        i = first_row + np.int64(rows[segment])
        prefetch_row(words, first_row + np.int64(rows[segment + 1 if segment + 1 < count else 0]))
        begin = np.int64(ends[segment - 1]) if segment else 0
        for cell in range(begin, np.int64(ends[segment])):
            j = first_column + np.int64(columns[cell])
            error = dot_rows(words, i, contexts, j) + word_biases[i, 0] + context_biases[j, 0] - logs[cell]
            g = weights[cell] * error
            cost += g * error
            step_rows(words, i, contexts, j, eta * g)
            if with_bias:
                word_biases[i, 0] -= g * (one / np.sqrt(word_biases[i, 1]))
                word_biases[i, 1] += g * g
                context_biases[j, 0] -= g * (one / np.sqrt(context_biases[j, 1]))
                context_biases[j, 1] += g * g
    return cost / 2
