"""README and guides tell the truth: every console block is run, and prints what stands there."""

import doctest
import re

import pytest

from tests.command_line import ROOT
from tests.console_pages import matches, shown_by, steps
from tests.course_blocks import with_blocks_of
from tests.readme_parts import PATH, command_tables

# README.ko.md has the blocks of README.md.
CONSOLE = ["README.md", "docs/TOUR.md", "docs/TOUR.ko.md", "docs/SHAPES.md", "docs/TEN_COMMANDS.md"]
PYTHON = ["docs/PYTHON.md", "docs/TOUR.ko.md"]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CONSOLE)
def test_console_blocks_print_what_stands_there(nlpcli, process, name, tmp_path):
    (tmp_path / "sample_corpora").symlink_to(ROOT / "sample_corpora")
    commands = steps(read(name))
    assert len(commands) >= 9
    for command, expected in commands:
        shown = shown_by(nlpcli, process, command)
        assert matches(shown, expected), f"{name}: $ {command}\n" + "\n".join(shown)


def test_both_readmes_are_short_and_have_the_same_results():
    english, korean = read("README.md"), read("README.ko.md")
    assert steps(english) == steps(korean) and with_blocks_of(korean, english) == korean
    assert english.count("\n## ") == korean.count("\n## ")
    assert english.count("\n| ") == korean.count("\n| ")
    for text in (english, korean):
        assert text.count("\n") < 200
        assert "\nmake test " in text and "\nmake demo " in text
    shown = [line for _, lines in steps(english) for line in lines]
    assert not [line for line in shown if "..." in line], "results stand there whole"
    assert english.count("```console") == 6


def test_the_shapes_have_the_same_commands_in_both_languages():
    english, korean = (read(f"docs/{name}") for name in ("SHAPES.md", "SHAPES.ko.md"))
    assert steps(english) == steps(korean)
    for command in (
        "train-rnn --cell none",
        "generate --prime",
        "train-rnn",
        "train-seq2seq",
        "train-tagger",
    ):
        assert f"`{command}" in english and f"`{command}" in korean


def test_the_ten_commands_are_the_same_in_both_languages():
    english, korean = read("docs/TEN_COMMANDS.md"), read("docs/TEN_COMMANDS.ko.md")
    assert steps(english) == steps(korean)
    assert "](TEN_COMMANDS.ko.md)" in english and "](TEN_COMMANDS.md)" in korean


@pytest.mark.parametrize("name", PYTHON)
def test_python_blocks_print_what_stands_there(name, tmp_path, monkeypatch):
    (tmp_path / "sample_corpora").symlink_to(ROOT / "sample_corpora")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(>>> .*?)^```", read(name), flags=re.DOTALL | re.MULTILINE)
    test = doctest.DocTestParser().get_doctest("".join(blocks), {}, name, name, 0)
    assert len(test.examples) > 3
    shown: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)
    assert not runner.run(test, out=shown.append).failed, "".join(shown)


def test_the_command_tables_are_those_of_the_code():
    assert PATH.read_text(encoding="utf-8") == command_tables(), "run: python tests/readme_parts.py"
