from __future__ import annotations

import numpy as np
import pytest

from nlpcli.engine.classify import naive_bayes, nbsvm
from nlpcli.engine.classify.automatic_features import resolved
from nlpcli.engine.classify.classifier import Classifier, load_model
from nlpcli.engine.classify.examples import examples_of
from nlpcli.engine.classify.linear import LinearModel
from nlpcli.engine.classify.pruning import prune
from nlpcli.engine.kernels.classify import nbsvm as kernel
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import AnalysisSettings

PLAIN = AnalysisSettings(lowercase=True)
WORDS = FeatureSettings(ngrams="1", char_ngrams="0")
RANDOM = np.random.default_rng(11)


def made_up(documents=400, classes=2):
    """Texts in which two words out of twenty tell the class, most of the time."""
    labels = RANDOM.integers(0, classes, documents)
    texts = []
    for label in labels:
        words = RANDOM.integers(0, 20, 12).tolist()
        told = label if RANDOM.random() < 0.9 else RANDOM.integers(0, classes)
        texts.append(" ".join([f"w{word}" for word in words] + [f"c{told}", f"d{told}"]))
    return examples_of(texts, [f"class{label}" for label in labels], PLAIN)


def test_weights_are_those_that_liblinear_finds():
    svm = pytest.importorskip("sklearn.svm")
    examples = made_up()
    settings = NaiveBayesSettings(variant="nbsvm", alpha=1.0, cost=0.5, epochs=200)
    model = nbsvm.train(examples, PLAIN, WORDS, settings)
    features = resolved(WORDS, settings.variant, examples.corpus)
    counting = naive_bayes.train(examples, PLAIN, features, NaiveBayesSettings())
    inside = counting.counts.counts[:, 1] + 1.0
    outside = counting.counts.counts[:, 0] + 1.0
    ratio = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
    values = np.zeros((examples.corpus.documents, len(ratio)))
    for first, rows, ends in Classifier(counting).feature_index.rows(examples.corpus):
        for number, some in enumerate(np.split(rows, ends[:-1])):
            values[first + number, some] = ratio[some] / np.sqrt(len(some))
    peer = svm.LinearSVC(C=0.5, dual=True, tol=1e-6, max_iter=20000).fit(values, examples.labels)
    wanted = values @ peer.coef_[0] + peer.intercept_[0]
    scores, _ = Classifier(model).scores(examples.corpus)
    assert np.abs((scores[:, 1] - scores[:, 0]) - wanted).max() < 0.05


@pytest.mark.parametrize("classes", [2, 3])
def test_loaded_model_scores_as_the_saved_one(tmp_path, classes):
    examples = made_up(classes=classes)
    model = nbsvm.train(examples, PLAIN, WORDS, NaiveBayesSettings(variant="nbsvm"))
    model.save(tmp_path / "m")
    loaded = load_model(tmp_path / "m")
    assert isinstance(loaded, LinearModel)
    scores = Classifier(model).scores(examples.corpus)[0]
    assert (Classifier(loaded).scores(examples.corpus)[0] == scores).all()
    assert (scores.argmax(axis=1) == examples.labels).mean() > 0.85


def test_compiled_descent_agrees_with_python():
    rows = np.array([0, 1, 1, 2, 0, 2], np.int32)
    ends = np.array([2, 4, 6, 6])
    targets = np.array([1.0, -1.0, 1.0, 0.0])
    results = []
    for diagonals, descend in (
        (kernel.diagonals, kernel.descend),
        (kernel.diagonals.py_func, kernel.descend.py_func),
    ):
        state = np.zeros((3, 2), np.float32)
        state[:, 1] = (0.5, 1.0, 2.0)
        norms, diagonal, alphas, bias = np.zeros((2, 4)), np.full(4, 1.5), np.zeros(4), np.zeros(1)
        kinds = (rows, ends, rows[::-1].copy(), np.array([1, 1, 4, 6]))
        diagonals(*kinds[:2], 0, state, norms[0], diagonal)
        assert diagonal[0] == 1.5 / 2 + 1 + 0.5  # Σ r² / n + 1 + 1 / 2C
        diagonals(*kinds[2:], 0, state, norms[1], diagonal)
        assert diagonal[0] == 2.25 + 2.0
        for _ in range(5):
            descend(*kinds, np.arange(4), state, norms, diagonal, targets, alphas, bias, 1.0)
        results.append(np.concatenate([state.ravel(), norms.ravel(), diagonal, alphas, bias]))
    assert np.allclose(*results, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_pruned_model_decides_the_training_texts_as_before(tmp_path, classes):
    examples = made_up(classes=classes)
    model = naive_bayes.train(examples, PLAIN, FeatureSettings(char_ngrams="0"), NaiveBayesSettings())
    smaller = prune(model, examples)
    assert len(smaller.keys) < len(model.keys) / 2
    before, _ = Classifier(model).scores(examples.corpus)
    smaller.save(tmp_path / "m")
    after, _ = Classifier(load_model(tmp_path / "m")).scores(examples.corpus)
    winner = before.argmax(axis=1)
    assert (after.argmax(axis=1) == winner).all()
    places = np.arange(len(winner))[:, None]
    lead_before = before[places, winner[:, None]] - before
    lead_after = after[places, winner[:, None]] - after
    assert (lead_after > lead_before / 2 - 1e-3).all()
