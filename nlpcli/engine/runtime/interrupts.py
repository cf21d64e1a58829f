"""Ctrl-C and other signals: held back while something must be done whole; work saved before they end it."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

# Those that ended the work, added by who handles them: a library may turn one into an error of its own.
arrived: list[int] = []

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextlib.contextmanager
def postponed_signals() -> Iterator[Callable[[], None]]:
    """Ctrl-C, SIGTERM and SIGHUP wait until the block calls what this gives.

    A network half-way through an update is of no use: an interrupt is taken between two.
    """
    pending: list[int] = []

    def remember(number: int, _frame: FrameType | None) -> None:
        pending.append(number)

    try:
        before = {number: signal.signal(number, remember) for number in _SIGNALS}
    except ValueError:  # not in the main thread: signals do not come here
        yield lambda: None
        return

    def deliver() -> None:
        if pending:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.raise_signal(pending.pop())

    try:
        yield deliver
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    deliver()


@contextlib.contextmanager
def saved_when_interrupted(save: Callable[[], object]) -> Iterator[None]:
    """`save` is called before Ctrl-C, SIGTERM or SIGHUP ends the block; not when an error does.

    >>> with contextlib.suppress(KeyboardInterrupt), saved_when_interrupted(lambda: print("saved")):
    ...     raise KeyboardInterrupt
    saved
    """
    try:
        yield
    except BaseException as end:
        if not isinstance(end, Exception):
            save()
        raise
