"""The character model learns, is the same twice, survives the disk, and goes on where it was."""

import math
import signal
import tempfile
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine.charlm import checkpoint
from nlpcli.engine.charlm.job import generate, train_charlm
from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.report import Report
from nlpcli.engine.charlm.streams import Split
from nlpcli.engine.charlm.training import Training
from nlpcli.engine.charlm.units import read_text
from nlpcli.engine.neural.weights import initial_weights
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import InputError, ModelError, SettingsError
from nlpcli.settings.charlm import CharLMSettings, GenerateSettings

torch = pytest.importorskip("torch")

CELLS = ["rnn", "lstm", "gru"]
SMALL = {"rnn_size": 16, "seq_length": 8, "batch_size": 16, "epochs": 2, "threads": 1, "learning_rate": 0.01}


@pytest.fixture
def text_file(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the cat sat on the mat; the dog sat on the log.\n" * 60)
    return str(path)


def started(text_file, settings):
    text = read_text([text_file], settings.unit)
    return Training(text, settings, initial_weights(settings, text.alphabet))


def train(paths, settings, **options):
    with tempfile.TemporaryDirectory() as folder:
        return train_charlm(paths, f"{folder}/m.safetensors", settings, **options)


def go(training, *after_update):
    training.run(Report(training, SILENT), *after_update)


class Notes(Progress):
    def __init__(self):
        self.lines = []

    def note(self, message):
        self.lines.append(message)


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_learns_more_than_pairs_of_characters_say(cell, text_file):
    notes = Notes()
    settings = CharLMSettings(**{**SMALL, "cell": cell, "epochs": 8, "rnn_size": 32})
    model = train([text_file], settings, progress=notes)
    bigram = float(notes.lines[2].split(", ")[-1].split()[0])
    assert model.record["val_loss"] / math.log(2) < bigram
    losses = [entry["loss"] for entry in model.record["history"]]
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("threads", [1, 2])
def test_same_seed_and_threads_give_the_same_bytes(threads, text_file, tmp_path):
    settings = CharLMSettings(**{**SMALL, "threads": threads, "dropout": 0.2, "rnn_size": 64})
    for name in ("a", "b"):
        train([text_file], settings).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    train([text_file], CharLMSettings(**{**SMALL, "rnn_size": 64, "seed": 2})).save(tmp_path / "c")
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()


def test_loaded_model_has_the_weights_and_alphabet_it_was_saved_with(text_file, tmp_path):
    model = train([text_file], CharLMSettings(**SMALL, embedding_dim=5, num_layers=2))
    model.save(tmp_path / "m.safetensors")
    loaded = CharLM.load(tmp_path / "m.safetensors")
    assert loaded.settings == model.settings
    assert loaded.alphabet.tokens == model.alphabet.tokens
    assert loaded.weights.keys() == model.weights.keys()
    for name, weight in model.weights.items():
        assert np.array_equal(loaded.weights[name], weight)
    ids = [[3], [1], [4]]
    one, two = model.stepper(), loaded.stepper()
    assert [one.step(i).tolist() for i in ids] == [two.step(i).tolist() for i in ids]


@pytest.mark.parametrize("cell", CELLS)
def test_a_resumed_training_ends_with_the_same_bytes(cell, text_file, tmp_path):
    settings = CharLMSettings(**SMALL, cell=cell, num_layers=2, dropout=0.3, eval_every=7)
    straight = started(text_file, settings)
    go(straight)
    straight.best().save(tmp_path / "straight")
    for stop in (1, 10, 14, straight.total_steps - 1):
        halted = started(text_file, settings)

        def halt(halted=halted, stop=stop):
            if halted.step == stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            go(halted, halt)
        checkpoint.save(halted, tmp_path / "checkpoint")
        resumed = checkpoint.resume(tmp_path / "checkpoint", halted.text, settings)
        go(resumed)
        resumed.best().save(tmp_path / "resumed")
        assert (tmp_path / "resumed").read_bytes() == (tmp_path / "straight").read_bytes(), stop


def test_an_interrupt_is_taken_between_two_updates_and_leaves_a_checkpoint(text_file, tmp_path):
    class Impatient(Notes):
        def update(self, stage, done, total=None, detail=""):
            if stage == "training" and not self.lines[-1].startswith("interrupted"):
                signal.raise_signal(signal.SIGINT)

    notes = Impatient()
    settings = CharLMSettings(**SMALL)
    with pytest.raises(KeyboardInterrupt):
        train([text_file], settings, progress=notes, checkpoint=str(tmp_path / "c"))
    assert notes.lines[-1].startswith("interrupted after 1 of ")
    resumed = train([text_file], settings, resume=str(tmp_path / "c"))
    resumed.save(tmp_path / "resumed")
    train([text_file], settings).save(tmp_path / "straight")
    assert (tmp_path / "resumed").read_bytes() == (tmp_path / "straight").read_bytes()


def test_a_checkpoint_refuses_another_text_and_another_size(text_file, tmp_path):
    training = started(text_file, CharLMSettings(**SMALL))
    checkpoint.save(training, tmp_path / "c")
    (tmp_path / "other.txt").write_text("another text altogether" * 100)
    with pytest.raises(ModelError, match="another text"):
        train([str(tmp_path / "other.txt")], CharLMSettings(**SMALL), resume=str(tmp_path / "c"))
    with pytest.raises(SettingsError, match="--rnn-size cannot change"):
        checkpoint.settings_of(tmp_path / "c", {"rnn_size": 99})
    assert checkpoint.settings_of(tmp_path / "c", {"epochs": 99}).epochs == 99
    assert CharLM.load(tmp_path / "c").settings.rnn_size == 16


def test_training_stops_when_validation_stops_improving(text_file):
    notes = Notes()
    settings = CharLMSettings(
        **{**SMALL, "learning_rate": 5.0, "epochs": 50, "patience": 2, "schedule": "constant"}
    )
    model = train([text_file], settings, progress=notes)
    history = model.record["history"]
    assert "stopped: no better loss in the last 2 validations" in notes.lines[-2]
    assert model.record["val_loss"] == min(entry["val_loss"] for entry in history)
    assert history[-3]["val_loss"] == model.record["val_loss"]


def test_the_hidden_state_is_carried_from_chunk_to_chunk(tmp_path):
    # After 8 equal characters comes a b or a c, in turn: only a state that lasts can know which.
    (tmp_path / "t").write_text(("aaaaaaaab" + "aaaaaaaac") * 200)
    settings = CharLMSettings(
        rnn_size=24, seq_length=9, batch_size=4, epochs=10, threads=1, learning_rate=0.02
    )
    model = train([str(tmp_path / "t")], settings)
    assert model.record["val_loss"] < 0.02


@pytest.mark.parametrize("length", [2, 3, 5, 17, 100, 1000])
def test_every_length_of_text_can_be_trained_on(length, tmp_path):
    (tmp_path / "t").write_text(("abcab" * length)[:length])
    model = train([str(tmp_path / "t")], CharLMSettings(rnn_size=8, epochs=1, threads=1))
    assert math.isfinite(model.record["val_loss"])


def test_each_held_out_character_is_scored_once(tmp_path):
    (tmp_path / "t").write_text("".join(chr(0x4E00 + n) for n in range(5000)))
    text = read_text([str(tmp_path / "t")], "char")
    split = Split(text, CharLMSettings(val_frac=0.3, seq_length=4))
    scored = split.validation[split.warm_up + 1 :].T.ravel()
    assert scored[scored >= 0].tolist() == text.ids[3500:].tolist()
    assert not set(split.streams.ravel().tolist()) & set(text.ids[3500:].tolist())


def test_a_text_of_one_character_is_an_error(tmp_path):
    (tmp_path / "t").write_text("a")
    with pytest.raises(InputError, match="single character"):
        train([str(tmp_path / "t")], CharLMSettings())


def test_a_sample_is_shown_as_training_goes_on(text_file):
    notes = Notes()
    train([text_file], CharLMSettings(**SMALL, sample_every=10), progress=notes)
    assert any(line.startswith("--- after 10 updates it writes:\n") for line in notes.lines)


def test_a_gpu_that_is_not_there_is_an_error(text_file):
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(SettingsError, match="no GPU"):
        train([text_file], CharLMSettings(device="cuda"))


def test_weights_that_are_not_numbers_are_refused(text_file, tmp_path):
    model = train([text_file], CharLMSettings(**{**SMALL, "epochs": 1}))
    model.weights["output.b"][0] = np.nan
    model.save(tmp_path / "m")
    with pytest.raises(ModelError, match="does not hold finite"):
        CharLM.load(tmp_path / "m")


def test_a_network_that_diverges_keeps_no_weights_that_are_not_numbers(text_file):
    settings = CharLMSettings(**{**SMALL, "learning_rate": 100.0, "grad_clip": 0.0})
    model = train([text_file], settings)
    assert all(np.isfinite(weight).all() for weight in model.weights.values())


def test_what_is_given_by_name_goes_before_a_preset_even_at_its_default(text_file, tmp_path):
    output = str(tmp_path / "m.safetensors")
    tiny = {"preset": "medium", "epochs": 1, "num_layers": 1, "seq_length": 8, "threads": 1}
    model = train_charlm(text_file, output, rnn_size=16, **tiny)
    assert (model.settings.rnn_size, model.settings.num_layers, model.settings.dropout) == (16, 1, 0.4)


@pytest.mark.parametrize(
    ("cell", "preset", "rate"),
    [("gru", "small", 0.012), ("lstm", "medium", 0.004), ("transformer", "small", 0.004)],
)
def test_the_step_size_goes_by_the_cell_unless_it_is_given(cell, preset, rate, text_file, tmp_path):
    tiny = {"cell": cell, "preset": preset, "rnn_size": 8, "num_layers": 1, "epochs": 1, "batch_size": 4}
    model = train_charlm(text_file, tmp_path / "m.safetensors", **tiny)
    assert model.settings.learning_rate == rate
    given = train_charlm(text_file, tmp_path / "m.safetensors", **tiny, learning_rate=0.02)
    assert given.settings.learning_rate == 0.02


def test_a_checkpoint_of_an_earlier_default_goes_on_with_its_own_step_size():
    kept = checkpoint.settings_of(Path(__file__).parents[1] / "models" / "charlm-checkpoint.safetensors", {})
    assert kept.learning_rate == 0.004 != CharLMSettings().learning_rate


def test_a_model_generates_what_the_job_writes(text_file, tmp_path):
    train_charlm(text_file, tmp_path / "m.safetensors", CharLMSettings(**{**SMALL, "epochs": 1}))
    settings = GenerateSettings(length=30, num_samples=2)
    generate(tmp_path / "m.safetensors", tmp_path / "out", "the ", settings)
    written = CharLM.load(tmp_path / "m.safetensors").generate("the ", length=30, num_samples=2)
    assert (tmp_path / "out").read_text().rstrip("\n") == written.rstrip("\n")
    assert written.count("the ") >= 2
