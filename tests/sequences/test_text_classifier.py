"""A classifier by a network: what it learns, its file, interrupts, and what is not let in."""

from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine import jobs
from nlpcli.engine.classify.examples import examples_of
from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.sequences import network_checkpoint
from nlpcli.engine.sequences.classifier_training import ClassifierTraining
from nlpcli.engine.sequences.text_classifier import KIND, TextClassifier
from nlpcli.errors import InputError, ModelError, NlpcliError, SettingsError
from nlpcli.settings.classify import RnnSettings
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.text import LOWERCASE
from tests.sequences.test_recurrent_tagger import Silent, Stopped

torch = pytest.importorskip("torch")

POOLINGS = ["attention", "max", "mean", "last"]
SMALL = EncoderSettings(rnn_size=8, word_dim=8, ngram_dim=8, bucket=100)
QUICK = NetworkTraining(val_frac=0, batch_tokens=30, learning_rate=0.02, dropout=0.1, word_dropout=0.1)
# Order decides: the same words in both classes.
TEXTS = ["not good but bad", "not bad but good", "bad not good", "good not bad"] * 10
LABELS = ["neg", "pos", "neg", "pos"] * 10


def training(pooling="attention", network=QUICK, epochs=12, **more):
    settings = RnnSettings(pooling=pooling, epochs=epochs)
    examples = examples_of([*TEXTS, ""], [*LABELS, "pos"], LOWERCASE)
    return ClassifierTraining(examples, LOWERCASE, settings, SMALL, network, **more)


def trained(*args, **more):
    begun = training(*args, **more)
    begun.run(Silent())
    return begun.best()


def content(model, path):
    model.save(path)
    return path.read_bytes()


@pytest.mark.parametrize("pooling", POOLINGS)
def test_it_learns_what_order_decides_and_a_file_gives_the_same_answers(tmp_path, pooling):
    model = trained(pooling, epochs=25)
    assert model.classify(TEXTS[:4]) == LABELS[:4]
    networks = [NetworkTraining(**{**QUICK.to_record(), "threads": threads}) for threads in (1, 2)]
    one, two = (trained(pooling, network, epochs=2) for network in networks)
    assert content(one, tmp_path / "one") == content(two, tmp_path / "two")
    model.save(tmp_path / "model")
    loaded = TextClassifier.load(tmp_path / "model")
    unknown = ["never seen words", "", "good", "bad " * 700]
    assert (loaded.probabilities(unknown) == model.probabilities(unknown)).all()
    assert loaded.probabilities(unknown).sum(axis=1) == pytest.approx(1)
    assert loaded.classify(["", "!?"]) == ["pos", "pos"]  # the more frequent class


def test_what_tokens_add_is_the_whole_of_the_log_odds():
    model = trained()
    texts = ["not good but bad", "", "good"]
    corpus = model.encode([texts])
    chances = model.predict(corpus).probabilities
    for text, reason, chance in zip(texts, model.explain(corpus), chances, strict=True):
        assert [token for token, _ in reason.tokens] == text.split()
        odds = reason.start + sum(odds for _, odds in reason.tokens)
        assert odds == pytest.approx(np.log(chance.max() / chance.min()), abs=1e-4)
        assert reason.label == model.labels[int(chance.argmax())]


def test_an_interrupted_training_goes_on_to_the_same_bytes(tmp_path):
    network = NetworkTraining(**{**QUICK.to_record(), "val_frac": 0.2})
    whole = training(network=network, epochs=3)
    whole.run(Silent())
    expected = content(whole.best(), tmp_path / "whole")
    for stops in ([1], [2, 6], [whole.total_steps]):
        begun = training(network=network, epochs=3)
        for stop in stops:

            def after_update(begun=begun, stop=stop):
                if begun.step == stop:
                    raise Stopped

            with pytest.raises(Stopped):
                begun.run(Silent(), after_update)
            network_checkpoint.save(begun, tmp_path / "checkpoint")
            begun = training(network=network, epochs=3)
            network_checkpoint.restore(begun, tmp_path / "checkpoint")
        begun.run(Silent())
        assert content(begun.best(), tmp_path / "resumed") == expected, stops
    with pytest.raises(ModelError, match="of another training"):
        network_checkpoint.restore(training(network=network, epochs=4), tmp_path / "checkpoint")
    with pytest.raises(ModelError, match="interrupted, no classifier yet"):
        TextClassifier.load(tmp_path / "checkpoint")


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.tsv"
    path.write_text("label\ttext\n" + "".join(f"{a}\t{b}\n" for a, b in zip(LABELS, TEXTS, strict=True)))
    return str(path)


