"""Whether a scheduler, which does one thing at a time, keeps up with its workers: told before it does not.

Measured with a scheduler of Dask and 1,000 workers (benchmarks/cluster_simulation.py): 1.2 ms a task.
"""

from __future__ import annotations

from collections.abc import Sequence

from nlpcli.engine.distributed.plan import Piece

_A_TASK = 0.0012  # seconds of the scheduler
_TASKS = 8 / 7  # tasks a shard: its own, and those that merge eight at a time
_READS = 1e9  # bytes a second that a worker may read, at best
_LONG = 10.0  # seconds that are worth a word


def waits_for_scheduler(pieces: Sequence[Piece], slots: int) -> str | None:
    """A remark where the scheduler is busy with so many shards for longer than the workers may be.

    slots: tasks at a time of all workers together

    >>> waits_for_scheduler([Piece(n, 9000, ("text",), 256_000_000) for n in range(9000)], 1000)
    '9,000 shards keep the scheduler busy for 12 s, 1,000 workers perhaps 2 s: --shard-size 1GB makes fewer'
    >>> waits_for_scheduler([Piece(n, 9000, ("text",), 256_000_000) for n in range(9000)], 100)
    """
    busy = len(pieces) * _TASKS * _A_TASK
    size = sum(piece.size for piece in pieces)
    reading = size / (slots * _READS)
    if busy < _LONG or busy < 2 * reading:
        return None
    larger = max(round(min(size / slots, 1e9) / 1e6), 1)
    if larger * 1e6 <= 1.5 * size / len(pieces):
        return None  # they are as large as it makes sense
    named = "1GB" if larger >= 1000 else f"{larger}MB"
    return (
        f"{len(pieces):,} shards keep the scheduler busy for {busy:.0f} s, {slots:,} workers perhaps "
        f"{max(reading, 1):.0f} s: --shard-size {named} makes fewer"
    )
