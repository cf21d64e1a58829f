"""How good models are that give several labels, or a number: F1, subset accuracy, correlations, errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.correlation import pearson, spearman
from nlpcli.engine.classify.metrics import ClassMetrics, Mistake, mean_of, ratio


@dataclass(frozen=True, eq=False)
class LabelsEvaluation:
    """How labels fared, of which a text may have several.

    right, predicted, there: int64 [C], texts that have the label and were given it, that were given it, that
    have it. exact: texts all of whose labels are right, and no more.
    """

    judged: ClassVar[str] = "labels"

    labels: tuple[str, ...]
    right: NDArray[np.int64]
    predicted: NDArray[np.int64]
    there: NDArray[np.int64]
    exact: int
    documents: int
    mistakes: tuple[Mistake, ...] = ()

    @property
    def accuracy(self) -> float:
        """Subset accuracy: the share of texts all of whose labels are right."""
        return ratio(self.exact, self.documents)

    def per_class(self) -> list[ClassMetrics]:
        """Precision, recall and F1 of every label; 0 where nothing was predicted or is there."""
        counts = zip(
            self.labels, self.right.tolist(), self.predicted.tolist(), self.there.tolist(), strict=True
        )
        return [_metrics(*row) for row in counts]

    def macro(self) -> ClassMetrics:
        """The mean over the labels that are there or were predicted, each weighing the same."""
        occur = (self.predicted + self.there).tolist()
        rows = [row for row, times in zip(self.per_class(), occur, strict=True) if times] or self.per_class()
        return mean_of(rows, int(self.there.sum()))

    def micro(self) -> ClassMetrics:
        """All labels of all texts together."""
        return _metrics("micro", *(int(counts.sum()) for counts in (self.right, self.predicted, self.there)))

    def to_record(self) -> dict[str, Any]:
        """As JSON types; without mistakes there is no "errors"."""
        errors = [mistake._asdict() for mistake in self.mistakes]
        return {
            "documents": self.documents,
            "subset_accuracy": self.accuracy,
            "classes": [vars(row) for row in self.per_class()],
            "macro": self.macro().averages(),
            "micro": self.micro().averages(),
            **({"errors": errors} if errors else {}),
        }


def _metrics(label: str, right: int, predicted: int, there: int) -> ClassMetrics:
    return ClassMetrics(
        label, ratio(right, predicted), ratio(right, there), ratio(2 * right, predicted + there), there
    )


def evaluate_labels(
    there: NDArray[np.bool_], chosen: NDArray[np.bool_], labels: Sequence[str]
) -> LabelsEvaluation:
    """Labels held against the truth, both bool [D, C].

    >>> there, chosen = np.array([[True, True], [False, False]]), np.array([[True, False], [False, False]])
    >>> found = evaluate_labels(there, chosen, ("joy", "love"))
    >>> found.accuracy, round(found.micro().f1, 4), found.macro().f1
    (0.5, 0.6667, 0.5)
    """
    tables = (there & chosen, chosen, there)
    right, predicted, present = (table.sum(axis=0, dtype=np.int64) for table in tables)
    exact = int((there == chosen).all(axis=1).sum())
    return LabelsEvaluation(tuple(labels), right, predicted, present, exact, len(there))


class Difference(NamedTuple):
    """A text whose number is far off."""

    difference: float
    true: float
    predicted: float
    text: str


@dataclass(frozen=True, eq=False)
class NumberEvaluation:
    """How near numbers come: correlations (nan where one side does not vary), mean squared error."""

    judged: ClassVar[str] = "numbers"

    documents: int
    pearson: float
    spearman: float
    squared_error: float
    mistakes: tuple[Difference, ...] = ()

    def to_record(self) -> dict[str, Any]:
        """As JSON types; a correlation that is none is null."""
        errors = [mistake._asdict() for mistake in self.mistakes]
        return {
            "documents": self.documents,
            **{
                name: None if np.isnan(value) else value
                for name, value in (("pearson", self.pearson), ("spearman", self.spearman))
            },
            "mse": self.squared_error,
            **({"errors": errors} if errors else {}),
        }


def evaluate_numbers(truth: NDArray[np.float64], found: NDArray[np.float64]) -> NumberEvaluation:
    """Numbers held against the truth, both float64 [D], D ≥ 1.

    >>> evaluate_numbers(np.array([1.0, 2, 3]), np.array([1.0, 2, 4])).squared_error.__round__(4)
    0.3333
    """
    error = float(np.square(truth - found).mean())
    return NumberEvaluation(len(truth), pearson(truth, found), spearman(truth, found), error)
