"""Text as a terminal may get it: what would move, colour or turn it is seen as an escape.

A word, a label or a file name can hold anything, and a terminal does what control characters tell it:
it changes its title, its colours, or what was printed before. So on a terminal ESC is shown as \\x1b.
Our own colours are put in as marks that no text can hold, and become escape sequences last.

Not here: when there is a terminal (`console.py`).
"""

from __future__ import annotations

import codecs
import io
import os
import re
from collections.abc import Callable
from typing import BinaryIO

# The C0 and C1 controls and DEL; what turns the direction of the text around it, and the two line ends
# of Unicode; lone surrogates.
_CONTROLS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")  # how Python reads bytes of file names that are no UTF-8
_BREAKS = str.maketrans({"\t": r"\t", "\n": r"\n", "\r": r"\r"})
# Nothing that was written before this process began can hold it.
_MARK = f"\x1b{os.urandom(8).hex()}["


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if _NOT_UTF8.match(found[0]):
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def visible(text: str) -> str:
    """The text with control characters as escapes, but tabs and line ends; marks become colours.

    >>> visible("\\x1b[31mred\\u202e")
    '\\\\x1b[31mred\\\\u202e'
    """
    parts = (_CONTROLS.sub(_escape, part) for part in text.split(_MARK))
    return "\x1b[".join(parts)


def on_one_line(text: str) -> str:
    """The same with tabs and line ends as escapes, too."""
    return visible(text.translate(_BREAKS))


def coloured(text: str, code: str) -> str:
    """The text in a colour (the numbers of an SGR sequence), to go through `visible` or `plainly`."""
    return f"{_MARK}{code}m{text}{_MARK}0m"


def plainly(text: str) -> str:
    """The text as it is, its marks as colours: for what is no terminal.

    Bytes of no character are escapes there too.
    """
    return _NOT_UTF8.sub(_escape, text).replace(_MARK, "\x1b[")


class Visible(io.RawIOBase):
    """A stream of UTF-8 to a terminal."""

    def __init__(self, terminal: BinaryIO, before: Callable[[bytes], object] = lambda _content: None) -> None:
        self._terminal = terminal
        self._before = before  # told what is about to be written
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._held = ""

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        """Write what is whole characters, and no mark cut in two."""
        text = self._held + self._decoder.decode(content)
        cut = text.rfind("\x1b", max(0, len(text) - len(_MARK) + 1))
        self._held = text[cut:] if cut >= 0 and _MARK.startswith(text[cut:]) else ""
        whole = text[: len(text) - len(self._held)]
        shown = visible(whole).encode("utf-8", "replace")
        self._before(shown)
        self._terminal.write(shown)
        self._terminal.flush()
        return len(content)

    def flush(self) -> None:
        """What was written goes out."""
        self._terminal.flush()
