"""A corpus as ids: a row of ids per document, with its vocabulary."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.runtime.arrays import offsets_of


@dataclass(frozen=True, eq=False)
class EncodedCorpus:
    """A text as numbers.

    ids: int32 [N], the tokens that are in the vocabulary, in the order of the text
    offsets: int64 [D + 1]; document d is ids[offsets[d]:offsets[d + 1]], possibly empty
    """

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    vocabulary: Vocabulary

    @property
    def documents(self) -> int:
        """How many documents (lines) there are."""
        return len(self.offsets) - 1

    def __iter__(self) -> Iterator[NDArray[np.int32]]:
        return (self.ids[begin:end] for begin, end in itertools.pairwise(self.offsets.tolist()))


def renumber(corpus: EncodedCorpus, new_id: NDArray[np.int32], vocabulary: Vocabulary) -> EncodedCorpus:
    """The text in the ids of another vocabulary: `new_id` [V] has them, −1 drops a word."""
    ids = new_id[corpus.ids]
    kept = ids >= 0
    if kept.all():
        return EncodedCorpus(ids, corpus.offsets, vocabulary)
    return EncodedCorpus(ids[kept], offsets_of(kept)[corpus.offsets], vocabulary)


class DocumentOffsets:
    """Where documents begin, in 8 bytes each; with `filled` only of those that hold a token."""

    def __init__(self, filled: bool) -> None:
        self._filled = filled
        self._places = array("q", [0])

    def add(self, ends: NDArray[np.int64]) -> None:
        """The ends of the next documents."""
        if self._filled:
            ends = ends[np.diff(ends, prepend=self._places[-1]) > 0]
        self._places.frombytes(np.ascontiguousarray(ends).data.cast("B"))

    def array(self) -> NDArray[np.int64]:
        """All of them; no more can be added."""
        return np.frombuffer(self._places, dtype=np.int64)
