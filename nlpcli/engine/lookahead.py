"""Work in threads, a few steps ahead of whoever uses the results, handed on in order."""

from __future__ import annotations

import collections
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Made = TypeVar("Made")


def available_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_threads(make: Callable[..., Made], jobs: Iterable[tuple[object, ...]]) -> Iterator[Made]:
    """`make(*job)` for each job, in the order of the jobs; worth it where `make` frees the GIL.

    Jobs are taken from their iterator as results are used, so neither side piles up.

    >>> list(in_threads(pow, [(2, 3), (3, 2)]))
    [8, 9]
    """
    threads = min(available_cores(), 8)
    with ThreadPoolExecutor(threads) as pool:
        waiting: collections.deque[Future[Made]] = collections.deque()
        try:
            for job in jobs:
                waiting.append(pool.submit(make, *job))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def in_parallel(work: Callable[[int, int], None], parts: Sequence[tuple[int, int]]) -> None:
    """`work(first, last)` for every part, a thread each (kernels release the GIL)."""
    with ThreadPoolExecutor(max(1, len(parts))) as pool:
        for future in [pool.submit(work, first, last) for first, last in parts]:
            future.result()
