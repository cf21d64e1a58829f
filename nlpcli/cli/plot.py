"""Pictures of word vectors: `plot`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nlpcli.cli import console
from nlpcli.cli.described import Old
from nlpcli.cli.options import Quiet, given_names, with_settings
from nlpcli.cli.vectors import VectorsFile
from nlpcli.engine import jobs
from nlpcli.errors import SettingsError
from nlpcli.settings.fields import given_options, refuse
from nlpcli.settings.plots import PlotSettings
from nlpcli.wording import counted

if TYPE_CHECKING:
    from nlpcli.engine.plots.word_map import WordMap


@with_settings
def plot(
    context: typer.Context,
    vectors: VectorsFile,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD]...", help="Words to draw.", show_default=False)
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            show_default=False,
            help="Map to write: .html, .png, .svg or .pdf.",
        ),
    ] = None,
    terminal: Annotated[bool, typer.Option("--terminal", help="Draw a small map here, as text.")] = False,
    words_file: Annotated[
        str | None,
        typer.Option(
            "--words-file",
            metavar="FILE",
            show_default=False,
            help="Words to draw, one per line; - is stdin.",
        ),
    ] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option(
            "--arrow",
            Old("--pairs"),
            metavar="'A B'",
            show_default=False,
            help="An arrow from A to B; may be repeated.",
        ),
    ] = None,
    both: Annotated[bool, typer.Option("--both", help="Draw a model's input and output vectors.")] = False,
    settings: PlotSettings = PlotSettings(),
    theme: Annotated[
        Literal["auto", "light", "dark"],
        typer.Option(help="Background; auto: .html follows the reader's system, pictures are light."),
    ] = "auto",
    title: Annotated[str, typer.Option(metavar="TEXT", help="Heading of the map.")] = "Word map",
    font: Annotated[
        str | None, typer.Option(metavar="FILE", show_default=False, help="Font file for a picture.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Draw words as a map: near words are alike.

    \b
    Examples:
      nlpcli plot vectors.safetensors -o map.html --top 1000 --method tsne --color-by cluster
      nlpcli plot vectors.safetensors -o royal.png --arrow 'king queen' --arrow 'man woman'
      nlpcli plot vectors.safetensors --terminal 서울 부산 도쿄 사과 배 포도
      nlpcli plot model.safetensors -o both.svg --both king queen man woman --theme dark
    """
    if output is None and not terminal:
        raise SettingsError("where to?", hint="-o map.html (or .png, .svg, .pdf), or --terminal")
    given = given_names(context)
    if output is None:
        refuse([f"--{name}" for name in ("theme", "title", "font") if name in given], "without -o")
    elif output.endswith(".html"):
        refuse(["--font"] * (font is not None), "in a page, which has the reader's fonts")
    if words or words_file:
        refuse(given_options(given & {"top"}, PlotSettings), "beside words that are named")
    console.one_blas_thread()
    word_map = jobs.plot(
        vectors, words or [], None if output is None else console.output(output), settings,
        words_file=words_file, pairs=pairs or [], both=both, theme=theme, title=title, font=font,
        progress=console.progress(quiet),
    )  # fmt: skip
    if terminal:
        _draw_here(word_map)
    if output is not None and not quiet:
        console.remark(f"{output}: {counted(len(word_map.words), 'word')}, {word_map.note}")


_COLOURS = (34, 31, 32, 33, 36, 35, 91, 90)


def _draw_here(word_map: WordMap) -> None:
    size = console.size()
    coloured = console.is_terminal() and console.wants_colour() and len(word_map.group_names) > 1
    for runs in jobs.draw_word_map(word_map, size.columns, max(size.lines - 2, 8)):
        console.print_line(
            "".join(_painted(text, group) if coloured else text for text, group in runs).rstrip()
        )
    for number, name in enumerate(word_map.group_names if coloured else []):
        console.print_line(_painted(f"• {name}", number))


def _painted(text: str, group: int) -> str:
    return text if group < 0 else console.in_colour(text, str(_COLOURS[group % len(_COLOURS)]))
