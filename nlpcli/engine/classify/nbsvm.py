"""NB-SVM: a linear classifier on features weighed by their log-count ratio.

(Wang & Manning 2012.) Feature f has the value r_f = log (p_f / ‖p‖) / (q_f / ‖q‖), p and q
its smoothed counts in and outside the class, so what Naive Bayes knows is where the support
vector machine begins. A document's values are divided by the root of their number; words and the
characters within words each by their own, so that the many characters do not drown the few words.
With more than two classes each one is discriminated from the rest.

More accurate than Naive Bayes and still fast; but the weights are learnt from all texts at
once, so such a model is neither added to nor merged.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.automatic_features import resolved
from nlpcli.engine.classify.examples import Examples
from nlpcli.engine.classify.features import FeatureCounts, FeatureIndex, count
from nlpcli.engine.classify.linear import LinearModel
from nlpcli.engine.classify.naive_bayes import check_settings, names_of_features
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.spill import SpillList
from nlpcli.engine.runtime.threads import in_threads
from nlpcli.errors import InputError
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import AnalysisSettings

kernels = Kernels("classify.nbsvm")

_TOLERANCE = 0.1  # liblinear's default: smaller violations do not change decisions
_ALPHA = 1.0  # of the counts, where it was not given
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
    features = resolved(features, settings.variant, examples.corpus)
    table = count(examples.corpus, examples.labels, len(examples.names), features, progress)
    table = table.take(table.counts.sum(axis=1) >= features.min_docs)
    if not len(table):
        raise InputError(
            f"no feature is left: none was seen {features.min_docs:,} times (--min-count)",
            hint="use a smaller --min-count or more text",
        )
    apart = features.char_span == "word" and len(features.kinds()) == 2
    problem = _Problem(examples, table, features.kinds() if apart else (features,), settings)
    solved = problem.solved([1] if len(examples.names) == 2 else range(len(examples.names)), progress)
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
        apart=apart,
    )


class _Rows(NamedTuple):
    """The features of one kind of every document: rows[ends[d − 1]:ends[d]]."""

    rows: NDArray[np.int32]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, corpus: EncodedCorpus, keys: NDArray[np.uint64], features: FeatureSettings) -> _Rows:
        spilled = SpillList()
        ends: list[NDArray[np.int64]] = []
        total = 0
        for _, rows, row_ends in FeatureIndex(keys, features).rows(corpus):
            spilled.append(rows)
            ends.append(row_ends + total)
            total += len(rows)
        return cls(spilled.numbers(total), np.concatenate(ends) if ends else np.zeros(0, dtype=np.int64))


class _Problem:
    """The documents as rows of features, on disk, and what all classes share."""

    def __init__(
        self,
        examples: Examples,
        table: FeatureCounts,
        kinds: Sequence[FeatureSettings],
        settings: NaiveBayesSettings,
    ) -> None:
        self._examples, self._table, self._settings = examples, table, settings
        self._kinds = [_Rows.of(examples.corpus, table.keys, features) for features in kinds]
        if len(self._kinds) == 1:
            self._kinds.append(_Rows(np.zeros(0, np.int32), np.zeros(len(examples.labels), np.int64)))

    def ratio(self, label: int, alpha: float) -> NDArray[np.float64]:
        """The log-count ratio of every feature, the class against all others."""
        counts = self._table.counts
        inside = counts[:, label] + alpha
        outside = counts.sum(axis=1) - counts[:, label] + alpha
        return np.asarray(np.log(inside / inside.sum()) - np.log(outside / outside.sum()))

    def solved(self, classes: Sequence[int], progress: Progress) -> list[tuple[NDArray[np.float32], float]]:
        """Weights (the ratio multiplied in) and bias of each class, several of them at a time."""
        if len(classes) == 1:
            return [self._solve(classes[0], progress)]
        found = []
        for number, one in enumerate(in_threads(self._solve, ((label,) for label in classes)), 1):
            found.append(one)
            progress.update("classes", number, len(classes))
        return found

    def _solve(self, label: int, progress: Progress = SILENT) -> tuple[NDArray[np.float32], float]:
        """What discriminates one class from the rest."""
        settings, labels = self._settings, self._examples.labels
        documents = len(labels)
        state, norms, diagonal = self._begin(label)
        targets = np.where(labels == label, 1.0, -1.0) * (labels >= 0)
        alphas, bias = np.zeros(documents), np.zeros(1)
        shuffler = np.random.default_rng(settings.seed)
        for epoch in range(settings.epochs):
            order = shuffler.permutation(documents)
            worst = 0.0
            for first in range(0, documents, _STEPS):
                some = order[first : first + _STEPS]
                violation = kernels.descend(
                    *self._kinds[0], *self._kinds[1], some, state, norms, diagonal, targets, alphas, bias,
                    settings.cost,
                )  # fmt: skip
                worst = max(worst, violation)
                done = epoch * documents + first + len(some)
                progress.update(f"class {self._examples.names[label]}", done, settings.epochs * documents)
            if worst < _TOLERANCE:
                break
        return state[:, 0].copy(), float(bias[0])

    def _begin(self, label: int) -> tuple[Floats, NDArray[np.float64], NDArray[np.float64]]:
        """The weights before the first step, the documents' norms, and the dual problem's diagonal."""
        documents, cost = len(self._examples.labels), self._settings.cost
        state = np.zeros((len(self._table), 2), dtype=np.float32)
        alpha = _ALPHA if self._settings.alpha is None else self._settings.alpha
        state[:, 1] = self.ratio(label, alpha) ** 2
        norms, diagonal = np.zeros((2, documents)), np.full(documents, 1.0 + 0.5 / cost)
        for kind, (rows, ends) in enumerate(self._kinds):
            for first in range(0, documents, _STEPS):
                last = min(first + _STEPS, documents)
                begin = int(ends[first - 1]) if first else 0
                some = ends[first:last] - begin
                kernels.diagonals(
                    rows[begin : begin + int(some[-1])], some, first, state, norms[kind], diagonal
                )
        return state, norms, diagonal
