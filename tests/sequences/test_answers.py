"""Answers of a network, class, labels or number: losses and answers by hand, thresholds, what is asked."""

import dataclasses

import numpy as np
import pytest

from nlpcli.engine.classify.examples import Examples, examples_of
from nlpcli.engine.sequences.answer_choice import answer_of, answer_to, number_answer
from nlpcli.engine.sequences.answers import Classes, Labels, Number
from nlpcli.engine.sequences.label_numbers import are_decimals
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.input import RecordSettings
from nlpcli.settings.text import LOWERCASE

torch = pytest.importorskip("torch")

SCORES = np.random.default_rng(0).normal(size=(4, 3))
ALL = RecordSettings(label_sep=",")


def examples(*labels):
    return examples_of(["a text"] * len(labels), labels, LOWERCASE)


def torch_loss(answer, scores, gold):
    given = torch.tensor(scores, requires_grad=True)
    loss = answer.loss(given, gold)
    loss.backward()
    return loss.item(), given.grad.numpy()


def test_one_class_is_softmax_and_cross_entropy():
    answer, rows = Classes(("a", "b", "c")), examples("b", "a", "c", "b")
    gold = answer.gold(rows)
    assert gold.tolist() == [1, 0, 2, 1]
    chances = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)
    loss, gradient = torch_loss(answer, SCORES, gold)
    assert loss == pytest.approx(-np.log(chances[np.arange(4), gold]).sum())
    assert gradient == pytest.approx(chances - np.eye(3)[gold])
    found = answer.found(SCORES)
    assert found.probabilities == pytest.approx(chances)
    assert answer.texts(found) == [answer.labels[n] for n in SCORES.argmax(axis=1)]
    assert answer.wrong(SCORES, gold) == ((SCORES.argmax(axis=1) != gold).sum(), 4)
    assert np.exp(answer.priors(gold)) == pytest.approx(np.array([2, 3, 2]) / 7)
    assert answer.chosen_on(SCORES, gold) is answer


def test_labels_are_sigmoids_and_binary_cross_entropy():
    answer, rows = Labels(("a", "b", "c")), examples("a\nc", "", "b", "a\nb\nc")
    gold = answer.gold(rows)
    assert gold.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 1, 1]]
    chances = 1 / (1 + np.exp(-SCORES))
    loss, gradient = torch_loss(answer, SCORES, gold.astype(np.float64))
    assert loss == pytest.approx(-(gold * np.log(chances) + (1 - gold) * np.log(1 - chances)).sum())
    assert gradient == pytest.approx(chances - gold)
    found = answer.found(SCORES)
    assert found.probabilities == pytest.approx(chances)
    assert (found.chosen == (chances >= 0.5)).all() and found.separator == ","
    assert answer.found(np.array([[-9.0, 9, 8]])).chosen.tolist() == [[False, True, True]]
    assert answer.texts(answer.found(np.array([[-9.0, 9, 8], [-9, -9, -9]]))) == [("b", "c"), ()]
    assert answer.priors(gold) == pytest.approx(np.log([2.5 / 2.5] * 3))
    extreme = answer.found(np.array([[-1e6, 0, 1e6]])).probabilities
    assert extreme.tolist() == [[0, 0.5, 1]]


def test_the_threshold_is_that_of_the_best_f1():
    answer = Labels(("a", "b"))
    gold = np.array([[1, 0], [1, 1], [0, 0], [0, 0]], np.float32)
    chances = np.array([[0.3, 0.2], [0.4, 0.35], [0.22, 0.1], [0.1, 0.1]])
    scores = np.log(chances / (1 - chances))
    chosen = answer.chosen_on(scores, gold)
    assert 0.22 < chosen.threshold <= 0.3 and chosen.threshold == 0.3  # of equals the nearest to a half
    assert (chosen.found(scores).chosen == (gold > 0)).all()
    assert answer.wrong(scores, gold) == (pytest.approx(0), 1)
    assert answer.wrong(-scores, np.zeros((4, 2), np.float32))[0] == 1


def test_a_number_is_a_squared_error_in_deviations():
    rows = examples("1", "2.0", "4.5", "-1e0")
    answer = number_answer(rows)
    values = np.array([1, 2, 4.5, -1])
    assert (answer.mean, answer.deviation) == (pytest.approx(values.mean()), pytest.approx(values.std()))
    gold = answer.gold(rows)
    assert gold == pytest.approx((values - values.mean()) / values.std())
    scores = SCORES[:, :1]
    loss, gradient = torch_loss(answer, scores, gold.astype(np.float64))
    assert loss == pytest.approx(np.square(scores[:, 0] - gold).sum())
    assert gradient[:, 0] == pytest.approx(2 * (scores[:, 0] - gold))
    assert answer.found(gold[:, None]).values == pytest.approx(values)
    assert answer.texts(answer.found(gold[:, None])) == pytest.approx(values.tolist())
    assert answer.wrong(scores, gold)[0] == pytest.approx(1 - np.corrcoef(scores[:, 0], gold)[0, 1])
    assert answer.wrong(np.zeros((4, 1)), gold) == (1.0, 1)  # what does not vary goes with nothing
    assert answer.priors(gold).tolist() == [0]


