"""Outputs that are whole or not there at all: a temporary file beside the target, then a rename.

The old target is never touched before the new one is complete and on the disk. What is no file, such as
`/dev/stdout` or a pipe, is written to as it is.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import io
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from nlpcli.engine.io.paths import checked_name, is_folder, is_no_file, own_descriptor
from nlpcli.engine.io.places import is_address
from nlpcli.engine.runtime.interrupts import unfinished, written
from nlpcli.engine.runtime.progress import before_reading
from nlpcli.errors import OutputError

_EARLY = 4 << 20  # bytes
_AN_HOUR = 3600  # seconds
_LONGEST = 200  # bytes of a temporary file's name that are the target's; a name has 255
# What a disk says that knows no flushing of folders.
_NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM)


class FolderNotFlushed(OutputError):
    """The new file is in place, but whether it would survive a power failure is not known."""


@contextlib.contextmanager
def write_atomically(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file that replaces `path` when the block ends well, and vanishes when it does not.

    The old file stays as it was until the new one is whole and flushed to the disk. A symbolic
    link is written through. A device or pipe is written to directly, since a rename would put a plain
    file in its place; so is what this process has open (`/dev/stdout`, `/dev/fd/63`), at its own place.

    Raises OutputError when the folder is missing, not writable or full.
    """
    _refuse_stdout(path)
    try:
        if (descriptor := own_descriptor(path)) is not None:
            for act in before_reading:  # what was printed before stands before it
                act()
            written.append(str(path))
            with open(os.dup(descriptor), "wb") as direct:
                yield direct
            return
        target = Path(os.path.realpath(path))
        if is_folder(target):
            raise OutputError(f"{path} is a folder", hint="name a file in it")
        if is_no_file(target):
            written.append(str(path))
            with open(target, "wb") as direct:
                yield direct
            return
        _sweep(target)
        with _replacement(target) as file:
            yield file
    except OSError as error:
        raise _output_error(path, error) from error


def _refuse_stdout(path: str | os.PathLike[str]) -> None:
    name = checked_name(path, OutputError)
    if name == "-":
        raise OutputError("this result is a file and does not go to stdout", hint="name a file in place of -")
    if is_address(name):
        raise OutputError(
            f"{name}: this result is written to a file of this machine",
            hint="name a file, and copy it there; tables and lines of text are written at addresses too",
        )


@contextlib.contextmanager
def _replacement(target: Path) -> Iterator[BinaryIO]:
    try:
        mode = stat.S_IMODE(target.stat().st_mode)
    except OSError:
        mode = 0o666 & ~_umask()
    # The name is chosen first: a signal may come as soon as the file is there.
    name = target.with_name(f"{_temporary_prefix(target)}{os.urandom(4).hex()}.tmp")
    unfinished.add(str(name))
    try:
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with io.BufferedWriter(_Early(descriptor, "wb")) as file:
            _hold(descriptor)
            yield file
            file.flush()
            if os.name == "posix":
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(name, target)  # noqa: PTH105
        written.append(str(target))
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise
    finally:
        unfinished.discard(str(name))
    _sync_folder(target)


# --- what killed processes have left --------------------------------------------------------


def _temporary_prefix(target: Path) -> str:
    shortened = os.fsencode(target.name)[:_LONGEST].decode("utf-8", "ignore")
    return f".{shortened}."


def _sweep(target: Path) -> None:
    """Remove the temporary files of runs that were killed while they wrote this target.

    Only this user's, older than an hour, and held by no process.
    """
    kind = re.compile(re.escape(_temporary_prefix(target)) + r"[0-9a-f]{8}\.tmp")
    with contextlib.suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if kind.fullmatch(entry.name):
                _remove_if_left(Path(entry.path))


def sweep(targets: Iterable[str]) -> None:
    """Remove what processes have left that were killed just now while they wrote some targets.

    Only this user's files, and held by no process.
    """
    folders: dict[Path, set[str]] = {}
    for target in targets:
        folders.setdefault(Path(target).parent, set()).add(_temporary_prefix(Path(target)))
    kind = re.compile(r"(\..*\.)[0-9a-f]{8}\.tmp")
    for folder, prefixes in folders.items():
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                found = kind.fullmatch(entry.name)
                if found and found[1] in prefixes:
                    _remove_if_left(Path(entry.path), age=0)


def _remove_if_left(path: Path, age: float = _AN_HOUR) -> None:
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            state = os.fstat(descriptor)
            is_old = state.st_mtime < time.time() - age
            if stat.S_ISREG(state.st_mode) and state.st_uid == os.geteuid() and is_old and _hold(descriptor):
                path.unlink()
        finally:
            os.close(descriptor)


def _hold(descriptor: int) -> bool:
    """Keep a file from others who ask likewise, as long as it is open; False if one of them has it."""
    if os.name != "posix":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


# --- to the disk ----------------------------------------------------------------------------


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


def _sync_folder(target: Path) -> None:
    """The new name goes to the disk too. Raises FolderNotFlushed: by now the new file is in place."""
    if os.name != "posix":  # a folder cannot be opened there
        return
    try:
        descriptor = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise FolderNotFlushed(
                f"{target} is written, but its folder could not be flushed to the disk: {error.strerror}",
                hint="the new file is in place; a power failure now could bring the old one back",
            ) from error


def _output_error(path: str | os.PathLike[str], error: OSError) -> OutputError | OSError:
    if isinstance(error, BrokenPipeError):
        return error  # a closed pipe is not the file's fault: the command line ends quietly
    reason = error.strerror or str(error)
    folder = Path(path).parent
    if isinstance(error, FileNotFoundError) and (complaint := _no_folder(path, folder)):
        return complaint
    untouched = None if is_no_file(path) else "the old file, if there was one, is untouched"
    return OutputError(f"cannot write {path}: {reason}", hint=untouched)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise OutputError now, before an hour of training, if `path` cannot be written later."""
    _refuse_stdout(path)
    if (descriptor := own_descriptor(path)) is not None:
        _check_open_for_writing(path, descriptor)
        return
    target = Path(os.path.realpath(path))
    if is_folder(target):
        raise OutputError(f"{path} is a folder", hint="name a file in it")
    if complaint := _no_folder(path, target.parent):
        raise complaint
    checked, needed = (target, os.W_OK) if is_no_file(target) else (target.parent, os.W_OK | os.X_OK)
    if not os.access(checked, needed):
        raise OutputError(f"cannot write {path}: no permission to write in {target.parent}")
    try:
        os.lstat(target)
    except FileNotFoundError:
        pass
    except OSError as error:  # the name is too long
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


def _no_folder(path: str | os.PathLike[str], folder: Path) -> OutputError | None:
    """What is wrong with the folder to write in, if it is none or may not be entered."""
    try:
        if stat.S_ISDIR(folder.stat().st_mode):
            return None
    except PermissionError as error:
        return OutputError(f"cannot write {path}: {error.strerror}")
    except OSError:
        pass
    return OutputError(f"cannot write {path}: the folder {folder} does not exist", hint=f"mkdir -p {folder}")


def _check_open_for_writing(path: str | os.PathLike[str], descriptor: int) -> None:
    import fcntl

    try:
        mode = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE
    except OSError as error:
        raise OutputError(f"cannot write {path}: it is not open") from error
    if mode == os.O_RDONLY:
        raise OutputError(f"cannot write {path}: it is closed, or open for reading only")
