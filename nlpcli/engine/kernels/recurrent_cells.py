"""What a recurrent cell does between its matrix products: one time step, a batch of streams.

All arrays of a step are [B, H] or [B, G·H] (G gates side by side), C-contiguous. The arrays that
go into matrix products (`h`, `recurrent`, gradients) are float32, or bfloat16 seen as uint16:
`_wide` and `_put` convert, the arithmetic is always float32. `table[rows[b]]` is what the input
adds to the gates of stream b: W_xh x_t + b.

Not here: the matrix products and the loop over time (`nets/recurrent.py`), which gate stands
where in which cell (said in each kernel).
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


def _wide(value: Any) -> Any:
    """A float32 from a float32 or from the bits of a bfloat16."""
    if isinstance(value, np.uint16):
        return np.uint32(np.uint32(value) << np.uint32(16)).view(np.float32)
    return value


def _wide_bits(value: Any) -> Any:
    return np.uint32(np.uint32(value) << np.uint32(16)).view(np.float32)


def _wide_plain(value: Any) -> Any:
    return value


@overload(_wide, inline="always")
def _wide_typed(value: Any) -> Any:
    return _wide_bits if value == types.uint16 else _wide_plain


def _put(row: Any, j: Any, value: Any) -> None:
    """`row[j] = value`, rounded to nearest even when the row is bfloat16."""
    if row.dtype == np.uint16:
        bits = int(np.float32(value).view(np.uint32))
        row[j] = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16) & 0xFFFF
    else:
        row[j] = value


def _put_bits(row: Any, j: Any, value: Any) -> None:
    bits = np.float32(value).view(np.uint32)
    odd = np.uint32((bits >> np.uint32(16)) & np.uint32(1))
    row[j] = np.uint16(np.uint32(bits + np.uint32(0x7FFF) + odd) >> np.uint32(16))


def _put_plain(row: Any, j: Any, value: Any) -> None:
    row[j] = value


@overload(_put, inline="always")
def _put_typed(row: Any, j: Any, value: Any) -> None:  # noqa: ARG001 (numba matches the names)
    return _put_bits if row.dtype == types.uint16 else _put_plain  # type: ignore[return-value]


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


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def rnn_forward(table: F32, rows: Rows, recurrent: Low, h: Low) -> None:
    """The new state h = tanh(table[rows] + recurrent)."""
    for b in range(h.shape[0]):
        x, r, out = table[rows[b]], recurrent[b], h[b]
        for j in range(out.shape[0]):
            _put(out, j, _tanh(x[j] + _wide(r[j])))


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def rnn_backward(d_out: Low, d_recurrent: Low, h: Low, d_gates: Low) -> None:
    """∂loss/∂(pre-activation) from ∂loss/∂h = d_out + d_recurrent."""
    for b in range(h.shape[0]):
        d1, d2, y, out = d_out[b], d_recurrent[b], h[b], d_gates[b]
        for j in range(out.shape[0]):
            v = _wide(y[j])
            _put(out, j, (_wide(d1[j]) + _wide(d2[j])) * (np.float32(1) - v * v))


# --- LSTM: gates i, f, o, g -----------------------------------------------------------------


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def lstm_forward(table: F32, rows: Rows, recurrent: Low, c_before: F32, gates: F32, c: F32, h: Low) -> None:
    """The four gates, the new cell c = f c_before + i g, and h = o tanh(c)."""
    size = c.shape[1]
    for b in range(c.shape[0]):
        x, r, gate = table[rows[b]], recurrent[b], gates[b]
        for j in range(3 * size):
            gate[j] = _sigmoid(x[j] + _wide(r[j]))
        for j in range(3 * size, 4 * size):
            gate[j] = _tanh(x[j] + _wide(r[j]))
        before, cell, out = c_before[b], c[b], h[b]
        for j in range(size):
            cell[j] = gate[size + j] * before[j] + gate[j] * gate[3 * size + j]
        for j in range(size):
            _put(out, j, gate[2 * size + j] * _tanh(cell[j]))


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def lstm_backward(
    d_out: Low, d_recurrent: Low, gates: F32, c: F32, c_before: F32, d_c: F32, d_gates: Low
) -> None:
    """∂loss/∂(the gates' pre-activations); `d_c` carries ∂loss/∂c from step to step."""
    size = c.shape[1]
    one = np.float32(1)
    for b in range(c.shape[0]):
        d1, d2, gate, cell, carry, out = d_out[b], d_recurrent[b], gates[b], c[b], d_c[b], d_gates[b]
        for j in range(size):
            o = gate[2 * size + j]
            squashed = _tanh(cell[j])
            d_h = _wide(d1[j]) + _wide(d2[j])
            carry[j] += d_h * o * (one - squashed * squashed)
            _put(out, 2 * size + j, d_h * squashed * o * (one - o))
        before = c_before[b]
        for j in range(size):
            i, g = gate[j], gate[3 * size + j]
            _put(out, j, carry[j] * g * i * (one - i))
            _put(out, 3 * size + j, carry[j] * i * (one - g * g))
        for j in range(size):
            f = gate[size + j]
            _put(out, size + j, carry[j] * before[j] * f * (one - f))
            carry[j] *= f


# --- GRU: gates z, r, n, the reset gate applied before the product --------------------------


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def gru_gates_forward(
    table: F32, rows: Rows, recurrent: Low, h_before: F32, gates: F32, reset_h: Low
) -> None:
    """Gates z and r, and r ∘ h_before, which the candidate's matrix product takes."""
    size = h_before.shape[1]
    for b in range(h_before.shape[0]):
        x, r, gate = table[rows[b]], recurrent[b], gates[b]
        for j in range(2 * size):
            gate[j] = _sigmoid(x[j] + _wide(r[j]))
        before, out = h_before[b], reset_h[b]
        for j in range(size):
            _put(out, j, gate[size + j] * before[j])


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def gru_forward(
    table: F32, rows: Rows, recurrent: Low, h_before: F32, gates: F32, h: F32, h_low: Low
) -> None:
    """The candidate n = tanh(table + recurrent), and h = (1 − z) h_before + z n."""
    size = h.shape[1]
    for b in range(h.shape[0]):
        x, r, gate = table[rows[b]], recurrent[b], gates[b]
        for j in range(size):
            gate[2 * size + j] = _tanh(x[2 * size + j] + _wide(r[j]))
        before, out, low = h_before[b], h[b], h_low[b]
        for j in range(size):
            out[j] = before[j] + gate[j] * (gate[2 * size + j] - before[j])
        for j in range(size):
            _put(low, j, out[j])


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def gru_backward(
    d_out: Low, d_recurrent: Low, gates: F32, h_before: F32, d_h: F32, d_gates: Low, d_candidate: Low
) -> None:
    """∂loss/∂(pre-activations of z and n); `d_h` comes in from the step after, leaves as (1 − z) ∂h."""
    size = h_before.shape[1]
    one = np.float32(1)
    for b in range(h_before.shape[0]):
        d1, d2, gate, carry = d_out[b], d_recurrent[b], gates[b], d_h[b]
        for j in range(size):
            carry[j] += _wide(d1[j]) + _wide(d2[j])
        before, out, candidate = h_before[b], d_gates[b], d_candidate[b]
        for j in range(size):
            z, n = gate[j], gate[2 * size + j]
            _put(out, j, carry[j] * (n - before[j]) * z * (one - z))
            _put(candidate, j, carry[j] * z * (one - n * n))
        for j in range(size):
            carry[j] *= one - gate[j]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def gru_reset_backward(d_reset_h: Low, gates: F32, h_before: F32, d_h: F32, d_gates: Low) -> None:
    """∂loss/∂(pre-activation of r) from ∂loss/∂(r ∘ h_before); adds r ∂(r ∘ h) to `d_h`."""
    size = h_before.shape[1]
    one = np.float32(1)
    for b in range(h_before.shape[0]):
        d, gate, before, carry, out = d_reset_h[b], gates[b], h_before[b], d_h[b], d_gates[b]
        for j in range(size):
            r = gate[size + j]
            v = _wide(d[j])
            _put(out, size + j, v * before[j] * r * (one - r))
            carry[j] += v * r


@njit(cache=True, nogil=True, fastmath=True)
def add_rows(rows: Rows, values: Low, sums: F32) -> None:
    """sums[rows[n]] += values[n]: the gradient of a table that was read row by row."""
    for n in range(rows.shape[0]):
        value, total = values[n], sums[rows[n]]
        for j in range(total.shape[0]):
            total[j] += _wide(value[j])
