"""What a classifier sees of a text: word and character n-grams, counted by class or found again.

`count` turns an encoded, labelled text into a table of features by class; tables of separate
texts add up exactly (`FeatureCounts.plus`). `FeatureIndex` turns texts into rows of such a table.
Not here: what the counts mean (`naive_bayes.py`, `nbsvm.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.count_table import CountTable
from nlpcli.engine.classify.packed_counts import PackedCounts, of_classes
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.model_file import Model
from nlpcli.engine.kernels.classify.arguments import Documents, Letters, Made, TokenTypes, Wanted
from nlpcli.engine.runtime.arrays import as_compiled, offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import available_cores, in_threads, run_all
from nlpcli.settings.classify import FeatureSettings

kernels = Kernels("classify.features")
merging = Kernels("classify.packed")
counting = Kernels("classify.counting")

_WORK = 1_000_000  # features per kernel call, at most: so that Ctrl-C and progress work
_LITTLE = 100_000  # features that are not worth a thread
_LONG = 4  # calls: a document with more work than that comes in parts
CHUNKS_PER_CORE = 4  # chunks a thread, at least
_DOCUMENTS = 1 << 16  # measured at a time
_PART_BITS = 14  # a part is about so many features, or larger where there would be more than 256 parts
_MERGED = 1 << 22  # keys a call
_AT_EDGES = 2  # skip-grams that a text has more than words, at most


Counts = NDArray[np.signedinteger[Any]]


class FeatureCounts:
    """How often each feature was seen in each class.

    keys: uint64 [F], ascending. The counts are held as they were given, or as they stand in a file, in a byte
    each: most of a large table are never asked for before it is written.
    """

    def __init__(
        self, keys: NDArray[np.uint64], counts: NDArray[np.signedinteger[Any]] | PackedCounts
    ) -> None:
        self.keys = keys
        self._counts = counts

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def counts(self) -> Counts:
        """[F, C], of the smallest signed type from int16 on that holds them, or of a larger one."""
        if isinstance(self._counts, PackedCounts):
            self._counts = self._counts.unpacked()
        return self._counts

    @property
    def packed(self) -> PackedCounts:
        """The same counts in a byte each."""
        return self._counts if isinstance(self._counts, PackedCounts) else PackedCounts.of(self._counts)

    def blocks(self) -> Iterator[Counts]:
        """The same counts, some rows at a time."""
        return self._counts.blocks() if isinstance(self._counts, PackedCounts) else iter([self._counts])

    def plus(self, other: FeatureCounts) -> FeatureCounts:
        """The sum, as if the texts of both had been counted together. Classes must agree."""
        mine, theirs = self.packed, other.packed
        most, classes = len(self) + len(other), mine.small.shape[1]
        keys, small = np.empty(most, np.uint64), np.empty((most, classes), np.uint8)
        large = np.empty(len(mine.large) + len(theirs.large) + classes, np.int64)
        state = np.zeros(6, np.int64)
        tables = [as_compiled(array) for array in (self.keys, *mine, other.keys, *theirs)]
        while state[0] < len(self) or state[1] < len(other):
            if state[5] + classes > len(large):
                large = np.concatenate([large, np.empty_like(large)])
            merging.merge_packed(*tables, state, _MERGED, keys, small, large)
        size = int(state[2])
        keys.resize(size, refcheck=False)  # where they lie: a copy would be half of the memory
        small.resize((size, classes), refcheck=False)
        return FeatureCounts(keys, PackedCounts(small, large[: state[5]].copy()))

    def of_classes(self, labels: tuple[str, ...], all_labels: tuple[str, ...]) -> FeatureCounts:
        """The same as a table of more classes, of which these have the labels of its own."""
        if labels == all_labels:
            return self
        columns = [all_labels.index(label) for label in labels]
        if columns != sorted(columns):  # then large counts would stand in another order
            return FeatureCounts(self.keys, of_classes(self.counts, labels, all_labels))
        small = of_classes(self.packed.small, labels, all_labels)
        return FeatureCounts(self.keys, PackedCounts(small, self.packed.large))

    def take(self, kept: NDArray[np.bool_]) -> FeatureCounts:
        """The features for which `kept` [F] is true."""
        return FeatureCounts(self.keys[kept], self.counts[kept])

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """As arrays for a model file."""
        packed = self.packed
        return {"features.keys": self.keys, "features.small": packed.small, "features.large": packed.large}

    @classmethod
    def from_model(cls, model: Model) -> FeatureCounts:
        """What `to_tensors` put into a model file."""
        packed = PackedCounts(model.tensors["features.small"], model.tensors["features.large"])
        return cls(model.tensors["features.keys"], packed)


class FeatureExtractor:
    """Makes the features of a corpus, some documents at a time."""

    def __init__(self, corpus: EncodedCorpus, settings: FeatureSettings) -> None:
        tensors = corpus.vocabulary.to_tensors()
        pool, starts = tensors["vocabulary.bytes"], tensors["vocabulary.offsets"]
        self._types = TokenTypes(_hashes(pool, starts), pool, starts)
        self._corpus, self._settings = corpus, settings
        self._costs, self._longest = self._measure()

    def _measure(self) -> tuple[NDArray[np.int64], int]:
        """Most features before each document [D + 1], and the most bytes a document has."""
        corpus, settings = self._corpus, self._settings
        (low, high), (char_low, char_high) = settings.word_range, settings.char_range
        per_document = np.diff(corpus.offsets) * (high - low + 1 + settings.skip_grams)
        per_document += _AT_EDGES * settings.skip_grams
        longest = 0
        if char_high:
            # A token can begin as many n-grams as it has bytes and spaces; often fewer.
            sizes = np.diff(self._types.starts) + 2
            for begin in range(0, corpus.documents, _DOCUMENTS):
                bounds = corpus.offsets[begin : begin + _DOCUMENTS + 1]
                before = offsets_of(sizes[corpus.ids[bounds[0] : bounds[-1]]])
                bytes_each = np.diff(before[bounds - bounds[0]])
                longest = max(longest, int(bytes_each.max(initial=0)))
                per_document[begin : begin + _DOCUMENTS] += bytes_each * (char_high - char_low + 1)
        return offsets_of(per_document), longest

    @property
    def most(self) -> int:
        """How many features there are at most, counting each as often as it is seen."""
        return int(self._costs[-1])

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Batches of documents, each some work, and less where there would be too few for all cores."""
        first, documents = 0, self._corpus.documents
        work = min(_WORK, max(self.most // (CHUNKS_PER_CORE * available_cores()), _LITTLE))
        while first < documents:
            last = int(np.searchsorted(self._costs, self._costs[first] + work, side="right")) - 1
            last = min(max(last, first + 1), documents)
            yield first, last
            first = last

    def make(
        self, first: int, last: int, spans: bool = False
    ) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int32]]:
        """The features of documents `first` to `last`.

        Returns: keys uint64 [N], where each document's keys end int64 [documents], and with
        `spans` the tokens each feature covers, int32 [N, 2].
        """
        most = int(self._costs[last] - self._costs[first])
        return self._made(self._corpus.offsets, first, last, most, spans)

    def is_long(self, chunk: tuple[int, int]) -> bool:
        """Whether it is one document with so many features, of words alone, that `parts` gives it better."""
        first, last = chunk
        cost = self._costs[last] - self._costs[first]
        words_alone = not self._settings.char_range[1] and not self._settings.skip_grams
        return last == first + 1 and cost > _LONG * _WORK and words_alone

    def parts(self, document: int) -> Iterator[NDArray[np.uint64]]:
        """The keys that `make` gives for one document of words, some at a time."""
        low, high = self._settings.word_range
        begin, stop = map(int, self._corpus.offsets[document : document + 2])
        step = max(_WORK // (high - low + 1), 1)
        for first in range(begin, stop, step):
            last = min(first + step, stop)
            end = min(last + high - 1, stop)  # n-grams that begin before `last` go on until here
            keys, _, _ = self._made(np.array([first, end]), 0, 1, (end - first) * (high - low + 1), False)
            beyond = sum(max(end - last - length + 1, 0) for length in range(low, high + 1))
            yield keys[: len(keys) - beyond]

    def _made(
        self, offsets: NDArray[np.int64], first: int, last: int, most: int, spans: bool
    ) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int32]]:
        settings = self._settings
        wanted = Wanted(
            *settings.word_range,
            *settings.char_range,
            settings.char_span == "text",
            settings.skip_grams,
            settings.edges,
            _mask(settings),
        )
        scratch = Letters(
            np.empty(self._longest + 2, dtype=np.uint8),
            np.empty(self._longest + 3, dtype=np.int64),
            np.empty(self._longest + 3, dtype=np.int32),
        )
        made = Made(
            np.empty(last - first, dtype=np.int64),
            np.empty(most, dtype=np.uint64),
            np.empty((most if spans else 0, 2), dtype=np.int32),
        )
        total = kernels.make_features(
            Documents(self._corpus.ids, offsets), first, last, self._types, wanted, scratch, made
        )
        return made.keys[:total], made.ends, made.spans[:total]


