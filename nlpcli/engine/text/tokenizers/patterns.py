"""A user's regular expression over lines of text, each in bounded time.

Over a short line `(a+)+$` takes longer than anyone waits. `re` looks at signals while it backtracks, so
an alarm ends it; while it tries one place of a long line after the other it does not look. So long
lines, and lines in other threads than the main one (which alone gets signals), go to a process that
can be killed. An engine of linear time would know neither look-around nor back-references.

On Windows, which has neither alarms nor such processes, nothing is bounded.
"""

from __future__ import annotations

import re
import signal
import threading
import time
import warnings
from array import array
from collections.abc import Callable
from typing import NoReturn, TypeVar

from nlpcli.engine.runtime.processes import Failure, Worker
from nlpcli.engine.text.tokenizers.tokenizer import LineFailed
from nlpcli.errors import SettingsError

Result = TypeVar("Result")
Spans = list[tuple[int, int]]

LINE_LIMIT = 5.0  # seconds over a line of up to a million characters; in proportion over a longer one
_COMPILE_LIMIT = 30.0
_LONG = 10_000  # characters from which a line goes to another process
_ALARMS = hasattr(signal, "setitimer")


class _OutOfTime(Exception):
    """The alarm went."""


class LinePattern:
    """Where a regular expression matches in a line.

    Raises SettingsError when `pattern` is none.

    >>> LinePattern(r"\\d+")("a1b22")
    [(1, 2), (3, 5)]
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._matches = _compiled(pattern)
        self._worker: Worker | None = None
        self._asking = threading.Lock()

    def __call__(self, text: str) -> Spans:
        """The places of all matches. Raises LineFailed when they take too long to find."""
        limit = LINE_LIMIT * max(1.0, len(text) / 1e6)
        if not _ALARMS:
            return _spans(self._matches, text)
        if len(text) >= _LONG or threading.current_thread() is not threading.main_thread():
            return self._found_elsewhere(text, limit)
        try:
            return _within(limit, lambda: _spans(self._matches, text))
        except _OutOfTime:
            raise self._failed(f"not done within {limit:g} s", text) from None

    def _found_elsewhere(self, text: str, limit: float) -> Spans:
        with self._asking:
            if self._worker is None:
                self._worker = Worker(f"{__name__}:packed_spans", (self._pattern,), LINE_LIMIT)
            (found,) = self._worker.map([text], limit)
        if isinstance(found, Failure):
            raise self._failed(found, text)
        ends = iter(array("q", found))
        return list(zip(ends, ends, strict=True))

    def _failed(self, why: str, text: str) -> LineFailed:
        return LineFailed(
            f"--pattern {_shown(self._pattern)} on the line {_shown(text)}: {why}",
            hint="a repeat within a repeat, as in (a+)+, may try every way to share the text out: "
            "write one repeat",
        )


def packed_spans(pattern: str) -> Callable[[str], bytes]:
    """What a worker process calls: the ends of all matches in a line, eight bytes each.

    If the one who asked is gone when the time is, nobody is left to kill this process: the alarm does.
    """
    matches = re.compile(pattern)

    def found(text: str) -> bytes:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 10 + 2 * LINE_LIMIT * max(1.0, len(text) / 1e6))
        ends = array("q")
        for match in matches.finditer(text):
            ends.extend(match.span())
        signal.setitimer(signal.ITIMER_REAL, 0)
        return ends.tobytes()

    return found


def _compiled(pattern: str) -> re.Pattern[str]:
    bounded = _ALARMS and threading.current_thread() is threading.main_thread()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # "possible nested set"
            if not bounded:
                return re.compile(pattern)
            return _within(_COMPILE_LIMIT, lambda: re.compile(pattern))
    except (re.error, OverflowError, ValueError) as error:  # flags that are none, numbers of many digits
        reason = str(error).partition(": value has")[0]
    except RecursionError:
        reason = "too many brackets within brackets"
    except _OutOfTime:
        reason = "too large"
    raise SettingsError(
        f"--pattern is not a regular expression: {reason}", hint=r"a word is '\w+', a gap '\s+'"
    )


def _spans(matches: re.Pattern[str], text: str) -> Spans:
    return [match.span() for match in matches.finditer(text)]


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


def _within(seconds: float, work: Callable[[], Result]) -> Result:
    """The result of `work`, in the main thread. Raises _OutOfTime; another alarm that was set stays set."""
    begun = time.monotonic()
    handler = signal.signal(signal.SIGALRM, _ring)
    try:
        left, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            return work()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, handler)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - time.monotonic() + begun, 1e-3), interval)


def _ring(*_: object) -> NoReturn:
    raise _OutOfTime
