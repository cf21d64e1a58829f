"""The top floor: arguments in, text out. One file per family of commands.

Commands import the engine inside their functions, so that `nlpcli tokenize` starts without
numpy, torch and the rest.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from nlpcli import __version__
from nlpcli.cli import console
from nlpcli.cli import text as _text

_HELP = """Text in, tokens, vectors and models out: a toolkit for English and Korean.

\b
Examples:
  nlpcli tokenize news.txt
  cat reviews.tsv | nlpcli train-nb - --text-col text --label-col label -o nb.safetensors
  nlpcli train-w2v wiki.txt -o vectors.safetensors && nlpcli similar vectors.safetensors king
"""

app = typer.Typer(name="nlpcli", add_completion=True, help=_HELP, rich_markup_mode="rich")

app.command("tokenize")(_text.tokenize)


def _print_version(wanted: bool) -> None:
    if wanted:
        console.print_line(f"nlpcli {__version__}")
        raise typer.Exit()


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """The `nlpcli` command."""
    command = typer.main.get_command(app)

    def work() -> None:
        with command.make_context("nlpcli", sys.argv[1:] or ["--help"]) as context:
            command.invoke(context)

    console.run(work)
