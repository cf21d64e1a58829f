"""Training a classifier from end to end, as `train-nb` does it.

What the variants have in common: which one is trained, calibration on held-out texts,
pruning, and going on from a model.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify import naive_bayes, nbsvm
from nlpcli.engine.classify.calibration import fit
from nlpcli.engine.classify.classifier import Classifier, Trained
from nlpcli.engine.classify.examples import Examples, folds, held_out
from nlpcli.engine.classify.naive_bayes import NaiveBayes, without
from nlpcli.engine.classify.pruning import Found
from nlpcli.engine.classify.pruning import prune as pruned
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.wording import counted

_CALIBRATION_SHARE = 0.1
_CALIBRATION_TEXTS = 20_000
_FEW_TEXTS, _FOLDS = 5_000, 5


def train(
    examples: Examples,
    analysis: AnalysisSettings,
    features: FeatureSettings = FeatureSettings(),
    settings: NaiveBayesSettings = NaiveBayesSettings(),
    *,
    prune: bool = False,
    calibrate: bool = False,
    progress: Progress = SILENT,
) -> Trained:
    """A classifier of whichever variant, pruned and calibrated if wanted.

    For the calibration another model is trained on nine tenths of the texts, or, where they are
    few, five on four fifths each.
    """
    check(settings, prune)
    model: Trained
    if settings.variant == "nbsvm":
        model = nbsvm.train(examples, analysis, features, settings, progress)
    else:
        model = naive_bayes.train(examples, analysis, features, settings, progress)
    whole, rows = model, None
    if prune and isinstance(model, NaiveBayes):
        before, rows = len(model.keys), Found(model, examples)
        model = pruned(model, examples, progress, rows)
        progress.note(
            f"pruned {counted(before, 'feature')} to {len(model.keys):,}; no training text changed its class"
        )
    if not calibrate:
        return model
    seen = []
    for part in _calibration_parts(examples, settings.seed):
        other: Trained
        if isinstance(whole, NaiveBayes):  # whose counts are those of all texts but some at once
            other = without(whole, examples, part)
            other = other if rows is None else pruned(other, examples, found=rows)
        else:
            other = train(examples.only(~part), analysis, features, settings)
        test = examples.chosen(part)
        seen.append((*Classifier(other).scores(test.corpus), test.labels))
    scores, found, labels = (np.concatenate(arrays) for arrays in zip(*seen, strict=True))
    return dataclasses.replace(model, calibration=fit(scores, found, labels))


def _calibration_parts(examples: Examples, seed: int) -> list[NDArray[np.bool_]]:
    """Texts to hold out in turn: a tenth of many, each fifth of a few."""
    texts = len(examples.labels)
    if texts < _FEW_TEXTS and int(examples.documents_per_class().min()) >= _FOLDS:
        return list(folds(examples, _FOLDS, seed))
    return [held_out(examples, min(_CALIBRATION_SHARE, _CALIBRATION_TEXTS / texts), seed)]


def check(settings: NaiveBayesSettings, prune: bool = False) -> None:
    """Raise SettingsError, before anything is read, for settings that contradict each other."""
    naive_bayes.check_settings(settings)
    if prune and settings.variant == "nbsvm":
        raise SettingsError(
            "--prune does not go with --method nbsvm",
            hint="it keeps only features of support vectors anyway; --min-count 2 makes it smaller",
        )
    if prune and settings.alpha == 0:
        raise SettingsError("--prune needs smoothing: --alpha greater than 0")


def countable(model: Trained, path: str) -> NaiveBayes:
    """The model, if it holds counts, to which more can be added. Raises ModelError otherwise."""
    if isinstance(model, NaiveBayes):
        return model
    variant = (
        "nbsvm learns from all texts at once" if model.normalised else "it was pruned, its counts are gone"
    )
    raise ModelError(
        f"{path} cannot be added to: {variant}",
        hint="train it again on all texts, or use a counting variant without --prune",
    )


def appended(model: NaiveBayes, examples: Examples, progress: Progress = SILENT) -> NaiveBayes:
    """The model after more texts: exactly that of all texts together.

    `examples` must have been read with the model's own analysis.
    """
    more = naive_bayes.train(examples, model.analysis, model.features, model.settings, progress)
    return naive_bayes.merged(model, more)
