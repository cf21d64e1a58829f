"""Pairs of texts, several labels and numbers from files to answers: jobs, bytes, interrupts, errors."""

import json
from pathlib import Path

import numpy as np
import pytest

from nlpcli.engine import jobs
from nlpcli.engine.classify.examples import examples_of, with_mismatched
from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.sequences import network_checkpoint
from nlpcli.engine.sequences.answers import Classes, Labels, Number
from nlpcli.engine.sequences.classifier_training import ClassifierTraining
from nlpcli.engine.sequences.given_vectors import GivenVectors
from nlpcli.engine.sequences.text_classifier import KIND, TextClassifier
from nlpcli.errors import InputError, ModelError, SettingsError
from nlpcli.settings.classify import RnnSettings
from nlpcli.settings.neural import EncoderSettings, NetworkTraining
from nlpcli.settings.text import LOWERCASE
from tests.sequences.test_recurrent_tagger import Silent, Stopped

pytest.importorskip("torch")

SMALL = EncoderSettings(rnn_size=8, word_dim=8, ngram_dim=8, bucket=100)
QUICK = {"val_frac": 0, "batch_tokens": 40, "learning_rate": 0.02, "dropout": 0.1, "word_dropout": 0.1}
# Each: texts, labels, how many texts an example has, the answer.
PAIRS = [
    ("a red car", "the car is red"),
    ("a red car", "no car is red"),
    ("a dog", "a dog"),
    ("a dog", "no dog"),
]
YES_NO = ["yes", "no", "yes", "no"]
WORDS = ["sun", "rain", "sun and rain", "neither"]
TASKS = {
    "labels": (WORDS * 10, ["dry", "wet", "dry\nwet", ""] * 10, 1, Labels(("dry", "wet"))),
    "number": (WORDS * 10, ["1.5", "-2", "0.25", "7"] * 10, 1, Number(1.6875, 3.26)),
    "pairs": ([text for pair in PAIRS for text in pair] * 10, YES_NO * 10, 2, Classes(("no", "yes"))),
    "pairs of numbers": (
        [text for pair in PAIRS for text in pair] * 10,
        ["4.5", "0"] * 20,
        2,
        Number(2.25, 2.25),
    ),
}
GIVEN = GivenVectors(["car", "dog", "sun"], np.eye(4, 3, -1, np.float16))


def training(task, epochs=3, vectors=None, pooling="attention", symmetric=False, negatives=None, **more):
    texts, labels, sides, answer = TASKS[task]
    empty = ["", "a"][:sides]  # a text or pair from which nothing is learnt
    examples = examples_of([*texts, *empty], [*labels, labels[0]], LOWERCASE, sides)
    network = NetworkTraining(**{**QUICK, **more})
    settings = RnnSettings(epochs=epochs, pooling=pooling, symmetric=symmetric, negatives=negatives)
    return ClassifierTraining(examples, LOWERCASE, settings, SMALL, network, None, vectors, answer=answer)


def trained(task, **more):
    begun = training(task, **more)
    begun.run(Silent())
    return begun.best()


def content(model, path):
    model.save(path)
    return path.read_bytes()


@pytest.mark.parametrize("task", TASKS)
def test_it_learns_and_a_file_gives_the_same_answers_and_threads_the_same_bytes(tmp_path, task):
    model = trained(task, epochs=30)
    texts, labels, sides, _ = TASKS[task]
    asked = WORDS if sides == 1 else PAIRS
    if task == "labels":
        assert model.classify(asked) == [("dry",), ("wet",), ("dry", "wet"), ()]
    elif task == "pairs":
        assert model.classify(asked) == YES_NO
    else:
        assert model.classify(asked) == pytest.approx([float(label) for label in labels[:4]], abs=1)
    one, two = (trained(task, epochs=2, vectors=GIVEN, threads=threads) for threads in (1, 2))
    assert content(one, tmp_path / "one") == content(two, tmp_path / "two")
    loaded = TextClassifier.load(tmp_path / "one")
    assert loaded.answer == one.answer and loaded.sides == sides
    more = (
        [*texts, "never seen", "", "car " * 700, "a"]
        if sides == 1
        else [*texts, "", "a", "x y", "dog " * 600]
    )
    corpus = one.encode([more])
    scores = one.scores(corpus)
    assert (loaded.scores(corpus) == scores).all() and np.isfinite(scores).all()
    if sides == 2:
        assert scores[-2] == pytest.approx(one.priors)  # a side is empty: what is said of what is not known


