"""Ctrl-C and other signals: held back while something must be done whole; work saved before they end it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

# Those that ended the work, added by who handles them: a library may turn one into an error of its own.
arrived: list[int] = []

# Names of temporary files that are being written. A signal may come just after a file is opened and before
# there is a block that would remove it: who ends the process by the signal calls `remove_unfinished`.
unfinished: set[str] = set()

# Files that the command at hand is to write, and those that are in place: who is interrupted wants to know
# whether something was written.
outputs: list[str] = []
written: list[str] = []

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def remove_unfinished() -> None:
    """Remove what is being written: the process ends."""
    while unfinished:
        with contextlib.suppress(OSError):
            os.unlink(unfinished.pop())  # noqa: PTH108


class Postponed:
    """Signals that wait; true when there are some."""

    def __init__(self) -> None:
        self._before: dict[int, Callable[[int, FrameType | None], object] | int] = {}
        self._waiting: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def deliver(self) -> None:
        """Let one that waits take its effect now, which usually is to raise; no other waits any more."""
        if self._waiting:
            self.end()
            signal.raise_signal(self._waiting.pop())

    def begin(self) -> None:
        """Let signals wait from now on; not those that are ignored, as SIGHUP is under nohup."""
        for number in _SIGNALS if threading.current_thread() is threading.main_thread() else ():
            handler = signal.getsignal(number)
            if handler not in (signal.SIG_IGN, None):
                self._before[number] = handler
                signal.signal(number, lambda number, _frame: self._waiting.append(number))

    def end(self) -> None:
        """Let no more wait; one that comes now takes effect when all can."""
        try:
            for number in [*self._before]:
                signal.signal(number, self._before[number])
                del self._before[number]
        except BaseException:
            self.end()
            raise


@contextlib.contextmanager
def postponed_signals() -> Iterator[Postponed]:
    """Ctrl-C, SIGTERM and SIGHUP wait until the block ends, or calls `deliver` of what this gives.

    A network half-way through an update is of no use: an interrupt is taken between two. Signals go to
    the main thread: in another nothing waits.
    """
    postponed = Postponed()
    try:
        postponed.begin()
        yield postponed
    finally:
        postponed.end()
    postponed.deliver()


@contextlib.contextmanager
def saved_when_interrupted(save: Callable[[], object]) -> Iterator[None]:
    """`save` is called before Ctrl-C, SIGTERM or SIGHUP ends the block; not when an error does.

    It is not interrupted itself: who presses Ctrl-C twice has the work saved too.

    >>> with contextlib.suppress(KeyboardInterrupt), saved_when_interrupted(lambda: print("saved")):
    ...     raise KeyboardInterrupt
    saved
    """
    try:
        yield
    except BaseException as end:
        if not isinstance(end, Exception):
            with postponed_signals():
                save()
        raise
