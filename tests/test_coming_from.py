"""docs/COMING_FROM.md: its commands are calls that can be made, and peers.py says the same."""

import re
import shlex
from operator import itemgetter

import pytest

from nlpcli.cli.described import described
from nlpcli.cli.options import command_of
from nlpcli.peers import COMMANDS_OF_PEERS, OPTIONS_OF_PEERS, spelt_as_ours
from tests.command_line import ROOT

PAGES = ["COMING_FROM.md", "COMING_FROM.ko.md"]
_SPAN = re.compile(r"`([^`]+)`")
_LIBRARIES = ["gensim", "fastText", "GloVe", "scikit-learn", "KoNLPy", "NLTK"]


def tables(name):
    """Each table of a page: the cells of its heading, and those of its rows."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        heading, _, *rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in block.splitlines()]
        assert all(len(row) == len(heading) == 3 for row in rows), heading
        found.append((heading, rows))
    return found


def calls(name):
    """(what is written there, our command line) of the tables of calls."""
    return [(row[0], row[1]) for heading, rows in tables(name) if heading[1] == "nlpcli" for row in rows]


def options(name):
    """(commands, what an option is called there, ours) of the tables of options."""
    return [
        (_SPAN.findall(heading[1]), *_SPAN.findall(row[0]), *_SPAN.findall(row[1]))
        for heading, rows in tables(name)
        if heading[1] != "nlpcli"
        for row in rows
    ]


def test_every_command_can_be_called():
    """The command line reads it without an error, its values too; nothing is run."""
    found = [ours for _, ours in calls("COMING_FROM.md") if ours]
    assert len(found) > 70
    for span in found:
        program, command, *arguments = shlex.split(*_SPAN.findall(span))
        assert program == "nlpcli", span
        context = command_of(command).make_context(command, arguments)
        assert context.params, span


@pytest.mark.parametrize("name", PAGES)
def test_every_option_is_one_of_its_commands(name):
    found = options(name)
    assert len(found) > 70
    for commands, _, ours in found:
        for command in commands:
            names = {each for one in described(command_of(command)) for each in (*one.names, *one.negated)}
            assert ours in names, f"{command} {ours}"


def test_hints_name_the_same_options():
    """Who gives another library's name to a command is told the option that the page tells."""
    for commands, theirs, ours in options("COMING_FROM.md"):
        spelt = spelt_as_ours("--" + theirs.lstrip("-"))
        for command in commands:
            parameters = described(command_of(command))
            shown = {each: one.name for one in parameters for each in one.every_name}
            told = next((each for each in OPTIONS_OF_PEERS.get(spelt, ()) if each in shown), "")
            called = shown.get(spelt) or shown.get(told)
            assert called == shown[ours], f"{command}: {theirs} is {ours} here, {called} by the hint"


def test_hints_name_the_same_commands():
    agreeing = 0
    for theirs, ours in filter(itemgetter(1), calls("COMING_FROM.md")):
        span = "".join(_SPAN.findall(theirs)[:1])
        name = re.match(r"(?:fasttext )?(?:[\w.]*\.)?([\w-]+)", span)
        # A name alone does not tell an analogy, nor whose skip-gram or dump is meant.
        told = name and not re.search(r"negative=\[|skipgram|cbow|joblib", span)
        spelt = spelt_as_ours(name[1]) if told else ""
        for one in {spelt, spelt.replace("-", "")} & {*COMMANDS_OF_PEERS}:
            assert ours.startswith(f"`nlpcli {COMMANDS_OF_PEERS[one]} "), f"{theirs} is {ours}"
            agreeing += 1
    assert agreeing > 15


def test_both_languages_have_the_same_rows_and_all_libraries():
    english, korean = (
        [[row[:2] for row in rows if row[0].startswith("`")] for _, rows in tables(name)] for name in PAGES
    )
    assert english == korean
    for name in PAGES:
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert all(re.search(rf"^## .*{library}", text, flags=re.MULTILINE) for library in _LIBRARIES)
        for link in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (ROOT / "docs" / link).exists(), f"{name}: {link}"
