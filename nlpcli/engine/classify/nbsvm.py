"""NB-SVM: a linear classifier on features weighed by their log-count ratio.

(Wang & Manning 2012.) Feature f has the value r_f = log (p_f / ‖p‖) / (q_f / ‖q‖), p and q
its smoothed counts in and outside the class, so what Naive Bayes knows is where the support
vector machine begins. A document's values are divided by the root of their number. With more
than two classes each one is discriminated from the rest.

More accurate than Naive Bayes and still fast; but the weights are learnt from all texts at
once, so such a model is neither added to nor merged.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.examples import Examples
from nlpcli.engine.classify.features import FeatureCounts, FeatureIndex, count
from nlpcli.engine.classify.linear import LinearModel
from nlpcli.engine.classify.naive_bayes import check_settings, names_of_features, resolved
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.spill import SpillList
from nlpcli.errors import InputError
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import AnalysisSettings

kernels = Kernels("classify.nbsvm")

_TOLERANCE = 0.1  # liblinear's default: smaller violations do not change decisions
_STEPS = 4096  # documents per kernel call


def train(
    examples: Examples,
    analysis: AnalysisSettings,
    features: FeatureSettings = FeatureSettings(),
    settings: NaiveBayesSettings = NaiveBayesSettings(variant="nbsvm"),
    progress: Progress = SILENT,
) -> LinearModel:
    """A model of labelled texts. The same texts, settings and seed give the same model."""
    check_settings(settings)
    features = resolved(features, settings, examples.corpus.vocabulary)
    table = count(examples.corpus, examples.labels, len(examples.names), features, progress)
    table = table.take(table.counts.sum(axis=1) >= features.min_docs)
    if not len(table):
        raise InputError(
            f"no feature is left: none was seen {features.min_docs:,} times (--min-count)",
            hint="use a smaller --min-count or more text",
        )
    problem = _Problem(examples, table, features, settings)
    targets = [1] if len(examples.names) == 2 else range(len(examples.names))
    solved = [problem.solve(label, progress) for label in targets]
    learnt = np.stack([weights for weights, _ in solved], axis=1)
    decisive = learnt.any(axis=1)  # the others stand in no support vector
    return LinearModel(
        examples.names,
        table.keys[decisive],
        learnt[decisive],
        np.array([bias for _, bias in solved]),
        True,
        functools.partial(names_of_features, examples.corpus.vocabulary, features),
        analysis,
        features,
        settings,
    )


class _Problem:
    """The documents as rows of features, on disk, and what all classes share."""

    def __init__(
        self,
        examples: Examples,
        table: FeatureCounts,
        features: FeatureSettings,
        settings: NaiveBayesSettings,
    ) -> None:
        self._examples, self._table, self._settings = examples, table, settings
        spilled = SpillList()
        ends: list[NDArray[np.int64]] = []
        self._total = 0
        for _, rows, row_ends in FeatureIndex(table.keys, features).rows(examples.corpus):
            spilled.append(rows)
            ends.append(row_ends + self._total)
            self._total += len(rows)
        self._ends = np.concatenate(ends) if ends else np.zeros(0, dtype=np.int64)
        self._rows = spilled.numbers(self._total)

    def ratio(self, label: int, alpha: float) -> NDArray[np.float64]:
        """The log-count ratio of every feature, the class against all others."""
        counts = self._table.counts
        inside = counts[:, label] + alpha
        outside = counts.sum(axis=1) - counts[:, label] + alpha
        return np.asarray(np.log(inside / inside.sum()) - np.log(outside / outside.sum()))

    def solve(self, label: int, progress: Progress) -> tuple[NDArray[np.float32], float]:
        """Weights (the ratio multiplied in) and bias that discriminate one class from the rest."""
        settings, labels = self._settings, self._examples.labels
        documents = len(labels)
        state = np.zeros((len(self._table), 2), dtype=np.float32)
        state[:, 1] = self.ratio(label, settings.alpha) ** 2
        norms, diagonal = np.empty(documents), np.empty(documents)
        for first in range(0, documents, _STEPS):
            last = min(first + _STEPS, documents)
            begin = int(self._ends[first - 1]) if first else 0
            ends = self._ends[first:last] - begin
            rows = self._rows[begin : begin + int(ends[-1])]
            kernels.diagonals(rows, ends, first, state, settings.cost, norms, diagonal)
        targets = np.where(labels == label, 1.0, -1.0) * (labels >= 0)
        alphas, bias = np.zeros(documents), np.zeros(1)
        shuffler = np.random.default_rng(settings.seed)
        for epoch in range(settings.epochs):
            order = shuffler.permutation(documents)
            worst = 0.0
            for first in range(0, documents, _STEPS):
                some = order[first : first + _STEPS]
                worst = max(
                    worst,
                    kernels.descend(
                        self._rows,
                        self._ends,
                        some,
                        state,
                        norms,
                        diagonal,
                        targets,
                        alphas,
                        bias,
                        settings.cost,
                    ),
                )
                done = epoch * documents + first + len(some)
                progress.update(f"class {self._examples.names[label]}", done, settings.epochs * documents)
            if worst < _TOLERANCE:
                break
        return state[:, 0].copy(), float(bias[0])
