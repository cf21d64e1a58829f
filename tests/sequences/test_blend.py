"""A network and a linear classifier together: how much of each, files, explanations, what is not let in."""

from __future__ import annotations

import numpy as np
import pytest

from nlpcli.engine import jobs
from nlpcli.engine.classify import naive_bayes, nbsvm
from nlpcli.engine.classify.calibration import log_probabilities
from nlpcli.engine.classify.classifier import Classifier
from nlpcli.engine.classify.examples import examples_of
from nlpcli.engine.classify.training import train
from nlpcli.engine.sequences.blend import fitted, linear_scores, read_blend
from nlpcli.engine.sequences.text_classifier import TextClassifier
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from tests.sequences.test_recurrent_tagger import Silent
from tests.sequences.test_text_classifier import QUICK, SIZES, content, training

pytest.importorskip("torch")

THREE = ["a fine film", "a dull film", "the weather today"] * 12
NAMES = ["good", "bad", "other"] * 12


def linear(texts, labels, variant="nbsvm", **more):
    examples = examples_of(texts, labels, LOWERCASE)
    return train(examples, LOWERCASE, FeatureSettings(), NaiveBayesSettings(variant=variant), **more)


@pytest.mark.parametrize("variant", ["nbsvm", "binary-multinomial", "bernoulli"])
def test_the_factors_make_the_labels_of_held_out_texts_likeliest(variant):
    random = np.random.default_rng(2)
    examples = examples_of(THREE, NAMES, LOWERCASE)
    gold = examples.labels.astype(np.int64)
    # A network that is right two times of three, and a linear classifier that knows half of the texts.
    network = np.eye(3)[np.where(random.random(36) < 0.67, gold, random.integers(0, 3, 36))] * 2
    model = linear(THREE[:18], NAMES[:18], variant)
    found = fitted(model, model, network, examples.corpus, gold)
    parts = log_probabilities(network), linear_scores(Classifier(model), examples.corpus)

    def surprise(a, b):
        pooled = log_probabilities(a * parts[0] + b * parts[1])
        prior = (np.log(a) ** 2 + np.log(b) ** 2) / 8
        return prior - pooled[np.arange(36), gold].sum()

    least = surprise(found.network, found.linear)
    for a, b in ((1.02, 1), (0.98, 1), (1, 1.02), (1, 0.98)):
        assert surprise(found.network * a, found.linear * b) >= least - 1e-6
    both = found.scores(network, examples.corpus)
    assert np.abs(both - found.network * parts[0] - found.linear * parts[1]).max() < 1e-4
    assert 0 < found.share < 1
    assert (both.argmax(axis=1) == gold).mean() >= (network.argmax(axis=1) == gold).mean()


@pytest.mark.parametrize("variant", ["nbsvm", "multinomial"])
def test_of_a_network_without_a_clue_little_is_taken(variant):
    examples = examples_of(THREE, NAMES, LOWERCASE)
    model = linear(THREE, NAMES, variant)
    noise = np.random.default_rng(3).normal(size=(36, 3)) * 3
    found = fitted(model, model, noise, examples.corpus, examples.labels.astype(np.int64))
    assert found.share > 0.7
    assert (found.scores(noise, examples.corpus).argmax(axis=1) == examples.labels).all()


def held(variant="nbsvm"):
    """A training with its blend: the linear one is sure of the texts that hold "superb"."""
    network = type(QUICK)(**{**QUICK.to_record(), "val_frac": 0.25})
    texts = [*["superb"] * 4, *["awful"] * 4, "not good but bad", "not bad but good"] * 3
    labels = [*["pos"] * 4, *["neg"] * 4, "neg", "pos"] * 3
    return training(network=network, epochs=2, blend=linear(texts, labels, variant))


