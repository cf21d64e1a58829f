"""Character language models: `train-charlm`, `generate`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Model, Output, Quiet, given_names, with_settings
from nlpcli.cli.results import as_json, by_name
from nlpcli.cli.shown_work import ShowWork, show_work
from nlpcli.engine import jobs
from nlpcli.errors import SettingsError
from nlpcli.settings.charlm import CharLMSettings, CheckpointSettings, ConditionSettings, GenerateSettings
from nlpcli.settings.fields import given_options, refuse
from nlpcli.settings.input import ConditionedTextSettings, InputSettings
from nlpcli.settings.results import JsonSettings

_ModelOut = Annotated[
    str, typer.Option("-o", "--output", help="Model file to write.", metavar="FILE", show_default=False)
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
        str | None, typer.Option(help="Go on from the checkpoint of a training.", metavar="CHECKPOINT")
    ] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            help="Where the checkpoint is written, and stays; if not given, m.checkpoint.safetensors for "
            "m.safetensors until the training ends well.",
            metavar="FILE",
        ),
    ] = None,
    checkpoints: CheckpointSettings = CheckpointSettings(),
    conditions: ConditionSettings = ConditionSettings(),
    records: ConditionedTextSettings = ConditionedTextSettings(),
    reading: InputSettings = InputSettings(),
    quiet: Quiet = False,
) -> None:
    """Train a network that predicts the next character: RNN, LSTM, GRU or transformer.

    Ctrl-C leaves a checkpoint; --resume goes on from it, given the same text. With --label-col or
    --vector-col each row of a table is a text, and generate writes others for a label or a vector.

    \b
    Examples:
      nlpcli train-charlm shakespeare.txt -o shakespeare.safetensors
      zcat kowiki.gz | head -c 20000000 | nlpcli train-charlm - -o ko.safetensors --unit jamo
      nlpcli train-charlm *.c -o c.safetensors --preset medium --sample-every 500
      nlpcli train-charlm play.txt -o play.safetensors --cell transformer --context 128
      nlpcli train-charlm *.c -o c.safetensors --resume c.checkpoint.safetensors
      nlpcli train-charlm news.csv --text-col title --label-col topic -o headlines.safetensors
    """
    if resume is not None:
        refuse(["--preset"] * ("preset" in given_names(context)), "beside --resume, whose sizes are fixed")
    jobs.train_charlm(
        files, output, settings, preset=preset, given=given_names(context), resume=resume,
        checkpoint=checkpoint, checkpoints=checkpoints, conditions=conditions, records=records,
        reading=reading, progress=console.progress(quiet),
    )  # fmt: skip


@with_settings
def generate(
    context: typer.Context,
    model: Model,
    prime: Annotated[
        str, typer.Option("--prime", help="Text to begin with; @FILE reads it, - is stdin.", metavar="TEXT")
    ] = "",
    label: Annotated[
        str | None,
        typer.Option(help="Label to write for, of a model of train-charlm --label-col.", metavar="LABEL"),
    ] = None,
    vector: Annotated[
        str | None,
        typer.Option(help="Vector to write for: numbers with commas or spaces between.", metavar="NUMBERS"),
    ] = None,
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
    show_the_work: ShowWork = False,
    reading: InputSettings = InputSettings(),
    shape: JsonSettings = JsonSettings(),
    quiet: Quiet = False,  # noqa: ARG001
) -> None:
    """Write text with a character language model, as it is made.

    Each sample ends with a line end; `--prime -` leaves out the last line end of its input.

    \b
    Examples:
      nlpcli generate shakespeare.safetensors --prime "ROMEO:" --length 300
      nlpcli generate names.safetensors --until $'\\n' --num-samples 10 --temperature 0.8
      nlpcli generate headlines.safetensors --label sport -n 5
      head -c 200 play.txt | nlpcli generate shakespeare.safetensors --prime - --no-echo --top-p 0.9
      nlpcli generate hello.safetensors --prime hell --show-work
    """
    console.one_blas_thread()
    if not prime:
        refuse(["--skip-unknown"] * skip_unknown + ["--no-echo"] * (not echo), "without --prime")
    if label is None and vector is None:
        refuse(["--guidance"] * ("guidance" in given_names(context)), "without --label or --vector")
    source = prime if prime == "-" else prime[1:] if prime.startswith("@") else None
    if source is None:
        refuse(
            given_options(given_names(context), InputSettings), "without a --prime that is read, @FILE or -"
        )
    if show_the_work:
        given = given_names(context)
        useless = given_options(given & {"num_samples"}, GenerateSettings) + ["--no-echo"] * (not echo)
        refuse(useless, "beside --show-work")
        shown = settings if "length" in given else replace(settings, length=0)
        work = jobs.generate_work(
            model, prime, shown, prime_file=source, skip_unknown=skip_unknown, reading=reading
        )
        show_work(work, shape, output)
        return
    shape = by_name(output, shape, sheets=False)
    with as_json(output, shape) as file:
        jobs.generate(
            model, file, "" if source is not None else prime, settings, label=label,
            vector=None if vector is None else _numbers(vector), prime_file=source, echo=echo,
            skip_unknown=skip_unknown, jsonl=shape.is_json, reading=reading,
        )  # fmt: skip


def _numbers(vector: str) -> list[float]:
    try:
        return [*map(float, vector.replace(",", " ").split())]
    except ValueError as error:
        raise SettingsError(f"--vector cannot be {vector!r}", hint="wanted: 0.1,0.2,0.3") from error
