"""Plain threads around kernels that release the interpreter's lock."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator


class Stop:
    """Raised flag: workers look at it between two kernel calls."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        """Ask the workers to end."""
        self._event.set()


def run_threads(work: Callable[[int, Stop], None], threads: int) -> None:
    """Call `work(number, stop)` in `threads` threads and wait for all of them.

    The first exception of any of them stops the others and is raised here, and so does Ctrl-C,
    within the time of one kernel call. Work is never done in the calling thread: a signal could
    cut it off between a kernel call and the note that it was made.
    """
    stop = Stop()
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number, stop)
        except BaseException as error:
            failures.append(error)
            stop.set()

    workers = [threading.Thread(target=guarded, args=(number,), daemon=True) for number in range(threads)]
    for worker in workers:
        worker.start()
    try:
        for worker in workers:
            while worker.is_alive():
                worker.join(0.1)  # a join without a limit would not hear Ctrl-C
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    if failures:
        raise failures[0]


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """The libraries in this block work on one thread: the same sums on any number of cores."""
    import warnings

    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), warnings.catch_warnings():
        # Containers may hide the cores from scikit-learn, which then says so at length.
        warnings.filterwarnings("ignore", message="Could not find the number of physical cores")
        yield
