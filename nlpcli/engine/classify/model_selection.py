"""Choosing and checking a classifier: held-out texts, cross-validation, a search for settings.

Texts are read and encoded once; every fold and every trial runs over the same ids.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.automatic_features import resolved
from nlpcli.engine.classify.classifier import Classifier, Trained, measure
from nlpcli.engine.classify.examples import Examples, folds, held_out
from nlpcli.engine.classify.metrics import Evaluation
from nlpcli.engine.classify.naive_bayes import NaiveBayes, without
from nlpcli.engine.classify.training import train
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.settings.classify import AUTO, FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import AnalysisSettings

_TUNING_TEXTS = 30_000  # a search looks at no more than these
_TUNING_FOLDS = 3
_STANDARD_ERRORS = 2


def on_held_out(
    examples: Examples,
    share: float,
    analysis: AnalysisSettings,
    features: FeatureSettings,
    settings: NaiveBayesSettings,
    progress: Progress = SILENT,
) -> Evaluation:
    """Train on all but a random `share` of the texts, measure on that."""
    return _measured_without(
        examples, held_out(examples, share, settings.seed), analysis, features, settings, progress
    )


def cross_validate(
    examples: Examples,
    number: int,
    analysis: AnalysisSettings,
    features: FeatureSettings,
    settings: NaiveBayesSettings,
    progress: Progress = SILENT,
) -> list[Evaluation]:
    """Each of `number` parts measured with a model trained on the others."""
    parts = list(folds(examples, number, settings.seed))
    return [
        measure(Classifier(model), examples.chosen(part), progress)[0]
        for part, model in zip(
            parts, _trained_without(examples, parts, analysis, features, settings, progress), strict=True
        )
    ]


def pooled(evaluations: Sequence[Evaluation]) -> Evaluation:
    """All folds as one evaluation; the calibration error is their mean."""
    errors = [evaluation.calibration_error for evaluation in evaluations]
    known = [error for error in errors if error is not None]
    confusion = np.sum([evaluation.confusion for evaluation in evaluations], axis=0)
    return Evaluation(evaluations[0].labels, confusion, sum(known) / len(known) if known else None)


def _measured_without(
    examples: Examples,
    part: NDArray[np.bool_],
    analysis: AnalysisSettings,
    features: FeatureSettings,
    settings: NaiveBayesSettings,
    progress: Progress,
) -> Evaluation:
    model = train(examples.only(~part), analysis, features, settings, progress=progress)
    return measure(Classifier(model), examples.chosen(part), progress)[0]


def _trained_without(
    examples: Examples,
    parts: Sequence[NDArray[np.bool_]],
    analysis: AnalysisSettings,
    features: FeatureSettings,
    settings: NaiveBayesSettings,
    progress: Progress = SILENT,
) -> Iterator[Trained]:
    """A model for each part, of all texts but those: where models are counts, they are made once for all."""
    whole = (
        None
        if settings.variant == "nbsvm"
        else train(examples, analysis, features, settings, progress=progress)
    )
    for part in parts:
        if isinstance(whole, NaiveBayes):
            yield without(whole, examples, part)
        else:
            yield train(examples.only(~part), analysis, features, settings, progress=progress)


# --- a search for settings ------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """Settings that were tried, and the accuracy they had in cross-validation."""

    features: FeatureSettings
    settings: NaiveBayesSettings
    accuracy: float
    right: NDArray[np.bool_] = field(repr=False, compare=False, default_factory=lambda: np.zeros(0, np.bool_))

    def describe(self) -> str:
        """As options of the command line."""
        chosen = [f"--method {self.settings.variant}"]
        if self.settings.alpha is not None:
            chosen.append(f"--alpha {self.settings.alpha:g}")
        if self.settings.variant == "nbsvm":
            chosen.append(f"--cost {self.settings.cost:g}")
        chosen += [f"--ngrams {self.features.ngrams}", f"--char-ngrams {self.features.char_ngrams}"]
        return " ".join(chosen)

    def surely_better(self, other: Trial) -> bool:
        """Whether it got more texts right, by two standard errors of the difference (McNemar 1947): the best
        of many trials looks better than it is."""
        won, lost = int((self.right & ~other.right).sum()), int((other.right & ~self.right).sum())
        return bool(won - lost > _STANDARD_ERRORS * np.sqrt(won + lost))


def autotune(
    examples: Examples,
    seconds: float,
    analysis: AnalysisSettings,
    features: FeatureSettings,
    settings: NaiveBayesSettings,
    progress: Progress = SILENT,
) -> list[Trial]:
    """Variants, smoothing and n-gram ranges tried for about `seconds`; the one to take first, then the best.

    Cross-validated in three parts on at most 30,000 of the texts. The settings as they are given are tried
    first, and stay unless something is surely better. Of the features only what is `auto` is varied.
    """
    until = time.monotonic() + seconds
    if len(examples.labels) > _TUNING_TEXTS:
        sample = held_out(examples, _TUNING_TEXTS / len(examples.labels), settings.seed)
        examples = examples.chosen(sample)
    parts = list(folds(examples, _TUNING_FOLDS, settings.seed))
    trials: list[Trial] = []
    for tried, group in _choices(examples, features, settings):
        if trials and time.monotonic() > until:
            break
        trials += _try(examples, parts, analysis, tried, group)
        progress.update("tuning", seconds - max(until - time.monotonic(), 0), seconds, f"{len(trials)} tried")
    usual = trials[0]
    ranked = sorted(trials, key=lambda trial: -trial.accuracy)
    chosen = next((trial for trial in ranked if trial.surely_better(usual)), usual)
    return [chosen, *(trial for trial in ranked if trial is not chosen)]


def why(trials: Sequence[Trial]) -> str:
    """What to add where settings were chosen though others had a higher accuracy."""
    better = sum(trial.accuracy > trials[0].accuracy for trial in trials)
    if not better:
        return ""
    return (
        f"; of {better} with a higher accuracy none is surely better than the settings as they came "
        f"({_STANDARD_ERRORS} standard errors)"
    )


def _choices(
    examples: Examples, features: FeatureSettings, settings: NaiveBayesSettings
) -> Iterator[tuple[FeatureSettings, list[NaiveBayesSettings]]]:
    """Features, and settings that need the same counts of them: first as they come, then all combinations."""

    def as_they_come(variant: str) -> FeatureSettings:
        return dataclasses.replace(resolved(features, variant, examples.corpus), binary=features.binary)

    groups = _setting_groups(settings)
    first = as_they_come(settings.variant)
    yield first, [settings]
    linear = as_they_come("nbsvm")
    for group in groups:
        yield linear if group[0].variant == "nbsvm" else first, group
    chars = ["2-4", "1-5", "2-6", "0"] if first.char_span == "text" else ["0", "2-5", "1-4"]
    words = ["1-3", "1-2", "1"] if features.ngrams == AUTO else [features.ngrams]
    for char in chars if features.char_ngrams == AUTO else [features.char_ngrams]:
        for word in words:
            if char == word == "0":
                continue
            choice = dataclasses.replace(first, ngrams=word, char_ngrams=char)
            for group in groups:
                if choice != (linear if group[0].variant == "nbsvm" else first):
                    yield choice, group


def _setting_groups(settings: NaiveBayesSettings) -> list[list[NaiveBayesSettings]]:
    """Settings in groups that need the same counts; nbsvm by itself. First each variant as it comes, since
    which is best depends on the texts more than how it is smoothed."""
    alphas = (0.5, 1.0, 0.2, 0.05, 2.0)
    counted = ("multinomial", "complement")

    def group(*variants: str, alphas: Sequence[float | None] = (None,)) -> list[NaiveBayesSettings]:
        return [
            dataclasses.replace(settings, variant=variant, alpha=alpha)  # type: ignore[arg-type]
            for variant in variants
            for alpha in alphas
        ]

    support_vectors = group("nbsvm")
    groups = [
        group("binary-multinomial"),
        support_vectors,
        group(*counted),
        group("binary-multinomial", alphas=alphas),
        group(*counted, alphas=alphas),
        *([dataclasses.replace(support_vectors[0], cost=cost)] for cost in (0.3, 3.0)),
    ]
    return [group for group in groups if group != [settings]]


def _try(
    examples: Examples,
    parts: Sequence[NDArray[np.bool_]],
    analysis: AnalysisSettings,
    features: FeatureSettings,
    group: Sequence[NaiveBayesSettings],
) -> list[Trial]:
    """The accuracy of each settings of a group, whose features are counted once per part."""
    right = np.zeros((len(group), len(examples.labels)), np.bool_)
    models = _trained_without(examples, parts, analysis, features, group[0])
    for part, model in zip(parts, models, strict=True):
        test = examples.chosen(part)
        classifier = Classifier(model)
        for number, settings in enumerate(group):
            if isinstance(model, NaiveBayes):
                classifier.reweigh(dataclasses.replace(model, settings=settings))
            scores, _ = classifier.scores(test.corpus)
            right[number, part] = scores.argmax(axis=1) == test.labels
    counted = sum(int(part.sum()) for part in parts)
    return [
        Trial(features, settings, float(hits.sum()) / counted, hits)
        for settings, hits in zip(group, right, strict=True)
    ]
