"""A training as `train-seq2seq` runs it: to the end, or into a checkpoint."""

from __future__ import annotations

from collections.abc import Callable

from nlpcli.engine.runtime.interrupts import postponed_signals
from nlpcli.engine.runtime.progress import Progress
from nlpcli.engine.translation import checkpoint
from nlpcli.engine.translation.model import Seq2Seq
from nlpcli.engine.translation.report import Report
from nlpcli.engine.translation.training import Seq2SeqTraining


class Learner:
    """What `sequences.learning.learnt` takes to its end."""

    def __init__(self, training: Seq2SeqTraining) -> None:
        self._training = training

    def go(self, progress: Progress, every: int, save: Callable[[], object]) -> int:
        """Learn to the end, from wherever it stands, and `save` each `every` updates; how many there were."""
        training = self._training
        with postponed_signals() as signals:

            def after_update() -> None:
                if every and training.step % every == 0:
                    save()
                signals.deliver()

            training.run(Report(training, progress), after_update)
        return training.step

    def model(self) -> Seq2Seq:
        """The model with the best weights."""
        return self._training.best()

    def done(self) -> str:
        """How far it is, in words."""
        return f"{self._training.step:,} of {self._training.total_steps:,} updates"

    def save(self, path: str) -> None:
        """Write a checkpoint."""
        checkpoint.save(self._training, path)

    def restore(self, path: str) -> None:
        """Go on from a checkpoint. Raises ModelError for one of another training."""
        checkpoint.restore(self._training, path)
