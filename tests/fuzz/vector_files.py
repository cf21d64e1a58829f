"""Forged files of word vectors, each layout plain and compressed: an answer, or one line of error.

A small whole file is changed at a few places: flipped bits, other bytes, numbers of all sizes where sizes
stand, pieces cut out, doubled, put elsewhere; or cut short. `similar`, `convert`, `classify`, `inspect` and
`evaluate` are asked, within 2 GB beyond what the process has.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import resource
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np

from nlpcli.engine.vectors.writing import write_vectors
from tests.command_line import within
from tests.vectors.facebook_files import ONE_VS_ALL, SOFTMAX, SUPERVISED, facebook_file

SHORT = 60
MODELS = Path(__file__).parents[1] / "models"
_ROOM = 2 << 30
_SIZES = (0, 1, -1, 2, 3, 127, 128, 255, 2**15, 2**16, 2**31 - 1, -(2**31), 2**40, 2**60, 2**63 - 1)
_PIECES = (b"nan", b"inf", b"1e999", b"-", b"\0", b"\n", b" ", b"\t", b"\r\n", b"\xff\xfe", b"9" * 20)
_WORDS = ["the", "king", "서울", "naïve", "C++", "of"]
_LABELS = [("__label__a", 5), ("__label__b", 4), ("__label__c", 1)]
_QUESTIONS = (
    ("similar", "{}", "king", "unseen", "-k", "2"),
    ("convert", "{}", "out.safetensors"),
    ("convert", "{}", "out.bin", "--odd-words", "underscore"),
    ("classify", "{}", "text"),
    ("evaluate", "{}", "gold.tsv"),
    ("inspect", "{}", "--verify"),
    ("odd-one-out", "{}", "the", "king", "of"),
)
_TO_VECTORS = [question for question in _QUESTIONS if question[0] not in ("classify", "evaluate", "inspect")]


def _written(name: str, folder: Path) -> bytes:
    matrix = np.random.default_rng(1).normal(size=(len(_WORDS), 5)).astype(np.float32)
    write_vectors(folder / name, _WORDS, matrix)
    return (folder / name).read_bytes()


def _supervised(loss: int) -> bytes:
    return facebook_file(labels=_LABELS, model=SUPERVISED, loss=loss, word_ngrams=2, maxn=4).data


# In whose form a file is: how it is called, and what makes a whole one.
KINDS: dict[str, Callable[[Path], tuple[str, bytes]]] = {
    "word2vec text": lambda folder: ("v.vec", _written("v.vec", folder)),
    "word2vec binary": lambda folder: ("v.bin", _written("v.bin", folder)),
    "GloVe": lambda folder: ("v.txt", _written("v.glove", folder)),
    "npy": lambda folder: ("v.npy", _written("v.npy", folder)),
    "npz": lambda folder: ("v.npz", _written("v.npz", folder)),
    "tsv": lambda folder: ("v.tsv", _written("v.tsv", folder)),
    "fastText": lambda _: ("f.bin", facebook_file().data),
    "quantised": lambda _: ("f.ftz", facebook_file(quantised=True, norms=True, kept=((5, 0), (2, 1))).data),
    "supervised": lambda _: ("s.bin", _supervised(SOFTMAX)),
    "one label against all": lambda _: ("s.bin", _supervised(ONE_VS_ALL)),
    "fastText's own": lambda _: ("f.bin", (MODELS / "fasttext.bin").read_bytes()),
    "hierarchical softmax": lambda _: ("s.bin", (MODELS / "fasttext-hs.bin").read_bytes()),
    "fastText's own quantised": lambda _: ("f.ftz", (MODELS / "fasttext-softmax.ftz").read_bytes()),
}
_COMPRESS: tuple[Callable[[bytes], bytes], ...] = (gzip.compress, bz2.compress, lzma.compress)


def attempt(random: Random, folder: Path, kind: str) -> None:
    """One forged file, and one question to it."""
    (folder / "text").write_text("the king of 서울\n\nunseen words\n", encoding="utf-8")
    (folder / "gold.tsv").write_text("a\tthe king\nb\tof 서울\n", encoding="utf-8")
    name, data = KINDS[kind](folder)
    packed = random.random() < 0.25
    compress = random.choice(_COMPRESS)
    if packed and random.random() < 0.3:
        data = _forged(random, compress(data))
    elif packed:
        data = compress(_forged(random, data))
    else:
        data = _forged(random, data)
    (folder / name).write_bytes(data)
    question = [part.format(name) for part in random.choice(_TO_VECTORS if name[0] == "v" else _QUESTIONS)]
    with _limited():
        done = within(*question, cwd=folder, code=_AnyCode())
    said = done.err.splitlines()
    errors = [line for line in said if line.startswith("error:")]
    what = f"{kind}: nlpcli {' '.join(question)}\n{done.err}"
    assert done.returncode in (0, 1, 2), what
    assert len(errors) == (done.returncode != 0), what
    assert "Traceback" not in done.err, what
    assert "memory" not in done.err, what


class _AnyCode(int):
    """An exit code that is as good as any other: it is looked at afterwards."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """At most so much memory more than there is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as statm:
        now = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + _ROOM, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def missing() -> str:
    """Why memory cannot be limited here, if so."""
    return "" if Path("/proc/self/statm").exists() else "no /proc/self/statm"


def _forged(random: Random, data: bytes) -> bytes:
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        data = random.choice(_CHANGES)(random, data)
    return data


def _place(random: Random, data: bytes) -> int:
    """A place, rather near the beginning, where sizes stand."""
    end = len(data) if random.random() < 0.5 else min(len(data), 120)
    return random.randrange(end + 1)


def _flip(random: Random, data: bytes) -> bytes:
    at = _place(random, data) if data else 0
    return data[:at] + bytes(byte ^ (1 << random.randrange(8)) for byte in data[at : at + 1]) + data[at + 1 :]


def _size(random: Random, data: bytes) -> bytes:
    at, layout = _place(random, data), random.choice("biq")
    width = struct.calcsize(layout)
    value = random.choice(_SIZES) & ((1 << 8 * width) - 1)
    return data[:at] + value.to_bytes(width, "little") + data[at + width :]


def _number(random: Random, data: bytes) -> bytes:
    at, value = _place(random, data), random.choice((float("nan"), float("inf"), -1e38, 1e-45))
    return data[:at] + struct.pack("<f", value) + data[at + 4 :]


def _piece(random: Random, data: bytes) -> bytes:
    at = _place(random, data)
    return data[:at] + random.choice(_PIECES) + data[at + random.choice((0, 1, 3)) :]


def _digits(random: Random, data: bytes) -> bytes:
    """Another number where one stands as text."""
    at = next((place for place in range(len(data)) if data[place : place + 1].isdigit()), 0)
    end = next((place for place in range(at, len(data)) if not data[place : place + 1].isdigit()), at)
    return data[:at] + b"%d" % abs(random.choice(_SIZES)) + data[end:]


def _cut(random: Random, data: bytes) -> bytes:
    return data[: _place(random, data)]


def _moved(random: Random, data: bytes) -> bytes:
    first, second = sorted((_place(random, data), _place(random, data)))
    return data[:first] + data[first:second] * random.choice((0, 2, 3)) + data[second:]


_CHANGES = (_flip, _flip, _size, _size, _size, _number, _piece, _digits, _cut, _moved)
