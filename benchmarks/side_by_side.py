"""Whole commands measured side by side: wall time, processor time, peak memory.

Shared by the benchmark scripts. Data is looked for under $NLPCLI_DATA (a folder with the files
that benchmarks/README.md names), peers in the Python environment $NLPCLI_PEERS (`.venv-peers`,
which `make bench` makes). A peer that is not there is skipped with a message.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
NLPCLI = [str(Path(sys.executable).parent / "nlpcli")]
PEERS = Path(os.environ.get("NLPCLI_PEERS", ROOT / ".venv-peers")) / "bin" / "python"


@dataclass(frozen=True)
class Measured:
    """What a command took: seconds of wall time, seconds of processor time, MB at its peak.

    own: MB at its peak without mapped files, which go when memory is needed; known only with limits
    """

    wall: float
    cpu: float
    peak: float
    stdout: str
    own: float = 0.0


@dataclass(frozen=True)
class Limits:
    """What a command may have: MB of memory of its own, with its processes, and seconds of wall time."""

    own: float
    seconds: float


class LimitExceeded(Exception):
    """A command was stopped; says by which limit."""


def data(name: str) -> Path:
    """A file of the evaluation data. Ends the script where it is missing."""
    folder = os.environ.get("NLPCLI_DATA")
    if not folder or not (Path(folder) / name).exists():
        sys.exit(
            f"{name} is not at hand: set NLPCLI_DATA to the folder that holds it (see benchmarks/README.md)"
        )
    return Path(folder) / name


def measure(
    command: Sequence[object], *, repeat: int = 1, limits: Limits | None = None, **options: object
) -> Measured:
    """Run a command, the best of `repeat` times.

    Raises CalledProcessError when it fails, LimitExceeded when it was stopped because of `limits`.
    """
    best: Measured | None = None
    for _ in range(repeat):
        read, write = os.pipe()
        started = time.perf_counter()
        process = os.fork()
        if not process:  # a process between, so that the usage read is this command's alone
            os.close(read)
            with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, **options) as run:
                watch = _Watch(run.pid, limits)
                stdout, _ = run.communicate()
            watch.end()
            wall = time.perf_counter() - started
            usage = resource.getrusage(resource.RUSAGE_CHILDREN)
            with os.fdopen(write, "wb") as pipe:
                cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
                head = f"{run.returncode} {wall} {cpu} {peak} {watch.own} {watch.reason}\n"
                pipe.write(head.encode() + stdout)
            os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            head, _, stdout = pipe.read().partition(b"\n")
        os.waitpid(process, 0)
        code, wall, cpu, peak, own, reason = head.split(b" ", 5)
        if reason:
            raise LimitExceeded(reason.decode())
        if int(code):
            raise subprocess.CalledProcessError(int(code), [str(part) for part in command])
        found = Measured(float(wall), float(cpu), float(peak), stdout.decode(), float(own))
        if best is None or found.wall < best.wall:
            best = found
    assert best is not None
    return best


class _Watch:
    """Looks at a process and those it started ten times a second, and ends them beyond the limits."""

    def __init__(self, process: int, limits: Limits | None) -> None:
        self.own, self.reason = 0.0, ""
        self._process, self._limits, self._over = process, limits, threading.Event()
        self._thread = threading.Thread(target=self._run)
        if limits:
            self._thread.start()

    def end(self) -> None:
        """The process has ended."""
        self._over.set()
        if self._limits:
            self._thread.join()

    def _run(self) -> None:
        started, parent = time.perf_counter(), os.getppid()
        while self._limits and not self._over.wait(0.1):
            own = {process: _own_memory(process) for process in _with_children(self._process)}
            self.own = max(self.own, sum(own.values()))
            if self.own > self._limits.own:
                self.reason = f"more than {self._limits.own:,.0f} MB of its own"
            elif time.perf_counter() - started > self._limits.seconds:
                self.reason = f"more than {self._limits.seconds / 60:.0f} minutes"
            elif os.getppid() != parent:
                self.reason = "nobody waits for it"
            if self.reason:
                for process in own:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
                return


def _with_children(process: int) -> list[int]:
    """The process and all that it started and that they started."""
    found = [process]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += _with_children(int(child))
    return found


def _own_memory(process: int) -> float:
    """MB in memory that are no mapped file's."""
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{process}/status").read_text()
        sizes = dict(line.split(":", 1) for line in status.splitlines())
        return sum(int(sizes.get(kind, "0").split()[0]) for kind in ("RssAnon", "RssShmem")) / 1024
    return 0.0


def peer(program: str) -> list[str] | None:
    """The command for a Python program of a peer; None, with a message, where it is not installed."""
    if not PEERS.exists():
        print(f"no peers at {PEERS}: run make bench, or set NLPCLI_PEERS")
        return None
    return [str(PEERS), "-c", program]


def print_table(title: str, rows: dict[str, Measured], ours: str, **columns: dict[str, str]) -> None:
    """A Markdown table with the ratio of every row's wall time to ours."""
    print(f"\n### {title}\n")
    names = ["", "wall s", "CPU s", "peak MB", "ratio", *columns]
    print("| " + " | ".join(names) + " |")
    print("|" + "---|" * len(names))
    for name, row in rows.items():
        cells = [
            name,
            f"{row.wall:.2f}",
            f"{row.cpu:.2f}",
            f"{row.peak:.0f}",
            f"{row.wall / rows[ours].wall:.1f}×",
        ]
        print("| " + " | ".join([*cells, *(column.get(name, "") for column in columns.values())]) + " |")