@pytest.mark.parametrize("pooling", ["max", "mean", "last"])
def test_pairs_learn_by_every_pooling(pooling):
    assert trained("pairs", epochs=30, pooling=pooling).classify(PAIRS) == YES_NO


def test_pairs_that_do_not_belong_together_are_made():
    texts = [f"{side}{n}" for n in range(6) for side in "ab"]
    rows = examples_of(texts, ["same", "other", "same", "same", "other", "same"], LOWERCASE, 2)
    more = with_mismatched(rows, "other", 1)
    words = [more.corpus.vocabulary.tokens[word] for word in more.corpus.ids.tolist()]
    assert words[:12] == texts and [more.names[n] for n in more.labels[6:]] == ["other"] * 4
    made = list(zip(words[12::2], words[13::2], strict=True))
    assert sorted(a for a, _ in made) == ["a0", "a2", "a3", "a5"]
    assert sorted(b for _, b in made) == ["b0", "b2", "b3", "b5"]
    assert all(a[1] != b[1] for a, b in made)
    assert (with_mismatched(rows, "other", 1).corpus.ids == more.corpus.ids).all()
    plain, taught = (training("pairs", negatives=negatives) for negatives in (None, "no"))
    assert len(taught.sentences.lengths) == len(plain.sentences.lengths) + 20


def test_a_symmetric_model_gives_swapped_pairs_the_same_answer():
    swapped = [(second, first) for first, second in PAIRS]
    for symmetric in (True, False):
        model = trained("pairs", epochs=3, symmetric=symmetric)
        is_same = np.allclose(model.probabilities(PAIRS), model.probabilities(swapped), atol=1e-5)
        assert is_same == symmetric


@pytest.mark.parametrize("task", TASKS)
def test_an_interrupted_training_goes_on_to_the_same_bytes(tmp_path, task):
    more = {"val_frac": 0.2, "vectors": GIVEN, "negatives": "no" if task == "pairs" else None}
    whole = training(task, **more)
    whole.run(Silent())
    expected = content(whole.best(), tmp_path / "whole")
    begun = training(task, **more)
    for stop in (2, 5):

        def after_update(begun=begun, stop=stop):
            if begun.step == stop:
                raise Stopped

        with pytest.raises(Stopped):
            begun.run(Silent(), after_update)
        network_checkpoint.save(begun, tmp_path / "checkpoint")
        begun = training(task, **more)
        network_checkpoint.restore(begun, tmp_path / "checkpoint")
    begun.run(Silent())
    assert content(begun.best(), tmp_path / "resumed") == expected
    other = next(name for name in TASKS if name != task)
    with pytest.raises(ModelError, match="of another training"):
        network_checkpoint.restore(training(other, **{**more, "negatives": None}), tmp_path / "checkpoint")


SIZES = {"rnn_size": 8, "word_dim": 8, "ngram_dim": 8, "bucket": 100, "epochs": 25, "learning_rate": 0.02}
COLUMNS = {"text_col": "q1", "text2_col": "q2", "label_col": "same"}


def table(path, rows, *header, separator="\t"):
    path.write_text("".join(separator.join(row) + "\n" for row in ([header] if header else []) + rows))
    return str(path)


@pytest.fixture
def pairs(tmp_path):
    rows = [(*pair, label) for pair, label in zip(PAIRS, YES_NO, strict=True)] * 10
    return table(tmp_path / "pairs.tsv", rows, "q1", "q2", "same")


@pytest.fixture
def emotions(tmp_path):
    rows = list(zip(WORDS, ["dry", "wet", "dry,wet", ""], strict=True)) * 10
    return table(tmp_path / "emotions.tsv", rows, "text", "labels")


