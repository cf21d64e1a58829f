"""A smaller model that decides the same: features that change no decision are dropped.

Features are tried from the one that moved the training texts least, all told, to the one that
moved them most. One goes if every text with it keeps its class, and at least half of that
class's lead over each other, counting all that went before. What is left are weights.

Features are made and found once, for scores, for the documents of each feature, and for models of a part of
the same texts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.classifier import Classifier
from nlpcli.engine.classify.examples import Examples
from nlpcli.engine.classify.features import FeatureIndex, FoundRows
from nlpcli.engine.classify.linear import LinearModel, linear_of
from nlpcli.engine.classify.naive_bayes import NaiveBayes
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.spill import SpillList

kernels = Kernels("classify.pruning")

_LEAD_KEPT = 0.5
_FEATURES = 20_000  # tried per kernel call


class Found:
    """The features of texts, found once: the rows in a table of keys; on disk once they are many.

    keys: uint64 [F], ascending. Of a model of some of the texts, rows are looked up in `keys` (`of`).
    """

    def __init__(self, model: NaiveBayes, examples: Examples) -> None:
        self.keys = model.keys
        self._rows, self._batches, self._number = SpillList(), list[tuple[int, NDArray[np.int64]]](), 0
        index = FeatureIndex(model.keys, model.features)
        for first, rows, ends in index.rows(examples.corpus, in_parts=True):
            self._rows.append(rows.copy())
            self._batches.append((first, ends))
            self._number += len(rows)

    def of(self, keys: NDArray[np.uint64]) -> Iterator[FoundRows]:
        """What `FeatureIndex.rows` of a table with these keys gives, all of which are in `self.keys`."""
        rows, done = self._rows.numbers(self._number), 0
        row_of = None
        if len(keys) < len(self.keys):
            row_of = np.full(len(self.keys), -1, np.int32)
            row_of[np.searchsorted(self.keys, keys)] = np.arange(len(keys), dtype=np.int32)
        for first, ends in self._batches:
            some = rows[done : done + (int(ends[-1]) if len(ends) else 0)]
            done += len(some)
            if row_of is not None:
                some = row_of[some]
                known = some >= 0
                some, ends = some[known], np.concatenate([[0], np.cumsum(known)])[ends]
            yield first, some, ends


def prune(
    model: NaiveBayes, examples: Examples, progress: Progress = SILENT, found: Found | None = None
) -> LinearModel:
    """The model without the features its decisions about `examples` can do without.

    It can no longer be trained further, merged or smoothed anew. `found` are the features of the same texts
    with a model of more of them.
    """
    classifier = Classifier(model)
    weights = classifier.all_weights - classifier.all_weights[:, :1]  # only differences count
    kept = _decisive(classifier, weights, found or Found(model, examples), examples, progress)
    return dataclasses.replace(linear_of(model, np.flatnonzero(kept)), calibration=None)


def _decisive(
    classifier: Classifier,
    weights: NDArray[np.float64],
    found: Found,
    examples: Examples,
    progress: Progress,
) -> NDArray[np.bool_]:
    """Which features have to stay, bool [F]."""
    scores, _ = classifier.added(found.of(classifier.model.keys), examples.corpus.documents)
    scores += classifier.start
    documents, stops = _documents_of_features(found, classifier.model.keys)
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
    found: Found, keys: NDArray[np.uint64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The documents that have each feature: int32 [N], and where each feature's stop [F]."""
    counts = np.zeros(len(keys), dtype=np.int64)
    for _, rows, _ in found.of(keys):
        counts += np.bincount(rows, minlength=len(counts))
    stops = np.cumsum(counts)
    documents = np.empty(int(stops[-1]), dtype=np.int32)
    starts = stops - counts
    for first, rows, ends in found.of(keys):
        kernels.place_documents(rows, ends, first, starts, documents)
    return documents, stops
