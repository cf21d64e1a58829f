"""N-grams of characters inside words as features, from the vocabulary and not from the text.

A document's n-grams are those of its words' types, so each type is taken apart once: counts
[documents, types] times runs [types, runs]. A word has a space put at both ends, so that
beginnings and endings of words are features of their own (scikit-learn's `char_wb`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.documents.sparse import SparseMatrix


def runs_of(word: str, shortest: int, longest: int) -> list[str]:
    """The n-grams of `shortest` to `longest` characters of a word with a space at both ends.

    >>> runs_of("ab", 2, 3)
    [' a', 'ab', 'b ', ' ab', 'ab ']
    >>> runs_of("a", 4, 5)
    [' a ']
    """
    padded = f" {word} "
    if len(padded) <= shortest:
        return [padded]
    return [
        padded[start : start + size]
        for size in range(shortest, min(longest, len(padded)) + 1)
        for start in range(len(padded) - size + 1)
    ]


def with_char_ngrams(
    counts: SparseMatrix, types: Sequence[str], shortest: int, longest: int
) -> tuple[SparseMatrix, list[str]]:
    """Counts of runs per document, and the runs in order of first appearance among the types."""
    import scipy.sparse

    number_of: dict[str, int] = {}
    runs: list[int] = []
    lengths = np.empty(len(types) + 1, dtype=np.int64)
    lengths[0] = 0
    for place, word in enumerate(types, start=1):
        found = runs_of(word, shortest, longest)
        runs += [number_of.setdefault(run, len(number_of)) for run in found]
        lengths[place] = len(found)
    shape = (len(types), len(number_of))
    ones = np.ones(len(runs), dtype=np.int32)
    of_types = scipy.sparse.csr_array((ones, np.array(runs, dtype=np.int64), np.cumsum(lengths)), shape=shape)
    of_documents = scipy.sparse.csr_array((counts.data, counts.indices, counts.indptr), shape=counts.shape)
    product = of_documents @ of_types
    product.sort_indices()
    indices: NDArray[np.int32] = product.indices.astype(np.int32)
    matrix = SparseMatrix(product.data, indices, product.indptr.astype(np.int64), len(number_of))
    return matrix, list(number_of)