def test_pairs_are_trained_classified_and_measured_from_tables_and_json(tmp_path, pairs):
    output = str(tmp_path / "m.safetensors")
    outcome = jobs.train_rnn(pairs, output, test=pairs, **COLUMNS, **SIZES)
    assert outcome.evaluations["test"].accuracy == jobs.evaluate(output, pairs, **COLUMNS).accuracy == 1
    assert jobs.classify(output, PAIRS) == YES_NO
    assert jobs.classify(output, [("a dog", "a dog")], proba=True)[0].startswith("yes\t0.")
    jobs.classify(output, pairs, str(tmp_path / "said"), text_col="q1", text2_col="q2")
    assert (tmp_path / "said").read_text().splitlines() == YES_NO * 10
    bare = table(tmp_path / "bare.tsv", [(*pair, label) for pair, label in zip(PAIRS, YES_NO, strict=True)])
    assert jobs.evaluate(output, bare, text_col="1", text2_col="2").accuracy == 1  # the label is what is left
    quoted = tmp_path / "quoted.csv"
    quoted.write_text('q1,q2,same\n"a dog","no\ndog",no\n')
    assert jobs.evaluate(output, str(quoted), **COLUMNS).accuracy == 1
    lines = tmp_path / "pairs.jsonl"
    lines.write_text(json.dumps({"q1": "a dog", "q2": "no dog", "same": "no"}) + "\n\n")
    assert jobs.evaluate(output, str(lines), **COLUMNS).accuracy == 1
    jobs.classify(output, str(lines), str(tmp_path / "said"), text_col="q1", text2_col="q2", jsonl=True)
    records = [json.loads(line) for line in (tmp_path / "said").read_text().splitlines()]
    assert [record["label"] for record in records] == ["no", "no"]  # of a blank line, what is said of nothing
    result = jobs.evaluate(output, table(tmp_path / "w.tsv", [("a dog", "a dog", "no")]), mistakes=3,
                           text_col="1", text2_col="2")  # fmt: skip
    assert result.mistakes[0].text == "a dog | a dog"


def test_several_labels_from_a_file_to_answers(tmp_path, emotions):
    output = str(tmp_path / "m.safetensors")
    outcome = jobs.train_rnn(emotions, output, test=emotions, dev=emotions, label_sep=",", **SIZES)
    result = jobs.evaluate(output, emotions)
    assert outcome.evaluations["test"].to_record() == result.to_record()
    assert result.micro().f1 == result.macro().f1 == result.accuracy == 1
    assert jobs.classify(output, WORDS) == ["dry", "wet", "dry,wet", ""]
    line = jobs.classify(output, ["sun and rain"], proba=True)[0].split("\t")
    assert line[0] == "dry,wet" and all(float(chance) > 0.3 for chance in line[1].split(","))
    assert jobs.classify(output, ["neither"], threshold=0.0) == ["dry,wet"]
    assert jobs.classify(output, ["sun"], threshold=1.0) == [""]
    assert jobs.classify(output, ["rain"], top_k=1)[0].split("\t")[0] == "wet"
    record = json.loads(jobs.classify(output, ["sun"], jsonl=True)[0])
    assert record["labels"] == ["dry"] and [*record["proba"]] == ["dry"]
    reason = json.loads(jobs.classify(output, ["sun"], jsonl=True, explain=True)[0])
    odds = reason["start"] + sum(odds for _, odds in reason["tokens"])
    assert reason["against"] == "not dry"
    assert odds == pytest.approx(np.log(record["proba"]["dry"] / (1 - record["proba"]["dry"])), abs=1e-2)
    lines = tmp_path / "l.jsonl"
    lines.write_text(
        '{"text": "sun and rain", "labels": ["wet", "dry"]}\n{"text": "neither", "labels": []}\n'
    )
    assert jobs.evaluate(output, str(lines)).accuracy == 1
    other = table(tmp_path / "other.tsv", [("sun and rain", "wet;dry")], "text", "labels")
    assert jobs.evaluate(output, other, label_sep=";").accuracy == 1
    loaded = TextClassifier.load(output)
    assert loaded.probabilities(["sun"]).shape == (1, 2)


def test_numbers_from_a_file_to_answers(tmp_path):
    rows = [(a, b, str(n / 2)) for n, (a, b) in enumerate(PAIRS * 3)]
    path, output, said = table(tmp_path / "n.tsv", rows, "q1", "q2", "same"), str(tmp_path / "m"), []
    outcome = jobs.train_rnn(
        path, output, test=path, measured=lambda *found: said.append(found), **COLUMNS, **SIZES
    )
    result = jobs.evaluate(output, path, mistakes=2, **COLUMNS)
    assert outcome.evaluations["test"].pearson == result.pearson and len(result.mistakes) == 2
    values = [float(line) for line in jobs.classify(output, PAIRS)]
    assert TextClassifier.load(output).classify(PAIRS) == pytest.approx(values, abs=1e-4)
    assert json.loads(jobs.classify(output, PAIRS, jsonl=True)[0]) == {
        "number": pytest.approx(values[0], abs=1e-4)
    }
    with pytest.raises(SettingsError, match="numbers, which have no probabilities"):
        TextClassifier.load(output).probabilities(PAIRS)


