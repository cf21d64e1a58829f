"""A smaller model that decides the same: features that change no decision are dropped.

Features are tried from the one that moved the training texts least, all told, to the one that
moved them most. One goes if every text with it keeps its class, and at least half of that
class's lead over each other, counting all that went before. What is left are weights.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.classifier import Classifier
from nlpcli.engine.classify.examples import Examples
from nlpcli.engine.classify.linear import LinearModel, linear_of
from nlpcli.engine.classify.naive_bayes import NaiveBayes
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress

kernels = Kernels("classify.pruning")

_LEAD_KEPT = 0.5
_FEATURES = 20_000  # tried per kernel call


def prune(model: NaiveBayes, examples: Examples, progress: Progress = SILENT) -> LinearModel:
    """The model without the features its decisions about `examples` can do without.

    It can no longer be trained further, merged or smoothed anew.
    """
    classifier = Classifier(model)
    weights = classifier.all_weights - classifier.all_weights[:, :1]  # only differences count
    kept = _decisive(classifier, weights, examples, progress)
    return dataclasses.replace(linear_of(model, np.flatnonzero(kept)), calibration=None)


def _decisive(
    classifier: Classifier, weights: NDArray[np.float64], examples: Examples, progress: Progress
) -> NDArray[np.bool_]:
    """Which features have to stay, bool [F]."""
    scores, _ = classifier.scores(examples.corpus)
    documents, stops = _documents_of_features(classifier, examples)
    predicted = scores.argmax(axis=1).astype(np.int32)
    leads = np.take_along_axis(scores, predicted[:, None].astype(np.int64), axis=1) - scores
    floors = leads * _LEAD_KEPT
    spread = weights.max(axis=1) - weights.min(axis=1)
    order = np.argsort(spread * np.diff(stops, prepend=0), kind="stable")
    kept = np.ones(len(weights), dtype=bool)
    for first in range(0, len(order), _FEATURES):
        kernels.drop_features(
            order[first : first + _FEATURES], stops, documents, weights, predicted, floors, scores, kept
        )
        progress.update("pruning", min(first + _FEATURES, len(order)), len(order))
    return kept


def _documents_of_features(
    classifier: Classifier, examples: Examples
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The documents that have each feature: int32 [N], and where each feature's stop [F]."""
    counts = np.zeros(len(classifier.feature_index.keys), dtype=np.int64)
    for _, rows, _ in classifier.feature_index.rows(examples.corpus):
        counts += np.bincount(rows, minlength=len(counts))
    stops = np.cumsum(counts)
    documents = np.empty(int(stops[-1]), dtype=np.int32)
    starts = stops - counts
    for first, rows, ends in classifier.feature_index.rows(examples.corpus):
        kernels.place_documents(rows, ends, first, starts, documents)
    return documents, stops
