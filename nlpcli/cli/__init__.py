"""Arguments in, text out. One file per family of commands.

Only the module of the command that is called is imported, and commands import the engine
inside their functions: `nlpcli tokenize` starts without numpy, torch and the rest.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable
from typing import Annotated, NoReturn

import typer

from nlpcli import __version__
from nlpcli.cli import console, process
from nlpcli.cli.typer_commands import HELP_ALL, INSTALL, SHOW, OurCommand, OurGroup
from nlpcli.commands import COMMANDS, Command
from nlpcli.errors import SettingsError

HELP = """Text in, tokens, vectors and models out: a toolkit for English and Korean.

\b
Examples:
  nlpcli tokenize news.txt
  cat reviews.tsv | nlpcli train-nb - --text-col text --label-col label -o nb.safetensors
  nlpcli train-w2v wiki.txt -o vectors.safetensors
  nlpcli similar vectors.safetensors king
"""


_ASKED_TO_COMPLETE = "_NLPCLI_COMPLETE"  # by a shell: the scripts set it (`shell_scripts.py`)


def build_app(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with some commands, by default all of them."""
    app = typer.Typer(
        name="nlpcli",
        help=HELP,
        add_completion=False,
        cls=OurGroup,
        rich_markup_mode=None,
        suggest_commands=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(_top)
    from nlpcli.cli.options import spread_out

    for name in names:
        module = importlib.import_module(f"nlpcli.cli.{COMMANDS[name].cli}")
        app.command(name, cls=OurCommand)(spread_out(getattr(module, Command.function(name))))
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        console.print_line(f"nlpcli {__version__}")
        raise typer.Exit()


def _top(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


def main() -> NoReturn:
    """The `nlpcli` command: does what the arguments say and ends by SystemExit."""
    arguments = sys.argv[1:]
    asking = os.environ.get(_ASKED_TO_COMPLETE)
    process.run(lambda: _answer(asking, arguments) if asking else _obey(arguments or ["--help"]))


def _answer(shell: str, words: list[str]) -> None:
    from nlpcli.cli import completion

    for line in completion.complete(shell, words):
        console.print_line(line)


def _obey(arguments: list[str]) -> None:
    if arguments[0] in (SHOW, INSTALL):
        _completion(*arguments)
        return
    if arguments[0] == "help":
        arguments = [*arguments[1:2], "--help"]
    if arguments[0] == HELP_ALL:
        arguments = ["--help"]
    if arguments in (["--help"], ["-h"]):  # as `OurGroup` would show it, had all commands been loaded
        from nlpcli.cli import help_pages

        console.print_line(help_pages.first_page(HELP, console.size().columns, console.heading).rstrip("\n"))
        return
    called = [arguments[0]] if arguments[0] in COMMANDS else COMMANDS
    command = typer.main.get_command(build_app(called))
    with command.make_context("nlpcli", arguments) as context:
        command.invoke(context)


def _completion(option: str, shell: str = "", *more: str) -> None:
    """Show the script of a shell, or install it."""
    from nlpcli.cli import shell_scripts

    if more:
        raise SettingsError(f"{option} takes the name of one shell, not {more[0]!r} too")
    shell = shell or shell_scripts.this_shell()
    if option == SHOW:
        console.print_line(shell_scripts.script(shell).rstrip("\n"))
        return
    path, start_up = shell_scripts.install(shell)
    console.print_line(f"{path}" + (f", and a line in {start_up}" if start_up else ""))
    console.remark(f"{shell} completes nlpcli from its next start on")
