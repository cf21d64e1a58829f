"""Reading word vectors: what layout a file has is told by its content.

Not here: writing them (`writing.py`) and the lines of the text layouts (`text_rows.py`).
"""

from __future__ import annotations

import collections
import io
import mmap
import os
import re
import stat
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.io.lines import STDIN, display_name, open_bytes
from nlpcli.engine.io.model_file import read_info, read_model
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.vectors import text_rows
from nlpcli.engine.vectors.writing import companion, restored
from nlpcli.errors import InputError, ModelError

KINDS = ("word2vec", "fasttext", "glove", "vectors")
FASTTEXT_MAGIC = struct.pack("<i", 793712314)
_VERIFIED = 32 << 20  # a model up to this many bytes is checked for flipped bits at every use
_HEADER = re.compile(rb"\s*(\d{1,12}) (\d{1,6})[ \t\r]*$")
_SAMPLE = 1 << 20  # bytes looked at to tell the layout
_LONGEST_TOKEN = 1 << 16
_BOM = b"\xef\xbb\xbf"


@dataclass
class Content:
    """What a vectors file holds: words, matrix [V, dim] float32, and what else it says."""

    tokens: PackedTokens
    matrix: NDArray[np.float32]
    layout: str
    counts: NDArray[np.int64] | None = None
    header: dict[str, Any] = field(default_factory=dict)
    repeated: int = 0
    unseen: Callable[[str], NDArray[np.float32]] | None = None  # the vector of any word, from its n-grams


def read(path: str, *, verify: bool | None = None, unread: bool = False) -> Content:
    """The content of a vectors file of any layout we know, plain or compressed.

    A model file is mapped; `verify` compares its checksum (default: only when it is small). One that
    is not small and `unread` may hold nan and inf: who reads it looks for them on the way. Of a word
    that stands in a text file twice the first counts, as with gensim.

    Raises InputError (with the line) or ModelError for what cannot be read.
    """
    with open_bytes(path) as (opened, raw):
        stream = io.BufferedReader(cast(io.RawIOBase, opened), _SAMPLE)
        try:
            start = stream.peek(_SAMPLE)
            if _is_model(start):
                if path == STDIN:
                    raise InputError(
                        "a model file cannot be read from stdin", hint="name the file: it is mapped"
                    )
                return _read_model(path, verify, unread)
            if start.startswith(FASTTEXT_MAGIC):
                return _read_facebook(path)
            if start.startswith(b"\x93NUMPY"):
                return _without_repeats(_read_npy(path))
            if path.endswith(".tsv") and os.path.exists(companion(path, "tsv")):  # noqa: PTH110
                return _without_repeats(_read_tsv(path))
            head = _Head(start.removeprefix(_BOM))
            if not head.is_binary:
                content = _read_text(cast(BinaryIO, stream), head, display_name(path))
            elif opened is raw and stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
                with mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    content = _parse_binary(data, display_name(path))
            else:
                content = _parse_binary(stream.read(), display_name(path))
        finally:
            stream.detach()  # or it would close what it does not own, such as stdin
    return _without_repeats(content)


def holds_vectors(path: str) -> bool:
    """Does a file look like word vectors (told by its first bytes), and not like running text?"""
    if path == STDIN:
        return False
    with open_bytes(path) as (opened, _):
        stream = io.BufferedReader(cast(io.RawIOBase, opened), _SAMPLE)
        start = stream.peek(_SAMPLE)
        stream.detach()  # or it would close what it does not own, with a ResourceWarning
        if _is_model(start) or start.startswith((b"\x93NUMPY", FASTTEXT_MAGIC)):
            return True
        head = _Head(start.removeprefix(_BOM))
        line = next((line for line in start.removeprefix(_BOM).split(b"\n") if line.strip()), b"")
        if head.shape is not None:
            return True
        try:
            text_rows.split_line(line.rstrip(b" \t\r"), max(head.dim, 1), "")
        except InputError:
            return False
        return head.dim > 1


