"""A tagger by a network: what it learns, its file, interrupted trainings, and what is not let in."""

import json
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine import jobs
from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.word_states import WordStates
from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.sequences import network_checkpoint
from nlpcli.engine.sequences.models import load_tagger
from nlpcli.engine.sequences.recurrent_tagger import KIND
from nlpcli.engine.sequences.recurrent_training import RecurrentTraining
from nlpcli.errors import InputError, ModelError, SettingsError
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.tagging import TaggerSettings
from tests.tagging.test_linear_tagger import CASES

pytest.importorskip("torch")

SMALL = EncoderSettings(rnn_size=12, word_dim=8, ngram_dim=8, bucket=200)
QUICK = NetworkTraining(val_frac=0, batch_tokens=20, learning_rate=0.02, dropout=0.1, word_dropout=0.1)


class Silent:
    """A report that says nothing; `stop` raises after an update."""

    def begin(self):
        """Nothing."""

    def tick(self):
        """Nothing."""

    def validated(self, loss, val_loss):
        """Nothing."""

    def diverged(self):
        """Nothing."""

    def end(self, *, stopped_early):
        """Nothing."""


def training(case="spans", encoder=SMALL, network=QUICK, epochs=6, **more):
    words, tags, target, settings = CASES[case]
    settings = TaggerSettings(method="rnn", epochs=epochs, pieces=settings.pieces)
    return RecurrentTraining(words, tags, target, settings, encoder=encoder, training=network, **more)


def trained(*args, **more):
    begun = training(*args, **more)
    begun.run(Silent())
    return begun.best()


def content(tagger, path):
    tagger.save(path)
    return path.read_bytes()


@pytest.mark.parametrize("case", CASES)
def test_it_learns_its_text_and_a_file_gives_the_same_answers(tmp_path, case):
    words, tags, _, _ = CASES[case]
    model = trained(case, epochs=12)
    assert model.tag(words) == tags
    assert content(model, tmp_path / "one") == content(trained(case, epochs=12), tmp_path / "two")
    loaded = load_tagger(tmp_path / "one")
    unknown = [["zebras", "kick", "Lee"], [], ["그녀는"]]
    assert loaded.tag_with_probabilities(unknown) == model.tag_with_probabilities(unknown)
    assert all(0 < chance <= 1 for chances in loaded.tag_with_probabilities(words)[1] for chance in chances)
    assert loaded.knows(["Kim", "kim", "cat", "나는"]).any()


@pytest.mark.parametrize("cell", ["rnn", "gru", "mingru"])
def test_every_cell_learns_on_any_number_of_threads_to_the_same_bytes(tmp_path, cell):
    encoder = EncoderSettings(cell=cell, rnn_size=12, num_layers=2, word_dim=8, ngram_dim=8, bucket=200)
    networks = [NetworkTraining(**{**QUICK.to_record(), "threads": threads}) for threads in (1, 2)]
    one, two = (trained("tags", encoder, network, epochs=12) for network in networks)
    assert content(one, tmp_path / "one") == content(two, tmp_path / "two")
    words, tags, _, _ = CASES["tags"]
    assert one.tag(words) == tags


class Stopped(Exception):
    """Raised in the midst of a training."""


@pytest.mark.parametrize(("case", "average"), [("spans", 0.2), ("tags", 0.0), ("pieces", 0.5)])
def test_an_interrupted_training_goes_on_to_the_same_bytes_wherever_it_stopped(tmp_path, case, average):
    network = NetworkTraining(**{**QUICK.to_record(), "average": average, "val_frac": 0.2})
    whole = training(case, network=network, epochs=3)
    whole.run(Silent())
    expected = content(whole.best(), tmp_path / "whole")
    for stops in ([1], [2, 5], [whole.total_steps - 1], [whole.total_steps]):
        begun = training(case, network=network, epochs=3)
        for stop in stops:

            def after_update(begun=begun, stop=stop):
                if begun.step == stop:
                    raise Stopped

            with pytest.raises(Stopped):
                begun.run(Silent(), after_update)
            network_checkpoint.save(begun, tmp_path / "checkpoint")
            begun = training(case, network=network, epochs=3)
            network_checkpoint.restore(begun, tmp_path / "checkpoint")
        begun.run(Silent())
        assert content(begun.best(), tmp_path / "resumed") == expected, stops


def test_a_checkpoint_of_another_training_is_told(tmp_path):
    begun = training()
    network_checkpoint.save(begun, tmp_path / "checkpoint")
    for other in (training("tags"), training(epochs=7), training(encoder=EncoderSettings())):
        with pytest.raises(ModelError, match="of another training"):
            network_checkpoint.restore(other, tmp_path / "checkpoint")
    with pytest.raises(ModelError, match="interrupted, no tagger yet"):
        load_tagger(tmp_path / "checkpoint")


def test_vectors_tell_what_words_never_seen_are_like():
    words = [["we", "like", fruit] for fruit in ("apples", "pears", "plums")] * 10
    words += [["we", "like", town] for town in ("paris", "rome", "berlin")] * 10
    tags = [["O", "O", "O"]] * 30 + [["O", "O", "B-LOC"]] * 30
    names = ["apples", "pears", "plums", "figs", "paris", "rome", "berlin", "oslo"]
    rows = np.zeros((9, 4), np.float16)
    rows[1:5, 0], rows[5:, 1] = 1.0, 1.0
    settings = TaggerSettings(method="rnn", epochs=25)
    network = NetworkTraining(**{**QUICK.to_record(), "word_dropout": 0.6})  # so that it listens to vectors
    begun = RecurrentTraining(
        words, tags, "ner", settings, encoder=SMALL, training=network, vectors=(names, rows)
    )
    begun.run(Silent())
    assert begun.best().tag([["we", "like", "figs"], ["we", "like", "oslo"]]) == [
        ["O"] * 3,
        ["O", "O", "B-LOC"],
    ]