def test_a_file_gives_the_same_answer():
    for answer in (Classes(("a", "b")), Labels(("a", "b"), ";", 0.25), Number(2.5, 0.5)):
        fields = answer.to_record()
        assert answer_of({**fields, "labels": tuple(fields["labels"])}) == answer


def test_labels_say_which_answer_they_ask_for():
    assert answer_to(examples("a", "b"), RecordSettings(), "auto") == Classes(("a", "b"))
    assert answer_to(examples("a\nb", "c", ""), ALL, "auto") == Labels(("a", "b", "c"))
    assert answer_to(examples("1", "2.5"), RecordSettings(), "auto") == Classes(("1", "2.5"))
    many = examples(*(str(n / 2) for n in range(11)))
    said = []

    class Progress:
        note = said.append

    assert answer_to(many, RecordSettings(), "auto", Progress()) == Number(2.5, pytest.approx(10**0.5 / 2))
    assert "numbers are learnt, no classes (--label-type class)" in said[0]
    assert isinstance(answer_to(many, RecordSettings(), "label"), Classes)
    assert isinstance(answer_to(examples("1", "2"), RecordSettings(), "number"), Number)
    assert not are_decimals([str(n) for n in range(99)], 10)  # numbers of classes
    assert not are_decimals([*(str(n / 2) for n in range(99)), "nan"], 10)


def test_what_is_no_answer_is_told():
    for label in ("abc", "nan", "inf", "1e999", "1_0", ""):
        with pytest.raises(InputError, match=r"the label .* \(that of text 2\) is no number"):
            answer_to(examples("1", label, "2"), RecordSettings(), "number")
    with pytest.raises(InputError, match="all 2 texts are labelled with the number 3"):
        answer_to(examples("3", "3.0"), RecordSettings(), "number")
    with pytest.raises(InputError, match="no text has a label"):
        answer_to(examples("", ""), ALL, "auto")
    with pytest.raises(SettingsError, match="--label-type number takes one number a text"):
        answer_to(examples("1", "2"), ALL, "number")


def test_evaluations_count_what_is_right():
    classes = Classes(("a", "b"))
    found = classes.found(np.array([[2.0, 0], [0, 3]]))
    result = classes.evaluation(found, examples("a", "new"), ["one", "two"], 5)
    assert (result.accuracy, result.labels) == (0.5, ("a", "b", "new"))
    assert [(one.true, one.predicted, one.text) for one in result.mistakes] == [("new", "b", "two")]
    labels = Labels(("a", "b"))
    found = labels.found(np.array([[2.0, 1], [-1, -1], [3, -1]]))
    result = labels.evaluation(found, examples("a\nb", "", "a\nnew"), ["one", "two", "three"], 5)
    assert (result.documents, result.exact, result.labels) == (3, 2, ("a", "b", "new"))
    assert (result.right.tolist(), result.predicted.tolist(), result.there.tolist()) == (
        [2, 1, 0], [2, 1, 0], [2, 1, 1],
    )  # fmt: skip
    assert result.micro().f1 == pytest.approx(6 / 7) and result.macro().f1 == pytest.approx(2 / 3)
    assert [(one.true, one.predicted, one.text) for one in result.mistakes] == [("a,new", "a", "three")]
    assert result.to_record()["subset_accuracy"] == pytest.approx(2 / 3)
    number = Number(0, 1)
    found = number.found(np.array([[1.0], [2], [5]]))
    result = number.evaluation(found, examples("1", "2", "3"), ["one", "two", "three"], 1)
    assert result.squared_error == pytest.approx(4 / 3)
    assert result.pearson == pytest.approx(np.corrcoef([1, 2, 5], [1, 2, 3])[0, 1]) and result.spearman == 1
    assert [(one.difference, one.text) for one in result.mistakes] == [(2, "three")]
    flat = number.evaluation(number.found(np.zeros((3, 1))), examples("1", "2", "3"), (), 0)
    assert flat.to_record()["pearson"] is None and "errors" not in flat.to_record()


def test_examples_of_pairs_are_chosen_together():
    rows = examples_of(["a b", "c", "d", "", "e", "f g"], ["x", "y", "x"], LOWERCASE, 2)
    assert rows.filled.tolist() == [True, False, True]
    some = rows.chosen(np.array([True, False, True]))
    assert isinstance(some, Examples) and some.sides == 2 and some.labels.tolist() == [0, 0]
    assert np.diff(some.corpus.offsets).tolist() == [2, 1, 1, 2]
    assert dataclasses.replace(rows, sides=1).filled.tolist() == [True, True, True, False, True, True]
