from __future__ import annotations

import numpy as np
import pytest

from nlpcli.engine.classify import features
from nlpcli.engine.classify.classifier import Classifier
from nlpcli.engine.classify.examples import examples_of
from nlpcli.engine.classify.explanations import Namer, explain, telling_features
from nlpcli.engine.classify.training import train
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import AnalysisSettings

PLAIN = AnalysisSettings(lowercase=True)
ROWS = [
    *[("pos", "a good film, good fun"), ("pos", "정말 재미있는 영화"), ("pos", "good story")] * 3,
    *[("neg", "a bad film"), ("neg", "돈이 아까운 영화"), ("neg", "bad, dull story")] * 3,
    *[("meh", "그저 그런 영화"), ("meh", "so so film")] * 3,
]
EXAMPLES = examples_of([text for _, text in ROWS], [label for label, _ in ROWS], PLAIN)
BOTH = FeatureSettings(ngrams="1-2", char_ngrams="2-3")


@pytest.mark.parametrize("variant", ["multinomial", "binary-multinomial", "bernoulli", "complement", "nbsvm"])
def test_tokens_log_odds_add_up_to_those_of_the_whole_text(variant):
    classifier = Classifier(train(EXAMPLES, PLAIN, BOTH, NaiveBayesSettings(variant=variant)))
    corpus = classifier.encode([["a good good film nobody saw", "정말 아까운 영화", "", "unknown"]])
    scores, _ = classifier.scores(corpus)
    for reason, row in zip(explain(classifier, corpus), scores, strict=True):
        rival, best = np.sort(row)[-2:]
        assert reason.label == classifier.labels[int(row.argmax())]
        assert reason.start + sum(odds for _, odds in reason.tokens) == pytest.approx(best - rival)


@pytest.mark.parametrize("variant", ["multinomial", "binary-multinomial", "bernoulli", "nbsvm"])
@pytest.mark.parametrize("alpha", [None, 0.0])
def test_reasons_are_those_of_each_text_alone(variant, alpha, monkeypatch):
    if alpha == 0 and "multinomial" not in variant:
        variant = "multinomial"
    monkeypatch.setattr(features, "_LITTLE", 20)  # several batches
    model = train(EXAMPLES, PLAIN, BOTH, NaiveBayesSettings(variant=variant, alpha=alpha))
    texts = [*(text for _, text in ROWS), "", "unknown", "bad good bad fun story", "영화 " * 9]
    together = list(explain(Classifier(model), Classifier(model).encode([texts])))
    assert len(list(features.FeatureExtractor(EXAMPLES.corpus, BOTH).chunks())) > 1
    for text, reason in zip(texts, together, strict=True):
        alone = Classifier(model)
        (expected,) = explain(alone, alone.encode([[text]]))
        assert repr(reason) == repr(expected)  # where ∞ meets ∞ there is no number


def test_token_that_speaks_for_the_class_comes_first():
    classifier = Classifier(train(EXAMPLES, PLAIN, BOTH, NaiveBayesSettings()))
    (reason,) = explain(classifier, classifier.encode([["the good old film"]]))
    assert (reason.label, reason.strongest(1)[0][0]) == ("pos", "good")
    assert [token for token, _ in reason.tokens] == ["the", "good", "old", "film"]


def test_calibration_scales_the_reasons_too():
    model = train(EXAMPLES, PLAIN, BOTH, NaiveBayesSettings(), calibrate=True)
    classifier = Classifier(model)
    corpus = classifier.encode([["good film"]])
    (reason,) = explain(classifier, corpus)
    chances = np.sort(classifier.predict(corpus).probabilities[0])
    odds = reason.start + sum(odds for _, odds in reason.tokens)
    assert odds == pytest.approx(np.log(chances[-1] / chances[-2]))


@pytest.mark.parametrize("variant", ["multinomial", "nbsvm"])
def test_every_feature_gets_its_name_back(variant):
    model = train(EXAMPLES, PLAIN, BOTH, NaiveBayesSettings(variant=variant))
    names = [Namer(model).name(key) for key in model.keys]
    assert not [name for name in names if name.startswith("#")]
    assert len(set(names)) == len(names)
    assert {"good", "a good", "‹영화›", "‹은영›"} & set(names)


def test_most_telling_features_are_named_with_their_counts():
    model = train(EXAMPLES, PLAIN, FeatureSettings(ngrams="1-2", char_ngrams="0"), NaiveBayesSettings())
    found = {(one.label, one.text): (one.inside, one.outside) for one in telling_features(model, 2)}
    assert found["pos", "good"] == (6, 0)
    assert found["neg", "bad"] == (6, 0)
    assert len(found) == 6


def test_hashed_features_are_numbers():
    model = train(EXAMPLES, PLAIN, FeatureSettings(hash_bits=12), NaiveBayesSettings())
    assert telling_features(model, 1)[0].text.startswith("#")
