"""Recurrent layers that learn fast on a CPU: the loop over time, forward and backward.

One layer over B sequences of up to T steps, packed without padding (`packing.py`). What does not
depend on time is done before (the input's share of the gates, `inputs`) or after (the weights'
gradient: one product over all N rows); inside the loop there is one matrix product of [B, H] with
[H, G·H] a step and one kernel. With `low=torch.bfloat16` the products run in bfloat16 (AMX), all else in
float32. The gradients are checked against autograd and against the equations in numpy.

The equations, σ the logistic function, ∘ the product element by element:

RNN    h_t = tanh(W_xh x_t + W_hh h_{t−1} + b)
LSTM   i, f, o = σ(W_x x_t + W_h h_{t−1} + b) each with its own weights
       g = tanh(W_xg x_t + W_hg h_{t−1} + b_g)
       c_t = f ∘ c_{t−1} + i ∘ g,   h_t = o ∘ tanh(c_t)
GRU    z, r = σ(W_x x_t + W_h h_{t−1} + b) each with its own weights
       n = tanh(W_xn x_t + W_hn (r ∘ h_{t−1}) + b_n)
       h_t = (1 − z) ∘ h_{t−1} + z ∘ n
       PyTorch's GRU differs: it applies the reset gate after the product, r ∘ (W_hn h_{t−1} + b_hn),
       and swaps the roles of z and 1 − z.
minGRU z = σ(W_xz x_t + b_z),  n = W_xn x_t + b_n
       h_t = (1 − z) ∘ h_{t−1} + z ∘ n          (no gate looks at h, so there is no product in the loop)

Weights stand as [inputs, G·H], so that rows multiply from the left: h @ W. Gates stand side by
side in the order i, f, o, g and z, r, n; of the minGRU z, n.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nlpcli.engine.neural.packing import Packing
from nlpcli.engine.runtime.compiled import numba_kernels

cells = numba_kernels("neural.recurrent_cells")


def layer(
    cell: str,
    inputs: Tensor,
    rows: Tensor,
    packing: Packing,
    w_hh: Tensor | None,
    state: tuple[Tensor, ...],
    low: torch.dtype,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """One layer on the CPU: outputs [N, H] of type `low`, in the packing's order, and the last states.

    `rows` [N] says which row of `inputs` [M, G·H] each step of each sequence takes. `state` is
    (h,) or (h, c), each [B, H] float32; no gradient flows into it. The minGRU has no `w_hh`.
    """
    if cell == "mingru":
        out, h = _MinGru.apply(inputs, rows, packing, *state)  # type: ignore[no-untyped-call]
        return out, (h,)
    function = {"rnn": _Rnn, "lstm": _Lstm, "gru": _Gru}[cell]
    out, *after = function.apply(inputs, rows, packing, w_hh, low, *state)  # type: ignore[no-untyped-call]
    return out, tuple(after)


def product(x: Tensor, w: Tensor, low: torch.dtype) -> Tensor:
    """X @ w in float32, multiplied out in `low`."""
    return (x.to(low) @ w.to(low)).float()


def _array(tensor: Tensor) -> Any:
    """The tensor's memory as numpy; bfloat16 as its bits."""
    if tensor.dtype == torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(np.uint16)
    return tensor.numpy()


def _history(first: Tensor, rows: int, dtype: torch.dtype) -> Tensor:
    """Room for the states before any step, filled in, and after each: [B + N, H]."""
    history = torch.empty((len(first) + rows, first.shape[1]), dtype=dtype)
    history[: len(first)] = first
    return history


def _times(w: Tensor, batch: int) -> Callable[[Tensor], Tensor]:
    """A function h ↦ h @ w for h of up to `batch` rows; what it gives lasts until it is called again.

    In bfloat16 the weight is brought once into the layout that oneDNN multiplies in, which `mm`
    would do again at every step (up to three times slower). Where that cannot be, `mm` does it.
    """
    ready = packed(w.t().contiguous(), batch) if w.dtype == torch.bfloat16 else None
    if ready is not None:
        return lambda h: torch.ops.mkldnn._linear_pointwise(h, ready, None, "none", [], "")
    out = torch.empty((batch, w.shape[1]), dtype=w.dtype)
    return lambda h: torch.mm(h, w, out=out[: len(h)])


def packed(w: Tensor, batch: int) -> Tensor | None:
    """A bfloat16 weight [outputs, inputs] in oneDNN's layout for products with [batch, inputs].

    None where the processor lacks the instructions, or this PyTorch the two operators (its compiler
    uses the same ones).
    """
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return None
    try:
        layout: Tensor = torch.ops.mkldnn._reorder_linear_weight(w, batch)
    except RuntimeError:  # no other question to PyTorch has the answer of this operator
        return None
    return layout


