"""A compressed sparse matrix of document rows, made from ids.

Row d holds the features of document d, ascending. The layout is scipy's CSR, so that
`scipy.sparse.load_npz` reads what `matrix_files.py` writes; scipy itself is not needed, which saves
a fifth of a second at every start.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.threads import available_cores, run_all

kernels = Kernels("counts.documents")

_SMALL = 300_000  # tokens below which numpy is done before numba is loaded


@dataclass(frozen=True, eq=False)
class SparseMatrix:
    """data [nnz], indices int32 [nnz], indptr int64 [rows + 1]; `columns` wide.

    `documents` [rows] says which document each row is of, where rows are not the documents.
    """

    data: NDArray[Any]
    indices: NDArray[np.int32]
    indptr: NDArray[np.int64]
    columns: int
    documents: NDArray[np.int64] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return len(self.indptr) - 1, self.columns

    def row(self, number: int) -> tuple[NDArray[np.int32], NDArray[Any]]:
        """The features of one row, ascending, and their weights."""
        cells = slice(self.indptr[number], self.indptr[number + 1])
        return self.indices[cells], self.data[cells]

    def with_data(self, data: NDArray[Any]) -> SparseMatrix:
        """The same cells with other weights."""
        return SparseMatrix(data, self.indices, self.indptr, self.columns)

    def with_columns(self, new_column: NDArray[np.int32], columns: int) -> SparseMatrix:
        """Columns renumbered, −1 drops one; the rows stay sorted only if `new_column` ascends."""
        renumbered = new_column[self.indices]
        kept = renumbered >= 0
        before = offsets_of(kept)
        return SparseMatrix(self.data[kept], renumbered[kept], before[self.indptr], columns)

    def column_sums(self) -> NDArray[np.int64]:
        """The sum of each column of counts: int64 [columns]."""
        return np.bincount(self.indices, weights=self.data, minlength=self.columns).astype(np.int64)

    def sorted(self) -> SparseMatrix:
        """The same matrix with the columns of each row ascending."""
        import scipy.sparse

        matrix = scipy.sparse.csr_array((self.data, self.indices, self.indptr), shape=self.shape)
        matrix.sort_indices()
        return SparseMatrix(matrix.data, matrix.indices, matrix.indptr, self.columns)

    def to_dense(self) -> NDArray[Any]:
        """The matrix as an array [rows, columns]."""
        dense = np.zeros(self.shape, dtype=self.data.dtype)
        rows = np.repeat(np.arange(self.shape[0]), np.diff(self.indptr))
        dense[rows, self.indices] = self.data
        return dense


def count_matrix(corpus: EncodedCorpus) -> SparseMatrix:
    """How often each token stands in each document: int32 counts [documents, vocabulary].

    >>> from nlpcli.engine.corpus.encoding import encode_documents
    >>> from nlpcli.settings.text import AnalysisSettings
    >>> from nlpcli.settings.vocabulary import VocabularySettings
    >>> corpus = encode_documents([["b a b", "", "a"]], AnalysisSettings(), VocabularySettings())
    >>> corpus.vocabulary.tokens, count_matrix(corpus).to_dense().tolist()
    (('b', 'a'), [[2, 1], [0, 0], [0, 1]])
    """
    columns = len(corpus.vocabulary)
    if len(corpus.ids) < _SMALL:
        return _count_small(corpus, columns)
    indices, data = np.empty(len(corpus.ids), dtype=np.int32), np.empty(len(corpus.ids), dtype=np.int32)
    indptr = np.zeros(corpus.documents + 1, dtype=np.int64)

    def count(first: int, last: int) -> None:
        counts = np.zeros(columns, dtype=np.int32)
        words, groups = (np.zeros(-(-columns // size), dtype=np.uint64) for size in (64, 64 * 64))
        begin = corpus.offsets[first]  # a row takes no more room than its document
        kernels.count_rows(
            corpus.ids, corpus.offsets, first, last, counts, words, groups,
            indices[begin:], data[begin:], indptr[1:],
        )  # fmt: skip

    parts = split_rows(corpus.offsets, available_cores())
    run_all(count, parts)
    end = 0
    for first, last in parts:  # moved together; numpy copies overlapping cells in the right order
        begin, size = corpus.offsets[first], indptr[last]
        if begin > end:
            for cells in (indices, data):
                cells[end : end + size] = cells[begin : begin + size]
        indptr[first + 1 : last + 1] += end
        end += size
    return SparseMatrix(data[:end], indices[:end], indptr, columns)


def _count_small(corpus: EncodedCorpus, columns: int) -> SparseMatrix:
    rows = np.repeat(np.arange(corpus.documents, dtype=np.int64), np.diff(corpus.offsets))
    cells, counts = np.unique(rows * columns + corpus.ids, return_counts=True)
    lengths = np.bincount(cells // columns, minlength=corpus.documents)
    indptr = offsets_of(lengths)
    return SparseMatrix(counts.astype(np.int32), (cells % columns).astype(np.int32), indptr, columns)


def token_matrix(corpus: EncodedCorpus) -> SparseMatrix:
    """One row per token, with a single 1 in its column: one-hot vectors."""
    ones = np.ones(len(corpus.ids), dtype=np.int32)
    documents = np.repeat(np.arange(corpus.documents), np.diff(corpus.offsets))
    each = np.arange(len(corpus.ids) + 1, dtype=np.int64)
    return SparseMatrix(ones, corpus.ids, each, len(corpus.vocabulary), documents)


def document_frequencies(matrix: SparseMatrix) -> NDArray[np.int64]:
    """In how many rows each column stands: int64 [columns]."""
    if len(matrix.indices) < _SMALL:
        return np.bincount(matrix.indices, minlength=matrix.columns).astype(np.int64)
    frequencies = np.zeros(matrix.columns, dtype=np.int64)
    kernels.count_columns(matrix.indices, frequencies)
    return frequencies


def weighed(
    counts: SparseMatrix, idf: NDArray[np.float64], sublinear: bool = False, norm: str = "l2"
) -> SparseMatrix:
    """TF-IDF: counts, or 1 + ln of them if `sublinear`, times idf [columns]; then each row divided by
    its `l2` or `l1` length, or by nothing (`none`). A row of zeros stays as it is.

    >>> row = SparseMatrix(np.array([3, 2]), np.array([0, 1]), np.array([0, 2]), 2)
    >>> weighed(row, np.array([1.0, 2.0])).data.tolist()
    [0.6, 0.8]
    """
    weights = np.empty(len(counts.data))
    if len(weights) >= _SMALL:
        size = {"none": 0, "l1": 1, "l2": 2}[norm]
        run_all(
            lambda first, last: kernels.weigh_rows(
                counts.data, counts.indices, counts.indptr, first, last, idf, sublinear, size, weights
            ),
            split_rows(counts.indptr, available_cores()),
        )
        return counts.with_data(weights)
    weights[:] = 1.0 + np.log(counts.data) if sublinear else counts.data
    weights *= idf[counts.indices]
    if norm != "none":
        sizes = np.square(weights) if norm == "l2" else np.abs(weights)
        rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        totals = np.bincount(rows, weights=sizes, minlength=counts.shape[0])
        weights /= (np.sqrt(totals) if norm == "l2" else totals)[rows]
    return counts.with_data(weights)


def split_rows(indptr: NDArray[np.int64], parts: int) -> list[tuple[int, int]]:
    """Row ranges of about equal numbers of cells."""
    cuts = np.searchsorted(indptr, np.linspace(0, indptr[-1], parts + 1))
    cuts[0], cuts[-1] = 0, len(indptr) - 1
    return [(first, last) for first, last in itertools.pairwise(cuts.tolist()) if first < last]
