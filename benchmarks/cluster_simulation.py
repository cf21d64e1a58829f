"""A model of many machines: a terabyte counted by tasks that sleep as long as the cost model says.

    python benchmarks/cluster_simulation.py 50 200 1000
    python benchmarks/cluster_simulation.py 1000 --job cooccur
    python benchmarks/cluster_simulation.py 1000 --slower 10

Real: the scheduler, in a process of its own, and the client, with nlpcli's own graph of tasks. Played: the
workers (cluster_stand_ins.py), which sleep in place of work and of merges, and take nothing from each other.
What they should take is in cluster_model.py. Beside the time stands how long the scheduler ran in it, and how
long it waited for a core that others had.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cluster_model
import distributed
import psutil
from cluster_stand_ins import play

from nlpcli.engine.distributed import dask_runner
from nlpcli.engine.distributed.counts import Job
from nlpcli.engine.distributed.plan import Piece
from nlpcli.engine.runtime.progress import Progress
from nlpcli.settings.distributed import DistributedSettings

PROCESSES = 4
JOBS = {name.partition(",")[0]: name for name in cluster_model.JOBS if name.endswith("nothing")}


class Watched(Progress):
    """Remembers the last line of progress."""

    last = ""

    def update(self, *_: object) -> None:
        """Take what is the last."""
        self.last = str(_[-1])


def _cpu(pid: int) -> float:
    return float(sum(psutil.Process(pid).cpu_times()[:2]))


def _waited(pid: int) -> float:
    """Seconds that the main thread of a process was ready to run, and did not."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def _peak(pid: int) -> float:
    """Megabytes."""
    return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1000


def simulate(machines: int, asked: argparse.Namespace, folder: Path) -> None:
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
    shards = math.ceil(asked.megabytes / asked.shard)
    job = cluster_model.JOBS[JOBS[asked.job]]
    reading = max(job.megabyte / cluster_model.CORES, 1 / cluster_model.NETWORK)
    seconds, joins = asked.shard * reading * asked.slower, cluster_model.WORKER
    shares = [machines * (n + 1) // PROCESSES - machines * n // PROCESSES for n in range(PROCESSES)]
    players = [
        subprocess.Popen(
            [sys.executable, __file__, "--play", address, *map(str, (share, seconds + joins, joins))], **quiet
        )
        for share in shares
        if share
    ]
    try:
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(machines, timeout=600)
        slices = cluster_model.slices_of(job, machines, shards)
        model = cluster_model.modelled(machines, shards, seconds, slices, job, asked.shard)
        pids = [each.pid for each in (scheduler, *players)]
        measure(DistributedSettings(cluster=address), shards, slices, model, pids)
    finally:
        for process in (*players, scheduler):
            process.terminate()
        for process in (*players, scheduler):
            process.wait()


def measure(
    where: DistributedSettings, shards: int, slices: int, model: cluster_model.Times, pids: list[int]
) -> None:
    """Run a job on the workers that are there. pids: of the scheduler and of who plays the workers."""
    watched, pids = Watched(), [*pids, os.getpid()]
    with dask_runner.connected(where, watched) as machines:
        job = Job(machines, [Piece(number, shards, ("text",), 1) for number in range(shards)], watched)
        assert slices in (1, job.slices)
        workers = machines.workers
        before, waited, began = [_cpu(pid) for pid in pids], _waited(pids[0]), time.monotonic()
        # What the tasks are does not matter here: nobody runs them.
        promises = job.in_slices(functools.partial(max, 0), [len] * slices, max, "sleeping")
        for promise in promises:
            job.got(promise)
        wall, waited = time.monotonic() - began, _waited(pids[0]) - waited
        took = [_cpu(pid) - was for pid, was in zip(pids, before, strict=True)]
    assert watched.last.startswith(f"{shards:,}/{shards:,} shards, {workers:,} worker"), watched.last
    its, *played, client = [seconds / model.tasks * 1e3 for seconds in took]
    print(
        f"{workers} workers, {shards:,} shards, {model.tasks:,} tasks: model {model.whole:.1f} s (machines "
        f"{model.first + model.mapping + model.merging:.1f}, scheduler {model.scheduling:.1f}), found "
        f"{wall:.1f} s ({wall / model.whole:.2f}); scheduler ran {took[0]:.1f} s, {its:.2f} ms a task, and "
        f"waited {waited:.1f} s for a core; ms a task: stand-ins {sum(played):.2f}, client {client:.2f}; "
        f"scheduler's peak {_peak(pids[0]):.0f} MB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("machines", type=int, nargs="*", default=[50, 200, 1000])
    parser.add_argument("--job", choices=[*JOBS], default="train-nb", help="cooccur goes in slices")
    parser.add_argument("--megabytes", type=float, default=1e6)
    parser.add_argument("--shard", type=float, default=cluster_model.SHARD, help="megabytes")
    parser.add_argument("--slower", type=float, default=1, help="how many times slower the machines are")
    parser.add_argument("--play", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # what is started here has it too
    if asked.play:
        address, number, lasts, joins = asked.play
        asyncio.run(play(address, int(number), float(lasts), float(joins)))
        return
    with tempfile.TemporaryDirectory() as name:
        for machines in asked.machines:
            simulate(machines, asked, Path(name))


if __name__ == "__main__":
    main()
