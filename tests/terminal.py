"""A terminal for tests: the command line run at a pseudo-terminal, and what its reader would see.

Both outputs are the same terminal, as they usually are; stdin is a pipe.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pty
import re
import sys
import threading
import time
import tty
from pathlib import Path
from unittest import mock

from tests.command_line import _bytes, _process_state, _standard_streams

_SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")
COLUMNS = 120


class Screen:
    """The lines of a terminal that has no last line: what was ever shown and not written over."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = [[]]
        self._row = self._column = 0

    def feed(self, text: str) -> None:
        place = 0
        while place < len(text):
            if found := _SEQUENCE.match(text, place):
                self._obey(found[2], int(found[1] or 1) if found[1].isdecimal() or not found[1] else 0)
                place = found.end()
                continue
            self._show(text[place])
            place += 1

    def _obey(self, letter: str, number: int) -> None:
        if letter == "A":
            self._row = max(0, self._row - number)
        elif letter == "K":
            del self.rows[self._row][0 if number == 2 else self._column :]
        else:
            assert letter in "mhl", f"ESC [ {letter}"

    def _show(self, sign: str) -> None:
        if sign == "\n":
            self._row += 1
            while self._row >= len(self.rows):
                self.rows.append([])
        elif sign == "\r":
            self._column = 0
        else:
            row = self.rows[self._row]
            row += " " * (self._column - len(row))
            row[self._column : self._column + 1] = [sign]
            self._column += 1

    @property
    def lines(self) -> list[str]:
        """What stands there, without empty lines at the end."""
        found = ["".join(row).rstrip() for row in self.rows]
        while found and not found[-1]:
            found.pop()
        return found


def at_terminal(*arguments: object, cwd: Path, input: str | bytes = b"", code: int = 0) -> list[str]:
    """The lines that `nlpcli ARGUMENTS` leaves on a terminal; checks its exit code."""
    from nlpcli.cli import main

    master, slave = pty.openpty()
    tty.setraw(slave)  # line ends as they are written
    shown: list[bytes] = []
    written = threading.Event()
    reader = threading.Thread(target=_read, args=(master, shown, written), daemon=True)
    reader.start()
    settings = {"COLUMNS": str(COLUMNS), "LINES": "60", "TERM": "xterm", "NO_COLOR": "1"}
    with (
        open(slave, "wb", buffering=0) as terminal,
        _process_state(),
        mock.patch.object(sys, "argv", ["nlpcli", *map(str, arguments)]),
        mock.patch.dict(os.environ, settings),
        contextlib.chdir(cwd),
        _standard_streams(_bytes(input), terminal, terminal),
    ):
        try:
            main()
        except SystemExit as end:
            ended = int(end.code or 0)
    written.set()
    reader.join()
    os.close(master)
    text = b"".join(shown).decode().replace("\n", "\r\n")
    assert ended == code, text
    screen = Screen()
    screen.feed(text)
    return screen.lines


def _read(master: int, shown: list[bytes], written: threading.Event) -> None:
    """Take what is written until all of it was: an end that is told before is none."""
    while True:
        was_written = written.is_set()
        try:
            block = os.read(master, 65536)
        except OSError as error:  # nobody has the other side open
            if error.errno != errno.EIO:
                raise
            block = b""
        if block:
            shown.append(block)
        elif was_written:
            return
        else:
            time.sleep(0.001)
