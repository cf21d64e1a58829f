"""Opening files and stdin for reading, compressed or not, and the names that messages give them.

Not here: what a compressed file may hold (`compressed.py`), and lines of text (`lines.py`).
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from nlpcli.engine.io.compressed import Damaged, decompressed, format_of
from nlpcli.engine.io.places import is_address, is_file, open_place, part_of, shown, size_of
from nlpcli.engine.io.writing import readable
from nlpcli.engine.runtime.progress import SILENT, Progress, before_reading
from nlpcli.errors import InputError, MissingFile

Paths: TypeAlias = Sequence[str] | None  # names of files, `-` is stdin; none is stdin too

CHUNK = 1 << 20
STDIN = "-"
# What comes out of a compressed stdin: who opens it again goes on where the other looked.
_unpacked: weakref.WeakKeyDictionary[BinaryIO, BinaryIO] = weakref.WeakKeyDictionary()


class open_bytes:
    """A context manager: `(stream, raw)`, the decompressed bytes and the file beneath them.

    Compression is told by content (`compressed.py`), not by name. `raw.tell()` is how far the file
    has been read, for progress. `told` hears of compressed data that is left out.
    """

    def __init__(self, path: str, told: Callable[[str], object] = SILENT.lost) -> None:
        self._path, self._told = path, told

    def __enter__(self) -> tuple[BinaryIO, BinaryIO]:
        try:
            if self._path == STDIN:
                self._raw: BinaryIO = sys.stdin.buffer
                if self._raw in _unpacked:
                    return _unpacked[self._raw], self._raw
            else:
                self._raw = open_place(self._path)
            head = self._raw.peek(6)[:6]  # type: ignore[attr-defined]
        except OSError as error:
            raise _unreadable(self._path, error) from error
        kind = format_of(head)
        if kind is None:
            return self._raw, self._raw
        told = lambda remark: self._told(f"{display_name(self._path)}: {remark}")  # noqa: E731
        stream = cast(BinaryIO, decompressed(self._raw, kind, told))
        if self._path == STDIN:
            _unpacked[self._raw] = stream
        return stream, self._raw

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self._path != STDIN:
            self._raw.close()
        if isinstance(error, Damaged):
            raise InputError(
                f"{display_name(self._path)}: the compressed file is damaged or cut short ({error})"
            ) from error
        if isinstance(error, OSError) and error.filename is None and not isinstance(error, BrokenPipeError):
            raise error


def first_bytes(path: str, size: int, progress: Progress = SILENT) -> bytes:
    """Up to so many bytes at the beginning of a file, which can be read again.

    None of a named pipe, since what is read of it is gone, nor of a part of a file.
    """
    if path != STDIN and (not is_file(path) or part_of(path)):
        return b""
    with open_bytes(path, progress.lost) as (stream, _):
        return cast(bytes, stream.peek(size)[:size])  # type: ignore[attr-defined]


def check_readable(path: str) -> None:
    """Raise InputError for a file that is not there or cannot be read, before long work that ends with it."""
    # A pipe is not opened: what is read of it is gone. Neither is a folder, which may hold labelled files.
    if path != STDIN and (is_address(path) or os.path.isfile(path) or not os.path.exists(path)):  # noqa: PTH110,PTH113
        with open_bytes(path):
            pass


def _unreadable(path: str, error: OSError) -> InputError:
    if not path:
        return MissingFile("'' is the name of no file", hint="check the name; - reads from stdin")
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        return MissingFile(f"{path}: no such file", hint="check the name; - reads from stdin")
    if isinstance(error, IsADirectoryError):
        return folder_error(path)
    return InputError(f"{path}: cannot be read: {error.strerror}")


def folder_error(folder: str) -> InputError:
    """What is wrong with a folder in place of a file."""
    return InputError(f"{folder} is a folder", hint=f"name its files: {files_pattern(folder)}")


def files_pattern(folder: str) -> str:
    """What a shell makes the names of the files in a folder of: of their common ending, if they have one.

    It reaches below folders of folders alone.
    """
    pattern, here = folder.rstrip("/"), Path(folder)
    with contextlib.suppress(OSError):
        while (inside := sorted(here.iterdir())) and all(each.is_dir() for each in inside):
            pattern, here = f"{pattern}/*", inside[0]
        suffixes = [each.suffixes for each in inside if not each.name.startswith(".")]
        for number in (2, 1):  # as .txt.gz, or .gz
            endings = {"".join(of_one[-number:]) for of_one in suffixes}
            if len(endings) == 1:
                return f"{pattern}/*{endings.pop()}"
    return f"{pattern}/*"


def read_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """What the stream has, up to a mebibyte at a time; what a pipe has now comes now."""
    read = getattr(stream, "read1", stream.read)
    while True:
        for act in before_reading:
            act()
        if not (chunk := read(CHUNK)):
            return
        yield chunk


def display_name(path: str) -> str:
    """A path as messages show it."""
    return "<stdin>" if path == STDIN else readable(shown(path))


def total_size(paths: Iterable[str]) -> int | None:
    """Bytes on disk of all files together; None when one is a pipe (no total is known)."""
    try:
        return sum(size_of(path) for path in paths if is_file(path) or _refuse())
    except OSError:
        return None


def _refuse() -> bool:
    raise FileNotFoundError
