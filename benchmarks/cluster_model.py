"""What many machines should take, by measured constants: the model of docs/SCALING.md.

    python benchmarks/cluster_model.py

Two things go on side by side, and the slower one is the time:

    the machines    each maps its shards, then the merges of partial results, level by level, eight at a time
    the scheduler   one process with one thread, which takes its time for every task

To the machines' time comes what the scheduler takes to give each of them its first task. Not here: starting,
the client's fetching of the result, stragglers, and a network that many use at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

CORES = 16  # of a machine
NETWORK = 1000.0  # megabytes a second, of a machine, and of what it reads
SHARD = 256.0  # megabytes
FAN_IN = 8  # parts that one task merges
SCHEDULER = 0.0012  # seconds of the scheduler for a task
WORKER = 0.010  # seconds that a worker takes for a task beside the work itself
MOST_SLICES, MOST_TAKEN = 64, 20_000  # as in nlpcli/engine/distributed/counts.py


@dataclass(frozen=True)
class Job:
    """What a job costs. sliced: whether its partial results are merged in slices."""

    megabyte: float  # seconds of one core
    part: float  # megabytes of partial result, of `text` megabytes
    text: float
    growth: float  # with what power of the text it grows
    merges: float  # megabytes of parts that are merged in a second, two at a time
    most: float = math.inf  # megabytes of partial result that are not exceeded
    sorting: float = 0  # seconds of a megabyte that is merged for the first time, and sorted then
    sliced: bool = False

    def size(self, megabytes: float) -> float:
        """Megabytes of the partial result of so much text."""
        return min(self.part * (megabytes / self.text) ** self.growth, self.most)

    def merge(self, megabytes: float) -> float:
        """Seconds to add up parts of so many megabytes together: by pairs, in three rounds that shrink."""
        shrinks = 2 ** (self.growth - 1)
        return megabytes * (1 + shrinks + shrinks**2) / self.merges


JOBS = {
    "count": Job(0.007, 1.3, 5, 0.56, 1000, sorting=0.012),
    "train-nb --hash-bits 24": Job(0.15, 12.4, 1.8, 0.83, 1400, most=200),
    "train-nb": Job(0.15, 12.4, 1.8, 0.83, 1000, sliced=True),
    "cooccur": Job(0.07, 15, 5, 0.77, 500, sliced=True),
    "maps": Job(0.15, 0, 1, 1, 1),
    "count, of nothing": Job(0.007, 0, 1, 1, 1),  # as cluster_simulation.py plays them
    "train-nb, of nothing": Job(0.15, 0, 1, 1, 1),
    "cooccur, of nothing": Job(0.07, 0, 1, 1, 1, sliced=True),
}


@dataclass(frozen=True)
class Times:
    """Seconds."""

    mapping: float
    merging: float
    scheduling: float
    first: float  # until every machine has its first task
    tasks: int

    @property
    def whole(self) -> float:
        """All of it."""
        return max(self.first + self.mapping + self.merging, self.scheduling)


def levels(shards: int) -> list[tuple[int, int]]:
    """How many parts there are on each level of the tree, and what number of merges they go into."""
    found = []
    while shards > 1:
        found.append((shards, -(-shards // FAN_IN)))
        shards = found[-1][1]
    return found


def slices_of(job: Job, machines: int, shards: int) -> int:
    """As the product chooses them."""
    return max(min(machines, MOST_SLICES, MOST_TAKEN // shards), 1) if job.sliced else 1


def modelled(machines: int, shards: int, seconds: float, slices: int, job: Job, shard: float) -> Times:
    """The time of `shards` that take `seconds` each, and are of `shard` megabytes."""
    merging, tree = 0.0, levels(shards)
    if slices > 1:
        merging += math.ceil(shards * slices / machines) * WORKER  # tasks that take a slice of a shard
    for parts, merges in tree:
        moved = parts / merges * job.size(shard * shards / parts) / slices
        rounds = math.ceil(merges * slices / machines)
        sorting = moved * job.sorting if parts == shards else 0
        merging += rounds * (WORKER + moved / NETWORK + sorting + job.merge(moved))
    tasks = shards + slices * (shards * (slices > 1) + sum(merges for _, merges in tree))
    mapping = math.ceil(shards / machines) * (seconds + WORKER)
    return Times(mapping, merging, tasks * SCHEDULER, min(machines, shards) * SCHEDULER, tasks)


def of_text(name: str, machines: int, megabytes: float, shard: float = SHARD) -> Times:
    """The time of a job on so much text."""
    job, shards = JOBS[name], math.ceil(megabytes / shard)
    seconds = shard * max(job.megabyte / CORES, 1 / NETWORK)
    return modelled(machines, shards, seconds, slices_of(job, machines, shards), job, shard)


def main() -> None:
    for shard in (SHARD, 4 * SHARD):
        print(f"\n1 TB in shards of {shard:.0f} MB: mapping + merging, the scheduler beside them (tasks)\n")
        for name in JOBS:
            row = [of_text(name, machines, 1e6, shard) for machines in (10, 100, 1000)]
            cells = " | ".join(
                f"{t.mapping:,.0f} + {t.merging:,.0f}; {t.scheduling:,.0f} ({t.tasks:,})" for t in row
            )
            print(f"| {name} | {cells} |")


if __name__ == "__main__":
    main()
