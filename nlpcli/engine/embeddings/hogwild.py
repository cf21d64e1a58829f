"""Training on several threads without locks: Hogwild (Niu et al. 2011).

Which thread takes which part of the text, and what is said meanwhile.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable

import numpy as np

from nlpcli.engine.embeddings.schedule import Chunk, Schedule
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import Stop, run_threads
from nlpcli.errors import NlpcliError

_RECENT = 64  # chunks whose mean is the running loss


# Trains on a chunk; gives the summed loss and what to divide it by.
Step = Callable[[Chunk], tuple[float, int]]


class Run:
    """The chunks of a schedule from `start` on, trained on some threads.

    `carried` is the summed loss, and of how many predictions, that an interrupted run has left of the
    epoch under way.

    Raises NlpcliError when the loss is no longer a number. On Ctrl-C the chunks under way
    are finished first; then KeyboardInterrupt goes on. So all chunks before `done` have been trained,
    and none behind it, whenever nobody is in `go`.
    """

    def __init__(
        self, schedule: Schedule, step: Step, start: int = 0, carried: tuple[float, int] = (0.0, 0)
    ) -> None:
        self.schedule = schedule
        self._start = start
        self._step = step
        self._next = start
        self._sums = np.zeros((len(schedule) + 1, 2))
        # What an epoch has from before stands in the place of the chunk before the first.
        self._sums[start - 1] = carried
        self._finished = np.arange(len(schedule) + 1) < start
        self._lock = threading.Lock()
        self._began = time.monotonic()

    @property
    def done(self) -> int:
        """How many chunks are finished without a gap."""
        return int(self._finished.argmin())

    def go(
        self, threads: int, pauses: Iterable[int], pause: Callable[[int], None], progress: Progress = SILENT
    ) -> None:
        """Train to the end; before each chunk in `pauses` and after each epoch `pause` is called."""
        self._began = time.monotonic()
        size = self.schedule.chunks
        ends = range(size, len(self.schedule) + 1, size)
        for limit in sorted({*pauses, *ends}):
            if not self.done < limit <= len(self.schedule):
                continue
            self._go_to(limit, threads, progress)
            if limit in ends:
                progress.note(self._epoch_line(limit // size))
            pause(limit)

    def loss(self, first: int, last: int) -> float:
        """The mean loss over the chunks `first` to `last`."""
        loss, count = self.summed(first, last)
        return loss / count if count else 0.0

    def summed(self, first: int, last: int) -> tuple[float, int]:
        """The summed loss over these chunks, and of how many predictions."""
        if first <= self._start <= last and self._start % self.schedule.chunks:
            first = self._start - 1
        return math.fsum(self._sums[first:last, 0]), int(self._sums[first:last, 1].sum())

    def epoch_losses(self) -> list[float]:
        """The mean loss of every epoch that this run has finished."""
        size = self.schedule.chunks
        epochs = range(self._start // size, self.done // size)
        return [round(self.loss(epoch * size, (epoch + 1) * size), 6) for epoch in epochs]

    def under_way(self) -> tuple[float, int]:
        """The summed loss, and of how many predictions, of the epoch that is not finished."""
        return self.summed(self.done // self.schedule.chunks * self.schedule.chunks, self.done)

    def _go_to(self, limit: int, threads: int, progress: Progress) -> None:
        def work(_thread: int, stop: Stop) -> None:
            while (number := self._take(limit, stop)) is not None:
                sums = self._step(self.schedule[number])
                if not math.isfinite(sums[0]):
                    raise diverged()
                self._sums[number] = sums
                self._finished[number] = True

        run_threads(work, threads, lambda: self._report(progress))

    def _take(self, limit: int, stop: Stop) -> int | None:
        """The number of the next chunk below the limit; None when there is none, or all are to stop."""
        with self._lock:
            if stop or self._next >= limit:
                return None
            self._next += 1
            return self._next - 1

    def _report(self, progress: Progress) -> None:
        done = self.done
        words, total = self.schedule.words_before(done), self.schedule.words_before(len(self.schedule))
        detail = f"{self._speed() / 1000:,.0f} kwords/s"
        if done > self._start:
            loss = self.loss(max(self._start, done - _RECENT), done)
            detail += f" · alpha {self.schedule[done - 1].alpha:.4f} · loss {loss:.4f}"
        progress.update("training", words, total, detail)

    def _speed(self) -> float:
        words = self.schedule.words_before(self.done) - self.schedule.words_before(self._start)
        return words / max(time.monotonic() - self._began, 1e-9)

    def _epoch_line(self, epoch: int) -> str:
        size = self.schedule.chunks
        speed = self._speed()
        left = (self.schedule.epochs - epoch) * self.schedule.words / max(speed, 1e-9)
        return (
            f"epoch {epoch}/{self.schedule.epochs}: loss {self.loss((epoch - 1) * size, epoch * size):.4f}, "
            f"{speed / 1000:,.0f} kwords/s, {left // 60:.0f}:{left % 60:02.0f} left"
        )


def diverged() -> NlpcliError:
    """The error for numbers that are no longer finite."""
    return NlpcliError(
        "training has diverged: a number became infinite",
        hint="use a smaller --learning-rate; nothing was written",
    )
