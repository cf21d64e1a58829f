"""Kernels as machine code: compiled by numba once, later loaded without it.

Importing numba and unpacking its own cache takes longer than counting the words of a small book,
so the machine code of each kernel is kept in a file, and `Kernels` calls it through ctypes:

    kernels = Kernels("text.scan")            # kernels/text/scan.py
    kernels.rehash(old, new)                  # compiled for these types once, then loaded

A file holds one line of JSON (symbol, types that come back, checksum) and an object file for this
processor. It is called as numba would call it: a pointer for the result, one for an exception,
then the arguments with arrays taken apart. Kernels whose arguments or results are not numbers,
arrays, or tuples of these go through numba every time.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import importlib
import importlib.machinery
import importlib.util
import json
import mmap
import os
import platform
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlpcli.engine.kernels import CACHE
from nlpcli.engine.runtime.progress import listeners

_SCALARS: dict[str, type[Any]] = {
    "int64": ctypes.c_int64, "uint64": ctypes.c_uint64, "int32": ctypes.c_int32, "uint32": ctypes.c_uint32,
    "float64": ctypes.c_double, "float32": ctypes.c_float, "bool": ctypes.c_bool,
}  # fmt: skip
_KINDS = {int: "int64", float: "float64", bool: "bool"}
_lock = threading.RLock()
_IS_TRIED = sys.platform == "linux"  # elsewhere numba loads what it has compiled, as it does by itself

_Call = Callable[[Sequence[Any]], Any]


class Kernels:
    """The compiled functions of one file of kernels, as attributes."""

    def __init__(self, file: str) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        calls: dict[tuple[Any, ...], _Call] = {}

        def kernel(*arguments: Any) -> Any:
            kinds = _kinds_of(arguments)
            call = calls.get(kinds)
            if call is None:
                with _lock:
                    types = ",".join(map(_type_of, arguments))
                    call = calls[kinds] = _find(self._file, name, types, arguments)
            return call(arguments)

        setattr(self, name, kernel)
        return kernel


@functools.cache
def kernels_of(file: str) -> Kernels:
    """The kernels of a file, the same object every time: for modules that do not load numpy at once."""
    return Kernels(file)


def _find(file: str, name: str, types: str, arguments: Sequence[Any]) -> _Call:
    """The kernel for arguments of some types: loaded, or compiled and left for the next time."""
    compiled: Callable[..., Any]
    if "?" not in types and _IS_TRIED:
        digest = hashlib.sha256(f"{types} {_surroundings()}".encode()).hexdigest()[:16]
        path = CACHE / f"{file}.{name}-{digest}.o"
        content = _content(path)
        if content is None:
            content = _compile(file, name, arguments)
            if content is not None:
                _keep(path, content)
        if content is not None:
            return _load(content, arguments)
    compiled = getattr(importlib.import_module(f"nlpcli.engine.kernels.{file}"), name)
    return lambda arguments: compiled(*arguments)


# --- types ----------------------------------------------------------------------------------


def _kinds_of(values: Sequence[Any]) -> tuple[Any, ...]:
    """What makes `_type_of` differ, found in a tenth of the time: a kernel may be called a thousand times."""
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


def _type_of(value: Any) -> str:
    """What numba would compile differently; `?` for what is not called here.

    >>> _type_of(np.zeros((2, 3), np.float32)), _type_of(3), _type_of((1, 2.0)), _type_of("text")
    ('float32[2C]', 'int64', '(int64,float64)', '?')
    """
    if isinstance(value, np.ndarray):
        flags = value.flags
        if not flags.aligned or value.dtype.kind not in "iufb" or not value.dtype.isnative:
            return "?"
        layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "A"
        return f"{value.dtype.name}[{value.ndim}{layout}{'' if flags.writeable else 'r'}]"
    if isinstance(value, tuple):
        name = type(value).__name__.removeprefix("tuple")  # numba tells named tuples apart by name
        return f"{name}({','.join(map(_type_of, value))})"
    kind = _KINDS.get(type(value)) or (value.dtype.name if isinstance(value, np.generic) else "?")
    return kind if kind in _SCALARS else "?"


def _c_types(value: Any) -> list[type[Any]]:
    """The C arguments that numba makes of one: an array is its owner (twice), sizes, address, strides."""
    if isinstance(value, tuple):
        return [kind for part in value for kind in _c_types(part)]
    if isinstance(value, np.ndarray):
        return (
            [ctypes.c_void_p] * 2
            + [ctypes.c_int64] * 2
            + [ctypes.c_void_p]
            + [ctypes.c_int64] * 2 * value.ndim
        )
    return [_SCALARS[_type_of(value)]]


def _flatten(value: Any, into: list[Any]) -> None:
    if isinstance(value, np.ndarray):
        into += (None, None, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides)
    elif isinstance(value, tuple):
        for part in value:
            _flatten(part, into)
    else:
        into.append(value if type(value) in _KINDS else value.item())


# --- from numba -----------------------------------------------------------------------------


def _compile(file: str, name: str, arguments: Sequence[Any]) -> bytes | None:
    """The file's content for one kernel; None if its result is more than numbers."""
    from numba import jit, typeof

    _announce()
    known = getattr(importlib.import_module(f"nlpcli.engine.kernels.{file}"), name)
    # Anew: what numba has taken from its own cache cannot be written out again.
    dispatcher = jit(**known.targetoptions)(known.py_func)
    signature = tuple(map(typeof, arguments))
    dispatcher.compile(signature)
    result = dispatcher.overloads[signature]
    returned = result.signature.return_type
    names = [str(kind) for kind in (returned.types if hasattr(returned, "types") else [returned])]
    if names == ["none"]:
        names = []
    elif any(kind not in _SCALARS for kind in names):
        return None
    library = result.library
    code: bytes = library._codegen._tm.emit_object(library._final_module)
    head = {
        "symbol": result.fndesc.llvm_func_name,
        "returns": names,
        "sha256": hashlib.sha256(code).hexdigest(),
    }
    return json.dumps(head).encode() + b"\n" + code


