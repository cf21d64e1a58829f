"""What a recurrent cell does between its matrix products: one time step, a batch of streams.

All arrays of a step are [B, H] or [B, G·H] (G gates side by side), C-contiguous. Arrays that
go into matrix products or are kept for the way back (`Low` below) are float32, or bfloat16 seen
as uint16; `_load` and `_store` convert a row, the arithmetic is float32. `table[rows[b]]` is
what the input adds to the gates of stream b: W_xh x_t + b.

The loops are short on purpose, over rows that lie in the first-level cache: LLVM makes vectors
of a loop only when it can tell its arrays apart, which it gives up at more than four, and only
where numba sees that no index is negative (so rows are cut into gates before the loops).

Not here: the matrix products and the loop over time (`neural/nets/recurrent.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Low = NDArray[Any]  # float32, or the bits of bfloat16 as uint16
F32 = NDArray[np.float32]


def _load(row: Any, out: Any) -> None:
    """Copy `row` into the float32 row `out`."""
    if row.dtype == np.uint16:
        _load_bits(row, out)
    else:
        _load_copy(row, out)


def _store(values: Any, row: Any) -> None:
    """Copy the float32 row `values` into `row`, rounded to nearest even when that is bfloat16."""
    if row.dtype == np.uint16:
        _store_bits(values, row)
    else:
        _store_copy(values, row)


def _load_bits(row: Any, out: Any) -> None:
    bits = out.view(np.uint32)
    for j in range(row.shape[0]):
        bits[j] = np.uint32(row[j]) << np.uint32(16)


def _store_bits(values: Any, row: Any) -> None:
    bits = values.view(np.int32)
    for j in range(row.shape[0]):
        odd = (bits[j] >> 16) & 1
        row[j] = np.uint16(((bits[j] + 0x7FFF + odd) >> 16) & 0xFFFF)


@overload(_load)
def _load_typed(row: Any, out: Any) -> None:  # noqa: ARG001 (numba matches the names)
    return _load_bits if row.dtype == types.uint16 else _load_copy  # type: ignore[return-value]


@overload(_store)
def _store_typed(values: Any, row: Any) -> None:  # noqa: ARG001
    return _store_bits if row.dtype == types.uint16 else _store_copy  # type: ignore[return-value]


def _load_copy(row: Any, out: Any) -> None:
    for j in range(row.shape[0]):
        out[j] = row[j]


def _store_copy(values: Any, row: Any) -> None:
    for j in range(values.shape[0]):
        row[j] = values[j]


@njit(nogil=True, fastmath=True, error_model="numpy", inline="always")
def _tanh(x: Any) -> Any:
    """Hyperbolic tangent to 2e-7, as a quotient of polynomials: unlike libm's it vectorises.

    The minimax coefficients are those of the Eigen library's float tanh.
    """
    x = min(max(x, np.float32(-7.9988)), np.float32(7.9988))
    s = x * x
    p = np.float32(-2.76076847742355e-16) * s + np.float32(2.00018790482477e-13)
    p = p * s + np.float32(-8.60467152213735e-11)
    p = p * s + np.float32(5.12229709037114e-08)
    p = p * s + np.float32(1.48572235717979e-05)
    p = p * s + np.float32(6.37261928875436e-04)
    p = p * s + np.float32(4.89352455891786e-03)
    q = np.float32(1.19825839466702e-06) * s + np.float32(1.18534705686654e-04)
    q = q * s + np.float32(2.26843463243900e-03)
    q = q * s + np.float32(4.89352518554385e-03)
    return x * p / q


@njit(nogil=True, fastmath=True, error_model="numpy", inline="always")
def _sigmoid(x: Any) -> Any:
    return np.float32(0.5) * _tanh(np.float32(0.5) * x) + np.float32(0.5)


# --- vanilla RNN ----------------------------------------------------------------------------


@njit(nogil=True, fastmath=True, error_model="numpy")
def rnn_forward(table: F32, rows: Rows, recurrent: Low, h: Low) -> None:
    """The new state h = tanh(table[rows] + recurrent)."""
    y = np.empty(h.shape[1], dtype=np.float32)
    for b in range(h.shape[0]):
        _load(recurrent[b], y)
        x = table[rows[b]]
        for j in range(y.shape[0]):
            y[j] = _tanh(x[j] + y[j])
        _store(y, h[b])


@njit(nogil=True, fastmath=True, error_model="numpy")
def rnn_backward(d_out: Low, d_recurrent: Low, h: Low, d_gates: Low) -> None:
    """∂loss/∂(pre-activation) from ∂loss/∂h = d_out + d_recurrent."""
    size = h.shape[1]
    y, d, more = np.empty(size, np.float32), np.empty(size, np.float32), np.empty(size, np.float32)
    for b in range(h.shape[0]):
        _load(h[b], y)
        _load(d_out[b], d)
        _load(d_recurrent[b], more)
        for j in range(size):
            d[j] = (d[j] + more[j]) * (np.float32(1) - y[j] * y[j])
        _store(d, d_gates[b])


# --- LSTM: gates i, f, o, g -----------------------------------------------------------------


@njit(nogil=True, fastmath=True, error_model="numpy")
def lstm_forward(table: F32, rows: Rows, recurrent: Low, c_before: F32, gates: Low, c: F32, h: Low) -> None:
    """The four gates, the new cell c = f c_before + i g, and h = o tanh(c)."""
    size = c.shape[1]
    gate, out = np.empty(4 * size, dtype=np.float32), np.empty(size, dtype=np.float32)
    i, f, o, g = gate[:size], gate[size : 2 * size], gate[2 * size : 3 * size], gate[3 * size :]
    sigmoids = gate[: 3 * size]
    for b in range(c.shape[0]):
        _load(recurrent[b], gate)
        x, x_g = table[rows[b]], table[rows[b]][3 * size :]
        for j in range(3 * size):
            sigmoids[j] = _sigmoid(x[j] + sigmoids[j])
        for j in range(size):
            g[j] = _tanh(x_g[j] + g[j])
        _store(gate, gates[b])
        before, cell = c_before[b], c[b]
        for j in range(size):
            out[j] = i[j] * g[j]
        for j in range(size):
            cell[j] = f[j] * before[j] + out[j]
        for j in range(size):
            out[j] = o[j] * _tanh(cell[j])
        _store(out, h[b])


@njit(nogil=True, fastmath=True, error_model="numpy")
def lstm_backward(
    d_out: Low, d_recurrent: Low, gates: Low, c: F32, c_before: F32, d_c: F32, d_gates: Low
) -> None:
    """∂loss/∂(the gates' pre-activations); `d_c` carries ∂loss/∂c from step to step."""
    size = c.shape[1]
    one = np.float32(1)
    d_h, squashed = np.empty(size, dtype=np.float32), np.empty(size, dtype=np.float32)
    gate, d_gate = np.empty(4 * size, dtype=np.float32), np.empty(4 * size, dtype=np.float32)
    i, f, o, g = gate[:size], gate[size : 2 * size], gate[2 * size : 3 * size], gate[3 * size :]
    d_i, d_f = d_gate[:size], d_gate[size : 2 * size]
    d_o, d_g = d_gate[2 * size : 3 * size], d_gate[3 * size :]
    for b in range(c.shape[0]):
        _load(gates[b], gate)
        _load(d_out[b], d_h)
        _load(d_recurrent[b], squashed)
        cell, before, carry = c[b], c_before[b], d_c[b]
        for j in range(size):
            d_h[j] += squashed[j]
        for j in range(size):
            squashed[j] = _tanh(cell[j])
        for j in range(size):
            d_o[j] = d_h[j] * squashed[j] * o[j] * (one - o[j])
        for j in range(size):
            carry[j] += d_h[j] * o[j] * (one - squashed[j] * squashed[j])
        for j in range(size):
            d_i[j] = carry[j] * g[j] * i[j] * (one - i[j])
        for j in range(size):
            d_g[j] = carry[j] * i[j] * (one - g[j] * g[j])
        for j in range(size):
            d_f[j] = carry[j] * before[j] * f[j] * (one - f[j])
        for j in range(size):
            carry[j] *= f[j]
        _store(d_gate, d_gates[b])


# --- GRU: gates z, r, n, the reset gate applied before the product --------------------------


@njit(nogil=True, fastmath=True, error_model="numpy")
def gru_gates_forward(
    table: F32, rows: Rows, recurrent: Low, h_before: F32, gates: Low, reset_h: Low
) -> None:
    """Gates z and r, and r ∘ h_before, which the candidate's matrix product takes."""
    size = h_before.shape[1]
    gate = np.empty(2 * size, dtype=np.float32)
    r = gate[size:]
    for b in range(h_before.shape[0]):
        _load(recurrent[b], gate)
        x, before = table[rows[b]], h_before[b]
        for j in range(2 * size):
            gate[j] = _sigmoid(x[j] + gate[j])
        _store(gate, gates[b][: 2 * size])
        for j in range(size):
            r[j] *= before[j]
        _store(r, reset_h[b])


@njit(nogil=True, fastmath=True, error_model="numpy")
def gru_forward(
    table: F32, rows: Rows, recurrent: Low, h_before: F32, gates: Low, h: F32, h_low: Low
) -> None:
    """The candidate n = tanh(table + recurrent), and h = (1 − z) h_before + z n."""
    size = h.shape[1]
    n, z = np.empty(size, dtype=np.float32), np.empty(size, dtype=np.float32)
    for b in range(h.shape[0]):
        _load(recurrent[b], n)
        _load(gates[b][:size], z)
        x, before, out = table[rows[b]][2 * size :], h_before[b], h[b]
        for j in range(size):
            n[j] = _tanh(x[j] + n[j])
        _store(n, gates[b][2 * size :])
        for j in range(size):
            out[j] = before[j] + z[j] * (n[j] - before[j])
        _store(out, h_low[b])


@njit(nogil=True, fastmath=True, error_model="numpy")
def gru_backward(
    d_out: Low, d_recurrent: Low, gates: Low, h_before: F32, d_h: F32, d_gates: Low, d_candidate: Low
) -> None:
    """∂loss/∂(pre-activations of z and n); `d_h` comes in from the step after, leaves as (1 − z) ∂h."""
    size = h_before.shape[1]
    one = np.float32(1)
    gate, d, more = np.empty(3 * size, np.float32), np.empty(size, np.float32), np.empty(size, np.float32)
    z, n = gate[:size], gate[2 * size :]
    for b in range(h_before.shape[0]):
        _load(gates[b], gate)
        _load(d_out[b], d)
        _load(d_recurrent[b], more)
        carry, before = d_h[b], h_before[b]
        for j in range(size):
            carry[j] += d[j] + more[j]
        for j in range(size):
            d[j] = carry[j] * (n[j] - before[j])
        for j in range(size):
            d[j] *= z[j] * (one - z[j])
        _store(d, d_gates[b][:size])
        for j in range(size):
            d[j] = carry[j] * z[j] * (one - n[j] * n[j])
        _store(d, d_candidate[b])
        for j in range(size):
            carry[j] *= one - z[j]


@njit(nogil=True, fastmath=True, error_model="numpy")
def gru_reset_backward(d_reset_h: Low, gates: Low, h_before: F32, d_h: F32, d_gates: Low) -> None:
    """∂loss/∂(pre-activation of r) from ∂loss/∂(r ∘ h_before); adds r ∂(r ∘ h) to `d_h`."""
    size = h_before.shape[1]
    one = np.float32(1)
    r, d = np.empty(size, dtype=np.float32), np.empty(size, dtype=np.float32)
    for b in range(h_before.shape[0]):
        _load(gates[b][size : 2 * size], r)
        _load(d_reset_h[b], d)
        before, carry = h_before[b], d_h[b]
        for j in range(size):
            carry[j] += d[j] * r[j]
        for j in range(size):
            d[j] *= before[j] * r[j] * (one - r[j])
        _store(d, d_gates[b][size:])


# --- minGRU (Feng et al. 2024): gates z, n, which do not look at h --------------------------


@njit(nogil=True, fastmath=True, error_model="numpy")
def mingru_forward(table: F32, rows: Rows, h_before: F32, gates: F32, h: F32) -> None:
    """The gate z = σ(table), the candidate n = table, and h = (1 − z) h_before + z n."""
    size = h.shape[1]
    for b in range(h.shape[0]):
        x, gate, before, out = table[rows[b]], gates[b], h_before[b], h[b]
        z, n, x_n = gate[:size], gate[size:], x[size:]
        for j in range(size):
            z[j] = _sigmoid(x[j])
        for j in range(size):
            n[j] = x_n[j]
        for j in range(size):
            out[j] = before[j] + z[j] * (n[j] - before[j])


@njit(nogil=True, fastmath=True, error_model="numpy")
def mingru_backward(d_out: F32, gates: F32, h_before: F32, d_h: F32, d_gates: F32) -> None:
    """∂loss/∂(pre-activations of z and n); `d_h` comes in from the step after, leaves as (1 − z) ∂h."""
    size = h_before.shape[1]
    one = np.float32(1)
    for b in range(h_before.shape[0]):
        gate, d_gate, before, carry, d = gates[b], d_gates[b], h_before[b], d_h[b], d_out[b]
        z, n, d_z, d_n = gate[:size], gate[size:], d_gate[:size], d_gate[size:]
        for j in range(size):
            carry[j] += d[j]
        for j in range(size):
            d_z[j] = carry[j] * (n[j] - before[j]) * z[j] * (one - z[j])
        for j in range(size):
            d_n[j] = carry[j] * z[j]
        for j in range(size):
            carry[j] *= one - z[j]


@njit(nogil=True, fastmath=True)
def add_rows(rows: Rows, values: Low, sums: F32) -> None:
    """sums[rows[n]] += values[n]: the gradient of a table that was read row by row."""
    value = np.empty(sums.shape[1], dtype=np.float32)
    for n in range(rows.shape[0]):
        _load(values[n], value)
        total = sums[rows[n]]
        for j in range(total.shape[0]):
            total[j] += value[j]
