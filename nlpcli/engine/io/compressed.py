"""gzip, bzip2, xz and zstd as a stream of bytes, all members of a file one after the other.

What is accepted is what `gzip -t`, `bzip2 -t`, `xz -t` and `zstd -t` accept: damage anywhere is an
error, and so is an end in the middle. What may stand behind a member goes by the format:

    gzip    another one, or zeros up to the end
    bzip2   another one; what does not begin like one is left out, which is told
    xz      another one; zeros in fours
    zstd    another frame, a skippable one, or a member of gzip or xz

Memory stays the same however much comes out of how little.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol, cast

_PIECE = 1 << 18  # compressed bytes read at a time
_HEAD = 6  # bytes that tell a format
_SKIPPABLE = tuple(bytes([first]) + b"\x2a\x4d\x18" for first in range(0x50, 0x60))
_MAGIC = {
    "gzip": (b"\x1f\x8b",),
    "bzip2": tuple(b"BZh%d" % level for level in range(1, 10)),
    "xz": (b"\xfd7zXZ\x00",),
    "zstd": (b"\x28\xb5\x2f\xfd",),
    "skippable": _SKIPPABLE,
}
_FOLLOWED_BY = {
    "gzip": ("gzip",),
    "bzip2": ("bzip2",),
    "xz": ("xz",),
    "zstd": ("zstd", "skippable", "gzip", "xz"),
}


class Damaged(Exception):
    """Compressed data that is damaged or cut short; says how."""


class _Decoder(Protocol):
    """One member: what the standard library's decompressor objects have."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def format_of(head: bytes) -> str | None:
    """The format that a file with these first six bytes is compressed in.

    >>> format_of(b"BZh91AY"), format_of(b"Bzzz, said")
    ('bzip2', None)
    """
    found = next((kind for kind, magics in _MAGIC.items() if head.startswith(magics)), None)
    return "zstd" if found == "skippable" else found


def decompressed(raw: BinaryIO, kind: str, told: Callable[[str], object]) -> io.BufferedReader:
    """The bytes that are compressed in `raw`; `told` hears of what is left out.

    Reading raises Damaged.
    """
    return io.BufferedReader(_Members(raw, kind, told), 1 << 20)


class _Members(io.RawIOBase):
    def __init__(self, raw: BinaryIO, kind: str, told: Callable[[str], object]) -> None:
        self._read: Callable[[int], bytes] = getattr(raw, "read1", raw.read)
        self._kind, self._told = kind, told
        self._waiting = b""  # read, and not yet given to a decoder
        self._decoder: _Decoder | None = None
        self._members = 0
        self._ended = False

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes, at least one but at the end."""
        room = memoryview(buffer).cast("B")
        while not self._ended:
            if self._decoder is None:
                self._decoder = self._next_member()
                continue
            if data := self._decoded(self._decoder, len(room)):
                room[: len(data)] = data
                return len(data)
        return 0

    def _decoded(self, decoder: _Decoder, most: int) -> bytes:
        """What the decoder gives next, possibly nothing yet; nothing at its end."""
        if decoder.eof:
            self._waiting = decoder.unused_data + self._waiting
            self._decoder = None
            self._members += 1
            return b""
        data = b""
        if decoder.needs_input:
            data, self._waiting = self._waiting or self._read(_PIECE), b""
            if not data:
                raise Damaged("it ends in the middle")
        try:
            return decoder.decompress(data, most)
        except Exception as error:  # every library has its own
            raise Damaged(str(error) or type(error).__name__) from error

    def _next_member(self) -> _Decoder | None:
        """A decoder for what comes next; None at the end of the file, or of what is compressed in it."""
        if self._kind in ("gzip", "xz") and self._members:
            zeros = self._skip_zeros()
            if self._kind == "xz" and zeros % 4:
                raise Damaged("the zeros in it are not in fours")
            if self._kind == "gzip" and zeros and self._waiting:
                raise Damaged("other data behind it")
        head = self._peeked(_HEAD)
        if not head:
            self._ended = True
            return None
        for kind in _FOLLOWED_BY[self._kind]:
            if head.startswith(_MAGIC[kind]):
                return _DECODERS[kind]()
        if self._kind == "bzip2" and not any(magic.startswith(head) for magic in _MAGIC["bzip2"]):
            self._told("what follows the compressed data is no bzip2 and is left out")
            self._ended = True
            return None
        raise Damaged("other data behind it")

    def _skip_zeros(self) -> int:
        skipped = 0
        while self._peeked(1):
            rest = self._waiting.lstrip(b"\0")
            skipped += len(self._waiting) - len(rest)
            self._waiting = rest
            if rest:
                break
        return skipped

    def _peeked(self, size: int) -> bytes:
        while len(self._waiting) < size and (more := self._read(_PIECE)):
            self._waiting += more
        return self._waiting[:size]


class _Inflater:
    """A gzip member by zlib, with the interface of the others."""

    def __init__(self) -> None:
        import zlib

        self._inner = zlib.decompressobj(wbits=31)
        self.needs_input = True

    def decompress(self, data: bytes, max_length: int) -> bytes:
        found = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.needs_input = len(found) < max_length and not self._inner.unconsumed_tail
        return found

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data


class _Skipper:
    """A skippable frame of zstd: magic, length in four bytes, and so many bytes of no concern."""

    def __init__(self) -> None:
        self.eof, self.needs_input, self.unused_data = False, True, b""
        self._head = b""
        self._left = 0

    def decompress(self, data: bytes, _max_length: int) -> bytes:
        if len(self._head) < 8:
            missing = 8 - len(self._head)
            self._head, data = self._head + data[:missing], data[missing:]
            if len(self._head) < 8:
                return b""
            self._left = int.from_bytes(self._head[4:], "little")
        self.unused_data = data[self._left :]
        self._left -= min(self._left, len(data))
        self.eof = not self._left
        return b""


def _gzip() -> _Decoder:
    try:
        from isal.igzip_lib import DECOMP_GZIP, IgzipDecompressor
    except ImportError:  # there is none for this processor
        return _Inflater()
    return cast(_Decoder, IgzipDecompressor(flag=DECOMP_GZIP))  # two to three times as fast


def _bzip2() -> _Decoder:
    import bz2

    return bz2.BZ2Decompressor()


def _xz() -> _Decoder:
    import lzma

    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ)


def _zstd() -> _Decoder:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return cast(_Decoder, zstd.ZstdDecompressor())


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "gzip": _gzip, "bzip2": _bzip2, "xz": _xz, "zstd": _zstd, "skippable": _Skipper,
}  # fmt: skip
