"""A network and a linear classifier that judge together.

    log p(c | text) = a · log p_network(c | text) + b · log p_linear(c | text) + constant

a and b are those under which the labels of held-out texts are likeliest: a logarithmic opinion pool
(Heskes 1998). What one sees and the other does not, the order of words and what stands in rare ones,
adds up.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.calibration import log_probabilities, trust
from nlpcli.engine.classify.classifier import Classifier, Trained, load_model
from nlpcli.engine.classify.explanations import TokenShares
from nlpcli.engine.classify.linear import LinearModel, linear_of
from nlpcli.engine.classify.naive_bayes import NaiveBayes
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.model_file import Model
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.classify import NaiveBayesSettings
from nlpcli.settings.text import AnalysisSettings

PREFIX = "blend."
_MOST = 100.0  # times that either may be taken


@dataclass(frozen=True, eq=False)
class Blend:
    """A linear classifier beside a network: `network` and `linear` are a and b."""

    model: LinearModel
    network: float
    linear: float

    @functools.cached_property
    def classifier(self) -> Classifier:
        """The linear one at work."""
        return Classifier(self.model)

    @property
    def share(self) -> float:
        """How much of the answer is the linear classifier's, from 0 to 1."""
        return self.linear / (self.network + self.linear) if self.linear else 0.0

    def scores(self, network: NDArray[np.float64], corpus: EncodedCorpus) -> NDArray[np.float64]:
        """Of the network's scores [D, C] those of both together."""
        return self.network * log_probabilities(network) + self.linear * linear_scores(
            self.classifier, corpus
        )

    def explained(self, corpus: EncodedCorpus) -> tuple[NDArray[np.float64], TokenShares]:
        """What the linear classifier's scores of each document are taken times [D], and tokens' shares."""
        _, found = self.classifier.scores(corpus)
        return self.linear * trust(found, self.model.calibration), TokenShares(self.classifier, corpus)

    def to_record(self) -> dict[str, Any]:
        """Its share of the JSON part of a model file."""
        return {
            "network": self.network,
            "linear": self.linear,
            "features": self.model.features.to_record(),
            "normalised": self.model.normalised,
            "apart": self.model.apart,
            "calibration": self.model.calibration,
        }

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Its arrays in a model file."""
        model = self.model
        return {
            f"{PREFIX}features.keys": model.keys,
            f"{PREFIX}weights": model.learnt if model.places is None else model.learnt[model.places],
            f"{PREFIX}bias": model.bias,
        }

    @classmethod
    def from_model(cls, model: Model, labels: tuple[str, ...], analysis: AnalysisSettings) -> Blend | None:
        """That of a file, if there is one."""
        record, arrays = model.fields["blend"], model.tensors
        if record is None:
            return None
        linear = LinearModel(
            labels, arrays[f"{PREFIX}features.keys"], arrays[f"{PREFIX}weights"], arrays[f"{PREFIX}bias"],
            record["normalised"], lambda: Vocabulary.of([], []), analysis, record["features"],
            NaiveBayesSettings(), record["calibration"], record["apart"],
        )  # fmt: skip
        return cls(linear, record["network"], record["linear"])


def linear_scores(classifier: Classifier, corpus: EncodedCorpus) -> NDArray[np.float64]:
    """Log-probabilities of classes [D, C]."""
    scores, found = classifier.scores(corpus)
    return log_probabilities(scores * trust(found, classifier.model.calibration)[:, None])


def read_blend(path: str, labels: tuple[str, ...], analysis: AnalysisSettings) -> Trained:
    """The linear classifier in a file, if it goes with a network of these labels and this analysis.

    Raises ModelError for a file that is none, or has other labels, SettingsError for another analysis.
    """
    model = load_model(path)
    if model.labels != labels:
        only = sorted({*model.labels} ^ {*labels}) or [*labels]
        raise ModelError(
            f"{path} has other classes than the texts: {only[0]!r} is of one of them alone",
            hint="train it with train-nb on the same texts",
        )
    mine, theirs = analysis.to_record(), model.analysis.to_record()
    if different := [name for name in mine if mine[name] != theirs[name]]:
        name = different[0]
        raise SettingsError(
            f"{path} sees texts otherwise: {name} is {theirs[name]!r} there and {mine[name]!r} here",
            hint="train both with the same options for text",
        )
    if isinstance(model, NaiveBayes) and model.alpha == 0:
        raise ModelError(
            f"{path} is unsmoothed: it takes for impossible what it did not see",
            hint="train it without --alpha 0",
        )
    return model


def fitted(
    chosen_by: Trained, kept: Trained, network: NDArray[np.float64], corpus: EncodedCorpus, gold: NDArray[Any]
) -> Blend:
    """The blend of `kept` with a network that gives held-out texts the scores `network` [D, C].

    chosen_by: a model of the kind of `kept` that has not seen these texts. gold: int64 [D], their classes.
    """
    from scipy.optimize import minimize

    parts = np.stack([log_probabilities(network), linear_scores(Classifier(chosen_by), corpus)])
    rows = np.arange(len(gold))

    def surprise(factors: NDArray[np.float64]) -> float:
        pooled = np.tensordot(np.exp(factors), parts, 1)
        # A normal prior on the logarithms, so that a few texts do not choose extremes.
        return float((factors**2).sum() / 8 - log_probabilities(pooled)[rows, gold].sum())

    bounds = [(-np.log(_MOST), np.log(_MOST))] * 2
    best = minimize(
        surprise,
        np.log([0.5, 0.5]),
        method="Nelder-Mead",
        bounds=bounds,
        options={"xatol": 1e-4, "fatol": 1e-9},
    )
    network_factor, linear_factor = (round(float(np.exp(factor)), 6) for factor in best.x)
    linear = linear_of(kept) if isinstance(kept, NaiveBayes) else kept
    return Blend(
        dataclasses.replace(linear, names=lambda: Vocabulary.of([], [])), network_factor, linear_factor
    )
