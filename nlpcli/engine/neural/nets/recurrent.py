"""Recurrent layers that learn fast on a CPU: the loop over time, forward and backward.

One layer over a chunk of T steps and B streams. What does not depend on time is done before
(the input's share of the gates, `inputs`) or after (the weights' gradient: one product over
all T·B rows); inside the loop there is one matrix product of [B, H] with [H, G·H] a step
and one kernel. With `low=torch.bfloat16` the products run in bfloat16 (AMX), all else in
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

Weights stand as [inputs, G·H], so that rows multiply from the left: h @ W. Gates stand side by
side in the order i, f, o, g and z, r, n.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nlpcli.engine.runtime.compiled import numba_kernels

cells = numba_kernels("neural.recurrent_cells")


def layer(
    cell: str, inputs: Tensor, rows: Tensor, w_hh: Tensor, state: tuple[Tensor, ...], low: torch.dtype
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """One layer on the CPU: outputs [T, B, H] of type `low`, and the state after the last step.

    `rows` [T, B] says which row of `inputs` [N, G·H] each step of each stream takes. `state` is
    (h,) or (h, c), each [B, H] float32; no gradient flows into it.
    """
    function = {"rnn": _Rnn, "lstm": _Lstm, "gru": _Gru}[cell]
    out, *after = function.apply(inputs, rows, w_hh, low, *state)  # type: ignore[no-untyped-call]
    return out, tuple(after)


def _array(tensor: Tensor) -> Any:
    """The tensor's memory as numpy; bfloat16 as its bits."""
    if tensor.dtype == torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(np.uint16)
    return tensor.numpy()


def _history(first: Tensor, steps: int, dtype: torch.dtype) -> Tensor:
    """Room for the state before each step and after the last: [T + 1, B, H], the first filled in."""
    history = torch.empty((steps + 1, *first.shape), dtype=dtype)
    history[0] = first
    return history


def _times(w: Tensor, batch: int) -> Callable[[Tensor], Tensor]:
    """A function h ↦ h @ w for h [batch, …]; what it gives lasts until it is called again.

    In bfloat16 the weight is brought once into the layout that oneDNN multiplies in, which `mm`
    would do again at every step (up to three times slower). Where that cannot be, `mm` does it.
    """
    ready = packed(w.t().contiguous(), batch) if w.dtype == torch.bfloat16 else None
    if ready is not None:
        return lambda h: torch.ops.mkldnn._linear_pointwise(h, ready, None, "none", [], "")
    out = torch.empty((batch, w.shape[1]), dtype=w.dtype)
    return lambda h: torch.mm(h, w, out=out)


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
    def forward(ctx: Any, inputs: Tensor, rows: Tensor, w_hh: Tensor, low: torch.dtype, h0: Tensor) -> Any:
        steps = len(rows)
        h = _history(h0, steps, low)
        w = w_hh.to(low)
        times_w = _times(w, h.shape[1])
        table, rows_, h_ = _array(inputs), rows.numpy(), _array(h)
        for t in range(steps):
            cells.rnn_forward(table, rows_[t], _array(times_w(h[t])), h_[t + 1])
        ctx.save_for_backward(rows, w, h)
        ctx.table_shape = inputs.shape
        last = h[-1].float()
        ctx.mark_non_differentiable(last)
        return h[1:], last

    @staticmethod
    def backward(ctx: Any, d_out: Tensor, *_: Any) -> Any:
        rows, w, h = ctx.saved_tensors
        steps, batch = rows.shape
        d_gates = torch.empty((steps, batch, w.shape[1]), dtype=w.dtype)
        d_h = torch.zeros((batch, len(w)), dtype=w.dtype)
        out_, h_, gates_ = _array(d_out.contiguous()), _array(h), _array(d_gates)
        times_w = _times(w.t(), batch)
        for t in range(steps - 1, -1, -1):
            cells.rnn_backward(out_[t], _array(d_h), h_[t + 1], gates_[t])
            if t:
                d_h = times_w(d_gates[t])
        return _table_gradient(ctx.table_shape, rows, d_gates), None, _product(h[:-1], d_gates), None, None


