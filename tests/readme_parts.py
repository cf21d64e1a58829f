"""The table of commands, which follows from the code: docs/commands/README.md.

`python tests/readme_parts.py` writes it; `test_readme.py` checks it. In the site each command has a page
of its own beside this one (`site_pages/commands.py`).
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATH = ROOT / "docs" / "commands" / "README.md"
HEAD = """# Commands

Every command explains itself with examples: `nlpcli COMMAND --help`. `nlpcli --install-completion` has bash,
zsh or fish complete commands, options, values and files. Options mean the same everywhere
([all of them](../OPTIONS.md)): `-n` how many, `-o` where to, `-q` quietly, `--json` and `--jsonl` with the
headings as keys ([the columns](../RESULTS.md)).
"""


def command_tables() -> str:
    """The whole page: a table for each heading of `nlpcli --help`."""
    from nlpcli.cli.described import first_sentence
    from nlpcli.commands import COMMANDS

    parts = [HEAD]
    for heading in dict.fromkeys(command.heading for command in COMMANDS.values()):
        parts.append(f"\n## {heading}\n\n| command | what it does |\n|---|---|\n")
        parts += [
            f"| `{name}` | {first_sentence(name).replace('<', '&lt;')} |\n"
            for name, command in COMMANDS.items()
            if command.heading == heading
        ]
    return "".join(parts)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    PATH.write_text(command_tables(), encoding="utf-8")
