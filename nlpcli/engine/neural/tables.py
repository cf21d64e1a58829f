"""Tables of which a batch reads a few rows: only these are moved, so that a large table costs no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.compiled import Kernels

if TYPE_CHECKING:
    from torch import Tensor

kernels = Kernels("neural.sparse_adam")
BETAS = (0.9, 0.98)
# What a training goes on from: a table's arrays, and what they are called in a file.
PARTS = {"now": "now", "exp_avg": "first", "exp_avg_sq": "second", "mean": "average", "last": "last"}


class Table:
    """A table in training: rows, Adam's moments of them, and their moving average, all float32 [R, D].

    decay: that of the average; 0 keeps none.
    """

    def __init__(self, rows: Floats, decay: float) -> None:
        self.now = np.array(rows, np.float32)
        self.first, self.second = np.zeros_like(self.now), np.zeros_like(self.now)
        self.average = np.zeros_like(self.now) if decay else np.zeros((0, rows.shape[1]), np.float32)
        self.last = np.zeros(len(self.now) if decay else 0, np.int32)
        self._decay = decay
        self._places = np.zeros(len(self.now), np.int64)
        self.touched = np.zeros(0, np.int64)

    def leaf(self, rows: Ids) -> tuple[Tensor, Ids]:
        """The rows that a batch reads, once each, to take gradients of; and where each row is there."""
        import torch

        seen = np.zeros(len(self.now), np.bool_)
        seen[rows] = True
        self.touched = np.flatnonzero(seen)
        self._places[self.touched] = np.arange(len(self.touched))
        return torch.from_numpy(self.now[self.touched]).requires_grad_(), self._places

    @property
    def places(self) -> Ids:
        """Where each row is among those of the last `leaf`."""
        return self._places

    def update(self, gradient: NDArray[np.float32], step: int, rate: float) -> None:
        """Move the rows of the last `leaf` by their gradient; `step` counts from 1."""
        state = self.now, self.first, self.second, self.average, self.last
        kernels.update_rows(self.touched, gradient, *state, step, rate, BETAS, self._decay)

    def mean(self, step: int) -> Floats:
        """The moving average of all rows after `step` updates; the rows themselves where none is kept."""
        if not self._decay or step == 0:
            return self.now.copy()
        found = np.empty_like(self.now)
        kernels.averages(self.now, self.average, self.last, step, self._decay, found)
        return found

    def arrays(self) -> dict[str, NDArray[np.float32] | NDArray[np.int32]]:
        """All that a training goes on from, by PARTS."""
        return {part: getattr(self, name) for part, name in PARTS.items()}

    def restore(self, arrays: dict[str, NDArray[np.float32] | NDArray[np.int32]]) -> None:
        """Take up what `arrays` gave, of the same shapes."""
        for part, name in PARTS.items():
            getattr(self, name)[:] = arrays[part]
