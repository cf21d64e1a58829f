"""What the training of a sequence-to-sequence model says of itself."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from nlpcli.engine.runtime.progress import Progress

if TYPE_CHECKING:
    from nlpcli.engine.translation.training import Seq2SeqTraining

_MOST = 50.0  # of a logarithm that is told as a perplexity


class Report:
    """The remarks of one run."""

    def __init__(self, training: Seq2SeqTraining, progress: Progress) -> None:
        self._training, self._progress = training, progress
        self._started = time.monotonic()

    def begin(self) -> None:
        """What is trained on what."""
        training, examples = self._training, self._training.examples
        weights = sum(weight.numel() for weight in training.network.parameters())
        self._progress.note(
            f"{len(examples.sources.starts) - 1:,} pairs, {len(examples.targets.numbers):,} units to write; "
            f"{len(examples.vocabulary):,} different ones; {weights:,} weights; "
            f"{training.total_steps:,} updates on {training.threads} threads"
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
        measured = "" if math.isnan(val_loss) else f"  held out perplexity {_perplexity(val_loss)}"
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
        return f", best perplexity {_perplexity(best)}" if math.isfinite(best) else ""


def _perplexity(loss: float) -> str:
    return f"{math.exp(min(loss, _MOST)):.2f}"
