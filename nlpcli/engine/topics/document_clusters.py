"""Groups of documents by k-means, told by their heaviest terms.

Rows are TF-IDF, where there are many condensed by latent semantic analysis (Deerwester et al.
1990), without which short texts that share no word stay apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlpcli.engine.documents import vectorizer
from nlpcli.engine.documents.matrix_files import read_matrix
from nlpcli.engine.runtime.threads import one_thread
from nlpcli.engine.topics.kmeans import Clusters, cluster
from nlpcli.errors import INSTALL_PLOT, MissingDependency
from nlpcli.settings.documents import VectorizeSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.topics import ClusterSettings

_DIMENSIONS = 100


@dataclass(frozen=True)
class DocumentClusters:
    """The clusters of some documents, and for each its terms, heaviest first."""

    clusters: Clusters
    terms: list[list[str]]


def cluster_documents(
    batches: Iterable[list[str]],
    analysis: AnalysisSettings = AnalysisSettings(lowercase=True),
    settings: ClusterSettings = ClusterSettings(),
) -> DocumentClusters:
    """Clusters of documents, a line each. A term's weight in a cluster is its mean TF-IDF there.

    Raises InputError for fewer documents than clusters.
    """
    import scipy.sparse

    learnt, rows = vectorizer.fit(batches, analysis, settings=VectorizeSettings(kind="tfidf"))
    bounds = rows.indptr.astype(np.int32)  # scikit-learn takes no others
    matrix = scipy.sparse.csr_array((rows.data, rows.indices, bounds), shape=rows.shape)
    return _cluster_rows(matrix, learnt.vocabulary.tokens, settings)


def cluster_matrix(
    path: str,
    settings: ClusterSettings = ClusterSettings(),
) -> DocumentClusters:
    """Clusters of the rows of an `.npz` file that `vectorize` made; terms are its features.

    Raises InputError for a file that is no such matrix, or is damaged.
    """
    matrix, names = read_matrix(path)
    return _cluster_rows(matrix, names, settings)


def _cluster_rows(matrix: Any, tokens: Sequence[str], settings: ClusterSettings) -> DocumentClusters:
    """Terms in one document only, or in more than half of them, say nothing about groups and are
    left out where enough others remain."""
    found_in = np.bincount(matrix.indices, minlength=matrix.shape[1])
    telling = np.flatnonzero((found_in > 1) & (found_in <= 0.5 * matrix.shape[0])).astype(np.int32)
    if len(telling) >= settings.k:
        matrix, tokens = matrix[:, telling], [tokens[number] for number in telling.tolist()]
    found = cluster(_condensed(matrix, settings.seed), settings.k, seed=settings.seed)
    terms = []
    for number in range(len(found)):
        weights = matrix[found.members(number).astype(np.int32)].mean(axis=0)
        heaviest = np.argsort(-weights, kind="stable")[: settings.top]
        terms.append([tokens[column] for column in heaviest.tolist() if weights[column] > 0])
    return DocumentClusters(found, terms)


def _condensed(matrix: Any, seed: int) -> Any:
    """Rows in 100 dimensions, where texts that share no word can be near."""
    if matrix.shape[1] <= 2 * _DIMENSIONS or matrix.shape[0] <= 2 * _DIMENSIONS:
        return matrix
    try:
        from sklearn.decomposition import TruncatedSVD
    except ImportError as error:
        raise MissingDependency("clusters need scikit-learn", hint=INSTALL_PLOT) from error
    with one_thread():
        return TruncatedSVD(_DIMENSIONS, random_state=seed).fit_transform(matrix)
