"""From a kernel to an object file and to a function that ctypes calls: what is private in numba and LLVM.

numba promises none of this: what its compiler leaves behind, how it names and calls functions, which
helpers they need. So `compile_kernel` first tries it with a function whose result is known. Where something
is missing or otherwise, functions here raise: Unexpected, or whatever comes of it. Not here: files
(`kernel_files.py`).
"""

from __future__ import annotations

import ctypes
import functools
import importlib.machinery
import importlib.util
import os
import pickle
import platform
import re
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SCALARS: dict[str, type[Any]] = {
    "int64": ctypes.c_int64, "uint64": ctypes.c_uint64, "int32": ctypes.c_int32, "uint32": ctypes.c_uint32,
    "float64": ctypes.c_double, "float32": ctypes.c_float, "bool": ctypes.c_bool,
}  # fmt: skip
_KINDS = {int: "int64", float: "float64", bool: "bool"}
# Of numba's extension modules that help kernels: what all their functions' names begin with, and the file.
_EXTENSIONS = (("NRT_", "core/runtime/_nrt_python"), ("numba_", "_helperlib"))
_SYMBOL = re.compile(r"[\w.$]+", re.ASCII)
_SHT_SYMTAB, _SHT_NOBITS = 2, 8
_ELF = b"\x7fELF\x02\x01\x01"  # 64 bits, the low byte first

Call = Callable[[Sequence[Any]], Any]


class Unexpected(Exception):
    """numba or LLVM is not as expected here; the message says in what."""


class MachineCode(NamedTuple):
    """A kernel for one processor: the function's name in an object file, and the types that come back."""

    symbol: str
    returns: tuple[str, ...]
    code: bytes

    def packed(self) -> bytes:
        """As `unpacked` reads it."""
        return f"{self.symbol} {','.join(self.returns)}\n".encode() + self.code


def unpacked(content: bytes) -> MachineCode | None:
    """What `packed` gave; None for anything else."""
    head, _, code = content.partition(b"\n")
    symbol, space, returns = head.decode("ascii", "replace").partition(" ")
    names = tuple(returns.split(",")) if returns else ()
    if not space or not _SYMBOL.fullmatch(symbol) or not {*names} <= {*SCALARS} or not code.startswith(_ELF):
        return None
    return MachineCode(symbol, names, code)


# --- types ----------------------------------------------------------------------------------


