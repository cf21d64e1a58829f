"""Documents as the mean of their words' vectors, plain or weighted by rarity."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.documents import sparse
from nlpcli.engine.documents.sparse import SparseMatrix
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.settings.text import AnalysisSettings


def document_vectors(
    batches: Iterable[list[str]], vectors: Vectors, analysis: AnalysisSettings, *, idf: bool = False
) -> NDArray[np.float32]:
    """One vector per document, float32 [documents, dim]: the mean over its words that have one.

    `analysis` is how the text becomes words; a model's own is used where it has one. With `idf`
    each word weighs ln((1 + n) / (1 + df)) + 1, df counted in these documents. A document none of
    whose words has a vector is a row of zeros.

    >>> vectors = Vectors(["a", "b"], np.array([[1, 0], [0, 1]], dtype=np.float32))
    >>> document_vectors([["a a b b", "b x", "x"]], vectors, AnalysisSettings()).tolist()
    [[0.5, 0.5], [0.0, 1.0], [0.0, 0.0]]
    """
    import scipy.sparse

    if "analysis" in vectors.header:
        analysis = AnalysisSettings.from_record(vectors.header["analysis"])
    tokens = tuple(vectors.tokens)
    known = Vocabulary.of(tokens, np.zeros(len(tokens), dtype=np.int64))
    counts = sparse.count_matrix(encode_documents(batches, analysis, known))
    weights = counts.data.astype(np.float32)
    if idf:
        frequencies = sparse.document_frequencies(counts)
        weights *= (np.log((1 + counts.shape[0]) / (1 + frequencies)) + 1).astype(np.float32)[counts.indices]
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    totals = np.bincount(rows, weights=weights, minlength=counts.shape[0])
    matrix = scipy.sparse.csr_array((weights, counts.indices, counts.indptr), shape=counts.shape)
    sums = np.asarray(matrix @ np.ascontiguousarray(vectors.matrix, dtype=np.float32), dtype=np.float32)
    means: NDArray[np.float32] = sums / np.where(totals > 0, totals, 1).astype(np.float32)[:, None]
    return means


def as_rows(dense: NDArray[np.float32]) -> SparseMatrix:
    """A dense matrix with every cell stored, for the writers of `documents/matrix_files.py`."""
    rows, columns = dense.shape
    indices = np.tile(np.arange(columns, dtype=np.int32), rows)
    return SparseMatrix(dense.reshape(-1), indices, np.arange(rows + 1, dtype=np.int64) * columns, columns)
