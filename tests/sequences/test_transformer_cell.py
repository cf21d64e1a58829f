"""`--cell transformer` in taggers and classifiers: learnt with torch, at work without, files, interrupts."""

import numpy as np
import pytest

from nlpcli.engine.classify.examples import examples_of
from nlpcli.engine.neural.encoder import run
from nlpcli.engine.neural.encoder_weights import initial_encoder
from nlpcli.engine.neural.packing import Packing
from nlpcli.engine.sequences import network_checkpoint
from nlpcli.engine.sequences.classifier_training import ClassifierTraining
from nlpcli.engine.sequences.initial_network import InitialNetwork
from nlpcli.engine.sequences.models import load_tagger
from nlpcli.engine.sequences.recurrent_training import RecurrentTraining
from nlpcli.engine.sequences.text_classifier import TextClassifier
from nlpcli.errors import SettingsError
from nlpcli.settings.classify import RnnSettings
from nlpcli.settings.neural import ClassifierEncoder, EncoderSettings, NetworkTraining, encoder_shapes
from nlpcli.settings.tagging import TaggerSettings
from nlpcli.settings.text import LOWERCASE
from tests.sequences.test_recurrent_tagger import Silent, Stopped
from tests.sequences.test_text_classifier import LABELS, TEXTS

torch = pytest.importorskip("torch")

from nlpcli.engine.neural.nets.encoder import encode  # noqa: E402

SMALL = EncoderSettings(
    cell="transformer", rnn_size=16, num_layers=2, num_heads=2, word_dim=8, ngram_dim=8, bucket=100
)
QUICK = {"val_frac": 0, "batch_tokens": 40, "learning_rate": 0.01, "dropout": 0.1, "word_dropout": 0.0}


def classifier(epochs=20, pooling="attention", encoder=SMALL, initial=None, **more):
    examples = examples_of([*TEXTS, ""], [*LABELS, "pos"], LOWERCASE)
    settings, training = RnnSettings(pooling=pooling, epochs=epochs), NetworkTraining(**{**QUICK, **more})
    return ClassifierTraining(examples, LOWERCASE, settings, encoder, training, initial=initial)


def tagger(epochs=20, target="tag", initial=None, **more):
    """A word's tag is whether "not" stands before it; in spans as labels."""
    sentences = [text.split() for text in TEXTS]
    marked = "B-NEG" if target == "ner" else "X"
    tags = [
        [marked if n and sentence[n - 1] == "not" else "O" for n in range(len(sentence))]
        for sentence in sentences
    ]
    return RecurrentTraining(
        sentences, tags, target, TaggerSettings(method="rnn", epochs=epochs), encoder=SMALL,
        training=NetworkTraining(**{**QUICK, **more}), initial=initial,
    )  # fmt: skip


def learnt(begun):
    begun.run(Silent())
    return begun.best()


def content(model, path):
    model.save(path)
    return path.read_bytes()


@pytest.mark.parametrize("bidirectional", [True, False])
def test_the_encoder_is_the_same_in_training_and_at_work(bidirectional):
    settings = EncoderSettings(**{**SMALL.to_record(), "bidirectional": bidirectional})
    random = np.random.default_rng(0)
    weights = initial_encoder(settings, random, 3)
    assert {name: w.shape for name, w in weights.items()} == encoder_shapes(settings, 3)
    for name, array in weights.items():
        weights[name] = (array + random.normal(size=array.shape) * 0.3).astype(np.float32)
    packing = Packing.of([5, 3, 3, 1])
    vectors, states = (random.normal(size=size).astype(np.float32) for size in ((7, 16), (12, 3)))
    rows = random.integers(0, 7, 12)
    ours = run(settings, weights, vectors, rows, packing, states)
    tensors = {name: torch.tensor(array) for name, array in weights.items()}
    theirs = encode(
        settings, tensors, torch.tensor(vectors), torch.tensor(rows), packing, states=torch.tensor(states)
    )
    assert ours == pytest.approx(theirs.numpy(), abs=1e-4)
    # The last word of the longest sentence is seen by its first one only where both sides are read.
    states[packing.ends[0]] += 1
    moved = run(settings, weights, vectors, rows, packing, states) != ours
    assert moved[packing.ends[0]].any() and moved[0].any() == bidirectional
    assert not moved[packing.sequences() != 0].any()  # other sentences never see it


@pytest.mark.parametrize("pooling", ["attention", "last"])
def test_a_classifier_learns_what_order_decides_and_its_file_gives_the_same_answers(tmp_path, pooling):
    model = learnt(classifier(pooling=pooling))
    assert model.classify(TEXTS[:4]) == LABELS[:4]
    model.save(tmp_path / "model")
    loaded = TextClassifier.load(tmp_path / "model")
    assert loaded.network.encoder == SMALL
    texts = ["never seen words", "", "good", "bad " * 300]
    assert (loaded.probabilities(texts) == model.probabilities(texts)).all()
    for reason, chance in zip(
        loaded.explain(loaded.encode([texts])), model.probabilities(texts), strict=True
    ):
        odds = reason.start + sum(odds for _, odds in reason.tokens)
        assert odds == pytest.approx(np.log(chance.max() / chance.min()), abs=1e-3)


@pytest.mark.parametrize("target", ["tag", "ner"])
def test_a_tagger_learns_what_stands_before_and_its_file_gives_the_same_answers(tmp_path, target):
    model = learnt(tagger(target=target))
    sentences = [text.split() for text in TEXTS[:4]]
    marked = "B-NEG" if target == "ner" else "X"
    assert model.tag(sentences)[0] == ["O", marked, "O", "O"]
    model.save(tmp_path / "model")
    odd = [*sentences, ["x"], ["not"] * 90]
    assert load_tagger(tmp_path / "model").tag_with_probabilities(odd) == model.tag_with_probabilities(odd)


@pytest.mark.parametrize("make", [classifier, tagger])
def test_threads_do_not_matter_and_an_interrupted_training_goes_on_to_the_same_bytes(tmp_path, make):
    one, two = (content(learnt(make(2, threads=threads)), tmp_path / "m") for threads in (1, 2))
    assert one == two
    begun = make(2)

    def after_update():
        if begun.step == 3:
            raise Stopped

    with pytest.raises(Stopped):
        begun.run(Silent(), after_update)
    network_checkpoint.save(begun, str(tmp_path / "left"))
    again = make(2)
    network_checkpoint.restore(again, str(tmp_path / "left"))
    assert again.step == 3 and content(learnt(again), tmp_path / "m") == one


def test_taggers_begin_with_a_classifiers_transformer_and_no_other(tmp_path):
    path = str(tmp_path / "first")
    learnt(classifier(2)).save(path)
    begun = tagger(initial=InitialNetwork.load(path, SMALL))
    assert begun.begun_with == "the encoder, 4 of 4 words, the n-grams"
    other = EncoderSettings(**{**SMALL.to_record(), "num_heads": 4})
    with pytest.raises(SettingsError, match="made with --num-heads 2, and here it is 4"):
        InitialNetwork.load(path, other)


def test_heads_share_the_width_and_records_of_other_cells_are_as_before():
    with pytest.raises(SettingsError, match="--rnn-size 20 cannot be shared by 4 heads"):
        EncoderSettings(cell="transformer", rnn_size=20)
    assert "num_heads" not in EncoderSettings().to_record()
    kept = ClassifierEncoder(cell="transformer", num_heads=8)
    assert kept.plain.num_heads == 8 and ClassifierEncoder.from_record(kept.to_record()) == kept
