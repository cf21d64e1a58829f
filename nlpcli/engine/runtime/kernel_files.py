"""Where compiled kernels are kept, and which of them are believed: what lies there is run.

A folder is used only if nobody but this user and root can change what lies in it. A file in it is believed
only if it is theirs alone too, and if its digest, which is made with a key that lies beside it, is right: a
damaged file, one under another name, or one from elsewhere is made anew. See docs/SECURITY.md.
"""

from __future__ import annotations

import contextlib
import functools
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from nlpcli.engine.runtime.progress import listeners

_KERNELS = Path(__file__).parents[1] / "kernels"
_KEY = "key"
_DIGEST = 32  # bytes, of keys and of digests
_LARGEST = 1 << 26  # bytes; a kernel has a few thousand
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_MOST_LINKS = 40  # as many as Linux follows
_AN_HOUR = 3600  # seconds; what is younger may be in use by a process that runs now


class Untrusted(Exception):
    """A folder is not used; the message says why, and how that is mended."""


# --- folders --------------------------------------------------------------------------------


def _others_write(state: os.stat_result) -> bool:
    """Whether anyone but the owner can write there. A group of this user alone counts as the user."""
    if state.st_mode & stat.S_IWOTH:
        return True
    return bool(state.st_mode & stat.S_IWGRP) and not _is_private_group(state.st_gid)


@functools.cache
def _is_private_group(group: int) -> bool:
    """Whether a group is the one that many systems make for each user, with that user alone in it."""
    import grp
    import pwd

    try:
        user, members = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    alone = {entry.pw_name for entry in pwd.getpwall() if entry.pw_gid == group} == {user.pw_name}
    return bool(user.pw_uid) and alone and members.gr_name == user.pw_name and not members.gr_mem


def _trusted(folder: Path, mode: int) -> Path:
    """A folder's path without links; it is made with this mode if it is not there.

    From the root down, so that each step is taken in a folder in which nobody else can exchange what was
    looked at. Raises Untrusted, and OSError where the folder cannot be.
    """
    place, rest, links = Path(folder.anchor), list(folder.parts[:0:-1]), 0
    _check(place, place.lstat())
    while rest:
        entry = place / rest.pop()
        try:
            state = entry.lstat()
        except FileNotFoundError:
            if links:  # nothing is made where a link leads
                raise Untrusted(f"a link in {folder} leads nowhere; remove it") from None
            with contextlib.suppress(FileExistsError):
                entry.mkdir(mode)
                entry.chmod(mode)  # whatever the umask
            state = entry.lstat()
        if not stat.S_ISLNK(state.st_mode):
            _check(entry, state)
            place = entry
            continue
        links += 1
        if links > _MOST_LINKS or state.st_uid not in (0, os.geteuid()):
            raise Untrusted(f"the link {entry} is not yours; remove it")
        target = entry.readlink()
        rest += target.parts[:0:-1] if target.is_absolute() else target.parts[::-1]
        place = Path(target.anchor) if target.is_absolute() else place
    return place


def _check(folder: Path, state: os.stat_result) -> None:
    if not stat.S_ISDIR(state.st_mode):
        raise NotADirectoryError(str(folder))
    if state.st_uid not in (0, os.geteuid()):
        raise Untrusted(f"{folder} belongs to another user")
    # In a sticky folder, such as /tmp, only its owner exchanges what is there; the next step looks at that.
    if _others_write(state) and not state.st_mode & stat.S_ISVTX:
        raise Untrusted(f"others can write to {folder}; chmod go-w {folder}")


