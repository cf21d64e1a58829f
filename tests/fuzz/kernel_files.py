"""Kernels as they are kept, damaged in every way: what is in doubt is made anew, and computes the same.

Files are cut, filled, exchanged, replaced by links, pipes and folders, with the key at hand or not. With the
key, headers are forged; who has it may put any code there, as the user may (docs/SECURITY.md).
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from unittest import mock

import numpy as np

from nlpcli.engine.runtime import compiled
from nlpcli.engine.runtime.kernel_files import KernelFiles
from nlpcli.engine.runtime.progress import listeners

SHORT = 6
_DIGEST = 32


def attempt(random: Random, folder: Path) -> None:
    """One to three changes to a folder of kernels, and then a call: right, and kept again."""
    folder = folder / "kernels"
    shutil.copytree(_whole(), folder)
    (name,) = (path.name for path in folder.iterdir() if path.name != "key")
    done = []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        change = random.choice(_CHANGES)
        done.append(change.__name__)
        with contextlib.suppress(OSError):  # what an earlier change has removed
            change(random, folder, random.choice((name, name, name, "key")))
    said: list[str] = []
    with _kept_in(folder) as files:
        listeners.append(said.append)
        try:
            assert _hashes() == _right(), done
        finally:
            listeners.remove(said.append)
        assert not [text for text in said if "numba" in text], (done, said)
        if not (folder / name).is_dir() and not (folder / "key").is_dir():
            kept = files.read(name)
            assert kept is not None and kept.startswith(b"_ZN"), done


# --- what is called -------------------------------------------------------------------------


@contextlib.contextmanager
def _kept_in(folder: Path) -> Iterator[KernelFiles]:
    descriptor = os.open(folder, os.O_RDONLY)
    files = KernelFiles(descriptor)
    try:
        with mock.patch.object(compiled, "kernel_files", lambda: files):
            yield files
    finally:
        os.close(descriptor)


def _hashes() -> list[int]:
    found = np.zeros(2, np.int32)
    pool = np.frombuffer(b"ab", np.uint8)
    compiled.Kernels("counts.documents").murmur3(pool, np.array([0, 1, 2]), found)
    numbers: list[int] = found.tolist()
    return numbers


@functools.cache
def _whole() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="nlpcli-fuzz-"))
    import atexit

    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with _kept_in(folder):
        _hashes()
    return folder


@functools.cache
def _right() -> list[int]:
    from nlpcli.engine.kernels.counts.documents import murmur3

    found = np.zeros(2, np.int32)
    murmur3(np.frombuffer(b"ab", np.uint8), np.array([0, 1, 2]), found)
    numbers: list[int] = found.tolist()
    return numbers


# --- changes --------------------------------------------------------------------------------


def _sign(folder: Path, name: str, content: bytes) -> None:
    """Keep a content as if it had been compiled: its digest is right."""
    with _kept_in(folder) as files:
        files.keep(name, content)


def flip(random: Random, folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    for _ in range(random.choice((1, 1, 8, 200))):
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    (folder / name).write_bytes(content)


def cut(random: Random, folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: random.randrange(len(content))])


def lengthen(random: Random, folder: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(random.randbytes(random.choice((1, 32, 5000))))


def fill(random: Random, folder: Path, name: str) -> None:
    contents = (
        b"", b"[]", b"null", b"{}", b"[" * 50_000, b'{"symbol": ""}\n', b"\0" * 70, b"\x7fELF" * 99,
        random.randbytes(random.choice((1, 31, 32, 33, 64, 4000))),
    )  # fmt: skip
    (folder / name).write_bytes(random.choice(contents))


def insert(random: Random, folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    start, end = sorted(random.randrange(len(content)) for _ in range(2))
    (folder / name).write_bytes(content[:end] + content[start:])


def another_digest(random: Random, folder: Path, name: str) -> None:
    """A digest that anyone can make."""
    import hashlib

    content = (folder / name).read_bytes()[_DIGEST:] + b"\0"
    made = random.choice(
        (hashlib.sha256, hashlib.blake2s, lambda data: hashlib.blake2b(data, digest_size=32))
    )
    (folder / name).write_bytes(made(content).digest() + content)


def from_elsewhere(random: Random, folder: Path, name: str) -> None:
    """A file that was signed with another key, or under another name."""
    content = (folder / name).read_bytes()[_DIGEST:]
    if random.random() < 0.5:
        (folder / "key").write_bytes(random.randbytes(_DIGEST))
    else:
        _sign(folder, "another", content)
        (folder / "another").replace(folder / name)


def replace(random: Random, folder: Path, name: str) -> None:
    path = folder / name
    path.unlink()
    makers: tuple[Callable[[], object], ...] = (
        path.mkdir,
        lambda: os.mkfifo(path),
        lambda: path.symlink_to("/dev/zero"),
        lambda: path.symlink_to("nowhere"),
        lambda: path.symlink_to(_whole() / name),
        lambda: path.hardlink_to(folder / random.choice(os.listdir(folder))),
        lambda: None,
    )
    random.choice(makers)()


def loosen(random: Random, folder: Path, name: str) -> None:
    (folder / name).chmod(random.choice((0o666, 0o622, 0o604, 0o777, 0o000, 0o400)))


def forge_head(random: Random, folder: Path, name: str) -> None:
    """Another header before the code, with a digest that is right."""
    name = next(path.name for path in folder.iterdir() if path.name != "key")
    code = (_whole() / name).read_bytes()[_DIGEST:].partition(b"\n")[2]
    heads = (
        b"", b" ", b"[]", b"null", b" int64", b"absent ", b"absent int64,bool", b"a b", b"f int65",
        b"\xff\xfe ", b'{"symbol": "", "returns": []}', random.randbytes(30).replace(b"\n", b""),
        b"x" * 10_000 + b" ",
    )  # fmt: skip
    bodies = (
        code,
        code,
        code[: random.randrange(1, len(code))],
        b"",
        b"\x7fELF\x02\x01\x01",
        random.randbytes(300),
    )
    _sign(folder, name, random.choice(heads) + b"\n" + random.choice(bodies))


_CHANGES = (
    flip, flip, cut, lengthen, fill, insert, another_digest, from_elsewhere, replace, loosen, forge_head,
    forge_head,
)  # fmt: skip
