"""Arrays of numpy in a file: one in `.npy`, several in the zip file `.npz`, read without trusting them.

No array is made before the file is seen to have the bytes for it, pickles are never read, and only
plain numbers and text (`<U…`) are arrays here. Whatever else a zip file can be (encrypted, of several disks,
with a member twice, packed so tightly that it can only be meant to fill the memory) is refused.

Not here: what arrays a file should have (`schemas/`).
"""

from __future__ import annotations

import ast
import contextlib
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.schema import UTF8, Check, Held, Schema

_MAGIC = b"\x93NUMPY"
_HEADER_SIZES = {1: "<H", 2: "<I", 3: "<I"}  # of the length of the header, by version
_LONGEST_HEADER = 4096
_KINDS = "biufS"
TEXT = "text"  # what schemas call an array of strings, whatever their length
_LONGEST_TEXT = 1 << 22  # bytes of a string
_ROOMY, _MOST_PADDING = 1 << 20, 40  # bytes of strings that may be padded at will, and how much others may be
_LAST_CHARACTER = 0x10FFFF
_ENCRYPTED = 1
_LOCAL = struct.Struct("<26xHH")  # of a member: the lengths of its name and of what else is before it
_MOST_PACKED, _ALWAYS_ROOM = 500, 64 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)  # a zip file stores a time; ours must not make the bytes differ
_PIECE = 1 << 20  # bytes written at a time
_CHECKED = 1 << 24  # bytes read at a time when a member is checked
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError, EOFError, ValueError,
    OverflowError, KeyError,
)  # fmt: skip


class NotArrays(Exception):
    """A file holds no arrays, or is damaged; the message says why."""


@dataclass(frozen=True)
class Member:
    """An array in a file: its numbers, their shape, and at which byte of the member they begin."""

    type: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    start: int

    @property
    def dtype(self) -> str:
        """The name of its numbers, also where the file has their bytes in the other order."""
        return TEXT if self.type.kind == "U" else self.type.name

    @property
    def size(self) -> int:
        """Bytes of numbers."""
        return math.prod(self.shape) * self.type.itemsize

    def arranged(self, content: Any) -> NDArray[Any]:
        """The bytes of its numbers as an array in this machine's order."""
        array = np.frombuffer(content, self.type).astype(self.type.newbyteorder("="), copy=False)
        return array.reshape(self.shape, order="F" if self.fortran else "C")


def read_header(stream: IO[bytes], *, texts: bool = False) -> Member:
    """How a `.npy` file begins; `texts`: it may hold strings. Raises NotArrays."""
    magic = stream.read(8)
    layout = _HEADER_SIZES.get(magic[6]) if magic.startswith(_MAGIC) and len(magic) == 8 else None
    if layout is None:
        raise NotArrays("a member is no array")
    size = stream.read(struct.calcsize(layout))
    length = struct.unpack(layout, size)[0] if len(size) == struct.calcsize(layout) else 0
    if not 0 < length <= _LONGEST_HEADER:
        raise NotArrays("the header of an array is cut short or too long")
    try:
        record = ast.literal_eval(stream.read(length).decode("latin-1").strip())
        written, fortran, shape = record["descr"], record["fortran_order"], record["shape"]
        numbers = np.dtype(written if isinstance(written, str) else "O")
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError) as error:
        raise NotArrays("the header of an array cannot be read") from error
    plain = numbers.kind in _KINDS and numbers.itemsize <= 16
    plain = plain or (texts and numbers.kind == "U" and 0 < numbers.itemsize <= _LONGEST_TEXT)
    lengths = isinstance(shape, tuple) and len(shape) <= 8 and all(type(n) is int for n in shape)
    if not (plain and lengths and isinstance(fortran, bool) and all(0 <= n < 1 << 48 for n in shape)):
        raise NotArrays(f"an array is {str(written)[:40]} {str(shape)[:40]}: not plain numbers")
    return Member(numbers, shape, fortran, len(magic) + len(size) + length)


def map_array(path: str) -> NDArray[Any]:
    """The array of a `.npy` file, mapped from the disk. Raises NotArrays and OSError."""
    with open(path, "rb") as file:
        member = read_header(file)
        found = os.fstat(file.fileno()).st_size - member.start
    if found != member.size:
        raise NotArrays(f"it holds {found:,} bytes of numbers where {member.size:,} are due")
    if not member.size:
        return np.empty(member.shape, member.type.newbyteorder("="))
    order = "F" if member.fortran else "C"
    mapped = np.memmap(path, member.type, "r", member.start, member.shape, order)  # type: ignore[call-overload]
    return np.asarray(mapped).astype(member.type.newbyteorder("="), copy=False)


