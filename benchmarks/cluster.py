"""What many machines cost: commands on two local workers against one process, and kills.

    python benchmarks/cluster.py                     # counts, CPU, memory and bytes, with 2 and 8 shards
    python benchmarks/cluster.py --kills             # a worker killed at 20, 50 and 80 % of the time
    python benchmarks/cluster.py --megabytes 40 --jobs count,train-nb

A model of 1,000 machines is played in `cluster_simulation.py`.

The text is made from a seed: words by Zipf's law. CPU is that of client, scheduler and workers, which were
warm, against that of the single process. What both take for a text of one line is left out (a client starts
half a second longer), and so is what the processes of a cluster take while they do nothing (some percent of a
core each). The bytes are compared. Peaks of memory are those of the client's process, and, over all jobs,
of the scheduler and the largest worker.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import distributed
import psutil

NLPCLI = [sys.executable, "-m", "nlpcli"]
JOBS = {
    "count": ["count", "text.txt", "-o", "{}.tsv"],
    "train-nb": ["train-nb", "rows.tsv", "-o", "{}.safetensors"],
    "cooccur": ["cooccur", "text.txt", "--min-count", "5", "-o", "{}.npz"],
    "vectorize": ["vectorize", "text.txt", "-o", "{}.npz"],
}


def make_texts(folder: Path, megabytes: float) -> None:
    """A text, and a third as much of it as rows with labels, sorted by label."""
    rng = random.Random(1)
    words = [f"w{number:x}" for number in range(100_000)]
    weights = [1 / (number + 3) for number in range(len(words))]
    with open(folder / "text.txt", "w") as text, open(folder / "rows.tsv", "w") as rows:
        rows.write("text\tlabel\n")
        while text.tell() < megabytes * 1e6:
            drawn = rng.choices(words, weights, k=20_000)
            lines = [" ".join(drawn[first : first + 20]) for first in range(0, len(drawn), 20)]
            text.write("\n".join(lines) + "\n")
            label = "ab"[text.tell() > megabytes * 5e5]
            rows.writelines(f"{line}\t{label}\n" for line in lines[: len(lines) // 3])

    (folder / "line.txt").write_text("a few words " * 20 + "\n")
    (folder / "few.tsv").write_text("text\tlabel\n" + "some words\ta\nother words\tb\n" * 3)


def digest(folder: Path, name: str) -> str:
    (path,) = folder.glob(f"{name}.*")
    with path.open("rb") as file:  # not at once: what this process holds counts for those it starts
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def run(folder: Path, command: list[str]) -> tuple[float, float, float]:
    """Wall and CPU seconds of a process, and its peak memory in MB."""
    began = time.monotonic()
    process = subprocess.Popen([*NLPCLI, *command, "-q"], cwd=folder)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command}: {process.returncode}")
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1.024e-3


class Cluster:
    """A scheduler and two workers as processes of their own."""

    def __init__(self, folder: Path) -> None:
        file = folder / "scheduler.json"
        quiet = {"stderr": subprocess.DEVNULL}
        dask = [sys.executable, "-m", "distributed.cli"]
        self.scheduler = subprocess.Popen(
            [dask[0], "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
             "--no-dashboard", "--scheduler-file", file], **quiet,
        )  # fmt: skip
        self.workers = [
            subprocess.Popen(
                [dask[0], "-m", "distributed.cli.dask_worker", "--scheduler-file", file, "--nthreads", "1",
                 "--no-dashboard", "--host", "127.0.0.1"], **quiet,
            ) for _ in range(2)
        ]  # fmt: skip
        self.file = str(file)
        with distributed.Client(scheduler_file=self.file, set_as_default=False) as client:
            client.wait_for_workers(2)
            self.address = client.scheduler.address

    def processes(self) -> list[psutil.Process]:
        """The scheduler first."""
        found = [psutil.Process(self.scheduler.pid)]
        for worker in self.workers:
            found += [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
        return found

    def cpu(self) -> float:
        """Seconds of all of them so far."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes())

    def idle(self, seconds: float) -> float:
        """Cores that they take while they do nothing, by so many seconds of it."""
        before, began = self.cpu(), time.monotonic()
        time.sleep(seconds)
        return (self.cpu() - before) / (time.monotonic() - began)

    def cpu_of(self, folder: Path, command: list[str]) -> tuple[float, float, float]:
        """Wall and CPU seconds of a command, with what they do for it, and the client's peak in MB.

        What they take for nothing is measured just behind it: a busy machine lets them do less of that.
        """
        before = self.cpu()
        wall, cpu, peak = run(folder, command)
        took = self.cpu() - before
        return wall, cpu + max(took - self.idle(min(max(wall, 2), 10)) * wall, 0), peak

    def peak(self) -> dict[str, float]:
        """Peak memory in MB of the scheduler, and of the largest worker."""
        peaks = []
        for process in self.processes():
            status = Path(f"/proc/{process.pid}/status").read_text()
            peaks.append(int(status.split("VmHWM:")[1].split()[0]) / 1000)
        return {"scheduler": peaks[0], "worker": max(peaks[1:])}

    def kill_one(self) -> None:
        """End the process that works for the first worker; its nanny starts another."""
        (child, *_) = (
            p for p in psutil.Process(self.workers[0].pid).children() if "spawn" in " ".join(p.cmdline())
        )
        os.kill(child.pid, signal.SIGKILL)

    def close(self) -> None:
        """End them."""
        for process in (*self.workers, self.scheduler):
            process.terminate()
        for process in (*self.workers, self.scheduler):
            process.wait()


