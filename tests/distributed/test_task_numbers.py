"""No job has more than 70,000 tasks, however large its input is: shards grow, and slices become fewer."""

import pytest

from nlpcli.engine.distributed import plan
from nlpcli.engine.distributed.counts import Job
from nlpcli.engine.distributed.cuts import Reading
from nlpcli.engine.distributed.dask_runner import Machines
from nlpcli.engine.distributed.plan import MOST_SHARDS, Piece, planned
from nlpcli.engine.io.places import Decided, Part
from nlpcli.engine.runtime.progress import SILENT
from nlpcli.settings.input import InputSettings

MOST = 70_000


class Counter:
    """A client that counts the tasks it is given, of 1,000 workers."""

    tasks = 0

    def nthreads(self):
        return {f"tcp://10.0.{number // 250}.{number % 250}:1": 1 for number in range(1000)}

    def submit(self, *_, **__):
        self.tasks += 1
        return object()

    def map(self, _, *numbered, **__):
        self.tasks += len(numbered[1])
        return [object() for _ in numbered[1]]

    def subscribe_topic(self, *_):
        pass


def a_job(shards):
    client = Counter()
    machines = Machines(client, None, SILENT)
    machines.wait_for_workers()
    return client, Job(machines, [Piece(number, shards, ("text",), 1) for number in range(shards)], SILENT)


@pytest.mark.parametrize("shards", [MOST_SHARDS, 15_001, 10_000, 7500, 5000, 3750, 1000, 235])
def test_the_largest_job_stays_below(shards):
    """Rows with quotes, counted in slices, and once more by other features: no job has more passes."""
    client, job = a_job(shards)
    job.merge(job.parts(len, "looking for rows"), max)
    for _ in range(2):
        takes = [len] * job.slices
        assert len(job.in_slices(len, takes, max, "counting")) == len(takes)
    assert shards * 3 < client.tasks <= MOST


def test_shards_of_a_petabyte_are_as_many_as_those_of_a_terabyte(monkeypatch):
    monkeypatch.setattr(plan, "size_of", lambda path: 10**15 // 100_000)

    def cut(path, size, most, *_):
        return [
            (Part(path, start, min(start + most, size)), Decided("utf-8")) for start in range(0, size, most)
        ]

    monkeypatch.setattr(plan, "cut_file", cut)
    names = [f"s3://bucket/{number}" for number in range(100_000)]
    reading = Reading(InputSettings())
    assert len(planned(names, reading, 256 << 20, 1000, list)) <= MOST_SHARDS
    assert len(planned(names[:1], reading, 1, 1000, list)) <= MOST_SHARDS
