from __future__ import annotations

import itertools

import numpy as np
import pytest

from nlpcli.engine.classify.calibration import log_probabilities
from nlpcli.engine.classify.classifier import Classifier
from nlpcli.engine.classify.examples import examples_of
from nlpcli.engine.classify.naive_bayes import NaiveBayes, merged, train
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import AnalysisSettings

PLAIN = AnalysisSettings(lowercase=True)
WORDS = FeatureSettings(ngrams="1", char_ngrams="0")
PAIRS = FeatureSettings(ngrams="1-2", char_ngrams="0")
BOTH = FeatureSettings(ngrams="1-2", char_ngrams="2-3")
UNSMOOTHED = NaiveBayesSettings(variant="multinomial", alpha=0)

NOTES = [
    ("CV", "Image recognition uses convolutional neural networks"),
    ("CV", "Transformer can be used for image classification task"),
    ("NLP", "Language modeling uses transformer"),
    ("NLP", "Document classification task is language task"),
]
REVIEWS = [
    *(("pos", text) for text in ("a good good film", "good fun, 정말 좋아요", "the best film of all", "fun")),
    *(("neg", text) for text in ("a bad film", "bad, bad and dull", "정말 별로예요 the worst", "dull dull")),
    *(("meh", text) for text in ("a film", "neither good nor bad", "그저 그래요")),
]
UNSEEN = ["good", "a dull film nobody saw", "the bad and the good", "정말 좋은 영화", "", "quite unknown"]


def examples(rows=REVIEWS):
    return examples_of([text for _, text in rows], [label for label, _ in rows], PLAIN)


def model_of(rows=REVIEWS, features=BOTH, **settings):
    return train(examples(rows), PLAIN, features, NaiveBayesSettings(**settings))


def scores_of(model, texts):
    classifier = Classifier(model)
    return classifier.scores(classifier.encode([list(texts)]))[0]


def test_notes_example_gives_the_probabilities_and_the_class_of_the_notes():
    model = train(examples(NOTES), PLAIN, WORDS, UNSMOOTHED)
    classifier = Classifier(model)
    words = classifier.encode([["classification task uses transformer"]]).vocabulary.tokens
    of = {word: np.exp(scores_of(model, [word])[0] - model.log_prior()) for word in words}
    for word in words:
        assert of[word][0] == pytest.approx(1 / 14)
    assert [of[word][1] for word in words] == pytest.approx([1 / 10, 2 / 10, 1 / 10, 1 / 10])
    cv, nlp = np.exp(scores_of(model, ["Classification task uses transformer"])[0])
    assert cv == pytest.approx(0.5 * (1 / 14) ** 4)
    assert nlp == pytest.approx(0.0001)
    assert round(cv, 6) == 0.000013


def test_unseen_word_makes_the_unsmoothed_score_zero_and_smoothing_mends_it():
    unsmoothed = train(examples(NOTES), PLAIN, WORDS, UNSMOOTHED)
    assert scores_of(unsmoothed, ["image language"])[0].tolist() == [-np.inf, -np.inf]
    assert np.exp(log_probabilities(scores_of(unsmoothed, ["image language"]))).tolist() == [[0.5, 0.5]]
    smoothed = train(examples(NOTES), PLAIN, WORDS, NaiveBayesSettings(variant="multinomial", alpha=1))
    assert np.isfinite(scores_of(smoothed, ["image language"])).all()


@pytest.mark.parametrize("variant", ["multinomial", "binary-multinomial", "bernoulli", "complement"])
@pytest.mark.parametrize("prior", ["fit", "uniform"])
def test_log_probabilities_are_those_of_scikit_learn(variant, prior):
    naive_bayes = pytest.importorskip("sklearn.naive_bayes")
    text = pytest.importorskip("sklearn.feature_extraction.text")
    peer = {
        "multinomial": naive_bayes.MultinomialNB,
        "binary-multinomial": naive_bayes.MultinomialNB,
        "bernoulli": naive_bayes.BernoulliNB,
        "complement": naive_bayes.ComplementNB,
    }[variant](alpha=0.3, fit_prior=prior == "fit")
    model = model_of(features=PAIRS, variant=variant, alpha=0.3, prior=prior)
    pattern = r"[\w']+"
    vectorizer = text.CountVectorizer(
        ngram_range=(1, 2), token_pattern=pattern, binary=variant in ("binary-multinomial", "bernoulli")
    )
    peer.fit(vectorizer.fit_transform([text for _, text in REVIEWS]), [label for label, _ in REVIEWS])
    texts = [text for _, text in REVIEWS] + UNSEEN
    wanted = peer.predict_log_proba(vectorizer.transform(texts))
    assert list(peer.classes_) == list(model.labels)
    assert np.abs(log_probabilities(scores_of(model, texts)) - wanted).max() < 1e-6