def type_of(value: Any) -> str:
    """What numba would compile differently; `?` for what is not called here.

    >>> type_of(np.zeros((2, 3), np.float32)), type_of(3), type_of((1, 2.0)), type_of("text")
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
        return f"{name}({','.join(map(type_of, value))})"
    kind = _KINDS.get(type(value)) or (value.dtype.name if isinstance(value, np.generic) else "?")
    return kind if kind in SCALARS else "?"


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
    return [SCALARS[type_of(value)]]


def _address_in(array: Any) -> Any:
    """Where an array's numbers lie: the first field of numpy's object, found in a thirtieth of the time."""
    return ctypes.c_void_p.from_address(id(array) + object.__basicsize__).value


def _address_told(array: Any) -> Any:
    return array.ctypes.data


def _way_to_addresses() -> Callable[[Any], Any]:
    """`_address_in`, if objects of numpy are made as it takes them to be."""
    if sys.implementation.name != "cpython" or type(np.zeros(1)).__basicsize__ < object.__basicsize__ + 8:
        return _address_told
    arrays = np.arange(24.0).reshape(4, 6), np.arange(24.0).reshape(4, 6)[1:, ::2], np.zeros((2, 3), np.int8)
    is_so = all(_address_in(array) == _address_told(array) for array in arrays)
    return _address_in if is_so else _address_told


_address = _way_to_addresses()


def _flatten(value: Any, into: list[Any]) -> None:
    if isinstance(value, np.ndarray):
        into += (None, None, value.size, value.itemsize, _address(value), *value.shape, *value.strides)
    elif isinstance(value, tuple):
        for part in value:
            _flatten(part, into)
    else:
        into.append(value if type(value) in _KINDS else value.item())


# --- from numba -----------------------------------------------------------------------------


def compile_kernel(kernel: Any, arguments: Sequence[Any]) -> MachineCode | None:
    """The machine code of a numba function for some arguments; None if its result is more than numbers."""
    _check_numba()
    return _compile(kernel.targetoptions, kernel.py_func, arguments)


def _compile(
    options: dict[str, Any], function: Callable[..., Any], arguments: Sequence[Any]
) -> MachineCode | None:
    from numba import jit, typeof

    dispatcher = jit(**options)(function)
    signature = tuple(map(typeof, arguments))
    dispatcher.compile(signature)
    result = dispatcher.overloads[signature]
    returned = result.signature.return_type
    names = [str(kind) for kind in (returned.types if hasattr(returned, "types") else [returned])]
    if names == ["none"]:
        names = []
    elif any(kind not in SCALARS for kind in names):
        return None
    made = unpacked(MachineCode(_symbol(result), tuple(names), _object_file(result.library)).packed())
    if made is None:
        raise Unexpected("numba gave something else than an object file")
    _check_symbols(made)
    return made


def _symbol(result: Any) -> str:
    name: str = result.fndesc.llvm_func_name
    return name


def _object_file(library: Any) -> bytes:
    code: bytes = library._codegen._tm.emit_object(library._final_module)
    return code


def _check_symbols(made: MachineCode) -> None:
    """Raise Unexpected if the function is not in its object file, or if what it calls is not here.

    LLVM would end the process.
    """
    import llvmlite.binding as llvm

    loader()  # makes numba's helpers known
    defined, needed = _elf_symbols(made.code)
    for name in needed - defined - {"", "_GLOBAL_OFFSET_TABLE_"}:
        if not llvm.address_of_symbol(name):
            raise Unexpected(f"numba's {name} is not known")


def _elf_symbols(code: bytes) -> tuple[set[str], set[str]]:
    """The names that an object file of ELF defines, and those that it needs; both are all there."""
    (start,) = struct.unpack_from("<Q", code, 0x28)
    size, count = struct.unpack_from("<HH", code, 0x3A)
    sections = [struct.unpack_from("<IIQQQQIIQQ", code, start + number * size) for number in range(count)]
    defined: set[str] = set()
    needed: set[str] = set()
    for _, kind, _, _, offset, length, link, _, _, step in sections:
        if kind != _SHT_NOBITS and offset + length > len(code):
            raise Unexpected("an object file is cut short")
        if kind == _SHT_SYMTAB:
            names = sections[link][4]
            for place in range(offset, offset + length, step):
                name, _, _, section = struct.unpack_from("<IBBH", code, place)
                text = code[names + name : code.index(b"\0", names + name)].decode()
                (defined if section else needed).add(text)
    return defined, needed


def _probe(matrix: Any, pair: Any, step: int) -> tuple[float, int, bool]:
    sums = np.zeros(matrix.shape[1])
    for row in range(matrix.shape[0]):
        for column in range(matrix.shape[1]):
            sums[column] += matrix[row, column]
            matrix[row, column] = pair[1] + row
    return sums[-1], pair[0] + step, sums[0] > 0.5


@functools.cache
def _check_numba() -> None:
    """Raise Unexpected if a function that is compiled and called as all are does not do what it should."""
    matrices = [np.arange(24, dtype=np.float32).reshape(4, 6)[:, ::2] for _ in range(2)]
    pair, step = (np.int64(1 << 40), 0.25), -7
    arguments = matrices[1], pair, step
    made = _compile({"nopython": True, "nogil": True}, _probe, arguments)
    if made is None:
        raise Unexpected("numba has changed: numbers come back as something else")
    expected, found = _probe(matrices[0], pair, step), load(made, arguments)(arguments)
    if expected != found or not np.array_equal(matrices[0], matrices[1]):
        raise Unexpected("numba has changed: its functions are called in another way")


# --- to the processor -----------------------------------------------------------------------


def load(made: MachineCode, arguments: Sequence[Any], name: str = "") -> Call:
    """A function that calls the machine code with such arguments."""
    kinds = [SCALARS[kind] for kind in made.returns]
    signature: list[Any] = [ctypes.c_void_p, ctypes.c_void_p, *_c_types(tuple(arguments))]
    function = ctypes.CFUNCTYPE(ctypes.c_int32, *signature)(loader().add(made))
    result_type = type(
        "Result", (ctypes.Structure,), {"_fields_": [(f"_{n}", kind) for n, kind in enumerate(kinds)]}
    )

    def call(arguments: Sequence[Any]) -> Any:
        flat: list[Any] = []
        for argument in arguments:
            _flatten(argument, flat)
        result, exception = result_type(), ctypes.c_void_p()
        status = function(ctypes.addressof(result), ctypes.addressof(exception), *flat)
        if status:
            raise _raised(name, status, exception)
        values = tuple(getattr(result, f"_{n}") for n in range(len(kinds)))
        return values if len(values) > 1 else values[0] if values else None

    return call


def _raised(name: str, status: int, exception: ctypes.c_void_p) -> Exception:
    """What a kernel raised. They raise nothing of their own, so it is that memory is used up."""
    if status > 0 and exception.value and checks_bounds():
        # As numba leaves it: the address and the length of a pickle that is part of the kernel.
        address = ctypes.c_void_p.from_address(exception.value).value or 0
        length = ctypes.c_int32.from_address(exception.value + ctypes.sizeof(ctypes.c_void_p)).value
        kind, arguments, place = pickle.loads(ctypes.string_at(address, length))
        raised: Exception = kind(f"{arguments[0]} in the kernel {name}: {place}")
        return raised
    return MemoryError(f"the kernel {name} found no room for what it works on")


class _Loader:
    """LLVM's loader of object files; what is loaded stays as long as the process."""

    def __init__(self) -> None:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self._llvm = llvm
        machine = llvm.Target.from_default_triple().create_target_machine(codemodel="jitdefault", jit=True)
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        for prefix, extension in _EXTENSIONS:
            for name, address in _extension(extension).c_helpers.items():
                llvm.add_symbol(name if name.startswith("_") else prefix + name, address)

    def add(self, made: MachineCode) -> int:
        """The address of a function in an object file."""
        if made.symbol not in _elf_symbols(made.code)[0]:
            raise Unexpected(f"there is no {made.symbol} in an object file")
        self._engine.add_object_file(self._llvm.ObjectFileRef.from_data(made.code))
        self._engine.finalize_object()
        address: int = self._engine.get_function_address(made.symbol)
        if not address:
            raise Unexpected(f"LLVM does not find {made.symbol}")
        return address


