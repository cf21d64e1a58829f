"""Groups of documents by k-means, told by their heaviest terms.

Rows are TF-IDF, where there are many condensed by latent semantic analysis (Deerwester et al.
1990), without which short texts that share no word stay apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlpcli.engine import vectorizer
from nlpcli.engine.clusters import Clusters, cluster
from nlpcli.engine.projection import INSTALL_PLOT
from nlpcli.errors import MissingDependency
from nlpcli.settings import AnalysisSettings, ClusterSettings, VectorizeSettings

_DIMENSIONS = 100


@dataclass(frozen=True)
class DocumentClusters:
    """The clusters of some documents, and for each its terms, heaviest first."""

    clusters: Clusters
    terms: list[list[str]]


def cluster_documents(
    batches: Iterable[list[str]],
    analysis: AnalysisSettings = AnalysisSettings(lowercase=True),  # noqa: B008 (frozen)
    settings: ClusterSettings = ClusterSettings(),  # noqa: B008 (frozen)
) -> DocumentClusters:
    """Clusters of documents, a line each. A term's weight in a cluster is its mean TF-IDF there.

    Terms in one document only, or in more than half of them, say nothing about groups and are
    left out where enough others remain.

    Raises InputError for fewer documents than clusters.
    """
    import scipy.sparse

    learnt, rows = vectorizer.fit(batches, analysis, settings=VectorizeSettings(kind="tfidf"))
    telling = (learnt.document_frequencies > 1) & (learnt.document_frequencies <= 0.5 * learnt.documents)
    bounds = rows.indptr.astype(np.int32)  # scikit-learn takes no others
    matrix = scipy.sparse.csr_array((rows.data, rows.indices, bounds), shape=rows.shape)
    tokens = learnt.vocabulary.tokens
    if telling.sum() >= settings.k:
        kept = np.flatnonzero(telling)
        matrix, tokens = matrix[:, kept.astype(np.int32)], tuple(tokens[number] for number in kept.tolist())
    found = cluster(_condensed(matrix, settings.seed), settings.k, seed=settings.seed)
    terms = []
    for number in range(len(found)):
        weights = matrix[found.members(number).astype(np.int32)].mean(axis=0)
        heaviest = np.argsort(-weights, kind="stable")[: settings.terms]
        terms.append([tokens[column] for column in heaviest.tolist() if weights[column] > 0])
    return DocumentClusters(found, terms)


def _condensed(matrix: Any, seed: int) -> Any:
    """Latent semantic analysis: rows in 100 dimensions, where texts that share no word can be near."""
    if matrix.shape[1] <= 2 * _DIMENSIONS or matrix.shape[0] <= 2 * _DIMENSIONS:
        return matrix
    try:
        from sklearn.decomposition import TruncatedSVD
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise MissingDependency("clusters need scikit-learn", hint=INSTALL_PLOT) from error
    with threadpool_limits(1):
        return TruncatedSVD(_DIMENSIONS, random_state=seed).fit_transform(matrix)
