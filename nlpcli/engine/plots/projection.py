"""Many dimensions to two, for a picture: PCA and t-SNE.

The same points give the same picture: directions that have no sign of their own are turned so
that their largest part is positive.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.threads import one_thread
from nlpcli.errors import INSTALL_PLOT, InputError, MissingDependency

Method = Literal["pca", "tsne"]
_FIRST_DIMENSIONS = 50


def project(
    points: NDArray[np.floating[Any]],
    method: Method = "pca",
    *,
    perplexity: float = 30.0,
    seed: int = 1,
) -> NDArray[np.float64]:
    """The points [n, dim] in the plane [n, 2].

    pca: onto the two directions of largest variance. tsne: van der Maaten and Hinton (2008) by
    scikit-learn, started from PCA, after PCA to 50 dimensions; `perplexity` is lowered where there
    are few points.

    >>> project(np.array([[0.0, 0, 5], [2, 0, 5], [4, 0, 5]])).round(3).tolist()
    [[-2.0, 0.0], [0.0, 0.0], [2.0, 0.0]]

    Raises InputError for fewer than two points, MissingDependency when scikit-learn is needed.
    """
    if len(points) < 2:
        raise InputError(f"a picture takes two words or more, not {len(points)}")
    if method == "pca" or len(points) < 4:
        return pca(points, 2)[0]
    try:
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise MissingDependency("t-SNE needs scikit-learn", hint=INSTALL_PLOT) from error
    first = pca(points, min(_FIRST_DIMENSIONS, points.shape[1], len(points)))[0]
    model = TSNE(
        n_components=2,
        perplexity=min(perplexity, (len(points) - 1) / 3),
        init="pca",
        learning_rate="auto",
        random_state=seed,
    )
    with one_thread():  # the same sums on any number of cores
        placed: NDArray[np.float64] = np.asarray(
            model.fit_transform(first.astype(np.float32)), dtype=np.float64
        )
    return placed


def pca(
    points: NDArray[np.floating[Any]],
    dimensions: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The points along their principal axes [n, dimensions], and each axis's share of the variance.

    Axes beyond the rank of the points are zeros.
    """
    centred = np.asarray(points, dtype=np.float64)
    centred = centred - centred.mean(axis=0)
    left, spread, axes = np.linalg.svd(centred, full_matrices=False)
    count = min(dimensions, len(spread))
    placed = np.zeros((len(centred), dimensions))
    signs = np.sign(axes[:count][np.arange(count), np.abs(axes[:count]).argmax(axis=1)])
    placed[:, :count] = left[:, :count] * spread[:count] * np.where(signs == 0, 1, signs)
    total = float((spread**2).sum()) or 1.0
    shares = np.zeros(dimensions)
    shares[:count] = spread[:count] ** 2 / total
    return placed, shares