def test_character_ngrams_are_those_of_scikit_learn():
    text = pytest.importorskip("sklearn.feature_extraction.text")
    model = model_of(
        features=FeatureSettings(ngrams="0", char_ngrams="2-4", char_span="word"), variant="multinomial"
    )
    vectorizer = text.CountVectorizer(analyzer="char_wb", ngram_range=(2, 4))
    # sklearn counts a word shorter than n once; here such an n-gram is not there.
    words = [row for row in REVIEWS if all(len(word) >= 2 for word in row[1].split()) and "," not in row[1]]
    model = train(
        examples(words),
        PLAIN,
        FeatureSettings(ngrams="0", char_ngrams="2-4", char_span="word"),
        NaiveBayesSettings(variant="multinomial"),
    )
    counts = vectorizer.fit_transform([text for _, text in words])
    assert len(model.counts) == counts.shape[1]
    assert model.counts.counts.sum() == counts.sum()
    assert sorted(model.counts.counts.sum(axis=1)) == sorted(np.asarray(counts.sum(axis=0))[0])


@pytest.mark.parametrize("features", [BOTH, FeatureSettings(hash_bits=8), FeatureSettings(binary=True)])
def test_merged_models_are_the_model_of_all_texts_to_the_byte(tmp_path, features):
    whole = model_of(features=features)
    parts = [
        model_of(REVIEWS[:4], features),
        model_of(REVIEWS[4:9], features),
        model_of(REVIEWS[9:], features),
    ]
    for number, order in enumerate(itertools.permutations(parts)):
        merged(merged(order[0], order[1]), order[2]).save(tmp_path / f"{number}")
        whole.save(tmp_path / "whole")
        assert (tmp_path / f"{number}").read_bytes() == (tmp_path / "whole").read_bytes()


def test_models_of_different_settings_are_not_merged():
    with pytest.raises(ModelError, match="differ in ngrams"):
        merged(model_of(features=WORDS), model_of(features=PAIRS))
    with pytest.raises(ModelError, match="differ in alpha"):
        merged(model_of(alpha=1.0), model_of(alpha=2.0))


def test_loaded_model_scores_as_the_saved_one_and_saves_the_same_bytes(tmp_path):
    model = model_of()
    model.save(tmp_path / "a")
    loaded = NaiveBayes.load(tmp_path / "a")
    assert (scores_of(loaded, UNSEEN) == scores_of(model, UNSEEN)).all()
    loaded.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_order_of_the_texts_does_not_matter(tmp_path):
    model_of().save(tmp_path / "a")
    model_of(REVIEWS[::-1]).save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_large_counts_survive_the_file(tmp_path):
    model = model_of([("a", "x " * 1000), ("b", "y " * 255 + "x " * 254)], WORDS, variant="multinomial")
    model.save(tmp_path / "m")
    assert NaiveBayes.load(tmp_path / "m").counts.counts.tolist() == model.counts.counts.tolist()
    assert sorted(map(tuple, model.counts.counts.tolist())) == [(0, 255), (1000, 254)]


def test_damaged_counts_are_a_model_error(tmp_path):
    from nlpcli.engine.io.model_file import read_model, write_model

    model_of().save(tmp_path / "m")
    for change in (
        {"features.keys": lambda keys: keys[::-1]},
        {"features.large": lambda large: np.append(large, 300)},
        {"documents": lambda documents: documents[1:]},
    ):
        model = read_model(tmp_path / "m", "naive-bayes")
        tensors = {**model.tensors, **{name: edit(model.tensors[name]) for name, edit in change.items()}}
        write_model(tmp_path / "damaged", "naive-bayes", model.header, tensors)
        with pytest.raises(ModelError):
            NaiveBayes.load(tmp_path / "damaged")
    for name, value in (
        ("labels", ["one"]),
        ("analysis", 3),
        ("calibration", {"scale": "x"}),
        ("features", {"x": 1}),
    ):
        model = read_model(tmp_path / "m", "naive-bayes")
        write_model(tmp_path / "damaged", "naive-bayes", {**model.header, name: value}, model.tensors)
        with pytest.raises(ModelError):
            NaiveBayes.load(tmp_path / "damaged")


def test_alpha_zero_is_refused_where_it_makes_no_sense():
    with pytest.raises(SettingsError, match="--alpha 0"):
        model_of(variant="bernoulli", alpha=0.0)


def test_rare_features_weigh_nothing_and_do_not_count_in_the_smoothing():
    rows = [("a", "x x y"), ("b", "x z")]
    frequent = model_of(rows, FeatureSettings(ngrams="1", char_ngrams="0", min_docs=2), variant="multinomial")
    alone = model_of([("a", "x x"), ("b", "x")], WORDS, variant="multinomial")
    assert scores_of(frequent, ["x y z"]).tolist() == scores_of(alone, ["x"]).tolist()


@pytest.mark.parametrize("text", ["", "2-1", "x", "1-", "-2", "1-99"])
def test_wrong_ngram_range_is_a_settings_error(text):
    with pytest.raises(SettingsError, match="--ngrams"):
        FeatureSettings(ngrams=text)
