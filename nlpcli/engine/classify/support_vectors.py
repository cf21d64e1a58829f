"""The optimisation of `nbsvm.py`: from counts and texts to a weight for each feature and class.

Two classes are one problem; more are one each, and up to 16 of them are solved side by side, so that a
feature's place in memory is looked up once for all. A feature that one document alone has needs no place at
all (`kernels/classify/nbsvm.py` says why). Not here: which features there are, and the model.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.examples import Examples
from nlpcli.engine.classify.features import FeatureCounts, FeatureIndex
from nlpcli.engine.kernels.simd.padding import LANES, aligned_rows
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.spill import SpillList
from nlpcli.engine.runtime.threads import in_threads
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings

kernels = Kernels("classify.nbsvm")

_TOLERANCE = 0.1  # liblinear's default: smaller violations do not change decisions
_ALPHA = 1.0  # of the counts, where it was not given
_STEPS = 4096  # documents per kernel call
_PIECE = 1 << 16  # features at a time

Doubles = NDArray[np.float64]


class _Rows(NamedTuple):
    """The features of one kind of every document that others have too: rows[ends[d − 1]:ends[d]].

    norms: float64 [D], 1 / √n of all its known features; alone: int64 [D], how many it has alone.
    """

    rows: NDArray[np.int32]
    ends: NDArray[np.int64]
    norms: NDArray[np.float64]
    alone: NDArray[np.int64]

    @classmethod
    def none(cls, documents: int) -> _Rows:
        """No features at all."""
        nothing = np.zeros(documents, np.int64)
        return cls(np.zeros(0, np.int32), nothing, nothing.astype(np.float64), nothing)


class Problem:
    """The documents as rows of features, on disk, and what all classes share."""

    def __init__(
        self,
        examples: Examples,
        table: FeatureCounts,
        kinds: Sequence[FeatureSettings],
        settings: NaiveBayesSettings,
    ) -> None:
        self.examples, self.settings, self._keys = examples, settings, table.keys
        totals = table.counts.sum(axis=1)
        self._shared = totals > 1
        self._shared_totals, self._shared_counts = totals[self._shared], table.counts[self._shared]
        self._scales = self._ratios_of_all(table, totals)
        self._owners = np.full(len(self._keys), -1, np.int32)  # the document of a feature that one alone has
        self._kinds_of = np.zeros(len(self._keys), np.int8)
        self.kinds = [self._rows(kind, features) for kind, features in enumerate(kinds)]
        if len(self.kinds) == 1:
            self.kinds.append(_Rows.none(len(examples.labels)))
        self.norms = np.stack([kind.norms for kind in self.kinds])
        self.own = (self.norms**2 * np.stack([kind.alone for kind in self.kinds])).sum(axis=0)

    @property
    def features(self) -> int:
        """How many there are."""
        return len(self._keys)

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """Rows and ends of either kind, as the kernels take them."""
        return (*self.kinds[0][:2], *self.kinds[1][:2])

    def _rows(self, kind: int, features: FeatureSettings) -> _Rows:
        numbers = np.where(self._shared, np.cumsum(self._shared, dtype=np.int64) - 1, -1).astype(np.int32)
        spilled, found = SpillList(), 0
        sizes, alone = np.zeros((2, len(self.examples.labels)), np.int64)
        for first, rows, row_ends in FeatureIndex(self._keys, features).rows(self.examples.corpus):
            documents = first + np.repeat(np.arange(len(row_ends)), np.diff(row_ends, prepend=0))
            last, shared = first + len(row_ends), self._shared[rows]
            sizes[first:last] = np.diff(row_ends, prepend=0)
            alone[first:last] = np.bincount(documents[~shared] - first, minlength=len(row_ends))
            learning = ~shared & (self.examples.labels[documents] >= 0)
            self._owners[rows[learning]], self._kinds_of[rows[learning]] = documents[learning], kind
            kept = numbers[rows[shared]]
            spilled.append(kept)
            found += len(kept)
        norms = 1 / np.sqrt(np.maximum(sizes, 1))
        return _Rows(spilled.numbers(found), np.cumsum(sizes - alone), norms, alone)

    @property
    def shared(self) -> int:
        """How many features several documents have."""
        return len(self._shared_totals)

    @property
    def alpha(self) -> float:
        """What is added to every count."""
        return _ALPHA if self.settings.alpha is None else self.settings.alpha

    def _ratios_of_all(self, table: FeatureCounts, totals: NDArray[np.int64]) -> NDArray[np.float64]:
        """The logarithm, for each class, of how often features were seen outside it and in it [C]."""
        sums = np.empty((2, table.counts.shape[1]))
        for label, inside in enumerate(table.counts.T):  # all at once, they would take much memory
            sums[:, label] = (totals - inside + self.alpha).sum(), (inside + self.alpha).sum()
        return np.asarray(np.log(sums[0]) - np.log(sums[1]))

    def squares(self, labels: Sequence[int], squares: NDArray[np.float32]) -> NDArray[np.float64]:
        """The squared log-count ratios of the classes, each against all others.

        squares [F', K] gets those of the features that several documents have. Returns: those of features
        that one document alone has, outside and inside the class [2, K].
        """
        alpha, scale = self.alpha, self._scales[labels]
        for first in range(0, self.shared, _PIECE):
            some = slice(first, first + _PIECE)
            inside = self._shared_counts[some][:, labels]
            ratios = np.log((inside + alpha) / (self._shared_totals[some, None] - inside + alpha)) + scale
            squares[some] = ratios**2
        alone = np.log(np.array([[alpha / (1 + alpha)], [(1 + alpha) / alpha]])) + scale
        return np.asarray(alone**2)

    def with_owners(
        self,
        shared: NDArray[np.float32],
        duals: NDArray[np.float64],
        alone: NDArray[np.float64],
        weights: NDArray[np.float32],
    ) -> None:
        """Weights of all features, zeros [F, K], from those that several documents have.

        duals: y α [D, K]; alone: as `squares` gives it.
        """
        weights[self._shared] = shared
        owned = np.flatnonzero(self._owners >= 0)
        for first in range(0, len(owned), _PIECE):
            some = owned[first : first + _PIECE]
            documents = self._owners[some]
            moved = duals[documents] * self.norms[self._kinds_of[some], documents, None]
            weights[some] = moved * np.where(moved > 0, alone[1], alone[0])

    def pieces(self) -> Iterator[tuple[int, int, NDArray[np.int32], NDArray[np.int64]]]:
        """Some documents of one kind at a time: kind, first document, their rows and where they end."""
        for kind, (rows, ends, _, _) in enumerate(self.kinds):
            for first in range(0, len(ends), _STEPS):
                begin, last = int(ends[first - 1]) if first else 0, min(first + _STEPS, len(ends))
                some = ends[first:last] - begin
                yield kind, first, rows[begin : begin + int(some[-1])], some


def solved(problem: Problem, progress: Progress) -> tuple[Floats, Doubles]:
    """Weights [F, P] (the ratio multiplied in) and bias [P] of each class, or of the second of two."""
    classes = len(problem.examples.names)
    if classes == 2:
        return _one(problem, progress)
    blocks = -(-classes // LANES)
    cuts = [classes * block // blocks for block in range(blocks + 1)]
    inner = progress if blocks == 1 else SILENT
    learnt, biases = np.zeros((problem.features, classes), np.float32), np.empty(classes)

    def solve(first: int, last: int) -> int:
        weights, biases[first:last], duals, alone = _together(problem, range(first, last), inner)
        problem.with_owners(weights[:, : last - first], duals, alone, learnt[:, first:last])
        return last

    for last in in_threads(solve, itertools.pairwise(cuts)):
        progress.update("classes", last, classes)
    return learnt, biases


def _one(problem: Problem, progress: Progress) -> tuple[Floats, Doubles]:
    """The second of two classes against the first."""
    labels, cost = problem.examples.labels, problem.settings.cost
    state = np.zeros((problem.shared, 2), np.float32)
    alone = problem.squares([1], state[:, 1:])
    targets, inside = np.where(labels == 1, 1.0, -1.0), (labels == 1).astype(np.int64)
    diagonal = 1.0 + 0.5 / cost + problem.own * alone[inside, 0]
    for kind, first, rows, ends in problem.pieces():
        kernels.diagonals(rows, ends, first, state, problem.norms[kind], diagonal)
    alphas, bias = np.zeros(len(labels)), np.zeros(1)

    def step(order: NDArray[np.int64]) -> float:
        return float(kernels.descend(
            *problem.arrays, order, state, problem.norms, problem.own, alone[:, 0].copy(), diagonal, targets,
            alphas, bias, cost,
        ))  # fmt: skip

    _descend(problem, step, progress)
    learnt = np.zeros((problem.features, 1), np.float32)
    problem.with_owners(state[:, :1], (alphas * targets)[:, None], alone, learnt)
    return learnt, bias


def _together(
    problem: Problem, some: Sequence[int], progress: Progress
) -> tuple[Floats, Doubles, Doubles, Doubles]:
    """Some classes, each against all others.

    Returns: weights [F', 16] and biases [K], and what `with_owners` takes besides.
    """
    labels, cost = problem.examples.labels, problem.settings.cost
    factors, weights = (aligned_rows(problem.shared, LANES) for _ in range(2))
    alone = problem.squares(some, factors[:, : len(some)])
    classes = labels.astype(np.int64) - some[0]
    inside = classes[:, None] == np.arange(len(some))
    diagonal = 1.0 + 0.5 / cost + problem.own[:, None] * np.where(inside, alone[1], alone[0])
    for kind, first, rows, ends in problem.pieces():
        kernels.diagonals_together(rows, ends, first, factors, problem.norms[kind], diagonal)
    alphas, bias = np.zeros((len(labels), len(some))), np.zeros(len(some))

    def step(order: NDArray[np.int64]) -> float:
        return float(kernels.descend_together(
            *problem.arrays, order, weights, factors, problem.norms, problem.own, alone, diagonal, classes,
            alphas, bias, cost,
        ))  # fmt: skip

    _descend(problem, step, progress)
    return weights, bias, np.where(inside, alphas, -alphas), alone


def _descend(problem: Problem, step: Callable[[NDArray[np.int64]], float], progress: Progress) -> None:
    """Passes over the documents in random order, until none violates the conditions much."""
    settings = problem.settings
    learning = np.flatnonzero(problem.examples.labels >= 0)
    shuffler = np.random.default_rng(settings.seed)
    for epoch in range(settings.epochs):
        order, worst = shuffler.permutation(learning), 0.0
        for first in range(0, len(order), _STEPS):
            some = order[first : first + _STEPS]
            worst = max(worst, step(some))
            done = epoch * len(order) + first + len(some)
            progress.update("support vectors", done, settings.epochs * len(order))
        if worst < _TOLERANCE:
            break
