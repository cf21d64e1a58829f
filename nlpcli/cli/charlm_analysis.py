"""A look inside character language models: `perplexity`, `activations`, `gradients`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Model, Output, Quiet, given_names, with_settings
from nlpcli.cli.results import as_json, results
from nlpcli.engine import jobs
from nlpcli.errors import SettingsError
from nlpcli.settings.charlm import ActivationSettings, GradientSettings, ToySettings
from nlpcli.settings.fields import changed, given_options, refuse
from nlpcli.settings.input import ConditionedTextSettings, InputSettings, TextInputSettings
from nlpcli.settings.results import LineSettings, TableSettings

if TYPE_CHECKING:
    from nlpcli.engine.charlm.gradients import ToyStep
    from nlpcli.engine.plots.job import HeadView

_SkipUnknown = Annotated[
    bool, typer.Option("--skip-unknown", help="Leave out characters that the model has never seen.")
]


@with_settings
def perplexity(
    model: Model,
    files: Files = None,
    per_line: Annotated[
        bool, typer.Option("--per-line", help="One line per line: bits per character, TAB, the line.")
    ] = False,
    output: Output = "-",
    records: ConditionedTextSettings = ConditionedTextSettings(),
    reading: InputSettings = InputSettings(),
    table: LineSettings = LineSettings(),
    shape: TableSettings = TableSettings(),
    quiet: Quiet = False,
) -> None:
    """Measure how well a character model expects a text; with --per-line, find the odd lines.

    A character that the model has never seen counts as one in the length of its training text. A model for
    labels or vectors reads each row of a table under its own, and says what the texts cost without.

    \b
    Examples:
      nlpcli perplexity shakespeare.safetensors sonnets.txt
      nlpcli perplexity en.safetensors mixed.txt --per-line | sort -rn | head
      nlpcli perplexity headlines.safetensors test.csv --text-col title --label-col topic
    """
    console.one_blas_thread()
    if per_line:
        refuse(["--no-header"] * shape.no_header, "beside --per-line, which has no headings")
        with as_json(output, shape, ["bits_per_character", "text"], table) as file:
            jobs.perplexity_per_line(model, files, file, records=records, reading=reading, table=table)
        return
    refuse(changed(table), "without --per-line and a table to write")
    found = jobs.perplexity(model, files, records=records, reading=reading, progress=console.progress(quiet))
    values: dict[str, float | None] = {
        "loss": found.loss,
        "bits_per_character": found.bits_per_character,
        "bits_per_byte": found.bits_per_byte,
        "perplexity": found.perplexity,
        "characters": found.characters,
        "unknown": found.unknown,
    }
    if found.bits_without is not None:
        values |= {"bits_without": found.bits_without, "bits_saved_per_text": found.bits_saved}
    with results(shape, output) as shown:
        shown.record(values)


@with_settings
def activations(
    context: typer.Context,
    model: Model,
    file: Annotated[str, typer.Argument(help="The text to read; - is stdin.", metavar="FILE")] = "-",
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="HTML page to write; - is stdout.", metavar="FILE")
    ] = None,
    settings: ActivationSettings = ActivationSettings(),
    terminal: Annotated[
        bool, typer.Option("--terminal", help="Colour the text here, in the terminal.")
    ] = False,
    skip_unknown: _SkipUnknown = False,
    reading: TextInputSettings = TextInputSettings(),
    shape: TableSettings = TableSettings(),
    quiet: Quiet = False,  # noqa: ARG001
) -> None:
    """Show what the cells of a character model do as it reads a text: blue −1, white 0, red 1.

    --find ranks the cells whose value goes best with a property of the text; page and terminal
    open at the first of them. Without -o and --terminal the ranking alone is printed.

    Of a transformer it shows whom each head looks at: a page, the last character's look in colour, or
    a table of how far back each head looks, at itself, the one before, the first, and at how many.

    \b
    Examples:
      nlpcli activations c.safetensors main.c -o states.html --find if
      nlpcli activations shakespeare.safetensors play.txt --terminal --cell-number 17 --signal f
      nlpcli activations shakespeare.safetensors play.txt --find line-length
    """
    if output is None and not terminal:
        beginning = given_options(given_names(context) & {"layer", "signal", "cell"}, ActivationSettings)
        refuse(beginning, "without -o or --terminal, which begin there")
    if terminal or output == "-" or (output is not None and not settings.find):
        refuse(changed(shape), "without a ranking on stdout, which --find makes")
    console.one_blas_thread()
    view = jobs.activations(
        model, file, None if output is None else console.output(output), settings,
        skip_unknown=skip_unknown, reading=reading,
    )  # fmt: skip
    if view.kind == "heads":
        _show_heads(view, shape, in_colour=terminal, in_table=output is None)
    elif terminal:
        console.print_line(_coloured(view.activations.text, view.levels()))
    elif view.matches and output != "-":
        rows = [(match.layer, match.signal, match.cell, match.correlation) for match in view.matches]
        with results(shape) as shown:
            shown.table(["layer", "signal", "cell", "correlation"], rows)
    elif output is None:
        raise SettingsError(
            "there is nothing to show", hint="give -o FILE.html, --terminal or --find PROPERTY"
        )


def _show_heads(view: HeadView, shape: TableSettings, *, in_colour: bool, in_table: bool) -> None:
    """What heads of a transformer do: the last character's look back in colour, or a table of all."""
    if in_colour:
        console.print_line(_coloured(view.heads.units, view.levels()))
    elif in_table:
        columns = ["layer", "head", "distance", "itself", "before", "first", "units"]
        with results(shape) as shown:
            shown.table(columns, view.habits())


