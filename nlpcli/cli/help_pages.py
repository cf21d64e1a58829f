"""Help pages: what `--help` and `--help-all` print, and what the manual pages are made of.

A page has the width of the terminal, 80 columns where there is none; no word is broken, and an example that
is too long for a line goes on after a backslash, so that it can be copied as it stands. A page that
would be longer than a hundred lines leaves the options that few people touch to `--help-all`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from nlpcli.cli.described import Described, described, first_sentence
from nlpcli.commands import COMMANDS

Style = Callable[[str], str]
MOST_LINES = 100
_COLUMN = 26  # where an option's description begins
_WIDEST = 100


def page(command: Any, path: str, width: int, heading: Style = str, *, full: bool = False) -> str:
    """The help page of a command; `heading` is how headings look."""
    width = min(width, _WIDEST)
    parameters = described(command)
    whole = _page(command, path, parameters, width, heading)
    if full or whole.count("\n") < MOST_LINES:
        return whole
    shown = [one for one in parameters if not one.rare]
    left = len(parameters) - len(shown)
    last = f"\nand {left} more options, less often needed: {path} --help-all\n" if left else ""
    return _page(command, path, shown, width, heading) + last


def _page(command: Any, path: str, parameters: Sequence[Described], width: int, heading: Style) -> str:
    parts = [heading("Usage:") + f" {usage(command, path)}", *_text(command.help or "", width)]
    for panel, members in panels(parameters):
        lines = [heading(f"{panel}:")]
        for one in members:
            lines += _entry(one, width)
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def usage(command: Any, path: str) -> str:
    """How the command is called, in one line."""
    arguments = [one.metavar for one in described(command) if one.is_argument]
    return " ".join([path, "[OPTIONS]", *arguments])


def panels(parameters: Sequence[Described]) -> list[tuple[str, list[Described]]]:
    """The parameters under their headings: arguments, plain options, then by subject."""
    order = dict.fromkeys(["Arguments", "Options", *(one.panel for one in parameters)])
    grouped = [(str(panel), [one for one in parameters if one.panel == panel]) for panel in order]
    return [(panel, members) for panel, members in grouped if members]


# --- one option -----------------------------------------------------------------------------


def names(one: Described) -> str:
    """An option's names and what follows them, `-o, --output FILE`; an argument's place."""
    if one.is_argument:
        return one.name
    shown = list(one.names)
    for name in one.negated:
        plain = f"--{name.removeprefix('--no-')}"
        if name.startswith("--no-") and plain in shown:
            shown[shown.index(plain)] = f"--[no-]{plain[2:]}"
        else:
            shown.append(name)
    return ", ".join(shown) + (f" {_metavar(one)}" if one.metavar else "")


def _metavar(one: Described) -> str:
    choices = "|".join(one.choices)
    return choices if one.metavar == "NAME" and choices and len(choices) <= 18 else one.metavar


def description(one: Described) -> str:
    """What an option does, what it may be, and what it is if not given."""
    text = one.help
    listed = ", ".join(one.choices)
    if one.choices and one.metavar == "NAME" and _metavar(one) == "NAME" and not _tells(text, one.choices):
        text += f" One of {listed}."
    if one.required:
        return f"{text} (required)"
    return f"{text} [{one.default}]" if one.default else text


def _tells(text: str, choices: Sequence[str]) -> bool:
    """Whether a text names the choices itself, or points to where they are told."""
    return "--help" in text or sum(choice in text for choice in choices) >= len(choices) - 1


def _entry(one: Described, width: int) -> list[str]:
    head, lines = f"  {names(one)}", _wrapped(description(one), width - _COLUMN)
    if cells(head) > _COLUMN - 2:
        return [head, *(" " * _COLUMN + line for line in lines)]
    first, *rest = lines or [""]
    return [
        head + " " * (_COLUMN - cells(head)) + first if first else head,
        *(" " * _COLUMN + line for line in rest),
    ]


# --- text -----------------------------------------------------------------------------------


def cells(text: str) -> int:
    """The columns that a text takes on a terminal.

    >>> cells("ab"), cells("한글")
    (2, 4)
    """
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of whole words."""
    lines: list[str] = []
    for word in text.split():
        if lines and cells(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def paragraphs(text: str) -> Iterator[tuple[bool, str]]:
    """The paragraphs of a docstring, and whether the lines of each stand as they are."""
    for paragraph in filter(None, (part.strip("\n") for part in text.split("\n\n"))):
        if paragraph.startswith("\b\n"):
            yield True, paragraph.removeprefix("\b\n")
        else:
            yield False, " ".join(paragraph.split())


def _text(text: str, width: int) -> Iterator[str]:
    for as_it_is, paragraph in paragraphs(text):
        if as_it_is:
            yield "\n".join(line for each in paragraph.split("\n") for line in _as_it_is(each, width))
        else:
            yield "\n".join(_wrapped(paragraph, width))


def _as_it_is(line: str, width: int) -> list[str]:
    """A line of an example or a list; an example that is too long goes on after a backslash."""
    if cells(line) <= width:
        return [line]
    if "nlpcli" in line:
        return pasteable(line, width)
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    first, *rest = _wrapped(line, width - len(indent))
    return [indent[2:] + first, *(indent + one for one in rest)]


def pasteable(line: str, width: int) -> list[str]:
    """A command over several lines, cut between its words: before an option or after a bar if it can be.

    >>> pasteable("  nlpcli tokenize 'a  file' --tokenizer kiwi | sort", 30)
    ["  nlpcli tokenize 'a  file' \\\\", '      --tokenizer kiwi | sort']
    """
    indent = line[: len(line) - len(line.lstrip())]
    lines: list[str] = []
    rest = _shell_words(line.strip())
    while rest:
        start = indent if not lines else f"{indent}    "
        taken = _fitting(rest, width - len(start))
        text = start + " ".join(rest[:taken])
        rest = rest[taken:]
        lines.append(f"{text} \\" if rest else text)
    return lines


def _fitting(words: Sequence[str], width: int) -> int:
    """How many words go on a line: all, or up to the last good place that leaves room for a backslash."""
    if cells(" ".join(words)) <= width:
        return len(words)
    most = 1
    while most < len(words) and cells(" ".join(words[: most + 1])) <= width - 2:
        most += 1
    good = [
        place for place in range(2, most + 1) if words[place].startswith("--") or words[place - 1] in "|&&"
    ]
    return good[-1] if good else most


def _shell_words(line: str) -> list[str]:
    """The words of a line of shell as they are written, quotes and all."""
    return re.findall(r"(?:'[^']*'|\"[^\"]*\"|[^\s'\"])+", line)


# --- the first page -------------------------------------------------------------------------


def first_page(text: str, width: int, heading: Style = str) -> str:
    """What `nlpcli --help` prints: all commands by subject."""
    width = min(width, _WIDEST)
    parts = [heading("Usage:") + " nlpcli COMMAND [OPTIONS] [FILE]...", *_text(text, width)]
    subjects = dict.fromkeys(command.heading for command in COMMANDS.values())
    for subject in subjects:
        members = [name for name, command in COMMANDS.items() if command.heading == subject]
        parts.append(
            "\n".join(
                [heading(f"{subject}:"), *_rows(((name, first_sentence(name)) for name in members), width)]
            )
        )
    options = (
        ("help COMMAND", "Explain a command; so does nlpcli COMMAND --help."),
        ("-V, --version", "Print the version."),
        ("--install-completion [SHELL]", "Have bash, zsh or fish complete commands, options and files."),
        ("--show-completion [SHELL]", "Print the script that does."),
    )
    parts.append("\n".join([heading("Help:"), *_rows(options, width)]))
    return "\n\n".join(parts) + "\n"


def _rows(rows: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    for name, text in rows:
        one = f"  {name}"
        lines = _wrapped(text, width - 22)
        if len(one) > 20:
            yield one
            one = ""
        yield one + " " * (22 - len(one)) + lines[0]
        yield from (" " * 22 + line for line in lines[1:])
