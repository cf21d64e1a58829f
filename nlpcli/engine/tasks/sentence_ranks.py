"""How central each sentence is among the others, without ever holding sentence against sentence.

    lexrank    PageRank over cosines of TF-IDF (Erkan and Radev 2004, the continuous kind)
    textrank   PageRank over common words / (ln |a| + ln |b|) (Mihalcea and Tarau 2004)

Both graphs have an edge for nearly every pair of sentences, but a step of PageRank needs none of them. With
the rows of TF-IDF as a sparse matrix R, all cosines are R Rᵀ, and R (Rᵀ x) takes as long as reading R twice.
TextRank's divisor depends on the two lengths alone: words are counted by the lengths of their sentences.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.documents import sparse
from nlpcli.engine.documents.sparse import SparseMatrix
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels

kernels = Kernels("counts.sentences")

Scores = NDArray[np.float64]

_DAMPING = 0.85
_STEPS, _TOLERANCE = 100, 1e-7


def tfidf(counts: SparseMatrix) -> SparseMatrix:
    """Rows of length 1 (or 0, of a sentence without a word), rarity by the sentences themselves."""
    frequencies = sparse.document_frequencies(counts)
    return sparse.weighed(counts, np.log((1 + counts.shape[0]) / (1 + frequencies)) + 1.0)


def lexrank(rows: SparseMatrix) -> Scores:
    """The rank of each sentence, adding up to 1; `rows` as `tfidf` makes them."""
    size, columns = rows.shape
    row_of = np.repeat(np.arange(size), np.diff(rows.indptr))
    itself = np.bincount(row_of, weights=rows.data**2, minlength=size)

    def similar(x: Scores) -> Scores:
        summed = np.bincount(rows.indices, weights=rows.data * x[row_of], minlength=columns)
        return np.bincount(row_of, weights=rows.data * summed[rows.indices], minlength=size) - itself * x

    return _page_rank(similar, size)


def textrank(counts: SparseMatrix) -> Scores:
    """The rank of each sentence, adding up to 1.

    A word of sentence i meets the words like it of all sentences of length l at once: for each pair of a
    word and a length their sum over sentences, and for each two pairs of the same word what they add.
    """
    size = counts.shape[0]
    row_of = np.repeat(np.arange(size), np.diff(counts.indptr))
    length = np.bincount(row_of, weights=counts.data, minlength=size).astype(np.int64)
    most = int(length.max(initial=0)) + 1
    pairs, pair_of = np.unique(counts.indices.astype(np.int64) * most + length[row_of], return_inverse=True)
    starts = offsets_of(np.bincount(pairs // most, minlength=counts.columns))
    logs = _log(pairs % most)
    itself = np.diff(counts.indptr) / (2 * _log(length))

    def similar(x: Scores) -> Scores:
        summed = np.bincount(pair_of, weights=x[row_of], minlength=len(pairs))
        met = np.zeros(len(pairs))
        kernels.meet(starts, logs, summed, met)
        found: Scores = np.bincount(row_of, weights=met[pair_of], minlength=size) - itself * x
        return found

    return _page_rank(similar, size)


def _log(lengths: NDArray[np.int64]) -> Scores:
    """Logarithms of lengths, of one-word sentences as if they had two words."""
    return np.log(np.maximum(lengths, 2))


def _page_rank(similar: Callable[[Scores], Scores], size: int) -> Scores:
    """The fixed point of p = (1 − d)/n + d · A D⁻¹ p; a sentence like no other gives its rank to all."""
    degree = np.maximum(similar(np.ones(size)), 0)
    lonely = degree <= 1e-9
    scale = np.where(lonely, 0, 1 / np.where(lonely, 1, degree))
    ranks = np.full(size, 1 / size)
    for _ in range(_STEPS):
        given = np.maximum(similar(ranks * scale), 0) + ranks[lonely].sum() / size
        new = (1 - _DAMPING) / size + _DAMPING * given
        moved = float(np.abs(new - ranks).sum())
        ranks = new
        if moved < _TOLERANCE:
            break
    return ranks


def diverse(rows: SparseMatrix, prior: Scores, wanted: int, balance: float) -> list[int]:
    """Maximal marginal relevance (Carbonell and Goldstein 1998): sentences one by one, in the order chosen.

    Relevance is the cosine to the sum of all rows, times `prior`; what is taken off is the largest cosine to
    a sentence that is chosen: balance · relevance − (1 − balance) · likeness.
    """
    size, columns = rows.shape
    row_of = np.repeat(np.arange(size), np.diff(rows.indptr))

    def cosines(vector: Scores) -> Scores:
        weights = rows.data * vector[rows.indices]
        return np.asarray(np.bincount(row_of, weights=weights, minlength=size), dtype=np.float64)

    centre = np.bincount(rows.indices, weights=rows.data, minlength=columns)
    relevance = cosines(centre / max(float(np.linalg.norm(centre)), 1e-12)) * prior
    likeness, chosen = np.zeros(size), list[int]()
    left = np.ones(size, dtype=np.bool_)
    for _ in range(min(wanted, size)):
        worth = np.where(left, balance * relevance - (1 - balance) * likeness, -np.inf)
        best = int(worth.argmax())
        chosen.append(best)
        left[best] = False
        vector = np.zeros(columns)
        indices, data = rows.row(best)
        vector[indices] = data
        likeness = np.maximum(likeness, cosines(vector))
    return chosen