def type_keys(vocabulary: Vocabulary) -> NDArray[np.uint64]:
    """The key of every token as a feature by itself, uint64 [V]."""
    tensors = vocabulary.to_tensors()
    return _hashes(tensors["vocabulary.bytes"], tensors["vocabulary.offsets"])


def _hashes(pool: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.uint64]:
    hashes = np.empty(len(starts) - 1, dtype=np.uint64)
    kernels.hash_tokens(pool, starts, hashes)
    return hashes


def _mask(settings: FeatureSettings) -> np.uint64:
    """The bits of a key that count: with feature hashing, only the leading ones."""
    kept = settings.hash_bits or 64
    return np.uint64(((1 << kept) - 1) << (64 - kept))


# --- counting -------------------------------------------------------------------------------


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
    extractor = FeatureExtractor(corpus, settings)
    chunks = list(extractor.chunks())
    bits = table_bits(extractor.most)
    parts = [CountTable(labels, classes, settings.binary) for _ in range(1 << bits)]
    threads = available_cores()
    at_once = CHUNKS_PER_CORE * threads
    for begin in range(0, len(chunks), at_once):
        some = chunks[begin : begin + at_once]
        sorted_ = list(in_threads(_by_part, ((extractor, chunk, bits) for chunk in some), threads))
        shares = [range(thread, len(parts), threads) for thread in range(threads)]
        run_all(add_chunks, ((parts, sorted_, share) for share in shares), threads)
        progress.update(stage, some[-1][1], corpus.documents)
    return _together(parts, classes, threads)


