"""Groups of documents, told by the terms that are theirs more than others'.

Terms are weighed by class-based TF-IDF (Grootendorst 2022) of the groups: the share that a term has of all
weights of a group, times ln(1 + A / F), where F is its weight in all groups, and A that of a mean group.

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
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import one_thread
from nlpcli.engine.topics.clustering import group
from nlpcli.engine.topics.kmeans import Clusters
from nlpcli.errors import INSTALL_PLOT, MissingDependency
from nlpcli.settings.documents import VectorizeSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.topics import ClusterSettings

_DIMENSIONS = 100


@dataclass(frozen=True)
class DocumentClusters:
    """The clusters of some documents, for each its terms, heaviest first, and the rows that were compared."""

    clusters: Clusters
    terms: list[list[str]]
    points: Any


def cluster_documents(
    batches: Iterable[list[str]],
    analysis: AnalysisSettings = AnalysisSettings(lowercase=True),
    settings: ClusterSettings = ClusterSettings(),
    progress: Progress = SILENT,
) -> DocumentClusters:
    """Clusters of documents, a line each.

    Raises InputError for fewer documents than clusters.
    """
    import scipy.sparse

    learnt, rows = vectorizer.fit(batches, analysis, settings=VectorizeSettings(kind="tfidf"))
    bounds = rows.indptr.astype(np.int32)  # scikit-learn takes no others
    matrix = scipy.sparse.csr_array((rows.data, rows.indices, bounds), shape=rows.shape)
    return _cluster_rows(matrix, learnt.vocabulary.tokens, settings, progress)


def cluster_matrix(
    path: str,
    settings: ClusterSettings = ClusterSettings(),
    progress: Progress = SILENT,
) -> DocumentClusters:
    """Clusters of the rows of an `.npz` file that `vectorize` made; terms are its features.

    Raises InputError for a file that is no such matrix, or is damaged.
    """
    matrix, names = read_matrix(path)
    return _cluster_rows(matrix, names, settings, progress)


def _cluster_rows(
    matrix: Any, tokens: Sequence[str], settings: ClusterSettings, progress: Progress
) -> DocumentClusters:
    """Terms in one document only, or in more than half of them, say nothing about groups and are
    left out where enough others remain."""
    found_in = np.bincount(matrix.indices, minlength=matrix.shape[1])
    telling = np.flatnonzero((found_in > 1) & (found_in <= 0.5 * matrix.shape[0])).astype(np.int32)
    if len(telling) >= (2 if settings.k == "auto" else settings.k):
        matrix, tokens = matrix[:, telling], [tokens[number] for number in telling.tolist()]
    points = _condensed(matrix, settings.seed)
    found = group(points, settings, progress)
    terms = [[tokens[column] for column in columns] for columns in keywords(matrix, found, settings.top)]
    return DocumentClusters(found, terms, points)


def keywords(matrix: Any, clusters: Clusters, top: int) -> list[list[int]]:
    """The columns of rows [n, columns] (scipy sparse) that tell each cluster, by class-based TF-IDF.

    Rows with weights below 0, such as coordinates, are told by their means.
    """
    means = [
        matrix[clusters.members(number).astype(np.int32)].mean(axis=0) for number in range(len(clusters))
    ]
    if not means:
        return []
    weights = np.stack([np.asarray(mean, dtype=np.float64).reshape(-1) for mean in means])
    if matrix.nnz and matrix.data.min() >= 0:
        sizes = np.bincount(clusters.labels[clusters.labels >= 0], minlength=len(clusters))
        sums = weights * sizes[:, None]
        everywhere, mean = sums.sum(axis=0), sums.sum() / len(clusters)
        rarity = np.log1p(mean / np.maximum(everywhere, 1e-30))
        weights = sums / np.maximum(sums.sum(axis=1, keepdims=True), 1e-30) * rarity
    heaviest = np.argsort(-weights, axis=1, kind="stable")[:, :top].tolist()
    return [
        [column for column in columns if row[column] > 0]
        for columns, row in zip(heaviest, weights, strict=True)
    ]


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
