"""Threads around kernels that release the interpreter's lock.

`run_threads` for workers that share state, `in_threads` for results in order, a few steps ahead of
whoever uses them, `run_all` where there are none, `Team` for many short steps in step.
"""

from __future__ import annotations

import collections
import contextlib
import contextvars
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from nlpcli.engine.runtime.interrupts import postponed_signals
from nlpcli.errors import SettingsError

_DIGITS = 9  # of a number of cores, at most

if TYPE_CHECKING:  # importing it takes some milliseconds
    from concurrent.futures import Future


class Stop:
    """Raised flag: workers look at it between two kernel calls."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        """Ask the workers to end."""
        self._event.set()


def run_threads(
    work: Callable[[int, Stop], None], threads: int, meanwhile: Callable[[], object] = lambda: None
) -> None:
    """Call `work(number, stop)` in `threads` threads and wait for all of them; `meanwhile`, `meanwhile()`.

    The first exception of any of them stops the others and is raised here, and so does Ctrl-C,
    within the time of one kernel call: no worker is at work any more when it takes effect. Work is never
    done in the calling thread: a signal could cut it off between a kernel call and the note that it was
    made.
    """
    stop = Stop()
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number, stop)
        except BaseException as error:
            failures.append(error)
            stop.set()

    workers: list[threading.Thread] = []
    # An exception that a signal raises in `start` would leave that worker out, and one in `join` makes Python
    # take a thread that runs for one that has ended (3.11): nobody would wait for it.
    with postponed_signals() as signals:
        try:
            for number in range(threads):
                worker = threading.Thread(target=guarded, args=(number,), daemon=True)
                worker.start()
                workers.append(worker)
            while not signals and any(worker.is_alive() for worker in workers):
                for worker in workers:
                    worker.join(0.1 / threads)
                meanwhile()
        finally:
            stop.set()
            for worker in workers:
                worker.join()
        if failures:
            raise failures[0]


Made = TypeVar("Made")


_CORES = "NLPCLI_CORES"  # a variable of the environment: how many cores to use, at most
_limit: contextvars.ContextVar[int | None] = contextvars.ContextVar("limit of cores", default=None)


def available_cores() -> int:
    """How many cores this process may use: those it is allowed to run on, but no more than the variable
    NLPCLI_CORES says, and within `at_most_cores` no more than that.

    Raises SettingsError where NLPCLI_CORES is no whole number from 1.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    given = os.environ.get(_CORES)
    if given:
        if not given.isdecimal() or not given.isascii() or len(given) > _DIGITS or not int(given):
            raise SettingsError(f"{_CORES} is {given!r}: a whole number from 1 says how many cores to use")
        cores = min(cores, int(given))
    limit = _limit.get()
    return cores if limit is None else min(cores, limit)


@contextlib.contextmanager
def at_most_cores(limit: int) -> Iterator[None]:
    """In this block, and in the threads that it starts by `in_threads`, there are so many cores at most.

    For tasks that share a process with others: each thread has a limit of its own.
    """
    token = _limit.set(max(limit, 1))
    try:
        yield
    finally:
        _limit.reset(token)


def in_threads(
    make: Callable[..., Made], jobs: Iterable[tuple[object, ...]], threads: int = 0
) -> Iterator[Made]:
    """`make(*job)` for each job, in the order of the jobs; worth it where `make` frees the GIL.

    Jobs are taken from their iterator as results are used, so neither side piles up. Without a
    number of threads there is one for each core, but no more than eight.

    >>> list(in_threads(pow, [(2, 3), (3, 2)]))
    [8, 9]
    """
    threads = threads or min(available_cores(), 8)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        waiting: collections.deque[Future[Made]] = collections.deque()
        try:
            for job in jobs:
                waiting.append(pool.submit(contextvars.copy_context().run, make, *job))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def run_all(work: Callable[..., object], jobs: Iterable[tuple[object, ...]], threads: int = 0) -> None:
    """`work(*job)` for each job, in threads."""
    for _ in in_threads(work, jobs, threads):
        pass


class Team:
    """Threads that do all shares of some work at once, over and over; the calling one is among them."""

    def __init__(self, size: int) -> None:
        self._size = size
        from concurrent.futures import ThreadPoolExecutor

        self._pool = ThreadPoolExecutor(size)

    def do(self, work: Callable[..., object], *rest: object) -> None:
        """`work((share, shares), *rest)` for every share."""
        others = [self._pool.submit(work, (share, self._size), *rest) for share in range(1, self._size)]
        work((0, self._size), *rest)
        for other in others:
            other.result()


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """The libraries in this block work on one thread: the same sums on any number of cores."""
    import warnings

    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), warnings.catch_warnings():
        # Containers may hide the cores from scikit-learn, which then says so at length.
        warnings.filterwarnings("ignore", message="Could not find the number of physical cores")
        yield
