"""What a classifier looks at where nobody said, and what it makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from nlpcli.engine.classify import naive_bayes, nbsvm, support_vectors
from nlpcli.engine.classify.automatic_features import resolved
from nlpcli.engine.classify.classifier import Classifier
from nlpcli.engine.classify.examples import examples_of
from nlpcli.engine.classify.explanations import Namer, explain
from nlpcli.engine.classify.features import FeatureIndex
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import LOWERCASE

SYLLABLES = ["ka", "lo", "mi", "ru", "se", "to", "vi", "na", "po", "dze"]
ENDINGS = {"one": ["ski", "cki", "wicz"], "other": ["son", "sen", "ström"]}


def names(number, words=1, seed=3):
    """Names that hardly ever come twice, whose endings tell the class."""
    random = np.random.default_rng(seed)
    texts, labels = [], []
    for place in range(number):
        label = ("one", "other")[place % 2]
        parts = [
            "".join(random.choice(SYLLABLES, 3)) + str(random.choice(ENDINGS[label])) for _ in range(words)
        ]
        texts.append(" ".join(parts))
        labels.append(label)
    return texts, labels


def decided(texts, variant, **given):
    corpus = examples_of(texts, ["a"] * len(texts), LOWERCASE).corpus
    found = resolved(FeatureSettings(**given), variant, corpus)
    return found.ngrams, found.char_ngrams, found.char_span


SHORT = ["what is the name of the river", "who is the king of the land", "what is the land"] * 4
LONG = [" ".join(["the", "story", "of", "a", "land", "and", "its", "king"] * 6)] * 4


@pytest.mark.parametrize("variant", ["multinomial", "binary-multinomial", "bernoulli", "complement"])
def test_counting_variants_look_at_words_and_at_the_letters_of_names(variant):
    assert decided(SHORT, variant) == ("1-2", "0", "word")
    assert decided(LONG, variant) == ("1-3", "0", "word")
    assert decided(names(50)[0], variant) == ("1-2", "2-5", "word")
    assert decided(names(50, words=3)[0], variant) == ("1-2", "2-5", "word")
    assert decided(["영화가 재미있다", "배우가 좋다"], variant) == ("1-2", "2-4", "text")


def test_nbsvm_looks_at_the_letters_of_short_texts():
    assert decided(SHORT, "nbsvm") == ("1-2", "2-5", "word")
    assert decided(LONG, "nbsvm") == ("1-3", "0", "word")
    assert decided(["영화가 재미있다", "배우가 좋다"], "nbsvm") == ("1-2", "2-4", "text")


def test_skip_grams_come_with_nbsvm_and_short_texts():
    def skips(texts, variant, **given):
        corpus = examples_of(texts, ["a"] * len(texts), LOWERCASE).corpus
        return resolved(FeatureSettings(**given), variant, corpus).skip_grams

    assert skips(SHORT, "nbsvm") and not skips(LONG, "nbsvm") and not skips(SHORT, "multinomial")
    assert not skips(SHORT, "nbsvm", ngrams="1-2") and skips(LONG, "multinomial", skip_grams=True)
    assert not skips(["영화가 재미있다", "배우가 좋다"], "nbsvm")


def test_the_edges_of_sentences_tell_and_those_of_keywords_do_not():
    def edges(texts, **given):
        corpus = examples_of(texts, ["a"] * len(texts), LOWERCASE).corpus
        return resolved(FeatureSettings(**given), "nbsvm", corpus).edges

    sentences = [f"who is the king of w{number}" for number in range(50)]
    assert edges(sentences) and not edges(sentences, ngrams="1-2") and not edges(names(400)[0])
    with pytest.raises(SettingsError, match="--edges goes with"):
        FeatureSettings(edges=True)


@pytest.mark.parametrize("edges", [False, True])
def test_skip_grams_are_counted_named_and_shared_out(edges):
    texts, labels = ["who is the king", "where is the sea", "is"], ["person", "place", "place"]
    examples = examples_of(texts, labels, LOWERCASE)
    settings = FeatureSettings(ngrams="1", char_ngrams="0", skip_grams=True, edges=edges)
    model = naive_bayes.train(examples, LOWERCASE, settings)
    namer = Namer(model)
    found = {
        namer.name(key): counts.tolist() for key, counts in zip(model.keys, model.counts.counts, strict=True)
    }
    at_edges = {
        "^ … is": [1, 1], "king $": [1, 0], "sea $": [0, 1], "is $": [0, 1], "the … $": [1, 1],
    }  # fmt: skip
    assert {name: counts for name, counts in found.items() if " " in name} == {
        "^ who": [1, 0], "^ where": [0, 1], "^ is": [0, 1],
        "who … the": [1, 0], "is … king": [1, 0], "where … the": [0, 1], "is … sea": [0, 1],
        **(at_edges if edges else {}),
    }  # fmt: skip
    assert len(found) == 7 + 6 + (5 if edges else 0)
    classifier = Classifier(model)
    scores, _ = classifier.scores(examples.corpus)
    for number, reason in enumerate(explain(classifier, examples.corpus)):
        whole = reason.start + sum(odds for _, odds in reason.tokens)
        assert whole == pytest.approx(abs(scores[number, 0] - scores[number, 1]))


def test_what_is_given_stays():
    assert decided(names(50)[0], "nbsvm", ngrams="1", char_ngrams="3", char_span="text") == ("1", "3", "text")
    assert decided(names(50)[0], "nbsvm", char_ngrams="0") == ("1-2", "0", "word")


def test_commands_of_few_words_that_come_again_are_no_names():
    assert decided(["lights on", "lights off", "lights on"] * 3, "multinomial")[1] == "0"


@pytest.mark.parametrize("words", [1, 2])
@pytest.mark.parametrize("variant", ["binary-multinomial", "nbsvm"])
def test_new_names_are_told_by_their_letters(variant, words):
    texts, labels = names(400, words)
    examples = examples_of(texts[:300], labels[:300], LOWERCASE)
    train = nbsvm.train if variant == "nbsvm" else naive_bayes.train
    model = train(examples, LOWERCASE, FeatureSettings(), NaiveBayesSettings(variant=variant))
    found = Classifier(model).classify(texts[300:])
    assert np.mean([one == label for one, label in zip(found, labels[300:], strict=True)]) > 0.95


def test_models_whose_texts_decided_otherwise_say_what_to_name():
    one, other = (
        naive_bayes.train(examples_of(texts, ["a", "b"] * (len(texts) // 2), LOWERCASE), LOWERCASE)
        for texts in (SHORT, LONG)
    )
    with pytest.raises(ModelError) as refused:
        naive_bayes.merged(one, other)
    assert "--ngrams" in (refused.value.hint or "")


# --- smoothing that was not given ---------------------------------------------------------------


def test_smoothing_adds_no_more_to_a_class_than_was_counted_in_one():
    examples = examples_of(["a b", "c d e f"], ["x", "y"], LOWERCASE)
    words = FeatureSettings(ngrams="1", char_ngrams="0")
    model = naive_bayes.train(examples, LOWERCASE, words)
    assert model.alpha == pytest.approx((2 + 4) / 2 / 6)  # 3 counts a class, 6 features
    often = naive_bayes.train(examples_of(["a a a a", "b b b b"], ["x", "y"], LOWERCASE), LOWERCASE, words,
                              NaiveBayesSettings(variant="multinomial"))  # fmt: skip
    assert often.alpha == 1.0
    given = naive_bayes.train(examples, LOWERCASE, words, NaiveBayesSettings(alpha=0.25))
    assert given.alpha == 0.25
    merged = naive_bayes.merged(model, often_binary := naive_bayes.train(
        examples_of(["a c", "b d"], ["x", "y"], LOWERCASE), LOWERCASE, words))  # fmt: skip
    both = naive_bayes.train(
        examples_of(["a b", "c d e f", "a c", "b d"], ["x", "y", "x", "y"], LOWERCASE), LOWERCASE, words
    )
    assert merged.alpha == both.alpha != often_binary.alpha


# --- words and characters by their own norms ----------------------------------------------------


def test_words_and_letters_are_each_divided_by_the_root_of_their_number():
    texts, labels = names(60, words=3)
    examples = examples_of(texts, labels, LOWERCASE)
    model = nbsvm.train(examples, LOWERCASE, FeatureSettings(), NaiveBayesSettings(variant="nbsvm"))
    assert model.apart
    classifier = Classifier(model)
    scores, found = classifier.scores(examples.corpus)
    wanted = np.tile(classifier.start, (len(texts), 1))
    total = np.zeros(len(texts), np.int64)
    for settings in model.features.kinds():
        for first, rows, ends in FeatureIndex(model.keys, settings).rows(examples.corpus):
            for number, some in enumerate(np.split(rows, ends[:-1])):
                wanted[first + number] += model.weights(some).sum(axis=0) / max(len(some), 1) ** 0.5
                total[first + number] += len(some)
    assert np.abs(scores - wanted).max() < 1e-9
    assert (found == total).all()


def test_the_tokens_shares_still_are_the_whole_log_odds():
    texts, labels = names(60, words=3)
    examples = examples_of(texts, labels, LOWERCASE)
    classifier = Classifier(
        nbsvm.train(examples, LOWERCASE, FeatureSettings(), NaiveBayesSettings(variant="nbsvm"))
    )
    scores, _ = classifier.scores(examples.corpus)
    for number, reason in enumerate(explain(classifier, examples.corpus)):
        one, two = classifier.labels.index(reason.label), classifier.labels.index(reason.rival)
        whole = reason.start + sum(odds for _, odds in reason.tokens)
        assert whole == pytest.approx(scores[number, one] - scores[number, two])


def test_the_weights_are_those_that_liblinear_finds_for_both_kinds(monkeypatch):
    svm = pytest.importorskip("sklearn.svm")
    texts, labels = names(80, words=2)
    examples = examples_of(texts, labels, LOWERCASE)
    settings = NaiveBayesSettings(variant="nbsvm", alpha=1.0, cost=0.5, epochs=3000)
    monkeypatch.setattr(support_vectors, "_TOLERANCE", 1e-7)
    model = nbsvm.train(examples, LOWERCASE, FeatureSettings(), settings)
    counting = naive_bayes.train(examples, LOWERCASE, model.features, NaiveBayesSettings())
    inside, outside = counting.counts.counts[:, 1] + 1.0, counting.counts.counts[:, 0] + 1.0
    ratio = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
    known = np.isin(counting.keys, model.keys)  # what stands in no support vector is not kept
    values, at_work = np.zeros((2, len(texts), len(ratio)))
    for kind in model.features.kinds():
        for first, rows, ends in FeatureIndex(counting.keys, kind).rows(examples.corpus):
            for number, some in enumerate(np.split(rows, ends[:-1]), first):
                values[number, some] = ratio[some] / np.sqrt(max(len(some), 1))
                at_work[number, some] = ratio[some] / np.sqrt(max(known[some].sum(), 1))
    peer = svm.LinearSVC(C=0.5, dual=True, tol=1e-6, max_iter=200000).fit(values, examples.labels)
    wanted = at_work @ peer.coef_[0] + peer.intercept_[0]
    scores, _ = Classifier(model).scores(examples.corpus)
    assert np.abs((scores[:, 1] - scores[:, 0]) - wanted).max() < 0.001
