"""`--init`: what a network takes over of another, by name; what it refuses; checkpoints."""

import numpy as np
import pytest

from nlpcli.engine import jobs
from nlpcli.engine.classify.examples import examples_of
from nlpcli.engine.sequences import network_checkpoint
from nlpcli.engine.sequences.classifier_training import ClassifierTraining
from nlpcli.engine.sequences.initial_network import InitialNetwork
from nlpcli.engine.sequences.recurrent_training import RecurrentTraining
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.classify import RnnSettings
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.tagging import TaggerSettings
from nlpcli.settings.text import LOWERCASE
from tests.sequences.test_recurrent_tagger import Silent
from tests.sequences.test_text_classifier import LABELS, TEXTS

torch = pytest.importorskip("torch")

SIZES = {"rnn_size": 8, "word_dim": 8, "ngram_dim": 8, "bucket": 100}
QUICK = NetworkTraining(val_frac=0, batch_tokens=30, learning_rate=0.02, dropout=0.1, word_dropout=0.1)
ENGLISH = EncoderSettings(**SIZES)


def classifier(texts=TEXTS, labels=LABELS, epochs=25, encoder=ENGLISH, pooling="attention", **more):
    settings = RnnSettings(epochs=epochs, pooling=pooling)
    return ClassifierTraining(
        examples_of(texts, labels, LOWERCASE), LOWERCASE, settings, encoder, QUICK, **more
    )


