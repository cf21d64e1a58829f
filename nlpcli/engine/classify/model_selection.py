"""Choosing and checking a classifier: held-out texts, cross-validation, a search for settings.

Texts are read and encoded once; every fold and every trial runs over the same ids.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify import naive_bayes
from nlpcli.engine.classify.classifier import Classifier, measure
from nlpcli.engine.classify.examples import Examples, folds, held_out
from nlpcli.engine.classify.metrics import Evaluation
from nlpcli.engine.classify.training import train
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import AnalysisSettings

_TUNING_TEXTS = 30_000  # a search looks at no more than these
_TUNING_FOLDS = 3


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
    return [
        _measured_without(examples, part, analysis, features, settings, progress)
        for part in folds(examples, number, settings.seed)
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


# --- a search for settings ------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """Settings that were tried, and the accuracy they had in cross-validation."""

    features: FeatureSettings
    settings: NaiveBayesSettings
    accuracy: float

    def describe(self) -> str:
        """As options of the command line."""
        chosen = [f"--variant {self.settings.variant}", f"--alpha {self.settings.alpha:g}"]
        if self.settings.variant == "nbsvm":
            chosen.append(f"--cost {self.settings.cost:g}")
        chosen += [f"--ngrams {self.features.ngrams}", f"--char-ngrams {self.features.char_ngrams}"]
        return " ".join(chosen)


def autotune(
    examples: Examples,
    seconds: float,
    analysis: AnalysisSettings,
    features: FeatureSettings,
    settings: NaiveBayesSettings,
    progress: Progress = SILENT,
) -> list[Trial]:
    """Variants, smoothing and n-gram ranges tried for about `seconds`; the best one first.

    Cross-validated in three parts on at most 30,000 of the texts. At least one trial is made.
    """
    until = time.monotonic() + seconds
    if len(examples.labels) > _TUNING_TEXTS:
        sample = held_out(examples, _TUNING_TEXTS / len(examples.labels), settings.seed)
        examples = examples.chosen(sample)
    parts = list(folds(examples, _TUNING_FOLDS, settings.seed))
    trials: list[Trial] = []
    for tried in _feature_choices(examples, features, settings):
        for group in _setting_choices(settings):
            if trials and time.monotonic() > until:
                return sorted(trials, key=lambda trial: -trial.accuracy)
            trials += _try(examples, parts, analysis, tried, group)
            progress.update(
                "tuning", seconds - max(until - time.monotonic(), 0), seconds, f"{len(trials)} tried"
            )
    return sorted(trials, key=lambda trial: -trial.accuracy)


def _feature_choices(
    examples: Examples, features: FeatureSettings, settings: NaiveBayesSettings
) -> Iterator[FeatureSettings]:
    usual = naive_bayes.resolved(features, settings, examples.corpus.vocabulary)
    usual = dataclasses.replace(usual, binary=features.binary)
    chars = ["2-4", "1-5", "2-6", "0"] if usual.char_ngrams != "0" else ["0", "2-4"]
    seen = set()
    for char in chars:
        for word in ("1-3", "1-2", "1"):
            choice = dataclasses.replace(usual, ngrams=word, char_ngrams=char)
            if choice not in seen:
                seen.add(choice)
                yield choice


def _setting_choices(settings: NaiveBayesSettings) -> Iterator[list[NaiveBayesSettings]]:
    """Settings in groups that need the same counts; nbsvm by itself."""
    alphas = (0.5, 1.0, 0.2, 0.05, 2.0)
    yield [dataclasses.replace(settings, variant="binary-multinomial", alpha=alpha) for alpha in alphas]
    yield [
        dataclasses.replace(settings, variant=variant, alpha=alpha)
        for variant in ("multinomial", "complement")
        for alpha in alphas
    ]
    for cost in (1.0, 0.3, 3.0):
        yield [dataclasses.replace(settings, variant="nbsvm", alpha=1.0, cost=cost)]


def _try(
    examples: Examples,
    parts: Sequence[NDArray[np.bool_]],
    analysis: AnalysisSettings,
    features: FeatureSettings,
    group: Sequence[NaiveBayesSettings],
) -> list[Trial]:
    """The accuracy of each settings of a group, whose features are counted once per part."""
    right = np.zeros(len(group))
    for part in parts:
        rest, test = examples.only(~part), examples.chosen(part)
        model = train(rest, analysis, features, group[0])
        classifier = Classifier(model)
        for number, settings in enumerate(group):
            if isinstance(model, naive_bayes.NaiveBayes):
                classifier.reweigh(dataclasses.replace(model, settings=settings))
            scores, _ = classifier.scores(test.corpus)
            right[number] += (scores.argmax(axis=1) == test.labels).sum()
    counted = sum(int(part.sum()) for part in parts)
    return [
        Trial(features, settings, float(hits) / counted) for settings, hits in zip(group, right, strict=True)
    ]
