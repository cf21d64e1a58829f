"""Documents that were found ranked again: by how near each other the words of a query stand in them.

BM25 knows no places. Here the terms of a query that stand together count again, and its words that stand in
the text as they are. Weights and window were chosen on questions of KorQuAD's first 100 articles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.search.strings import MappedStrings
from nlpcli.engine.text.particles import stem_of

kernels = Kernels("search.closeness")

_WINDOW = 60  # letters
_NEAR, _WHOLE = 0.65, 1.5


class Looked(NamedTuple):
    """What some queries are looked up by, those of query q at offsets[q] to offsets[q + 1].

    names: terms that are in the index; rarity float64 [T], their idf; weights float64 [T], this times how
    often each stands in the query. words: of each query, as its analysis gives them.
    """

    offsets: NDArray[np.int64]
    names: Sequence[str]
    rarity: NDArray[np.float64]
    weights: NDArray[np.float64]
    words: Sequence[Sequence[str]]


def add_closeness(
    texts: MappedStrings,
    looked: Looked,
    documents: NDArray[np.int64],
    held: NDArray[np.int64],
    scores: NDArray[np.float64],
) -> None:
    """Add to BM25 of each query's documents, int64 and float64 [Q, n] of which held [Q] are there."""
    stems = [stem_of(word) for words in looked.words for word in words]
    counts = list(map(len, looked.words))
    terms, words = int(np.diff(looked.offsets).max(initial=0)), max(counts, default=0)
    table = 1 << (4 * terms + 4).bit_length()
    kernels.add_closeness(
        texts.content, texts.offsets, documents, held, looked.offsets, *_packed(looked.names), looked.weights,
        looked.rarity, offsets_of(counts), *_packed(stems), _WINDOW, _NEAR, _WHOLE, np.zeros(table, np.int64),
        np.zeros(table, np.int32), np.zeros(terms, np.int32), np.zeros(words, np.int32), np.zeros(words),
        np.zeros(words, np.uint8), np.zeros(terms, np.int32), np.zeros((2, _WINDOW + 2), np.int64),
        scores,
    )  # fmt: skip


def _packed(strings: Sequence[str]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Strings as UTF-8 in one array, which a kernel takes as it takes what is read, and offsets."""
    encoded = [string.encode("utf-8", "surrogatepass") for string in strings]
    return np.frombuffer(b"".join(encoded), np.uint8), offsets_of(list(map(len, encoded)))
