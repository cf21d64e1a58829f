"""What the name of a file leads to: something of this process, a device, the same file as another."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nlpcli.errors import NlpcliError

_MOST_LINKS = 40  # as many as Linux follows


def is_no_file(path: str | os.PathLike[str]) -> bool:
    """Whether a path leads to a device, a pipe, or what this process has open: nothing stays beside it."""
    if own_descriptor(path) is not None:
        return True
    try:
        return not stat.S_ISREG(Path(path).stat().st_mode)
    except OSError:
        return False


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether a path leads to a folder; not when the way there may not be gone, of which pathlib raises."""
    return os.path.isdir(path)  # noqa: PTH112


def own_descriptor(path: str | os.PathLike[str]) -> int | None:
    """The number of the open file of this process that a path means; None for other paths.

    `/dev/stdout` is a link to one. Opening it by name would begin at the file's start again, cut it off,
    or put another file in its place; to a pipe from `>(...)` there is no other name.
    """
    own = re.compile(rf"/dev/fd|/proc/{os.getpid()}(/task/\d+)?/fd")
    name = os.path.abspath(path)  # noqa: PTH100
    for _ in range(_MOST_LINKS):
        folder, last = os.path.split(name)
        if last.isascii() and last.isdecimal() and own.fullmatch(os.path.realpath(folder)):
            return int(last) if len(last) < 10 else None  # no file has such a number
        if not os.path.islink(name):  # noqa: PTH114
            return None
        name = os.path.join(folder, os.readlink(name))  # noqa: PTH115, PTH118
    return None


def checked_name(name: Any, error: type[NlpcliError]) -> str:
    """A file's name as text. Raises `error` for what no file can be called."""
    shown = os.fspath(name) if isinstance(name, str | os.PathLike) else name
    if not isinstance(shown, str) or not shown or "\0" in shown:
        raise error(f"{shown!r} is not the name of a file")
    try:
        os.fsencode(shown)
    except UnicodeEncodeError:
        raise error(f"{shown!r} is not the name of a file") from None
    return shown


def identity(path: str) -> tuple[int, int] | None:
    """What two paths of one file have in common, and no two files; None where there is none."""
    try:
        state = Path(path).stat()
    except OSError:
        return None
    return (state.st_dev, state.st_ino) if stat.S_ISREG(state.st_mode) else None


def named_twice(paths: Iterable[str]) -> Iterator[str]:
    """Those of some files that were named before, by whatever path; and addresses, by their names.

    >>> list(named_twice(["s3://b/a", "s3://b/c", "s3://b/a", "-", "-"]))
    ['s3://b/a']
    """
    seen: set[object] = set()
    for path in paths:
        file = identity(path) or (path if "://" in path else None)
        if file is not None and file in seen:
            yield path
        seen.add(file)


def is_same_file(one: str, other: str) -> bool:
    """Whether two paths mean one file, also by links or other spellings; devices and pipes are no files."""
    if is_no_file(one) or is_no_file(other):
        return False
    try:
        return Path(one).samefile(other)
    except OSError:  # one of them is not there yet
        return os.path.realpath(one) == os.path.realpath(other)
