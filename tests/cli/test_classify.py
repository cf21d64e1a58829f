from __future__ import annotations

import json
import os
import threading

import pytest

from tests.command_line import within

REVIEWS = "".join(
    f"{label}\t{text} {number}\n"
    for number in range(12)
    for label, text in (
        ("pos", "정말 재미있는 영화 a good film"),
        ("neg", "돈이 아까운 영화 a bad film"),
        ("pos", "good fun, good story"),
        ("neg", "dull story, bad acting"),
    )
)
WORDS = ("--ngrams", "1", "--char-ngrams", "0")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bayes")
    (folder / "reviews.tsv").write_text(REVIEWS)
    within("train-nb", "reviews.tsv", "-o", "m", "--quiet", cwd=folder)
    return folder


def test_notes_example_through_the_command_line(nlpcli, tmp_path):
    rows = (
        "CV\tImage recognition uses convolutional neural networks\n"
        "CV\tTransformer can be used for image classification task\n"
        "NLP\tLanguage modeling uses transformer\n"
        "NLP\tDocument classification task is language task\n"
    )
    nlpcli(
        *("train-nb", "-", "-o", tmp_path / "m", "--method", "multinomial", "--alpha", "0", *WORDS),
        input=rows,
    )
    text = "Classification task uses transformer\n"
    assert nlpcli("classify", tmp_path / "m", input=text).out == "NLP\n"
    record = json.loads(nlpcli("classify", tmp_path / "m", "--jsonl", "--top-k", "2", input=text).out)
    cv, nlp = 0.5 * (1 / 14) ** 4, 0.5 * (1 / 10) * (2 / 10) * (1 / 10) * (1 / 10)
    assert record["proba"]["NLP"] == pytest.approx(nlp / (cv + nlp), abs=1e-6)
    # A word that a class never had makes its unsmoothed score zero; smoothing mends it.
    assert nlpcli("classify", tmp_path / "m", "--proba", input="image\n").out == "CV\t1.0000\n"
    nlpcli(
        "train-nb", "-", "-o", tmp_path / "s", "--method", "multinomial", "--alpha", "1", *WORDS, input=rows
    )
    assert 0.5 < float(nlpcli("classify", tmp_path / "s", "--proba", input="image\n").out.split("\t")[1]) < 1


def test_one_line_out_per_line_in_even_when_empty(nlpcli, folder):
    assert nlpcli("classify", folder / "m", input="a good film\n\n!!!\nbad\n").out.count("\n") == 4
    assert nlpcli("classify", folder / "m", input="\n").out in ("neg\n", "pos\n")
    assert nlpcli("classify", folder / "m", input="").out == ""


def test_classify_prints_probabilities_and_reasons(nlpcli, folder):
    texts = "a good film\n아까운 돈\n"
    label, chance, other, rest = (
        nlpcli("classify", folder / "m", "--top-k", "2", input=texts).out.split("\n")[0].split()
    )
    assert (label, other) == ("pos", "neg")
    assert float(chance) + float(rest) == pytest.approx(1, abs=2e-4)
    explained = nlpcli("classify", folder / "m", "--explain", input=texts).out.split("\n")
    assert explained[0].startswith("pos\tgood:+")
    assert explained[1].startswith("neg\t")
    record = json.loads(
        nlpcli("classify", folder / "m", "--jsonl", "--explain", input=texts).out.split("\n")[0]
    )
    assert (record["label"], record["against"], [token for token, _ in record["tokens"]]) == (
        "pos", "neg", ["a", "good", "film"]
    )  # fmt: skip


def test_classify_reads_a_column(nlpcli, folder, tmp_path):
    (tmp_path / "t.csv").write_text('id,review\n1,"good, \ngood"\n2,bad\n')
    assert nlpcli("classify", folder / "m", tmp_path / "t.csv", "--text-col", "review").out == "pos\nneg\n"


def test_evaluate_prints_measures_and_the_worst_mistakes(nlpcli, folder, tmp_path):
    (tmp_path / "t.tsv").write_text("pos\ta good film\nneg\ta bad film\nneg\tgood fun\n")
    table = nlpcli("evaluate", folder / "m", tmp_path / "t.tsv", "--errors", "5").out
    assert "accuracy\t0.6667" in table
    assert table.rstrip().endswith("neg\tpos\tgood fun")
    record = json.loads(nlpcli("evaluate", folder / "m", tmp_path / "t.tsv", "--top", "1", "--json").out)
    rows = [[row["neg"], row["pos"]] for row in record["confusion"]]
    assert rows == [[1, 1], [0, 1]]
    assert record["mistakes"][0]["text"] == "good fun"


