"""An LSTM with matrices of int8 (`int8.py`): a layer over packed sequences, and one step of a decoder.

Each is one call, since a call costs about as much as a product with a single row. The formulas stand in
`neural/nets/seq2seq.py`; what is between the products, in `recurrent_cells.py` and `source_attention.py`.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from nlpcli.engine.kernels.neural.int8 import multiply, multiply_in
from nlpcli.engine.kernels.neural.recurrent_cells import _tanh, lstm_forward
from nlpcli.engine.kernels.neural.source_attention import additive, dot
from nlpcli.engine.kernels.simd.int8_products import ROWS
from nlpcli.engine.kernels.simd.padding import FOUR, GROUP

NONE, DOT, ADDITIVE = range(3)  # kinds of attention


@nb.njit(nogil=True, error_model="numpy")
def layer(inputs, rows, starts, packed, scales, c, h):
    """Set h and c float32 [B + N, H], whose first B rows are the states before any step.

    Row n of N takes row rows[n] of `inputs` [·, 4 H]; starts [T + 1]: where the rows of each step begin.
    """
    batch, size = len(h) - starts[-1], h.shape[1]
    none, recurrent = np.zeros(4 * size, np.float32), np.empty((batch, 4 * size), np.float32)
    before = 0
    for t in range(len(starts) - 1):
        start, stop = starts[t], starts[t + 1]
        count, after = stop - start, batch + start
        live = recurrent[:count]
        multiply(h[before : before + count], packed, scales, none, live)
        lstm_forward(
            inputs,
            rows[start:stop],
            live,
            c[before : before + count],
            live,
            c[after : after + count],
            h[after : after + count],
        )
        before = after


@nb.njit(nogil=True, error_model="numpy")
def _product(x, packed, floats, at, out, room):
    """Set `out` to x by the matrix that begins at at[0], plus its bias; `at` goes on to the next."""
    count, columns = len(x), out.shape[1]
    groups, steps = (columns + GROUP - 1) // GROUP, (x.shape[1] + FOUR - 1) // FOUR
    end, scales = at[0] + groups * steps * GROUP * FOUR, floats[at[1] :]
    matrix = packed[at[0] : end].reshape((groups, steps, GROUP * FOUR))
    q = room[0][: count * steps * FOUR].reshape((count, steps * FOUR))
    bias = scales[groups * GROUP : groups * GROUP + columns]
    multiply_in(x, matrix, scales, bias, out, q, room[1], room[2], room[3])
    at[0] = end
    at[1] += groups * GROUP + columns


@nb.njit(nogil=True, error_model="numpy")
def decoder_step(inputs, rows, states, packed, floats, kind, memory, keys, numbers, lengths, told):
    """One step of R hypotheses: states float32 [R, 2 L, H], h and c of each layer, are moved.

    Row rows[r] of `inputs` [·, 4 H] is added to the gates of the first layer. packed: W_hh of that layer, W_q
    of additive attention, W_xh and W_hh of each other layer, W_o, and the vectors of units, as
    `int8.multiply` takes them. floats: the scales and the bias of each; then v of additive attention, and
    w_g and b_g if units are copied. memory, keys, numbers, lengths: as `source_attention.py` takes them. Set
    are those of `told`: scores [R, T], attention [R, S] or [0, 0], gates [R, 2] or [0, 2], and o [R, D].
    """
    scores, attention, gates, o = told
    many, layers, size = len(states), states.shape[1] // 2, states.shape[2]
    wide = size if kind == NONE else 2 * size
    h, c = np.empty((many, size), np.float32), np.empty((many, size), np.float32)
    new, seen = np.empty_like(h), np.empty_like(h)
    recurrent, given = np.empty((many, 4 * size), np.float32), np.empty((many, 4 * size), np.float32)
    beside, at = np.empty((many, wide), np.float32), np.zeros(2, np.int64)
    v, gate = floats[len(floats) - _more(gates, o) - size :][:size], floats[len(floats) - _more(gates, o) :]
    room = (
        np.empty(many * (max(wide, o.shape[1]) + FOUR), np.int8),
        np.empty(many, np.float32),
        np.empty(many, np.int32),
        np.empty((ROWS, GROUP), np.int32),
    )
    places = np.arange(many)
    for n in range(layers):
        for r in range(many):
            h[r], c[r] = states[r, 2 * n], states[r, 2 * n + 1]
        if n:
            _product(beside, packed, floats, at, given, room)
        _product(h, packed, floats, at, recurrent, room)
        if n:
            lstm_forward(given, places, recurrent, c, recurrent, seen, new)
        else:
            lstm_forward(inputs, rows, recurrent, c, recurrent, seen, new)
        for r in range(many):
            states[r, 2 * n], states[r, 2 * n + 1] = new[r], seen[r]
            beside[r, :size] = new[r]
        if n == 0 and kind == DOT:
            dot(new, memory, numbers, lengths, attention, seen)
        elif n == 0 and kind == ADDITIVE:
            _product(new, packed, floats, at, c, room)
            additive(c, keys, v, memory, numbers, lengths, attention, seen)
        if n == 0 and kind != NONE:
            for r in range(many):
                beside[r, size:] = seen[r]
    _product(beside, packed, floats, at, o, room)
    for r in range(many):  # so that a number is the same whatever stands beside
        _tanh_all(o[r])
    _product(o, packed, floats, at, scores, room)
    if len(gates):
        _gates(o, gate, gates)


@nb.njit(nogil=True, error_model="numpy")
def _more(gates, o):
    """How many numbers the gate has."""
    return o.shape[1] + 1 if len(gates) else 0


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _tanh_all(x):
    for i in range(x.size):
        x[i] = _tanh(x[i])


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _gates(o, w, gates):
    """Set `gates` to the logarithms of writing and of copying, by w [D] and a bias behind it."""
    for r in range(len(o)):
        row, total = o[r], w[o.shape[1]]
        for i in range(row.size):
            total += row[i] * w[i]
        for side in range(2):
            x = np.float64(total if side else -total)
            gates[r, side] = -(max(x, 0.0) + math.log1p(math.exp(-abs(x))))
