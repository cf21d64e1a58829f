"""Who has so many workers that the scheduler cannot keep up hears of larger shards."""

import pytest

from nlpcli.engine.distributed.dask_runner import Machines
from nlpcli.engine.distributed.plan import Piece
from nlpcli.engine.runtime.progress import Progress


class Client:
    """One of 1,000 workers."""

    def nthreads(self):
        return {f"tcp://10.0.{number // 250}.{number % 250}:1": 1 for number in range(1000)}

    def map(self, *_, **__):
        return []

    def subscribe_topic(self, *_):
        pass


class Heard(Progress):
    """What was told."""

    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


@pytest.mark.parametrize(
    ("shards", "size", "told"),
    [
        (8000, 256, "--shard-size 1GB"),
        (12_000, 64, "--shard-size 768MB"),
        (20_000, 256, "20,000 shards keep the scheduler busy for 27 s"),
        (20_000, 10_000, None),  # the workers take longer
        (9000, 1000, None),  # it is large already
        (4000, 64, None),  # that is soon done
    ],
)
def test_shards_that_the_scheduler_takes_long_for(shards, size, told):
    heard = Heard()
    machines = Machines(Client(), None, heard)
    machines.wait_for_workers()
    pieces = [Piece(number, shards, ("text",), size * 10**6) for number in range(shards)]
    for _ in range(2):
        machines.parts("counting", len, pieces)
    assert len(heard.notes) == (told is not None)
    assert told is None or told in heard.notes[0]
