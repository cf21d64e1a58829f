"""A look inside character language models: `perplexity`, `activations`, `gradients`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.charlm import one_thread_for_numpy
from nlpcli.cli.options import Files, Json, Model, Output, Quiet, with_settings
from nlpcli.errors import OutputError, SettingsError
from nlpcli.settings.charlm import ActivationSettings, GradientSettings, ToySettings
from nlpcli.settings.input import InputSettings

if TYPE_CHECKING:
    from nlpcli.engine.charlm.activations import Activations, Match
    from nlpcli.engine.charlm.gradients import ToyStep

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
    reading: InputSettings = InputSettings(),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure how well a character model expects a text; with --per-line, find the odd lines.

    A character that the model has never seen counts as one in the length of its training text.

    \b
    Examples:
      nlpcli perplexity shakespeare.safetensors sonnets.txt
      nlpcli perplexity en.safetensors mixed.txt --per-line | sort -rn | head
    """
    one_thread_for_numpy()
    from nlpcli.engine.charlm import perplexity as engine
    from nlpcli.engine.charlm.model import CharLM
    from nlpcli.engine.io.lines import Lines

    loaded = CharLM.load(model)
    if per_line:
        with console.open_output(output) as file:
            writer = console.LineWriter(file)
            for line, bits in engine.of_lines(loaded, Lines(files, reading)):
                writer.write(f"{bits:.4f}\t{line}")
        return
    found = engine.of_text(loaded, files, reading, console.progress(quiet))
    values = {
        "loss": found.loss,
        "bits_per_character": found.bits_per_character,
        "bits_per_byte": found.bits_per_byte,
        "perplexity": found.perplexity,
        "characters": found.characters,
        "unknown": found.unknown,
    }
    if json:
        console.print_json(values)
    else:
        console.print_table(list(values), [list(values.values())])


@with_settings
def activations(
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
    reading: InputSettings = InputSettings(),
) -> None:
    """Show what the cells of a character model do as it reads a text: blue −1, white 0, red 1.

    --find ranks the cells whose value goes best with a property of the text; page and terminal
    open at the first of them. Without -o and --terminal the ranking alone is printed.

    \b
    Examples:
      nlpcli activations c.safetensors main.c -o states.html --find if
      nlpcli activations shakespeare.safetensors play.txt --terminal --cell 17 --signal f
      nlpcli activations shakespeare.safetensors play.txt --find line-length
    """
    one_thread_for_numpy()
    from nlpcli.engine.charlm import activations as engine
    from nlpcli.engine.charlm.model import CharLM
    from nlpcli.engine.plots.activations import page
    from nlpcli.engine.plots.activations import terminal as coloured

    loaded = CharLM.load(model)
    text = _first_characters(file, settings.max_chars, reading)
    recorded = engine.record(loaded, text, skip_unknown=skip_unknown)
    matches = engine.find(recorded, settings.find, settings.count) if settings.find else []
    start = _start(recorded, settings, matches)
    if output is not None:
        name = "stdin" if file == "-" else Path(file).name
        with console.open_output(output) as out:
            written = page(recorded, f"{Path(model).name} reads {name}", start, matches, settings.find or "")
            out.write(written.encode("utf-8", "replace"))
    if terminal:
        console.print_line(coloured(recorded, start))
    elif matches and output != "-":
        rows = [(match.layer, match.signal, match.cell, match.correlation) for match in matches]
        console.print_table(["layer", "signal", "cell", "correlation"], rows)
    elif output is None:
        raise SettingsError(
            "there is nothing to show", hint="give -o FILE.html, --terminal or --find PROPERTY"
        )


def _first_characters(file: str, limit: int, reading: InputSettings) -> str:
    from nlpcli.engine.charlm.units import text_blocks

    text = ""
    for block in text_blocks([file], reading):
        text += block
        if len(text) >= limit:
            break
    return text[:limit]


def _start(recorded: Activations, settings: ActivationSettings, matches: list[Match]) -> Match:
    """The cell that is asked for, else the best match, else the first."""
    from nlpcli.engine.charlm.activations import Match

    if matches and settings.cell is None:
        return matches[0]
    layers = sorted({layer for layer, _ in recorded.values})
    layer = layers[-1] if settings.layer is None else settings.layer
    signals = sorted({signal for _, signal in recorded.values})
    if settings.signal not in signals:
        raise SettingsError(
            f"--signal: this model has no {settings.signal!r}", hint=f"it has {', '.join(signals)}"
        )
    if layer not in layers:
        raise SettingsError(f"--layer {layer}: the model's layers are 0 to {layers[-1]}")
    cell = settings.cell or 0
    if cell >= recorded.size:
        raise SettingsError(f"--cell {cell}: the model's cells are 0 to {recorded.size - 1}")
    return Match(layer, settings.signal, cell, 0.0)


@with_settings
def gradients(
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
    reading: InputSettings = InputSettings(),
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
    if toy:
        _print_toy(scalar, settings.steps)
        return
    if not files or len(files) < 2:
        raise SettingsError(
            "gradients needs at least a model and a text", hint="or --toy for the scalar example"
        )
    kind = Path(output).suffix if output != "-" else ".tsv"
    if kind not in (".html", ".png", ".tsv"):
        raise OutputError(f"cannot write {output}: a page is .html, a picture .png, a table .tsv")
    one_thread_for_numpy()
    from nlpcli.engine.charlm.gradients import reach
    from nlpcli.engine.charlm.model import CharLM
    from nlpcli.engine.charlm.units import encode
    from nlpcli.engine.plots import gradients

    text = _first_characters(files[-1], settings.max_text, reading)
    found = {}
    for path in files[:-1]:
        model = CharLM.load(path)
        ids = encode(text, model.settings.unit, model.alphabet, skip_unknown=True)
        found[path if Path(path).stem in found else Path(path).stem] = reach(model, ids, settings.steps)
    lines = gradients.series(found)
    with console.open_output(output) as file:
        if kind == ".png":
            gradients.picture(lines, file)
        else:
            rows = [gradients.page(lines)] if kind == ".html" else gradients.table(lines)
            file.write("".join(f"{row}\n" for row in rows).encode())


def _print_toy(scalar: ToySettings, steps: int) -> None:
    from nlpcli.engine.charlm import gradients as engine

    inputs = list(scalar.x) * (1 if len(scalar.x) > 1 else steps)
    found = engine.toy(scalar.w_hh, scalar.w_xh, scalar.b, inputs, scalar.h0)
    last = len(found)
    columns = ["t", "x_t", "h_t", "factor", "written out", f"∂h_{last}/∂h_t-1", "w_hh alone"]
    console.print_table(columns, [_toy_row(step, scalar.w_hh, last) for step in found])


def _toy_row(step: ToyStep, w_hh: float, last: int) -> list[object]:
    return [
        step.t,
        f"{step.x:g}",
        f"{step.h:.6f}",
        f"{step.factor:.6g}",
        f"{w_hh:g} × (1 − {step.h:.6f}²)",
        f"{step.product:.6g}",
        f"{w_hh ** (last - step.t + 1):g}",
    ]