@pytest.mark.parametrize("variant", ["nbsvm", "binary-multinomial"])
def test_a_file_gives_the_same_answers_and_the_tokens_shares_are_the_whole(tmp_path, variant):
    begun = held(variant)
    begun.run(Silent())
    model = begun.best()
    assert model.blend is not None
    model.save(tmp_path / "model")
    loaded = TextClassifier.load(tmp_path / "model")
    texts = ["superb", "awful film", "", "never seen", "not good but bad", "good " * 600 + "superb"]
    assert (loaded.probabilities(texts) == model.probabilities(texts)).all()
    alone = np.exp(log_probabilities(model.network_scores(model.encode([texts]))))
    assert abs(model.probabilities(texts) - alone).max() > 0.01
    corpus = model.encode([texts])
    for text, reason, chance in zip(texts, loaded.explain(corpus), model.probabilities(texts), strict=True):
        assert [token for token, _ in reason.tokens] == text.split()
        odds = reason.start + sum(odds for _, odds in reason.tokens)
        assert odds == pytest.approx(np.log(chance.max() / chance.min()), abs=1e-3)
        assert reason.label == model.labels[int(chance.argmax())]
    again = held(variant)
    again.run(Silent())
    assert content(again.best(), tmp_path / "again") == (tmp_path / "model").read_bytes()


def test_how_much_is_chosen_by_a_twin_that_has_not_seen_what_is_held_out(monkeypatch):
    begun = held()
    seen = []

    def remembered(examples, *rest):
        seen.append(examples)
        return train(examples, *rest)

    monkeypatch.setattr("nlpcli.engine.sequences.classifier_training.train_linear", remembered)
    begun.run(Silent())
    begun.best()
    texts = begun.dev.corpus.documents
    assert len(seen) == 1
    assert seen[0].corpus.documents == 41 - texts
    assert texts > 0


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.tsv"
    path.write_text("label\ttext\n" + "".join(f"{a}\t{b}\n" for a, b in zip(NAMES, THREE, strict=True)))
    return str(path)


def test_the_commands_functions_blend(tmp_path, rows):
    nb, both = str(tmp_path / "nb"), str(tmp_path / "both")
    jobs.train_nb([rows], nb, variant="nbsvm")
    outcome = jobs.train_rnn([rows], both, blend=nb, test=rows, **SIZES)
    assert outcome.evaluations["test"].accuracy == 1.0
    assert jobs.classify(both, THREE[:3]) == NAMES[:3]
    assert jobs.evaluate(both, [rows]).accuracy == 1.0
    dev = jobs.train_rnn([rows], both, blend=nb, dev=rows, val_frac=0, **SIZES)
    assert dev.model.blend is not None


def test_what_cannot_be_blended_is_told(tmp_path, rows):
    nb = str(tmp_path / "nb")
    examples = examples_of(THREE, NAMES, LOWERCASE)
    naive_bayes.train(examples, LOWERCASE).save(nb)
    with pytest.raises(SettingsError, match="--val-frac 0 holds none out"):
        jobs.train_rnn([rows], str(tmp_path / "m"), blend=nb, val_frac=0)
    with pytest.raises(SettingsError, match="tokenizer is 'word' there and 'char' here"):
        jobs.train_rnn([rows], str(tmp_path / "m"), blend=nb, tokenizer="char")
    with pytest.raises(ModelError, match="other classes than the texts: 'good'"):
        read_blend(nb, ("bad", "other"), LOWERCASE)
    with pytest.raises(SettingsError):
        read_blend(nb, ("bad", "good", "other"), AnalysisSettings())
    unsmoothed = NaiveBayesSettings(variant="multinomial", alpha=0)
    naive_bayes.train(examples, LOWERCASE, settings=unsmoothed).save(nb)
    with pytest.raises(ModelError, match="is unsmoothed"):
        read_blend(nb, examples.names, LOWERCASE)
    with pytest.raises(ModelError):
        read_blend(rows, examples.names, LOWERCASE)
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("label\ta\tb\n" + "yes\tone\ttwo\nno\tone\tthree\n" * 5)
    nbsvm.train(examples, LOWERCASE).save(nb)
    with pytest.raises(SettingsError, match="for classes of single texts"):
        jobs.train_rnn([str(pairs)], str(tmp_path / "m"), blend=nb, text_col="a", text2_col="b")
    assert not (tmp_path / "m").exists()
