"""Reading word vectors: what layout a file has is told by its content, also of a compressed one.

    io/binary_input        bytes from beginning to end, mapped where they lie plain
    text_layout            text or not, with or without a first line that speaks of the rest
    text_rows              a word and its numbers per line
    word2vec_binary, facebook, matrix_beside_words, npz_vectors

Not here: writing them (`writing.py`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.io import fasttext_file
from nlpcli.engine.io.binary_input import BinaryInput, decompressed_file, sampled
from nlpcli.engine.io.file_kinds import NPZ, ZIPPED, kind_of
from nlpcli.engine.io.model_file import Model, read_info, read_model
from nlpcli.engine.io.opening import STDIN, display_name, open_bytes
from nlpcli.engine.io.shipped import WORD_VECTORS, hint_for, located
from nlpcli.engine.vectors import matrix_beside_words, npz_vectors, text_rows
from nlpcli.engine.vectors.facebook import read_facebook, settings_of
from nlpcli.engine.vectors.subwords import Subwords, subwords_of
from nlpcli.engine.vectors.text_layout import BOM, head_of, read_text
from nlpcli.engine.vectors.word2vec_binary import read_binary
from nlpcli.engine.vectors.writing import restored
from nlpcli.errors import InputError, MissingFile, ModelError, NlpcliError

KINDS = ("word2vec", "fasttext", "glove", "vectors")
TOPICS = "topics"  # those of lsa give words vectors
_VERIFIED = 32 << 20  # a model up to this many bytes is checked for flipped bits at every use
_SAMPLE = 1 << 20  # bytes looked at to tell the layout
_MOVED = 1 << 22  # numbers that are moved at a time


@dataclass
class Content:
    """What a vectors file holds: words, matrix [V, dim] float32, and what else it says.

    left_out: what else the file holds that is no matter of vectors, to be told where it gets lost.
    """

    tokens: PackedTokens
    matrix: NDArray[np.float32]
    layout: str
    counts: NDArray[np.int64] | None = None
    header: dict[str, Any] = field(default_factory=dict)
    repeated: int = 0
    subwords: Subwords | None = None  # gives the vector of any word, from its n-grams
    left_out: str = ""


def read(path: str, *, verify: bool | None = None, whole: bool = False, unread: bool = False) -> Content:
    """The content of a vectors file of any layout we know, plain or compressed.

    A model file is mapped; `verify` compares its checksum (default: only when it is small). One that
    is not small and `unread` may hold nan and inf: who reads it looks for them on the way. Of a word
    that stands in a file twice the first counts, as with gensim. `whole` keeps of a model with subwords
    also what only writing it anew takes.

    Raises InputError (with the line) or ModelError for what cannot be read.
    """
    try:
        return _read_file(path, _Asked(verify, whole, unread))
    except MissingFile as error:
        raise MissingFile(
            error.message, hint=f"{hint_for(path, WORD_VECTORS)}; - reads from stdin"
        ) from error


def _read_file(path: str, asked: _Asked) -> Content:
    name = display_name(path)
    with open_bytes(located(path)) as (opened, raw):
        start, is_all, stream = sampled(opened, _SAMPLE)
        plain = raw if opened is raw else None
        if _is_model(start):
            return _read_model_anywhere(path, None if path == STDIN else plain, stream, asked)
        source = BinaryInput(stream, plain)
        if start.startswith(fasttext_file.MAGIC):
            return _without_repeats(_read_facebook(source, name, asked.whole))
        if start.startswith(matrix_beside_words.NPY):
            tokens, matrix = matrix_beside_words.read_npy(source, path)
            return _without_repeats(Content(tokens, matrix, "npy"))
        if matrix_beside_words.is_tsv(path):
            tokens, matrix = matrix_beside_words.read_tsv(stream, path)
            return _without_repeats(Content(tokens, matrix, "tsv"))
        other = kind_of(start)
        if other and other[0] not in (NPZ, ZIPPED):
            raise InputError(
                f"{name}: this is {other[0]}, not word vectors", hint="name a file of word vectors"
            )
        if start.startswith(npz_vectors.ZIP):
            return _without_repeats(_read_npz(path, None if path == STDIN else plain, stream, name))
        head = head_of(start, is_all, name)
        if head.is_binary:
            tokens, matrix = read_binary(source, name)
            return _without_repeats(Content(tokens, matrix, "word2vec-bin"))
        return _without_repeats(Content(*read_text(stream, head, name)))


def _read_npz(path: str, plain: BinaryIO | None, stream: BinaryIO, name: str) -> Content:
    """A `.npz` file where it lies, or unpacked: its end is read first."""
    if plain is not None:
        return Content(*npz_vectors.read_npz(path, name), "npz")
    with decompressed_file(stream) as unpacked:
        return Content(*npz_vectors.read_npz(unpacked, name), "npz")


def holds_vectors(path: str) -> bool:
    """Does a file look like word vectors (told by its first bytes), and not like running text?"""
    if path == STDIN:
        return False
    with open_bytes(located(path)) as (opened, _):
        start, is_all, _ = sampled(opened, _SAMPLE)
    if _is_model(start) or start.startswith((matrix_beside_words.NPY, fasttext_file.MAGIC)):
        return True
    if start.startswith(npz_vectors.ZIP):
        return npz_vectors.is_vectors(path)
    try:
        head = head_of(start, is_all, path)
        if head.promised is not None:
            return True
        lines = start.removeprefix(BOM).split(b"\n")
        first = next((line for line in lines if line.strip()), b"")
        text_rows.split_line(first.rstrip(b" \t\r"), max(head.dim, 1), "")
    except InputError:
        return False
    return head.dim > 1


def _is_model(start: bytes) -> bool:
    """A safetensors file: eight bytes of length, then JSON."""
    return len(start) > 9 and start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 100 << 20


_READ = ("vocabulary.bytes", "vocabulary.offsets", "vocabulary.counts")
_FOR_QUESTIONS = (*_READ, "vectors", "vectors.scales", "ngram_buckets", "ngram_rows")
_FOR_WRITING = ("word_rows", "output_vectors")
_OF_TOPICS = ("components", "strengths")
_LONG = ("vectors", "ngram_rows")


class _Asked(NamedTuple):
    """What of a model file is wanted: see `read`."""

    verify: bool | None = None
    whole: bool = False
    unread: bool = False


def _read_model_anywhere(path: str, plain: BinaryIO | None, stream: BinaryIO, asked: _Asked) -> Content:
    """A model file where it lies, or unpacked into a file without a name, since it is mapped."""
    if plain is not None:
        return _read_model(path, asked)
    with decompressed_file(stream) as unpacked:
        try:
            return _read_model(unpacked, asked)
        except NlpcliError as error:
            hint = error.hint and error.hint.replace(unpacked, path)
            raise type(error)(error.message.replace(unpacked, display_name(path)), hint=hint) from error


def _read_model(path: str, asked: _Asked) -> Content:
    small = os.stat(located(path)).st_size <= _VERIFIED  # noqa: PTH116
    model = read_model(
        path,
        (*KINDS, TOPICS),
        verify=small if asked.verify is None else asked.verify,
        only=_FOR_QUESTIONS + _OF_TOPICS + (_FOR_WRITING if asked.whole else ()),
        unread=_LONG if asked.unread and not small else (),
    )
    if model.kind == TOPICS:
        return _read_topics(model, path)
    matrix = restored(model.tensors["vectors"], model.tensors.get("vectors.scales"))
    tokens, counts = PackedTokens.from_model(model, "vocabulary"), model.tensors["vocabulary.counts"]
    subwords = subwords_of(model) if model.kind == "fasttext" else None
    return Content(tokens, matrix, model.kind, counts, model.header, subwords=subwords)


def _read_topics(model: Model, path: str) -> Content:
    """Latent semantic analysis: a word's coordinates V Σ, whose products are those of the words' rows."""
    if model.header["settings"]["method"] != "lsa":
        raise ModelError(
            f"{path} holds topics, which are no vectors of words",
            hint="nlpcli train-topics --method lsa gives words and texts vectors",
        )
    matrix = (model.tensors["components"] * model.tensors["strengths"]).astype(np.float32)
    tokens, counts = PackedTokens.from_model(model, "vocabulary"), model.tensors["vocabulary.counts"]
    left_out = "how a text's vector is found: its TF-IDF"
    return Content(tokens, matrix, model.kind, counts, model.header, left_out=left_out)


def _read_facebook(source: BinaryInput, name: str, whole: bool) -> Content:
    model = read_facebook(source, name, whole=whole)
    header = {"settings": settings_of(model.arguments).to_record()}
    return Content(
        model.tokens, model.vectors, "fasttext-bin", model.counts, header, subwords=model.subwords,
        left_out="the labels of the classifier" if model.labels_left_out else "",
    )  # fmt: skip


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


def _without_repeats(content: Content) -> Content:
    """The content with the first of every word only."""
    first: dict[str, int] = {}
    for number, token in enumerate(content.tokens):
        first.setdefault(token, number)
    if len(first) < len(content.tokens):
        kept = np.fromiter(first.values(), np.int64, len(first))
        content.repeated = len(content.tokens) - len(first)
        content.tokens, content.matrix = content.tokens.take(kept), _moved_up(content.matrix, kept)
        content.counts = content.counts[kept] if content.counts is not None else None
        content.subwords = content.subwords.of_words(kept) if content.subwords is not None else None
    return content


def _moved_up(matrix: NDArray[np.float32], kept: NDArray[np.int64]) -> NDArray[np.float32]:
    """Some rows, in ascending order, in the place of the whole where it can be written to."""
    if not matrix.flags.writeable:
        return matrix[kept]
    step = max(1, _MOVED // max(matrix.shape[1], 1))
    for start in range(0, len(kept), step):
        part = kept[start : start + step]
        matrix[start : start + len(part)] = matrix[part]
    return matrix[: len(kept)]
