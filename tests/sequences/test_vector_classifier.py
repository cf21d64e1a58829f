"""Classifiers of rows of numbers (`--cell none`): formulas, scale, files, interrupts, tables, errors."""

import itertools

import numpy as np
import pytest

import nlpcli
from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.sequences import network_checkpoint
from nlpcli.engine.sequences.vector_classifier import KIND, Inputs, VectorClassifier, added_by, feed
from nlpcli.engine.sequences.vector_examples import VectorExamples
from nlpcli.engine.sequences.vector_training import VectorTraining
from nlpcli.errors import ModelError
from nlpcli.settings.classify import RnnSettings
from nlpcli.settings.neural import ClassifierEncoder, NetworkTraining
from tests.sequences.test_recurrent_tagger import Silent, Stopped

torch = pytest.importorskip("torch")

RANDOM = np.random.default_rng(5)


def examples(scale=1.0, shift=0.0, count=80):
    """Two classes that a line through the first two of three columns parts."""
    vectors = np.random.default_rng(3).normal(size=(count, 3))
    labels = (vectors[:, 0] - vectors[:, 1] > 0).astype(np.int32)
    return VectorExamples(vectors * scale + shift, ("a", "b", "c"), labels, ("no", "yes"))


def training(rows=None, layers=1, epochs=30, **network):
    sizes = ClassifierEncoder(cell="none", rnn_size=6, num_layers=layers)
    settings = NetworkTraining(**{"learning_rate": 0.05, "dropout": 0.1, **network})
    return VectorTraining(rows or examples(), RnnSettings(epochs=epochs), sizes, settings)


def trained(*args, **more):
    begun = training(*args, **more)
    begun.run(Silent())
    return begun.best()


def content(model, path):
    model.save(path)
    return path.read_bytes()


def random_weights(sizes):
    shapes = [(f"layer{n}", *pair) for n, pair in enumerate(itertools.pairwise(sizes[:-1]))]
    shapes.append(("head", sizes[-2], sizes[-1]))
    found = {}
    for name, inputs, outputs in shapes:
        found[f"{name}.w"] = RANDOM.normal(size=(inputs, outputs)).astype(np.float32)
        found[f"{name}.b"] = RANDOM.normal(size=outputs).astype(np.float32)
    return found


def test_scores_are_those_of_the_formula():
    weights = random_weights([3, 4, 4, 2])
    z = RANDOM.normal(size=(5, 3))
    scores, hidden = feed(z, weights, 2)
    for row, found in zip(z, scores, strict=True):
        first = [
            np.tanh(sum(row[i] * weights["layer0.w"][i, j] for i in range(3)) + weights["layer0.b"][j])
            for j in range(4)
        ]
        second = [
            np.tanh(sum(first[i] * weights["layer1.w"][i, j] for i in range(4)) + weights["layer1.b"][j])
            for j in range(4)
        ]
        wanted = np.array(second) @ weights["head.w"] + weights["head.b"]
        assert found == pytest.approx(wanted)
    assert len(hidden) == 2


@pytest.mark.parametrize("layers", [0, 1, 3])
def test_what_columns_add_is_the_whole_of_the_scores(layers):
    weights = random_weights([3, *[4] * layers, 2])
    start = feed(np.zeros((1, 3)), weights, layers)[0][0]
    for z in RANDOM.normal(size=(6, 3)) * 3:
        whole = feed(z[None], weights, layers)[0][0] - start
        added = added_by(z, weights, layers, whole)
        assert added.shape == (3, 2)
        assert added.sum(axis=0) == pytest.approx(whole, abs=1e-4)
    if not layers:
        assert added == pytest.approx(z[:, None] * weights["head.w"])


def test_a_column_that_does_not_count_adds_nothing():
    weights = random_weights([3, 4, 2])
    weights["layer0.w"][1] = 0
    z = np.array([1.0, 50.0, -2.0])
    whole = (feed(z[None], weights, 1)[0] - feed(np.zeros((1, 3)), weights, 1)[0])[0]
    assert added_by(z, weights, 1, whole)[1] == pytest.approx([0, 0])