@functools.cache
def loader() -> _Loader:
    """The loader of this process."""
    return _Loader()


def _extension_path(name: str) -> Path:
    found = importlib.util.find_spec("numba")  # finds it without importing it
    folder = Path(found.origin if found and found.origin else "numba").parent
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        if (path := folder / (name + suffix)).exists():
            return path
    raise Unexpected(f"numba has no {name}")


def _extension(name: str) -> Any:
    """One of numba's own extension modules, without the package: memory and exceptions in kernels."""
    path = str(_extension_path(name))
    loader = importlib.machinery.ExtensionFileLoader(Path(name).name, path)
    spec = importlib.util.spec_from_file_location(Path(name).name, path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def checks_bounds() -> bool:
    """Whether kernels check every index: a switch for tests, set before the first kernel is compiled."""
    return os.environ.get("NLPCLI_CHECK_BOUNDS") == "1"


@functools.cache
def surroundings() -> str:
    """What machine code depends on beside its source: the processor, numba, LLVM, Python.

    The processor is what numba compiles for, which the two variables can set to less than there is.
    """
    import llvmlite.binding as llvm

    made = _extension_path("core/runtime/_nrt_python").stat()
    parts = (
        os.environ.get("NUMBA_CPU_NAME"), os.environ.get("NUMBA_CPU_FEATURES"), platform.machine(),
        llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), llvm.llvm_version_info,
        made.st_mtime_ns, made.st_size, platform.python_version(), checks_bounds(),
    )  # fmt: skip
    return " ".join(map(str, parts))
