"""Supervised fastText models as classifiers: the formulas, and what fastText says."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

import nlpcli as api
from nlpcli.engine.classify.fasttext_classifier import FastTextClassifier, huffman_paths
from nlpcli.errors import ModelError
from tests.conftest import Run
from tests.vectors.facebook_files import HS, NS, ONE_VS_ALL, SOFTMAX, SUPERVISED, Made, facebook_file

MODELS = Path(__file__).parents[1] / "models"
WORDS = [("</s>", 9), ("good", 5), ("bad", 3)]
LABELS = [("__label__neg", 6), ("__label__pos", 4), ("__label__so-so", 1)]


def made(loss: int, **form: object) -> Made:
    plain = {"maxn": 0, "bucket": 0, "dim": 4, **form}
    return facebook_file(WORDS, LABELS, model=SUPERVISED, loss=loss, **plain)  # type: ignore[arg-type]


def loaded(path: Path, file: Made) -> FastTextClassifier:
    path.write_bytes(file.data)
    return FastTextClassifier.load(path)


def test_softmax_of_the_mean_of_the_words_and_the_line_end(tmp_path: Path) -> None:
    file = made(SOFTMAX)
    classifier = loaded(tmp_path / "m.bin", file)
    scores = file.outputs @ file.inputs[[1, 2, 0]].mean(axis=0)
    expected = np.exp(scores) / np.exp(scores).sum()
    [found] = classifier.probabilities(["good unknown\tbad"])
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert classifier.classify("good unknown\tbad") == [classifier.labels[int(expected.argmax())]]


@pytest.mark.parametrize("loss", [NS, ONE_VS_ALL])
def test_each_label_by_itself_where_they_were_learnt_so(tmp_path: Path, loss: int) -> None:
    file = made(loss)
    expected = 1 / (1 + np.exp(-(file.outputs @ file.inputs[[1, 0]].mean(axis=0))))
    np.testing.assert_allclose(loaded(tmp_path / "m", file).probabilities(["good"])[0], expected, atol=0.01)


def test_hierarchical_softmax_goes_down_the_tree_of_the_labels(tmp_path: Path) -> None:
    file = made(HS)
    right = 1 / (1 + np.exp(-(file.outputs @ file.inputs[[1, 0]].mean(axis=0))))
    # 1 and 4 are joined first (node 0), then that and 6 (node 1).
    below = 1 - right[1]
    expected = [right[1], below * right[0], below * (1 - right[0])]
    np.testing.assert_allclose(loaded(tmp_path / "m", file).probabilities(["good"])[0], expected, atol=5e-5)
    assert huffman_paths([1]) == [[]]


def test_labels_in_a_text_and_what_follows_a_line_end_do_not_count(tmp_path: Path) -> None:
    classifier = loaded(tmp_path / "m", made(SOFTMAX))
    plain, *others = classifier.probabilities(
        ["good", "__label__pos good", "good __label__new", " good\0", "good </s> bad", "good\n"]
    )
    for other in others:
        np.testing.assert_array_equal(other, plain)


def test_a_text_of_which_nothing_is_known_gets_the_most_frequent_label(tmp_path: Path) -> None:
    words = [("good", 5), ("bad", 3)]
    file = facebook_file(words, LABELS, model=SUPERVISED, loss=SOFTMAX, maxn=0, bucket=0)
    assert loaded(tmp_path / "m", file).classify(["", "nothing known"]) == ["__label__neg"] * 2


def test_word_vectors_are_no_classifier(nlpcli: Run, tmp_path: Path) -> None:
    (tmp_path / "m.bin").write_bytes(facebook_file().data)
    run = nlpcli("classify", "m.bin", input="good\n", code=1)
    assert run.err.startswith("error: m.bin holds word vectors, and no labels")


@pytest.mark.parametrize("place", ["inputs", "outputs"])
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, place: str) -> None:
    file = made(SOFTMAX)
    spoiled = file.inputs[1].tobytes() if place == "inputs" else file.outputs[1].tobytes()
    data = file.data.replace(spoiled, np.full(4, np.nan, "<f4").tobytes())
    with pytest.raises(ModelError, match="nan or inf"):
        loaded(tmp_path / "m", Made(data, file.inputs, file.outputs)).classify(["good"])


# --- real models ----------------------------------------------------------------------------

# What fastText 0.9.2 itself says of these texts with the models in tests/models/.
ANSWERS = json.loads((MODELS / "fasttext-supervised.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ANSWERS)
def test_fasttexts_own_labels_and_probabilities(name: str) -> None:
    classifier = api.load(MODELS / name)
    texts = [*ANSWERS[name]]
    probabilities = classifier.probabilities(texts)  # type: ignore[union-attr]
    for text, label, found in zip(texts, classifier.classify(texts), probabilities, strict=True):  # type: ignore[union-attr]
        expected = ANSWERS[name][text]
        assert label == max(expected, key=expected.get)
        for known, chance in expected.items():
            number = classifier.labels.index(known)  # type: ignore[union-attr]
            assert found[number] == pytest.approx(min(chance, 1), abs=3e-6), (text, known)


def test_commands_take_such_a_model_also_compressed(nlpcli: Run, tmp_path: Path) -> None:
    name = next(iter(ANSWERS))
    (tmp_path / "m").write_bytes(gzip.compress((MODELS / name).read_bytes()))
    text = next(iter(ANSWERS[name]))
    label = max(ANSWERS[name][text], key=ANSWERS[name][text].get)
    assert nlpcli("classify", "m", input=text + "\n").out == label + "\n"
    assert nlpcli("classify", "m", "--proba", "--top-k", "2", input=text + "\n").out.count("\t") == 3
    for gold in (f"{label} ", label.removeprefix("__label__") + "\t"):
        (tmp_path / "gold.tsv").write_text(f"{gold}{text}\n" * 3)
        record = json.loads(nlpcli("evaluate", "m", "gold.tsv", "--json").out)
        assert (record["accuracy"], record["texts"]) == (1, 3)
    assert "supervised fastText" in nlpcli("inspect", "m").out
    assert json.loads(nlpcli("inspect", "m", "--json").out)["labels"]
    assert "--explain is not for" in nlpcli("classify", "m", "--explain", input=text, code=2).err
    word = text.split()[0]
    assert len(api.load(tmp_path / "m").similar(word, top_k=2)) == 2  # type: ignore[union-attr]
