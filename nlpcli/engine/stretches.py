"""Training over a text in stretches: which words come when, at which rate, on which thread.

A stretch is a few thousand consecutive words, cut at a sentence's end where one is near; in a text
without line ends it is cut after 50,000 words at most, and no window reaches over the cut. A
kernel trains on one stretch at a time, in about a tenth of a second, so that progress and
Ctrl-C get their turn. Everything a stretch needs follows from its number, never from the thread
that takes it; with one thread the order is fixed too, and so are the bytes of the result.
With more, threads write to the same vectors without locks (Hogwild, Niu et al. 2011).

Not here: what is trained (`word2vec.py`, `fasttext.py`).
"""

from __future__ import annotations

import math
import mmap
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import NlpcliError

_LONGEST = 50_000
_AT_LEAST = 64  # stretches in an epoch, so that the rate falls smoothly on a small text too
_RECENT = 64  # stretches whose mean is the running loss
_MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Stretch:
    """Words `first` to `last` of the text, the learning rate, and a stream of random numbers."""

    number: int
    first: int
    last: int
    alpha: float
    stream: np.uint64


# Trains on a stretch; gives the summed loss and what to divide it by.
Step = Callable[[Stretch], tuple[float, int]]


class Schedule:
    """All stretches of some epochs over a text.

    offsets: int64 [D + 1], where sentences begin. `cost` is the expected time of a word in
    nanoseconds, `at_least` how many stretches an epoch has if it has the words. The rate falls
    from `alpha` to `min_alpha` in proportion to the words done.
    """

    def __init__(
        self,
        offsets: NDArray[np.int64],
        epochs: int,
        alpha: float,
        min_alpha: float,
        seed: int,
        cost: float,
        at_least: int = _AT_LEAST,
    ) -> None:
        self.words = int(offsets[-1])
        self.epochs = epochs
        self._alpha, self._min_alpha, self._seed = alpha, min_alpha, seed
        size = int(min(_LONGEST, max(1000, 1e8 / cost), max(1, math.ceil(self.words / at_least))))
        self.cuts = _cuts(offsets, size)

    @property
    def stretches(self) -> int:
        """How many there are in an epoch."""
        return len(self.cuts) - 1

    def __len__(self) -> int:
        return self.stretches * self.epochs

    def __getitem__(self, number: int) -> Stretch:
        epoch, place = divmod(number, self.stretches)
        first, last = int(self.cuts[place]), int(self.cuts[place + 1])
        share = (epoch * self.words + first) / (self.epochs * self.words)
        alpha = max(self._min_alpha, self._alpha + (self._min_alpha - self._alpha) * share)
        return Stretch(number, first, last, alpha, np.uint64(stream(self._seed, number)))

    def words_before(self, number: int) -> int:
        """Words in the stretches before this one."""
        epoch, place = divmod(number, self.stretches)
        return epoch * self.words + int(self.cuts[place])