def on_cluster(folder: Path, cluster: Cluster, command: list[str], shards: int) -> list[str]:
    size = (folder / command[1]).stat().st_size
    return [*command, "--cluster", cluster.address, "--shard-size", f"{-(-size // shards)}B"]


def compare(folder: Path, cluster: Cluster, jobs: list[str]) -> None:
    print(f"idle processes of the cluster: {cluster.idle(5):.1%} of a core")
    print("job | one process: wall, CPU s | shards | wall, CPU s | ratio of CPU | same bytes | "
          "peak of the client, and result, MB")  # fmt: skip
    for name in jobs:
        command = JOBS[name]
        alone = [part.format("alone") for part in command]
        run(folder, alone)
        wall, cpu, _ = run(folder, alone)
        short = [part.replace("text.txt", "line.txt").replace("rows.tsv", "few.tsv") for part in command]
        start = run(folder, [part.format("short") for part in short])[1]
        few = on_cluster(folder, cluster, [part.format("short") for part in short], 1)
        run(folder, few)  # workers load what they need
        its_start = cluster.cpu_of(folder, few)[1]
        for shards in (2, 8):
            many = on_cluster(folder, cluster, [part.format("many") for part in command], shards)
            run(folder, many)
            its_wall, its_cpu, its_peak = cluster.cpu_of(folder, many)
            ratio = (its_cpu - its_start) / (cpu - start)
            same = digest(folder, "alone") == digest(folder, "many")
            (made,) = folder.glob("many.*")
            result = made.stat().st_size / 1e6
            print(f"{name} | {wall:.1f}, {cpu:.1f} | {shards} | {its_wall:.1f}, {its_cpu:.1f} | "
                  f"{ratio:.2f} | {same} | {its_peak:.0f}, {result:.0f}", flush=True)  # fmt: skip
        for path in (*folder.glob("alone.*"), *folder.glob("many.*"), *folder.glob("short.*")):
            path.unlink()
    print("peak memory, MB:", {name: round(peak) for name, peak in cluster.peak().items()})


def kills(folder: Path, cluster: Cluster) -> None:
    print("job | undisturbed s | killed at | s | same bytes")
    for name in ("count", "train-nb", "cooccur"):
        many = on_cluster(folder, cluster, [part.format("many") for part in JOBS[name]], 8)
        run(folder, many)
        wall, *_ = run(folder, many)
        right = digest(folder, "many")
        for share in (0.2, 0.5, 0.8):
            timer = threading.Timer(share * wall, cluster.kill_one)
            timer.start()
            its_wall, *_ = run(folder, many)
            timer.join()
            print(f"{name} | {wall:.1f} | {share:.0%} | {its_wall:.1f} | {digest(folder, 'many') == right}",
                  flush=True)  # fmt: skip
            time.sleep(3)
        for path in folder.glob("many.*"):
            path.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=float, default=40)
    parser.add_argument("--kills", action="store_true")
    parser.add_argument("--jobs", default=",".join(JOBS))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_texts(folder, asked.megabytes)
        cluster = Cluster(folder)
        try:
            if asked.kills:
                kills(folder, cluster)
            else:
                compare(folder, cluster, asked.jobs.split(","))
        finally:
            cluster.close()


if __name__ == "__main__":
    main()
