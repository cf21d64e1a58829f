"""How far many machines are, as a line of progress."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from nlpcli.engine.runtime.progress import Progress
from nlpcli.wording import counted


class Tally:
    """The shards of one pass that are done; one that was done twice, for a lost worker, counts once."""

    def __init__(self, stage: str, sizes: dict[int, int]) -> None:
        self.stage = stage
        self._sizes = sizes
        self._done: set[int] = set()
        self._losses: deque[str] = deque()
        self._began = time.monotonic()
        self._told = -1

    def add(self, number: int, losses: Sequence[str] = ()) -> None:
        """A shard is done, of which some lines say what of the input was lost. Called in another thread."""
        if number not in self._done:
            self._losses.extend(losses)
        self._done.add(number)

    @property
    def is_done(self) -> bool:
        """Whether all shards are."""
        return len(self._done) == len(self._sizes)

    def tell(self, progress: Progress, workers: int) -> None:
        """Say how far it is, unless all was said."""
        while self._losses:
            progress.lost(self._losses.popleft())
        done = sorted(self._done)
        if len(done) == self._told == len(self._sizes):
            return
        self._told = len(done)
        through = sum(self._sizes.get(number, 0) for number in done)
        total = sum(self._sizes.values())
        seconds = time.monotonic() - self._began
        detail = f"{len(done):,}/{len(self._sizes):,} shards, {counted(workers, 'worker')}"
        if through:
            rate = through / max(seconds, 1e-3)
            left = (total - through) / rate
            detail += f", {rate / 1e6:,.1f} MB/s, {_span(left)} left"
        progress.update(self.stage, through, total, detail)


def _span(seconds: float) -> str:
    """A length of time.

    >>> _span(42), _span(600), _span(9000)
    ('42 s', '10 min', '2.5 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
