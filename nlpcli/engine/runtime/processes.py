"""Analysis in processes of their own: killed when they hang, replaced when they die.

A `Worker` is a Python process that turns lines into tokens; a Java virtual machine lives in it,
so that what Java prints, leaks or crashes stays there. Lines go in and results come out over
pipes, one message per line, so that the line that hung or crashed is known. When the process
that asked dies, the pipe closes and the worker ends.

Not here: what is done with a line (`text/analyzer.py`), and order and batches (`text/streaming.py`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Callable, Sequence
from typing import IO, TYPE_CHECKING, Any

from nlpcli.errors import NlpcliError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

START_LIMIT = 180.0  # seconds until a worker must be ready: Kkma reads its dictionary for 12 s
_KILLED = "out of memory? fewer --jobs need less"
_START = "import sys; sys.path[:] = {path!r}; from nlpcli.engine.runtime.processes import serve; serve()"


class Failure(str):
    """What stands in for a line's result when the analyser failed on it: the reason."""


class WorkerDied(NlpcliError):
    """The process is gone; the message says what it said last."""


class Worker:
    """A process that calls `target(*arguments)` once and then its result on every line.

    `target` is `module:function`, which returns a function from a line to a result. The process
    starts at the first `map` and again after it was killed.
    """

    def __init__(self, target: str, arguments: Sequence[Any], time_limit: float) -> None:
        self._job = (target, tuple(arguments))
        self._time_limit = time_limit
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def map(self, lines: Sequence[str], time_limit: float | None = None) -> list[Any]:
        """The result for each line, or a `Failure` for one that crashed, hung or raised.

        `time_limit` is what each may take, if not what any may.
        Raises the NlpcliError that starting the analyser raised, and WorkerDied when the
        process cannot start or is killed from outside.
        """
        limit = time_limit or self._time_limit
        results: list[Any] = []
        while len(results) < len(lines):
            self._start()
            rest = lines[len(results) :]
            try:
                self._send(rest)
                for _ in rest:
                    results.append(self._receive(limit))
            except TimeoutError:
                self.close()
                results.append(Failure(f"no answer within {limit:g} s"))
            except (EOFError, OSError) as error:
                if self._stopped:
                    raise WorkerDied("stopped") from error
                words = self._last_words()
                killed = self._exit_code() == -9  # SIGKILL
                self.close()
                if killed:  # by someone else, most likely for want of memory: no fault of the line
                    raise WorkerDied(f"an analyser process was killed{words}", hint=_KILLED) from error
                results.append(Failure(f"the analyser crashed{words}"))
        return results

    def stop(self) -> None:
        """End the process for good, from another thread than the one that is in `map`."""
        self._stopped = True
        if (process := self._process) is not None:
            with contextlib.suppress(OSError):
                process.kill()

    def close(self) -> None:
        """End the process now."""
        if self._process is not None:
            self._process = None
            self._end()

    def _start(self) -> None:
        if self._stopped:
            raise WorkerDied("stopped")
        if self._process is not None:
            return
        if os.name == "nt":
            raise WorkerDied(
                "analysers in processes of their own need pipes that Windows has not",
                hint="use --tokenizer kiwi with --jobs 1, or the Windows Subsystem for Linux",
            )
        import tempfile
        from multiprocessing.connection import Connection

        self._remarks = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        read_in, write_in = os.pipe()
        read_out, write_out = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START.format(path=sys.path)],
            stdin=read_in,
            stdout=write_out,
            stderr=self._remarks,
        )
        os.close(read_in)
        os.close(write_out)
        self._to, self._from = Connection(write_in, readable=False), Connection(read_out, writable=False)
        # Also when this object is forgotten, or the program ends.
        self._end = weakref.finalize(self, _end, self._process, self._to, self._from, self._remarks)
        try:
            if self._stopped:
                raise EOFError
            self._send(self._job)
            answer = self._receive(START_LIMIT)
        except (EOFError, OSError, TimeoutError) as error:
            words = self._last_words()
            self.close()
            raise WorkerDied(f"an analyser process did not start{words}") from error
        except BaseException:
            self.close()
            raise
        if isinstance(answer, NlpcliError):
            self.close()
            raise answer

    def _send(self, message: Any) -> None:
        self._to.send(message)

    def _receive(self, limit: float) -> Any:
        if not self._from.poll(limit):
            raise TimeoutError
        return self._from.recv()

    def _exit_code(self) -> int | None:
        try:
            return self._process.wait(5) if self._process else None
        except subprocess.TimeoutExpired:
            return None

    def _last_words(self) -> str:
        """The last line the process wrote to stderr, as ` (line)`."""
        self._remarks.seek(0)
        lines = self._remarks.read()[-4096:].decode("utf-8", "replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return f" ({said[-1][:200]})" if said else ""


def _end(process: subprocess.Popen[bytes], *files: Connection | IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        process.kill()
    process.wait()
    for file in files:
        with contextlib.suppress(OSError):
            file.close()


# --- inside the worker ----------------------------------------------------------------------


def serve() -> None:
    """Be a worker: answer lines from the pipe that is stdin until it closes."""
    from multiprocessing.connection import Connection

    # Ctrl-C reaches the whole group; the one who asked decides and closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, sink = Connection(os.dup(0), writable=False), Connection(os.dup(1), readable=False)
    # Whatever a library prints must not get between the messages.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    with contextlib.suppress(EOFError, BrokenPipeError):
        function = _prepared(source, sink)
        while function is not None:
            for line in source.recv():
                sink.send(_result(function, line))
    os._exit(0)  # a JVM would wait for its own threads


def _prepared(source: Connection, sink: Connection) -> Callable[[str], Any] | None:
    import importlib

    target, arguments = source.recv()
    module, _, name = target.partition(":")
    try:
        function: Callable[[str], Any] = getattr(importlib.import_module(module), name)(*arguments)
    except NlpcliError as error:
        sink.send(error)
        return None
    sink.send(None)
    return function


def _result(function: Callable[[str], Any], line: str) -> Any:
    try:
        return function(line)
    except MemoryError:
        raise
    except NlpcliError as error:
        return Failure(error.message)
    except Exception as error:
        # An analyser may raise anything; the line's number is known only to the one who asked.
        return Failure(f"{type(error).__name__}: {str(error)[:200]}")
