"""Groups of vectors by k-means, for word classes and kinds of documents."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.arrays import within_range
from nlpcli.engine.runtime.threads import one_thread
from nlpcli.errors import INSTALL_PLOT, InputError, MissingDependency
from nlpcli.wording import counted

NONE = -1  # the label of a point in no cluster
_MANY = 20_000  # points; above this in small batches (Sculley 2010)


@dataclass(frozen=True)
class Clusters:
    """The cluster of each point [n], the centres [k, dim], and each point's distance from its own [n].

    A point may be in none (label −1); its distance is that from the nearest.

    None is empty: of points that are all alike there is one.
    Cluster 0 is the largest; equals are in the order of their first points.
    """

    labels: NDArray[np.int64]
    centres: NDArray[np.float64]
    distances: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.centres)

    def members(self, cluster: int) -> NDArray[np.int64]:
        """The points of a cluster, the one nearest the centre first."""
        found = np.flatnonzero(self.labels == cluster)
        ordered: NDArray[np.int64] = found[np.argsort(self.distances[found], kind="stable")]
        return ordered


def cluster(points: Any, k: int, *, seed: int = 1) -> Clusters:
    """`k` clusters of the rows of `points` [n, dim] (dense or scipy sparse), scaled to length 1.

    k-means++ starts (Arthur and Vassilvitskii 2007), the best of four; in small batches from
    20,000 points on. Same points, same seed, same clusters.

    >>> cluster(np.array([[1.0, 0], [0, 1], [1, 0.1], [1, 0.2]]), 2).labels.tolist()
    [0, 1, 0, 0]

    Of points that are alike there are fewer clusters: none is empty.

    Raises InputError for more clusters than points, MissingDependency without scikit-learn.
    """
    if points.shape[0] < k:
        raise InputError(
            f"{counted(k, 'cluster')} cannot be made of {counted(points.shape[0], 'point')}",
            hint=f"use --k {points.shape[0]} or less",
        )
    try:
        from sklearn.cluster import KMeans, MiniBatchKMeans
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.preprocessing import normalize
    except ImportError as error:
        raise MissingDependency("clusters need scikit-learn", hint=INSTALL_PLOT) from error
    unit = normalize(within_range(points))
    make = MiniBatchKMeans if unit.shape[0] > _MANY else KMeans
    options = {"batch_size": 4096} if make is MiniBatchKMeans else {}
    # The same sums on any number of cores. Fewer different points than k are no reason for a warning.
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = make(n_clusters=k, n_init=4, random_state=seed, **options).fit(unit)
        labels = np.asarray(model.labels_, dtype=np.int64)
        distances = np.asarray(model.transform(unit), dtype=np.float64)[np.arange(len(labels)), labels]
    return by_size(labels, np.asarray(model.cluster_centers_, dtype=np.float64), distances)


def by_size(
    labels: NDArray[np.int64], centres: NDArray[np.float64], distances: NDArray[np.float64]
) -> Clusters:
    """The clusters numbered anew, the largest first."""
    sizes = np.bincount(labels, minlength=len(centres))
    first = np.full(len(centres), len(labels))
    np.minimum.at(first, labels, np.arange(len(labels)))
    order = np.lexsort((first, -sizes))[: np.count_nonzero(sizes)]
    number = np.empty(len(centres), dtype=np.int64)
    number[order] = np.arange(len(order))
    return Clusters(number[labels], centres[order], distances)
