"""The terminal: data to stdout, remarks to stderr.

rich is imported only where something is drawn, so that a filter in a pipe starts fast. Not here: progress
(`bars.py`), which makes way for what is written here, and how the process ends (`process.py`).
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO, cast

from nlpcli.cli import bars
from nlpcli.cli.visible import Visible, coloured, on_one_line, plainly, visible
from nlpcli.engine.io.writing import LineWriter
from nlpcli.engine.runtime.progress import Progress

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
    return cast(BinaryIO, Visible(sys.stdout.buffer, bars.make_way)) if is_terminal() else sys.stdout.buffer


def _write(content: bytes) -> None:
    """Data to stdout; to a terminal at once, with no bar in between."""
    if is_terminal():
        bars.make_way(content)
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        sys.stdout.buffer.write(content)


def print_line(text: str) -> None:
    """One line of data on stdout; what a terminal would obey is shown there as escapes."""
    shown = visible(text) if is_terminal() else plainly(text)
    _write(shown.encode("utf-8", "replace") + b"\n")


def print_lines(lines: Iterable[str]) -> None:
    """Lines of data on stdout, as they come."""
    writer = LineWriter(cast(BinaryIO, output("-")))
    for line in lines:
        writer.write(line)
    flush()


def while_read(show: Callable[[], object]) -> None:
    """Show results in the midst of work that is not for them alone: who stops reading does not stop it."""
    try:
        show()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_terminal() -> bool:
    """Whether stdout is read by a person."""
    return sys.stdout.isatty()


def is_conversation() -> bool:
    """Whether a person types and reads."""
    return is_terminal() and sys.stdin.isatty()


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


def heading(text: str) -> str:
    """A heading of a help page, bold on a terminal."""
    return f"\x1b[1m{text}\x1b[0m" if is_terminal() and wants_colour() else text


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None
) -> None:
    """Rows as a table on the terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = [list(row) for row in rows]
    table = Table(title=None if title is None else Text(on_one_line(title), "table.title"))
    for number, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[number], (int, float)) for row in rows)
        table.add_column(Text(on_one_line(column)), justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(Text(on_one_line(as_text(value))) for value in row))
    bars.make_way(b"\n")
    Console().print(table)
    sys.stdout.flush()


def as_text(value: object) -> str:
    """A value in a cell: numbers with four decimals, nan for none, several words with spaces between them."""
    if value is None:
        return "nan"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return f"{value:.4f}" if isinstance(value, float) else str(value)


# --- remarks --------------------------------------------------------------------------------


def remark(text: str) -> None:
    """A line on stderr, whatever stderr is; control characters are shown as escapes."""
    if not bars.said_above(text):
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
    """What long work reports to: bars on a terminal, a line per note elsewhere."""
    if quiet:
        return Losses()
    return bars.Bars(remark) if sys.stderr.isatty() else Notes()


class Losses(Progress):
    """No progress and no notes, but what of the input was lost."""

    def lost(self, message: str) -> None:
        """Print the line."""
        remark(message)


class Notes(Progress):
    """Progress without a terminal: the lines that stay, and one of how far it is after long silence."""

    def __init__(self) -> None:
        self._said = time.monotonic()
        self._pause = 10.0  # seconds; twice as long each time, so that no log is flooded

    def update(self, stage: str, done: float, total: float | None = None, detail: str = "") -> None:
        """Print a line where none came for long."""
        now = time.monotonic()
        if now - self._said >= self._pause:
            share = f" {done / total:.0%}" if total else ""
            self._said, self._pause = now, min(2 * self._pause, 600.0)
            remark(f"{stage}{share}{', ' * bool(detail)}{detail}")

    def note(self, message: str) -> None:
        """Print the line."""
        self._said = time.monotonic()
        remark(message)
