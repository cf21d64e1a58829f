"""Trainings of taggers of either kind, as `train-tagger` runs them: on, to the end, or into a checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from nlpcli.engine.neural.sequence_trainer import SequenceTrainer
from nlpcli.engine.runtime.interrupts import postponed_signals
from nlpcli.engine.runtime.progress import Progress
from nlpcli.engine.sequences.examples import Examples
from nlpcli.engine.sequences.models import TaggerModel
from nlpcli.engine.sequences.report import Report
from nlpcli.engine.tagging import checkpoint
from nlpcli.engine.tagging.features import Classes
from nlpcli.engine.tagging.training import Training
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.tagging import TaggerSettings
from nlpcli.settings.text import AnalysisSettings


class Learning(Protocol):
    """A training that may be interrupted."""

    def go(self, progress: Progress, every: int, save: Callable[[], object]) -> int:
        """Learn to the end, from wherever it stands, and `save` each `every` updates; how many there were."""

    def model(self) -> TaggerModel:
        """The tagger."""

    def done(self) -> str:
        """How far it is, in words."""

    def save(self, path: str) -> None:
        """Write a checkpoint."""

    def restore(self, path: str) -> None:
        """Go on from a checkpoint. Raises ModelError for one of another training."""


def go_on(training: SequenceTrainer, report: Report, every: int, save: Callable[[], object]) -> None:
    """Train to the end, and `save` each `every` updates (0: never); signals wait for an update's end."""
    with postponed_signals() as signals:

        def after_update() -> None:
            if every and training.step % every == 0:
                save()
            signals.deliver()

        training.run(report, after_update)


class Linear:
    """That of a linear tagger."""

    def __init__(
        self,
        examples: Examples,
        settings: TaggerSettings,
        analysis: AnalysisSettings,
        space: str,
        classes: Classes,
    ) -> None:
        self._training = Training(
            examples.words, examples.tags, examples.target, settings, analysis, space, classes
        )

    def go(self, progress: Progress, every: int, save: Callable[[], object]) -> int:  # noqa: D102, ARG002
        self._training.go(progress)
        return 0

    def model(self) -> TaggerModel:  # noqa: D102
        return self._training.model()

    def done(self) -> str:  # noqa: D102
        return f"{self._training.learner.epochs():.2f} of {self._training.epochs} epochs"

    def save(self, path: str) -> None:  # noqa: D102
        checkpoint.save(self._training, path)

    def restore(self, path: str) -> None:  # noqa: D102
        checkpoint.restore(self._training, path)


class Recurrent:
    """That of a tagger by a recurrent network."""

    def __init__(
        self,
        examples: Examples,
        settings: TaggerSettings,
        analysis: AnalysisSettings,
        space: str,
        encoder: EncoderSettings,
        training: NetworkTraining,
        dev: Examples | None,
        vectors: str | None,
        lm: str | None,
    ) -> None:
        from nlpcli.engine.charlm.model import CharLM
        from nlpcli.engine.charlm.word_states import WordStates
        from nlpcli.engine.sequences.given_vectors import read_given
        from nlpcli.engine.sequences.recurrent_training import RecurrentTraining

        self._training = RecurrentTraining(
            examples.words, examples.tags, examples.target, settings, analysis, space, encoder, training,
            None if dev is None else (dev.words, dev.tags), None if vectors is None else read_given(vectors),
            None if lm is None else WordStates(CharLM.load(lm)),
        )  # fmt: skip
        self._measure = "F1" if examples.target == "ner" else "of words right"

    def go(self, progress: Progress, every: int, save: Callable[[], object]) -> int:  # noqa: D102
        go_on(self._training, Report(self._training, progress, self._measure), every, save)
        return self._training.step

    def model(self) -> TaggerModel:  # noqa: D102
        return self._training.best()

    def done(self) -> str:  # noqa: D102
        return f"{self._training.step:,} of {self._training.total_steps:,} updates"

    def save(self, path: str) -> None:  # noqa: D102
        from nlpcli.engine.sequences import network_checkpoint

        network_checkpoint.save(self._training, path)

    def restore(self, path: str) -> None:  # noqa: D102
        from nlpcli.engine.sequences import network_checkpoint

        network_checkpoint.restore(self._training, path)
