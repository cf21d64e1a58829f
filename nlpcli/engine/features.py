"""What a classifier sees of a text: word and character n-grams, counted by class or found again.

`count` turns an encoded, labelled text into a table of features by class; tables of separate
texts add up exactly (`FeatureCounts.plus`). `Finder` turns texts into rows of such a table.
Not here: what the counts mean (`naive_bayes.py`, `nbsvm.py`).
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.encoding import EncodedCorpus, available_cores
from nlpcli.engine.progress import SILENT, Progress
from nlpcli.engine.store import Model, take_tensor
from nlpcli.engine.vocabulary import Vocabulary
from nlpcli.errors import ModelError
from nlpcli.settings import FeatureSettings

_WORK = 100_000  # features per kernel call: about 0.05 s, so that Ctrl-C and progress work
_SMALL_COUNT = 255


@dataclass(frozen=True, eq=False)
class FeatureCounts:
    """How often each feature was seen in each class.

    keys: uint64 [F], ascending; counts: int64 [F, C].
    """

    keys: NDArray[np.uint64]
    counts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.keys)

    def plus(self, other: FeatureCounts) -> FeatureCounts:
        """The sum, as if the texts of both had been counted together. Classes must agree."""
        keys, positions = np.unique(np.concatenate([self.keys, other.keys]), return_inverse=True)
        counts = np.zeros((len(keys), self.counts.shape[1]), dtype=np.int64)
        counts[positions[: len(self)]] = self.counts
        counts[positions[len(self) :]] += other.counts
        return FeatureCounts(keys, counts)

    def take(self, kept: NDArray[np.bool_]) -> FeatureCounts:
        """The features for which `kept` [F] is true."""
        return FeatureCounts(self.keys[kept], self.counts[kept])

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """As arrays for a model file: most counts are small and take a byte, the rest stand apart.

        features.small: uint8 [F, C], 255 where the count is in features.large, in order.
        """
        flat = self.counts.reshape(-1)
        return {
            "features.keys": self.keys,
            "features.small": np.minimum(self.counts, _SMALL_COUNT).astype(np.uint8),
            "features.large": flat[flat >= _SMALL_COUNT],
        }

    @classmethod
    def from_model(cls, model: Model, classes: int) -> FeatureCounts:
        """What `to_tensors` put into a model file."""
        keys = checked_keys(model)
        small = take_tensor(model, "features.small", "uint8", (len(keys), classes))
        large = take_tensor(model, "features.large", "int64", (None,))
        counts = small.astype(np.int64)
        escaped = counts == _SMALL_COUNT
        if int(escaped.sum()) != len(large) or (large < _SMALL_COUNT).any():
            raise ModelError("the model's counts are damaged")
        counts[escaped] = large
        return cls(keys, counts)


def checked_keys(model: Model) -> NDArray[np.uint64]:
    """The feature keys of a model file; ModelError unless they ascend."""
    keys = take_tensor(model, "features.keys", "uint64", (None,))
    if (keys[1:] <= keys[:-1]).any():
        raise ModelError("the model's features are damaged: they are not in order")
    return keys


@dataclass(frozen=True, eq=False)
class _Types:
    """The token types of a corpus as features: their keys, and those of their characters."""

    hashes: NDArray[np.uint64]
    char_ends: NDArray[np.int64]
    char_keys: NDArray[np.uint64]


def type_keys(vocabulary: Vocabulary) -> NDArray[np.uint64]:
    """The key of every token as a feature by itself, uint64 [V]."""
    from nlpcli.engine.kernels import features as kernel

    tensors = vocabulary.to_tensors()
    hashes = np.empty(len(vocabulary), dtype=np.uint64)
    kernel.hash_tokens(tensors["vocabulary.bytes"], tensors["vocabulary.offsets"], hashes)
    return hashes


def _types(vocabulary: Vocabulary, settings: FeatureSettings) -> _Types:
    from nlpcli.engine.kernels import features as kernel

    tensors = vocabulary.to_tensors()
    pool, starts = tensors["vocabulary.bytes"], tensors["vocabulary.offsets"]
    hashes = np.empty(len(vocabulary), dtype=np.uint64)
    kernel.hash_tokens(pool, starts, hashes)
    char_ends = np.zeros(len(vocabulary) + 1, dtype=np.int64)
    char_keys = np.zeros(0, dtype=np.uint64)
    low, high = settings.char_range
    if high:
        longest = int(np.diff(starts).max(initial=0))
        for keys in (char_keys, None):  # once to measure, once to fill
            if keys is None:
                char_keys = np.empty(int(char_ends[-1]), dtype=np.uint64)
            for first in range(0, len(vocabulary), _WORK):
                last = min(first + _WORK, len(vocabulary))
                kernel.char_ngrams(pool, starts, first, last, low, high, longest, char_ends, char_keys)
    return _Types(hashes, char_ends, char_keys)


def _mask(settings: FeatureSettings) -> np.uint64:
    """The bits of a key that count: with feature hashing, only the leading ones."""
    kept = settings.hash_bits or 64
    return np.uint64(((1 << kept) - 1) << (64 - kept))


def count(
    corpus: EncodedCorpus,
    labels: NDArray[np.int32],
    classes: int,
    settings: FeatureSettings,
    progress: Progress = SILENT,
    stage: str = "counting",
) -> FeatureCounts:
    """The features of every document added up by class.

    labels: int32 [D], the class of each document, −1 to leave it out. The result does not
    depend on the order of the documents or the number of threads.
    """
    types = _types(corpus.vocabulary, settings)
    cost = _costs(corpus, types, settings)
    parts = _parts(int(cost[-1]))
    # Parts are cut by the leading bits of a key, so that sorted parts are a sorted whole.
    tables = [_Table(corpus, labels, classes, settings, types, part, parts) for part in range(1 << parts)]
    chunks = list(_chunks(cost))
    done = 0
    with concurrent.futures.ThreadPoolExecutor(available_cores()) as pool:
        for group in _grouped(tables, available_cores()):
            for first, last in chunks:
                for finished in [pool.submit(table.add, first, last) for table in group]:
                    finished.result()
                done += (last - first) * len(group)
                progress.update(stage, done, corpus.documents << parts)
            for table in group:
                table.close()
    return FeatureCounts(
        np.concatenate([table.keys for table in tables]), np.concatenate([table.counts for table in tables])
    )


def _costs(corpus: EncodedCorpus, types: _Types, settings: FeatureSettings) -> NDArray[np.int64]:
    """How many features there are before each document [D + 1], at most."""
    low, high = settings.word_range
    per_document = np.diff(corpus.offsets) * max(high - low + 1, 0)
    if settings.char_range[1]:
        chars = np.diff(types.char_ends)
        for begin in range(0, corpus.documents, 1 << 16):
            bounds = corpus.offsets[begin : begin + (1 << 16) + 1]
            ids = corpus.ids[bounds[0] : bounds[-1]]
            before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(chars[ids])])
            per_document[begin : begin + (1 << 16)] += np.diff(before[bounds - bounds[0]])
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(per_document)])


def _parts(features: int) -> int:
    """The logarithm of the number of tables: each should be small enough for the cache."""
    return 1 if features < 1 << 20 else 3 if features < 1 << 26 else 5


def _chunks(costs: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of documents with about `_WORK` features each."""
    first, documents = 0, len(costs) - 1
    while first < documents:
        last = int(np.searchsorted(costs, costs[first] + 8 * _WORK, side="right")) - 1
        last = min(max(last, first + 1), documents)
        yield first, last
        first = last


