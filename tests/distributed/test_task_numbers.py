"""No job has more than 70,000 tasks, however large its input is: shards grow, and slices become fewer."""

import pytest

from nlpcli.engine.distributed import plan
from nlpcli.engine.distributed.counts import MOST_LOOKS, Job
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


def a_job(shards, client=None):
    client = client or Counter()
    machines = Machines(client, None, SILENT)
    machines.wait_for_workers()
    return client, Job(machines, [Piece(number, shards, ("text",), 1) for number in range(shards)], SILENT)


@pytest.mark.parametrize("shards", [MOST_SHARDS, 15_001, 10_000, 7500, 5000, 3750, 1000, 235])
def test_the_largest_job_stays_below(shards):
    """Rows with quotes that are cut, counted in slices, and once more by other features: no job has more."""
    client, looks = a_job(min(shards, MOST_LOOKS))
    for _ in range(3):  # for letters, quotes and the beginnings of rows
        looks.merge(looks.parts(len, "looking for rows"), max)
    client, job = a_job(shards, client)
    for _ in range(2):
        takes = [len] * job.slices
        assert len(job.in_slices(len, takes, max, "counting")) == len(takes)
    assert shards * 2 < client.tasks <= MOST


def test_shards_of_a_petabyte_are_as_many_as_those_of_a_terabyte(monkeypatch):
    monkeypatch.setattr(plan, "size_of", lambda path: 10**15 // 100_000)

    def cut(files, most, *_):
        return [
            [(Part(path, start, min(start + most, size)), Decided("utf-8")) for start in range(0, size, most)]
            for path, size in files
        ]

    monkeypatch.setattr(plan, "cut_files", cut)
    names = [f"s3://bucket/{number}" for number in range(100_000)]
    reading = Reading(InputSettings())
    assert len(planned(names, reading, 256 << 20, 1000, list)) <= MOST_SHARDS
    assert len(planned(names[:1], reading, 1, 1000, list)) <= MOST_SHARDS
