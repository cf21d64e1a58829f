"""Naive Bayes: counts of features by class, and the linear scores they make.

A model is its counts. They are sums over documents, so training can go on (`added`), models
of separate texts add up to exactly the model of all of them (`merged`), and smoothing,
priors and the rarest features to use are decided when the counts become weights.

    multinomial          log (n_fc + α) / (n_c + α F)
    binary-multinomial   the same, a feature counted once per document
    bernoulli            log p and log (1 − p), p = (n_fc + α) / (documents_c + 2 α)
    complement           −log of the multinomial of all other classes (Rennie et al. 2003)

(Manning, Raghavan & Schütze 2008, chapter 13.) Not here: reading and scoring texts
(`examples.py`, `classifier.py`), and `nbsvm`, which learns its weights (`nbsvm.py`).
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.automatic_features import resolved
from nlpcli.engine.classify.examples import Examples
from nlpcli.engine.classify.features import Counts, FeatureCounts, count, type_keys
from nlpcli.engine.classify.packed_counts import of_classes
from nlpcli.engine.corpus.token_counts import Tokens
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.model_file import Model, read_model, write_model
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import AnalysisSettings

KIND = "naive-bayes"
Rows = NDArray[np.int64] | slice
EVERY = slice(None)
# By the texts, where nobody said.
_DECIDED = {"ngrams": "--ngrams", "char_ngrams": "--char-ngrams", "char_span": "--char-span"}


@dataclass(frozen=True, eq=False)
class NaiveBayes:
    """The counts of a training text, and how they are to be read.

    documents: int64 [C], texts per class. `names` gives the vocabulary (in the order of their keys;
    empty with feature hashing), which only serves to name features and so is read when asked for.
    """

    labels: tuple[str, ...]
    documents: NDArray[np.int64]
    counts: FeatureCounts
    names: Callable[[], Vocabulary]
    analysis: AnalysisSettings
    features: FeatureSettings
    settings: NaiveBayesSettings
    calibration: dict[str, Any] | None = None
    pruned: bool = False
    normalised = apart = False

    @functools.cached_property
    def vocabulary(self) -> Vocabulary:
        """The tokens of the training text, in the order of their keys."""
        return self.names()

    @property
    def keys(self) -> NDArray[np.uint64]:
        """The features' keys, uint64 [F]."""
        return self.counts.keys

    def weights(self, rows: Rows = EVERY) -> NDArray[np.float64]:
        """What each feature, or those in `rows`, adds to the log-score of each class [F, C].

        Features seen fewer than `min_docs` times weigh nothing.
        """
        weights = _WEIGHTS[self.settings.variant](self, self.counts.counts[rows])
        if self.features.min_docs > 1:
            weights[self.counts.counts[rows].sum(axis=1) < self.features.min_docs] = 0.0
        return weights

    def start(self) -> NDArray[np.float64]:
        """The log-score of each class before anything is read, float64 [C]."""
        if self.settings.variant == "complement":
            return np.zeros(len(self.labels))
        if self.settings.variant == "bernoulli":
            return self.log_prior() + self._absent
        return self.log_prior()

    @functools.cached_property
    def totals(self) -> tuple[NDArray[np.int64], int]:
        """How often all features together were seen in each class [C], and how many there are;
        only those that are used."""
        seen, features = np.zeros(len(self.labels), np.int64), 0
        for counts in self.counts.blocks():
            kept = self._often(counts)
            # Column by column: numpy adds up rows of a few numbers ten times as slowly.
            seen += [column.sum(dtype=np.int64) for column in kept.T]
            features += len(kept)
        return seen, features

    @functools.cached_property
    def alpha(self) -> float:
        """What is added to every count. Where it was not given, what is added to all features of a class
        together must not outweigh what was counted in a class: with many classes or little text a constant
        would make all classes alike."""
        if self.settings.alpha is not None:
            return self.settings.alpha
        if self.settings.variant == "bernoulli":
            return 0.5
        seen, features = self.totals
        return min(1.0, float(seen.mean()) / max(features, 1)) or 1.0

    @functools.cached_property
    def _absent(self) -> NDArray[np.float64]:
        """The log-probability of each class that none of the features is there (bernoulli)."""
        present = (self._often(self.counts.counts) + self.alpha) / (self.documents + 2 * self.alpha)
        return np.asarray(np.log1p(-present).sum(axis=0))

    def _often(self, counts: Counts) -> Counts:
        """Those of some features that are used."""
        if self.features.min_docs == 1:
            return counts
        return np.asarray(counts[counts.sum(axis=1) >= self.features.min_docs])

    @property
    def used(self) -> int:
        """How many features were seen often enough to weigh something."""
        return self.totals[1]

    def log_prior(self) -> NDArray[np.float64]:
        """Log-probability of each class before anything is read, float64 [C]."""
        if self.settings.prior == "uniform":
            return np.full(len(self.labels), -np.log(len(self.labels)))
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.documents) - np.log(self.documents.sum()))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""
        header = {
            "labels": list(self.labels),
            "analysis": self.analysis.to_record(),
            "features": self.features.to_record(),
            "settings": self.settings.to_record(),
            "calibration": self.calibration,
            "pruned": self.pruned,
        }
        tensors = {**self.counts.to_tensors(), **self.vocabulary.to_tensors(), "documents": self.documents}
        write_model(path, KIND, header, tensors)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> NaiveBayes:
        """The model that `save` wrote. Raises ModelError."""
        return cls.from_model(read_model(path, KIND))

    @classmethod
    def from_model(cls, model: Model) -> NaiveBayes:
        """The same from a file already read."""
        return cls(
            documents=model.tensors["documents"],
            counts=FeatureCounts.from_model(model),
            names=functools.partial(Vocabulary.from_model, model),
            **model.fields,
        )