@functools.cache
def _announce() -> None:
    for tell in listeners:
        tell("compiling for this processor; this takes some seconds, and the next run does without it")


def _keep(path: Path, content: bytes) -> None:
    """Write it whole or not at all; without it, the next run compiles again."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)


# --- to the processor -----------------------------------------------------------------------


def _content(path: Path) -> bytes | None:
    """What a file holds, if it is there and whole."""
    try:
        content = path.read_bytes()
        head, _, code = content.partition(b"\n")
        whole = json.loads(head)["sha256"] == hashlib.sha256(code).hexdigest()
    except (OSError, ValueError, KeyError):
        return None
    return content if whole else None


def _load(content: bytes, arguments: Sequence[Any]) -> _Call:
    head, _, code = content.partition(b"\n")
    description = json.loads(head)
    kinds = [_SCALARS[name] for name in description["returns"]]
    signature: list[Any] = [ctypes.c_void_p, ctypes.c_void_p, *_c_types(tuple(arguments))]
    address = _engine().add(code, description["symbol"])
    function = ctypes.CFUNCTYPE(ctypes.c_int32, *signature)(address)
    result_type = type(
        "Result", (ctypes.Structure,), {"_fields_": [(f"_{n}", kind) for n, kind in enumerate(kinds)]}
    )

    def call(arguments: Sequence[Any]) -> Any:
        flat: list[Any] = []
        for argument in arguments:
            _flatten(argument, flat)
        result, exception = result_type(), ctypes.c_void_p()
        status = function(ctypes.addressof(result), ctypes.addressof(exception), *flat)
        if status:  # kernels raise nothing of their own
            raise MemoryError("a kernel found no room for what it works on")
        values = tuple(getattr(result, f"_{n}") for n in range(len(kinds)))
        return values if len(values) > 1 else values[0] if values else None

    return call


class _Engine:
    """LLVM's loader of object files; what is loaded stays as long as the process."""

    def __init__(self) -> None:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self._llvm = llvm
        machine = llvm.Target.from_default_triple().create_target_machine(codemodel="jitdefault", jit=True)
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        for prefix, extension in (("NRT_", "core/runtime/_nrt_python"), ("numba_", "_helperlib")):
            for name, address in _extension(extension).c_helpers.items():
                llvm.add_symbol(name if name.startswith("_") else prefix + name, address)

    def add(self, code: bytes, symbol: str) -> int:
        """The address of a function in an object file."""
        self._engine.add_object_file(self._llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        address: int = self._engine.get_function_address(symbol)
        if not address:
            raise RuntimeError(f"no {symbol} in the machine code that was kept for it")
        return address


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


@functools.cache
def _engine() -> _Engine:
    return _Engine()


def _extension_path(name: str) -> Path:
    found = importlib.util.find_spec("numba")  # finds it without importing it
    folder = Path(found.origin if found and found.origin else "numba").parent
    paths = [folder / (name + suffix) for suffix in importlib.machinery.EXTENSION_SUFFIXES]
    return next(path for path in paths if path.exists())


def _extension(name: str) -> Any:
    """One of numba's own extension modules, without the package: memory and exceptions in kernels."""
    path = str(_extension_path(name))
    loader = importlib.machinery.ExtensionFileLoader(Path(name).name, path)
    spec = importlib.util.spec_from_file_location(Path(name).name, path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@functools.cache
def _surroundings() -> str:
    """What machine code depends on beside its source: the processor, numba, LLVM, Python.

    The processor is what numba compiles for, which the two variables can set to less than there is.
    """
    import llvmlite.binding as llvm

    made = _extension_path("core/runtime/_nrt_python").stat()
    parts = (
        os.environ.get("NUMBA_CPU_NAME"), os.environ.get("NUMBA_CPU_FEATURES"), platform.machine(),
        llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), llvm.llvm_version_info,
        made.st_mtime_ns, made.st_size, platform.python_version(),
    )  # fmt: skip
    return " ".join(map(str, parts))