def _grouped(tables: list[_Table], size: int) -> Iterator[list[_Table]]:
    for start in range(0, len(tables), size):
        yield tables[start : start + size]


class _Table:
    """One part of a count table while it grows."""

    def __init__(
        self,
        corpus: EncodedCorpus,
        labels: NDArray[np.int32],
        classes: int,
        settings: FeatureSettings,
        types: _Types,
        part: int,
        parts: int,
    ) -> None:
        self._corpus, self._labels, self._types, self._settings = corpus, labels, types, settings
        self._mask, self._part, self._shift = _mask(settings), part, 64 - parts
        self._classes = classes
        self._used = 0
        self.keys = np.empty(0, dtype=np.uint64)
        self.counts = np.empty((0, classes), dtype=np.int64)
        self._last = np.empty(0, dtype=np.int32)
        self._slots = np.empty(0, dtype=np.int32)

    def add(self, first: int, end: int) -> None:
        """Count the documents from `first` to `end`."""
        from nlpcli.engine.kernels import features as kernel

        corpus, types = self._corpus, self._types
        low, high = self._settings.word_range
        if not len(self._slots):
            self._grow(1 << 16)
        while True:
            first, self._used = kernel.count_features(
                corpus.ids, corpus.offsets, first, end, self._labels, types.hashes, low, high,
                types.char_ends, types.char_keys, self._settings.binary, self._mask, self._part, self._shift,
                self._slots, self.keys, self.counts, self._last, self._used,
            )  # fmt: skip
            if first == end:
                return
            self._grow(2 * len(self._slots))

    def _grow(self, slots: int) -> None:
        from nlpcli.engine.kernels import features as kernel

        self.keys = _enlarged(self.keys, slots // 2)
        self.counts = _enlarged(self.counts, slots // 2)
        self._last = _enlarged(self._last, slots // 2)
        self._slots = np.full(slots, -1, dtype=np.int32)
        kernel.rehash(self._slots, self.keys, self._used)

    def close(self) -> None:
        """Put the keys in order and let go of what was only needed to grow."""
        order = np.argsort(self.keys[: self._used])
        self.keys, self.counts = self.keys[order], self.counts[order]
        self._last = self._slots = np.empty(0, dtype=np.int32)


def _enlarged(array: NDArray[Any], size: int) -> NDArray[Any]:
    larger = np.zeros((size, *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    return larger


class Finder:
    """Finds the features of texts in a table of keys.

    keys: uint64 [F], ascending.
    """

    def __init__(self, keys: NDArray[np.uint64], settings: FeatureSettings) -> None:
        from nlpcli.engine.kernels import features as kernel

        self.keys, self.settings = keys, settings
        self._mask = _mask(settings)
        bits = min(max(len(keys).bit_length(), 1), 26)
        self._shift = 64 - bits
        self._index = np.zeros((1 << bits) + 1, dtype=np.int64)
        kernel.index_keys(keys, self._shift, self._index)

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The row of each key, −1 where it is not in the table."""
        from nlpcli.engine.kernels import features as kernel

        rows = np.empty(len(keys), dtype=np.int64)
        kernel.find_rows(keys, self._mask, self.keys, self._index, self._shift, rows)
        return rows

    def rows(self, corpus: EncodedCorpus) -> Iterator[tuple[int, NDArray[np.int32], NDArray[np.int64]]]:
        """The rows of the known features of every document, some documents at a time.

        Yields: the first document's number, rows int32 [R], ends int64 [documents].
        """
        from nlpcli.engine.kernels import features as kernel

        settings = self.settings
        types = _types(corpus.vocabulary, settings)
        own, chars = self.find(types.hashes), self.find(types.char_keys)
        costs = _costs(corpus, types, settings)
        seen = np.full(len(self.keys) if settings.binary else 0, -1, dtype=np.int64)
        low, high = settings.word_range
        for first, last in _chunks(costs):
            rows = np.empty(int(costs[last] - costs[first]), dtype=np.int32)
            ends = np.empty(last - first, dtype=np.int64)
            total = kernel.find_features(
                corpus.ids, corpus.offsets, first, last, types.hashes, low, high, own, types.char_ends, chars,
                settings.binary, self._mask, self.keys, self._index, self._shift, seen, first, ends, rows,
            )  # fmt: skip
            yield first, rows[:total], ends
