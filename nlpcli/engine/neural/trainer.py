"""The training loop of a network: updates, validations, the best weights so far.

A batch is split into as many parts as there are threads; each thread runs its part forward and
backward, and the gradients are added in a fixed order, so that the same number of threads gives
the same bytes.

Not here: what is trained on (a subclass says: `charlm/training.py`), what is said meanwhile, how a
training is written down (`checkpoint.py`), and what the machine can do (`devices.py`).
"""

from __future__ import annotations

import math
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from nlpcli.engine.neural.schedules import Schedule, share
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.runtime.torch_caches import limit_caches
from nlpcli.errors import NlpcliError

if TYPE_CHECKING:
    from torch import Tensor


class Hyperparameters(Protocol):
    """The settings that the loop reads."""

    @property
    def learning_rate(self) -> float: ...  # noqa: D102
    @property
    def schedule(self) -> Schedule: ...  # noqa: D102
    @property
    def weight_decay(self) -> float: ...  # noqa: D102
    @property
    def grad_clip(self) -> float: ...  # noqa: D102
    @property
    def eval_every(self) -> int: ...  # noqa: D102
    @property
    def patience(self) -> int: ...  # noqa: D102


class Network(Protocol):
    """Weights as torch parameters, by name."""

    weights: dict[str, Tensor]

    def parameters(self) -> list[Tensor]:
        """The weights in a fixed order."""

    def arrays(self) -> Weights:
        """A copy of the weights."""


class TrainingReport(Protocol):
    """What is told of a training as it goes on."""

    def begin(self) -> None:
        """Before the first update."""

    def tick(self) -> None:
        """After an update."""

    def validated(self, loss: float, val_loss: float) -> None:
        """After a validation: the mean loss in training since the last one, and the one measured."""

    def diverged(self) -> None:
        """After a loss that is no number: the best weights so far are kept."""

    def end(self, *, stopped_early: bool) -> None:
        """After the last update."""


def _nothing() -> None:
    pass


