"""--show-work: the numbers of the course notes, and those that the real code computes."""

import json

import numpy as np
import pytest

import nlpcli as api
from nlpcli.errors import InputError, SettingsError
from tests.command_line import ROOT

MODELS = ROOT / "tests" / "models"
PAPERS = (
    "CV\tImage recognition uses convolutional neural networks\n"
    "CV\tTransformer can be used for image classification task\n"
    "NLP\tLanguage modeling uses transformer\n"
    "NLP\tDocument classification task is language task\n"
)
QUESTION = "Classification task uses transformer"
PLAIN = {"variant": "multinomial", "ngrams": "1", "char_ngrams": "0"}


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A folder with the labelled texts of the notes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "papers.tsv").write_text(PAPERS)
    return tmp_path


def named(tables):
    return {table.name: table.records() for table in tables}


# --- Naive Bayes ----------------------------------------------------------------------------


def test_naive_bayes_has_the_fractions_of_the_notes(work):
    outcome = api.train_nb("papers.tsv", "nb.safetensors", **PLAIN, alpha=0, show_work=True)
    trained = named(outcome.work)
    assert [row["P(c)"] for row in trained["classes"]] == ["2/4", "2/4"]
    fractions = {row["feature"]: [*row.values()][1:] for row in trained["features"]}
    assert fractions["task"] == ["1/14", "2/10"] and fractions["uses"] == ["1/14", "1/10"]
    assert len(fractions) == 17
    found = named(api.classify_work("nb.safetensors", QUESTION))
    cv, nlp = found["decisions"]
    assert cv["product"] == "2/4 × 1/14 × 1/14 × 1/14 × 1/14"
    assert nlp["product"] == "2/4 × 1/10 × 2/10 × 1/10 × 1/10"
    assert cv["value"] == pytest.approx(0.5 / 14**4) and nlp["value"] == pytest.approx(0.0001)
    assert (cv["decision"], nlp["decision"]) == ("", "NLP")
    probabilities = api.load("nb.safetensors").probabilities([QUESTION])[0]
    assert [cv["probability"], nlp["probability"]] == probabilities.tolist()
    assert nlp["probability"] == pytest.approx(nlp["value"] / (nlp["value"] + cv["value"]))


def test_an_unseen_word_makes_the_product_zero_until_it_is_smoothed(work):
    for alpha, fraction, value in ((0, "0/14", 0.0), (1, "1/31", 0.5 * 2 / 31 * 1 / 31)):
        api.train_nb("papers.tsv", "nb.safetensors", **PLAIN, alpha=alpha)
        found = named(api.classify_work("nb.safetensors", ["task modeling"]))
        assert found["features"][1]["P(feature|CV)"] == fraction
        assert found["decisions"][0]["value"] == pytest.approx(value)
    found = named(api.classify_work("nb.safetensors", ["zebra"]))
    assert found["features"][0]["P(feature|CV)"] == "not in the model"
    assert found["decisions"][0]["product"] == "2/4"


def test_hashed_features_are_numbers_and_no_word_is_called_unknown(work):
    hashed = {**PLAIN, "hash_bits": 12}
    api.train_nb("papers.tsv", "nb.safetensors", **hashed)
    found = named(api.classify_work("nb.safetensors", ["task zebra"]))
    assert [row["feature"][0] for row in found["features"]] == ["#"]


def test_what_no_fractions_make_is_refused_and_nothing_is_written(work):
    with pytest.raises(SettingsError, match="this model is nbsvm"):
        api.train_nb("papers.tsv", "nb.safetensors", variant="nbsvm", show_work=True)
    with pytest.raises(InputError, match="features, and at most 500"):
        api.train_nb(ROOT / "sample_corpora" / "reviews_en.tsv", "nb.safetensors", show_work=True)
    assert not (work / "nb.safetensors").exists()
    with pytest.raises(InputError, match="more than 20 texts"):
        api.classify_work(MODELS / "naive-bayes.safetensors", ["a film"] * 21)


# --- documents ------------------------------------------------------------------------------

TWO = ["John really really loves this movie", "Jane really likes this song"]
FIRST_SEEN = {"lowercase": False, "vocab_order": "first-seen"}


