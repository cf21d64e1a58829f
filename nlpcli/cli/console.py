"""The terminal: data to stdout, remarks and progress to stderr.

rich is imported only where something is drawn, so that a filter in a pipe starts fast. Not here:
how the process ends (`process.py`).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from nlpcli.cli.visible import Visible, coloured, on_one_line, plainly, visible
from nlpcli.engine.io.writing import LineWriter, cell
from nlpcli.engine.runtime.progress import Progress

if TYPE_CHECKING:
    import rich.progress

_COLOURS = {"green": "32", "red": "31", "dim": "2", "magenta": "35", "plain": "0"}


def one_blas_thread() -> None:
    """Called before numpy comes in, by commands whose products are too small to share among threads.

    What can be shared, such as many questions to vectors, the engine shares among threads itself.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


# --- data -----------------------------------------------------------------------------------


def output(path: str) -> str | BinaryIO:
    """Where a result goes, for the engine: `-` is stdout, anything else the path of a file."""
    if path != "-":
        return path
    return cast(BinaryIO, Visible(sys.stdout.buffer)) if is_terminal() else sys.stdout.buffer


def print_line(text: str) -> None:
    """One line of data on stdout; what a terminal would obey is shown there as escapes."""
    shown = visible(text) if is_terminal() else plainly(text)
    sys.stdout.buffer.write(shown.encode("utf-8", "replace") + b"\n")


def print_cells(cells: Iterable[str]) -> None:
    """A line of TSV on stdout: a tab or line end in a label or name is written as its escape."""
    print_line("\t".join(map(cell, cells)))


def print_lines(lines: Iterable[str]) -> None:
    """Lines of data on stdout, as they come."""
    writer = LineWriter(cast(BinaryIO, output("-")))
    for line in lines:
        writer.write(line)
    flush()


def print_json(value: Any) -> None:
    """A JSON value on stdout."""
    text = json.dumps(value, ensure_ascii=False)
    # A name that is not UTF-8 keeps its bytes: `\udce9` in JSON is what Python makes of them.
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")


def is_terminal() -> bool:
    """Whether stdout is read by a person."""
    return sys.stdout.isatty()


def wants_colour() -> bool:
    """Whether text may be coloured: unless `NO_COLOR` asks for none (no-color.org)."""
    return "NO_COLOR" not in os.environ


def size() -> os.terminal_size:
    """Columns and lines of the terminal; 80 and 24 where there is none."""
    return shutil.get_terminal_size((80, 24))


def flush() -> None:
    """What was printed goes out now, to a reader who waits."""
    sys.stdout.buffer.flush()


def in_colour(text: str, code: str) -> str:
    """The text in any colour, by the numbers of its SGR sequence."""
    return coloured(text, code)


def one_line(text: str) -> str:
    """A name within a line: its tabs and line ends shown as escapes, with all else."""
    return on_one_line(text)


def painted(text: str, colour: str, *, bold: bool = False) -> str:
    """The text in a colour (see `_COLOURS`), where colours are wanted."""
    if not wants_colour():
        return text
    return coloured(text, ("1;" if bold else "") + _COLOURS[colour])


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None
) -> None:
    """Rows as a table on a terminal, as TSV with a header line when piped."""
    if not sys.stdout.isatty():
        print_cells(columns)
        for row in rows:
            print_cells(map(_as_text, row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = [list(row) for row in rows]
    table = Table(title=None if title is None else Text(on_one_line(title), "table.title"))
    for number, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[number], (int, float)) for row in rows)
        table.add_column(Text(on_one_line(column)), justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(Text(on_one_line(_as_text(value))) for value in row))
    Console().print(table)


def _as_text(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


# --- remarks --------------------------------------------------------------------------------


def remark(text: str) -> None:
    """A line on stderr, whatever stderr is; control characters are shown as escapes."""
    sys.stderr.write(visible(text) + "\n")
    sys.stderr.flush()


_is_quiet = False


def be_quiet(wanted: bool) -> bool:
    """What the option --quiet does besides its command's own."""
    global _is_quiet
    _is_quiet = wanted
    return wanted


def remark_unless_quiet(text: str) -> None:
    """A line on stderr, but after --quiet."""
    if not _is_quiet:
        remark(text)


def progress(quiet: bool = False) -> Progress:
    """What long work reports to: bars on a terminal, one line per note elsewhere."""
    if quiet:
        return Losses()
    return Bars() if sys.stderr.isatty() else Notes()


class Losses(Progress):
    """No progress and no notes, but what of the input was lost."""

    def lost(self, message: str) -> None:
        """Print the line."""
        remark(message)


class Notes(Progress):
    """Progress without a terminal: only the lines that stay."""

    def note(self, message: str) -> None:
        """Print the line."""
        remark(message)


class Bars(Progress):
    """Progress on a terminal: a bar with rate and time left for the stage that is under way."""

    def __init__(self) -> None:
        self._bars: rich.progress.Progress | None = None
        self._stage = ""
        self._task: rich.progress.TaskID | None = None
        self._drawn = 0.0

    def update(self, stage: str, done: float, total: float | None = None, detail: str = "") -> None:
        """Move the bar; at most ten times a second."""
        now = time.monotonic()
        same = stage == self._stage
        if same and now - self._drawn < 0.1 and (total is None or done < total):
            return
        self._drawn = now
        bars = self._start()
        if not same or self._task is None:
            self._stage = stage
            self._task = bars.add_task(on_one_line(stage), total=total, detail="")
        bars.update(self._task, completed=done, total=total, detail=on_one_line(detail))

    def note(self, message: str) -> None:
        """Print the line above the bars."""
        if self._bars is None:
            remark(message)
        else:
            from rich.text import Text

            self._bars.console.print(Text(visible(message)))

    def close(self) -> None:
        """Leave the bars as they stand."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def _start(self) -> rich.progress.Progress:
        if self._bars is None:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                Progress,
                TaskProgressColumn,
                TextColumn,
                TimeElapsedColumn,
                TimeRemainingColumn,
            )

            self._bars = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                TaskProgressColumn(),
                TextColumn("elapsed"),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[detail]}", markup=False),
                console=Console(stderr=True),
            )
            self._bars.start()
            _open_bars.append(self)
        return self._bars


_open_bars: list[Bars] = []


def close_bars() -> None:
    """Leave all bars as they stand."""
    while _open_bars:
        _open_bars.pop().close()