def _own_folder(parent: int, name: str, shown: Path) -> int:
    """The descriptor of a folder that is this user's alone; made if it is not there."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=parent)
        os.chmod(name, 0o700, dir_fd=parent)  # whatever the umask
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    except OSError as error:
        raise Untrusted(f"{shown} is not a folder of yours; remove it") from error
    if os.fstat(descriptor).st_uid != os.geteuid():
        os.close(descriptor)
        raise Untrusted(f"{shown} belongs to another user; remove it")
    try:
        os.fchmod(descriptor, 0o700)  # what others may have put there is told by its owner
    except OSError:  # it is on a medium that is read-only
        os.close(descriptor)
        raise
    return descriptor


def _open_own(base: Path, names: tuple[str, ...], mode: int) -> tuple[int, Path]:
    """A folder of this user alone below one that nobody else can change: its descriptor and its path."""
    place = _trusted(base, mode)
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    for name in names:
        place /= name
        try:
            inner = _own_folder(descriptor, name, place)
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor, place


def _places() -> Iterator[tuple[Path, tuple[str, ...], int]]:
    """Where kernels may be kept, the best first: a folder, own folders in it, the mode to make it with.

    With the package; where that is read-only, with the user; and for a user without a home, where
    temporary files are.
    """
    yield _KERNELS / "__pycache__", (), 0o755
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    with contextlib.suppress(RuntimeError):  # no home
        cache = given if given.is_absolute() else Path.home() / ".cache"
        if cache.is_absolute():
            yield cache, ("nlpcli",), 0o700
    import tempfile

    with contextlib.suppress(OSError):  # no such folder either
        yield Path(tempfile.gettempdir()).absolute(), (f"nlpcli-{os.geteuid()}",), 0o700


def _first_place(name: str) -> tuple[int, Path] | None:
    """A folder `name` of this user alone, open; None, and a remark why, where there is none."""
    reason = "no folder for them can be written"
    for base, own, mode in _places():
        try:
            return _open_own(base, (*own, name), mode)
        except OSError:
            continue
        except Untrusted as error:
            if own:  # the package's folder may well be someone else's
                reason = str(error)
                break
    for tell in listeners:
        tell(f"compiled kernels are not kept, so every run compiles them: {reason}")
    return None


@functools.cache
def _source_digest() -> str:
    """Of all kernels, since they are compiled into each other."""
    import hashlib

    content = b"".join(path.read_bytes() for path in sorted(_KERNELS.rglob("*.py")))
    return hashlib.sha256(content).hexdigest()[:16]


@functools.cache
def kernel_files() -> KernelFiles | None:
    """The kernels of this user; None where no folder can be trusted with them."""
    name = f"kernels-{_source_digest()}"
    if os.name != "posix":  # owners and modes say nothing there, but a user's folders are the user's
        return _by_path(name)
    found = _first_place(name)
    if found is None:
        return None
    folder, path = found
    files = KernelFiles(folder)
    if files.is_new():
        _remove_older(path)
    return files


def _by_path(name: str) -> KernelFiles | None:
    with contextlib.suppress(OSError, RuntimeError):
        place = os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
        folder = Path(place, "nlpcli", name)
        folder.mkdir(parents=True, exist_ok=True)
        return KernelFiles(None, f"{folder}{os.sep}")
    return None


def _remove_older(folder: Path) -> None:
    """Beside the package, what was compiled from other sources; elsewhere other installations may use it."""
    import shutil

    if folder.parent.parent == _KERNELS:
        for older in folder.parent.glob("kernels-*"):
            with contextlib.suppress(OSError):
                if older.name != folder.name and older.lstat().st_mtime < time.time() - _AN_HOUR:
                    shutil.rmtree(older)


# --- files ----------------------------------------------------------------------------------


class KernelFiles:
    """Files in an open folder, each with its digest in front."""

    def __init__(self, folder: int | None, prefix: str = "") -> None:
        self._folder, self._prefix = folder, prefix  # names follow the prefix where no folder can be open

    def read(self, name: str) -> bytes | None:
        """What was kept under a name; None if it is not there, or there is any doubt about it."""
        key, content = self._key(), self._content(name)
        if key is None or content is None or content[:_DIGEST] != _digest(key, name, content[_DIGEST:]):
            return None
        return content[_DIGEST:]

    def keep(self, name: str, content: bytes) -> None:
        """Write it whole or not at all; without it, the next run compiles again."""
        with contextlib.suppress(OSError):
            self._sweep()
            key = self._key()
            if key is None:
                self._write(_KEY, os.urandom(_DIGEST))
                key = self._key() or b""  # perhaps that of another process, which made one just now
            self._write(name, _digest(key, name, content) + content)

    def is_new(self) -> bool:
        """Whether nothing was ever kept here."""
        return self._key() is None

    def _key(self) -> bytes | None:
        key = self._content(_KEY)
        return key if key is not None and len(key) == _DIGEST else None

    def _sweep(self) -> None:
        """Remove what a process that was killed while it wrote has left."""
        an_hour_ago = time.time() - _AN_HOUR
        with os.scandir(self._prefix if self._folder is None else self._folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") and entry.stat(follow_symlinks=False).st_mtime < an_hour_ago:
                    os.unlink(self._prefix + entry.name, dir_fd=self._folder)

    def _content(self, name: str) -> bytes | None:
        """A file's content, if it is a plain one that only this user can have written."""
        flags = os.O_RDONLY | _NOFOLLOW | getattr(os, "O_NONBLOCK", 0)  # a pipe would be waited for
        try:
            with open(os.open(self._prefix + name, flags, dir_fd=self._folder), "rb", buffering=0) as file:
                state = os.fstat(file.fileno())
                return file.read() if _is_own_file(state) and state.st_size <= _LARGEST else None
        except OSError:
            return None

    def _write(self, name: str, content: bytes) -> None:
        part, name = f"{self._prefix}.{name}.{os.urandom(4).hex()}", self._prefix + name
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW
        try:
            with open(os.open(part, flags, 0o600, dir_fd=self._folder), "wb") as file:
                file.write(content)
            os.replace(part, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(part, dir_fd=self._folder)
            raise


def _is_own_file(state: os.stat_result) -> bool:
    if os.name != "posix":
        return stat.S_ISREG(state.st_mode)
    is_own = state.st_uid in (0, os.geteuid()) and not state.st_mode & 0o022
    # With a second name it could be a file of the user's that another put here.
    return stat.S_ISREG(state.st_mode) and is_own and state.st_nlink == 1


def _digest(key: bytes, name: str, content: bytes) -> bytes:
    import hashlib

    made = hashlib.blake2b(name.encode() + b"\0", key=key, digest_size=_DIGEST)
    made.update(content)
    return made.digest()