def _together(parts: list[CountTable], classes: int, threads: int) -> FeatureCounts:
    """The parts one after the other; each is released as soon as it is copied."""
    ends = offsets_of([part.used for part in parts])
    keys, small = np.empty(ends[-1], np.uint64), np.empty((ends[-1], classes), np.uint8)
    cuts = [slice(*cut) for cut in itertools.pairwise(ends.tolist())]
    moves = ((part, keys[cut], small[cut]) for part, cut in zip(parts, cuts, strict=True))
    large = list(in_threads(CountTable.move, moves, threads))
    return FeatureCounts(keys, PackedCounts(small, np.concatenate(large)))


_ByPart = tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int32]]


def table_bits(most: int) -> int:
    """How many leading bits of a key choose its table: these are small enough for the cache, and the sorted
    tables, one after the other, are the sorted whole."""
    return min(max((most >> _PART_BITS).bit_length(), 1), 8)


def _by_part(extractor: FeatureExtractor, chunk: tuple[int, int], bits: int) -> _ByPart:
    made, ends, _ = extractor.make(*chunk)
    return sorted_by_part(made, ends, chunk[0], bits)


def sorted_by_part(made: NDArray[np.uint64], ends: NDArray[np.int64], first: int, bits: int) -> _ByPart:
    """The features of some documents, those of a part together: ends of parts, keys, documents."""
    part_ends = np.empty(1 << bits, dtype=np.int64)
    keys, documents = np.empty_like(made), np.empty(len(made), dtype=np.int32)
    counting.sort_by_part(made, ends, first, 64 - bits, part_ends, keys, documents)
    return part_ends, keys, documents


