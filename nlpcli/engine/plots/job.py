"""Pictures of models: what `plot`, `activations` and `gradients` do.

What each needs is imported when it is called: none needs all of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import STDIN, Paths
from nlpcli.engine.io.writing import Output, open_output, readable
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.errors import InputError, OutputError, SettingsError
from nlpcli.settings.charlm import ATTENTION, ActivationSettings, GradientSettings, ToySettings
from nlpcli.settings.fields import changed, refuse
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.plots import PlotSettings

if TYPE_CHECKING:
    from nlpcli.engine.charlm.activations import Activations, Match
    from nlpcli.engine.charlm.gradients import Reach, ToyStep
    from nlpcli.engine.charlm.heads import Habit, Heads
    from nlpcli.engine.charlm.model import CharLM
    from nlpcli.engine.plots.word_map import WordMap


_MAPS = ("html", "png", "svg", "pdf")
_CURVES = ("html", "png", "tsv")
_NO_CURVES = "cannot write {}: a page is .html, a picture .png, a table .tsv"

# --- words ----------------------------------------------------------------------------------


@plain_settings
def plot(
    vectors: str,
    words: Sequence[str] = (),
    output: Output | None = None,
    settings: PlotSettings = PlotSettings(),
    *,
    words_file: str | None = None,
    pairs: Sequence[str] = (),
    both: bool = False,
    theme: Literal["auto", "light", "dark"] = "auto",
    title: str = "Word map",
    font: str | None = None,
    progress: Progress = SILENT,
) -> WordMap:
    """A map of words, in which near words are alike, written as .html, .png, .svg or .pdf if asked for.

    The words are those named, those of `words_file` (one per line) and those of the `pairs`
    ("king queen"), which an arrow joins; with none the first of the vocabulary. `both` draws each
    word twice, by a model's input and output vectors. An open file gets HTML.

    Raises OutputError for another extension, InputError for unknown words, MissingDependency
    where a library is needed that is not installed.
    """
    kind = _kind_of(output, "html", _MAPS, "{}: maps are .html, .png, .svg or .pdf")
    from nlpcli.engine.io.atomic import check_writable
    from nlpcli.engine.plots.word_map import make_map
    from nlpcli.engine.vectors.job import load_vectors
    from nlpcli.engine.vectors.word_vectors import Vectors

    loaded, other = load_vectors(vectors, progress), None
    if isinstance(output, str | os.PathLike):
        check_writable(output)
    if both:
        loaded, other = Vectors.load_sides(vectors)
    named = [*words, *(_listed(words_file) if words_file else [])]
    word_map = make_map(loaded, named, pairs, settings, output=other, title=title)
    if output is not None:
        content = _drawn(word_map, kind, theme, font, progress)
        with open_output(output) as file:
            file.write(content)
    return word_map


def _kind_of(output: Output | None, default: str, kinds: Sequence[str], refusal: str) -> str:
    """The kind of file to write, by its extension; an open file and none are of the default kind."""
    if not isinstance(output, str | os.PathLike):
        return default
    kind = Path(output).suffix.lower().removeprefix(".")
    if kind not in kinds:
        raise OutputError(refusal.format(os.fspath(output)))
    return kind


def _listed(path: str) -> list[str]:
    words = [line.strip() for line in Lines([path]) if line.strip()]
    if not words:
        raise InputError(f"{path}: no words in it")
    return words


def _drawn(
    word_map: WordMap,
    kind: str,
    theme: Literal["auto", "light", "dark"],
    font: str | None,
    progress: Progress,
) -> bytes:
    if kind == "html":
        from nlpcli.engine.plots.word_map_page import page

        return page(word_map, theme)
    from nlpcli.engine.io.pictures import tell_unseen
    from nlpcli.engine.plots.word_map_image import picture

    content, unseen = picture(word_map, kind, theme="dark" if theme == "dark" else "light", font=font)
    tell_unseen(unseen, progress)
    return content


# --- character models -----------------------------------------------------------------------


@dataclass(frozen=True)
class CellView:
    """What cells do as a text is read: the one to look at first, and those that track a property."""

    activations: Activations
    start: Match
    matches: list[Match]
    kind: Literal["cells"] = "cells"

    def levels(self) -> list[int]:
        """The value of the first cell at every character, −127 … 127."""
        from nlpcli.engine.plots.activations import levels

        start = self.start
        values = self.activations.values[start.layer, start.signal][:, start.cell]
        shown: list[int] = levels(values, start.signal).tolist()
        return shown


@dataclass(frozen=True)
class HeadView:
    """Whom the heads of a transformer look at as it reads a text, and the head to look at first."""

    heads: Heads
    layer: int
    head: int
    kind: Literal["heads"] = "heads"

    def habits(self) -> list[Habit]:
        """What each head does on average."""
        from nlpcli.engine.charlm.heads import habits

        return habits(self.heads)

    def levels(self) -> list[int]:
        """What the last unit looks at, by the first head to look at: of each unit, 0 … 127."""
        shares = self.heads.attention[self.layer, self.head, -1]
        return [round(float(share) * 127) for share in shares]


@plain_settings
def activations(
    model: str,
    path: str = STDIN,
    output: Output | None = None,
    settings: ActivationSettings = ActivationSettings(),
    *,
    skip_unknown: bool = False,
    reading: TextInputSettings = TextInputSettings(),
) -> CellView | HeadView:
    """What the cells of a character model do as it reads a text; `output` gets an HTML page of it.

    Of a transformer it is what its heads look at, in the first window of the text.

    Raises SettingsError for a layer, signal or cell that the model does not have, and for a
    property that the text does not have; InputError for characters the model has never seen.
    """
    from nlpcli.engine.charlm.activations import find, record
    from nlpcli.engine.charlm.model import CharLM
    from nlpcli.engine.charlm.units import first_characters
    from nlpcli.engine.plots.activations import page

    loaded = CharLM.load(model)
    text = first_characters(path, settings.max_chars, reading)
    name = "stdin" if path == STDIN else readable(Path(path).name)
    title = f"{readable(Path(model).name)} reads {name}"
    if loaded.settings.cell == ATTENTION:
        return _heads(loaded, text, output, settings, title, skip_unknown=skip_unknown)
    recorded = record(loaded, text, skip_unknown=skip_unknown)
    matches = find(recorded, settings.find, settings.count) if settings.find else []
    start = _start(recorded, settings, matches)
    if output is not None:
        with open_output(output) as file:
            written = page(recorded, title, start, matches, settings.find or "")
            file.write(written.encode("utf-8", "replace"))
    return CellView(recorded, start, matches)


def _heads(
    model: CharLM,
    text: str,
    output: Output | None,
    settings: ActivationSettings,
    title: str,
    *,
    skip_unknown: bool,
) -> HeadView:
    """The same of a transformer."""
    from nlpcli.engine.charlm.heads import record
    from nlpcli.engine.plots.heads import page

    refuse(changed(settings, "find", "count", "signal"), "with a transformer, which has heads and no cells")
    layers, heads = model.settings.num_layers, model.settings.num_heads
    layer = layers - 1 if settings.layer is None else settings.layer
    head = settings.cell or 0
    if layer >= layers:
        raise SettingsError(f"--layer {layer}: the model's layers are 0 to {layers - 1}")
    if head >= heads:
        raise SettingsError(f"--cell-number {head}: the model's heads are 0 to {heads - 1}")
    view = HeadView(record(model, text, skip_unknown=skip_unknown), layer, head)
    if output is not None:
        with open_output(output) as file:
            file.write(page(view.heads, title, layer, head).encode("utf-8", "replace"))
    return view


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


@plain_settings
def gradients(
    models: Paths,
    path: str,
    output: Output | None = None,
    settings: GradientSettings = GradientSettings(),
    *,
    reading: TextInputSettings = TextInputSettings(),
    progress: Progress = SILENT,
) -> dict[str, Reach]:
    """How far back the gradient reaches in some character models, by their names.

    `output` gets a .html page, a .png picture or a .tsv table, as its extension says; an open
    file gets the table. Raises OutputError for another extension, and InputError for a text
    shorter than the steps.
    """
    kind = _kind_of(output, "tsv", _CURVES, _NO_CURVES)
    from nlpcli.engine.charlm.gradients import reach
    from nlpcli.engine.charlm.model import CharLM
    from nlpcli.engine.charlm.units import encode, first_characters
    from nlpcli.engine.plots.gradients import series

    text = first_characters(path, settings.max_text, reading)
    found: dict[str, Reach] = {}
    for name in models or []:
        model = CharLM.load(name)
        ids = encode(text, model.unit, model.alphabet, skip_unknown=True)
        short, whole = readable(Path(name).stem), readable(name)
        found[whole if short in found else short] = reach(model, ids, settings.steps)
    if output is not None:
        _write_curves(series(found), output, kind, progress)
    return found


def _write_curves(
    lines: Mapping[str, Sequence[float]], output: Output, kind: str, progress: Progress = SILENT
) -> None:
    from nlpcli.engine.io.pictures import tell_unseen
    from nlpcli.engine.plots import gradients as drawing

    with open_output(output) as file:
        if kind == "png":
            tell_unseen(drawing.picture(lines, file), progress)
        else:
            rows = [drawing.page(lines)] if kind == "html" else drawing.table(lines)
            file.write("".join(f"{row}\n" for row in rows).encode())


@plain_settings
def toy_gradients(
    scalar: ToySettings = ToySettings(), steps: int = 50, output: Output | None = None
) -> list[ToyStep]:
    """The steps of a network of one dimension, with the factors of ∂h_T/∂h_0; `steps` of them for one input.

    `output` gets the size of ∂h_T/∂h_{T−k} against k, as that of `gradients`.

    >>> [round(step.factor, 2) for step in toy_gradients(w_hh=1, w_xh=2, b=1, x=(-0.5,), steps=3)]
    [1.0, 1.0, 1.0]
    """
    from nlpcli.engine.charlm.gradients import toy

    inputs = list(scalar.x) * (1 if len(scalar.x) > 1 else steps)
    kind = _kind_of(output, "tsv", _CURVES, _NO_CURVES)
    found = toy(scalar.w_hh, scalar.w_xh, scalar.b, inputs, scalar.h0)
    if output is not None:
        sizes = [1.0, *(abs(step.product) for step in reversed(found))]
        _write_curves({f"h, w_hh {scalar.w_hh:g}": sizes}, output, kind)
    return found