def test_inputs_are_standardised_and_a_constant_column_counts_for_nothing():
    vectors = np.array([[1.0, 5, 0.1], [3, 5, 0.1], [5, 5, 0.1]])
    inputs = Inputs.of(("a", "b", "c"), vectors)
    z = inputs.standardised(vectors)
    assert z[:, 0] == pytest.approx(np.array([-1, 0, 1]) * np.sqrt(1.5))
    assert not z[:, 1:].any()
    assert not inputs.standardised(np.array([[3.0, 900, -7]])).any()
    assert Inputs.of(("a",), vectors[:, :1] * 1e-200).deviation == pytest.approx(np.sqrt(8 / 3) * 1e-200)


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_it_learns_and_the_scale_of_inputs_does_not_matter(layers):
    plain, rows = trained(layers=layers), examples()
    accuracy = (plain.predict(rows.vectors).labels == rows.labels).mean()
    assert accuracy > 0.9
    for scale, shift in ((2.0**20, 0.0), (2.0**-30, 0.0)):  # exact in binary: then all weights are the same
        other = trained(examples(scale, shift), layers=layers)
        assert all((other.weights[name] == plain.weights[name]).all() for name in plain.weights)
    other = trained(examples(1000.0, 77.0), layers=layers)
    same = other.predict(rows.vectors * 1000 + 77).labels == plain.predict(rows.vectors).labels
    assert same.mean() > 0.97


def test_a_file_gives_the_same_answers_and_threads_do_not_change_its_bytes(tmp_path):
    one, two = (trained(threads=threads) for threads in (1, 2))
    assert content(one, tmp_path / "one") == content(two, tmp_path / "two")
    loaded = nlpcli.load(tmp_path / "one")
    assert isinstance(loaded, VectorClassifier)
    rows = [[1, 2, 3], "-1 0.5 1e3", (0, 0, 0)]
    assert (loaded.probabilities(rows) == one.probabilities(rows)).all()
    assert loaded.classify(rows) == one.classify(rows)
    assert loaded.classify([[3, -3, 0], [-3, 3, 0]]) == ["yes", "no"]


def test_an_interrupted_training_goes_on_to_the_same_bytes(tmp_path):
    whole = training(epochs=4, val_frac=0.2)
    assert whole.dev is not None and len(whole.dev.labels) == 16
    whole.run(Silent())
    expected = content(whole.best(), tmp_path / "whole")
    for stop in (1, 3, whole.total_steps):
        begun = training(epochs=4, val_frac=0.2)

        def after_update(begun=begun, stop=stop):
            if begun.step == stop:
                raise Stopped

        with pytest.raises(Stopped):
            begun.run(Silent(), after_update)
        network_checkpoint.save(begun, tmp_path / "checkpoint")
        begun = training(epochs=4, val_frac=0.2)
        network_checkpoint.restore(begun, tmp_path / "checkpoint")
        begun.run(Silent())
        assert content(begun.best(), tmp_path / "resumed") == expected, stop
    for other in ({"epochs": 5}, {"layers": 2}, {"rows": examples(shift=1.0)}):
        with pytest.raises(ModelError, match="of another training"):
            network_checkpoint.restore(
                training(**{"epochs": 4, "val_frac": 0.2, **other}), tmp_path / "checkpoint"
            )
    with pytest.raises(ModelError, match="interrupted, no classifier yet"):
        VectorClassifier.load(tmp_path / "checkpoint")


def test_a_forged_file_is_told(tmp_path):
    trained(epochs=1).save(tmp_path / "sound")
    model = read_model(tmp_path / "sound", KIND)
    header = {key: value for key, value in model.header.items() if key != "kind"}
    for change in (
        {"columns": ["a", "b"]}, {"labels": ["no"]}, {"num_layers": 2}, {"rnn_size": 5}, {"answer": "number"},
        {"num_layers": 10**9},
    ):  # fmt: skip
        write_model(tmp_path / "forged", KIND, {**header, **change}, dict(model.tensors))
        with pytest.raises(ModelError):
            VectorClassifier.load(tmp_path / "forged")


def test_few_rows_are_all_learnt_from():
    few = training(examples(count=40), val_frac=0.1)
    assert few.dev is None and len(few.lengths) == 40
    enough = training(examples(count=40), val_frac=0.3)
    assert enough.dev is not None and len(enough.lengths) == 28