class Arrays:
    """The arrays of an open `.npz` file: what they are, and their numbers when asked for."""

    def __init__(self, archive: zipfile.ZipFile, packed: int) -> None:
        self._archive = archive
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            if name in self._infos:
                raise NotArrays(f"{name[:40]} stands in it twice")
            if info.flag_bits & _ENCRYPTED:
                raise NotArrays("it is encrypted")
            self._infos[name] = info
        claimed = sum(info.file_size for info in self._infos.values())
        if claimed > _MOST_PACKED * packed + _ALWAYS_ROOM:
            raise NotArrays(f"it claims {claimed:,} bytes in {packed:,}")
        self.members = {name: self._member(info) for name, info in self._infos.items()}

    def _member(self, info: zipfile.ZipInfo) -> Member:
        with self._archive.open(info) as stream:
            member = read_header(stream, texts=True)
        if info.file_size != member.start + member.size:
            raise NotArrays(f"its array {info.filename[:40]} is not as long as it says")
        return member

    def read(self, name: str) -> NDArray[Any]:
        """An array, its checksum compared. Raises what `open_arrays` turns into NotArrays."""
        member = self.members[name]
        with self._archive.open(self._infos[name]) as stream:
            stream.read(member.start)
            content = stream.read()
        if len(content) != member.size:
            raise NotArrays("it is cut short")
        return member.arranged(content)

    def place(self, name: str) -> int:
        """Where in the file the numbers of an array begin that is not packed, its checksum compared.

        Raises NotArrays for a packed one.
        """
        info, member = self._infos[name], self.members[name]
        if info.compress_type != zipfile.ZIP_STORED or member.type.byteorder == ">" or member.fortran:
            raise NotArrays(f"its {name} cannot be read in place")
        with self._archive.open(info) as stream:
            while stream.read(_CHECKED):  # at the end the CRC is compared
                pass
        with open(str(self._archive.filename), "rb") as file:
            file.seek(info.header_offset)
            before: int = sum(_LOCAL.unpack(file.read(_LOCAL.size)))
        return info.header_offset + _LOCAL.size + before + member.start


@contextlib.contextmanager
def open_arrays(path: str) -> Iterator[Arrays]:
    """The arrays of a `.npz` file.

    Raises OSError, and NotArrays for a damaged file, also while it is in use.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield Arrays(archive, os.stat(path).st_size)  # noqa: PTH116
    except _DAMAGE as error:
        raise NotArrays(str(error) or type(error).__name__) from error


def read_checked(path: str, schema: Schema, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """The arrays that a schema without a header names, compared with it. Raises ModelError, and as `read`."""
    sizes = schema.fit(path, {}, arrays.members)
    found = {name: arrays.read(name) for name in schema.arrays_for({}) if name in arrays.members}
    schema.check(path, Held({}, sizes, found), found)
    return found


def write_arrays(file: BinaryIO, arrays: Mapping[str, NDArray[Any]]) -> None:
    """A `.npz` file, whose bytes say nothing of when it was written."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            if array.dtype.kind == "U":  # mostly padding
                member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w", force_zip64=True) as out:
                # As `np.lib.format.write_array`, which copies the array first.
                np.lib.format.write_array_header_1_0(out, np.lib.format.header_data_from_array_1_0(array))
                content = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
                for start in range(0, len(content), _PIECE):
                    out.write(content[start : start + _PIECE])


def text_array(lines: Sequence[str]) -> NDArray[Any]:
    """Strings as an array that numpy loads without pickle; or, where the longest would pad the others to much
    more than they are, UTF-8 with a line end between two (`texts_of` reads both).

    >>> text_array(["a", "bc"]).tolist(), text_array(["a"] * 9999 + ["b" * 9999]).dtype
    (['a', 'bc'], dtype('uint8'))
    """
    longest = max(map(len, lines), default=0)
    held = sum(map(len, lines)) + len(lines)
    if longest * 4 * len(lines) > max(_ROOMY, _MOST_PADDING * held) or longest * 4 > _LONGEST_TEXT:
        text = "\n".join(line.replace("\n", " ") for line in lines)
        return np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8)
    return np.array([*lines], dtype=f"<U{max(longest, 1)}")


def texts_of(array: NDArray[Any]) -> list[str]:
    """The strings of an array that `text_array` made, or older files hold as bytes with line ends between."""
    if array.dtype.kind == "U":
        return [str(text) for text in array.tolist()]
    return array.tobytes().decode("utf-8", "surrogatepass").split("\n")


def _is_text(array: NDArray[Any], held: Held) -> bool:
    """Whether strings have characters alone, and bytes are UTF-8."""
    if array.dtype.kind != "U":
        return UTF8.holds(array, held)
    codes = np.ascontiguousarray(array).view(np.uint32)
    return not codes.size or int(codes.max()) <= _LAST_CHARACTER


IS_TEXT = Check("text", _is_text)
