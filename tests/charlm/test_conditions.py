"""Texts that are written for a label or a vector: what a condition adds, and that it is learnt."""

import contextlib
import json
import math
import os
import signal
import sys
from dataclasses import replace

import numpy as np
import pytest

from nlpcli import load
from nlpcli.engine import jobs
from nlpcli.engine.charlm import conditional_perplexity
from nlpcli.engine.charlm.conditional_text import read_conditional_text
from nlpcli.engine.charlm.conditional_training import begun
from nlpcli.engine.charlm.conditions import END
from nlpcli.engine.charlm.perplexity import id_table, nats_of_lines
from nlpcli.engine.io.model_file import read_model
from nlpcli.engine.neural.recurrent_step import log_softmax
from nlpcli.engine.neural.trainer import Trainer
from nlpcli.errors import InputError, NlpcliError, SettingsError
from nlpcli.settings.charlm import CharLMSettings
from nlpcli.settings.input import InputSettings, RecordSettings
from tests.command_line import ROOT

TINY = {"rnn_size": 16, "batch_size": 8, "epochs": 3, "learning_rate": 0.03}
LABELS = RecordSettings(text_col="text", label_col="kind")
TABLE = "text\tkind\n" + "".join(f"moo moo {n % 3}\tcow\nquack {n % 3}\tduck\n" for n in range(30))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("conditions") / "animals.tsv"
    path.write_text(TABLE)
    return path


@pytest.fixture(scope="module")
def animals(table):
    output = table.with_name("animals.safetensors")
    jobs.train_charlm([table], output, **{**TINY, "epochs": 12}, text_col="text", label_col="kind")
    return output


def test_each_label_has_its_own_texts_which_end_by_themselves(animals):
    model = load(animals)
    for label, word in (("cow", "moo moo"), ("duck", "quack")):
        texts = model.generate(label=label, num_samples=10, temperature=0.5).split("\n")
        assert len(texts) == 10 and sum(text.startswith(word) for text in texts) >= 9
    both = model.generate(num_samples=40).split("\n")
    assert {text[0] for text in both} >= {"m", "q"}  # without a label it writes of either


def test_guidance_leans_on_the_label_and_nought_forgets_it(animals):
    model = load(animals)
    without = model.generate(num_samples=5, seed=3)
    assert model.generate(label="cow", num_samples=5, seed=3, guidance=0) == without
    assert model.generate(label="cow", num_samples=5, seed=3, guidance=3) != without


def test_guidance_that_is_not_given_leans_on_the_label_where_the_model_can_write_without(animals):
    model = load(animals)

    def written(guidance, model=model):
        return model.generate(label="cow", num_samples=12, seed=3, temperature=1.5, guidance=guidance)

    assert written(None) == written(1.5) != written(1)
    plain = model.generate(num_samples=12, seed=3)  # where there is no label it has nothing to lean on
    assert plain == model.generate(num_samples=12, seed=3, guidance=1)
    for dropout in (0.0, 1.0):
        never = replace(model, condition=replace(model.condition, dropout=dropout))
        assert written(None, never) == written(1, never)


def test_a_prime_is_read_after_the_start_marker(animals):
    assert load(animals).generate("qu", label="duck", temperature=0).startswith("quack")


def test_a_first_step_is_what_the_equations_say(animals):
    """By hand: h after the start marker of a model with a condition, LSTM gates i, f, o, g."""
    model = load(animals)
    w, size = model.weights, model.settings.rnn_size
    one = model.condition.of_label("duck")
    x = w["layer0.w_xh"][model.alphabet.id_of[END]] + w["layer0.b"]
    x = x + one @ w["condition.layer0.first"] + one @ w["condition.layer0.every"]
    i, o = (1 / (1 + np.exp(-x[n * size : (n + 1) * size])) for n in (0, 2))
    h = o * np.tanh(i * np.tanh(x[3 * size :]))
    step = model.stepper(conditions=one)
    found = step.read([model.alphabet.id_of[END]])[0]
    np.testing.assert_allclose(found, h, atol=1e-6)
    x = w["layer0.w_xh"][0] + w["layer0.b"] + h @ w["layer0.w_hh"] + one @ w["condition.layer0.every"]
    again = step.moved(0, np.zeros_like(x)[None])[0]
    np.testing.assert_allclose(again, one @ w["condition.layer0.every"], atol=1e-7)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_network_in_training_and_at_work_give_the_same_loss(table, cell):
    torch = pytest.importorskip("torch")
    settings = CharLMSettings(cell=cell, num_layers=2, **TINY)
    text = read_conditional_text([str(table)], settings, 0.0, LABELS, InputSettings())
    training = begun(text, settings)
    random = np.random.default_rng(1)
    for name, weight in training.network.weights.items():
        if name.startswith("condition."):
            moved = random.normal(size=tuple(weight.shape)).astype(np.float32)
            weight.data += torch.from_numpy(moved)
    training.begin_update()
    losses = [training.part_loss(n).item() for n in range(2)]
    model, chosen = training.current(), training._batch
    lines = [line.split("\t") for line in TABLE.splitlines()[1:]]
    under = text.conditions(chosen)
    nats = nats_of_lines(model, id_table(model), [lines[n][0] for n in chosen], under)
    assert sum(losses) == pytest.approx(nats.sum(), rel=1e-4)