class _Rnn(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, rows: Tensor, packing: Packing, w_hh: Tensor, low: torch.dtype, h0: Tensor
    ) -> Any:
        h = _history(h0, len(rows), low)
        w = w_hh.to(low)
        times_w = _times(w, len(h0))
        table, rows_, h_ = _array(inputs), rows.numpy(), _array(h)
        for now, before, after in packing.steps():
            cells.rnn_forward(table, rows_[now], _array(times_w(h[before])), h_[after])
        ctx.save_for_backward(rows, w, h)
        ctx.table_shape, ctx.packing = inputs.shape, packing
        last = h[packing.last()].float()
        ctx.mark_non_differentiable(last)
        return h[len(h0) :], last

    @staticmethod
    def backward(ctx: Any, d_out: Tensor, *_: Any) -> Any:
        rows, w, h = ctx.saved_tensors
        d_gates = torch.empty((len(rows), w.shape[1]), dtype=w.dtype)
        d_h = torch.zeros((ctx.packing.batch, len(w)), dtype=w.dtype)
        out_, h_, gates_, dh_ = _array(d_out.contiguous()), _array(h), _array(d_gates), _array(d_h)
        times_w = _times(w.t(), len(d_h))
        for now, before, after in ctx.packing.steps(backward=True):
            live = slice(0, now.stop - now.start)
            cells.rnn_backward(out_[now], dh_[live], h_[after], gates_[now])
            if before.start:
                d_h[live] = times_w(d_gates[now])
        d_w = _product(h[ctx.packing.before()], d_gates)
        return _table_gradient(ctx.table_shape, rows, d_gates), None, None, d_w, None, None


class _Lstm(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, rows: Tensor, packing: Packing, w_hh: Tensor, low: torch.dtype,
        h0: Tensor, c0: Tensor,
    ) -> Any:  # fmt: skip
        h, c = _history(h0, len(rows), low), _history(c0, len(rows), torch.float32)
        gates = torch.empty((len(rows), w_hh.shape[1]), dtype=low)
        w = w_hh.to(low)
        times_w = _times(w, len(h0))
        table, rows_ = _array(inputs), rows.numpy()
        h_, c_, gates_ = _array(h), _array(c), _array(gates)
        for now, before, after in packing.steps():
            r_ = _array(times_w(h[before]))
            cells.lstm_forward(table, rows_[now], r_, c_[before], gates_[now], c_[after], h_[after])
        ctx.save_for_backward(rows, w, h, c, gates)
        ctx.table_shape, ctx.packing = inputs.shape, packing
        last = (h[packing.last()].float(), c[packing.last()].clone())
        ctx.mark_non_differentiable(*last)
        return h[len(h0) :], *last

    @staticmethod
    def backward(ctx: Any, d_out: Tensor, *_: Any) -> Any:
        rows, w, h, c, gates = ctx.saved_tensors
        d_gates = gates  # over the gates, row by row: memory that is fresh must be had from the system first
        gates[:0].zero_()  # tells torch, which then refuses a second way back
        d_h = torch.zeros((ctx.packing.batch, len(w)), dtype=w.dtype)
        out_, gates_, c_, dh_ = _array(d_out.contiguous()), _array(gates), _array(c), _array(d_h)
        dg_, dc_ = _array(d_gates), np.zeros(d_h.shape, dtype=np.float32)
        times_w = _times(w.t(), len(d_h))
        for now, before, after in ctx.packing.steps(backward=True):
            live = slice(0, now.stop - now.start)
            cells.lstm_backward(out_[now], dh_[live], gates_[now], c_[after], c_[before], dc_[live], dg_[now])
            if before.start:
                d_h[live] = times_w(d_gates[now])
        table = _table_gradient(ctx.table_shape, rows, d_gates)
        return table, None, None, _product(h[ctx.packing.before()], d_gates), None, None, None