@pytest.mark.parametrize(
    "settings",
    [{}, {"norm": "none"}, {"norm": "l1", "sublinear_tf": True}, {"smooth_idf": False, "ngrams": "1-2"}],
)
def test_products_are_the_weights_of_vectorize(work, settings):
    (work / "two.txt").write_text("\n".join(TWO) + "\n")
    table = api.vectorize("two.txt", **settings)
    found = named(api.vectorize_work(TWO, **settings))
    weights = np.zeros(table.matrix.shape)
    column = {term: number for number, term in enumerate(table.features.tokens)}
    for row in found["weights"]:
        weights[row["document"] - 1, column[row["term"]]] = row["weight"]
        assert row["tf × idf"] == pytest.approx(row["tf"] * row["idf"])
        assert row["weight"] == pytest.approx(row["tf × idf"] / row["length"])
    assert weights.tolist() == table.matrix.to_dense().tolist()
    assert {row["term"] for row in found["idf"]} == {*column}


def test_one_hot_vectors_are_all_equally_far_apart_and_counts_are_those_of_the_notes():
    found = named(api.vectorize_work(TWO, kind="onehot", **FIRST_SEEN))
    words = " ".join(row["word"] for row in found["vectors"])
    assert words == "John really loves this movie Jane likes song"
    assert {(row["distance"], row["cosine"]) for row in found["pairs"]} == {(2**0.5, 0.0)}
    rows = named(api.vectorize_work(TWO, kind="bow", **FIRST_SEEN))["rows"]
    assert [[*row.values()][1:] for row in rows] == [[1, 2, 1, 1, 1, 0, 0, 0], [0, 1, 0, 1, 0, 1, 1, 1]]


def test_documents_that_cannot_be_shown():
    with pytest.raises(InputError, match="more than 20 texts"):
        api.vectorize_work(["a"] * 21)
    with pytest.raises(InputError, match="201 features"):
        api.vectorize_work([" ".join(f"w{number}" for number in range(201))])
    with pytest.raises(SettingsError, match="hashing"):
        api.vectorize_work(["a"], kind="hashing")


# --- skip-gram ------------------------------------------------------------------------------


@pytest.mark.parametrize("epochs", [1, 40])
def test_a_step_of_skip_gram_is_that_of_the_equations(work, epochs):
    (work / "math.txt").write_text("I study math\n")
    found = named(api.train_w2v_work("math.txt", window=1, dim=2, lr=0.5, epochs=epochs, lowercase=False))
    assert [[*row.values()][1:] for row in found["pairs"]] == [
        ["I", "study"], ["study", "I"], ["study", "math"], ["math", "study"]
    ]  # fmt: skip
    first = np.array([[*row.values()][2:] for row in found["W1"]]).reshape(5, 2, 3)
    second = np.array([[*row.values()][2:] for row in found["W2"]]).reshape(5, 3, 2)
    for number, step in enumerate(found["hidden"]):
        hidden = first[number] @ step["x"]
        assert [step["h_1"], step["h_2"]] == hidden.tolist()
        rows = found["softmax"][3 * number : 3 * number + 3]
        chances = np.exp(second[number] @ hidden)
        chances /= chances.sum()
        assert [row["P"] for row in rows] == pytest.approx(chances.tolist(), rel=1e-4)
        assert step["loss"] == pytest.approx(
            -np.log(chances[[row["target"] for row in rows].index(1)]), rel=1e-4
        )
        errors = np.array([row["target−P"] for row in rows])
        moved = second[number] + step["learning_rate"] * np.outer(errors, hidden)
        assert second[number + 1] == pytest.approx(moved, abs=1e-6)
        moved = first[number] + step["learning_rate"] * np.outer(errors @ second[number], step["x"])
        assert first[number + 1] == pytest.approx(moved, abs=1e-6)
    if epochs > 1:  # what the notes expect of it
        assert first[-1][:, 1] @ second[-1][2] > 1 > first[-1][:, 1] @ second[-1][1]


