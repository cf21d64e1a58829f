"""Memory that a task uses again and again, where Dask's nanny has it given back each time.

A nanny starts its worker with MALLOC_TRIM_THRESHOLD_=65536, so that what results took goes back to the
system. With it, though, each array of 128 KiB or more is memory that the system maps anew, fills with zeros
and takes away: blocks of text that are read and counted cost twice the time. While a task runs, glibc does
here what it does by itself without that variable; when none runs, what is free is given back.

Not here: processes without the variable, and other C libraries. There nothing is done.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

_VARIABLE = "MALLOC_TRIM_THRESHOLD_"
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # numbers of malloc.h
_LARGEST = 32 << 20  # bytes: up to where glibc raises the limit of what it maps, as such memory is freed
_DEFAULT = 128 << 10  # bytes: where that limit begins, and stays with the variable

_lock = threading.Lock()
_tasks = 0


@contextlib.contextmanager
def memory_kept() -> Iterator[None]:
    """In this block, memory that is let go of stays with the process, for what is next."""
    global _tasks
    given = os.environ.get(_VARIABLE, "")
    if not (sys.platform == "linux" and given.isdecimal()):
        yield
        return
    with _lock:
        _tasks += 1
        if _tasks == 1:
            _set(2 * _LARGEST, _LARGEST)
    try:
        yield
    finally:
        with _lock:
            _tasks -= 1
            if not _tasks:
                _set(int(given), _DEFAULT)
                _give_back()


def _set(trim: int, mmap: int) -> None:
    with contextlib.suppress(AttributeError):  # it is not glibc
        _libc().mallopt(_TRIM_THRESHOLD, trim)
        _libc().mallopt(_MMAP_THRESHOLD, mmap)


def _give_back() -> None:
    with contextlib.suppress(AttributeError):
        _libc().malloc_trim(0)


def _libc() -> Any:
    return ctypes.CDLL(None)
