"""Examples of help pages, man pages and the site are calls that the command line takes."""

import dataclasses
import inspect
import re
import shlex
import typing
from importlib import import_module

import pytest

from nlpcli.cli.options import command_of, given_names
from nlpcli.commands import COMMANDS, Command
from nlpcli.settings.fields import Settings, refuse_idle
from tests.console_pages import environment
from tests.site_pages.commands import examples

_ENDS = {"|", "||", "&&", ";", "&", "(", ")"}


def calls(line):
    """The calls of nlpcli in a line of shell, as lists of words: [command, argument, …]."""
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    found, call, skipped = [], [], False
    for word in [*words, ";"]:
        if word in _ENDS:
            found += [call[1:]] if call[:1] == ["nlpcli"] else []
            call = []
        elif set(word) <= set("<>&"):
            skipped = True  # and the file that is read or written
        elif skipped:
            skipped = False
        elif call or "=" not in word:
            call.append(word)
    return found


def settings_of(name, values):
    """The settings of a call, checked as they are before a command begins; files are not read."""
    module = import_module(f"nlpcli.cli.{COMMANDS[name].cli}")
    function = inspect.unwrap(getattr(module, Command.function(name)))
    for kind in typing.get_type_hints(function, include_extras=True).values():
        if isinstance(kind, type) and issubclass(kind, Settings):
            read = [one.name for one in dataclasses.fields(kind) if not one.metadata["reads"]]
            yield kind(**{field: values[field] for field in read})


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_are_taken(name):
    tried = [call for line in examples(name) for call in calls(line)]
    assert any(command == name for command, *_ in tried)
    for command, *arguments in tried:
        context = command_of(command).make_context(command, [*arguments])
        given = given_names(context)
        for settings in settings_of(command, context.params):
            refuse_idle(settings, given)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("--dimm 9", "No such option"),
        ("--dim 0", "not in the range"),
        ("--loss neg", "is not one of"),
        ("--negative 5 --loss hs", "does nothing without"),
    ],
)
def test_a_wrong_example_is_told(wrong, said):
    ((command, *arguments),) = calls(f"zcat wiki.gz | nlpcli train-w2v {wrong} -o w.txt > log")
    assert arguments[-2:] == ["-o", "w.txt"]
    with pytest.raises(Exception, match=said):
        context = command_of(command).make_context(command, arguments)
        for settings in settings_of(command, context.params):
            refuse_idle(settings, given_names(context))


# --- executed -------------------------------------------------------------------------------

# An example of these commands that reads nothing but texts is run on texts of its own.
READ_TEXTS = {
    "tokenize", "normalize", "count", "vectorize", "keywords", "split", "dedup", "language", "report",
    "summarize", "cluster", "cooccur", "gradients", "train-w2v", "tag",
}  # fmt: skip
_LINES = ["The king eats an apple in the garden.", "여왕은 아침에 사과를 먹었다. 😀", "See http://x.y/z!!!!"]
_FILE = re.compile(r"[\w/*-]+\.([\w.]+)")
_WRITTEN = re.compile(r"(-o|>|--chart|--cloud|--page|--save-model) \S+")
# What takes other files, other programs, extras, or long.
_ELSEWHERE = re.compile(r"jq|tail |zcat|mecab|png|--(reference|vectors|model|phrases)\b|hdbscan|reports?/")


def can_run(line):
    """Whether a line needs nothing but texts that anybody has."""
    read = re.sub(r"'[^']*'", "", _WRITTEN.sub("", line))
    return (
        all(command in READ_TEXTS for command, *_ in calls(line))
        and not _ELSEWHERE.search(line)
        and {*_FILE.findall(read)} <= {"txt"}
    )


RUN = [line for name in COMMANDS for line in examples(name) if can_run(line)]


@pytest.mark.parametrize("line", RUN)
def test_examples_that_can_run_do(nlpcli, process, tmp_path, line):
    for name in re.findall(r"[\w/*-]+\.txt", line):
        path = tmp_path / name.replace("*", "one")
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(_LINES[:2] if "two" in name else _LINES * 12) + "\n")
    if line.startswith("nlpcli ") and not re.search(r"[|<>*$]", line):
        done = nlpcli(*shlex.split(line)[1:])
    else:
        done = process.run("bash", "-c", f"set -o pipefail\n{line}", timeout=120, **environment())
    assert "error" not in done.err


def test_enough_examples_are_run():
    assert len(RUN) >= 25 and "nlpcli gradients --toy --w-hh 3 --w-xh 2 --b 1 --steps 3" in RUN