def language_model(path):
    text = Path(path / "text")
    text.write_text("Kim met Ann Lee in Seoul\nSeoul is big\n" * 20)
    jobs.train_charlm([str(text)], str(path / "lm"), rnn_size=7, epochs=1, batch_size=4, seq_length=8)
    return WordStates(CharLM.load(path / "lm"))


def test_the_states_of_a_language_model_go_into_the_file_and_through_an_interrupt(tmp_path):
    lm = language_model(tmp_path)
    words, tags, _, _ = CASES["spans"]
    whole = training(lm=lm, epochs=8)
    whole.run(Silent())
    assert whole.best().tag(words) == tags
    expected = content(whole.best(), tmp_path / "whole")
    loaded = load_tagger(tmp_path / "whole")
    unknown = [["zebras", "kick", "Lee"], [], ["Kim"]]
    assert loaded.tag_with_probabilities(unknown) == whole.best().tag_with_probabilities(unknown)
    assert content(loaded, tmp_path / "again") == expected

    begun = training(lm=lm, epochs=8)

    def after_update():
        if begun.step == 5:
            raise Stopped

    with pytest.raises(Stopped):
        begun.run(Silent(), after_update)
    network_checkpoint.save(begun, tmp_path / "checkpoint")
    resumed = training(lm=lm, epochs=8)
    network_checkpoint.restore(resumed, tmp_path / "checkpoint")
    resumed.run(Silent())
    assert content(resumed.best(), tmp_path / "resumed") == expected
    with pytest.raises(ModelError, match="of another training"):
        network_checkpoint.restore(training(epochs=8), tmp_path / "checkpoint")


def test_early_stopping_keeps_the_best_weights():
    words, tags, _, _ = CASES["tags"]
    wrong = [["N"] * len(sentence) for sentence in tags]  # what it learns makes it worse on these
    network = NetworkTraining(**{**QUICK.to_record(), "patience": 3})
    begun = training("tags", network=network, epochs=40, dev=(words, wrong))
    begun.run(Silent())
    assert begun.step < begun.total_steps
    assert begun.best_loss == min(entry["val_loss"] for entry in begun.history)


def test_one_long_sentence_and_one_word_are_tagged():
    model = trained("tags")
    assert [len(tags) for tags in model.tag([["cat"] * 9000, ["dog"], []])] == [9000, 1, 0]


def test_labels_never_make_an_illegal_sequence():
    model = trained("spans", epochs=1)
    random = np.random.default_rng(0)
    sentences = [[f"w{n}" for n in random.integers(0, 50, 12)] for _ in range(50)]
    for tags in model.tag(sentences):
        for before, tag in zip(["O", *tags], tags, strict=False):
            assert not tag.startswith("I-") or before[2:] == tag[2:]


def test_what_cannot_be_learnt_and_settings_of_the_other_method_are_told(tmp_path):
    with pytest.raises(InputError, match="have the tag 'O'"):
        RecurrentTraining([["a", "b"]] * 12, [["O", "O"]] * 12, "tag", TaggerSettings(method="rnn"))
    (tmp_path / "text").write_text("a\tO\nKim\tB-P\n\n" * 5)
    text, output = str(tmp_path / "text"), str(tmp_path / "m")
    with pytest.raises(SettingsError, match="--rnn-size is for --method rnn"):
        jobs.train_tagger(text, output, rnn_size=9)
    with pytest.raises(SettingsError, match="--vectors and --dev are for --method rnn"):
        jobs.train_tagger(text, output, vectors=text, dev=text)
    with pytest.raises(SettingsError, match="--margin and --clusters are for --method linear"):
        jobs.train_tagger(text, output, method="rnn", margin=3, clusters=[text])


def test_a_forged_file_is_told(tmp_path):
    trained("spans").save(tmp_path / "sound")
    model = read_model(tmp_path / "sound", KIND)
    header = {key: value for key, value in json.loads(json.dumps(model.header)).items() if key != "kind"}
    for change in (
        {"tags": header["tags"][::-1]},
        {"most_pieces": 3},
        {"given_dim": 5},
        {"encoder": {**header["encoder"], "rnn_size": 13}},
    ):
        write_model(tmp_path / "forged", KIND, {**header, **change}, dict(model.tensors))
        with pytest.raises(ModelError):
            load_tagger(tmp_path / "forged")


def test_a_checkpoint_whose_header_says_other_shapes_is_damaged(tmp_path):
    recurrent = training("spans")
    network_checkpoint.save(recurrent, tmp_path / "sound")
    model = read_model(tmp_path / "sound", recurrent.unfinished)
    header = {key: value for key, value in model.header.items() if key != "kind"}
    for change in ({"crf": False}, {"average": 0.5}):
        write_model(tmp_path / "forged", recurrent.unfinished, {**header, **change}, dict(model.tensors))
        with pytest.raises(ModelError, match="damaged"):
            network_checkpoint.restore(training("spans"), tmp_path / "forged")
