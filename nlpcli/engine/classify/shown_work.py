"""Naive Bayes written out: every P(feature | class) as a fraction, and a decision as a product of them.

The numbers are those that `naive_bayes.py` and `classifier.py` work with; here they are only named.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.classifier import Classifier, Trained
from nlpcli.engine.classify.explanations import Namer, known_features
from nlpcli.engine.classify.features import FeatureExtractor
from nlpcli.engine.classify.naive_bayes import NaiveBayes, multinomial_ratios
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.io.shown_work import WorkTable, check_shown
from nlpcli.errors import SettingsError

MOST_TEXTS = 20
_MOST_FEATURES, _MOST_CLASSES = 500, 20
_WRITTEN_OUT = ("multinomial", "binary-multinomial")
_FEWER = "words alone are fewer features: --ngrams 1 --char-ngrams 0"


def check_variant(variant: str) -> None:
    """Raise SettingsError for a variant whose decisions are no products of fractions."""
    if variant not in _WRITTEN_OUT:
        raise _not_written_out(variant)


def _not_written_out(variant: str) -> SettingsError:
    return SettingsError(
        f"--show-work writes out the variants {' and '.join(_WRITTEN_OUT)}; this model is {variant}",
        hint="classify --explain tells what each word adds with any variant",
    )


def check_model(model: Trained) -> NaiveBayes:
    """The model, if its decisions are products of fractions. Raises SettingsError, InputError."""
    if not isinstance(model, NaiveBayes):
        raise _not_written_out("nbsvm")
    check_variant(model.settings.variant)
    check_shown("classes", len(model.labels), _MOST_CLASSES)
    return model


def estimates(trained: Trained) -> list[WorkTable]:
    """What was counted in each class, and P(feature | class) of all features, in alphabetical order.

    Raises SettingsError for another variant, InputError for more than can be shown.
    """
    model = check_model(trained)
    check_shown("features", len(model.keys), _MOST_FEATURES, _FEWER)
    namer = Namer(model)
    features = sorted(
        (namer.name(key), *fractions)
        for key, fractions in zip(model.keys, _fractions(model, np.arange(len(model.keys))), strict=True)
    )
    return [_classes(model), WorkTable("features", ["feature", *_given(model)], features)]


def decisions(classifier: Classifier, corpus: EncodedCorpus) -> list[WorkTable]:
    """For each text: P(feature | class) of the features found in it, P(class) times them, and the decision.

    A feature that stands several times is a factor as often; one that no class has seen is left out, as
    the classifier does. `value` is e to the power of the classifier's score.
    """
    model = check_model(classifier.model)
    found, choices = [], []
    scores, _ = classifier.scores(corpus)
    predictions = classifier.predict(corpus)
    extractor, namer = FeatureExtractor(corpus, classifier.feature_index.settings), Namer(model)
    for document in range(corpus.documents):
        rows, _, _ = known_features(classifier.feature_index, extractor, document, document + 1)
        check_shown("features in a text", len(rows), _MOST_FEATURES, _FEWER)
        factors = _fractions(model, rows)
        names = map(namer.name, model.keys[rows])
        found += [(document + 1, name, *row) for name, row in zip(names, factors, strict=True)]
        found += [
            (document + 1, token, *("not in the model" for _ in model.labels))
            for token in _unknown(corpus, document, model)
        ]
        for number, label in enumerate(model.labels):
            written = [_prior(model, number), *(row[number] for row in factors if row[number])]
            choice = label if predictions.labels[document] == number else ""
            value = float(np.exp(scores[document, number]))
            share = float(predictions.probabilities[document, number])
            choices.append((document + 1, label, " × ".join(written), value, share, choice))
    return [
        _classes(model),
        WorkTable("features", ["text", "feature", *_given(model)], found),
        WorkTable("decisions", ["text", "class", "product", "value", "probability", "decision"], choices),
    ]


def _classes(model: NaiveBayes) -> WorkTable:
    """Priors, and what the fractions are made of: (count + alpha) / (counted + alpha × features)."""
    counted, features = model.totals
    rows = [
        (label, int(model.documents[number]), _prior(model, number), int(counted[number]), features,
         float(model.alpha))
        for number, label in enumerate(model.labels)
    ]  # fmt: skip
    return WorkTable("classes", ["class", "texts", "P(c)", "counted", "features", "alpha"], rows)


def _given(model: NaiveBayes) -> list[str]:
    return [f"P(feature|{label})" for label in model.labels]


def _prior(model: NaiveBayes, number: int) -> str:
    if model.settings.prior == "uniform":
        return f"1/{len(model.labels)}"
    return f"{model.documents[number]}/{model.documents.sum()}"


def _fractions(model: NaiveBayes, rows: NDArray[np.int64]) -> list[list[str]]:
    """P(feature | class) of some features [N][C] as text; empty where a feature is too rare to count."""
    counts = model.counts.counts[rows]
    above, below = multinomial_ratios(model, counts)
    used = counts.sum(axis=1) >= model.features.min_docs
    return [
        [f"{top:.6g}/{bottom:.6g}" if used[n] else "" for top, bottom in zip(row, below, strict=True)]
        for n, row in enumerate(above)
    ]


def _unknown(corpus: EncodedCorpus, document: int, model: NaiveBayes) -> list[str]:
    """The words of a text that the model has never seen, each once; none where it does not keep words."""
    if model.features.hash_bits or model.features.word_range[0] != 1:
        return []
    ids = corpus.ids[corpus.offsets[document] : corpus.offsets[document + 1]].tolist()
    words = dict.fromkeys(corpus.vocabulary.tokens[number] for number in ids)
    return [word for word in words if word not in model.vocabulary.id_of]
