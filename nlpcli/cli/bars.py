"""Progress bars, on a terminal that results may go to as well.

A bar is drawn on the last line and over again, by a thread. So it goes away before data are written to the
same terminal, and comes back, below them, when none came for a while: results are never mixed with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from nlpcli.cli.visible import on_one_line, visible
from nlpcli.engine.runtime.progress import Progress

if TYPE_CHECKING:
    import rich.progress

_PAUSE = 0.5  # seconds without data after which a bar may be drawn again


class Bars(Progress):
    """Progress on a terminal: a bar with rate and time left for the stage that is under way."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say  # how a line gets to stderr
        self._bars: rich.progress.Progress | None = None
        self._stage = ""
        self._task: rich.progress.TaskID | None = None
        self._began: float | None = None  # when the stage did, for a bar that comes back
        self._drawn = 0.0

    def update(self, stage: str, done: float, total: float | None = None, detail: str = "") -> None:
        """Move the bar; at most ten times a second."""
        now = time.monotonic()
        same = stage == self._stage
        if same and now - self._drawn < 0.1 and (total is None or done < total):
            return
        if not _data.may_be_drawn(now):
            return
        self._drawn = now
        bars = self._start()
        if not same or self._task is None:
            began = self._began if same else None
            self._stage = stage
            self._task = bars.add_task(on_one_line(stage), total=total, detail="")
            bars.tasks[-1].start_time = self._began = began or bars.tasks[-1].start_time
        bars.update(self._task, completed=done, total=total, detail=on_one_line(detail))

    def note(self, message: str) -> None:
        """Print the line, above the bars if some are drawn."""
        self._say(message)

    def print_above(self, message: str) -> None:
        """A line above the bars that are drawn."""
        from rich.text import Text

        if self._bars is not None:
            self._bars.console.print(Text(visible(message)), soft_wrap=True)

    def close(self) -> None:
        """Leave the bars as they stand."""
        self._end(transient=False)

    def hide(self) -> None:
        """Take the bars away, until the next update."""
        self._end(transient=True)

    def _end(self, *, transient: bool) -> None:
        if self._bars is not None:
            self._bars.live.transient = transient
            self._bars.stop()
            self._bars, self._task = None, None
            _open_bars.remove(self)

    def _start(self) -> rich.progress.Progress:
        if self._bars is None:
            self._bars = _drawn_bars()
            self._bars.start()
            _open_bars.append(self)
        return self._bars


def _drawn_bars() -> rich.progress.Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("elapsed"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
        console=Console(stderr=True),
        # What goes to stdout is data, and goes there by itself.
        redirect_stdout=False,
        redirect_stderr=False,
    )


class _Data:
    """What stands on the terminal of what was written to stdout."""

    def __init__(self) -> None:
        self.written = float("-inf")
        self.line_is_whole = True

    def may_be_drawn(self, now: float) -> bool:
        """Whether a bar would stand by itself."""
        return self.line_is_whole and now - self.written >= _PAUSE


_open_bars: list[Bars] = []
_data = _Data()


def make_way(content: bytes) -> None:
    """Called before data are written to the terminal."""
    while _open_bars:
        _open_bars[-1].hide()
    _data.written = time.monotonic()
    _data.line_is_whole = content.endswith(b"\n") if content else _data.line_is_whole


def said_above(text: str) -> bool:
    """Say a line above the bars, if some are drawn."""
    if not _open_bars:
        return False
    _open_bars[-1].print_above(text)
    return True


def close_bars() -> None:
    """Leave all bars as they stand."""
    while _open_bars:
        _open_bars[-1].close()
