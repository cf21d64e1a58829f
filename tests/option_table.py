"""The table of all options of all commands: what each is called, takes and means.

`python -m tests.option_table` writes docs/OPTIONS.md; `test_option_table.py` checks it.
"""

from pathlib import Path

PATH = Path(__file__).parents[1] / "docs" / "OPTIONS.md"
HEAD = """# Options

Every option of every command, so that one name keeps one meaning: who adds an option looks here first, and
`python -m tests.option_table` writes this page anew. Former names, in brackets, still work and are not shown
in help.

| option | takes | commands | meaning |
|---|---|---|---|
"""


def rows():
    """(names, what it takes, commands, meaning) of every option, alike ones in one row."""
    from nlpcli.cli.described import described
    from nlpcli.cli.options import command_of
    from nlpcli.commands import COMMANDS

    found = {}
    for command in COMMANDS:
        for one in described(command_of(command)):
            if not one.is_argument:
                former = f" ({', '.join(one.old)})" if one.old else ""
                names = ", ".join(sorted((*one.names, *one.negated), key=lambda name: name.lstrip("-")))
                found.setdefault((one.name, names + former, taken(one), one.help), []).append(command)
    return sorted((names, takes, commands, text) for (_, names, takes, text), commands in found.items())


def taken(one):
    """What follows an option: nothing, a number, a file, one of some words."""
    if not one.metavar:
        return ""
    if one.choices and "FILE" not in one.metavar and "…" not in one.metavar and len(one.choices) <= 8:
        return " or ".join(one.choices)
    return one.metavar


def table():
    """The whole page."""
    from nlpcli.commands import COMMANDS

    lines = []
    for names, takes, commands, text in rows():
        shown = ", ".join(commands) if len(commands) < 9 else f"{len(commands)} of {len(COMMANDS)}"
        cells = (f"`{names}`", takes, shown, text)
        lines.append(
            "| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in cells) + " |"
        )
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PATH.write_text(table(), encoding="utf-8")
