"""The loss of a linear-chain CRF, through which the gradient flows (`kernels/neural/crf.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from nlpcli.engine.neural.packing import Packing
from nlpcli.engine.runtime.compiled import Kernels

kernels = Kernels("neural.crf")


def crf_loss(emissions: Tensor, transitions: Tensor, gold: Tensor, packing: Packing) -> Tensor:
    """The summed negative log-probability of the tags gold [N], emissions [N, T], transitions [T + 1, T]."""
    return _CrfLoss.apply(emissions, transitions, gold, packing)  # type: ignore[no-any-return, no-untyped-call]


class _CrfLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, emissions: Tensor, transitions: Tensor, gold: Tensor, packing: Packing) -> Any:
        d_emissions = np.empty(tuple(emissions.shape), np.float32)
        d_transitions = np.zeros(tuple(transitions.shape))
        loss = kernels.loss(
            packing.starts, packing.lengths, emissions.contiguous().numpy(), transitions.contiguous().numpy(),
            gold.numpy(), d_emissions, d_transitions,
        )  # fmt: skip
        ctx.save_for_backward(
            torch.from_numpy(d_emissions), torch.from_numpy(d_transitions.astype(np.float32))
        )
        return emissions.new_tensor(loss)

    @staticmethod
    def backward(ctx: Any, d_loss: Tensor) -> Any:
        d_emissions, d_transitions = ctx.saved_tensors
        return d_loss * d_emissions, d_loss * d_transitions, None, None
