"""Trainings as `train-tagger` and `train-rnn` run them: on, to the end, or into a checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.checkpoints import Learning as Learning
from nlpcli.engine.io.checkpoints import learnt as learnt
from nlpcli.engine.io.opening import STDIN, Paths, check_readable
from nlpcli.engine.neural.batch_trainer import BatchTrainer
from nlpcli.engine.runtime.interrupts import postponed_signals
from nlpcli.engine.runtime.progress import Progress
from nlpcli.engine.sequences import network_checkpoint
from nlpcli.engine.sequences.examples import Examples
from nlpcli.engine.sequences.models import TaggerModel
from nlpcli.engine.sequences.report import Report
from nlpcli.engine.tagging import checkpoint
from nlpcli.engine.tagging.features import Classes
from nlpcli.engine.tagging.training import Training
from nlpcli.errors import SettingsError
from nlpcli.settings.tagging import TaggerSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.wording import counted


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


class CheckpointFiles(Protocol):
    """How a kind of training is written down: `network_checkpoint`, or another module."""

    def save(self, training: Any, path: str) -> None:
        """Write where the training stands."""

    def restore(self, training: Any, path: str) -> None:
        """Let a new training go on from there. Raises ModelError for a file of another one."""


def share(loss: float) -> str:
    """One less the loss of a validation, which is a share of what is wrong."""
    return f"{1 - loss:.2%}"


class Network:
    """That of a network. `told` puts the loss of a validation into words, `measure` says what it is of."""

    def __init__(
        self,
        training: BatchTrainer,
        measure: str = "",
        told: Callable[[float], str] = share,
        files: CheckpointFiles = network_checkpoint,
    ) -> None:
        self._training, self._files = training, files
        self._told, self._measure = told, measure

    def go(self, progress: Progress, every: int, save: Callable[[], object]) -> int:  # noqa: D102
        training, report = self._training, Report(self._training, progress, self._told, self._measure)
        with postponed_signals() as signals:

            def after_update() -> None:
                if every and training.step % every == 0:
                    save()
                signals.deliver()

            training.run(report, after_update)
        return training.step

    def model(self) -> Any:  # noqa: D102
        return self._training.best()

    def done(self) -> str:  # noqa: D102
        return f"{self._training.step:,} of {counted(self._training.total_steps, 'update')}"

    def save(self, path: str) -> None:  # noqa: D102
        self._files.save(self._training, path)

    def restore(self, path: str) -> None:  # noqa: D102
        self._files.restore(self._training, path)


def check_files(paths: Paths, output: str | None, test: str | None, dev: str | None, texts: str) -> None:
    """Raise, before any work, what would stand in its way at the end. `texts`: what is trained on."""
    for name, path in (("--test", test), ("--dev", dev)):
        if path is not None:
            if path == STDIN and STDIN in (paths or [STDIN]):
                raise SettingsError(f"stdin cannot be both the {texts} to {name}")
            check_readable(path)
    if output is not None:
        check_writable(output)
    elif test is None:
        raise SettingsError(
            "where should the model go?", hint="name a file with -o, or only measure: --test FILE"
        )
