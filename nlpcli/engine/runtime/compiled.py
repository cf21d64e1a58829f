"""Kernels as machine code: compiled by numba once, later loaded without it.

Importing numba and unpacking its own cache takes longer than counting the words of a small book,
so the machine code of each kernel is kept in a file, and `Kernels` calls it through ctypes:

    kernels = Kernels("text.scan")            # kernels/text/scan.py
    kernels.rehash(old, new)                  # compiled for these types once, then loaded

It is called as numba would call it (`machine_code.py`), if it is still what was kept
(`kernel_files.py`). Kernels whose arguments or results are not numbers, arrays, or tuples of these go
through numba every time; and all of them where numba is not as expected.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import mmap
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlpcli.engine.runtime import machine_code
from nlpcli.engine.runtime.interrupts import arrived
from nlpcli.engine.runtime.kept_overloads import keep_overloads
from nlpcli.engine.runtime.kernel_files import kernel_files
from nlpcli.engine.runtime.machine_code import Call
from nlpcli.engine.runtime.progress import listeners

_BY_NUMBA = b""  # kept for a kernel whose result is more than numbers
_lock = threading.RLock()
_is_expected = sys.platform == "linux"  # elsewhere, and where numba is not as expected, it does all itself


class Kernels:
    """The compiled functions of one file of kernels, as attributes."""

    def __init__(self, file: str) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        calls: dict[tuple[Any, ...], Call] = {}

        def kernel(*arguments: Any) -> Any:
            kinds = _kinds_of(arguments)
            call = calls.get(kinds)
            if call is None:
                with _lock:
                    types = ",".join(map(machine_code.type_of, arguments))
                    call = calls[kinds] = _find(self._file, name, types, arguments)
            return call(arguments)

        setattr(self, name, kernel)
        return kernel


@functools.cache
def kernels_of(file: str) -> Kernels:
    """The kernels of a file, the same object every time: for modules that do not load numpy at once."""
    return Kernels(file)


def numba_kernels(file: str) -> Any:
    """A file of kernels to be called through numba, with what it compiles kept as `Kernels` keeps it.

    For kernels of a few microseconds, which a call through ctypes would double.
    """
    kernels = importlib.import_module(f"nlpcli.engine.kernels.{file}")
    for name, kernel in vars(kernels).items():
        if hasattr(kernel, "py_func"):
            keep_overloads(kernel, f"{file}.{name}", kernel_files())
    return kernels


def _find(file: str, name: str, types: str, arguments: Sequence[Any]) -> Call:
    """The kernel for arguments of some types: loaded, or compiled and left for the next time."""
    global _is_expected
    if "?" not in types and _is_expected:
        try:
            call = _machine_code(f"{file}.{name}", types, arguments)
        except (
            Exception
        ) as reason:  # whatever a new numba may do; what is wrong with the kernel itself shows below
            if arrived or isinstance(reason, MemoryError):
                raise
            _is_expected = False
            _tell(f"kernels go through numba, which takes longer to start: {reason}")
        else:
            if call is not None:
                return call
    kernel = _dispatcher(f"{file}.{name}")
    keep_overloads(kernel, f"{file}.{name}", kernel_files())
    return lambda arguments: kernel(*arguments)


def _dispatcher(kernel: str) -> Any:
    file, _, name = kernel.rpartition(".")
    return getattr(importlib.import_module(f"nlpcli.engine.kernels.{file}"), name)


def _machine_code(kernel: str, types: str, arguments: Sequence[Any]) -> Call | None:
    """The kernel as it was kept or, on any doubt, compiled anew; None if its result is more than numbers."""
    import hashlib

    digest = hashlib.sha256(f"{types} {machine_code.surroundings()}".encode()).hexdigest()[:16]
    name, files = f"{kernel}-{digest}.kernel", kernel_files()
    content = files.read(name) if files is not None else None
    if content == _BY_NUMBA:
        return None
    if content is not None and (kept := machine_code.unpacked(content)) is not None:
        with contextlib.suppress(Exception):  # it was kept, but LLVM does not take it
            return machine_code.load(kept, arguments, kernel)
    _announce(is_kept=files is not None)
    made = machine_code.compile_kernel(_dispatcher(kernel), arguments)
    call = machine_code.load(made, arguments, kernel) if made is not None else None
    if files is not None:
        files.keep(name, made.packed() if made is not None else _BY_NUMBA)
    return call


@functools.cache
def _announce(*, is_kept: bool) -> None:
    later = "and the next run does without it" if is_kept else "and so does every run"
    _tell(f"compiling for this processor; this takes some seconds, {later}")


def _tell(text: str) -> None:
    for tell in listeners:
        tell(text)


def _kinds_of(values: Sequence[Any]) -> tuple[Any, ...]:
    """What makes `type_of` differ, found in a tenth of the time: a kernel may be called a thousand times."""
    return tuple(
        [
            (value.dtype, value.ndim, value.flags.num)
            if isinstance(value, np.ndarray)
            else (type(value), _kinds_of(value))
            if isinstance(value, tuple)
            else (type(value), value.dtype if isinstance(value, np.generic) else None)
            for value in values
        ]
    )


def release_llvm() -> None:
    """Give back the memory of LLVM's own code, which only loading needs; it is read again if needed."""
    if not hasattr(mmap, "MADV_DONTNEED"):
        return
    with contextlib.suppress(OSError, ValueError, AttributeError):
        process = ctypes.CDLL(None, use_errno=True)
        for line in Path("/proc/self/maps").read_text().splitlines():
            span, kind, *_, path = line.split(None, 5)
            if "libllvmlite" in path and "x" in kind:  # code is as it is in the file; data may have changed
                begin, end = (int(place, 16) for place in span.split("-"))
                process.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), mmap.MADV_DONTNEED)
