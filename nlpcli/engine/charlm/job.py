"""Character language models: what `train-charlm`, `generate` and `perplexity` do."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO, Literal

from nlpcli.engine.charlm.conditional_text import is_conditional
from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.checkpoints import checkpoint_path, interrupted, remove_checkpoint
from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.table_output import Column, kept_for, open_lines
from nlpcli.engine.io.text_lines import text_lines
from nlpcli.engine.io.writing import Output, open_output
from nlpcli.engine.neural.transformer_lm import initial_weights
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.errors import SettingsError
from nlpcli.settings.charlm import (
    GATES,
    CharLMSettings,
    CheckpointSettings,
    ConditionSettings,
    GenerateSettings,
    sizes_of,
)
from nlpcli.settings.fields import changed, refuse
from nlpcli.settings.input import ConditionedTextSettings, InputSettings, TextInputSettings
from nlpcli.settings.results import LineSettings
from nlpcli.wording import counted

if TYPE_CHECKING:
    from nlpcli.engine.charlm.conditional_training import ConditionalTraining
    from nlpcli.engine.charlm.perplexity import Surprise
    from nlpcli.engine.charlm.training import Training
    from nlpcli.engine.charlm.units import CharText

_PLAIN = "with a model of plain text"

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
    conditions: ConditionSettings = ConditionSettings(),
    records: ConditionedTextSettings = ConditionedTextSettings(),
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

    With a column of labels or of vectors in `records` each row of a table is a text of its own, which is
    written for its label or vector; `conditions` says how that is learnt.

    Raises InputError when the text is empty or a single character, SettingsError for a device
    or a precision that this machine does not have, and ModelError for another text than before.
    """
    chosen = {
        field.name: getattr(settings, field.name)
        for field in dataclasses.fields(settings)
        if field.name in given or getattr(settings, field.name) != field.default
    }
    dropout = conditions.condition_dropout
    if resume is not None:
        from nlpcli.engine.charlm.checkpoint import dropout_of, settings_of

        settings, dropout = settings_of(resume, chosen), dropout_of(resume, conditions)
    else:
        settings = CharLMSettings(**{**sizes_of(preset, chosen.get("cell")), **chosen})
    path = checkpoint or checkpoint_path(output)
    check_writable(output)
    check_writable(path)
    if is_conditional(records):
        _check_conditional(settings, given)
    else:
        refuse(changed(conditions), "where lines are plain text", "--label-col names the labels of a table")
        _plain(records, reading)
    source = _Source(paths, reading, records, dropout)
    training = _begun(source, settings, resume, progress)
    every = checkpoints.checkpoint_every
    model = _run(training, output, path, every, progress)
    if checkpoint is None:
        remove_checkpoint(path, 0 < every <= training.step, resume)
    return model


@dataclasses.dataclass(frozen=True)
class _Source:
    """What is trained on: plain text, or rows with what each is written for."""

    paths: Paths
    reading: InputSettings
    records: ConditionedTextSettings
    dropout: float

    def text(self, settings: CharLMSettings, progress: Progress) -> tuple[CharLMSettings, CharText]:
        """The text as ids, and the settings with a subword model where they need one and have none."""
        from nlpcli.engine.charlm.conditional_text import read_conditional_text
        from nlpcli.engine.charlm.reading import read_for

        if is_conditional(self.records):
            return settings, read_conditional_text(
                self.paths, settings, self.dropout, self.records, self.reading, progress
            )
        return read_for(self.paths, settings, _plain(self.records, self.reading), progress)


def _check_conditional(settings: CharLMSettings, given: frozenset[str]) -> None:
    """Raise SettingsError for what cannot be with texts that have a label or a vector each."""
    refuse(["--seq-length"] * ("seq_length" in given), "where every text is learnt as a whole")
    if settings.cell not in GATES:
        raise SettingsError(
            f"--cell {settings.cell} takes no label or vector", hint=f"wanted: {', '.join(GATES)}"
        )
    if settings.unit == "subword":
        raise SettingsError(
            "--unit subword takes no label or vector", hint="wanted: --unit char, or another of characters"
        )
    if settings.device == "cuda":
        raise SettingsError(
            "--device cuda: texts with a label or a vector each are learnt on the CPU", hint="leave it out"
        )


def _begun(
    source: _Source, settings: CharLMSettings, resume: str | None, progress: Progress
) -> Training | ConditionalTraining:
    from nlpcli.engine.charlm import checkpoint

    progress.update("loading PyTorch", 0)  # for some seconds
    from nlpcli.engine.charlm import conditional_training
    from nlpcli.engine.charlm.conditional_text import ConditionalText
    from nlpcli.engine.charlm.window_training import training_of
    from nlpcli.engine.neural import devices

    devices.check(settings)
    settings, text = source.text(settings, progress)
    if resume is not None:
        return checkpoint.resume(resume, text, settings)
    if isinstance(text, ConditionalText):
        return conditional_training.begun(text, settings)
    return training_of(text, settings, initial_weights(settings, text.alphabet))


