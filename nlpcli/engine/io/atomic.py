"""Outputs that are whole or not there at all: a temporary file beside the target, then a rename.

The old target is never touched before the new one is complete and on the disk.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from nlpcli.errors import OutputError

_EARLY = 4 << 20  # bytes


@contextlib.contextmanager
def write_atomically(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file that replaces `path` when the block ends well, and vanishes when it does not.

    The old file stays as it was until the new one is whole and flushed to the disk. A symbolic
    link is written through. A device or pipe (`/dev/stdout`) is written to directly, since a
    rename would put a plain file in its place.

    Raises OutputError when the folder is missing, not writable or full.
    """
    _refuse_stdout(path)
    target = Path(os.path.realpath(path))
    try:
        if target.is_dir():
            raise OutputError(f"{path} is a folder", hint="name a file in it")
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            with open(target, "wb") as direct:
                yield direct
            return
        with _replacement(target) as file:
            yield file
    except OSError as error:
        raise _output_error(path, error) from error


def _refuse_stdout(path: str | os.PathLike[str]) -> None:
    if str(path) == "-":
        raise OutputError("this result is a file and does not go to stdout", hint="name a file: -o FILE")


@contextlib.contextmanager
def _replacement(target: Path) -> Iterator[BinaryIO]:
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
    # The name is chosen first: a signal may come as soon as the file is there.
    name = target.with_name(f".{target.name[:80]}.{os.urandom(4).hex()}.tmp")
    try:
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with io.BufferedWriter(_Early(descriptor, "wb")) as file:
            yield file
            file.flush()
            if os.name == "posix":
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(name, target)  # noqa: PTH105
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise
    _sync_folder(target.parent)


class _Early(io.FileIO):
    """A file whose bytes begin to go to the disk while more are made, to leave `fsync` less to wait for."""

    _begun = 0

    def write(self, data: Any, /) -> int:
        written = super().write(data)
        end = self.tell()
        if end - self._begun >= _EARLY:
            begin_writing = _sync_file_range()
            if begin_writing is not None:
                begin_writing(self.fileno(), self._begun, end - self._begun, 2)  # SYNC_FILE_RANGE_WRITE
            self._begun = end
        return written


@functools.cache
def _sync_file_range() -> Any:
    """Linux's function of that name; None where there is none."""
    import ctypes

    if os.name != "posix":
        return None
    function = getattr(ctypes.CDLL(None), "sync_file_range", None)
    if function is not None:
        function.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    return function


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # a folder cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _output_error(path: str | os.PathLike[str], error: OSError) -> OutputError | OSError:
    if isinstance(error, BrokenPipeError):
        return error  # a closed pipe is not the file's fault: the command line ends quietly
    reason = error.strerror or str(error)
    folder = Path(path).parent
    if isinstance(error, FileNotFoundError) and not folder.is_dir():
        return OutputError(
            f"cannot write {path}: the folder {folder} does not exist", hint=f"mkdir -p {folder}"
        )
    return OutputError(f"cannot write {path}: {reason}", hint="the old file, if there was one, is untouched")


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise OutputError now, before an hour of training, if `path` cannot be written later."""
    _refuse_stdout(path)
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise OutputError(f"{path} is a folder", hint="name a file in it")
    if not target.parent.is_dir():
        raise OutputError(
            f"cannot write {path}: the folder {target.parent} does not exist",
            hint=f"mkdir -p {target.parent}",
        )
    checked = target if target.exists() and not target.is_file() else target.parent
    if not os.access(checked, os.W_OK):
        raise OutputError(f"cannot write {path}: no permission to write in {target.parent}")
