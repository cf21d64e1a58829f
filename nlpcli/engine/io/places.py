"""What the name of an input may be beside a file on this machine: an address, or a part of a file.

    s3://bucket/news.txt.gz     what fsspec opens, where that is installed
    bytes:0-4096:news.txt       the first 4096 bytes of a file, as if they were one

Parts are what a large file is cut into for several machines (`distributed/shards.py`): they begin and end
with lines. What only the beginning of a file shows, such as the names of its columns, is decided once, and
found by whoever reads a part (`decided`).

Not here: compression and encodings, which are those of any file (`opening.py`, `lines.py`).
"""

from __future__ import annotations

import contextlib
import contextvars
import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from nlpcli.errors import InputError, MissingDependency, MissingFile

if TYPE_CHECKING:
    from nlpcli.engine.io.record_layouts import Layout

INSTALL_FSSPEC = "pip install fsspec"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_PART = re.compile(r"bytes:(\d{1,18})-(\d{1,18}):(.+)", re.DOTALL)
_BLOCK = 8 << 20  # bytes that are fetched at a time from afar
_GLANCE = 1 << 18  # bytes at first, and behind a seek: it may be all that is wanted
# Where a package of its own opens an address, and what it is called.
_PACKAGES = {
    "s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "http": "aiohttp requests", "https": "aiohttp requests",
    "abfs": "adlfs", "az": "adlfs", "hdfs": "pyarrow", "sftp": "paramiko", "ssh": "paramiko",
}  # fmt: skip


class Part(NamedTuple):
    """The bytes of a file from `start` up to `end`."""

    path: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """The name under which it is opened."""
        return f"bytes:{self.start}-{self.end}:{self.path}"


def part_of(name: str) -> Part | None:
    """The part that a name means; None for a file.

    >>> part_of("bytes:5-9:news.txt"), part_of("news.txt")
    (Part(path='news.txt', start=5, end=9), None)
    """
    found = _PART.fullmatch(name) if name.startswith("bytes:") else None
    return Part(found[3], int(found[1]), int(found[2])) if found else None


def is_address(name: str) -> bool:
    """Whether a name is the address of a file elsewhere.

    >>> is_address("s3://bucket/a.txt"), is_address("a.txt"), is_address("C:/a.txt")
    (True, False, False)
    """
    return _ADDRESS.match(name) is not None


def shown(name: str) -> str:
    """A name as messages show it: of a part, the file and where it begins.

    >>> shown("bytes:4096-8192:news.txt"), shown("bytes:0-4096:news.txt"), shown("a.txt")
    ('news.txt@4096', 'news.txt', 'a.txt')
    """
    part = part_of(name)
    if part is None:
        return name
    return f"{part.path}@{part.start}" if part.start else part.path


@dataclass(frozen=True)
class Decided:
    """What the beginning of a file has shown: its encoding, and of a table the layout."""

    encoding: str
    layout: Layout | None = None


_decided: contextvars.ContextVar[Mapping[str, Decided]] = contextvars.ContextVar(
    "decided", default=MappingProxyType({})
)


@contextlib.contextmanager
def decided(by_path: Mapping[str, Decided]) -> Iterator[None]:
    """In this block, parts of these files are read as it was decided for the whole."""
    before = _decided.set(by_path)
    try:
        yield
    finally:
        _decided.reset(before)


def decided_of(name: str) -> Decided | None:
    """What was decided for the file of a part; None for anything else."""
    part = part_of(name)
    return None if part is None else _decided.get().get(part.path)


def is_file(name: str) -> bool:
    """Whether a name is that of a file, here or elsewhere: no pipe, folder or device."""
    if is_address(name):
        return True
    part = part_of(name)
    return os.path.isfile(part.path if part else name)  # noqa: PTH113


def size_of(name: str) -> int:
    """Bytes of a file, of a part, or at an address. Raises OSError where nobody knows."""
    part = part_of(name)
    if part is not None:
        return part.end - part.start
    if not is_address(name):
        return os.stat(name).st_size  # noqa: PTH116
    system, path = system_of(name)
    with _told(name):
        size = system.size(path)
    if size is None:
        raise OSError(f"{name}: of unknown size")
    return int(size)


def open_place(name: str) -> BinaryIO:
    """The bytes of a file, a part, or an address. Raises OSError for a file, InputError for an address."""
    part = part_of(name)
    if part is not None:
        return cast(BinaryIO, io.BufferedReader(_Range(open_place(part.path), part), 1 << 20))
    if not is_address(name):
        return open(name, "rb")
    system, path = system_of(name)
    with _told(name, system, path):
        file = system.open(path, "rb", block_size=_BLOCK)
        if getattr(file, "size", None) == 0 and _is_folder(system, path):
            file.close()  # what names in a bucket begin with is opened as an empty file
            raise _folder(name)
        return cast(BinaryIO, io.BufferedReader(_Remote(name, file), 1 << 18))


def gives_parts(name: str, size: int) -> bool:
    """Whether a file of so many bytes can be read from the middle on: some servers give it whole."""
    if not is_address(name):
        return True
    try:
        with open_place(name) as file:
            file.seek(size - 1)
            return len(file.read(1)) == 1
    except (InputError, OSError, ValueError):
        return False