def _is_model(start: bytes) -> bool:
    """A safetensors file: eight bytes of length, then JSON."""
    return len(start) > 9 and start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 100 << 20


_READ = ("vocabulary.bytes", "vocabulary.offsets", "vocabulary.counts")
_ASKED = (*_READ, "vectors", "vectors.scales", "ngram_buckets", "ngram_rows")  # for questions to vectors
_LONG = ("vectors", "ngram_rows")


def _read_model(path: str, verify: bool | None, unread: bool) -> Content:
    small = os.stat(path).st_size <= _VERIFIED  # noqa: PTH116
    later = _LONG if unread and not small else ()
    model = read_model(path, KINDS, verify=small if verify is None else verify, only=_ASKED, unread=later)
    matrix = restored(model.tensors["vectors"], model.tensors.get("vectors.scales"))
    tokens, counts = PackedTokens.from_model(model, "vocabulary"), model.tensors["vocabulary.counts"]
    unseen = None
    if model.kind == "fasttext":
        from nlpcli.engine.vectors.subwords import unseen_vectors

        unseen = unseen_vectors(model)
    return Content(tokens, matrix, model.kind, counts, model.header, unseen=unseen)


def _read_facebook(path: str) -> Content:
    from nlpcli.engine.vectors.facebook import read_facebook

    if path == STDIN:
        raise InputError("a fastText model cannot be read from stdin", hint="name the file")
    model = read_facebook(path)
    tokens = PackedTokens.of(model.vocabulary.tokens)
    header, counts = {"settings": model.settings.to_record()}, model.vocabulary.counts
    return Content(tokens, model.vectors, "fasttext-bin", counts, header, unseen=model.vector)


def _read_npy(path: str) -> Content:
    from nlpcli.engine.io.npz import NotArrays, map_array

    try:
        stored = map_array(path)
    except NotArrays as error:
        raise InputError(f"{path}: not a matrix that can be mapped: {error}") from error
    if stored.ndim != 2 or stored.dtype.kind != "f":
        raise InputError(f"{path}: expected a matrix of floats, found {stored.dtype} {stored.shape}")
    return _with_words(companion(path, "npy"), path, np.asarray(stored, dtype=np.float32), "npy")


def _read_tsv(path: str) -> Content:
    try:
        matrix = np.loadtxt(path, dtype=np.float32, delimiter="\t", comments=None, ndmin=2, encoding="utf-8")
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error
    return _with_words(companion(path, "tsv"), path, matrix, "tsv")


def _with_words(words: str, path: str, matrix: NDArray[np.float32], layout: str) -> Content:
    with open_bytes(words) as (stream, _):
        tokens = stream.read().removesuffix(b"\n").split(b"\n")
    if len(tokens) != len(matrix):
        raise InputError(f"{words} holds {len(tokens):,} words, {path} {len(matrix):,} vectors")
    if not np.isfinite(matrix).all():
        raise InputError(f"{path}: the vectors hold nan or inf")
    return Content(_packed(tokens), matrix, layout)


_SIDES = {"word2vec": ("vectors", "output_vectors"), "glove": ("words", "contexts")}


def read_sides(path: str) -> tuple[Content, Content]:
    """The input and the output vectors of a model that keeps both: word2vec and GloVe.

    Raises ModelError for a file that holds one matrix only.
    """
    kind = read_info(path).kind
    if kind not in _SIDES and kind in KINDS:
        raise ModelError(
            f"{path} holds one matrix only",
            hint="models (.safetensors) of train-w2v and train-glove hold both",
        )
    names = _SIDES.get(kind, ())
    model = read_model(path, KINDS, only=(*_READ, *names))
    tokens, counts = PackedTokens.from_model(model, "vocabulary"), model.tensors["vocabulary.counts"]
    first, second = (Content(tokens, model.tensors[name], kind, counts, model.header) for name in names)
    return first, second


# --- text -----------------------------------------------------------------------------------