def test_what_each_token_adds_makes_up_the_number():
    model = trained("number", epochs=2)
    corpus = model.encode([["sun and rain", ""]])
    values = model.predict(corpus).values
    for reason, value in zip(model.explain(corpus), values, strict=True):
        assert reason.start + sum(odds for _, odds in reason.tokens) == pytest.approx(value, abs=1e-4)


def test_errors_of_pairs_say_what_is_wrong(tmp_path, pairs, emotions):
    output = str(tmp_path / "m.safetensors")
    jobs.train_rnn(pairs, output, **COLUMNS, **{**SIZES, "epochs": 1})

    def train(path, **more):
        return jobs.train_rnn(str(path), str(tmp_path / "no"), **{**SIZES, **COLUMNS, **more})

    with pytest.raises(SettingsError, match="--symmetric is for pairs of texts"):
        train(pairs, text2_col=None, symmetric=True)
    with pytest.raises(SettingsError, match="--negatives is for pairs of texts"):
        train(pairs, text2_col=None, negatives="no")
    with pytest.raises(SettingsError, match="--negatives maybe: no pair has that label"):
        train(pairs, negatives="maybe")
    with pytest.raises(SettingsError, match="nothing names the first"):
        train(pairs, text_col=None)
    with pytest.raises(InputError, match="no column is called 'q3'; there are: q1, q2, same"):
        train(pairs, text2_col="q3")
    with pytest.raises(InputError, match="second text of a pair is in the same column as its first text"):
        train(pairs, text2_col="q1")
    with pytest.raises(InputError, match="in the same column as its label"):
        train(pairs, text2_col="same")
    with pytest.raises(InputError, match=r"short.tsv:3: 1 field, the columns asked for need at least 3"):
        train(table(tmp_path / "short.tsv", [("a", "b", "c"), ("d",)], "q1", "q2", "same"))
    lines = tmp_path / "l.jsonl"
    lines.write_text('{"q1": "a", "same": "x"}\n')
    with pytest.raises(InputError, match=r"l.jsonl:1: no field 'q2'; there are: q1, same"):
        train(lines)
    with pytest.raises(InputError, match="no pair has a token in both texts"):
        train(table(tmp_path / "empty.tsv", [("a", "", "x"), ("", "b", "y")] * 9, "q1", "q2", "same"))
    fasttext = tmp_path / "f.txt"
    fasttext.write_text("__label__x a\n__label__y b\n")
    with pytest.raises(InputError, match="there is no second for --text2-col"):
        train(fasttext)
    (tmp_path / "folder" / "x").mkdir(parents=True)
    (tmp_path / "folder" / "x" / "one.txt").write_text("a")
    with pytest.raises(InputError, match="there is no second for --text2-col"):
        train(tmp_path / "folder")
    with pytest.raises(TypeError, match="no argument 'text2_col'"):
        jobs.train_nb(pairs, str(tmp_path / "no"), **COLUMNS)
    with pytest.raises(TypeError, match="no argument 'text2_col'"):
        jobs.vectorize(pairs, text_col="q1", text2_col="q2")
    for options in ({}, {"text_col": "q1"}):
        with pytest.raises(SettingsError, match="the model judges pairs of texts"):
            jobs.classify(output, pairs, str(tmp_path / "no"), **options)
    with pytest.raises(SettingsError, match="the model judges pairs of texts"):
        jobs.evaluate(output, pairs, text_col="q1", label_col="same")
    for wrong in ("one text", ("a", "b", "c")):
        with pytest.raises(SettingsError, match="is none"):
            TextClassifier.load(output).classify([wrong])
    with pytest.raises(SettingsError, match="'one text' is none"):
        jobs.classify(output, ["one text"])
    with pytest.raises(SettingsError, match="--explain is not for pairs"):
        jobs.classify(output, PAIRS, explain=True)
    one = str(tmp_path / "one.safetensors")
    jobs.train_nb(pairs, one, text_col="q2", label_col="same")
    for verb in (
        lambda: jobs.classify(one, pairs, str(tmp_path / "no"), text_col="q1", text2_col="q2"),
        lambda: jobs.evaluate(one, pairs, **COLUMNS),
    ):
        with pytest.raises(SettingsError, match="the model judges one text"):
            verb()
    assert not Path(tmp_path / "no").exists()


