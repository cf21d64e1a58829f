"""Documents as vectors, written out: tf, df, idf and their product, or one-hot vectors and their distances.

The numbers are those of `vectorizer.py` and `sparse.py`, before and after a row is scaled.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.documents import sparse
from nlpcli.engine.documents.vectorizer import Found, Vectorizer
from nlpcli.engine.io.shown_work import WorkTable, check_shown

MOST_DOCUMENTS = 20
_MOST_TERMS, _MOST_CELLS, _MOST_WORDS = 200, 1000, 20


def written_out(vectorizer: Vectorizer, found: Found) -> list[WorkTable]:
    """How the rows of some documents come about. Raises InputError for more than can be shown."""
    check_shown("features", len(vectorizer.vocabulary), _MOST_TERMS)
    check_shown("cells", len(found.counts.data), _MOST_CELLS)
    if vectorizer.settings.kind == "onehot":
        return _one_hot(vectorizer.vocabulary.tokens)
    if vectorizer.settings.kind == "tfidf":
        return [_idf(vectorizer), _products(vectorizer, found)]
    return [_rows(vectorizer, found)]


def _idf(vectorizer: Vectorizer) -> WorkTable:
    """Df and idf of each term of the vocabulary, with the sum written out."""
    extra = 1 if vectorizer.settings.smooth_idf else 0
    above, frequencies = vectorizer.documents + extra, vectorizer.document_frequencies.tolist()
    rows = [
        (term, df, f"ln({above}/{df + extra}) + 1", idf)
        for term, df, idf in zip(
            vectorizer.vocabulary.tokens, frequencies, vectorizer.idf.tolist(), strict=True
        )
    ]
    return WorkTable("idf", ["term", "df", "written_out", "idf"], rows)


def _products(vectorizer: Vectorizer, found: Found) -> WorkTable:
    """tf, idf, their product, and the weight: the product divided by the length of the row."""
    settings = vectorizer.settings
    counts, terms = found.counts, vectorizer.vocabulary.tokens
    unscaled = dataclasses.replace(vectorizer, settings=dataclasses.replace(settings, norm="none"))
    alike = np.ones(counts.columns)
    tf = sparse.weighed(counts, alike, settings.sublinear_tf, "none").data
    products, weights = unscaled.weights(found).data, vectorizer.weights(found).data
    documents = np.repeat(np.arange(1, counts.shape[0] + 1), np.diff(counts.indptr))
    rows = [
        (document, terms[column], *values)
        for document, column, *values in zip(
            documents.tolist(),
            counts.indices.tolist(),
            tf.tolist(),
            vectorizer.idf[counts.indices].tolist(),
            products.tolist(),
            _lengths(weights, products).tolist(),
            weights.tolist(),
            strict=True,
        )
    ]
    columns = ["document", "term", "tf", "idf", "tf × idf", "length", "weight"]
    return WorkTable("weights", columns, rows)


def _lengths(weights: NDArray[np.float64], products: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each product was divided by; 1 for a product of nothing."""
    return np.divide(products, weights, out=np.ones_like(products), where=weights != 0)


def _rows(vectorizer: Vectorizer, found: Found) -> WorkTable:
    """Counts, or 0 and 1: a row for each document, a column for each term."""
    rows = vectorizer.weights(found).to_dense().tolist()
    return WorkTable(
        "rows",
        ["document", *(f"‹{term}›" for term in vectorizer.vocabulary.tokens)],
        [(number, *row) for number, row in enumerate(rows, start=1)],
    )


def _one_hot(terms: Sequence[str]) -> list[WorkTable]:
    """The vector of each word, and how far any two of them are apart."""
    check_shown("words", len(terms), _MOST_WORDS)
    vectors = np.eye(len(terms), dtype=np.int32)
    pairs = [
        (terms[one], terms[other], float(np.linalg.norm(vectors[one] - vectors[other])),
         float(vectors[one] @ vectors[other]))
        for one, other in itertools.combinations(range(len(terms)), 2)
    ]  # fmt: skip
    return [
        WorkTable("vectors", ["word", "vector"], [*zip(terms, vectors.tolist(), strict=True)]),
        WorkTable("pairs", ["word", "other", "distance", "cosine"], pairs),
    ]
