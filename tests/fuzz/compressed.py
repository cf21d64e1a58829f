"""Compressed files, damaged, cut, joined: read or refused as by `gzip`, `bzip2`, `xz` and `zstd`.

A file that no longer begins like a compressed one is text to nlpcli, and not compared.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

from nlpcli.engine.io.compressed import format_of
from nlpcli.engine.io.opening import open_bytes
from nlpcli.errors import InputError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SHORT = 60
_PROGRAMS = {"gzip": "gzip", "bzip2": "bzip2", "xz": "xz", "zstd": "zstd"}
_WORDS = ["the ", "cat ", "하늘은 ", "맑다\n", "sat\n", "\n"]


def missing() -> str:
    """Which of the programs is not installed."""
    return ", ".join(program for program in _PROGRAMS.values() if not shutil.which(program))


def attempt(random: Random, folder: Path) -> None:
    """One file, read by both."""
    kind = random.choice(list(_PROGRAMS))
    content = b"".join(_member(random, kind) for _ in range(random.choice([1, 1, 2, 3])))
    for _ in range(random.choice([0, 1, 1, 2])):
        content = random.choice(_MUTATIONS)(random, content)
    if (found := format_of(content[:6])) is None:
        return
    path = folder / "file"
    path.write_bytes(content)
    with open(path, "rb") as file:
        judged = subprocess.run(
            [_PROGRAMS[found], "-dc"], stdin=file, capture_output=True, timeout=60, check=False
        )
    said = judged.stderr.decode("utf-8", "replace")
    what = f"{found}: {content[:400].hex()} ({len(content)} bytes), {found} says {judged.returncode}: {said}"
    try:
        with open_bytes(str(path)) as (stream, _):
            read = stream.read()
    except InputError as error:
        assert judged.returncode, f"refused ({error}), {what}"
    else:
        assert not judged.returncode, f"accepted, {what}"
        assert read == judged.stdout, f"read otherwise, {what}"


def _text(random: Random) -> bytes:
    if random.random() < 0.1:
        return b""
    if random.random() < 0.1:
        return random.randbytes(random.randrange(300_000))
    return "".join(random.choices(_WORDS, k=random.randrange(1, 2000))).encode()


def _member(random: Random, kind: str) -> bytes:
    text = _text(random)
    match kind:
        case "gzip":
            return random.choice([gzip.compress(text, 6, mtime=0), _full_gzip(random, text)])
        case "bzip2":
            return bz2.compress(text, random.randrange(1, 10))
        case "xz":
            return lzma.compress(
                text, check=random.choice([lzma.CHECK_CRC32, lzma.CHECK_CRC64, lzma.CHECK_SHA256])
            )
    if random.random() < 0.2:
        return bytes([0x50 + random.randrange(16)]) + b"\x2a\x4d\x18" + len(text).to_bytes(4, "little") + text
    checksum = {zstd.CompressionParameter.checksum_flag: random.randrange(2)}
    return zstd.compress(text, options=checksum)


def _full_gzip(random: Random, text: bytes) -> bytes:
    """A member with a name, a comment and more in its header, as other programs write."""
    plain = gzip.compress(text, 6, mtime=0)
    flags = random.randrange(0, 32) & ~2
    extra = b"\x04\x00abcd" if flags & 4 else b""
    name = b"name.txt\0" if flags & 8 else b""
    comment = b"a comment\0" if flags & 16 else b""
    return plain[:3] + bytes([flags]) + plain[4:10] + extra + name + comment + plain[10:]


def _flipped(random: Random, content: bytes) -> bytes:
    damaged = bytearray(content)
    for _ in range(random.choice([1, 1, 1, 4])):
        # As often in the first and last bytes, where headers and checksums stand, as anywhere.
        place = random.choice([random.randrange(len(content)), random.randrange(min(40, len(content)))])
        damaged[-1 - place if random.random() < 0.5 else place] ^= 1 << random.randrange(8)
    return bytes(damaged)


def _cut(random: Random, content: bytes) -> bytes:
    near = random.random() < 0.5
    return (
        content[: -random.randrange(1, min(40, len(content)))]
        if near
        else content[: random.randrange(6, len(content) + 6)]
    )


def _zeros(random: Random, content: bytes) -> bytes:
    return content + bytes(random.choice([1, 2, 3, 4, 8, 512, 300_000]))


def _garbage(random: Random, content: bytes) -> bytes:
    tails = [
        b"B",
        b"BZ",
        b"BZh",
        b"BZh9",
        b"BZh91AY",
        b"BZx",
        b"\x1f",
        b"\x1f\x8b",
        b"\x28\xb5",
        b"\xfd7z",
        b"\n",
        b"junk and more junk",
    ]
    return content + random.choice([random.choice(tails), random.randbytes(random.randrange(1, 100))])


def _joined(random: Random, content: bytes) -> bytes:
    return content + _member(random, random.choice(list(_PROGRAMS)))


def _doubled(random: Random, content: bytes) -> bytes:
    first, last = sorted(random.randrange(len(content)) for _ in range(2))
    return content[:last] + content[first:]


def _without_a_piece(random: Random, content: bytes) -> bytes:
    first = random.randrange(len(content))
    return content[:first] + content[first + random.randrange(1, 50) :]


_MUTATIONS: list[Callable[[Random, bytes], bytes]] = [
    _flipped, _flipped, _cut, _zeros, _garbage, _joined, _doubled, _without_a_piece
]  # fmt: skip
