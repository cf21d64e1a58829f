"""Counts that add up, on many machines: any of the families that `io/shards.py` lists.

shards ─ part ─▶ partial counts ─ merge, in pairs of neighbours ─▶ one ─ finish ─▶ what comes here
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from nlpcli.engine.distributed.cuts import Reading
from nlpcli.engine.distributed.looks import Ask, Found, Place
from nlpcli.engine.distributed.plan import Piece, check_inputs, planned, shard_size
from nlpcli.engine.distributed.told import Told
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.shards import Counting, Shard
from nlpcli.engine.runtime.progress import Progress
from nlpcli.settings.distributed import DistributedSettings

MOST_LOOKS = 4_000  # tasks of a pass that looks at places of files
_MOST_SLICES = 64
_MOST_TAKEN = 20_000  # tasks of a job that take slices of shards, so that it has no more than 70,000

Partial = TypeVar("Partial")
Result = TypeVar("Result")


class Job:
    """An input on the machines that work on it; made by `cluster_job`."""

    def __init__(self, machines: Any, pieces: list[Piece], progress: Progress) -> None:
        self._machines, self.pieces, self._progress = machines, pieces, progress
        self._taken = 0

    def merged(self, counting: Counting[Partial, Result], stage: str = "counting", *shared: Any) -> Any:
        """The promise of the partial counts of all shards as one."""
        return self.reduced(partial(_part, counting), counting.merge, stage, *shared)

    def reduced(self, part: Any, merge: Any, stage: str, *shared: Any) -> Any:
        """The promise of `part(piece, told, *shared)` of all shards, merged."""
        return self.merge(self.parts(part, stage, *shared), merge)

    def parts(self, part: Any, stage: str, *shared: Any) -> list[Any]:
        """The promises of `part(piece, told, *shared)` of all shards."""
        return list(self._machines.parts(stage, part, self.pieces, *shared))

    def merge(self, promises: list[Any], merge: Any) -> Any:
        """The promise of all of them merged. `promises` is emptied."""
        return self._machines.merged(promises, merge)

    def in_slices(self, part: Any, takes: Sequence[Any], merge: Any, stage: str, *shared: Any) -> list[Any]:
        """The promises of what `part(piece, told, *shared)` gives of all shards, merged, in slices.

        takes: `take(part)` gives a slice of a part; all of them, joined in order, are the part

        Slices are added up on several machines at the same time.
        """
        parts = self.parts(part, stage, *shared)
        if len(takes) == 1:
            return [self.merge(parts, merge)]
        self._taken += len(takes) * len(parts)
        return list(self._machines.sliced(parts, takes, merge))

    @property
    def slices(self) -> int:
        """How many slices there may be, for all workers to have one and no job too many tasks."""
        left = (_MOST_TAKEN - self._taken) // len(self.pieces)
        return max(min(int(self._machines.workers), _MOST_SLICES, left), 1)

    def first(self, work: Any, stage: str) -> Any:
        """What `work(piece, told)` gives of the first shard."""
        return self._machines.map(stage, work, self.pieces[:1])[0]

    def finished(self, counting: Counting[Partial, Result], merged: Any) -> Result:
        """What was counted, from a promise of it merged."""
        result, notes = self._machines.result(self._machines.then(partial(_finish, counting), merged))
        for note in notes:
            self._progress.note(note)
        return result  # type: ignore[no-any-return]

    def got(self, promise: Any) -> Any:
        """What was promised."""
        return self._machines.result(promise)

    def then(self, work: Any, *promises: Any) -> Any:
        """The promise of `work(*promises)`."""
        return self._machines.then(work, *promises)


@contextmanager
def cluster_job(
    paths: Paths, reading: Reading, where: DistributedSettings, progress: Progress
) -> Iterator[Job]:
    """The shards of some files, and the machines to work on them.

    Raises SettingsError for stdin, InputError for what cannot be read, ClusterError where no machine answers.
    """
    from nlpcli.engine.distributed.dask_runner import connected

    given, most = check_inputs(paths, folders=reading.labelled), shard_size(where)
    with connected(where, progress) as machines:
        pieces = planned(given, reading, most, machines.slots, looking(machines), progress)
        yield Job(machines, pieces, progress)


def looking(machines: Any) -> Ask:
    """Who looks at places of files where the work is done, some neighbours at a time."""

    def ask(stage: str, look: Callable[[Place], Found], places: Sequence[Place], /) -> Sequence[Found]:
        each = -(-len(places) // MOST_LOOKS)
        groups = [places[first : first + each] for first in range(0, len(places), each)]
        pieces = [
            Piece(
                number,
                len(groups),
                (group[0].part.path,),
                sum(part.end - part.start for part in (place.part for place in group)),
            )
            for number, group in enumerate(groups)
        ]
        found = machines.map(stage, partial(_looked, look, groups), pieces)
        return list(itertools.chain.from_iterable(found))

    return ask


def _looked(
    look: Callable[[Place], Found], groups: Sequence[Sequence[Place]], piece: Piece, _told: Told
) -> list[Found]:
    return [look(place) for place in groups[piece.number]]


def _part(counting: Counting[Any, Any], piece: Piece, told: Told) -> Any:
    return counting.part(Shard(piece.number, piece.paths), told)


def _finish(counting: Counting[Any, Any], merged: Any) -> tuple[Any, list[str]]:
    """The result, with the remarks that were made of it."""
    told = Told()
    return counting.finish(merged, told), told.notes
