"""Manual pages: what `man nlpcli-train-nb` shows, made of what `--help-all` shows.

`setup.py` writes them when the package is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlpcli import __version__
from nlpcli.cli.described import Described, described, first_sentence
from nlpcli.cli.help_pages import description, names, panels, paragraphs, usage
from nlpcli.cli.options import command_of
from nlpcli.commands import COMMANDS

_STATUS = (
    ("0", "All went well."),
    ("1", "Something is to be mended; the message says what."),
    ("2", "The call is wrong."),
    ("130", "Ctrl-C."),
    ("141", "The reader of the pipe left."),
)


def manual_pages() -> dict[str, str]:
    """The pages of section 1, by the names of their files."""
    return {"nlpcli.1": _first_page(), **{f"nlpcli-{name}.1": _page(name) for name in COMMANDS}}


def _page(name: str) -> str:
    command = command_of(name)
    lines = [
        *_head(f"nlpcli-{name}", first_sentence(name)),
        ".SH SYNOPSIS",
        f".B {_roff(usage(command, f'nlpcli {name}'))}",
        *_described_by(command.help or ""),
    ]
    for panel, members in panels(described(command)):
        lines.append(f'.SH "{_roff(panel.upper())}"')
        for one in members:
            lines += _entry(one)
    return "\n".join([*lines, *_foot(["nlpcli"])]) + "\n"


def _first_page() -> str:
    from nlpcli.cli import HELP

    lines = [
        *_head("nlpcli", "text in, tokens, vectors and models out"),
        ".SH SYNOPSIS",
        f".B {_roff('nlpcli COMMAND [OPTIONS] [FILE]...')}",
        *_described_by(HELP),
        ".SH COMMANDS",
    ]
    for name in COMMANDS:
        lines += [".TP", rf"\fB{_roff(name)}\fR", _roff(first_sentence(name)) + "."]
    return "\n".join([*lines, *_foot([f"nlpcli-{name}" for name in COMMANDS])]) + "\n"


def _head(title: str, purpose: str) -> list[str]:
    return [
        f'.TH "{title.upper()}" 1 "" "nlpcli {__version__}" "nlpcli"',
        ".SH NAME",
        rf"{_roff(title)} \- {_roff(purpose[:1].lower() + purpose[1:])}",
    ]


def _described_by(text: str) -> Iterator[str]:
    yield ".SH DESCRIPTION"
    for as_it_is, paragraph in paragraphs(text):
        if not as_it_is:
            yield from (".PP", _roff(paragraph))
            continue
        title, _, rest = paragraph.partition("\n")
        yield f'.SH "{_roff(title.rstrip(":").upper())}"'
        yield from (".nf", *map(_roff, rest.split("\n")), ".fi")


def _entry(one: Described) -> list[str]:
    return [".TP", rf"\fB{_roff(names(one))}\fR", _roff(description(one))]


def _foot(others: list[str]) -> Iterator[str]:
    yield '.SH "EXIT STATUS"'
    for code, meaning in _STATUS:
        yield from (".TP", rf"\fB{code}\fR", _roff(meaning))
    yield '.SH "SEE ALSO"'
    yield ",\n".join(rf"\fB{_roff(name)}\fR(1)" for name in others)


def _roff(text: str) -> str:
    """Text in the language of troff: nothing in it is a request or an escape.

    >>> _roff(".SH --lr 'x' \\\\n")
    '\\\\&.SH \\\\-\\\\-lr \\\\(aqx\\\\(aq \\\\en'
    """
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace('"', "\\(dq")
    return re.sub(r"^(?=\.)", r"\\&", text)
