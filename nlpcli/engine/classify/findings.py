"""What a classifier finds of texts: one class each, several labels, or a number; and how these are right."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray


class Predictions(NamedTuple):
    """What some documents are: the class of each [D], and the probabilities of all [D, C]."""

    labels: NDArray[np.int32]
    probabilities: NDArray[np.float64]

    def mistakes(self, truth: NDArray[np.int32]) -> list[int]:
        """The documents that were got wrong, the most confident mistake first."""
        wrong = np.flatnonzero(self.labels != truth)
        confidence = self.probabilities[wrong].max(axis=1, initial=0.0)
        return [int(document) for document in wrong[np.argsort(-confidence, kind="stable")]]


Found: TypeAlias = "Predictions | LabelSets | Numbers"


class LabelSets(NamedTuple):
    """Which labels documents have, bool [D, C], and how probable each is by itself, [D, C].

    separator: what is written between labels.
    """

    chosen: NDArray[np.bool_]
    probabilities: NDArray[np.float64]
    separator: str


class Numbers(NamedTuple):
    """The number of each document, float64 [D]."""

    values: NDArray[np.float64]


def number_text(value: float) -> str:
    """A number as it is written.

    >>> number_text(3.60004), number_text(1234567.0)
    ('3.6000', '1234567.0000')
    """
    return f"{value:.4f}"
