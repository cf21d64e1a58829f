"""A model of many machines: a terabyte counted by tasks that sleep as long as the cost model says.

    python benchmarks/cluster_simulation.py 50 200 1000
    python benchmarks/cluster_simulation.py 1000 --job count

The scheduler is real, in a process of its own. Workers are Dask's own too, but many of them share a process
and its loop, and do there only what tasks cost them anyway: they neither watch their memory nor profile. What
the scheduler takes for a task is measured; beside it stands what workers and client take, which on a
cluster is spread over as many machines, and here over the cores that the scheduler leaves.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import dask
import distributed
import psutil

from nlpcli.engine.distributed import dask_runner
from nlpcli.engine.distributed.plan import Piece
from nlpcli.engine.runtime.progress import SILENT
from nlpcli.settings.distributed import DistributedSettings

CORES = 16  # of a machine
A_MEGABYTE = {"count": 0.007, "cooccur": 0.07, "train-nb": 0.15}  # seconds of a core
A_TASK = 0.0012  # seconds that the scheduler takes for one
SHARDS = 4  # of a worker
MERGES = 1 / 7  # tasks that merge eight at a time, for each shard
PROCESSES = 4
QUIET = {
    "distributed.admin.tick.interval": "60s",
    "distributed.admin.system-monitor.interval": "60s",
    "distributed.worker.profile.enabled": False,
    "distributed.worker.http.routes": [],
    "distributed.comm.timeouts.connect": "60s",
}


def sleep(seconds: float, _piece: object, _told: object) -> int:
    """Work that takes so long."""
    time.sleep(seconds)
    return 0


async def play(address: str, number: int) -> None:
    """Be so many workers, until their scheduler goes."""
    with dask.config.set(QUIET), tempfile.TemporaryDirectory() as folder:
        workers = [
            distributed.Worker(
                address, nthreads=1, memory_limit=0, dashboard=False, host="127.0.0.1", local_directory=folder
            )
            for _ in range(number)
        ]
        for first in range(0, number, 10):
            await asyncio.gather(*workers[first : first + 10])
        await asyncio.gather(*(worker.finished() for worker in workers))


def _cpu(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


def _peak(pid: int) -> float:
    """Megabytes."""
    return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1000


def simulate(machines: int, a_megabyte: float, megabytes: float, folder: Path) -> None:
    """Print how long it took, and what the model says."""
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    scheduler = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
         "--no-dashboard", "--scheduler-file", file], **quiet,
    )  # fmt: skip
    while not (file.exists() and file.read_text().endswith("}")):
        time.sleep(0.1)
    address = json.loads(file.read_text())["address"]
    shares = [machines * (n + 1) // PROCESSES - machines * n // PROCESSES for n in range(PROCESSES)]
    players = [
        subprocess.Popen([sys.executable, __file__, "--play", address, str(share)], **quiet)
        for share in shares
        if share
    ]
    try:
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(machines, timeout=600)
        measure(machines, megabytes * a_megabyte, DistributedSettings(cluster=address), scheduler, players)
    finally:
        for process in (*players, scheduler):
            process.terminate()
        for process in (*players, scheduler):
            process.wait()


def measure(
    machines: int, work: float, where: DistributedSettings, scheduler: subprocess.Popen[bytes],
    players: list[subprocess.Popen[bytes]],
) -> None:  # fmt: skip
    """Run `work` seconds of one machine on the workers that are there."""
    shards = machines * SHARDS
    seconds = work / shards
    tasks = shards * (1 + MERGES)
    processes = [psutil.Process(each.pid) for each in (scheduler, *players)] + [psutil.Process()]
    with dask_runner.connected(where, SILENT) as cluster:
        pieces = [Piece(number, shards, ("text",), 1) for number in range(shards)]
        cluster.map("warming", functools.partial(sleep, 0.0), pieces[:machines])
        before, began = [_cpu(each) for each in processes], time.monotonic()
        found = cluster.map("sleeping", functools.partial(sleep, seconds), pieces)
        wall = time.monotonic() - began
        its, *players_took, client = [_cpu(each) - was for each, was in zip(processes, before, strict=True)]
    assert len(found) == shards
    model, cores = SHARDS * seconds + tasks * A_TASK, len(os.sched_getaffinity(0))
    print(
        f"{machines} workers, {shards} shards of {seconds:.2f} s: model {model:.1f} s, found {wall:.1f} s "
        f"({wall / model:.2f}); CPU ms a task: scheduler {its / tasks * 1e3:.2f}, workers "
        f"{sum(players_took) / tasks * 1e3:.2f}, client {client / tasks * 1e3:.2f}; all of it on "
        f"{cores} cores {(its + sum(players_took) + client) / cores:.1f} s; "
        f"scheduler's peak {_peak(scheduler.pid):.0f} MB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("machines", type=int, nargs="*", default=[50, 200, 1000])
    parser.add_argument("--job", choices=[*A_MEGABYTE], default="train-nb")
    parser.add_argument("--megabytes", type=float, default=1e6)
    parser.add_argument("--play", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # what is started here has it too
    if asked.play:
        asyncio.run(play(asked.play[0], int(asked.play[1])))
        return
    with tempfile.TemporaryDirectory() as name:
        for machines in asked.machines:
            simulate(machines, A_MEGABYTE[asked.job] / CORES, asked.megabytes, Path(name))


if __name__ == "__main__":
    main()
