"""From text files to a character language model: what `train-charlm` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.neural.weights import initial_weights
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.settings.charlm import CharLMSettings
from nlpcli.settings.input import InputSettings


@dataclass(frozen=True)
class Checkpoints:
    """Where a training is put aside when it is interrupted, and every how many updates (0: only then)."""

    path: str
    every: int = 0


def train(
    paths: Sequence[str] | None,
    settings: CharLMSettings = CharLMSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
    *,
    checkpoints: Checkpoints | None = None,
    resume: str | None = None,
) -> CharLM:
    """A model of the text in `paths`: the network with the best validation loss seen in training.

    `resume` names a checkpoint of a training on the same text with the same settings, which goes
    on where it was. An interrupt (Ctrl-C, SIGTERM) writes a checkpoint before it takes effect.
    Raises InputError when the text is empty or a single character, and SettingsError for a device
    or a precision that this machine does not have.
    """
    from nlpcli.engine.charlm import checkpoint
    from nlpcli.engine.charlm.training import Training
    from nlpcli.engine.charlm.units import read_text
    from nlpcli.engine.neural import devices
    from nlpcli.engine.runtime.interrupts import postponed_signals

    devices.check(settings)
    text = read_text(paths, settings.unit, reading, min_count=settings.min_char_count, progress=progress)
    if resume is None:
        training = Training(text, settings, initial_weights(settings, text.alphabet))
    else:
        training = checkpoint.resume(resume, text, settings)
    if checkpoints is None:
        training.run(progress)
        return training.best()
    with postponed_signals() as deliver:

        def after_update() -> None:
            if checkpoints.every and training.step % checkpoints.every == 0:
                checkpoint.save(training, checkpoints.path)
            deliver()

        try:
            training.run(progress, after_update)
        except BaseException as end:
            if not isinstance(end, Exception):
                checkpoint.save(training, checkpoints.path)
                progress.note(
                    f"interrupted after {training.step:,} of {training.total_steps:,} updates; "
                    f"to go on, repeat the command with --resume {checkpoints.path}"
                )
            raise
    return training.best()
