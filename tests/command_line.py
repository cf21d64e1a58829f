"""The command line as tests call it: within this process, or as a process of its own.

Within is the usual way: nothing is started, and libraries are imported once. A process is for what
only a process has: signals, start-up, pipes that flow, full devices, limits.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO
from unittest import mock

ROOT = Path(__file__).parents[1]


class Done(subprocess.CompletedProcess[bytes]):
    """How a command ended and what it wrote: bytes, or as text in `out` and `err`."""

    @property
    def out(self) -> str:
        return self.stdout.decode()

    @property
    def err(self) -> str:
        return self.stderr.decode()

    def checked(self, code: int) -> Done:
        """This, when it ended with the exit code `code`."""
        assert self.returncode == code, self.err
        assert code == 0 or b"Traceback" not in self.stderr, self.err
        return self


# --- within ---------------------------------------------------------------------------------


def within(
    *arguments: object, input: str | bytes = b"", code: int | None = 0, cwd: Path, **environment: str
) -> Done:
    """What `nlpcli ARGUMENTS` writes, called in this process; checks its exit code, unless `code` is None.

    Input and outputs are the real descriptors 0, 1 and 2, so that what C libraries and worker
    processes print is seen too. What the call changes in this process is put back.
    """
    from nlpcli.cli import main

    command = ["nlpcli", *map(str, arguments)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with (
            _process_state(),
            mock.patch.object(sys, "argv", command),
            mock.patch.dict(os.environ, environment),
            contextlib.chdir(cwd),
            _standard_streams(_bytes(input), out, err),
        ):
            try:
                main()
            except SystemExit as end:
                ended = int(end.code or 0)
        done = Done(command, ended, _content(out), _content(err))
        return done if code is None else done.checked(code)


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _content(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


@contextlib.contextmanager
def _process_state() -> Iterator[None]:
    """Puts back what a command leaves behind in its process, which is why it may leave it."""
    from nlpcli.cli import bars, console, process
    from nlpcli.engine.runtime.interrupts import arrived
    from nlpcli.engine.runtime.progress import before_reading, listeners
    from nlpcli.settings.libraries import OtherVersion

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    hooks: list[tuple[list[Any], list[Any]]] = [
        (shared, list(shared)) for shared in (before_reading, listeners, arrived)
    ]
    threads = sys.modules["torch"].get_num_threads() if "torch" in sys.modules else None
    fresh: list[tuple[ModuleType, dict[str, Any]]] = [
        (console, {"_is_quiet": False}),
        (bars, {"_open_bars": [], "_data": bars._Data()}),
        (process, {"_warned": set()}),
    ]
    try:
        with contextlib.ExitStack() as stack:
            for module, state in fresh:
                stack.enter_context(mock.patch.multiple(module, **state))
            stack.enter_context(warnings.catch_warnings())
            # The command line shows its own warnings as remarks; all others stay errors here.
            warnings.simplefilter("default", OtherVersion)
            yield
    finally:
        for found, before in hooks:
            found[:] = before
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if threads is not None:
            sys.modules["torch"].set_num_threads(threads)


@contextlib.contextmanager
def _standard_streams(given: bytes, out: BinaryIO, err: BinaryIO) -> Iterator[None]:
    """`given` comes out of a pipe as stdin; what is written to stdout and stderr goes to the files."""
    kept = [os.dup(number) for number in range(3)]
    source, sink = os.pipe()
    for number, descriptor in enumerate((source, out.fileno(), err.fileno())):
        os.dup2(descriptor, number)
    os.close(source)

    def feed() -> None:
        with contextlib.suppress(BrokenPipeError), open(sink, "wb") as pipe:
            pipe.write(given)

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    try:
        # As Python itself opens them.
        with (
            open(0, encoding="utf-8", closefd=False) as stdin,
            open(1, "w", encoding="utf-8", closefd=False) as stdout,
            open(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False) as stderr,
            mock.patch.multiple(sys, stdin=stdin, stdout=stdout, stderr=stderr),
        ):
            yield
    finally:
        for number, descriptor in enumerate(kept):
            os.dup2(descriptor, number)
            os.close(descriptor)
        feeder.join()


# --- a process of its own -------------------------------------------------------------------

NLPCLI = (sys.executable, "-m", "nlpcli")


class Processes:
    """Starts `nlpcli`, Python and bash as processes of their own, in the folder `cwd`."""

    def __init__(self, cwd: Path) -> None:
        self._cwd = cwd
        self._started: list[subprocess.Popen[bytes]] = []

    def __call__(self, *arguments: object, **options: Any) -> Done:
        """What `nlpcli ARGUMENTS` writes; options as for `run`."""
        return self.run(*NLPCLI, *arguments, **options)

    def python(self, program: str, *arguments: object, **options: Any) -> Done:
        """What a Python program given as text writes; options as for `run`."""
        return self.run(sys.executable, "-c", program, *arguments, **options)

    def shell(self, command: str, **options: Any) -> Done:
        """What a line of bash writes, where `$nlpcli` is the command; options as for `run`."""
        return self.run("bash", "-c", command, nlpcli=" ".join(NLPCLI), **options)

    def run(
        self,
        *command: object,
        input: str | bytes = b"",
        code: int | None = 0,
        cwd: Path | None = None,
        timeout: float = 120,
        **environment: str,
    ) -> Done:
        """What any command writes; checks its exit code, unless `code` is None."""
        done = subprocess.run(
            list(map(str, command)),
            input=_bytes(input),
            capture_output=True,
            cwd=cwd or self._cwd,
            env=_variables(environment),
            check=False,
            timeout=timeout,
        )
        done = Done(done.args, done.returncode, done.stdout, done.stderr)
        return done if code is None else done.checked(code)

    def start(self, *arguments: object, **environment: str) -> subprocess.Popen[bytes]:
        """`nlpcli ARGUMENTS` with pipes on all three streams; killed when the test leaves it running."""
        process = subprocess.Popen(
            [*NLPCLI, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._cwd,
            env=_variables(environment),
        )
        self._started.append(process)
        return process

    def close(self) -> None:
        """End what still runs."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                with contextlib.suppress(OSError):  # stdin may hold what nobody read
                    if stream is not None:
                        stream.close()


def _variables(more: dict[str, str]) -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    variables = {**os.environ, "PYTHONPATH": path, **more}
    variables.pop("PYTHONUNBUFFERED", None)  # it would hide what is lost at exit
    variables.pop("PYTHONDONTWRITEBYTECODE", None)  # every start would compile the package again
    return variables