def test_evaluate_draws_the_confusion_matrix(nlpcli, folder, tmp_path):
    nlpcli("evaluate", folder / "m", folder / "reviews.tsv", "--plot", tmp_path / "c.html")
    assert "accuracy 1.0000" in (tmp_path / "c.html").read_text()
    pytest.importorskip("matplotlib")
    nlpcli("evaluate", folder / "m", folder / "reviews.tsv", "--plot", tmp_path / "c.png")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


def test_evaluate_counts_a_class_the_model_does_not_know_as_wrong(nlpcli, folder):
    record = json.loads(nlpcli("evaluate", folder / "m", "--json", input="pos\tgood\nmeh\tgood\n").out)
    classes = [row["class"] for row in record["classes"]]
    assert (classes, record["accuracy"]) == (["neg", "pos", "meh", "macro", "micro"], 0.5)


def test_append_is_training_on_all_texts_to_the_byte(nlpcli, folder, tmp_path):
    lines = REVIEWS.splitlines(keepends=True)
    whole, part = tmp_path / "whole", tmp_path / "part"
    settings = ("--char-ngrams", "2-4")
    nlpcli("train-nb", "-", "-o", whole, *settings, input=REVIEWS)
    nlpcli("train-nb", "-", "-o", part, *settings, input="".join(lines[:10]))
    nlpcli("train-nb", "-", "-o", part, "--append", part, input="".join(lines[10:]))
    assert part.read_bytes() == whole.read_bytes()


def test_cross_validation_and_holdout_measure_without_a_model(nlpcli, folder):
    record = json.loads(nlpcli("train-nb", folder / "reviews.tsv", "--cross-validate", "4", "--json").out)
    assert (record["texts"], record["accuracy"]) == (48, 1.0)
    record = json.loads(nlpcli("train-nb", folder / "reviews.tsv", "--holdout", "0.25", "--json").out)
    assert record["texts"] == 12


@pytest.mark.parametrize("options", [(), ("--method", "nbsvm"), ("--calibrate",)])
def test_measuring_after_training_is_what_evaluate_says_of_the_model(nlpcli, folder, tmp_path, options):
    (tmp_path / "t.tsv").write_text("pos\ta good film\nneg\ta bad film\nneg\tgood fun\nmeh\tfilm\n")
    model, test = tmp_path / "m", tmp_path / "t.tsv"
    at_once = nlpcli("train-nb", folder / "reviews.tsv", "-o", model, "--test", test, *options, "--json").out
    assert json.loads(at_once) == json.loads(nlpcli("evaluate", model, test, "--json").out)
    without_model = nlpcli("train-nb", folder / "reviews.tsv", "--test", test, *options).out
    assert without_model == nlpcli("evaluate", model, test).out


def test_texts_to_measure_on_may_come_through_a_pipe(nlpcli, folder, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=("pos\tgood\nneg\tbad\n",))
    writer.start()
    shown = nlpcli("train-nb", folder / "reviews.tsv", "--test", tmp_path / "pipe").out
    writer.join()
    assert "accuracy\t1.0000" in shown


def test_texts_to_measure_on_that_have_no_labels_are_told_before_training(nlpcli, folder, tmp_path):
    (tmp_path / "t.tsv").write_text("just text\n")
    arguments = (folder / "reviews.tsv", "-o", tmp_path / "m", "--test", tmp_path / "t.tsv")
    assert "no labels found" in nlpcli("train-nb", *arguments, code=1).err
    assert not (tmp_path / "m").exists()


def test_append_takes_no_settings_that_the_model_brings(nlpcli, folder, tmp_path):
    arguments = ("--append", folder / "m", "-o", tmp_path / "m")
    for option in (("--alpha", "7"), ("--tokenizer", "kiwi"), ("--ngrams", "1"), ("--prune",)):
        errors = nlpcli("train-nb", folder / "reviews.tsv", *arguments, *option, code=2).err
        assert f"{option[0]} has no place beside it" in errors


