"""What every test file shares: running the command line, within the test or as a process."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.command_line import Done, Processes, within

Run = Callable[..., Done]

# One example may be what compiles a kernel or loads a library, on a machine that does other things too.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")

os.environ.pop("PYTHONUNBUFFERED", None)  # set by many containers; it hides what stays in a buffer

# Under nohup and in a shell's background these are ignored, by children too: who sends them one would wait.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)


def pytest_collection_finish() -> None:
    """What tests call through numba is kept as commands keep it, and not compiled in every run."""
    from nlpcli.engine.runtime.compiled import numba_kernels

    prefix = "nlpcli.engine.kernels."
    for module in [name for name in sys.modules if name.startswith(prefix)]:
        numba_kernels(module.removeprefix(prefix))


@pytest.fixture
def nlpcli(tmp_path: Path) -> Run:
    """Runs `nlpcli ARGUMENTS` within this process, in `tmp_path`; checks its exit code.

    nlpcli("tokenize", "-", input="text") -> bytes in stdout and stderr, text in out and err.
    """

    def run(
        *arguments: object, input: str | bytes = b"", code: int = 0, cwd: Path = tmp_path, **environment: str
    ) -> Done:
        return within(*arguments, input=input, code=code, cwd=cwd, **environment)

    return run


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Processes]:
    """Runs commands as processes of their own, for signals, start-up and pipes only.

    process("tokenize", "-", input="text") as `nlpcli`; see also its methods.
    """
    processes = Processes(tmp_path)
    yield processes
    processes.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest first, so that no worker is left with one when the others are done."""
    first = ("test_readme.py", "test_cookbook.py", "test_analyzer.py", "test_korean.py")
    items.sort(key=lambda item: first.index(item.path.name) if item.path.name in first else len(first))
