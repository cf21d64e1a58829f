"""Whole commands measured side by side: wall time, processor time, peak memory.

Shared by the benchmark scripts. Data is looked for under $NLPCLI_DATA (a folder with the files
that benchmarks/README.md names), peers in the Python environment $NLPCLI_PEERS (`.venv-peers`,
which `make bench` makes). A peer that is not there is skipped with a message.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
NLPCLI = [str(Path(sys.executable).parent / "nlpcli")]
PEERS = Path(os.environ.get("NLPCLI_PEERS", ROOT / ".venv-peers")) / "bin" / "python"


@dataclass(frozen=True)
class Measured:
    """What a command took: seconds of wall time, seconds of processor time, MB at its peak."""

    wall: float
    cpu: float
    peak: float
    stdout: str


def data(name: str) -> Path:
    """A file of the evaluation data. Ends the script where it is missing."""
    folder = os.environ.get("NLPCLI_DATA")
    if not folder or not (Path(folder) / name).exists():
        sys.exit(
            f"{name} is not at hand: set NLPCLI_DATA to the folder that holds it (see benchmarks/README.md)"
        )
    return Path(folder) / name


def measure(command: Sequence[object], *, repeat: int = 1, **options: object) -> Measured:
    """Run a command, the best of `repeat` times. Raises CalledProcessError when it fails."""
    best: Measured | None = None
    for _ in range(repeat):
        read, write = os.pipe()
        started = time.perf_counter()
        process = os.fork()
        if not process:  # a process between, so that the usage read is this command's alone
            os.close(read)
            done = subprocess.run(
                [str(part) for part in command], stdout=subprocess.PIPE, check=False, **options
            )
            wall = time.perf_counter() - started
            usage = resource.getrusage(resource.RUSAGE_CHILDREN)
            with os.fdopen(write, "wb") as pipe:
                head = (
                    f"{done.returncode} {wall} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss / 1024}\n"
                )
                pipe.write(head.encode() + done.stdout)
            os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            head, _, stdout = pipe.read().partition(b"\n")
        os.waitpid(process, 0)
        code, wall, cpu, peak = head.split()
        if int(code):
            raise subprocess.CalledProcessError(int(code), [str(part) for part in command])
        found = Measured(float(wall), float(cpu), float(peak), stdout.decode())
        if best is None or found.wall < best.wall:
            best = found
    assert best is not None
    return best


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
