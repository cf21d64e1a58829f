"""Commands as typer knows them, with help pages of our own."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from nlpcli.cli import console

HELP_ALL = "--help-all"
INSTALL, SHOW = "--install-completion", "--show-completion"


class OurCommand(TyperCommand):
    """A command that explains itself by `help_pages`."""

    def get_help(self, ctx: Any) -> str:
        """The page that --help prints."""
        from nlpcli.cli.help_pages import page

        return page(self, ctx.command_path, console.size().columns, console.heading).rstrip("\n")

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; --help-all prints the whole page and ends."""
        words = args[: args.index("--")] if "--" in args else args
        if HELP_ALL in words:
            from nlpcli.cli.help_pages import page

            console.print_line(
                page(self, ctx.command_path, console.size().columns, console.heading, full=True)[:-1]
            )
            raise typer.Exit()
        self._refuse_long_names_with_one_dash(ctx, words)
        return super().parse_args(ctx, args)

    def _refuse_long_names_with_one_dash(self, ctx: Any, words: list[str]) -> None:
        """`-output m.bin` would be `-o utput`, and the rest an input."""
        single = [word for word in words if word[:1] == "-" and word[1:2] != "-"]
        if not single:
            return
        from nlpcli.cli.described import described

        known = {name for one in described(self) for name in one.every_name if len(name) > 4}
        for word in single:
            if f"-{word.partition('=')[0]}" in known:
                ctx.fail(f"options of several letters begin with two dashes: -{word}, not {word}")


class OurGroup(TyperGroup):
    """All the commands, explained by `help_pages`."""

    def get_help(self, ctx: Any) -> str:  # noqa: ARG002
        """The page that `nlpcli --help` prints."""
        from nlpcli.cli.help_pages import first_page

        return first_page(self.help or "", console.size().columns, console.heading).rstrip("\n")