def tagger(initial=None):
    sentences = [text.split() for text in TEXTS]
    tags = [["A" if word in ("good", "bad") else "X" for word in sentence] for sentence in sentences]
    return RecurrentTraining(
        sentences, tags, "tag", TaggerSettings(method="rnn", epochs=3), encoder=ENGLISH, training=QUICK,
        initial=initial,
    )  # fmt: skip


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A trained classifier, and the file it was written to."""
    begun = classifier()
    begun.run(Silent())
    path = tmp_path_factory.mktemp("init") / "first.safetensors"
    begun.best().save(path)
    return begun.best(), str(path)


def test_a_training_that_goes_on_from_itself_begins_with_its_answers(first):
    model, path = first
    assert model.classify(TEXTS) == LABELS
    begun = classifier(initial=InitialNetwork.load(path, ENGLISH))
    assert begun.begun_with == "the encoder, 4 of 4 words, the n-grams, the head"
    assert begun.step == 0
    again = begun.best()
    assert (again.probabilities(TEXTS) == model.probabilities(TEXTS)).all()
    begun.run(Silent())  # and learns on
    assert begun.best().classify(TEXTS) == LABELS


def test_words_move_by_name_and_others_stay_as_they_were(first):
    model, path = first
    texts = ["fine but not fine", "poor and bad", "not fine", "bad poor poor"] * 10
    fresh = classifier(texts)
    begun = classifier(texts, initial=InitialNetwork.load(path, ENGLISH))
    assert begun.begun_with == "the encoder, 3 of 6 words, the n-grams, the head"
    known, rows = begun._inputs.known, begun.tables["words"].now
    theirs = dict(zip(("", *model.network.inputs.known), model.network.tables["words"], strict=True))
    taken = {"", "but", "not", "bad"}
    for word, row, other in zip(("", *known), rows, fresh.tables["words"].now, strict=True):
        assert (row == (theirs[word].astype(np.float32) if word in taken else other)).all(), word
    assert (begun.tables["features"].now == model.network.tables["features"].astype(np.float32)).all()
    for name, weight in begun.network.arrays().items():
        assert (weight == model.network.weights[name]).all(), name


def test_the_head_and_the_n_grams_are_taken_only_where_they_mean_the_same(first):
    model, path = first
    for more in (
        {"labels": ["a", "b", "c", "a"] * 10},
        {"labels": ["pos2", "neg2"] * 20},
        {"pooling": "max"},
    ):
        begun = classifier(initial=InitialNetwork.load(path, ENGLISH), **more)
        assert begun.begun_with == "the encoder, 4 of 4 words, the n-grams"
        arrays, fresh = begun.network.arrays(), classifier(**more).network.arrays()
        for name in arrays:
            expected = fresh[name] if name.startswith("head.") else model.network.weights[name]
            assert (arrays[name] == expected).all(), name
    for other in ({"bucket": 50}, {"minn": 2}, {"maxn": 4}, {"jamo": "yes"}):
        encoder = EncoderSettings(**{**SIZES, **other})
        begun = classifier(encoder=encoder, initial=InitialNetwork.load(path, encoder))
        assert begun.begun_with == "the encoder, 4 of 4 words, the head"
        assert (begun.tables["features"].now == classifier(encoder=encoder).tables["features"].now).all()


def test_taggers_and_classifiers_begin_with_each_other(first, tmp_path):
    model, path = first
    begun = tagger(InitialNetwork.load(path, ENGLISH))
    assert begun.begun_with == "the encoder, 4 of 4 words, the n-grams"
    encoder = [name for name in model.network.weights if not name.startswith("head.")]
    assert all((begun.network.arrays()[name] == model.network.weights[name]).all() for name in encoder)
    begun.run(Silent())
    begun.best().save(tmp_path / "tagger")
    again = tagger(InitialNetwork.load(str(tmp_path / "tagger"), ENGLISH))
    assert again.begun_with.endswith("the head")
    sentences = [text.split() for text in TEXTS[:4]]
    assert again.best().tag_with_probabilities(sentences) == begun.best().tag_with_probabilities(sentences)
    assert classifier(initial=InitialNetwork.load(str(tmp_path / "tagger"), ENGLISH)).begun_with


@pytest.mark.parametrize(
    ("other", "message", "hint"),
    [
        ({"rnn_size": 16}, "made with --rnn-size 8, and here it is 16", "add --rnn-size 8"),
        ({"cell": "gru"}, "made with --cell lstm, and here it is gru", "add --cell lstm"),
        ({"bidirectional": False}, "made with --bidirectional", "add --bidirectional"),
        ({"num_layers": 2}, "made with --num-layers 1", "add --num-layers 1"),
        ({"word_dim": 9}, "made with --word-dim 8", "add --word-dim 8"),
        ({"ngram_dim": 9}, "made with --ngram-dim 8", "add --ngram-dim 8"),
    ],
)
def test_other_sizes_are_an_error_that_says_what_to_give(first, other, message, hint):
    with pytest.raises(SettingsError, match=message) as caught:
        InitialNetwork.load(first[1], EncoderSettings(**{**SIZES, **other}))
    assert caught.value.hint == hint


def test_given_vectors_must_be_the_same(first, tmp_path):
    vectors = (["good", "bad"], np.array([[0, 0], [1, 2], [3, 4]], np.float16))
    begun = classifier(epochs=1, vectors=vectors)
    begun.run(Silent())
    begun.best().save(tmp_path / "told")
    told = InitialNetwork.load(str(tmp_path / "told"), ENGLISH)
    assert classifier(vectors=vectors, initial=told).begun_with
    with pytest.raises(SettingsError, match="with --vectors of 2 numbers") as caught:
        classifier(initial=told)
    assert caught.value.hint == "give the same --vectors"
    with pytest.raises(SettingsError, match="with --vectors of 2 numbers"):
        classifier(vectors=(vectors[0], vectors[1] + np.float16(1)), initial=told)
    with pytest.raises(SettingsError, match="made without --vectors") as caught:
        classifier(vectors=vectors, initial=InitialNetwork.load(first[1], ENGLISH))
    assert caught.value.hint == "leave --vectors out"


def test_a_checkpoint_goes_on_with_the_same_first_weights_only(first, tmp_path):
    initial = InitialNetwork.load(first[1], ENGLISH)
    network_checkpoint.save(classifier(initial=initial), tmp_path / "checkpoint")
    network_checkpoint.restore(classifier(initial=initial), tmp_path / "checkpoint")
    begun = classifier(epochs=1)
    begun.run(Silent())
    begun.best().save(tmp_path / "other")
    for other in (None, InitialNetwork.load(str(tmp_path / "other"), ENGLISH)):
        with pytest.raises(ModelError, match="of another training"):
            network_checkpoint.restore(classifier(initial=other), tmp_path / "checkpoint")
    with pytest.raises(ModelError, match="interrupted, no network to begin with"):
        InitialNetwork.load(str(tmp_path / "checkpoint"), ENGLISH)


def test_the_jobs_take_it_and_say_what_was_taken(first, tmp_path, nlpcli):
    rows, output = tmp_path / "rows.tsv", str(tmp_path / "m")
    rows.write_text("label\ttext\n" + "".join(f"{a}\t{b}\n" for a, b in zip(LABELS, TEXTS, strict=True)))
    sizes = [word for name, size in SIZES.items() for word in (f"--{name.replace('_', '-')}", str(size))]
    done = nlpcli("train-rnn", rows, "-o", output, *sizes, "--epochs", "1", "--init", first[1])
    assert f"{first[1]}: the encoder, 4 of 4 words, the n-grams, the head" in done.err
    tagged = tmp_path / "tagged"
    tagged.write_text("good/A not/X bad/A\nbad/A but/X good/A\n" * 8)
    more = ("--method", "rnn", *sizes, "--epochs", "1", "--init", output)
    done = nlpcli("train-tagger", tagged, "-o", tmp_path / "t", *more)
    assert f"{output}: the encoder, 4 of 4 words" in done.err
    with pytest.raises(SettingsError, match="--init is for --method rnn"):
        jobs.train_tagger(str(tagged), str(tmp_path / "t"), init=output)
    with pytest.raises(ModelError, match="needs a recurrent-tagger, recurrent-classifier or masked-lm model"):
        jobs.train_rnn(str(rows), output, init="tests/models/naive-bayes.safetensors")