SIZES = {"rnn_size": 8, "word_dim": 8, "ngram_dim": 8, "bucket": 100, "epochs": 25, "learning_rate": 0.02}


def test_the_jobs_train_classify_explain_and_evaluate(tmp_path, rows):
    output = str(tmp_path / "m.safetensors")
    outcome = jobs.train_rnn(rows, output, test=rows, dev=rows, batch_tokens=30, **SIZES)
    assert outcome.evaluations["test"].accuracy == jobs.evaluate(output, rows).accuracy == 1
    assert jobs.classify(output, ["bad not good"]) == ["neg"]
    line = jobs.classify(output, ["bad not good"], explain=True, proba=True)[0]
    assert line.startswith("neg\t0.9") and "bad:" in line
    assert not Path(tmp_path / "m.checkpoint.safetensors").exists()


def test_errors_say_what_is_wrong(tmp_path, rows):
    with pytest.raises(SettingsError, match="where should the model go"):
        jobs.train_rnn(rows)
    (tmp_path / "other.tsv").write_text("label\ttext\nmeh\tso so\n")
    with pytest.raises(InputError, match="the label 'meh', which no text to learn from has"):
        jobs.train_rnn(rows, str(tmp_path / "m"), dev=str(tmp_path / "other.tsv"))
    (tmp_path / "one.tsv").write_text("label\ttext\npos\tfine\npos\tgood\n")
    with pytest.raises(InputError, match="only one class"):
        jobs.train_rnn(str(tmp_path / "one.tsv"), str(tmp_path / "m"))


def test_a_forged_file_is_told(tmp_path):
    trained(epochs=1).save(tmp_path / "sound")
    model = read_model(tmp_path / "sound", KIND)
    header = {key: value for key, value in model.header.items() if key != "kind"}
    for change in (
        {"labels": ["a", "b", "c"]},
        {"settings": {**header["settings"], "pooling": "sum"}},
        {"encoder": {**header["encoder"], "cell": "gru"}},
    ):
        write_model(tmp_path / "forged", KIND, {**header, **change}, dict(model.tensors))
        with pytest.raises(ModelError):
            TextClassifier.load(tmp_path / "forged")


def test_a_checkpoint_whose_header_says_other_shapes_is_damaged(tmp_path):
    begun = training()
    network_checkpoint.save(begun, tmp_path / "sound")
    model = read_model(tmp_path / "sound", begun.unfinished)
    header = {key: value for key, value in model.header.items() if key != "kind"}
    write_model(tmp_path / "forged", begun.unfinished, {**header, "pooling": "max"}, dict(model.tensors))
    with pytest.raises(ModelError, match="damaged"):
        network_checkpoint.restore(training(), tmp_path / "forged")


def test_checkpoints_are_written_as_it_goes_on_and_removed_at_the_end(tmp_path, rows, monkeypatch):
    output, written = tmp_path / "m.safetensors", []
    save = network_checkpoint.save

    def counted(begun, path):
        written.append(begun.step)
        save(begun, path)

    monkeypatch.setattr(network_checkpoint, "save", counted)
    jobs.train_rnn(rows, str(output), batch_tokens=30, checkpoint_every=4, **{**SIZES, "epochs": 2})
    assert written and all(step % 4 == 0 for step in written)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.safetensors", "rows.tsv"]
    with pytest.raises(SettingsError, match="--checkpoint-every is for --method rnn"):
        jobs.train_tagger(rows, str(output), checkpoint_every=4)


def test_a_training_that_diverges_says_so_and_writes_nothing(tmp_path, rows, monkeypatch):
    output = tmp_path / "m.safetensors"
    loss = ClassifierTraining.head_loss
    monkeypatch.setattr(ClassifierTraining, "head_loss", lambda *given: loss(*given) * float("inf"))
    with pytest.raises(NlpcliError, match="training has diverged") as caught:
        jobs.train_rnn(rows, str(output), **SIZES)
    assert "--learning-rate" in caught.value.hint and not output.exists()
