"""Arrays that spill to disk: in memory while a budget lasts, then in a file without a name.

    SpillStore   arrays by number, slices of which are asked for from threads
    SpillList   one long row of numbers that grows at its end

The file has no name, so nothing is left behind however the process ends. Not here: what the
arrays mean, and text on disk (`corpus/encoding.py`).
"""

from __future__ import annotations

import mmap
import os
import threading
import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.errors import OutputError

_HELD = 1 << 23  # numbers that a SpillList keeps in memory
_PIECE = 1 << 28  # bytes per write: some systems refuse more than 2 GiB at once


class SpillStore:
    """Keeps one-dimensional arrays and gives slices of them back; safe to use from threads.

    >>> spill_store = SpillStore(memory=8)
    >>> first, second = spill_store.put(np.arange(2, dtype=np.int32)), spill_store.put(np.arange(5.0))
    >>> spill_store.take(first, 0, 2).tolist(), spill_store.take(second, 3, 5).tolist(), spill_store.on_disk
    ([0, 1], [3.0, 4.0], 40)
    """

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._kept: list[NDArray[Any] | tuple[int, np.dtype[Any]]] = []
        self._lock = threading.Lock()
        self._descriptor = -1
        self.in_memory = 0
        self.on_disk = 0

    def put(self, array: NDArray[Any]) -> int:
        """Keep the array; the number under which `take` finds it.

        Raises OutputError when the temporary folder is full.
        """
        with self._lock:
            handle = len(self._kept)
            if self.in_memory + array.nbytes <= self._memory:
                self.in_memory += array.nbytes
                self._kept.append(array)
                return handle
            start = self.on_disk
            self.on_disk += array.nbytes
            self._kept.append((start, array.dtype))
            if self._descriptor < 0:
                self._descriptor = unnamed_file(self)
        self._write(array, start)
        return handle

    def take(self, handle: int, start: int, stop: int) -> NDArray[Any]:
        """Items `start` to `stop` of a kept array; a view of it, or read from the disk."""
        kept = self._kept[handle]
        if not isinstance(kept, tuple):
            return kept[start:stop]
        offset, dtype = kept
        result = np.empty(stop - start, dtype=dtype)
        rest = result.data.cast("B") if len(result) else memoryview(b"")
        offset += start * dtype.itemsize
        while len(rest):
            got = read_at(self._descriptor, rest[:_PIECE], offset)
            rest, offset = rest[got:], offset + got
        return result

    def _write(self, array: NDArray[Any], offset: int) -> None:
        rest = np.ascontiguousarray(array).data.cast("B") if len(array) else memoryview(b"")
        try:
            while len(rest):
                written = _write_at(self._descriptor, rest[:_PIECE], offset)
                rest, offset = rest[written:], offset + written
        except OSError as error:
            raise no_space(error, "more room, or give more --memory") from error


class SpillList:
    """Numbers of one kind in memory, as the pieces they come in, and once they are many on disk, in a file
    without a name."""

    def __init__(self, kind: type[np.integer[Any]] = np.int32) -> None:
        self._kind = np.dtype(kind)
        self._pieces: list[NDArray[Any]] = []
        self._size = 0
        self._descriptor = -1

    def append(self, numbers: NDArray[Any]) -> None:
        """Put them at the end; they must not change afterwards."""
        self._size += len(numbers)
        self._pieces.append(numbers)
        if self._size <= _HELD:
            return
        if self._descriptor < 0:
            self._descriptor = unnamed_file(self)
        for piece in self._pieces:
            self._write(piece)
        self._pieces.clear()

    def _write(self, numbers: NDArray[Any]) -> None:
        rest = numbers.data.cast("B")
        try:
            os.lseek(self._descriptor, 0, os.SEEK_END)  # reading may have moved the place
            while len(rest):
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise no_space(error, "room for four bytes per token, or for the texts") from error

    @property
    def pieces(self) -> list[NDArray[Any]] | None:
        """The pieces while they are in memory."""
        return self._pieces if self._descriptor < 0 else None

    def read(self, start: int, count: int) -> NDArray[Any]:
        """`count` numbers from `start` on, once they are on the disk (`pieces` is None)."""
        numbers = np.empty(count, self._kind)
        read_at(self._descriptor, numbers.data.cast("B"), start * self._kind.itemsize)
        return numbers

    def rewrite(self, start: int, numbers: NDArray[Any]) -> None:
        """Write them over what stands on the disk from `start` on."""
        _write_at(self._descriptor, numbers.data.cast("B"), start * self._kind.itemsize)

    def numbers(self, count: int) -> NDArray[Any]:
        """The first `count` numbers, read-only: joined together, or a memory map of what is on disk."""
        if self._descriptor < 0:
            held = np.concatenate([np.zeros(0, self._kind), *self._pieces])[:count]
            held.flags.writeable = False
            return held
        if not count:
            return np.zeros(0, self._kind)
        size = count * self._kind.itemsize
        return np.frombuffer(mmap.mmap(self._descriptor, size, access=mmap.ACCESS_READ), self._kind)


def release(numbers: NDArray[Any], first: int, last: int) -> None:
    """Let the memory of numbers that have been read, a contiguous array, be used for something else, if they
    are mapped from the disk (`SpillList.numbers`).

    They come back when they are read again. Mapped pages count as the process's own, and a text
    would stay in memory whole.
    """
    whole = numbers
    while isinstance(whole.base, np.ndarray):
        whole = whole.base
    mapped = getattr(whole.base, "obj", None)
    if first < last and isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        before = numbers.ctypes.data - whole.ctypes.data
        start = (before + first * numbers.itemsize) // mmap.PAGESIZE * mmap.PAGESIZE
        mapped.madvise(mmap.MADV_DONTNEED, start, before + last * numbers.itemsize - start)


_moving = threading.Lock()  # held while a file's own place is used


def read_at(descriptor: int, into: memoryview, offset: int) -> int:
    """Bytes read into a buffer from a place of a file, at most its length; safe to use from threads."""
    if hasattr(os, "preadv"):
        return os.preadv(descriptor, [into], offset)
    with _moving:  # Windows
        os.lseek(descriptor, offset, os.SEEK_SET)
        found = os.read(descriptor, len(into))
    into[: len(found)] = found
    return len(found)


def _write_at(descriptor: int, data: memoryview, offset: int) -> int:
    if hasattr(os, "pwrite"):
        return os.pwrite(descriptor, data, offset)
    with _moving:  # Windows
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.write(descriptor, data)


def unnamed_file(owner: object) -> int:
    """The descriptor of a new temporary file without a name, closed when its owner goes."""
    import tempfile

    try:
        if os.name == "posix":
            descriptor, name = tempfile.mkstemp(prefix="nlpcli-")
            os.unlink(name)  # noqa: PTH108
        else:  # a file that is open cannot lose its name, but goes when it is closed
            name = tempfile.mktemp(prefix="nlpcli-")
            flags = ("O_CREAT", "O_EXCL", "O_RDWR", "O_BINARY", "O_TEMPORARY", "O_NOINHERIT")
            descriptor = os.open(name, sum(getattr(os, flag, 0) for flag in flags), 0o600)
    except OSError as error:
        raise no_space(error, "room") from error
    weakref.finalize(owner, os.close, descriptor)
    return descriptor


def no_space(error: OSError, wanted: str) -> OutputError:
    """What to say when the temporary file cannot be written; `wanted` is what the folder should have."""
    import tempfile

    return OutputError(
        f"cannot write the temporary file in {tempfile.gettempdir()}: {error.strerror}",
        hint=f"set TMPDIR to a folder with {wanted}",
    )
