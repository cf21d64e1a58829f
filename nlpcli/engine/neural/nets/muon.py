"""Muon for the matrices of a transformer's layers, AdamW for all else (Jordan et al. 2024).

    m = β m + g                                       momentum, β = 0.95
    u = orthogonal(g + β m)                           all singular values about 1, directions kept
    w = w − η 0.5 √max(rows, columns) u               0.2 moves numbers as far as Adam does (Liu et al. 2025);
                                                      for small networks 0.5 was measured to be better

The orthogonal matrix comes from five steps of Newton and Schulz, X ← a X + (b XXᵀ + c (XXᵀ)²) X, in float32:
CPUs without units for it are slow in bfloat16. Momentum stands in the state as `exp_avg`, as Adam's first
moment does, and `exp_avg_sq` of a matrix stays zero, so that checkpoints hold the same for both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from nlpcli.engine.neural.transformer import is_matrix

_MOMENTUM = 0.95
_STEPS = 5
_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
_SIZE = 0.5


class Muon(torch.optim.AdamW):
    """The optimizer of weights by name; `options` are AdamW's."""

    def __init__(self, weights: Mapping[str, Tensor], **options: Any) -> None:
        self._matrices = [weights[name] for name in sorted(weights) if is_matrix(name)]
        others = [weights[name] for name in sorted(weights) if not is_matrix(name)]
        super().__init__(others, fused=True, **options)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Move all weights along their gradients."""
        del closure
        super().step()
        rate, decay = self.param_groups[0]["lr"], self.param_groups[0]["weight_decay"]
        for weight in self._matrices:
            if weight.grad is None:
                continue
            if not self.state[weight]:
                zeros = torch.zeros_like(weight)
                self.state[weight] = {"exp_avg": zeros, "exp_avg_sq": zeros.clone()}
            momentum = self.state[weight]["exp_avg"]
            momentum.mul_(_MOMENTUM).add_(weight.grad)
            update = orthogonal(weight.grad + _MOMENTUM * momentum)
            weight.mul_(1 - rate * decay)
            weight.add_(update, alpha=-rate * _SIZE * math.sqrt(max(weight.shape)))


def orthogonal(x: Tensor) -> Tensor:
    """A matrix with the directions of `x` and singular values between 0.7 and 1.2."""
    a, b, c = _NEWTON_SCHULZ
    is_tall = x.shape[0] > x.shape[1]
    x = x / (x.norm() + 1e-7)
    x = x.t() if is_tall else x
    for _ in range(_STEPS):
        squares = x @ x.t()
        x = a * x + (b * squares + c * squares @ squares) @ x
    return x.t() if is_tall else x
