"""A map of clusters as one HTML file: the page of a map of words, with documents or rows for words."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io import pages
from nlpcli.engine.io.atomic import check_writable, write_atomically
from nlpcli.engine.plots.projection import project
from nlpcli.engine.plots.word_map import NEAREST, WordMap, fitted, group_name
from nlpcli.engine.plots.word_map_page import page
from nlpcli.engine.runtime.arrays import within_range
from nlpcli.engine.vectors.neighbours import Neighbours

if TYPE_CHECKING:
    from nlpcli.engine.topics.job import Groups

_MOST = 2_000  # points that are drawn
_FEW = 30  # that PCA tells apart as well as t-SNE
_SHOWN = 70  # characters of a document


def cluster_page(groups: Groups, output: str, *, title: str = "Clusters", seed: int = 1) -> None:
    """Write a map of clusters that `cluster` found: of each as large a part as of all, 2,000 points at most.

    Raises InputError for a single point, OutputError for what cannot be written.
    """
    check_writable(output)
    labels = groups.clusters.labels
    rows = np.arange(len(labels))
    if len(rows) > _MOST:
        order = np.argsort(labels, kind="stable")
        rows = np.sort(order[np.linspace(0, len(order) - 1, _MOST).astype(np.int64)])
    points = _dense(groups.points[rows])
    method = "tsne" if len(rows) >= _FEW else "pca"
    places = fitted(project(points, "tsne" if method == "tsne" else "pca", seed=seed))
    names = [_told(groups, row) for row in rows.tolist()]
    nearest = Neighbours(points).nearest(points, top_k=NEAREST, without=[[row] for row in range(len(rows))])
    group_names = [
        group_name(number, terms, size)
        for number, (terms, size) in enumerate(zip(groups.terms, groups.sizes(), strict=True), 1)
    ]
    if groups.outside:
        group_names.append(f"in none ({groups.outside:,})")
    numbers = [len(groups.clusters) if label < 0 else label for label in labels[rows].tolist()]
    near = [[(names[row], score) for row, score in found] for found in nearest]
    shown = f"{len(rows):,} of {len(labels):,} shown, " if len(rows) < len(labels) else ""
    word_map = WordMap(
        names, places, numbers, group_names, [], near, shown + {"tsne": "t-SNE", "pca": "PCA"}[method],
        title=title, noun=f"{groups.kind}s",
    )  # fmt: skip
    with write_atomically(output) as file:
        file.write(page(word_map))


def _told(groups: Groups, row: int) -> str:
    """A word, or the number of a row, or where a document is and how it begins."""
    name = pages.plain(str(groups.names[row]))
    if groups.kind != "document":
        return name if groups.kind == "word" else f"row {name}"
    text, name = pages.plain(groups.texts[row]), PurePath(name).name
    return f"{text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''} · {name}"


def _dense(points: Any) -> NDArray[np.float32]:
    """Rows of length 1, as an array."""
    points = within_range(points)
    rows = np.asarray(points.toarray() if hasattr(points, "toarray") else points, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths == 0, 1, lengths)).astype(np.float32)
