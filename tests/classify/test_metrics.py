from __future__ import annotations

import numpy as np
import pytest

from nlpcli.engine.classify.calibration import fit, log_probabilities, probabilities
from nlpcli.engine.classify.metrics import calibration_error, evaluate

RANDOM = np.random.default_rng(3)


def test_measures_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    truth = RANDOM.integers(0, 4, 300).astype(np.int32)
    predicted = np.where(RANDOM.random(300) < 0.6, truth, RANDOM.integers(0, 3, 300)).astype(np.int32)
    result = evaluate(truth, predicted, "abcd")
    assert result.accuracy == pytest.approx(metrics.accuracy_score(truth, predicted))
    assert result.confusion.tolist() == metrics.confusion_matrix(truth, predicted, labels=range(4)).tolist()
    wanted = metrics.precision_recall_fscore_support(truth, predicted, zero_division=0)
    rows = result.per_class()
    for number, field in enumerate(("precision", "recall", "f1", "support")):
        assert [getattr(row, field) for row in rows] == pytest.approx(list(wanted[number]))
    assert result.macro().f1 == pytest.approx(metrics.f1_score(truth, predicted, average="macro"))
    assert result.micro().f1 == pytest.approx(metrics.f1_score(truth, predicted, average="micro"))


def test_class_that_is_never_predicted_has_zeros_and_no_division_by_zero():
    result = evaluate(np.array([0, 1], np.int32), np.array([0, 0], np.int32), ("a", "b", "c"))
    assert [row.f1 for row in result.per_class()] == [pytest.approx(2 / 3), 0.0, 0.0]
    assert evaluate(np.zeros(0, np.int32), np.zeros(0, np.int32), ("a", "b")).accuracy == 0.0


def test_calibration_error_is_the_gap_between_confidence_and_accuracy():
    assert calibration_error(np.full(10, 0.9), np.array([True] * 5 + [False] * 5)) == pytest.approx(0.4)
    assert calibration_error(np.array([1.0, 1.0]), np.array([True, True])) == 0.0


def test_calibration_mends_overconfidence_and_keeps_the_order():
    labels = RANDOM.integers(0, 2, 4000).astype(np.int32)
    found = RANDOM.integers(1, 60, 4000)
    # The evidence of one feature, counted once for each of a document's features.
    odds = (np.where(labels == 1, 1.0, -1.0) + RANDOM.normal(0, 1.5, 4000)) * found
    scores = np.stack([-odds, odds], axis=1)
    half = np.arange(4000) < 2000
    calibration = fit(scores[half], found[half], labels[half])
    errors = []
    for chosen in (None, calibration):
        chances = probabilities(scores[~half], found[~half], chosen)
        assert (chances.argmax(axis=1) == scores[~half].argmax(axis=1)).all()
        right = chances.argmax(axis=1) == labels[~half]
        errors.append(calibration_error(chances.max(axis=1), right))
    assert errors[1] < 0.04 < 0.2 < errors[0]


def test_impossible_classes_are_equally_impossible():
    scores = np.array([[-np.inf, -np.inf], [-np.inf, 0.0], [-1000.0, -1001.0]])
    chances = np.exp(log_probabilities(scores))
    assert chances[:2].tolist() == [[0.5, 0.5], [0.0, 1.0]]
    assert chances[2, 0] == pytest.approx(1 / (1 + np.exp(-1)))


def test_a_class_that_neither_occurs_nor_is_predicted_weighs_nothing_in_the_macro_average():
    result = evaluate(np.array([0, 0], np.int32), np.array([0, 0], np.int32), ("a", "b"))
    assert result.macro().f1 == 1.0


def test_labels_of_another_column_are_told(nlpcli, tmp_path):
    (tmp_path / "t.csv").write_text("text,stars,team\ngood tea,5,a\nbad tea,1,b\ngood cup,5,b\n")
    columns = ["t.csv", "--text-col", "text", "--label-col"]
    nlpcli("train-nb", *columns, "stars", "-o", "m", cwd=tmp_path, code=0)
    wrong = nlpcli("evaluate", "m", *columns, "team", cwd=tmp_path, code=0)
    assert "no label of the texts (a, b) is among those that the model gave (" in wrong.err
    assert "is --label-col the right column?" in wrong.err
    assert "no label" not in nlpcli("evaluate", "m", *columns, "stars", cwd=tmp_path, code=0).err
