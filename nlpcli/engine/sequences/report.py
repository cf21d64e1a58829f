"""What the training of a network says of itself."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from nlpcli.engine.runtime.progress import Progress
from nlpcli.wording import counted

if TYPE_CHECKING:
    from nlpcli.engine.neural.batch_trainer import BatchTrainer


class Report:
    """The remarks of one run. `told` puts the loss of a validation into words, `measure` what it is of."""

    def __init__(
        self, training: BatchTrainer, progress: Progress, told: Callable[[float], str], measure: str = ""
    ) -> None:
        self._training, self._progress = training, progress
        self._told, self._measure = told, measure
        self._started = time.monotonic()

    def begin(self) -> None:
        """What is trained on what."""
        training = self._training
        self._progress.note(
            f"{training.material}; {counted(training.total_steps, 'update')} on "
            f"{counted(training.threads, 'thread')}"
        )

    def tick(self) -> None:
        """Move the bar."""
        training = self._training
        loss = training.loss_sum / max(1, training.loss_count)
        self._progress.update(
            "training", training.step, training.total_steps, f"loss {loss:.3f}{self._best()}"
        )

    def validated(self, loss: float, val_loss: float) -> None:
        """One line per validation."""
        training = self._training
        measured = ""
        if not math.isnan(val_loss):
            measured = f"  held out {self._told(val_loss)} {self._measure}".rstrip()
        best = "  best" if measured and not training.stale else ""
        self._progress.note(
            f"update {training.step:,}/{training.total_steps:,}  loss {loss:.4f}{measured}{best}"
        )

    def diverged(self) -> None:
        """The loss is no number any more."""
        self._progress.note(
            "training has diverged: the best weights so far are kept; a smaller --learning-rate may do better"
        )

    def end(self, *, stopped_early: bool) -> None:
        """How it ended."""
        training = self._training
        if stopped_early:
            self._progress.note(f"stopped: nothing better in the last {training.stale} validations")
        self._progress.note(f"trained in {time.monotonic() - self._started:.0f} s{self._best()}")

    def _best(self) -> str:
        best = self._training.best_loss
        return f", best {self._told(best)}" if math.isfinite(best) else ""
