"""Training in batches of things of about the same length, with moving averages of the weights.

A batch is split into PARTS whatever the machine, and their gradients are added in order, so that the bytes
are the same for any number of threads. Every draw of chance follows from the seed and the update's number.

Not here: what a batch is made of and what its loss is (a subclass says).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from nlpcli.engine.neural.batches import batches
from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.neural.tables import BETAS, Table
from nlpcli.engine.neural.trainer import Trainer
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.threads import available_cores
from nlpcli.settings.neural import NetworkTraining

PARTS = 2
ORDER, DROPS, BEGINNING = 1, 2, 3  # what a draw of chance is for


class BatchTrainer(Trainer):
    """A network in training, from some weights on. tables: those of which a batch moves a few rows."""

    def __init__(self, weights: Weights, training: NetworkTraining, *, epochs: int, seed: int) -> None:
        from nlpcli.engine.neural.nets.parameters import Parameters

        self.training, self.seed = training, seed
        self.network = Parameters(weights)
        ends = offsets_of([len(self._batches(epoch)) for epoch in range(epochs)])
        super().__init__(
            self.network, training, weights, [slice(n, None, PARTS) for n in range(PARTS)],
            steps_per_epoch=int(ends[1]), epochs=epochs,
            threads=training.threads or available_cores(),
        )  # fmt: skip
        for group in self.optimizer.param_groups:
            group["betas"] = BETAS
        self._epoch_ends, self.total_steps = ends, int(ends[-1])
        self._epoch, self._order = -1, list[Ids]()
        self.decay = decay_of(training.average * self.total_steps)
        self.means = {name: np.zeros_like(array) for name, array in weights.items()}
        self.tables: dict[str, Table] = {}

    @property
    @abstractmethod
    def lengths(self) -> Ids:
        """How much each thing counts within a batch: the words of a sentence, 1 for a row of numbers."""

    @property
    @abstractmethod
    def batch_tokens(self) -> int:
        """How much a batch holds."""

    @property
    @abstractmethod
    def material(self) -> str:
        """What there is to learn from, in words."""

    @abstractmethod
    def best(self) -> Any:
        """The model with the best weights so far."""

    def _batches(self, epoch: int) -> list[Ids]:
        random = np.random.default_rng([self.seed, ORDER, epoch])
        return batches(self.lengths, self.batch_tokens, random)

    def batch(self) -> Ids:
        """The things of update `step`."""
        epoch = int(np.searchsorted(self._epoch_ends, self.step, side="right")) - 1
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._batches(epoch)
        return self._order[self.step - int(self._epoch_ends[epoch])]

    def averaged(self) -> None:
        """Bring the moving average of the weights on."""
        decay = np.float32(self.decay)
        if decay:
            for name, weight in self.network.weights.items():
                self.means[name] += (np.float32(1) - decay) * (weight.detach().numpy() - self.means[name])

    def snapshot(self) -> Weights:
        """The averages of the weights, tables among them under `table.` and a name."""
        if self.step and self.decay:
            whole = np.float32(1 / (1 - self.decay**self.step))
            dense = {name: mean * whole for name, mean in self.means.items()}
        else:
            dense = self.network.arrays()
        return {**dense, **{f"table.{name}": table.mean(self.step) for name, table in self.tables.items()}}


def decay_of(updates: float) -> float:
    """The decay of a moving average over about so many updates.

    >>> decay_of(100), decay_of(0.5)
    (0.99, 0.0)
    """
    return 1 - 1 / max(1.0, updates)


def usual_epochs(words: int, batch: int, updates: int, bounds: tuple[int, int]) -> int:
    """How often so much is gone through for about so many updates, within bounds.

    >>> usual_epochs(200_000, 350, 2500, (8, 50)), usual_epochs(70_000, 350, 2500, (8, 50))
    (8, 12)
    """
    least, most = bounds
    return max(least, min(most, round(updates * batch / max(words, 1))))
