"""Outputs at an address, `s3://bucket/tokens/news.txt`, which are whole or not there at all.

What is written goes to a temporary file without a name on this machine, and when it is whole to its place: at
once where nothing shows before all has arrived, as in a bucket; elsewhere under a name of its own,
`.news.txt.1a2b3c4d.tmp`, and is then moved.

Not here: how an address is read (`places.py`), and files of this machine (`atomic.py`).
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

from nlpcli.engine.io.places import system_of, who_lets_in
from nlpcli.errors import NlpcliError, OutputError

# Where an object is seen when it has arrived whole, and where moving it would copy it.
_BUCKETS = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss", "oci", "cos", "r2")
_TEMPORARY = re.compile(r"(\..*\.)[0-9a-f]{8}\.tmp", re.DOTALL)
_HINT = "check the address, and whether it lets you write"


@contextlib.contextmanager
def write_to_address(name: str) -> Iterator[BinaryIO]:
    """A binary file that stands at the address when the block ends well; else what was there is untouched.

    Raises MissingDependency without fsspec or the package of the protocol, OutputError where nothing can be
    written.
    """
    system, target = system_of(name)  # before any work
    is_bucket = _is_bucket(name)
    with _refused(name):  # whether there is a bucket, and whether it lets us in, is told when all is there
        if name.endswith("/") or (not is_bucket and system.isdir(target)):
            raise OutputError(f"{name} is a folder", hint="name a file in it")
    with _unnamed() as (file, here):
        yield file
        file.flush()
        with _refused(name):
            _put(system, here, target, is_bucket=is_bucket)


def make_folder(name: str) -> None:
    """See to it that there is a folder, where folders are made. Raises OutputError."""
    system, folder = system_of(name)
    if not _is_bucket(name):
        with _refused(name):
            system.makedirs(folder.rstrip("/") or folder, exist_ok=True)


def names_in(folder: str) -> list[str]:
    """The names of what is in a folder, ascending; none where there is no such folder. Raises OutputError."""
    system, place = system_of(folder)
    with _refused(folder):
        system.invalidate_cache()
        try:
            found = system.ls(place.rstrip("/") or place, detail=False)
        except FileNotFoundError:
            return []
    return sorted(PurePosixPath(path).name for path in found)


def sweep_address(folder: str, targets: Iterable[str]) -> None:
    """Remove what processes have left that were killed while they wrote these names in a folder."""
    with contextlib.suppress(NlpcliError, OSError):
        system, place = system_of(folder)
        prefixes = {f".{name}." for name in targets}
        for name in names_in(folder):
            found = _TEMPORARY.fullmatch(name)
            if found and found[1] in prefixes:
                system.rm_file(f"{place.rstrip('/')}/{name}")


def _is_bucket(name: str) -> bool:
    return name.partition(":")[0].lower() in _BUCKETS


@contextlib.contextmanager
def _unnamed() -> Iterator[tuple[BinaryIO, str]]:
    """A file that vanishes with the process, and a name under which this process may read it."""
    import tempfile

    if sys.platform == "linux":
        with tempfile.TemporaryFile() as file:
            yield cast(BinaryIO, file), f"/proc/self/fd/{file.fileno()}"
    else:
        with tempfile.NamedTemporaryFile() as named:
            yield cast(BinaryIO, named), named.name


def _put(system: Any, here: str, target: str, *, is_bucket: bool) -> None:
    if is_bucket:
        system.put_file(here, target)
        return
    place = PurePosixPath(target)
    temporary = target[: -len(place.name)] + f".{place.name}.{os.urandom(4).hex()}.tmp"
    try:
        system.put_file(here, temporary)
        system.mv(temporary, target)
    except BaseException:
        with contextlib.suppress(Exception):
            system.rm_file(temporary)
        raise


@contextlib.contextmanager
def _refused(name: str) -> Iterator[None]:
    """Errors of any library that writes at addresses, as ours."""
    try:
        yield
    except (NlpcliError, MemoryError):
        raise
    except NotImplementedError as error:
        scheme = name.partition(":")[0]
        raise OutputError(f"cannot write {name}: {scheme}:// is for reading only") from error
    except FileNotFoundError as error:
        raise OutputError(f"cannot write {name}: no such folder or bucket", hint=_HINT) from error
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise OutputError(f"cannot write {name}: {reason}", hint=who_lets_in(name, _HINT)) from error