def expanded(names: Sequence[str]) -> list[str]:
    """The same with the files that an address with a star means, ascending: no shell knows those.

    Raises MissingFile where there are none, InputError for a folder, and what `system_of` raises.
    """
    found: list[str] = []
    for name in names:
        if not is_address(name) or name.lower().startswith("http"):
            found.append(name)
        elif name.endswith("/"):
            raise _folder(name)
        elif "*" not in name:
            found.append(name)
        else:
            system, pattern = system_of(name)
            with _told(name):
                files = sorted(path for path, what in system.glob(pattern, detail=True).items()
                               if what["type"] == "file")  # fmt: skip
            if not files:
                raise MissingFile(f"{name}: no file is called so", hint="check the address")
            found += map(system.unstrip_protocol, files)
    return found


def system_of(name: str) -> tuple[Any, str]:
    """What fsspec opens an address with, and the path there. Raises MissingDependency, InputError."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingDependency(
            f"{name}: an address is opened by fsspec, which is not installed", hint=INSTALL_FSSPEC
        ) from error
    scheme, _, rest = name.partition(":")
    scheme = scheme.lower()
    try:
        with _told(name):
            return cast(tuple[Any, str], url_to_fs(f"{scheme}:{rest}"))
    except ImportError as error:
        package = _PACKAGES.get(scheme)
        raise MissingDependency(
            f"{name}: {scheme}:// needs another package: {error}",
            hint=f"pip install {package}" if package else None,
        ) from error


def who_lets_in(name: str, otherwise: str) -> str:
    """What to look at where an address does not let in, or nobody answers there."""
    if name.lower().startswith(("s3:", "s3a:")):
        return (
            f"{otherwise}: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws; "
            "and AWS_ENDPOINT_URL for a server that is not Amazon's, such as http://127.0.0.1:9000"
        )
    return otherwise


def _folder(name: str) -> InputError:
    return InputError(f"{name} is a folder", hint=f"name its files, in quotes: '{name.rstrip('/')}/*'")


def _is_folder(system: Any, path: str) -> bool:
    with contextlib.suppress(Exception):
        return bool(system.isdir(path))
    return False


@contextlib.contextmanager
def _told(name: str, system: Any = None, path: str = "") -> Iterator[None]:
    """Errors of any library that opens addresses, as ours; also of what `system` says is a folder."""
    try:
        yield
    except (InputError, ImportError):
        raise
    except Exception as error:
        missing = isinstance(error, FileNotFoundError)
        if (missing or isinstance(error, OSError | ValueError)) and _is_folder(system, path):
            raise _folder(name) from error
        if missing:
            raise MissingFile(f"{name}: no such file", hint="check the address") from error
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        hint = who_lets_in(name, "check the address, and what it needs to be let in")
        raise InputError(f"{name}: cannot be read: {reason}", hint=hint) from error


class _Remote(io.RawIOBase):
    """What fsspec opened, as a file that can be read and searched in.

    What is fetched ahead grows while it is read on: who looks at a beginning or a line end alone does
    not wait for eight megabytes.
    """

    def __init__(self, name: str, file: Any) -> None:
        self._name, self._file = name, file
        cache = getattr(file, "cache", None)
        self._cache = cache if getattr(cache, "name", "") == "readahead" else None
        self._glance()

    def _glance(self) -> None:
        if self._cache is not None:
            self._cache.blocksize = _GLANCE

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """Where the library can."""
        return bool(self._file.seekable())

    def readinto(self, buffer: Any) -> int:
        """The next bytes. Raises InputError where they do not come."""
        room = memoryview(buffer).cast("B")
        with _told(self._name):
            data = self._file.read(len(room))
        if self._cache is not None:
            self._cache.blocksize = min(2 * self._cache.blocksize, _BLOCK)
        room[: len(data)] = data
        return len(data)

    def seek(self, place: int, whence: int = 0, /) -> int:
        """Go to a place."""
        with _told(self._name):
            before, here = self._file.tell(), int(self._file.seek(place, whence))
        if here != before:
            self._glance()
        return here

    def tell(self) -> int:
        """The place of the next byte."""
        return int(self._file.tell())

    def close(self) -> None:
        """Let it go."""
        if not self.closed:
            self._file.close()
        super().close()


class _Range(io.RawIOBase):
    """Some bytes of a file as if there were no others."""

    def __init__(self, file: BinaryIO, part: Part) -> None:
        self._file, self._part = file, part
        self._file.seek(part.start)
        self._place = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes, none at the end."""
        room = memoryview(buffer).cast("B")
        left = self._part.end - self._part.start - self._place
        data = self._file.read(min(len(room), max(left, 0)))
        room[: len(data)] = data
        self._place += len(data)
        return len(data)

    def tell(self) -> int:
        """How many bytes of the part have been read."""
        return self._place

    def close(self) -> None:
        """Let the file go."""
        if not self.closed:
            self._file.close()
        super().close()
