"""Which documents hold a term, packed, as kernels read it; how that is made within a few megabytes.

Not here: what stands in a file (`index.py`), and ranking (`ranking.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.io.schema import AGAIN
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.spill import release
from nlpcli.engine.search.terms import PAIRS, Terms
from nlpcli.errors import ModelError

kernels = Kernels("search.postings")

BLOCK = 128
K1, B = 1.2, 0.75
K1_OF_BIGRAMS = 0.4  # pairs of letters come in groups, so that more of one says little
_SLICE, _SLICES = 6_000_000, 12  # postings that are made together, unless that is too often for large texts
_PART = 2_000_000  # tokens that a kernel looks at in one go


def idf(frequencies: NDArray[np.integer[Any]] | int, documents: int) -> NDArray[np.float64]:
    """Inverse document frequency as in `vectorize`: ln((1 + n) / (1 + df)) + 1."""
    return np.log((1 + documents) / (1 + np.asarray(frequencies, dtype=np.float64))) + 1.0


def usual_k1(terms: str) -> float:
    """BM25's k1 where none is given, for what documents are found by."""
    return K1_OF_BIGRAMS if terms in PAIRS else K1


def room_of(lengths: NDArray[np.int32], k1: float, b: float) -> NDArray[np.float64]:
    """What BM25 adds to a count below the line, for each document."""
    mean = max(float(lengths.mean()), 1e-12)
    room: NDArray[np.float64] = k1 * (1 - b + b * (lengths / mean))
    return room


@dataclass(frozen=True, eq=False)
class Postings:
    """Of V terms: in how many documents each stands, int64 [V]; of their N blocks of 128 postings the last
    document, int32 [N], the widths, uint8 [N, 2], where each lies in `packed` uint32, int64 [N + 1], and
    the most of count / norm and of BM25 in it, float32 [N] (see `kernels/search/postings.py`)."""

    frequencies: NDArray[np.int64]
    ends: NDArray[np.int32]
    widths: NDArray[np.uint8]
    places: NDArray[np.int64]
    cosines: NDArray[np.float32]
    okapi: NDArray[np.float32]
    packed: NDArray[np.uint32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", offsets_of(-(-self.frequencies // BLOCK)))

    blocks = np.zeros(1, np.int64)  # where the blocks of each term begin, and the last ends, int64 [V + 1]

    @property
    def index(self) -> tuple[NDArray[Any], ...]:
        """What a kernel takes."""
        return self.ends, self.widths, self.places, self.packed

    def of(self, term: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The documents of a term, ascending, and how often it stands in each. Raises ModelError."""
        size = int(self.frequencies[term])
        documents, times = np.empty(size, np.int32), np.empty(size, np.int32)
        first, last = int(self.blocks[term]), int(self.blocks[term + 1])
        if not kernels.unpack(
            first, last, size, self.ends, self.widths, self.places, self.packed, documents, times
        ):
            raise damaged()
        return documents, times


def damaged() -> ModelError:
    """What is raised where postings contradict each other."""
    return ModelError("the index is damaged: its postings do not fit together", hint=AGAIN)


class Counted(NamedTuple):
    """All postings, and of each document how many terms it has, int32 [D], and the length of its TF-IDF
    row, float32 [D]."""

    postings: Postings
    lengths: NDArray[np.int32]
    norms: NDArray[np.float32]


def postings_of(corpus: EncodedCorpus, terms: Terms, k1: float) -> Counted:
    """The postings of the terms of some documents' words, made a few terms at a time."""
    count, documents = len(terms.names), corpus.documents
    frequencies, lengths = np.zeros(count, np.int64), np.zeros(documents, np.int64)
    words = (terms.starts, terms.numbers)
    seen = np.zeros(count, np.int64)
    for first, last in _parts(corpus):
        kernels.count_terms(corpus.ids, corpus.offsets, first, last, *words, seen, frequencies, lengths)
    del seen
    counts, touched = np.zeros(count, np.int32), np.zeros(count, np.int32)
    squares = np.zeros(documents)
    rarity = idf(frequencies, documents)
    for first, last in _parts(corpus):
        kernels.add_squares(corpus.ids, corpus.offsets, first, last, *words, rarity, counts, touched, squares)
    del rarity
    norms, sizes = np.sqrt(squares).astype(np.float32), lengths.astype(np.int32)
    packer = Packer(norms, room_of(sizes, k1, B), k1)
    for low, high in _slices(frequencies):
        starts = offsets_of(frequencies[low:high])
        holders, times = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.int32)
        places = starts[:-1].copy()
        for first, last in _parts(corpus):
            kernels.fill_postings(
                corpus.ids, corpus.offsets, first, last, *words, low, high, places, counts, touched,
                holders, times,
            )  # fmt: skip
        packer.add(holders, times, starts)
        del holders, times  # before the next ones are made, and before all is joined
    return Counted(packer.postings(frequencies), sizes, norms)


class Packer:
    """Packs the postings of terms, some terms after the other."""

    def __init__(self, norms: NDArray[np.float32], room: NDArray[np.float64], k1: float) -> None:
        self._norms, self._room, self._k1 = norms, room, k1
        self._made: list[tuple[NDArray[Any], ...]] = []

    def add(self, documents: NDArray[np.int32], times: NDArray[np.int32], starts: NDArray[np.int64]) -> None:
        """The postings of the next terms: term after term, documents ascending; starts int64 [n + 1]."""
        blocks = int((-(-np.diff(starts) // BLOCK)).sum())
        ends, widths, sizes = (
            np.empty(blocks, np.int32),
            np.empty((blocks, 2), np.uint8),
            np.empty(blocks, int),
        )
        cosines, bm25 = np.empty(blocks, np.float32), np.empty(blocks, np.float32)
        packed = np.zeros(2 * len(documents) + 2 * blocks, np.uint32)
        used = kernels.pack(
            documents, times, starts, self._norms, self._room, self._k1 + 1.0, ends, widths, sizes, cosines,
            bm25, packed,
        )  # fmt: skip
        self._made.append((ends, widths, sizes, cosines, bm25, packed[:used].copy()))

    def postings(self, frequencies: NDArray[np.int64]) -> Postings:
        """All of them."""
        ends, widths, sizes, cosines, bm25, packed = zip(*self._made, strict=True)
        behind = np.zeros(1, np.uint32)  # a kernel reads a word more than the last number takes
        words = np.concatenate([*packed, behind])
        made = (np.concatenate(parts) for parts in (ends, widths, sizes, cosines, bm25))
        ends, widths, sizes, cosines, bm25 = made
        return Postings(frequencies, ends, widths, offsets_of(sizes), cosines, bm25, words)


def _parts(corpus: EncodedCorpus) -> Iterator[tuple[int, int]]:
    """Ranges of documents with about so many tokens that a kernel has done soon."""
    first, offsets = 0, corpus.offsets
    while first < corpus.documents:
        last = max(first + 1, int(np.searchsorted(offsets, offsets[first] + _PART, "right")) - 1)
        yield first, last
        release(corpus.ids, int(offsets[first]), int(offsets[last]))
        first = last


def _slices(frequencies: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Ranges of terms with about so many postings that they fit in memory."""
    before, low = offsets_of(frequencies), 0
    most = max(_SLICE, int(before[-1]) // _SLICES)
    while low < len(frequencies):
        high = max(low + 1, int(np.searchsorted(before, before[low] + most, "right")) - 1)
        yield low, high
        low = high
