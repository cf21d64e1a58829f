"""A network's weights as torch parameters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Parameters:
    """Weights by the names they have in the model file."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]], device: str = "cpu") -> None:
        self.device = torch.device(device)
        self.weights = {
            name: torch.tensor(array, device=self.device).requires_grad_() for name, array in weights.items()
        }

    def parameters(self) -> list[Tensor]:
        """The weights in the order of their names."""
        return [self.weights[name] for name in sorted(self.weights)]

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """A copy of the weights as numpy arrays."""
        return {name: weight.detach().cpu().numpy().copy() for name, weight in self.weights.items()}
