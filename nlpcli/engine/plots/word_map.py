"""A map of words: what is drawn where, before anything is drawn.

Words are chosen, put in the plane (`projection.py`) and given a colour; `word_map_page.py`,
`word_map_image.py` and `word_map_text.py` draw the result.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.palette import series
from nlpcli.engine.plots.projection import pca, project
from nlpcli.engine.topics.kmeans import cluster
from nlpcli.engine.vectors.neighbours import Neighbours
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.errors import InputError
from nlpcli.settings.plots import PlotSettings

NEAREST = 5
_NAMED = 3  # terms that are a cluster's name
_BANDS = (100, 1_000, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True)
class WordMap:
    """Words [n] with places [n, 2] in −1 … 1, groups [n] (indices of `group_names`) and arrows.

    near: for each word its nearest others in all dimensions and their cosines. note: how the
    places came about.
    """

    words: list[str]
    places: NDArray[np.float64]
    groups: list[int]
    group_names: list[str]
    arrows: list[tuple[int, int]]
    near: list[list[tuple[str, float]]]
    note: str
    chosen: bool = False  # by name, so every word is to be labelled
    title: str = ""
    noun: str = "words"  # what the points are

    def shades(self, ground: str) -> list[str]:
        """The colour of each group on a ground; of the words where there are no groups."""
        return [series(number, ground) for number in range(max(1, len(self.group_names)))]


def make_map(
    vectors: Vectors,
    words: Sequence[str] = (),
    pairs: Sequence[str] = (),
    settings: PlotSettings = PlotSettings(),
    *,
    output: Vectors | None = None,
    title: str = "",
) -> WordMap:
    """A map of `words` and of the `pairs` ("king queen"), or of the `top` first words.

    `output` is the second matrix of a model, for a map with each word twice.

    Raises InputError for unknown words and for pairs that are not two words.
    """
    arrows, named = _pairs(pairs, words)
    chosen = bool(named)
    named = named or vectors.tokens[: settings.top]
    found = [vectors.look_up(word) for word in named]
    points = np.stack([vector for _, vector in found])
    # A word that only its n-grams give a vector has no row; it is rarer than any that has one.
    rows = np.array([len(vectors) if row is None else row for row, _ in found])
    without = [[] if row is None else [row] for row, _ in found]
    near = [
        [(vectors.tokens[row], score) for row, score in nearest]
        for nearest in Neighbours(vectors.matrix).nearest(points, top_k=NEAREST, without=without)
    ]
    names = list(named)
    groups, group_names = _groups(points, rows, names, settings)
    if output is not None:
        groups, group_names = [0] * len(names) + [1] * len(names), ["input", "output"]
        points = np.concatenate([points, [output.look_up(word)[1] for word in named]])
        arrows += [(start + len(names), end + len(names)) for start, end in arrows]
        names, near = names * 2, near * 2
    places = project(points, settings.method, perplexity=settings.perplexity, seed=settings.seed)
    note = "t-SNE"
    if settings.method == "pca":
        shares = pca(points, 2)[1]
        note = f"PCA, {shares[0]:.0%} and {shares[1]:.0%} of the variance"
    return WordMap(names, fitted(places), groups, group_names, arrows, near, note, chosen, title)


def _pairs(pairs: Sequence[str], words: Sequence[str]) -> tuple[list[tuple[int, int]], list[str]]:
    number: dict[str, int] = {}
    for word in words:
        number.setdefault(word, len(number))
    arrows = []
    for pair in pairs:
        ends = pair.split()
        if len(ends) != 2:
            raise InputError(
                f"--arrow takes two words each, not {pair!r}", hint="--arrow 'king queen' --arrow 'man woman'"
            )
        arrows.append((number.setdefault(ends[0], len(number)), number.setdefault(ends[1], len(number))))
    return arrows, list(number)


def _groups(
    points: NDArray[np.float32], rows: NDArray[np.int64], words: Sequence[str], settings: PlotSettings
) -> tuple[list[int], list[str]]:
    if settings.color_by == "cluster":
        found = cluster(points, min(settings.k, len(points)), seed=settings.seed)
        members = [found.members(number).tolist() for number in range(len(found))]
        return found.labels.tolist(), [
            group_name(number, [words[row] for row in inside], len(inside))
            for number, inside in enumerate(members, 1)
        ]
    if settings.color_by == "rank":
        bands = np.minimum(np.searchsorted(_BANDS, rows, side="right"), len(_BANDS) - 1)
        used = sorted(set(bands.tolist()))
        names = [f"words {low + 1:,}–{high:,}" for low, high in itertools.pairwise((0, *_BANDS))]
        return [used.index(band) for band in bands.tolist()], [names[band] for band in used]
    return [0] * len(points), []


def group_name(number: int, terms: Sequence[str], size: int) -> str:
    """What a legend calls a cluster: its number, its first terms, how many are in it.

    >>> group_name(2, ["king", "queen", "prince", "duke"], 1200)
    '2: king, queen, prince (1,200)'
    """
    return f"{number}: {', '.join(terms[:_NAMED])} ({size:,})"


def fitted(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """The places, centred and scaled alike in both directions to −1 … 1."""
    low, high = places.min(axis=0), places.max(axis=0)
    reach = float((high - low).max()) / 2 or 1.0
    scaled: NDArray[np.float64] = (places - (low + high) / 2) / reach
    return scaled
