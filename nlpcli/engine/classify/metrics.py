"""How good a classifier is: accuracy, precision, recall, F1, confusion, calibration error.

(Sokolova & Lapalme 2009; Guo et al. 2017 for the expected calibration error.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

CALIBRATION_BINS = 15


@dataclass(frozen=True, eq=False)
class ClassMetrics:
    """How one class fared."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int

    def averages(self) -> dict[str, float]:
        """As JSON types, without a name."""
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1}


class Mistake(NamedTuple):
    """A text that was got wrong, and how sure the classifier was of it."""

    proba: float
    true: str
    predicted: str
    text: str


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How all classes fared.

    confusion: int64 [C, C], rows are the true class, columns the one predicted.
    `calibration_error` is None where there are no probabilities. `mistakes` are those that were
    asked for, the most confident first.
    """

    judged: ClassVar[str] = "texts"

    labels: tuple[str, ...]
    confusion: NDArray[np.int64]
    calibration_error: float | None = None
    mistakes: tuple[Mistake, ...] = ()

    @property
    def documents(self) -> int:
        """How many were judged."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """The share that is right; the micro average of F1, precision and recall is the same."""
        return ratio(int(np.trace(self.confusion)), self.documents)

    def strangers(self) -> tuple[list[str], list[str]]:
        """The labels that are there and those predicted, where they have none in common; else none.

        >>> Evaluation(("0", "bad"), np.array([[0, 0], [5, 0]])).strangers()
        (['bad'], ['0'])
        """
        there, given = (
            [label for label, count in zip(self.labels, self.confusion.sum(axis), strict=True) if count]
            for axis in (1, 0)
        )
        return ([], []) if {*there} & {*given} else (there, given)

    def per_class(self) -> list[ClassMetrics]:
        """Precision, recall and F1 of every class; 0 where nothing was predicted or is there."""
        rows = []
        for number, label in enumerate(self.labels):
            right = int(self.confusion[number, number])
            predicted, there = int(self.confusion[:, number].sum()), int(self.confusion[number].sum())
            rows.append(
                ClassMetrics(
                    label,
                    ratio(right, predicted),
                    ratio(right, there),
                    ratio(2 * right, predicted + there),
                    there,
                )
            )
        return rows

    def macro(self) -> ClassMetrics:
        """The mean over the classes that are there or were predicted, each weighing the same."""
        occur = (self.confusion.sum(axis=0) + self.confusion.sum(axis=1)).tolist()
        rows = [row for row, times in zip(self.per_class(), occur, strict=True) if times] or self.per_class()
        return mean_of(rows, self.documents)

    def micro(self) -> ClassMetrics:
        """The mean over documents; with one label each, all three are the accuracy."""
        return ClassMetrics("micro", self.accuracy, self.accuracy, self.accuracy, self.documents)

    def to_record(self) -> dict[str, Any]:
        """As JSON types; without mistakes there is no "errors"."""
        errors = [mistake._asdict() for mistake in self.mistakes]
        return {
            "documents": self.documents,
            "accuracy": self.accuracy,
            "classes": [vars(row) for row in self.per_class()],
            "macro": self.macro().averages(),
            "micro": self.micro().averages(),
            "labels": list(self.labels),
            "confusion": self.confusion.tolist(),
            "calibration_error": self.calibration_error,
            **({"errors": errors} if errors else {}),
        }


def mean_of(rows: Sequence[ClassMetrics], support: int) -> ClassMetrics:
    """The macro average of classes."""
    return ClassMetrics(
        "macro",
        sum(row.precision for row in rows) / len(rows),
        sum(row.recall for row in rows) / len(rows),
        sum(row.f1 for row in rows) / len(rows),
        support,
    )


def ratio(part: int, whole: int) -> float:
    """A share; 0 of nothing."""
    return part / whole if whole else 0.0


def evaluate(
    truth: NDArray[np.int32],
    predicted: NDArray[np.int32],
    labels: Sequence[str],
    probabilities: NDArray[np.float64] | None = None,
) -> Evaluation:
    """Predictions held against the truth; both are class numbers [D].

    probabilities: float64 [D, C], for the calibration error.

    >>> e = evaluate(np.array([0, 0, 1], np.int32), np.array([0, 1, 1], np.int32), ("ham", "spam"))
    >>> round(e.accuracy, 3), e.confusion.tolist()
    (0.667, [[1, 1], [0, 1]])
    """
    classes = len(labels)
    confusion = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(confusion, (truth, predicted), 1)
    error = None
    if probabilities is not None and len(truth):
        error = calibration_error(probabilities[np.arange(len(truth)), predicted], truth == predicted)
    return Evaluation(tuple(labels), confusion, error)


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error: how far confidence and accuracy lie apart, over 15 equal bins.

    >>> calibration_error(np.array([0.8, 0.8, 0.8, 0.8, 0.8]), np.array([True] * 4 + [False]))
    0.0
    """
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    gap = np.abs(np.bincount(bins, confidence, CALIBRATION_BINS) - np.bincount(bins, right, CALIBRATION_BINS))
    return round(float(gap.sum()) / len(confidence), 12)
