"""Dropout whose masks follow from a seed, in any thread (Srivastava et al. 2014)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def dropped(x: Tensor, share: float, random: np.random.Generator | None) -> Tensor:
    """`x` with a share of its numbers set to zero and the rest scaled up, so that the mean stays.

    Without `random` nothing is dropped.
    """
    if random is None or not share:
        return x
    # One random byte a number, not one float: four times less to draw. The share is a 256th exact.
    limit = max(1, min(255, round(share * 256)))
    bits = torch.frombuffer(bytearray(random.bytes(x.numel())), dtype=torch.uint8).view(x.shape)
    return x * ((bits >= limit).to(x.dtype) * (256 / (256 - limit)))