def _coloured(text: Sequence[str], levels: list[int]) -> str:
    """The text with a cell's value as the background: blue −127, white 0, red 127, in 24-bit colours."""
    pieces = []
    for character, level in zip(text, levels, strict=True):
        if character == "\n":
            pieces.append("\n")
            continue
        share, target = abs(level) / 127, (121, 174, 242) if level < 0 else (244, 137, 123)
        red, green, blue = (round(255 + (end - 255) * share) for end in target)
        shown_character = character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"
        pieces.append(console.in_colour(shown_character, f"30;48;2;{red};{green};{blue}"))
    return "".join(pieces)


@with_settings
def gradients(
    context: typer.Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Models, and last the text to measure them on.", metavar="MODEL... FILE", show_default=False
        ),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            help="A .html page, .png picture or .tsv table; - is TSV on stdout.",
            metavar="FILE",
        ),
    ] = "-",
    settings: GradientSettings = GradientSettings(),
    toy: Annotated[
        bool, typer.Option("--toy", help="One dimension instead of models, every factor shown.")
    ] = False,
    scalar: ToySettings = ToySettings(),
    reading: TextInputSettings = TextInputSettings(),
    shape: TableSettings = TableSettings(),
    quiet: Quiet = False,
) -> None:
    """Show how fast the gradient vanishes or explodes on its way back through time.

    For models: the mean norm of ∂loss_t/∂h_{t−k} (and by c, for an LSTM) against k. With --toy:
    h_t = tanh(w_hh h_{t−1} + w_xh x_t + b) in one dimension, and ∂h_T/∂h_{t−1} as the product of
    its factors w_hh (1 − h_t²).

    \b
    Examples:
      nlpcli gradients rnn.safetensors lstm.safetensors gru.safetensors play.txt -o gradients.html
      nlpcli gradients lstm.safetensors play.txt --steps 100 > norms.tsv
      nlpcli gradients --toy --w-hh 3 --w-xh 2 --b 1 --steps 3
    """
    given = given_names(context)
    if toy:
        refuse([f"the file {files[0]}"] if files else [], "beside --toy")
        refuse(given_options(given & {"max_text"}, GradientSettings), "beside --toy")
        refuse(given_options(given, TextInputSettings), "beside --toy")
        if len(scalar.x) > 1:
            refuse(given_options(given & {"steps"}, GradientSettings), "beside several --x, a step each")
        found = jobs.toy_gradients(scalar, settings.steps, output if _is_drawn(output) else None)
        if _is_drawn(output):
            refuse(changed(shape), "with a page or a picture")
        else:
            _print_toy(found, scalar.w_hh, output, shape)
        return
    refuse(given_options(given, ToySettings), "without --toy")
    if not files or len(files) < 2:
        raise SettingsError(
            "gradients needs at least a model and a text", hint="or --toy for the scalar example"
        )
    console.one_blas_thread()
    refuse(["--no-header"] * shape.no_header, "but with --toy")
    with as_json(output, shape, [], pictures=True) as file:
        jobs.gradients(
            files[:-1], files[-1], file, settings, reading=reading, progress=console.progress(quiet)
        )


def _is_drawn(output: str) -> bool:
    return output != "-" and not output.endswith(".tsv")


def _print_toy(found: list[ToyStep], w_hh: float, output: str, shape: TableSettings) -> None:
    last = len(found)
    columns = ["t", "x_t", "h_t", "factor", "written_out", f"∂h_{last}/∂h_t-1", "w_hh_alone"]
    with results(shape, output) as shown:
        shown.table(columns, [_toy_row(step, w_hh, last) for step in found])


def _toy_row(step: ToyStep, w_hh: float, last: int) -> list[object]:
    return [
        step.t,
        f"{step.x:g}",
        f"{step.h:.6f}",
        f"{step.factor:.6g}",
        f"{w_hh:g} × (1 − {step.h:.6f}²)",
        f"{step.product:.6g}",
        f"{_power(w_hh, last - step.t + 1):g}",
    ]


def _power(base: float, exponent: int) -> float:
    """The power, infinite where it is beyond a float."""
    try:
        return float(base**exponent)
    except OverflowError:
        return math.copysign(math.inf, base if exponent % 2 else 1)
