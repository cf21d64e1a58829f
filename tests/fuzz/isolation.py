"""Commands run in a child of a process that did nothing before: a crash, or an endless run, ends the child.

The process is started once and forks a child for each try. It has everything imported and no thread
running, so that a try takes as long as its commands do, and a fork does no harm.
"""

from __future__ import annotations

import contextlib
import json
import os
import pkgutil
import re
import resource
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.command_line import ROOT, within

_MEMORY = 3 << 30  # bytes a child may use beyond what is mapped already
_CPU, _WALL = 60, 300  # seconds
_IMPORTED = ("numpy", "nlpcli.cli", "nlpcli.engine.jobs")


class Isolated:
    """The process, and what it answers."""

    def __init__(self) -> None:
        self._process = self._start()

    @staticmethod
    def _start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.isolation"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )

    def run(self, commands: list[list[str]], folder: Path, needs: Sequence[str] = ()) -> list[dict[str, Any]]:
        """How each command ended: its `code` (negative: the signal), `out` and `err`.

        After a command that ended the child there are no more. `needs` are modules to import first.
        """
        if self._process.poll() is not None:  # whoever ended it: tries after this one are others
            self._process = self._start()
        assert self._process.stdin is not None and self._process.stdout is not None
        request = {"commands": commands, "folder": str(folder), "needs": [*needs]}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the process of all tries ended, with {self._process.wait()}"
        answer: list[dict[str, Any]] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def _serve() -> None:
    for name in (*_IMPORTED, *_engine()):
        import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        for name in request["needs"]:
            with contextlib.suppress(ImportError):
                import_module(name)
        answer = _attempt(request["commands"], Path(request["folder"]))
        print(json.dumps(answer), flush=True)


def _engine() -> list[str]:
    """The modules of the engine that need no numba and no torch."""
    import nlpcli.engine

    found = pkgutil.walk_packages(nlpcli.engine.__path__, "nlpcli.engine.")
    return [module.name for module in found if not re.search(r"\.(kernels|nets)\b", module.name)]


def _attempt(commands: list[list[str]], folder: Path) -> list[dict[str, Any]]:
    record = folder / ".ended"
    child = os.fork()
    if not child:
        try:
            _run_all(commands, folder, record)
        finally:
            os._exit(0)
    status = _ended(child)
    ended = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
    if status:
        ended.append({"code": -status, "out": "", "err": f"ended by signal {status}"})
    return ended


def _ended(child: int) -> int:
    """The signal by which a child ended, or 0; one that takes too long is killed."""
    end = time.monotonic() + _WALL
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return signal.SIGALRM


def _run_all(commands: list[list[str]], folder: Path, record: Path) -> None:
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + _MEMORY, mapped + _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    resource.setrlimit(resource.RLIMIT_CPU, (used + _CPU, used + _CPU))
    warnings.simplefilter("always")
    with open(record, "w") as file:
        for command in commands:
            print(json.dumps(_run(command, folder)), file=file, flush=True)


def _run(command: list[str], folder: Path) -> dict[str, Any]:
    if command[0] == "python":
        return _evaluate(command[1], folder)
    try:
        done = within(*command, cwd=folder, code=None)
    except BaseException:
        import traceback

        return {"code": 1, "out": "", "err": traceback.format_exc()}
    return {"code": done.returncode, "out": done.stdout.decode("utf-8", "replace")[:2000], "err": done.err}


def _evaluate(program: str, folder: Path) -> dict[str, Any]:
    """A program that may raise what the library promises: NlpcliError."""
    import traceback

    from nlpcli.errors import NlpcliError

    try:
        with contextlib.chdir(folder), warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(program, {})
    except NlpcliError as error:
        return {"code": error.exit_code, "out": "", "err": f"error: {error.message}"}
    except BaseException:
        return {"code": 1, "out": "", "err": traceback.format_exc()}
    return {"code": 0, "out": "", "err": ""}


if __name__ == "__main__":
    _serve()