def _run(
    training: Training | ConditionalTraining, output: str, path: str, every: int, progress: Progress
) -> CharLM:
    """Train to the end and write the model; a checkpoint every some updates, and when interrupted."""
    from nlpcli.engine.charlm import checkpoint
    from nlpcli.engine.charlm.report import Report
    from nlpcli.engine.runtime.interrupts import postponed_signals, saved_when_interrupted

    def save() -> None:
        checkpoint.save(training, path)
        progress.note(interrupted(f"{training.step:,} of {counted(training.total_steps, 'update')}", path))

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
    label: str | None = None,
    vector: Sequence[float] | None = None,
    prime_file: str | None = None,
    echo: bool = True,
    skip_unknown: bool = False,
    jsonl: bool = False,
    reading: InputSettings = InputSettings(),
) -> None:
    """Texts by a character language model, written to `output` as they are made, each ended by a line end.

    `prime` is what they begin with, or, with `prime_file`, what that file holds, without its last
    line end. With `jsonl` each is a JSON object of its number, what it was written for, and its text. A model
    that was trained on rows of a table writes for a `label` or a `vector`, and each text ends where it says.

    Raises InputError for a prime with characters the model has never seen and for a label that it does not
    know, SettingsError for a label or a vector where the model takes none or the other.
    """
    from nlpcli.engine.charlm import sampling

    if prime_file is not None:
        prime = "\n".join(Lines([prime_file], reading))
    loaded = CharLM.load(model)
    condition = loaded.chosen(label, vector)
    told: dict[str, object] = {} if label is None else {"label": label}
    if vector is not None:
        told["vector"] = [*map(float, vector)]
    with open_output(output) as file:
        writer = _PieceWriter(file)
        for sample in range(settings.num_samples):
            pieces = sampling.generate(
                loaded, prime, settings, sample=sample, skip_unknown=skip_unknown, echo=echo,
                condition=condition,
            )  # fmt: skip
            if jsonl:
                record = {"sample": sample + 1, **told, "text": "".join(pieces)}
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
    records: ConditionedTextSettings = ConditionedTextSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> Surprise:
    """What a text costs a character language model: loss, bits per character and byte, perplexity.

    One that writes for labels or vectors reads a table, each text under its own, and also says what the texts
    cost without (`conditional_perplexity`).

    Raises InputError for an empty text, and for a label that the model does not know.
    """
    from nlpcli.engine.charlm import conditional_perplexity
    from nlpcli.engine.charlm.perplexity import of_text

    loaded = CharLM.load(model)
    if loaded.condition is not None:
        return conditional_perplexity.of_rows(loaded, loaded.condition, paths, records, reading, progress)
    return of_text(loaded, paths, _plain(records, reading), progress)


@plain_settings
def perplexity_per_line(
    model: str,
    paths: Paths,
    output: Output,
    *,
    records: ConditionedTextSettings = ConditionedTextSettings(),
    reading: InputSettings = InputSettings(),
    table: LineSettings = LineSettings(),
) -> None:
    """Each line of some texts after its bits per character and a tab, written to `output`.

    A table gets the rows of the texts, with the column `bits_per_character`.
    """
    from nlpcli.engine.charlm import conditional_perplexity
    from nlpcli.engine.charlm.perplexity import of_lines

    loaded = CharLM.load(model)
    kept = kept_for(output, table)
    if loaded.condition is None:
        found = of_lines(loaded, text_lines(paths, _plain(records, reading), kept=kept))
    elif kept is not None:
        raise SettingsError(
            f"{model} takes a {loaded.condition.kind} beside each text, and its answers are lines alone",
            hint="name the output .txt, and leave --id-col out",
        )
    else:
        found = conditional_perplexity.of_each_row(loaded, loaded.condition, paths, records, reading)
    with open_lines(output, kept, [Column("bits_per_character", is_number=True)], table) as writer:
        for line, bits in found:
            writer.write(f"{bits:.4f}" if kept is not None and kept.is_table else f"{bits:.4f}\t{line}")


def _plain(records: ConditionedTextSettings, reading: InputSettings) -> TextInputSettings:
    """How plain text is read: lines, or a column of a table. Raises SettingsError where labels are named."""
    refuse(changed(records, "label_col", "vector_col", "label_sep", "multi_label"), _PLAIN)
    return TextInputSettings.of(records, reading)