def test_skip_gram_that_cannot_be_shown(work):
    (work / "long.txt").write_text("a b c d e f g h i j k l\n")
    with pytest.raises(InputError, match="41 pairs"):
        api.train_w2v_work("long.txt", min_count=1)
    with pytest.raises(InputError, match="100 numbers in a vector"):
        api.train_w2v_work("long.txt", min_count=1, window=1, dim=100)
    with pytest.raises(SettingsError, match="skip-gram"):
        api.train_w2v_work("long.txt", method="cbow")


# --- GloVe ----------------------------------------------------------------------------------


def test_the_loss_of_glove_is_the_cost_that_training_tells(work):
    (work / "three.txt").write_text("I like deep learning\nI like NLP\nI enjoy flying\n")
    settings = {"min_count": 1, "window": 1, "distance_weighting": False, "dim": 2, "x_max": 2, "bias": False}
    told = []
    # A rate so small that the cost of the second epoch is that of the model after the first.
    model = api.train_glove("three.txt", "g.safetensors", **settings, lr=1e-9, epochs=2, worked=told.append)
    found = named(told[0])
    assert {(row["word"], row["neighbour"]): round(row["X"], 6) for row in found["cells"]}["i", "like"] == 2
    assert len(found["cells"]) == 12
    for row in found["cells"]:
        assert row["f(X)"] == pytest.approx(min(1, row["X"] / 2) ** 0.75)
        assert row["error"] == pytest.approx(row["u·v"] + row["b_u + b_v"] - row["ln X"])
    assert found["J"][0]["J"] == pytest.approx(model.costs[-1] * 12, rel=1e-5)
    assert [[row["1"], row["2"]] for row in found["u"]] == model.words.rows[:, 0, :2].tolist()


def test_a_loss_that_cannot_be_shown(work):
    (work / "long.txt").write_text(" ".join(f"w{number}" for number in range(30)))
    for settings, complaint in (({"dim": 2}, "cells"), ({"dim": 9, "window": 1}, "9 numbers in a vector")):
        with pytest.raises(InputError, match=complaint):
            api.train_glove("long.txt", "g.txt", min_count=1, **settings, worked=print)
    assert not (work / "g.txt").exists()


# --- character models -----------------------------------------------------------------------


def small(cell, layers=1):
    """A network of three cells over four characters, its weights drawn."""
    from nlpcli.engine.charlm.model import CharLM
    from nlpcli.engine.corpus.vocabulary import Vocabulary
    from nlpcli.engine.neural.weights import initial_weights
    from nlpcli.settings.charlm import CharLMSettings

    settings = CharLMSettings(cell=cell, rnn_size=3, num_layers=layers, seed=4)
    alphabet = Vocabulary.of(["h", "e", "l", "o"], [1, 1, 2, 1])
    return CharLM(settings, alphabet, initial_weights(settings, alphabet), {})


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("cell", "gates"), [("rnn", ""), ("lstm", "ifog"), ("gru", "zrn")])
def test_states_and_gates_are_those_of_the_network_and_follow_the_equations(cell, gates, layers):
    from nlpcli.engine.charlm.activations import record
    from nlpcli.engine.charlm.shown_work import written_out
    from nlpcli.settings.charlm import GenerateSettings

    model = small(cell, layers)
    found = named(written_out(model, "hell", GenerateSettings(length=3, seed=2)))
    rows = {
        (row["t"], row["layer"], row["signal"]): np.array([row[str(n)] for n in (1, 2, 3)])
        for row in found["states"]
    }
    text = "".join(row["x"].strip("'") for row in found["outputs"][::2])
    assert text == model.generate("hell", length=3, seed=2) and len(text) == 7
    recorded = record(model, text).values
    for (t, layer, signal), values in rows.items():
        if signal == "h":
            assert recorded[layer, "h" if gates else "cell"][t - 1].tolist() == values.tolist()
        elif signal in gates:
            assert recorded[layer, signal][t - 1].tolist() == values.tolist()
    before = np.zeros(3)
    for t in range(1, 8):
        row = {signal: values for (step, layer, signal), values in rows.items() if (step, layer) == (t, 0)}
        if cell == "lstm":
            assert row["c"] == pytest.approx(row["f·c_t-1"] + row["i·g"], abs=1e-6)
            assert row["h"] == pytest.approx(row["o"] * np.tanh(row["c"]), abs=1e-6)
        elif cell == "gru":
            assert row["h"] == pytest.approx((1 - row["z"]) * before + row["z"] * row["n"], abs=1e-6)
        before = row["h"]
    for logits, chances in zip(found["outputs"][::2], found["outputs"][1::2], strict=True):
        logit, chance = ([row[f"'{letter}'"] for letter in "helo"] for row in (logits, chances))
        assert chance == pytest.approx((np.exp(logit) / np.exp(logit).sum()).tolist(), rel=1e-5)
        assert logits["next"] == chances["next"]


