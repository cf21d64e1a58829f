"""The optimisation of `nbsvm.py`: from counts and texts to a weight for each feature and class.

Two classes are one problem; more are one each, and up to 10 of them are solved side by side, so that a
feature's place in memory, one cache line, is looked up once for all. A feature that one document alone has
needs no place at all (`kernels/classify/nbsvm.py` says why). Not here: which features there are, and the
model.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.document_rows import DocumentRows, Features
from nlpcli.engine.classify.examples import Examples
from nlpcli.engine.kernels.simd.padding import LANES, PACKED, aligned_rows, pack, round_factors
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import in_threads
from nlpcli.settings.classify import NaiveBayesSettings

kernels = Kernels("classify.nbsvm")

_TOLERANCE = 0.1  # liblinear's default: smaller violations do not change decisions
_ALPHA = 1.0  # of the counts, where it was not given
_STEPS = 4096  # documents per kernel call
_PIECE = 1 << 16  # features at a time

Doubles = NDArray[np.float64]


class Problem:
    """The documents as rows of features, on disk, and what all classes share."""

    def __init__(
        self,
        examples: Examples,
        features: Features,
        kinds: Sequence[DocumentRows],
        settings: NaiveBayesSettings,
    ) -> None:
        self.examples, self.settings = examples, settings
        self._totals, self._counts = features.totals, features.counts
        self._scales = self._ratios_of_all(features)
        self.kinds = list(kinds)
        if len(self.kinds) == 1:
            self.kinds.append(DocumentRows.none(len(examples.labels)))
        self.norms = np.stack([kind.norms for kind in self.kinds])
        self.own = (self.norms**2 * np.stack([kind.alone for kind in self.kinds])).sum(axis=0)

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """Rows and ends of either kind, as the kernels take them."""
        return (*self.kinds[0][:2], *self.kinds[1][:2])

    @property
    def shared(self) -> int:
        """How many features several documents have."""
        return len(self._totals)

    @property
    def alpha(self) -> float:
        """What is added to every count."""
        return _ALPHA if self.settings.alpha is None else self.settings.alpha

    @property
    def numbers(self) -> int:
        """How many numbers features have, those of documents' own ones included."""
        return self.shared + self.norms.size

    def _ratios_of_all(self, features: Features) -> NDArray[np.float64]:
        """The logarithm, for each class, of how often features were seen outside it and in it [C]."""
        labels = self.examples.labels[features.owners % len(self.examples.labels)]
        inside = self._counts.sum(axis=0, dtype=np.int64) + np.bincount(
            labels, minlength=self._counts.shape[1]
        )
        added = self.alpha * len(features.keys)
        return np.asarray(np.log(inside.sum() - inside + added) - np.log(inside + added))

    def squares(self, labels: Sequence[int], squares: NDArray[np.float32]) -> NDArray[np.float64]:
        """The squared log-count ratios of the classes, each against all others.

        squares [F', K] gets those of the features that several documents have. Returns: those of features
        that one document alone has, outside and inside the class [2, K].
        """
        alpha, scale = self.alpha, self._scales[labels]
        for first in range(0, self.shared, _PIECE):
            some = slice(first, first + _PIECE)
            inside = self._counts[some][:, labels]
            ratios = np.log((inside + alpha) / (self._totals[some, None] - inside + alpha)) + scale
            squares[some] = ratios**2
        alone = np.log(np.array([[alpha / (1 + alpha)], [(1 + alpha) / alpha]])) + scale
        return np.asarray(alone**2)

    def of_owners(self, duals: NDArray[np.float64], alone: NDArray[np.float64]) -> NDArray[np.float32]:
        """Weights of the features that one document alone has, of each kind and document [2 · D, K].

        duals: y α [D, K]; alone: as `squares` gives it.
        """
        moved = np.concatenate([duals * norms[:, None] for norms in self.norms])
        return np.asarray(moved * np.where(moved > 0, alone[1], alone[0]), np.float32)

    def pieces(self) -> Iterator[tuple[int, int, NDArray[np.int32], NDArray[np.int64]]]:
        """Some documents of one kind at a time: kind, first document, their rows and where they end."""
        for kind, (rows, ends, _, _) in enumerate(self.kinds):
            for first in range(0, len(ends), _STEPS):
                begin, last = int(ends[first - 1]) if first else 0, min(first + _STEPS, len(ends))
                some = ends[first:last] - begin
                yield kind, first, rows[begin : begin + int(some[-1])], some


def solved(problem: Problem, progress: Progress) -> tuple[Floats, Doubles]:
    """Weights [N, P] (the ratio multiplied in) of each number that features have (`document_rows.py`), and
    bias [P], of each class, or of the second of two."""
    classes = len(problem.examples.names)
    if classes == 2:
        return _one(problem, progress)
    blocks = -(-classes // PACKED)
    cuts = [classes * block // blocks for block in range(blocks + 1)]
    inner = progress if blocks == 1 else SILENT
    learnt, biases = np.empty((problem.numbers, classes), np.float32), np.empty(classes)

    def solve(first: int, last: int) -> int:
        weights, biases[first:last], duals, alone = _together(problem, range(first, last), inner)
        learnt[: problem.shared, first:last] = weights[:, : last - first]
        learnt[problem.shared :, first:last] = problem.of_owners(duals, alone)
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
    return np.concatenate([state[:, :1], problem.of_owners((alphas * targets)[:, None], alone)]), bias


def _together(
    problem: Problem, some: Sequence[int], progress: Progress
) -> tuple[Floats, Doubles, Doubles, Doubles]:
    """Some classes, each against all others.

    Returns: weights [F', 16], of which the first K count, and biases [K], and what `of_owners` takes.
    """
    labels, cost = problem.examples.labels, problem.settings.cost
    factors = aligned_rows(problem.shared, LANES)
    alone = problem.squares(some, factors[:, : len(some)])
    round_factors(factors)
    classes = labels.astype(np.int64) - some[0]
    inside = classes[:, None] == np.arange(len(some))
    diagonal = 1.0 + 0.5 / cost + problem.own[:, None] * np.where(inside, alone[1], alone[0])
    for kind, first, rows, ends in problem.pieces():
        kernels.diagonals_together(rows, ends, first, factors, problem.norms[kind], diagonal)
    weights = pack(factors)
    alphas, bias = np.zeros((len(labels), len(some))), np.zeros(len(some))

    def step(order: NDArray[np.int64]) -> float:
        return float(kernels.descend_together(
            *problem.arrays, order, weights, problem.norms, problem.own, alone, diagonal, classes, alphas,
            bias, cost,
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
