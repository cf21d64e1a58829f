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

import dataclasses
import functools

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.automatic_features import LONG_TEXT, resolved
from nlpcli.engine.classify.document_rows import count_rows
from nlpcli.engine.classify.examples import Examples
from nlpcli.engine.classify.linear import LinearModel
from nlpcli.engine.classify.naive_bayes import check_settings, names_of_features
from nlpcli.engine.classify.support_vectors import Problem, solved
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import InputError
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import AnalysisSettings

_BLOCK = 1 << 16  # rows moved at a time
# What is done where texts are long (`_for_long_texts`), chosen on training texts that were held out.
_LONG_ALPHA, _MANY_TEXTS = 0.2, 100


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
    if settings.alpha is None and _are_many_long_texts(examples):
        settings, features = _for_long_texts(settings, features)
    apart = features.char_span == "word" and len(features.kinds()) == 2
    kinds = features.kinds() if apart else (features,)
    found, rows = count_rows(examples, kinds, features.min_docs, progress)
    if not len(found.keys):
        raise InputError(
            f"no feature is left: none was seen {features.min_docs:,} times (--min-count)",
            hint="use a smaller --min-count or more text",
        )
    learnt, bias = solved(Problem(examples, found, rows, settings), progress)
    decisive = np.asarray(learnt.any(axis=1))  # the others stand in no support vector
    kept = decisive[found.numbers]
    keys, numbers = found.keys[kept], found.numbers[kept]
    decisive &= np.bincount(numbers, minlength=len(decisive)) > 0  # many texts have no feature alone
    places: NDArray[np.int32] | None = (np.cumsum(decisive, dtype=np.int32) - 1)[numbers]
    learnt = _kept(learnt, decisive)
    if learnt.nbytes + numbers.nbytes >= len(keys) * learnt.itemsize * learnt.shape[1]:
        learnt, places = learnt[places], None  # a row for each feature is less
    return LinearModel(
        examples.names,
        keys,
        learnt,
        bias,
        True,
        functools.partial(names_of_features, examples.corpus.vocabulary, features),
        analysis,
        features,
        settings,
        apart=apart,
        places=places,
    )


def _are_many_long_texts(examples: Examples) -> bool:
    documents = len(examples.labels)
    return documents >= _MANY_TEXTS and len(examples.corpus.ids) >= LONG_TEXT * documents


def _for_long_texts(
    settings: NaiveBayesSettings, features: FeatureSettings
) -> tuple[NaiveBayesSettings, FeatureSettings]:
    """Hundreds of a long text's features are its own: they alone would tell it from the others, and nothing
    were learnt of those that it shares. They are left out. And there are so many features that 1 added to
    each would outweigh what was counted in a class, so that frequent words seem to speak against it."""
    return (
        dataclasses.replace(settings, alpha=_LONG_ALPHA),
        dataclasses.replace(features, min_docs=max(features.min_docs, 2)),
    )


def _kept(learnt: Floats, kept: NDArray[np.bool_]) -> Floats:
    """The rows that are kept, moved together in place: there is no copy, and `learnt` is used up."""
    total = 0
    for first in range(0, len(learnt), _BLOCK):
        some = learnt[first : first + _BLOCK][kept[first : first + _BLOCK]]
        learnt[total : total + len(some)] = some
        total += len(some)
    return learnt[:total]
