"""The part of README.md that follows from the code: the table of commands.

`python tests/readme_parts.py` writes it; `test_readme.py` checks it.
"""

import importlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def command_table() -> str:
    from nlpcli.commands import COMMANDS, Command

    rows = ["| command | what it does |", "|---|---|"]
    for name, command in COMMANDS.items():
        function = getattr(importlib.import_module(f"nlpcli.cli.{command.cli}"), Command.function(name))
        rows.append(f"| `{name}` | {first_line(function.__doc__)} |")
    return "\n".join(rows)


def first_line(docstring: str | None) -> str:
    """The first sentence of a docstring, on one line."""
    paragraph = " ".join((docstring or "").split("\n\n")[0].split())
    return re.split(r"(?<=[.;]) ", paragraph)[0].rstrip(".;")


def with_parts(readme: str) -> str:
    """`readme` with the table as the code has it now."""
    return re.sub(r"(?<=## Commands\n\n).+?(?=\n\n)", lambda _: command_table(), readme, flags=re.DOTALL)


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(with_parts(path.read_text(encoding="utf-8")), encoding="utf-8")
