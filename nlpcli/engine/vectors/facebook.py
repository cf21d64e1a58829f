"""Facebook's fastText model files (`.bin`, version 11 and 12), read for their vectors.

    int32 magic, version; 12 × int32 and a float64 of arguments; the dictionary: int32 entries,
    words, labels, int64 tokens, pruned (−1: not), then per entry bytes, NUL, int64 count, int8
    type; and twice, for input and output: bool quantised, int64 rows, columns, float32 numbers

The matrices are mapped, not read. Not here: writing such files, quantised models (`.ftz`), and
the labels of classifiers, whose words and n-grams are read all the same.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.vectors.subwords import rule_of
from nlpcli.errors import InputError, ModelError
from nlpcli.settings.embeddings import FastTextSettings

MAGIC = struct.pack("<i", 793712314)
_VERSIONS = (11, 12)
_SUPERVISED = 3
_WORD = 0
_MODELS = {1: "cbow", 2: "skipgram", _SUPERVISED: "cbow"}


@dataclass(frozen=True, eq=False)
class FacebookModel:
    """What a file holds: words, their vectors [V, dim], and the rows of all n-grams [bucket, dim]."""

    vocabulary: Vocabulary
    vectors: Floats
    output_vectors: Floats
    ngram_rows: Floats
    settings: FastTextSettings

    def vector(self, word: str) -> Floats:
        """The vector [dim] of any word, seen or not; zeros when it has no n-gram."""
        number = self.vocabulary.id_of.get(word)
        if number is not None:
            return np.asarray(self.vectors[number])
        _, wanted = rule_of(self.settings).buckets([word])
        if not len(wanted):
            return np.zeros(self.ngram_rows.shape[1], np.float32)
        return np.asarray(self.ngram_rows[wanted].mean(axis=0, dtype=np.float32))


def is_facebook(start: bytes) -> bool:
    """Do these bytes begin a fastText model file?"""
    return start.startswith(MAGIC)


def read_facebook(path: str) -> FacebookModel:
    """The model in one of Facebook's files.

    Raises ModelError for files that are not, are cut short, or hold a quantised model.
    """
    try:
        with open(path, "rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    if not is_facebook(mapped[:8]):
        raise ModelError(f"{path} is not a fastText model")
    try:
        return _parse(_Cursor(mapped), path)
    except (struct.error, IndexError) as error:
        raise ModelError(f"{path} is damaged or cut short", hint="copy it again") from error


class _Cursor:
    """A place in the file that moves on with every read."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._place = 0

    def take(self, layout: str) -> tuple[int, ...]:
        """The next numbers, little-endian and without padding."""
        values: tuple[int, ...] = struct.unpack_from("<" + layout, self._data, self._place)
        self._place += struct.calcsize("<" + layout)
        return values

    def take_text(self) -> bytes:
        """The bytes up to the next NUL."""
        end = self._data.find(b"\0", self._place)
        if end < 0:
            raise IndexError("no NUL")
        text = self._data[self._place : end]
        self._place = end + 1
        return text

    def take_matrix(self) -> Floats:
        """The next matrix, mapped."""
        rows, columns = self.take("qq")
        if rows < 0 or columns < 1 or self._place + rows * columns * 4 > len(self._data):
            raise IndexError("matrix beyond the end")
        numbers = np.frombuffer(self._data, "<f4", rows * columns, self._place)
        self._place += rows * columns * 4
        return numbers.reshape(rows, columns)


def _parse(cursor: _Cursor, path: str) -> FacebookModel:
    _, version = cursor.take("ii")
    if version not in _VERSIONS:
        raise ModelError(f"{path} is a fastText model of version {version}, not one of {_VERSIONS}")
    settings = _settings(cursor, version)
    tokens, counts = _dictionary(cursor)
    words = len(tokens)
    if cursor.take("?")[0]:
        raise ModelError(f"{path} is a quantised fastText model", hint="use the .bin file it was made from")
    inputs = cursor.take_matrix()
    cursor.take("?")
    outputs = cursor.take_matrix()
    if inputs.shape[1] != settings.dim or len(inputs) < words:
        raise ModelError(f"{path} is damaged: its matrix has the shape {inputs.shape}")
    ngrams = inputs[words:]
    if settings.maxn and len(ngrams) != settings.bucket:
        raise ModelError(f"{path} is damaged: {len(ngrams):,} rows for {settings.bucket:,} buckets")
    vectors = _put_together(inputs, tokens, settings)
    return FacebookModel(Vocabulary.of(tokens, counts), vectors, outputs, ngrams, settings)


def _settings(cursor: _Cursor, version: int) -> FastTextSettings:
    dim, window, epochs, _, negative, _, loss, model, bucket, minn, maxn, _ = cursor.take("12i")
    (sample,) = cursor.take("d")
    if version == _VERSIONS[0] and model == _SUPERVISED:
        maxn = 0  # classifiers of that version have no n-grams, whatever they say
    return FastTextSettings(
        model=_MODELS.get(model, "skipgram"),  # type: ignore[arg-type]
        loss="hs" if loss == 1 else "ns",
        dim=dim,
        window=max(1, window),
        epochs=max(1, epochs),
        negative=max(1, negative),
        sample=sample,
        minn=max(1, minn) if maxn else 3,
        maxn=maxn,
        bucket=max(1, bucket),
    )


def _dictionary(cursor: _Cursor) -> tuple[list[str], list[int]]:
    entries, words, _ = cursor.take("iii")
    _, pruned = cursor.take("qq")
    tokens, counts = [], []
    for _ in range(entries):
        text = cursor.take_text()
        count, kind = cursor.take("qb")
        if kind == _WORD:
            tokens.append(text.decode("utf-8", "surrogateescape"))
            counts.append(count)
    if len(tokens) != words:
        raise IndexError("the number of words is wrong")
    if pruned > 0:
        cursor.take(f"{2 * pruned}i")
    return tokens, counts


def _put_together(inputs: Floats, tokens: list[str], settings: FastTextSettings) -> Floats:
    """The vectors of the words [V, dim]: means of their rows and those of their n-grams."""
    from nlpcli.engine.runtime.compiled import kernels_of

    words = len(tokens)
    starts, buckets = rule_of(settings).buckets(tokens)
    own = np.arange(words, dtype=np.int64)
    rows: NDArray[np.int64] = np.insert(buckets.astype(np.int64) + words, starts[:-1], own)
    vectors = np.empty((words, inputs.shape[1]), np.float32)
    kernels_of("text.subword_hashes").row_means(inputs, starts + np.arange(words + 1), rows, vectors)
    return vectors
