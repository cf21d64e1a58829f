"""The parts of README.md that follow from the code: the table of commands and the file map.

`python tests/readme_parts.py` writes them; `test_readme.py` checks them.
"""

import ast
import importlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
OTHERS = {
    "sample_corpora/": "small English and Korean texts written for this project",
    "tests/": "folders that mirror the packages; conftest.py is the only fixture file",
    "benchmarks/": "speed and quality beside the peers, one command each",
    "Makefile": "demo, test, test-slow, check, bench, clean",
    "constraints.txt": "every installed version, pinned",
}


def command_table() -> str:
    from nlpcli.cli import COMMANDS

    rows = ["| command | what it does |", "|---|---|"]
    for name, (module, _) in COMMANDS.items():
        function = getattr(importlib.import_module(f"nlpcli.cli.{module}"), name.replace("-", "_"))
        rows.append(f"| `{name}` | {first_line(function.__doc__)} |")
    return "\n".join(rows)


def file_map() -> str:
    lines = ["```"]
    paths = sorted(
        (ROOT / "nlpcli").rglob("*.py"), key=lambda path: (path.parent, path.name != "__init__.py", path)
    )
    for path in paths:
        lines.append(
            f"{path.relative_to(ROOT)}  {first_line(ast.get_docstring(ast.parse(path.read_text())))}"
        )
    lines += [f"{name}  {role}" for name, role in OTHERS.items()]
    width = max(len(line.split("  ")[0]) for line in lines)
    lines[1:] = [f"{name:<{width}}  {role}" for name, role in (line.split("  ", 1) for line in lines[1:])]
    return "\n".join([*lines, "```"])


def first_line(docstring: str | None) -> str:
    """The first sentence of a docstring, on one line."""
    paragraph = " ".join((docstring or "").split("\n\n")[0].split())
    return re.split(r"(?<=[.;]) ", paragraph)[0].rstrip(".;")


def with_parts(readme: str) -> str:
    """`readme` with the table and the map as the code has them now."""
    readme = re.sub(r"(?<=## Commands\n\n).+?(?=\n\n)", lambda _: command_table(), readme, flags=re.DOTALL)
    return re.sub(r"(?<=## Where things are\n\n).+", lambda _: file_map() + "\n", readme, flags=re.DOTALL)


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(with_parts(path.read_text(encoding="utf-8")), encoding="utf-8")
