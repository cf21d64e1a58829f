"""Where results go: a file that is replaced when whole, or an open one, such as stdout.

Not here: how a file is replaced (`atomic.py`), and models (`model_file.py`).
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from typing import BinaryIO, TypeAlias

from nlpcli.engine.io.address_output import write_to_address
from nlpcli.engine.io.atomic import write_atomically
from nlpcli.engine.io.file_names import refuse_compressed
from nlpcli.engine.io.places import is_address

Output: TypeAlias = str | os.PathLike[str] | BinaryIO
_ESCAPED = re.compile("[\udc80-\udcff]")  # bytes that Python could not read as UTF-8


@contextlib.contextmanager
def open_output(output: Output) -> Iterator[BinaryIO]:
    """The file to write to: a path or address is replaced when the block ends well, an open file is flushed.

    Raises OutputError for the name of a compressed file.
    """
    if isinstance(output, str | os.PathLike):
        refuse_compressed(output)
        is_far = isinstance(output, str) and is_address(output)
        with write_to_address(str(output)) if is_far else write_atomically(output) as file:
            yield file
    else:
        yield output
        output.flush()


_IN_A_CELL = str.maketrans({"\t": r"\t", "\n": r"\n", "\r": r"\r"})


def cell(text: str) -> str:
    """A label or name as a field of TSV: a tab or a line break in it is written as its escape.

    >>> cell("a\\tb")
    'a\\\\tb'
    """
    return text.translate(_IN_A_CELL)


class LineWriter:
    """Lines of text to a file; flushed five times a second while they come.

    Before the input is waited for, stdout is flushed too (`before_reading`), so that a pipe flows.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._flushed = float("-inf")  # the first line goes out at once

    def write(self, line: str, end: bytes = b"\n") -> None:
        """One line; the newline is added. Lone surrogates cannot be written and become `?`."""
        self.write_block(line.encode("utf-8", "replace") + end)

    def write_block(self, lines: bytes) -> None:
        """Whole lines, or parts of lines, as they are."""
        self._file.write(lines)
        now = time.monotonic()
        if now - self._flushed > 0.2:
            self._file.flush()
            self._flushed = now


def readable(text: str) -> str:
    """Text that can be written: what was not UTF-8 in the name of a file becomes `\\xe9`.

    >>> readable(b"caf\\xe9".decode("utf-8", "surrogateescape"))
    'caf\\\\xe9'
    """
    if text.isascii():
        return text
    return _ESCAPED.sub(lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", text)