class _Lstm(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, rows: Tensor, w_hh: Tensor, low: torch.dtype, h0: Tensor, c0: Tensor
    ) -> Any:
        steps, batch = rows.shape
        h, c = _history(h0, steps, low), _history(c0, steps, torch.float32)
        gates = torch.empty((steps, batch, w_hh.shape[1]), dtype=low)
        w = w_hh.to(low)
        times_w = _times(w, batch)
        table, rows_ = _array(inputs), rows.numpy()
        h_, c_, gates_ = _array(h), _array(c), _array(gates)
        for t in range(steps):
            r_ = _array(times_w(h[t]))
            cells.lstm_forward(table, rows_[t], r_, c_[t], gates_[t], c_[t + 1], h_[t + 1])
        ctx.save_for_backward(rows, w, h, c, gates)
        ctx.table_shape = inputs.shape
        last = (h[-1].float(), c[-1].clone())
        ctx.mark_non_differentiable(*last)
        return h[1:], *last

    @staticmethod
    def backward(ctx: Any, d_out: Tensor, *_: Any) -> Any:
        rows, w, h, c, gates = ctx.saved_tensors
        steps, batch = rows.shape
        d_gates = torch.empty(gates.shape, dtype=w.dtype)
        d_h = torch.zeros((batch, len(w)), dtype=w.dtype)
        out_, gates_, c_ = _array(d_out.contiguous()), _array(gates), _array(c)
        dg_, dc_ = _array(d_gates), np.zeros((batch, len(w)), dtype=np.float32)
        times_w = _times(w.t(), batch)
        for t in range(steps - 1, -1, -1):
            cells.lstm_backward(out_[t], _array(d_h), gates_[t], c_[t + 1], c_[t], dc_, dg_[t])
            if t:
                d_h = times_w(d_gates[t])
        table = _table_gradient(ctx.table_shape, rows, d_gates)
        return table, None, _product(h[:-1], d_gates), None, None, None


class _Gru(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, rows: Tensor, w_hh: Tensor, low: torch.dtype, h0: Tensor) -> Any:
        steps, batch = rows.shape
        size = h0.shape[1]
        h, h_low = _history(h0, steps, torch.float32), _history(h0, steps, low)
        gates = torch.empty((steps, batch, 3 * size), dtype=low)
        reset_h = torch.empty((steps, batch, size), dtype=low)
        w_zr, w_n = w_hh[:, : 2 * size].to(low).contiguous(), w_hh[:, 2 * size :].to(low).contiguous()
        times_zr, times_n = _times(w_zr, batch), _times(w_n, batch)
        table, rows_, gates_ = _array(inputs), rows.numpy(), _array(gates)
        h_, low_, reset_ = _array(h), _array(h_low), _array(reset_h)
        for t in range(steps):
            r_ = _array(times_zr(h_low[t]))
            cells.gru_gates_forward(table, rows_[t], r_, h_[t], gates_[t], reset_[t])
            r_ = _array(times_n(reset_h[t]))
            cells.gru_forward(table, rows_[t], r_, h_[t], gates_[t], h_[t + 1], low_[t + 1])
        ctx.save_for_backward(rows, w_zr, w_n, h, h_low, gates, reset_h)
        ctx.table_shape = inputs.shape
        last = h[-1].clone()
        ctx.mark_non_differentiable(last)
        return h_low[1:], last

    @staticmethod
    def backward(ctx: Any, d_out: Tensor, *_: Any) -> Any:
        rows, w_zr, w_n, h, h_low, gates, reset_h = ctx.saved_tensors
        steps, batch, size = reset_h.shape
        d_zr = torch.empty((steps, batch, 2 * size), dtype=w_n.dtype)
        d_n = torch.empty((steps, batch, size), dtype=w_n.dtype)
        d_h = torch.zeros((batch, size), dtype=w_n.dtype)
        out_, gates_, h_ = _array(d_out.contiguous()), _array(gates), _array(h)
        zr_, n_, carry = _array(d_zr), _array(d_n), np.zeros((batch, size), dtype=np.float32)
        times_zr, times_n = _times(w_zr.t(), batch), _times(w_n.t(), batch)
        for t in range(steps - 1, -1, -1):
            cells.gru_backward(out_[t], _array(d_h), gates_[t], h_[t], carry, zr_[t], n_[t])
            cells.gru_reset_backward(_array(times_n(d_n[t])), gates_[t], h_[t], carry, zr_[t])
            if t:
                d_h = times_zr(d_zr[t])
        d_gates = torch.cat((d_zr, d_n), dim=2)
        d_w = torch.cat((_product(h_low[:-1], d_zr), _product(reset_h, d_n)), dim=1)
        return _table_gradient(ctx.table_shape, rows, d_gates), None, d_w, None, None


def _product(before: Tensor, d_gates: Tensor) -> Tensor:
    """∂loss/∂W_hh: the sum over all steps and streams of h_{t−1}ᵀ ∂gates_t."""
    return torch.mm(before.reshape(-1, before.shape[2]).t(), d_gates.reshape(-1, d_gates.shape[2])).float()


def _table_gradient(shape: torch.Size, rows: Tensor, d_gates: Tensor) -> Tensor:
    sums = torch.zeros(shape)
    cells.add_rows(rows.reshape(-1).numpy(), _array(d_gates.reshape(-1, shape[1])), sums.numpy())
    return sums


def plain_layer(
    cell: str, inputs: Tensor, w_hh: Tensor, state: tuple[Tensor, ...]
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The same layer written out step by step, for autograd: the reference, and the GRU on a GPU.

    `inputs` [T, B, G·H] is the input's share of the gates, already looked up. Works on any device.
    """
    outputs = []
    size = len(w_hh)
    for x in inputs:
        state = _plain_step(cell, size, x, w_hh, state)
        outputs.append(state[0])
    return torch.stack(outputs), state


def _plain_step(
    cell: str, size: int, x: Tensor, w_hh: Tensor, state: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    h = state[0]
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