def test_a_pair_with_an_empty_side_is_left_out_and_told(tmp_path, pairs):
    with open(pairs, "a") as file:
        file.write("a dog\t\tno\n")
    said = []

    class Progress:
        lost = note = said.append

        def update(self, *_given): ...

    jobs.train_rnn(pairs, test=pairs, progress=Progress(), **COLUMNS, **{**SIZES, "epochs": 1})
    assert "1 pair with an empty side: nothing is learnt from it" in said


def test_errors_of_labels_and_numbers_say_what_is_wrong(tmp_path, emotions, pairs):
    output = str(tmp_path / "m.safetensors")
    jobs.train_rnn(emotions, output, label_sep=",", **{**SIZES, "epochs": 1})
    with pytest.raises(SettingsError, match="--plot draws a confusion matrix"):
        jobs.evaluate(output, emotions, plot=str(tmp_path / "p.html"))
    with pytest.raises(SettingsError, match="a model of several labels is judged by all of a text"):
        jobs.evaluate(output, emotions, multi_label="each")
    with pytest.raises(SettingsError, match="--multi-label all is for models that give several labels"):
        jobs.train_nb(emotions, str(tmp_path / "no"), multi_label="all")
    with pytest.raises(SettingsError, match="--label-sep cannot be"):
        jobs.train_rnn(emotions, output, label_sep="")
    dev = table(tmp_path / "dev.tsv", [("sun", "dry,hot")], "text", "labels")
    with pytest.raises(InputError, match="the label 'hot', which no text to learn from has"):
        jobs.train_rnn(emotions, output, label_sep=",", dev=dev, **SIZES)
    lines = tmp_path / "l.jsonl"
    lines.write_text('{"text": "a", "labels": ["x,y", "z"]}\n')
    with pytest.raises(InputError, match=r"l.jsonl:1: the label 'x,y' holds ',', which separates labels"):
        jobs.train_rnn(str(lines), output, multi_label="all")
    classes = str(tmp_path / "c.safetensors")
    jobs.train_rnn(pairs, classes, text_col="q2", label_col="same", **{**SIZES, "epochs": 1})
    with pytest.raises(SettingsError, match="--threshold is for models that give several labels"):
        jobs.classify(classes, ["a"], threshold=0.5)
    with pytest.raises(InputError, match=r"the label 'yes' \(that of text 1\) is no number"):
        jobs.train_rnn(pairs, output, label_type="number", **COLUMNS)
    numbers = table(tmp_path / "n.tsv", [(text, str(n)) for n, text in enumerate(WORDS * 3)], "text", "label")
    jobs.train_rnn(numbers, classes, label_type="number", **{**SIZES, "epochs": 1})
    for options in ({"proba": True}, {"top_k": 2}):
        with pytest.raises(SettingsError, match="not for a model that gives numbers"):
            jobs.classify(classes, ["a"], **options)
    wrong = table(tmp_path / "w.tsv", [("sun", "hot")], "text", "label")
    for given in ({"dev": wrong}, {"test": wrong}):
        with pytest.raises(InputError, match=r"'hot' .* is no number"):
            jobs.train_rnn(numbers, str(tmp_path / "no"), label_type="number", **given, **SIZES)
    with pytest.raises(InputError, match=r"'hot' .* is no number"):
        jobs.evaluate(classes, wrong)
    assert not Path(tmp_path / "no").exists()


def test_a_forged_file_is_told(tmp_path):
    for task, changes in (
        (
            "labels",
            ({"threshold": 2}, {"answer": "label", "labels": ["a"]}, {"answer": "number"}, {"labels": []}),
        ),
        ("pairs of numbers", ({"pairs": False}, {"deviation": -1}, {"answer": "labels"}, {"mean": "x"})),
        ("pairs", ({"given_dim": 3}, {"answer": "numbers"}, {"labels": ["a", "b", "c"]})),
    ):
        trained(task, epochs=1).save(tmp_path / "sound")
        model = read_model(tmp_path / "sound", KIND)
        header = {key: value for key, value in model.header.items() if key != "kind"}
        for change in changes:
            write_model(tmp_path / "forged", KIND, {**header, **change}, dict(model.tensors))
            with pytest.raises(ModelError):
                TextClassifier.load(tmp_path / "forged")