class _Head:
    """What the first bytes of a file tell: is there a header line, and do numbers follow as text?"""

    def __init__(self, start: bytes) -> None:
        first, _, rest = start.partition(b"\n")
        header = _HEADER.match(first)
        self.shape: tuple[int, int] | None = (int(header[1]), int(header[2])) if header else None
        self.is_binary = header is not None and not self._looks_like_text(rest, int(header[2]))
        if self.shape is None:
            lines = [line for line in start.split(b"\n")[:-1] or [start] if line.strip()]
            widths = collections.Counter(len(line.split()) for line in lines[:1000])
            self.dim = max(widths, key=lambda width: (widths[width], -width), default=0) - 1

    def _looks_like_text(self, rest: bytes, dim: int) -> bool:
        line, _, _ = rest.partition(b"\n")
        line = line.rstrip(b" \t\r")
        try:
            text_rows.split_line(line, dim, "")
        except InputError as error:
            return "is nan" in error.message
        return True


def _read_text(stream: BinaryIO, head: _Head, name: str) -> Content:
    if stream.peek(3)[:3] == _BOM:  # type: ignore[attr-defined]
        stream.read(3)
    if head.shape is None:
        if head.dim < 1:
            raise _not_vectors(name)
        tokens, matrix = text_rows.read_rows(stream, head.dim, name)
    else:
        stream.readline()
        tokens, matrix = text_rows.read_rows(stream, head.shape[1], name, first_line=2)
        if len(tokens) != head.shape[0]:
            raise _wrong_count(name, head.shape[0], len(tokens))
    if not tokens:
        raise _not_vectors(name)
    return Content(_packed(tokens), matrix, "glove" if head.shape is None else "word2vec")


def _packed(tokens: list[bytes]) -> PackedTokens:
    return PackedTokens(b"".join(tokens), offsets_of(np.fromiter(map(len, tokens), np.int64, len(tokens))))


def _not_vectors(name: str) -> InputError:
    return InputError(
        f"{name}: no word vectors",
        hint="expected a .safetensors model, or word2vec, GloVe or fastText: a word and its numbers per line",
    )


def _wrong_count(name: str, promised: int, found: int) -> InputError:
    return InputError(
        f"{name}: the first line promises {promised:,} words, the file holds {found:,}",
        hint="the file is cut short; if it is as you want it, delete its first line",
    )


# --- word2vec binary ------------------------------------------------------------------------


def _parse_binary(data: bytes | mmap.mmap, name: str) -> Content:
    at = data.find(b"\n") + 1
    count, dim = (int(number) for number in data[:at].removeprefix(_BOM).split())
    width = 4 * dim
    if count * (width + 1) > len(data):
        raise _wrong_count(name, count, len(data) // (width + 2))
    matrix = np.empty((count, dim), dtype=np.float32)
    tokens: list[bytes] = []
    for number in range(count):
        space = data.find(b" ", at, at + _LONGEST_TOKEN)
        end = space + 1 + width
        if space < 0 or end > len(data):
            raise _wrong_count(name, count, number)
        tokens.append(data[at:space].lstrip(b"\n"))
        matrix[number] = np.frombuffer(data[space + 1 : end], dtype="<f4")
        at = end
    if data[at : at + 2].strip():
        raise InputError(f"{name}: more data than the {count:,} words that the first line promises")
    if not np.isfinite(matrix).all():
        raise InputError(f"{name}: the vectors hold nan or inf", hint="is the file damaged?")
    return Content(_packed(tokens), matrix, "word2vec-bin")


def _without_repeats(content: Content) -> Content:
    """The content with the first of every word only."""
    first: dict[str, int] = {}
    for number, token in enumerate(content.tokens):
        first.setdefault(token, number)
    if len(first) < len(content.tokens):
        kept = np.fromiter(first.values(), np.int64, len(first))
        content.repeated = len(content.tokens) - len(first)
        content.tokens, content.matrix = content.tokens.take(kept), content.matrix[kept]
    return content
