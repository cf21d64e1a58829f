"""Character language models: `train-charlm`, `generate`."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Model, Output, Quiet, with_settings
from nlpcli.settings.charlm import CHARLM_PRESETS, CharLMSettings, GenerateSettings
from nlpcli.settings.input import InputSettings

_ModelOut = Annotated[
    str, typer.Option("-o", "--output", help="Model file to write.", metavar="MODEL", show_default=False)
]


@with_settings
def train_charlm(
    context: typer.Context,
    files: Files = None,
    output: _ModelOut = ...,  # type: ignore[assignment]
    preset: Annotated[
        Literal["small", "medium", "large"],
        typer.Option(help="Sizes for a laptop, a workstation, a GPU; options given beside it go first."),
    ] = "small",
    settings: CharLMSettings = CharLMSettings(),
    resume: Annotated[
        str | None, typer.Option(help="Go on with a training that was put aside.", metavar="CHECKPOINT")
    ] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            help="Where to put the training aside; else MODEL with .checkpoint before its ending.",
            metavar="FILE",
        ),
    ] = None,
    checkpoint_every: Annotated[
        int, typer.Option(help="Updates between checkpoints; 0 is only when interrupted.", min=0)
    ] = 0,
    reading: InputSettings = InputSettings(),
    quiet: Quiet = False,
) -> None:
    """Train a network that predicts the next character: RNN, LSTM or GRU.

    Ctrl-C puts the training aside; --resume goes on with it, given the same text.

    \b
    Examples:
      nlpcli train-charlm shakespeare.txt -o shakespeare.safetensors
      zcat kowiki.gz | head -c 20000000 | nlpcli train-charlm - -o ko.safetensors --unit jamo
      nlpcli train-charlm *.c -o c.safetensors --preset medium --sample-every 500
      nlpcli train-charlm *.c -o c.safetensors --resume c.checkpoint.safetensors
    """
    from nlpcli.engine.charlm.job import Checkpoints, train
    from nlpcli.engine.io.atomic import check_writable

    given = _given(context, settings)
    if resume is not None:
        from nlpcli.engine.charlm.checkpoint import settings_of

        settings = settings_of(resume, given)
    else:
        settings = dataclasses.replace(settings, **{**CHARLM_PRESETS[preset], **given})
    path = checkpoint or _beside(output)
    check_writable(output)
    check_writable(path)
    model = train(
        files,
        settings,
        reading,
        console.progress(quiet),
        checkpoints=Checkpoints(path, checkpoint_every),
        resume=resume,
    )
    model.save(output)


def _given(context: typer.Context, settings: CharLMSettings) -> dict[str, Any]:
    """The settings that stand on the command line: they go before a preset's and a checkpoint's."""
    return {
        field.name: getattr(settings, field.name)
        for field in dataclasses.fields(settings)
        if getattr(context.get_parameter_source(field.name), "name", "") == "COMMANDLINE"
    }


def _beside(output: str) -> str:
    path = Path(output)
    return str(path.with_name(f"{path.stem}.checkpoint{path.suffix}"))


@with_settings
def generate(
    model: Model,
    prime: Annotated[
        str, typer.Option("--prime", help="Text to begin with; @FILE reads it, - is stdin.", metavar="TEXT")
    ] = "",
    settings: GenerateSettings = GenerateSettings(),
    output: Output = "-",
    echo: Annotated[
        bool, typer.Option("--echo/--no-echo", help="Print the prime before what follows.")
    ] = True,
    skip_unknown: Annotated[
        bool,
        typer.Option(
            "--skip-unknown", help="Leave out characters of the prime that the model has never seen."
        ),
    ] = False,
    reading: InputSettings = InputSettings(),
) -> None:
    """Write text with a character language model, as it is made.

    Each sample ends with a line end; `--prime -` leaves out the last line end of its input.

    \b
    Examples:
      nlpcli generate shakespeare.safetensors --prime "ROMEO:" --length 300
      nlpcli generate names.safetensors --until $'\\n' --num-samples 10 --temperature 0.8
      head -c 200 play.txt | nlpcli generate shakespeare.safetensors --prime - --no-echo --top-p 0.9
    """
    one_thread_for_numpy()
    from nlpcli.engine.charlm.model import CharLM
    from nlpcli.engine.charlm.sampling import generate as written

    text = _prime(prime, reading)
    loaded = CharLM.load(model)
    with console.open_output(output) as file:
        stream = _Stream(file)
        for sample in range(settings.num_samples):
            for piece in written(loaded, text, settings, sample=sample, skip_unknown=skip_unknown, echo=echo):
                stream.write(piece)
            stream.end_line()


def one_thread_for_numpy() -> None:
    """Called before numpy comes in: a network's step is too small a product to share among threads."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _prime(given: str, reading: InputSettings) -> str:
    """The prime: as given, or what a file or stdin holds, without its last line end."""
    from nlpcli.engine.io.lines import STDIN, Lines

    if given == STDIN:
        return "\n".join(Lines([STDIN], reading))
    if given.startswith("@"):
        return "\n".join(Lines([given[1:]], reading))
    return given


class _Stream:
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
