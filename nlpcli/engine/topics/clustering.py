"""Groups of vectors by the method that is asked for, as many as asked for or as there seem to be.

    kmeans          k-means (`kmeans.py`)
    agglomerative   Ward's minimum variance (1963): what is nearest is joined, until k groups are left
    hdbscan         Campello, Moulavi and Sander (2013): dense regions, as many as there are; the rest in none

With k = auto the number is that with the best silhouette (Rousseeuw 1987), of 2,000 points at most.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.arrays import within_range
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import one_thread
from nlpcli.engine.topics.kmeans import NONE, Clusters, by_size, cluster
from nlpcli.errors import INSTALL_PLOT, InputError, MissingDependency
from nlpcli.settings.topics import ClusterSettings
from nlpcli.wording import counted

_NUMBERS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50)
_JUDGED = 2_000  # points
_ALL_PAIRS = 20_000  # points that are compared with each other, at most


class Trial(NamedTuple):
    """A number of groups and its silhouette, from −1 to 1."""

    k: int
    silhouette: float


def group(points: Any, settings: ClusterSettings, progress: Progress = SILENT) -> Clusters:
    """Groups of the rows of `points` [n, dim] (dense or scipy sparse), scaled to length 1.

    Raises InputError for more groups than points and for more points than the method can compare,
    MissingDependency without scikit-learn.
    """
    if settings.method == "hdbscan":
        return _dense_regions(_unit(points, "hdbscan"), settings.min_size)
    if settings.k != "auto":
        return _so_many(points, settings, settings.k)
    unit = _unit(points, settings.method)
    trials, found = [], {}
    for k in [k for k in _NUMBERS if 2 * k <= unit.shape[0]]:
        found[k] = _so_many(points, settings, k)
        trials.append(Trial(k, _silhouette(unit, found[k].labels, settings.seed)))
        progress.note(f"{k} clusters: silhouette {trials[-1].silhouette:.4f}")
    if not trials:
        return _so_many(points, settings, 1)
    best = max(trials, key=lambda trial: (trial.silhouette, -trial.k))
    progress.note(f"chosen: {counted(best.k, 'cluster')}")
    return found[best.k]


def _so_many(points: Any, settings: ClusterSettings, k: int) -> Clusters:
    if settings.method == "kmeans":
        return cluster(points, k, seed=settings.seed)
    unit = _unit(points, settings.method)
    if len(unit) < k:
        raise InputError(
            f"{counted(k, 'cluster')} cannot be made of {counted(len(unit), 'point')}",
            hint=f"use --k {len(unit)} or less",
        )
    from sklearn.cluster import AgglomerativeClustering

    k = min(k, len(np.unique(unit, axis=0)))  # points that are alike make fewer
    if len(unit) == 1 or k == 1:
        return _of_labels(unit, np.zeros(len(unit), dtype=np.int64))
    with one_thread():
        return _of_labels(unit, AgglomerativeClustering(n_clusters=k).fit_predict(unit).astype(np.int64))


def _dense_regions(unit: NDArray[np.float64], least: int) -> Clusters:
    from sklearn.cluster import HDBSCAN

    if len(unit) < least:
        raise InputError(
            f"a cluster of {least:,} cannot be made of {counted(len(unit), 'point')}",
            hint="use a smaller --min-size",
        )
    with one_thread():
        labels = HDBSCAN(min_cluster_size=least, copy=True).fit_predict(unit).astype(np.int64)
    return _of_labels(unit, labels)


def _of_labels(unit: NDArray[np.float64], labels: NDArray[np.int64]) -> Clusters:
    """The clusters of points that are numbered; −1 is in none. A centre is the mean of its points."""
    inside = labels >= 0
    if not inside.any():
        return Clusters(labels, np.zeros((0, unit.shape[1])), np.full(len(unit), np.nan))
    used, numbers = np.unique(labels[inside], return_inverse=True)
    centres = np.stack([unit[labels == label].mean(axis=0) for label in used.tolist()])
    apart = np.linalg.norm(unit[inside] - centres[numbers], axis=1)
    ordered = by_size(numbers.astype(np.int64), centres, apart)
    found, distances = np.full(len(unit), NONE, dtype=np.int64), np.full(len(unit), np.nan)
    found[inside], distances[inside] = ordered.labels, ordered.distances
    # How far the others are from the nearest centre.
    others = unit[~inside]
    if len(others):
        nearest = [np.linalg.norm(ordered.centres - point, axis=1).min() for point in others]
        distances[~inside] = nearest
    return Clusters(found, ordered.centres, distances)


def _unit(points: Any, method: str) -> Any:
    """The rows with length 1; dense and few enough, but for k-means."""
    if method != "kmeans" and points.shape[0] > _ALL_PAIRS:
        raise InputError(
            f"{points.shape[0]:,} points are too many for --method {method}, which compares all pairs",
            hint=f"{_ALL_PAIRS:,} at most; --method kmeans takes any number",
        )
    try:
        from sklearn.preprocessing import normalize
    except ImportError as error:
        raise MissingDependency("clusters need scikit-learn", hint=INSTALL_PLOT) from error
    unit = normalize(within_range(points))
    if method == "kmeans":
        return unit
    return np.asarray(unit.toarray() if hasattr(unit, "toarray") else unit, dtype=np.float64)


def _silhouette(unit: Any, labels: NDArray[np.int64], seed: int) -> float:
    """The mean silhouette of some of the points; −1 where all are of one group, or each of its own."""
    from sklearn.metrics import silhouette_score

    chosen = np.arange(len(labels))
    if len(labels) > _JUDGED:
        chosen = np.sort(np.random.Generator(np.random.PCG64(seed)).permutation(len(labels))[:_JUDGED])
    some = labels[chosen]
    if not 2 <= len(np.unique(some)) < len(some):
        return -1.0
    with one_thread():
        return float(silhouette_score(unit[chosen], some))