def test_evaluate_goes_on_over_bad_bytes_and_lists_mistakes(nlpcli, folder, tmp_path):
    (tmp_path / "t.tsv").write_bytes(b"pos\tgood\nneg\tbad \xff\nneg\tgood fun\n")
    command = ("evaluate", folder / "m", tmp_path / "t.tsv")
    assert "--errors replace or skip" in nlpcli(*command, code=1).err
    assert "neg\tpos\tgood fun" in nlpcli(*command, "--errors", "replace", "--errors", "1").out
    assert "--errors cannot be 'most'" in nlpcli(*command, "--errors", "most", code=2).err


def test_features_that_are_too_rare_are_told(nlpcli, folder, tmp_path):
    def told(*options: object) -> str:
        return nlpcli("train-nb", folder / "reviews.tsv", "-o", tmp_path / "m", *options).err

    assert "of them" not in told()
    assert "none of them seen often enough" in told("--min-count", "1000")
    errors = nlpcli(
        "train-nb", folder / "reviews.tsv", "-o", "m", "--min-count", "1000", "--method", "nbsvm", code=1
    ).err
    assert "no feature is left" in errors


def test_measuring_goes_with_append(nlpcli, folder, tmp_path):
    arguments = ("--append", folder / "m", "-o", tmp_path / "m", "--test", folder / "reviews.tsv")
    assert "accuracy\t1.0000" in nlpcli("train-nb", "-", *arguments, input="pos\tgood\nneg\tbad\n").out


def test_a_missing_test_file_is_told_before_training(nlpcli, folder, tmp_path):
    arguments = (folder / "reviews.tsv", "-o", tmp_path / "m", "--test", tmp_path / "none.tsv")
    assert "none.tsv: no such file" in nlpcli("train-nb", *arguments, code=1).err
    assert not (tmp_path / "m").exists()


def test_autotune_says_what_it_chose(nlpcli, folder, tmp_path):
    arguments = ("train-nb", folder / "reviews.tsv", "--autotune", "0.2", "-o")
    nlpcli(*arguments, tmp_path / "m")
    assert (tmp_path / "m").exists()
    errors = nlpcli(*arguments, tmp_path / "no" / "m", code=1).err
    assert "does not exist" in errors


@pytest.mark.parametrize("options", [("--prune",), ("--method", "nbsvm"), ("--calibrate",)])
def test_same_seed_gives_the_same_bytes(nlpcli, folder, tmp_path, options):
    for name in ("a", "b"):
        nlpcli("train-nb", folder / "reviews.tsv", "-o", tmp_path / name, *options)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "stdin", "message", "code"),
    [
        (
            ("train-nb", "-", "-o", "m"),
            "pos\ta\npos\tb\n",
            "only one class: all 2 texts are labelled 'pos'",
            1,
        ),
        (("train-nb", "-", "-o", "m"), "pos\ta\nneg\t!!\n", "the class 'neg' is empty", 1),
        (("train-nb", "-", "-o", "m"), "just text\n", "no labels found", 1),
        (
            ("train-nb", "-", "-o", "m", "--text-col", "x"),
            "id\ttext\tlabel\n",
            "there are: id, text, label",
            1,
        ),
        (("train-nb", "-", "-o", "m"), "", "no", 1),
        (("train-nb", "-"), "pos\ta\nneg\tb\n", "where should the model go", 2),
        (("train-nb", "-", "-o", "m", "--prune", "--method", "nbsvm"), "", "--prune does not go with", 2),
        (("train-nb", "-", "-o", "m", "--ngrams", "3-1"), "", "--ngrams", 2),
        (("evaluate", "MODEL", "-"), "just text\nmore\n", "no labels found", 1),
        (("evaluate", "MODEL", "-"), "", "holds no tokens", 1),
        (("evaluate", "MODEL", "-", "--plot", "c.gif"), "", "--plot: cannot draw a .gif", 2),
        (("train-nb", "-", "-o", "m", "--append", "SVM"), "pos\ta\n", "cannot be added to", 1),
        (("train-nb", "-", "-o", "m", "--cross-validate", "9"), "pos\ta\nneg\tb\n", "too few for 9", 1),
    ],
)
def test_every_mistake_is_said(nlpcli, folder, tmp_path, arguments, stdin, message, code):
    if "SVM" in arguments:
        nlpcli("train-nb", folder / "reviews.tsv", "-o", tmp_path / "svm", "--method", "nbsvm")
    names = {"MODEL": folder / "m", "SVM": tmp_path / "svm"}
    error = nlpcli(*(names.get(argument, argument) for argument in arguments), input=stdin, code=code).err
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "m").exists()