def test_a_character_model_that_cannot_be_shown(work):
    from dataclasses import replace

    from nlpcli.engine.charlm.shown_work import written_out
    from nlpcli.settings.charlm import GenerateSettings

    model = small("rnn")
    with pytest.raises(InputError, match="51 characters"):
        written_out(model, "h", GenerateSettings(length=50))
    with pytest.raises(InputError, match="never seen"):
        written_out(model, "x", GenerateSettings(length=0))
    with pytest.raises(InputError, match="99 cells"):
        written_out(replace(model, settings=replace(model.settings, rnn_size=99)), "h", GenerateSettings())
    with pytest.raises(SettingsError, match="needs a text to read"):
        api.generate_work(MODELS / "charlm.safetensors")


# --- the command line -----------------------------------------------------------------------


def test_the_command_line_prints_the_tables_of_the_python_api(work, nlpcli):
    options = ["--method", "multinomial", "--ngrams", "1", "--char-ngrams", "0", "--alpha", "0"]
    shown = nlpcli("train-nb", "papers.tsv", *options, "--show-work", "--json", "-q").out
    assert json.loads(shown) == named(
        api.train_nb("papers.tsv", "nb.safetensors", **PLAIN, alpha=0, show_work=True).work
    )
    shown = nlpcli("classify", "nb.safetensors", "--show-work", "-o", "out.json", "--json", input=QUESTION)
    assert not shown.out
    assert json.loads((work / "out.json").read_text()) == named(
        api.classify_work("nb.safetensors", [QUESTION])
    )
    table = nlpcli("classify", "nb.safetensors", "--show-work", input=QUESTION).out
    assert table.split("\n\n")[-1].splitlines()[1:] == [
        "1\tCV\t2/4 × 1/14 × 1/14 × 1/14 × 1/14\t0.0000130154\t0.115165\t",
        "1\tNLP\t2/4 × 1/10 × 2/10 × 1/10 × 1/10\t0.0001\t0.884835\tNLP",
    ]
    headless = nlpcli("vectorize", "--show-work", "--no-header", input="a b\n").out
    assert headless.startswith("a\t1\tln(2/2) + 1\t1\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["train-nb", "papers.tsv", "--show-work", "--holdout", 0.5], "--show-work does nothing where"),
        (["classify", "nb", "--show-work", "--proba"], "--proba does nothing beside --show-work"),
        (["vectorize", "papers.tsv", "--show-work", "--top", 3], "--top does nothing beside --show-work"),
        (["vectorize", "--show-work", "--save-vocab", "v"], "--save-vocab does nothing beside --show-work"),
        (["vectorize", "--show-work", "-o", "a.npz"], "-o does nothing beside --show-work"),
        (["vectorize", "--show-work", "--idf-weighted"], "--idf-weighted does nothing beside --show-work"),
        (["train-w2v", "papers.tsv", "--show-work", "-o", "w"], "-o does nothing beside --show-work"),
        (["train-w2v", "papers.tsv", "--show-work", "--negative", 2], "--negative does nothing"),
        (["generate", "m", "--prime", "a", "--show-work", "-n", 2], "--num-samples does nothing beside"),
    ],
)
def test_options_that_do_nothing_beside_it(work, nlpcli, arguments, complaint):
    assert complaint in nlpcli(*arguments, code=2).err
    assert [path.name for path in work.iterdir()] == ["papers.tsv"]