def test_without_its_label_a_text_costs_its_average_over_labels(animals, table):
    model = load(animals)
    found = jobs.perplexity(str(animals), [table], records=LABELS)
    ids = [model.alphabet.id_of[unit] for unit in f"quack 1{END}"]
    total = 0.0
    for label, share in (("cow", 0.5), ("duck", 0.5)):
        step = model.stepper(conditions=model.condition.of_label(label))
        likelihood, last = 0.0, model.alphabet.id_of[END]
        for number in ids:
            likelihood += float(log_softmax(step.step([last]))[0, number])
            last = number
        total += share * math.exp(likelihood)
    rows = conditional_perplexity._untold(model, model.condition, id_table(model), ["quack 1"])
    assert rows[0] == pytest.approx(-math.log(total), rel=1e-4)
    assert 0.5 < found.bits_saved <= 1.0001  # of two labels as frequent as each other at most a bit
    assert found.bits_without > found.bits_per_character and found.texts == 60


def test_a_vector_beside_each_text(tmp_path):
    path = tmp_path / "t.jsonl"
    rows = [{"text": "ab" * 3 if n % 2 else "xyz", "v": [n % 2, 7]} for n in range(40)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    output = tmp_path / "m.safetensors"
    jobs.train_charlm([path], output, **{**TINY, "epochs": 15}, text_col="text", vector_col="v")
    model = load(output)
    assert model.generate(vector=[1, 7], temperature=0) == "ababab"
    assert model.generate(vector=[0, 7], temperature=0) == "xyz"
    records = RecordSettings(text_col="text", vector_col="v")
    assert jobs.perplexity(str(output), [path], records=records).bits_saved > 0.3
    with pytest.raises(InputError, match="1 number, and the model takes 2"):
        model.generate(vector=[1])
    with pytest.raises(InputError, match="far from all"):
        model.generate(vector=[float("nan"), 7])
    with pytest.raises(SettingsError, match="takes a vector, no label"):
        model.generate(label="a")


def test_what_is_wrong_is_told(animals, table, tmp_path):
    model = load(animals)
    with pytest.raises(InputError, match="no label 'dock'") as caught:
        model.generate(label="dock")
    assert caught.value.hint == "did you mean duck? it knows: cow, duck"
    with pytest.raises(SettingsError, match="takes a label, no vector"):
        model.generate(vector=[1])
    plain = tmp_path / "plain.safetensors"
    jobs.train_charlm([table], plain, rnn_size=4, epochs=1)
    with pytest.raises(SettingsError, match="takes no label"):
        load(plain).generate(label="cow")
    with pytest.raises(SettingsError, match="plain text"):
        jobs.perplexity(str(plain), [table], records=LABELS)
    one = tmp_path / "one.tsv"
    one.write_text("text\tkind\na\tcow\nb\tcow\n")
    for columns, message in (
        ({"text_col": "text", "label_col": "kind"}, "all 2 texts are labelled 'cow'"),
        ({"text_col": "text", "label_col": "kind", "vector_col": "kind"}, "for a label or a vector"),
        ({"text_col": "text", "vector_col": "kind"}, "kind"),
    ):
        with pytest.raises(NlpcliError, match=message):
            jobs.train_charlm([one], tmp_path / "no.safetensors", **TINY, **columns)
    assert not (tmp_path / "no.safetensors").exists()


def test_the_bytes_are_the_same_for_any_number_of_threads(table, tmp_path):
    found = []
    for threads in (1, 2):
        output = tmp_path / f"{threads}.safetensors"
        jobs.train_charlm([table], output, **TINY, records=LABELS, threads=threads, dropout=0.2)
        model = read_model(output, "charlm")
        found.append({name: array.tobytes() for name, array in model.tensors.items()})
        found[-1]["history"] = model.fields["record"]["history"]
    assert found[0] == found[1]


def test_a_training_interrupted_after_every_update_is_the_training_itself(tmp_path, monkeypatch):
    path = tmp_path / "t.tsv"
    path.write_text("".join(TABLE.splitlines(keepends=True)[:21]))
    monkeypatch.setattr(os, "fsync", lambda _: None)
    output, checkpoint = tmp_path / "m.safetensors", tmp_path / "m.checkpoint.safetensors"
    columns = {"text_col": "text", "label_col": "kind"}
    settings = {**TINY, "epochs": 1, "batch_size": 3, "dropout": 0.1, "num_layers": 2}
    jobs.train_charlm([path], output, **settings, **columns, condition_dropout=0.3)
    whole = output.read_bytes()
    output.unlink()
    update, steps = Trainer._update, []

    def interrupted(trainer, pool):
        signal.raise_signal(signal.SIGINT)
        update(trainer, pool)

    monkeypatch.setattr(Trainer, "_update", interrupted)
    while not output.exists():
        going_on = {"resume": str(checkpoint)} if steps else {**settings, "condition_dropout": 0.3}
        with contextlib.suppress(KeyboardInterrupt):
            jobs.train_charlm([path], output, **going_on, **columns)
        if checkpoint.exists():
            steps.append(read_model(checkpoint, "charlm-checkpoint").header["training"]["step"])
            if len(steps) == 2:
                assert load(checkpoint).generate(label="cow", length=3)
                with pytest.raises(NlpcliError, match="another text"):
                    jobs.train_charlm([path], output, resume=str(checkpoint))
    assert output.read_bytes() == whole
    assert steps == [*range(1, len(steps) + 1)] and len(steps) > 4
    assert not checkpoint.exists()


def test_generating_needs_no_torch(animals, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert load(animals).generate(label="cow", length=4)


def test_json_says_what_a_text_was_written_for(nlpcli):
    models = ROOT / "tests" / "models"
    short = ("--length", 3, "--json")
    done = nlpcli("generate", models / "charlm-vector.safetensors", "--vector", "1.5", *short)
    assert json.loads(done.out)[0]["vector"] == [1.5]
    named = nlpcli("generate", models / "charlm-label.safetensors", "--label", "cow", *short)
    assert json.loads(named.out)[0]["label"] == "cow"