class _Gru(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, rows: Tensor, packing: Packing, w_hh: Tensor, low: torch.dtype, h0: Tensor
    ) -> Any:
        batch, size = h0.shape
        h, h_low = _history(h0, len(rows), torch.float32), _history(h0, len(rows), low)
        gates = torch.empty((len(rows), 3 * size), dtype=low)
        reset_h = torch.empty((len(rows), size), dtype=low)
        w_zr, w_n = w_hh[:, : 2 * size].to(low).contiguous(), w_hh[:, 2 * size :].to(low).contiguous()
        times_zr, times_n = _times(w_zr, batch), _times(w_n, batch)
        table, rows_, gates_ = _array(inputs), rows.numpy(), _array(gates)
        h_, low_, reset_ = _array(h), _array(h_low), _array(reset_h)
        for now, before, after in packing.steps():
            r_ = _array(times_zr(h_low[before]))
            cells.gru_gates_forward(table, rows_[now], r_, h_[before], gates_[now], reset_[now])
            r_ = _array(times_n(reset_h[now]))
            cells.gru_forward(table, rows_[now], r_, h_[before], gates_[now], h_[after], low_[after])
        ctx.save_for_backward(rows, w_zr, w_n, h, h_low, gates, reset_h)
        ctx.table_shape, ctx.packing = inputs.shape, packing
        last = h[packing.last()].clone()
        ctx.mark_non_differentiable(last)
        return h_low[batch:], last

    @staticmethod
    def backward(ctx: Any, d_out: Tensor, *_: Any) -> Any:
        rows, w_zr, w_n, h, h_low, gates, reset_h = ctx.saved_tensors
        count, size = reset_h.shape
        d_zr = torch.empty((count, 2 * size), dtype=w_n.dtype)
        d_n = torch.empty((count, size), dtype=w_n.dtype)
        d_h = torch.zeros((ctx.packing.batch, size), dtype=w_n.dtype)
        out_, gates_, h_, dh_ = _array(d_out.contiguous()), _array(gates), _array(h), _array(d_h)
        zr_, n_, carry_ = _array(d_zr), _array(d_n), np.zeros(d_h.shape, dtype=np.float32)
        times_zr, times_n = _times(w_zr.t(), len(d_h)), _times(w_n.t(), len(d_h))
        for now, before, _after in ctx.packing.steps(backward=True):
            live = slice(0, now.stop - now.start)
            carry, gate, earlier = carry_[live], gates_[now], h_[before]
            cells.gru_backward(out_[now], dh_[live], gate, earlier, carry, zr_[now], n_[now])
            cells.gru_reset_backward(_array(times_n(d_n[now])), gate, earlier, carry, zr_[now])
            if before.start:
                d_h[live] = times_zr(d_zr[now])
        d_gates = torch.cat((d_zr, d_n), dim=1)
        d_w = torch.cat((_product(h_low[ctx.packing.before()], d_zr), _product(reset_h, d_n)), dim=1)
        return _table_gradient(ctx.table_shape, rows, d_gates), None, None, d_w, None, None


class _MinGru(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, rows: Tensor, packing: Packing, h0: Tensor) -> Any:
        h = _history(h0, len(rows), torch.float32)
        gates = torch.empty((len(rows), inputs.shape[1]))
        table, rows_, h_, gates_ = _array(inputs), rows.numpy(), _array(h), _array(gates)
        for now, before, after in packing.steps():
            cells.mingru_forward(table, rows_[now], h_[before], gates_[now], h_[after])
        ctx.save_for_backward(rows, h, gates)
        ctx.table_shape, ctx.packing = inputs.shape, packing
        last = h[packing.last()].clone()
        ctx.mark_non_differentiable(last)
        return h[len(h0) :], last

    @staticmethod
    def backward(ctx: Any, d_out: Tensor, *_: Any) -> Any:
        rows, h, gates = ctx.saved_tensors
        d_gates = torch.empty(gates.shape)
        carry = np.zeros((ctx.packing.batch, h.shape[1]), dtype=np.float32)
        out_, h_, gates_, dg_ = _array(d_out.contiguous()), _array(h), _array(gates), _array(d_gates)
        for now, before, _after in ctx.packing.steps(backward=True):
            live = carry[: now.stop - now.start]
            cells.mingru_backward(out_[now], gates_[now], h_[before], live, dg_[now])
        return _table_gradient(ctx.table_shape, rows, d_gates), None, None, None


def _product(before: Tensor, d_gates: Tensor) -> Tensor:
    """∂loss/∂W_hh: the sum over all steps and sequences of h_{t−1}ᵀ ∂gates_t."""
    return torch.mm(before.t(), d_gates).float()


def _table_gradient(shape: torch.Size, rows: Tensor, d_gates: Tensor) -> Tensor:
    sums = torch.zeros(shape)
    cells.add_rows(rows.numpy(), _array(d_gates), sums.numpy())
    return sums


def plain_layer(
    cell: str, inputs: Tensor, w_hh: Tensor | None, state: tuple[Tensor, ...]
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The same layer written out step by step, for autograd: the reference, and the GRU on a GPU.

    `inputs` [T, B, G·H] is the input's share of the gates, already looked up. Works on any device.
    """
    outputs = []
    size = state[0].shape[1]
    for x in inputs:
        state = _plain_step(cell, size, x, w_hh, state)
        outputs.append(state[0])
    return torch.stack(outputs), state


def _plain_step(
    cell: str, size: int, x: Tensor, w_hh: Tensor | None, state: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    h = state[0]
    if w_hh is None:
        z = torch.sigmoid(x[:, :size])
        return ((1 - z) * h + z * x[:, size:],)
    if cell == "rnn":
        return (torch.tanh(x + h @ w_hh),)
    if cell == "lstm":
        z = x + h @ w_hh
        i, f, o = torch.sigmoid(z[:, : 3 * size]).chunk(3, dim=1)
        c = f * state[1] + i * torch.tanh(z[:, 3 * size :])
        return o * torch.tanh(c), c
    z, r = torch.sigmoid(x[:, : 2 * size] + h @ w_hh[:, : 2 * size]).chunk(2, dim=1)
    n = torch.tanh(x[:, 2 * size :] + (r * h) @ w_hh[:, 2 * size :])
    return ((1 - z) * h + z * n,)