class Trainer(ABC):
    """A training under way: the network, the optimizer, the updates done, the best weights so far.

    `weights` are those that the network begins with; `parts` are what a batch is split into, a thread
    each, or fewer `threads`.
    """

    def __init__(
        self,
        network: Network,
        settings: Hyperparameters,
        weights: Weights,
        parts: Sequence[slice],
        *,
        steps_per_epoch: int,
        epochs: int,
        threads: int | None = None,
    ) -> None:
        import torch

        limit_caches()
        self._network, self._settings = network, settings
        self.threads = min(len(parts), threads or len(parts))
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self.parts = parts
        self.steps_per_epoch = steps_per_epoch
        self.total_steps = steps_per_epoch * epochs
        self.step = self.stale = 0
        self.best_loss, self.best_weights = math.inf, weights
        self.loss_sum, self.loss_count = 0.0, 0
        self.history: list[dict[str, float]] = []
        self.cancelled = threading.Event()

    # --- what is trained on -----------------------------------------------------------------

    @abstractmethod
    def begin_update(self) -> int:
        """Get the batch of update `step` ready; how many predictions its loss is the sum of."""

    @abstractmethod
    def part_loss(self, n: int) -> Tensor:
        """The summed loss of part `n` of the batch, through which the gradient flows. Called in a thread."""

    @abstractmethod
    def validation_losses(self, pool: ThreadPoolExecutor) -> list[tuple[float, int]]:
        """Summed losses over what is held out, and of how many predictions; over when `cancelled` is set."""

    def leaves(self) -> list[Tensor]:
        """What else a batch's gradient is taken of: rows of tables."""
        return []

    def update_leaves(self, gradients: Sequence[Tensor], rate: float) -> None:
        """Move what the leaves were read from, as update `step`, counted from 0."""
        del gradients, rate

    def averaged(self) -> None:
        """After an update: bring moving averages of weights on."""
        return

    def snapshot(self) -> Weights:
        """The weights that are measured and kept: those of now, or their average."""
        return self._network.arrays()

    # --- the loop ---------------------------------------------------------------------------

    def run(self, report: TrainingReport, after_update: Callable[[], None] = _nothing) -> None:
        """Train to the end, or until validation stops getting better.

        `after_update` is called when everything is in step: that is where a training can be
        written down, and where an exception may end it.
        """
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(1)  # the batch's parts are the threads
        try:
            with ThreadPoolExecutor(self.threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
                self._run(pool, report, after_update)
        finally:
            torch.set_num_threads(before)

    def _run(
        self, pool: ThreadPoolExecutor, report: TrainingReport, after_update: Callable[[], None]
    ) -> None:
        every = self._settings.eval_every or min(1000, max(self.steps_per_epoch, self.total_steps // 40))
        report.begin()
        try:
            self._until_the_end(pool, report, after_update, every)
        except Diverged:
            if not math.isfinite(self.best_loss):
                raise
            report.diverged()

    def _until_the_end(
        self,
        pool: ThreadPoolExecutor,
        report: TrainingReport,
        after_update: Callable[[], None],
        every: int,
    ) -> None:
        while True:
            finished = self.step >= self.total_steps
            if self.step and (finished or self.step % every == 0) and not self._is_validated:
                self._validate(pool, report)
            if finished or (self._settings.patience and self.stale >= self._settings.patience):
                report.end(stopped_early=not finished)
                return
            self._update(pool)
            report.tick()
            after_update()

    @property
    def _is_validated(self) -> bool:
        return bool(self.history) and self.history[-1]["step"] == self.step

    def _update(self, pool: ThreadPoolExecutor) -> None:
        """One batch forward and backward, one step of the optimizer."""
        import torch

        count = self.begin_update()
        results = list(pool.map(lambda n: self._gradients(n, count), range(len(self.parts))))
        weights, leaves = self._network.parameters(), self.leaves()
        parameters = [*weights, *leaves]
        for parameter, *gradients in zip(parameters, *(part for _, part in results), strict=True):
            total = gradients[0]
            for gradient in gradients[1:]:
                total = total + gradient
            parameter.grad = total
        if self._settings.grad_clip:
            torch.nn.utils.clip_grad_norm_(parameters, self._settings.grad_clip)
        rate = self._settings.learning_rate * share(self._settings.schedule, self.step / self.total_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        if leaves:
            self.update_leaves([leaf.grad for leaf in leaves if leaf.grad is not None], rate)
        self.averaged()
        loss = sum(loss for loss, _ in results)
        if not math.isfinite(loss):
            raise Diverged
        self.loss_sum += loss
        self.loss_count += count
        self.step += 1

    def _gradients(self, n: int, count: int) -> tuple[float, tuple[Tensor, ...]]:
        """Summed loss of part `n` of the batch, and its share of the mean loss's gradient."""
        import torch

        loss = self.part_loss(n)
        learnt = [*self._network.parameters(), *self.leaves()]
        gradients = torch.autograd.grad(loss / count, learnt, materialize_grads=True)
        return loss.item(), gradients

    def _validate(self, pool: ThreadPoolExecutor, report: TrainingReport) -> None:
        """Measure, remember the best weights, say so."""
        try:
            results = self.validation_losses(pool)
        except BaseException:
            self.cancelled.set()
            raise
        loss = sum(total for total, _ in results) / max(1, sum(scored for _, scored in results))
        self.stale += 1
        if not math.isfinite(loss):
            raise Diverged
        if not results:  # nothing is held out: the last weights are the best
            self.best_weights, self.stale, loss = self.snapshot(), 0, math.nan
        elif loss <= self.best_loss:  # of equals the later one, which has learnt longer
            self.stale = 0 if loss < self.best_loss else self.stale
            self.best_loss, self.best_weights = loss, self.snapshot()
        mean = self.loss_sum / max(1, self.loss_count)
        self.history.append({"step": self.step, "loss": mean, "val_loss": loss})
        self.loss_sum, self.loss_count = 0.0, 0
        report.validated(mean, loss)


class Diverged(NlpcliError):
    """A training's loss is no number any more, and there are no weights to keep."""

    def __init__(self) -> None:
        super().__init__(
            "training has diverged: the loss is not a number any more",
            hint="use a smaller --learning-rate; nothing was written",
        )
