"""Pages with console blocks: what stands there, what is printed now, and whether that is the same."""

import fnmatch
import os
import re
import shlex
import sys
from pathlib import Path
from unittest import mock

import pytest

from nlpcli.cli import console

_OF_A_SHELL = re.compile(r"[|<>;$`*\n]")
_DECIMAL = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


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


def shown_by(nlpcli, process, command: str) -> list[str]:
    """The lines that a command writes; one of ours runs within this process, which has its libraries."""
    if command.startswith("nlpcli ") and not _OF_A_SHELL.search(command):
        # A slow machine's lines of how far it is stand on no page.
        with mock.patch.object(console.Notes, "update", lambda *_: None):
            done = nlpcli(*shlex.split(command)[1:], code=None)
        said = done.out + done.err
    else:
        script = f"exec 2>&1\n{command}"
        said = process.run("bash", "-c", script, code=None, timeout=300, **environment()).out
    # But for what the first run of all says, once.
    return [line for line in said.splitlines() if not line.startswith("compiling for this processor")]


def runs_as_written(nlpcli, process, name: str, text: str, *, exact: bool = False) -> None:
    """Run the blocks of a page in the folder of the test; numbers that were learnt may differ a little."""
    for command, expected in steps(text):
        shown = shown_by(nlpcli, process, command)
        told = f"{name}: $ {command}\n" + "\n".join(shown)
        if exact:
            assert shown == expected, told
        else:
            assert len(shown) == len(expected) and all(map(is_close, shown, expected)), told


def environment() -> dict[str, str]:
    """What a shell must know to find nlpcli, and to read Korean."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "LC_ALL": "C.UTF-8"}


def is_close(shown: str, expected: str) -> bool:
    """Whether two lines are alike but for the last digits of what was learnt elsewhere."""
    if _DECIMAL.sub("0", shown) != _DECIMAL.sub("0", expected):
        return False
    pairs = zip(_DECIMAL.findall(shown), _DECIMAL.findall(expected), strict=True)
    return all(float(one) == pytest.approx(float(other), rel=0.02, abs=0.005) for one, other in pairs)


def matches(shown: list[str], expected: list[str]) -> bool:
    """Line by line; `...` alone stands for any lines, inside a line for any text."""
    if not expected:
        return not shown
    if expected[0] == "...":
        return any(matches(shown[skip:], expected[1:]) for skip in range(len(shown) + 1))
    return bool(shown) and _is_like(shown[0], expected[0]) and matches(shown[1:], expected[1:])


def _is_like(shown: str, expected: str) -> bool:
    if "..." not in expected:
        return is_close(shown, expected)
    pattern = expected.replace("[", "[[]").replace("?", "[?]").replace("*", "[*]").replace("...", "*")
    return fnmatch.fnmatchcase(shown, pattern)