def stream(seed: int, number: int) -> int:
    """The start of a stream of random numbers: 64 bits that depend on all bits of both."""
    state = 0
    for part in (seed, number):
        state = (state + part + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


def _cuts(offsets: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Where stretches of about `size` words begin and end: at a sentence's end unless it is far."""
    places = np.arange(size, int(offsets[-1]), size)
    ends = offsets[np.searchsorted(offsets, places)]
    places = np.where(ends - places < size, ends, places)
    return np.unique(np.concatenate(([0], places, [offsets[-1]]))).astype(np.int64)


def let_go(ids: NDArray[np.int32], first: int, last: int) -> None:
    """Let the memory of ids that have been read be used for something else, if they are mapped from the disk.

    They come back when they are read again. Mapped pages count as the process's own, and a text
    would stay in memory whole.
    """
    mapped = getattr(ids.base, "obj", None)
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        start = first * ids.itemsize // mmap.PAGESIZE * mmap.PAGESIZE
        mapped.madvise(mmap.MADV_DONTNEED, start, last * ids.itemsize - start)


class Run:
    """The stretches of a schedule from `start` on, trained on some threads.

    `done` is the number of stretches finished without a gap. `carried` is the summed loss, and
    of how many predictions, that an interrupted run has left of the epoch under way.

    Raises NlpcliError when the loss is no longer a number. On Ctrl-C the stretches under way
    are finished first; then KeyboardInterrupt goes on.
    """

    def __init__(
        self, schedule: Schedule, step: Step, start: int = 0, carried: tuple[float, int] = (0.0, 0)
    ) -> None:
        self.schedule = schedule
        self.done = start
        self._start = start
        self._step = step
        self._next = start
        self._sums = np.zeros((len(schedule) + 1, 2))
        # What an epoch has from before stands in the place of the stretch before the first.
        self._sums[start - 1] = carried
        self._finished = np.zeros(len(schedule), dtype=bool)
        self._lock = threading.Lock()
        self._stop = False
        self._limit = start
        self._error: BaseException | None = None
        self._began = time.monotonic()

    def go(
        self, threads: int, pauses: Iterable[int], pause: Callable[[int], None], progress: Progress = SILENT
    ) -> None:
        """Train to the end; before each stretch in `pauses` and after each epoch `pause` is called."""
        self._began = time.monotonic()
        size = self.schedule.stretches
        ends = range(size, len(self.schedule) + 1, size)
        for limit in sorted({*pauses, *ends}):
            if not self.done < limit <= len(self.schedule):
                continue
            self._go_to(limit, threads, progress)
            if limit in ends:
                progress.note(self._epoch_line(limit // size))
            pause(limit)

    def loss(self, first: int, last: int) -> float:
        """The mean loss over the stretches `first` to `last`."""
        loss, count = self.summed(first, last)
        return loss / count if count else 0.0

    def summed(self, first: int, last: int) -> tuple[float, int]:
        """The summed loss over these stretches, and of how many predictions."""
        if first <= self._start <= last and self._start % self.schedule.stretches:
            first = self._start - 1
        return math.fsum(self._sums[first:last, 0]), int(self._sums[first:last, 1].sum())

    def epoch_losses(self) -> list[float]:
        """The mean loss of every epoch that this run has finished."""
        size = self.schedule.stretches
        epochs = range(self._start // size, self.done // size)
        return [round(self.loss(epoch * size, (epoch + 1) * size), 6) for epoch in epochs]

    def under_way(self) -> tuple[float, int]:
        """The summed loss, and of how many predictions, of the epoch that is not finished."""
        return self.summed(self.done // self.schedule.stretches * self.schedule.stretches, self.done)

    def _go_to(self, limit: int, threads: int, progress: Progress) -> None:
        self._limit = limit
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for worker in workers:
            worker.start()
        try:
            while any(worker.is_alive() for worker in workers):
                for worker in workers:
                    worker.join(0.1 / threads)
                self._report(progress)
        finally:
            self._stop = True
            for worker in workers:
                worker.join()
            self._stop = False
            self._count_done()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        try:
            while not self._stop:
                with self._lock:
                    number = self._next
                    if number >= self._limit:
                        return
                    self._next += 1
                sums = self._step(self.schedule[number])
                if not math.isfinite(sums[0]):
                    raise diverged()
                self._sums[number] = sums
                self._finished[number] = True
        except BaseException as error:  # raised again by the thread that waits
            self._error = error
            self._stop = True

    def _count_done(self) -> None:
        while self.done < len(self._finished) and self._finished[self.done]:
            self.done += 1

    def _report(self, progress: Progress) -> None:
        self._count_done()
        words, total = self.schedule.words_before(self.done), self.schedule.words_before(len(self.schedule))
        detail = f"{self._speed() / 1000:,.0f} kwords/s"
        if self.done > self._start:
            loss = self.loss(max(self._start, self.done - _RECENT), self.done)
            detail += f" · alpha {self.schedule[self.done - 1].alpha:.4f} · loss {loss:.4f}"
        progress.update("training", words, total, detail)

    def _speed(self) -> float:
        words = self.schedule.words_before(self.done) - self.schedule.words_before(self._start)
        return words / max(time.monotonic() - self._began, 1e-9)

    def _epoch_line(self, epoch: int) -> str:
        size = self.schedule.stretches
        speed = self._speed()
        left = (self.schedule.epochs - epoch) * self.schedule.words / max(speed, 1e-9)
        return (
            f"epoch {epoch}/{self.schedule.epochs}: loss {self.loss((epoch - 1) * size, epoch * size):.4f}, "
            f"{speed / 1000:,.0f} kwords/s, {left // 60:.0f}:{left % 60:02.0f} left"
        )


def diverged() -> NlpcliError:
    """The error for numbers that are no longer finite."""
    return NlpcliError(
        "training has diverged: a number became infinite", hint="use a smaller --alpha; nothing was written"
    )
