"""Pictures of word vectors: `plot`."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Quiet, with_settings
from nlpcli.cli.vectors import VectorsFile, load_vectors
from nlpcli.errors import InputError, OutputError, SettingsError
from nlpcli.settings.plots import PlotSettings

if TYPE_CHECKING:
    from nlpcli.engine.plots.word_map import WordMap


@with_settings
def plot(
    vectors: VectorsFile,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD]...", help="Words to draw.", show_default=False)
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o", "--output", metavar="FILE", show_default=False, help="Map to write: .html, .png or .svg."
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
            "--pairs", metavar="'A B'", show_default=False, help="An arrow from A to B; may be repeated."
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
        str | None, typer.Option(metavar="FILE", show_default=False, help="Font file for .png and .svg.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Draw words as a map: near words are alike.

    \b
    Examples:
      nlpcli plot vectors.safetensors -o map.html --top 1000 --method tsne --color-by cluster
      nlpcli plot vectors.safetensors -o royal.png --pairs 'king queen' --pairs 'man woman'
      nlpcli plot vectors.safetensors --terminal 서울 부산 도쿄 사과 배 포도
      nlpcli plot model.safetensors -o both.svg --both king queen man woman --theme dark
    """
    kind = _kind(output, terminal)
    loaded, other = load_vectors(vectors), None
    from nlpcli.engine.io.atomic import check_writable
    from nlpcli.engine.plots.word_map import make_map
    from nlpcli.engine.vectors.word_vectors import Vectors

    if output is not None and output != "-":
        check_writable(output)
    if both:
        loaded, other = Vectors.load_sides(vectors)
    named = [*(words or []), *(_listed(words_file) if words_file else [])]
    word_map = make_map(loaded, named, pairs or [], settings, output=other, title=title)
    if terminal:
        _draw_here(word_map)
    if output is None:
        return
    content = _content(word_map, kind, theme, font)
    with console.open_output(output) as file:
        file.write(content)
    if not quiet:
        console.remark(f"{output}: {len(word_map.words):,} words, {word_map.note}")


def _kind(output: str | None, terminal: bool) -> str:
    if output is None and not terminal:
        raise SettingsError("where to?", hint="-o map.html (or .png, .svg), or --terminal")
    kind = os.path.splitext(output or "")[1].lower().removeprefix(".") if output != "-" else "html"  # noqa: PTH122
    if output is not None and kind not in ("html", "png", "svg"):
        raise OutputError(f"{output}: maps are .html, .png or .svg")
    return kind


def _listed(path: str) -> list[str]:
    from nlpcli.engine.io.lines import Lines

    words = [line.strip() for line in Lines([path]) if line.strip()]
    if not words:
        raise InputError(f"{path}: no words in it")
    return words


def _content(
    word_map: WordMap, kind: str, theme: Literal["auto", "light", "dark"], font: str | None
) -> bytes:
    if kind == "html":
        from nlpcli.engine.plots.word_map_page import page

        return page(word_map, theme)
    from nlpcli.engine.plots.word_map_image import picture

    content, unseen = picture(
        word_map, "png" if kind == "png" else "svg", theme="dark" if theme == "dark" else "light", font=font
    )
    if unseen:
        console.remark(f"no installed font shows {unseen[:40]}")
    return content


def _draw_here(word_map: WordMap) -> None:
    from nlpcli.engine.plots.word_map_text import draw

    size = shutil.get_terminal_size((80, 24))
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ and len(word_map.group_names) > 1
    for runs in draw(word_map, size.columns, max(size.lines - 2, 8)):
        console.print_line(
            "".join(_painted(text, group) if coloured else text for text, group in runs).rstrip()
        )
    for number, name in enumerate(word_map.group_names if coloured else []):
        console.print_line(_painted(f"• {name}", number))


def _painted(text: str, group: int) -> str:
    return text if group < 0 else f"\033[{(34, 31, 32, 33, 36, 35, 91, 90)[group % 8]}m{text}\033[0m"
