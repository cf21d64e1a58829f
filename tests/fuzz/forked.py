"""Commands as processes that are forked from one which has loaded the libraries already: started in no time.

They are processes of their own in all that matters here: they get signals, and end by them. Only that they
load nothing is different.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from nlpcli.commands import COMMANDS

# The modules of every command, and what they load only when they work.
_PRELOADED = [
    *sorted({f"nlpcli.cli.{command.cli}" for command in COMMANDS.values()}),
    *sorted({f"nlpcli.engine.{command.engine}" for command in COMMANDS.values()}),
    *(
        "llvmlite.binding",
        "matplotlib.figure",
        "nlpcli.engine.charlm.report",
        "nlpcli.program",
        "torch._dynamo",
    ),
]


class Forked:
    """`nlpcli ARGUMENTS` in a folder, started; what it says on stderr can be read as it comes."""

    def __init__(self, folder: Path, arguments: list[str]) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_PRELOADED)
        reader, writer = context.Pipe(duplex=False)
        self._process = context.Process(target=_run, args=(str(folder), arguments, writer), daemon=True)
        self._process.start()
        writer.close()
        reader.recv_bytes()  # until then it is Python that starts, not the command
        self._said = os.fdopen(os.dup(reader.fileno()), "rb")
        reader.close()

    def said_until(self, text: str) -> str:
        """What it has said, up to the line that has the text, or all."""
        said = ""
        for line in self._said:
            said += line.decode()
            if text in said:
                break
        return said

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self._process.exitcode is None and self._process.pid is not None:
            with contextlib.suppress(ProcessLookupError):  # it has ended in between
                os.kill(self._process.pid, number)

    def ended(self, timeout: float = 120) -> tuple[int, str]:
        """Its exit code, −N for a signal, and what else it said."""
        try:
            said = self._said.read().decode()
            self._process.join(timeout)
            assert self._process.exitcode is not None, "it does not end"
            return self._process.exitcode, said
        finally:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._said.close()


def _run(folder: str, arguments: list[str], stderr: Connection) -> None:
    from nlpcli.program import run

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    stderr.send_bytes(b"begun")
    os.chdir(folder)
    os.dup2(stderr.fileno(), 2)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(0, 1)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.argv = ["nlpcli", *arguments]
    stderr.close()
    run()
