"""A linear classifier whose weights are fixed: what `nbsvm` learns and pruning leaves.

Unlike counts, weights cannot be added up, so such a model is neither trained further nor
merged. Not here: where the weights come from (`nbsvm.py`, `pruning.py`).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.naive_bayes import EVERY, NaiveBayes, Rows
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.model_file import Model, read_model, write_model
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import AnalysisSettings

KIND = "linear-classifier"


@dataclass(frozen=True, eq=False)
class LinearModel:
    """A weight for each feature.

    keys: uint64 [F], ascending; learnt: float32 [F, P], bias: float64 [P]. P is 1 for two
    classes (positive speaks for the second), else one per class. Where features have weights in
    common, learnt is [R, P] and places int32 [F] the row of each. `normalised`: a document's
    sum is divided by the root of the number of its features; `apart`: words and characters each by
    their own.
    """

    labels: tuple[str, ...]
    keys: NDArray[np.uint64]
    learnt: NDArray[np.float32]
    bias: NDArray[np.float64]
    normalised: bool
    names: Callable[[], Vocabulary]
    analysis: AnalysisSettings
    features: FeatureSettings
    settings: NaiveBayesSettings
    calibration: dict[str, Any] | None = None
    apart: bool = False
    places: NDArray[np.int32] | None = None

    @functools.cached_property
    def vocabulary(self) -> Vocabulary:
        """The tokens of the training text, in the order of their keys."""
        return self.names()

    def weights(self, rows: Rows = EVERY) -> NDArray[np.float64]:
        """What each feature, or those in `rows`, adds to the score of each class [F, C]."""
        return self.weights_of(self.learnt[rows if self.places is None else self.places[rows]])

    def weights_of(self, learnt: NDArray[np.float32]) -> NDArray[np.float64]:
        """The same of some rows of `learnt`."""
        precise = learnt.astype(np.float64)
        return np.hstack([-precise, precise]) / 2 if len(self.labels) == 2 else precise

    @property
    def used(self) -> int:
        """How many features weigh something: all that are kept."""
        return len(self.keys)

    def start(self) -> NDArray[np.float64]:
        """What is added to the score of each class, float64 [C]."""
        return np.concatenate([-self.bias, self.bias]) / 2 if len(self.labels) == 2 else self.bias

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""
        header = {
            "labels": list(self.labels),
            "normalised": self.normalised,
            "apart": self.apart,
            "analysis": self.analysis.to_record(),
            "features": self.features.to_record(),
            "settings": self.settings.to_record(),
            "calibration": self.calibration,
        }
        tensors: dict[str, NDArray[Any]] = {
            "features.keys": self.keys,
            "weights": self.learnt,
            "bias": self.bias,
        }
        if self.places is not None:
            tensors["features.places"] = self.places
        write_model(path, KIND, header, {**tensors, **self.vocabulary.to_tensors()})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> LinearModel:
        """The model that `save` wrote. Raises ModelError."""
        return cls.from_model(read_model(path, KIND))

    @classmethod
    def from_model(cls, model: Model) -> LinearModel:
        """The same from a file already read."""
        return cls(
            keys=model.tensors["features.keys"],
            learnt=model.tensors["weights"],
            bias=model.tensors["bias"],
            places=model.tensors.get("features.places"),
            names=functools.partial(Vocabulary.from_model, model),
            **model.fields,
        )


def linear_of(model: NaiveBayes, kept: Rows = EVERY) -> LinearModel:
    """The weights of a Naive Bayes model, or of the features that are kept, as they are now.

    They can no longer be trained further, merged or smoothed anew.
    """
    weights, start = model.weights(kept), model.start()
    weights = weights - weights[:, :1]  # only differences count
    if len(model.labels) == 2:
        weights, start = weights[:, 1:], start[1:] - start[:1]
    return LinearModel(
        model.labels, model.keys[kept], weights.astype(np.float32), start, False, model.names, model.analysis,
        model.features, model.settings, model.calibration,
    )  # fmt: skip
