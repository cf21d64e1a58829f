"""Binary files read from their beginning to their end, plain or compressed, within bounded memory.

A plain file is mapped, and so are the arrays taken from it. What comes out of a pipe or a compressed
file is read as it is asked for; an array then grows with what really arrives, so that a length that
a file merely claims costs nothing. Not here: what stands in the files.
"""

from __future__ import annotations

import contextlib
import io
import math
import mmap
import os
import shutil
import stat
import struct
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nlpcli.errors import OutputError

_CHUNK = 1 << 20
_FIRST = 1 << 26  # bytes of an array that are there before the first of them has come


class CutShort(Exception):
    """The input ends before what was asked for, or what was looked for is not there."""


class BinaryInput:
    """A place in a stream of bytes that moves on with every read.

    `stream` gives the bytes; `raw` is the file beneath it where that is plain (not compressed), and is
    then mapped if it can be.

    >>> source = BinaryInput(io.BytesIO(b"cat\\0\\1\\0\\0\\0"))
    >>> source.take_until(b"\\0", 100), source.take_numbers("i"), source.at_end
    (b'cat', (1,), True)
    """

    def __init__(self, stream: BinaryIO, raw: BinaryIO | None = None) -> None:
        self._stream = stream
        self._buffer: bytes | mmap.mmap = b""
        self._place = 0
        self._mapped = raw is not None and _can_be_mapped(raw)
        if self._mapped:
            assert raw is not None
            self._buffer = mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ)

    @property
    def is_mapped(self) -> bool:
        """Whether the bytes lie plain in a file, so that arrays cost no memory."""
        return self._mapped

    def _wait_for(self, size: int) -> None:
        """Have `size` bytes in the buffer. Raises CutShort."""
        left = len(self._buffer) - self._place
        if left >= size:
            return
        parts = [self._buffer[self._place :]] if not self._mapped else []
        while not self._mapped and left < size and (chunk := self._stream.read(_CHUNK)):
            parts.append(chunk)
            left += len(chunk)
        if not self._mapped:
            self._buffer, self._place = b"".join(parts), 0
        if left < size:
            raise CutShort

    def take(self, size: int) -> bytes:
        """The next `size` bytes, which are few. Raises CutShort."""
        self._wait_for(size)
        taken = self._buffer[self._place : self._place + size]
        self._place += size
        return taken

    def take_numbers(self, layout: str) -> tuple[Any, ...]:
        """The next numbers, as `struct` spells them, little-endian and without padding. Raises CutShort."""
        layout = "<" + layout
        size = struct.calcsize(layout)
        self._wait_for(size)
        values = struct.unpack_from(layout, self._buffer, self._place)
        self._place += size
        return values

    def take_until(self, mark: bytes, most: int) -> bytes:
        """The bytes before the next `mark`, which is passed over. Raises CutShort if it is not near."""
        end = self._buffer.find(mark, self._place, self._place + most + 1)
        while end < 0:
            have = len(self._buffer) - self._place
            if have > most:
                raise CutShort
            self._wait_for(have + 1)
            end = self._buffer.find(mark, self._place, self._place + most + 1)
        taken = self._buffer[self._place : end]
        self._place = end + 1
        return taken

    def take_array(self, dtype: DTypeLike, shape: tuple[int, ...]) -> NDArray[Any]:
        """The next numbers as an array: mapped and read-only where the file is. Raises CutShort."""
        kind = np.dtype(dtype)
        size = kind.itemsize * math.prod(shape)
        if self._mapped:
            self._wait_for(size)
            found = np.frombuffer(self._buffer, kind, math.prod(shape), self._place).reshape(shape)
            self._place += size
            return found
        held = np.empty(min(size, _FIRST), np.uint8)
        filled = 0
        while filled < size:
            if filled == len(held):
                held.resize(min(size, 2 * filled), refcheck=False)
            filled += self._fill(held.data[filled:])
        return held.view(kind).reshape(shape)

    def _fill(self, room: memoryview) -> int:
        """Put what comes next into a part of `room`; how many bytes that were. Raises CutShort at the end."""
        kept = self._buffer[self._place : self._place + len(room)]
        if kept:
            room[: len(kept)] = kept
            self._place += len(kept)
            return len(kept)
        chunk = self._stream.read(min(len(room), _CHUNK))
        if not chunk:
            raise CutShort
        room[: len(chunk)] = chunk
        return len(chunk)

    def skip(self, size: int) -> None:
        """Pass over `size` bytes, which must be there. Raises CutShort."""
        if self._mapped:
            self._wait_for(size)
            self._place += size
            return
        while size > 0:
            step = min(size, _CHUNK)
            self.take(step)
            size -= step

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        try:
            self._wait_for(1)
        except CutShort:
            return True
        return False


def _can_be_mapped(raw: BinaryIO) -> bool:
    try:
        status = os.fstat(raw.fileno())
    except (OSError, io.UnsupportedOperation):
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size > 0


class _Rejoined(io.RawIOBase):
    """A stream whose beginning was read already."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start, self._rest = start, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        piece = self._start or self._rest.read(len(buffer))
        piece, self._start = piece[: len(buffer)], self._start[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


def sampled(stream: BinaryIO, size: int) -> tuple[bytes, bool, BinaryIO]:
    """The first `size` bytes, whether they are all, and a stream that still has them."""
    parts: list[bytes] = []
    missing = size
    while missing and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    start = b"".join(parts)
    return start, bool(missing), io.BufferedReader(_Rejoined(start, stream), _CHUNK)


@contextlib.contextmanager
def decompressed_file(stream: BinaryIO) -> Iterator[str]:
    """The name of a file with what comes out of a stream; afterwards only those who mapped it have it."""
    with tempfile.NamedTemporaryFile(prefix="nlpcli-") as file:
        try:
            shutil.copyfileobj(stream, file, _CHUNK)
            file.flush()
        except OSError as error:
            if error.filename is None and error.errno is None:  # what is wrong is the stream, not the disk
                raise
            raise OutputError(
                f"cannot unpack into {tempfile.gettempdir()}: {error.strerror}",
                hint="set TMPDIR to a folder with more room, or decompress the file",
            ) from error
        yield file.name
