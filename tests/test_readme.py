"""The README tells the truth: every console block is run, and prints what stands there."""

import doctest
import fnmatch
import os
import re
import sys
from pathlib import Path

import pytest

from tests.readme_parts import with_parts

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FILES = [name for name in ("README.md", "README.ko.md") if (ROOT / name).exists()]


def steps(text: str) -> list[tuple[str, list[str]]]:
    """(command, expected output lines) of all ```console blocks; `> ` continues a command."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```console\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.startswith("> "):
                found[-1] = (found[-1][0] + "\n" + line[2:], [])
            else:
                found[-1][1].append(line)
    return found


def matches(shown: list[str], expected: list[str]) -> bool:
    """Line by line; `...` alone stands for any lines, inside a line for any text."""
    if not expected:
        return not shown
    if expected[0] == "...":
        return any(matches(shown[skip:], expected[1:]) for skip in range(len(shown) + 1))
    pattern = expected[0].replace("[", "[[]").replace("?", "[?]").replace("*", "[*]").replace("...", "*")
    return bool(shown) and fnmatch.fnmatchcase(shown[0], pattern) and matches(shown[1:], expected[1:])


def run(process, command: str) -> list[str]:
    """The lines that a command of the shell writes, to stdout or stderr."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "LC_ALL": "C.UTF-8"}
    done = process.run("bash", "-c", f"exec 2>&1\n{command}", code=None, timeout=300, **environment)
    # But for what the first run of all says, once.
    return [line for line in done.out.splitlines() if not line.startswith("compiling for this processor")]


@pytest.mark.parametrize("name", [*FILES, "docs/SHAPES.md", "docs/TOUR.md"])
def test_console_blocks_print_what_stands_there(process, name, tmp_path):
    (tmp_path / "sample_corpora").symlink_to(ROOT / "sample_corpora")
    commands = steps((ROOT / name).read_text(encoding="utf-8"))
    assert len(commands) >= 9
    for command, expected in commands:
        shown = run(process, command)
        assert matches(shown, expected), f"{name}: $ {command}\n" + "\n".join(shown)


def test_the_shapes_have_the_same_commands_in_both_languages():
    english, korean = (
        (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("SHAPES.md", "SHAPES.ko.md")
    )
    assert steps(english) == steps(korean)
    for command in (
        "train-rnn --cell none",
        "generate --prime",
        "train-rnn",
        "train-seq2seq",
        "train-tagger",
    ):
        assert f"`{command}" in english and f"`{command}" in korean


def test_the_tour_has_the_same_commands_in_both_languages():
    english, korean = (
        (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("TOUR.md", "TOUR.ko.md")
    )
    assert steps(english) == steps(korean)
    assert "](TOUR.ko.md)" in english and "](TOUR.md)" in korean


@pytest.mark.parametrize("name", FILES)
def test_python_blocks_print_what_stands_there(name, tmp_path, monkeypatch):
    (tmp_path / "sample_corpora").symlink_to(ROOT / "sample_corpora")
    monkeypatch.chdir(tmp_path)
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(>>> .*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    test = doctest.DocTestParser().get_doctest("".join(blocks), {}, name, name, 0)
    assert len(test.examples) > 3
    shown: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)
    assert not runner.run(test, out=shown.append).failed, "".join(shown)


def test_the_command_table_is_that_of_the_code():
    assert with_parts(README) == README, "run: python tests/readme_parts.py"