def add_chunks(
    parts: list[CountTable],
    chunks: Sequence[_ByPart],
    share: range,
    rows: Sequence[NDArray[np.int32]] = (),
) -> None:
    """Count what the chunks have of the parts in `share`; `rows` of each chunk get their places there."""
    for part in share:
        cuts = [slice(int(ends[part - 1]) if part else 0, int(ends[part])) for ends, _, _ in chunks]
        keys = np.concatenate([keys[cut] for (_, keys, _), cut in zip(chunks, cuts, strict=True)])
        found = np.empty(len(keys) if rows else 0, np.int32)
        parts[part].add(
            keys,
            np.concatenate([documents[cut] for (_, _, documents), cut in zip(chunks, cuts, strict=True)]),
            found,
        )
        done = 0
        for into, cut in zip(rows, cuts, strict=False):
            size = cut.stop - cut.start
            into[cut], done = found[done : done + size], done + size


# --- finding --------------------------------------------------------------------------------


FoundRows = tuple[int, NDArray[np.int32], NDArray[np.int64]]  # first document, rows, ends


class FeatureIndex:
    """Finds the features of texts in a table of keys.

    keys: uint64 [F], ascending.
    """

    def __init__(self, keys: NDArray[np.uint64], settings: FeatureSettings) -> None:
        self.keys, self.settings = keys, settings
        # About four keys to a bucket: the index stays small, a bucket within a cache line or two.
        bits = min(max(len(keys).bit_length() - 2, 1), 26)
        self._shift = 64 - bits
        self._index = np.empty((1 << bits) + 1, dtype=np.int32)
        kernels.index_keys(keys, self._shift, self._index)

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The row of each key, −1 where it is not in the table.

        >>> index = FeatureIndex(np.array([3, 7], np.uint64), FeatureSettings())
        >>> index.find(np.array([7, 4], np.uint64)).tolist()
        [1, -1]
        """
        rows, ends = self._find(keys, np.arange(1, len(keys) + 1), binary=False)
        found = np.full(len(keys), -1, dtype=np.int64)
        found[np.diff(ends, prepend=0) > 0] = rows
        return found

    def _find(
        self, made: NDArray[np.uint64], ends: NDArray[np.int64], binary: bool
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        longest = int(np.diff(ends, prepend=0).max(initial=0)) if binary else 0
        seen = np.zeros(max(16, 1 << (2 * longest).bit_length()), dtype=np.int64)
        rows = np.empty(len(made), dtype=np.int32)
        row_ends = np.empty(len(ends), dtype=np.int64)
        total = kernels.find_rows(
            made, ends, self.keys, self._index, self._shift, binary, seen, rows, row_ends
        )
        return rows[:total], row_ends

    def rows(self, corpus: EncodedCorpus, *, in_parts: bool = False) -> Iterator[FoundRows]:
        """The rows of the known features of every document, some documents at a time.

        Yields: the first document's number, rows int32 [R], ends int64 [documents]. With `in_parts` a very
        long document is given several times, each time with some of its rows.
        """
        extractor = FeatureExtractor(corpus, self.settings)

        def found(chunk: tuple[int, int]) -> FoundRows:
            made, ends, _ = extractor.make(*chunk)
            return chunk[0], *self._find(made, ends, self.settings.binary)

        apart = extractor.is_long if in_parts else lambda _: False
        for is_long, chunks in itertools.groupby(extractor.chunks(), apart):
            some = list(chunks)
            if is_long:
                for document, _ in some:
                    yield from self._rows_in_parts(extractor, document)
            elif len(some) == 1:
                yield found(some[0])
            else:
                yield from in_threads(found, ((chunk,) for chunk in some), available_cores())

    def _rows_in_parts(self, extractor: FeatureExtractor, document: int) -> Iterator[FoundRows]:
        had = np.zeros(len(self.keys) if self.settings.binary else 0, dtype=np.bool_)
        for made in extractor.parts(document):
            rows, _ = self._find(made, np.array([len(made)]), self.settings.binary)
            if self.settings.binary:
                rows = rows[~had[rows]]
                had[rows] = True
            yield document, rows, np.array([len(rows)])