def check_settings(settings: NaiveBayesSettings) -> None:
    """Raise SettingsError for a smoothing the variant cannot have."""
    if settings.alpha == 0 and "multinomial" not in settings.variant:
        raise SettingsError(
            f"--alpha 0 does not go with --method {settings.variant}",
            hint="unsmoothed estimates are for the multinomial variants",
        )


def train(
    examples: Examples,
    analysis: AnalysisSettings,
    features: FeatureSettings = FeatureSettings(),
    settings: NaiveBayesSettings = NaiveBayesSettings(),
    progress: Progress = SILENT,
) -> NaiveBayes:
    """A model of labelled texts. The same texts in any order give the same model.

    >>> from nlpcli.engine.classify.examples import examples_of
    >>> plain, words = AnalysisSettings(), FeatureSettings(ngrams="1", char_ngrams="0")
    >>> model = train(examples_of(["good film", "bad film"], ["pos", "neg"], plain), plain, words)
    >>> model.labels, len(model.counts)
    (('neg', 'pos'), 3)
    """
    check_settings(settings)
    features = resolved(features, settings.variant, examples.corpus)
    return NaiveBayes(
        examples.names,
        examples.documents_per_class(),
        count(examples.corpus, examples.labels, len(examples.names), features, progress),
        functools.partial(names_of_features, examples.corpus.vocabulary, features),
        analysis,
        features,
        settings,
    )


def without(whole: NaiveBayes, examples: Examples, part: NDArray[np.bool_]) -> NaiveBayes:
    """The model of all texts but some: exactly the one that training on the rest gives."""
    some = examples.chosen(part)
    gone = count(some.corpus, some.labels, len(some.names), whole.features)
    counts, rows = whole.counts.counts.copy(), np.searchsorted(whole.keys, gone.keys)
    left = counts[rows] - gone.counts
    counts[rows] = left
    kept = np.ones(len(counts), np.bool_)
    kept[rows] = left.any(axis=1)
    rest = FeatureCounts(whole.keys, counts).take(kept)
    return dataclasses.replace(whole, documents=whole.documents - some.documents_per_class(), counts=rest)


def names_of_features(vocabulary: Vocabulary, features: FeatureSettings) -> Vocabulary:
    """The tokens that a model keeps, in the order of their keys; none where features are hashed."""
    if features.hash_bits:
        return Vocabulary.of([], [])
    return vocabulary.take(np.argsort(type_keys(vocabulary)))


# --- adding models up -----------------------------------------------------------------------


def merged(first: NaiveBayes, second: NaiveBayes) -> NaiveBayes:
    """The model that training on the texts of both would have given, to the byte.

    A calibration does not survive: it was fitted to the separate models.
    Raises ModelError when they were trained with different settings, or one was pruned.
    """
    for name in ("analysis", "features", "settings"):
        mine, theirs = getattr(first, name).to_record(), getattr(second, name).to_record()
        if different := [field for field in mine if mine[field] != theirs[field]]:
            field = different[0]
            raise ModelError(
                f"the models differ in {field}: {mine[field]!r} and {theirs[field]!r}",
                hint="models add up when they were trained with the same options"
                + (f"; name what the texts decided: {_DECIDED[field]}" if field in _DECIDED else ""),
            )
    if first.pruned or second.pruned:
        raise ModelError(
            "a pruned model has lost counts and cannot be added to",
            hint="train without --prune, merge, then prune",
        )
    labels = tuple(sorted({*first.labels, *second.labels}))
    one, other = (each.counts.of_classes(each.labels, labels) for each in (first, second))
    documents = [of_classes(each.documents, each.labels, labels) for each in (first, second)]
    return dataclasses.replace(
        first,
        labels=labels,
        documents=documents[0] + documents[1],
        counts=one.plus(other),
        names=functools.partial(_joined, first, second),
        calibration=None,
    )


def _joined(first: NaiveBayes, second: NaiveBayes) -> Vocabulary:
    return Tokens.of(first.vocabulary).plus(Tokens.of(second.vocabulary)).in_order()


# --- from counts to weights -----------------------------------------------------------------


def multinomial_ratios(
    model: NaiveBayes, counts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P(feature | class) as what stands above [F, C] and below [C] the line."""
    (seen, features), alpha = model.totals, model.alpha
    return np.asarray(counts + alpha, np.float64), np.asarray(seen + alpha * features, np.float64)


def _multinomial(model: NaiveBayes, counts: NDArray[np.int64]) -> NDArray[np.float64]:
    above, below = multinomial_ratios(model, counts)
    with np.errstate(divide="ignore"):
        weights = np.log(above)
        weights -= np.log(below)
    return np.asarray(weights)


def _bernoulli(model: NaiveBayes, counts: NDArray[np.int64]) -> NDArray[np.float64]:
    alpha = model.alpha
    present = (counts + alpha) / (model.documents + 2 * alpha)
    return np.asarray(np.log(present) - np.log1p(-present))


def _complement(model: NaiveBayes, counts: NDArray[np.int64]) -> NDArray[np.float64]:
    (seen, features), alpha = model.totals, model.alpha
    others = counts.sum(axis=1, keepdims=True) - counts + alpha
    return np.asarray(np.log(seen.sum() - seen + alpha * features) - np.log(others))


_WEIGHTS = {
    "multinomial": _multinomial,
    "binary-multinomial": _multinomial,
    "bernoulli": _bernoulli,
    "complement": _complement,
}
