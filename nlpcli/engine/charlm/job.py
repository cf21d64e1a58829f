"""Character language models: what `train-charlm`, `generate` and `perplexity` do."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import TYPE_CHECKING, BinaryIO, Literal

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.checkpoints import checkpoint_path, interrupted, remove_checkpoint
from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.writing import LineWriter, Output, open_output
from nlpcli.engine.neural.transformer_lm import initial_weights
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.settings.charlm import CharLMSettings, CheckpointSettings, GenerateSettings, sizes_of
from nlpcli.settings.input import InputSettings

if TYPE_CHECKING:
    from nlpcli.engine.charlm.perplexity import Surprise
    from nlpcli.engine.charlm.training import Training

# --- training -------------------------------------------------------------------------------


@plain_settings
def train_charlm(
    paths: Paths,
    output: str,
    settings: CharLMSettings = CharLMSettings(),
    *,
    preset: Literal["small", "medium", "large"] = "small",
    given: frozenset[str] = frozenset(),
    resume: str | None = None,
    checkpoint: str | None = None,
    checkpoints: CheckpointSettings = CheckpointSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> CharLM:
    """A model of the text in some files: the network with the best validation loss seen in training.

    Settings go before those of a `preset`; so do those in `given`, by their names, that are at
    their default.
    `resume` names a checkpoint of a training on the same text, which goes on where it was. An
    interrupt (Ctrl-C, SIGTERM) writes `checkpoint` before it takes effect; so do every
    `checkpoint_every` updates. One that is not named has the output's name with .checkpoint in it,
    and is removed when the training has come to its end.

    Raises InputError when the text is empty or a single character, SettingsError for a device
    or a precision that this machine does not have, and ModelError for another text than before.
    """
    chosen = {
        field.name: getattr(settings, field.name)
        for field in dataclasses.fields(settings)
        if field.name in given or getattr(settings, field.name) != field.default
    }
    if resume is not None:
        from nlpcli.engine.charlm.checkpoint import settings_of

        settings = settings_of(resume, chosen)
    else:
        settings = CharLMSettings(**{**sizes_of(preset, chosen.get("cell")), **chosen})
    path = checkpoint or checkpoint_path(output)
    check_writable(output)
    check_writable(path)
    training = _begun(paths, settings, reading, resume, progress)
    every = checkpoints.checkpoint_every
    model = _run(training, output, path, every, progress)
    if checkpoint is None:
        remove_checkpoint(path, 0 < every <= training.step, resume)
    return model


def _begun(
    paths: Paths, settings: CharLMSettings, reading: InputSettings, resume: str | None, progress: Progress
) -> Training:
    from nlpcli.engine.charlm import checkpoint

    progress.update("loading PyTorch", 0)  # for some seconds
    from nlpcli.engine.charlm.reading import read_for
    from nlpcli.engine.charlm.window_training import training_of
    from nlpcli.engine.neural import devices

    devices.check(settings)
    settings, text = read_for(paths, settings, reading, progress)
    if resume is not None:
        return checkpoint.resume(resume, text, settings)
    return training_of(text, settings, initial_weights(settings, text.alphabet))


def _run(training: Training, output: str, path: str, every: int, progress: Progress) -> CharLM:
    """Train to the end and write the model; a checkpoint every some updates, and when interrupted."""
    from nlpcli.engine.charlm import checkpoint
    from nlpcli.engine.charlm.report import Report
    from nlpcli.engine.runtime.interrupts import postponed_signals, saved_when_interrupted

    def save() -> None:
        checkpoint.save(training, path)
        progress.note(interrupted(f"{training.step:,} of {training.total_steps:,} updates", path))

    # Signals that wait are delivered when their block ends: inside of the other, which saves then.
    with saved_when_interrupted(save):
        with postponed_signals() as signals:

            def after_update() -> None:
                if every and training.step % every == 0:
                    checkpoint.save(training, path)
                signals.deliver()

            training.run(Report(training, progress), after_update)
        model = training.best()
        model.save(output)
    return model


# --- writing --------------------------------------------------------------------------------


@plain_settings
def generate(
    model: str,
    output: Output,
    prime: str = "",
    settings: GenerateSettings = GenerateSettings(),
    *,
    prime_file: str | None = None,
    echo: bool = True,
    skip_unknown: bool = False,
    jsonl: bool = False,
    reading: InputSettings = InputSettings(),
) -> None:
    """Texts by a character language model, written to `output` as they are made, each ended by a line end.

    `prime` is what they begin with, or, with `prime_file`, what that file holds, without its last
    line end. With `jsonl` each is a JSON object of its number and text. Raises InputError for a prime
    with characters the model has never seen.
    """
    from nlpcli.engine.charlm import sampling

    if prime_file is not None:
        prime = "\n".join(Lines([prime_file], reading))
    loaded = CharLM.load(model)
    with open_output(output) as file:
        writer = _PieceWriter(file)
        for sample in range(settings.num_samples):
            pieces = sampling.generate(
                loaded, prime, settings, sample=sample, skip_unknown=skip_unknown, echo=echo
            )
            if jsonl:
                record = {"sample": sample + 1, "text": "".join(pieces)}
                pieces = iter([json.dumps(record, ensure_ascii=False)])
            for piece in pieces:
                writer.write(piece)
            writer.end_line()


class _PieceWriter:
    """Text to a file in small pieces; what is made is seen within a twentieth of a second."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._flushed = 0.0
        self._at_line_start = True

    def write(self, piece: str) -> None:
        """A piece of text; lone surrogates cannot be written and become `?`."""
        self._file.write(piece.encode("utf-8", "replace"))
        self._at_line_start = piece.endswith("\n")
        now = time.monotonic()
        if now - self._flushed > 0.05:
            self._file.flush()
            self._flushed = now

    def end_line(self) -> None:
        """A line end, if the text did not end with one."""
        if not self._at_line_start:
            self.write("\n")
        self._file.flush()
        self._at_line_start = True


# --- measuring ------------------------------------------------------------------------------


@plain_settings
def perplexity(
    model: str,
    paths: Paths = None,
    *,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> Surprise:
    """What a text costs a character language model: loss, bits per character and byte, perplexity.

    Raises InputError for an empty text.
    """
    from nlpcli.engine.charlm.perplexity import of_text

    return of_text(CharLM.load(model), paths, reading, progress)


@plain_settings
def perplexity_per_line(
    model: str,
    paths: Paths,
    output: Output,
    *,
    reading: InputSettings = InputSettings(),
) -> None:
    """Each line of some texts after its bits per character and a tab, written to `output`."""
    from nlpcli.engine.charlm.perplexity import of_lines

    loaded = CharLM.load(model)
    with open_output(output) as file:
        writer = LineWriter(file)
        for line, bits in of_lines(loaded, Lines(paths, reading)):
            writer.write(f"{bits:.4f}\t{line}")
