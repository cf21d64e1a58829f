"""Arguments in, text out. One file per family of commands.

Only the module of the command that is called is imported, and commands import the engine
inside their functions: `nlpcli tokenize` starts without numpy, torch and the rest.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from typing import Annotated, NoReturn

import typer

from nlpcli import __version__
from nlpcli.cli import console, process
from nlpcli.commands import COMMANDS, Command

_HELP = """Text in, tokens, vectors and models out: a toolkit for English and Korean.

\b
Examples:
  nlpcli tokenize news.txt
  cat reviews.tsv | nlpcli train-nb - --text-col text --label-col label -o nb.safetensors
  nlpcli train-w2v wiki.txt -o vectors.safetensors
  nlpcli similar vectors.safetensors king
"""


def build_app(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with some commands, by default all of them."""
    names_of_help = {"help_option_names": ["--help", "-h"]}
    app = typer.Typer(name="nlpcli", help=_HELP, rich_markup_mode="rich", context_settings=names_of_help)
    app.callback()(_top)
    for name in names:
        module = importlib.import_module(f"nlpcli.cli.{COMMANDS[name].cli}")
        app.command(name, rich_help_panel=COMMANDS[name].heading)(getattr(module, Command.function(name)))
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        console.print_line(f"nlpcli {__version__}")
        raise typer.Exit()


def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> NoReturn:
    """The `nlpcli` command: does what the arguments say and ends by SystemExit."""
    arguments = sys.argv[1:] or ["--help"]
    called = [arguments[0]] if arguments[0] in COMMANDS else COMMANDS

    def work() -> None:
        command = typer.main.get_command(build_app(called))
        with command.make_context("nlpcli", arguments) as context:
            command.invoke(context)

    process.run(work)
