"""What a network answers of a text or a pair: one class, several labels, or a number.

    Classes   p(c) ∝ exp(s_c)                       one of C classes; loss: cross entropy
    Labels    p(c) = σ(s_c), each by itself         all above a threshold; loss: binary cross entropy
    Number    x = mean + deviation · s              loss: squared error, in deviations

Each has its loss, in torch, and its answers, in numpy; scores s [B, outputs] come from a head
(`text_heads.py`). Not here: which of them labels ask for (`answer_choice.py`).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.answer_metrics import (
    Difference,
    LabelsEvaluation,
    NumberEvaluation,
    evaluate_labels,
    evaluate_numbers,
)
from nlpcli.engine.classify.calibration import log_probabilities
from nlpcli.engine.classify.classifier import with_classes, worst_of
from nlpcli.engine.classify.correlation import pearson
from nlpcli.engine.classify.examples import Labelled, labels_in
from nlpcli.engine.classify.explanations import Reason
from nlpcli.engine.classify.findings import Found, LabelSets, Numbers, Predictions, number_text
from nlpcli.engine.classify.metrics import Evaluation, Mistake, evaluate
from nlpcli.engine.sequences.label_numbers import numbers_of

if TYPE_CHECKING:
    from torch import Tensor

Scores: TypeAlias = NDArray[np.float64]
Gold: TypeAlias = NDArray[Any]  # int64 [D], numbers of classes; or float32 [D, labels] or [D]
_THRESHOLDS = np.arange(1, 100) / 100  # that are tried


class Answer(Protocol):
    """One kind of answer."""

    kind: ClassVar[str]
    measure: ClassVar[str]  # what one less the loss of a validation is

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of classes or labels."""

    @property
    def outputs(self) -> int:
        """How many scores it takes."""

    def gold(self, examples: Labelled) -> Gold:
        """What there is to learn of each example. Raises InputError for a label that is none."""

    def priors(self, gold: Gold) -> NDArray[np.float32]:
        """The scores [outputs] of an example of which nothing is known."""

    def loss(self, scores: Tensor, gold: Gold) -> Tensor:
        """Summed loss of scores [B, outputs]."""

    def found(self, scores: NDArray[np.float64]) -> Found:
        """The answers that follow from scores [B, outputs]."""

    def wrong(self, scores: NDArray[np.float64], gold: Gold) -> tuple[float, int]:
        """How bad scores are, to choose the best weights by: a sum, and of how many."""

    def chosen_on(self, scores: NDArray[np.float64], gold: Gold) -> Answer:
        """The same with what is chosen on examples that were held out."""

    def texts(self, found: Any) -> list[Any]:
        """Answers as plain Python: a label, a tuple of them, or a number, of each."""

    def evaluation(self, found: Any, examples: Labelled, texts: Sequence[str], mistakes: int) -> Any:
        """How good answers are, with the worst `mistakes`. Raises InputError for a label that is none."""

    def reason(self, scores: Scores, start: Scores, tokens: Sequence[str], added: Scores | None) -> Reason:
        """Why, for one text of `scores` [outputs], which are start [outputs] and what tokens added."""

    def to_record(self) -> dict[str, Any]:
        """As JSON types, in a model file."""


@dataclass(frozen=True)
class Classes:
    """One of some classes."""

    labels: tuple[str, ...]
    kind: ClassVar[str] = "label"
    measure: ClassVar[str] = "right"

    @property
    def outputs(self) -> int:
        """A score each."""
        return len(self.labels)

    def gold(self, examples: Labelled) -> Gold:
        """Numbers of classes, int64 [D]; −1 for one that is none of them."""
        known = {label: number for number, label in enumerate(self.labels)}
        numbers = np.array([known.get(name, -1) for name in examples.names], np.int64)
        return np.asarray(numbers[examples.labels])

    def priors(self, gold: Gold) -> NDArray[np.float32]:
        """Logarithms of how frequent classes are, each seen once more."""
        counts = np.bincount(gold, minlength=len(self.labels))
        return np.asarray(np.log((counts + 1) / (counts.sum() + len(counts))), np.float32)

    def loss(self, scores: Tensor, gold: Gold) -> Tensor:
        """Cross entropy."""
        import torch
        from torch.nn import functional

        return functional.cross_entropy(scores, torch.from_numpy(gold), reduction="sum")

    def found(self, scores: NDArray[np.float64]) -> Predictions:
        """The likeliest class."""
        return Predictions(scores.argmax(axis=1).astype(np.int32), np.exp(log_probabilities(scores)))

    def wrong(self, scores: NDArray[np.float64], gold: Gold) -> tuple[float, int]:
        """How many are wrong."""
        return float((scores.argmax(axis=1) != gold).sum()), len(gold)

    def chosen_on(self, scores: NDArray[np.float64], gold: Gold) -> Classes:
        """Nothing is chosen."""
        del scores, gold
        return self

    def texts(self, found: Predictions) -> list[str]:
        """The label of each."""
        return [self.labels[label] for label in found.labels.tolist()]

    def evaluation(
        self, found: Predictions, examples: Labelled, texts: Sequence[str], mistakes: int
    ) -> Evaluation:
        """Accuracy, F1, confusion; a class that is none of ours comes after those, always got wrong."""
        examples = with_classes(examples, self.labels)
        result = evaluate(examples.labels, found.labels, examples.names, found.probabilities)
        worst = worst_of(found, examples, texts, mistakes)
        return dataclasses.replace(result, mistakes=worst)

    def reason(self, scores: Scores, start: Scores, tokens: Sequence[str], added: Scores | None) -> Reason:
        """The likeliest class against the next."""
        label = int(scores.argmax())
        others = np.delete(np.arange(len(scores)), label)
        rival = int(others[scores[others].argmax()])
        odds = [] if added is None else (added[:, label] - added[:, rival]).tolist()
        return Reason(
            self.labels[label], self.labels[rival], float(start[label] - start[rival]), _paired(tokens, odds)
        )

    def to_record(self) -> dict[str, Any]:
        """Labels are all."""
        return {"answer": self.kind, "labels": list(self.labels)}


@dataclass(frozen=True)
class Labels:
    """Several of some labels, or none; those at least as probable as `threshold`, joined by `separator`."""

    labels: tuple[str, ...]
    separator: str = ","
    threshold: float = 0.5
    kind: ClassVar[str] = "labels"
    measure: ClassVar[str] = "F1"

    @property
    def outputs(self) -> int:
        """A score each."""
        return len(self.labels)

    def gold(self, examples: Labelled) -> Gold:
        """Which labels there are, float32 [D, C]; labels of no name here are left out."""
        known = {label: number for number, label in enumerate(self.labels)}
        sets = np.zeros((len(examples.names), len(known)), np.float32)
        for row, name in enumerate(examples.names):
            sets[row, [known[label] for label in labels_in(name) if label in known]] = 1
        return np.asarray(sets[examples.labels])

    def priors(self, gold: Gold) -> NDArray[np.float32]:
        """Log-odds of each label, seen and not seen half a time more."""
        counts = gold.sum(axis=0, dtype=np.float64)
        return np.asarray(np.log((counts + 0.5) / (len(gold) - counts + 0.5)), np.float32)

    def loss(self, scores: Tensor, gold: Gold) -> Tensor:
        """Binary cross entropy, summed over labels too."""
        import torch
        from torch.nn import functional

        return functional.binary_cross_entropy_with_logits(scores, torch.from_numpy(gold), reduction="sum")

    def found(self, scores: NDArray[np.float64]) -> LabelSets:
        """The labels that are probable enough."""
        chances = np.exp(-np.logaddexp(0, -scores))
        return LabelSets(chances >= self.threshold, chances, self.separator)

    def wrong(self, scores: NDArray[np.float64], gold: Gold) -> tuple[float, int]:
        """One less the micro F1 under the best threshold."""
        return 1 - float(self._f1(scores, gold).max()), 1

    def chosen_on(self, scores: NDArray[np.float64], gold: Gold) -> Labels:
        """With the threshold of the best micro F1; of equals the one nearest to a half."""
        f1 = self._f1(scores, gold)
        best = _THRESHOLDS[f1 == f1.max()]
        return dataclasses.replace(self, threshold=float(best[abs(best - 0.5).argmin()]))

    def _f1(self, scores: NDArray[np.float64], gold: Gold) -> NDArray[np.float64]:
        chances = self.found(scores).probabilities
        there = gold > 0
        found = np.array(
            [
                ((chances >= threshold) & there).sum() / max(1, (chances >= threshold).sum() + there.sum())
                for threshold in _THRESHOLDS
            ]
        )
        return 2 * found

    def texts(self, found: LabelSets) -> list[tuple[str, ...]]:
        """The labels of each, ascending."""
        return [tuple(self.labels[c] for c in np.flatnonzero(row).tolist()) for row in found.chosen]

    def evaluation(
        self, found: LabelSets, examples: Labelled, texts: Sequence[str], mistakes: int
    ) -> LabelsEvaluation:
        """F1 and subset accuracy; labels that are none of ours come after those, and are never found."""
        others = {label for name in examples.names for label in labels_in(name)} - {*self.labels}
        every = dataclasses.replace(self, labels=(*self.labels, *sorted(others)))
        there = every.gold(examples) > 0
        chosen = np.pad(found.chosen, ((0, 0), (0, len(others))))
        wrong = np.flatnonzero((there != chosen).any(axis=1))
        sure = np.where(found.chosen, found.probabilities, 1 - found.probabilities).min(axis=1)
        worst = wrong[np.argsort(-sure[wrong], kind="stable")][:mistakes]
        shown = [self.separator.join(names) for names in self.texts(found)]
        listed = tuple(
            Mistake(
                float(sure[n]),
                self.separator.join(labels_in(examples.names[examples.labels[n]])),
                shown[n],
                texts[n],
            )
            for n in worst.tolist()
        )
        return dataclasses.replace(evaluate_labels(there, chosen, every.labels), mistakes=listed)

    def reason(self, scores: Scores, start: Scores, tokens: Sequence[str], added: Scores | None) -> Reason:
        """The likeliest label against its absence."""
        label = int(scores.argmax())
        odds = [] if added is None else added[:, label].tolist()
        name = self.labels[label]
        return Reason(name, f"not {name}", float(start[label]), _paired(tokens, odds))

    def to_record(self) -> dict[str, Any]:
        """Labels, and how they are chosen and written."""
        return {
            "answer": self.kind,
            "labels": list(self.labels),
            "separator": self.separator,
            "threshold": self.threshold,
        }


@dataclass(frozen=True)
class Number:
    """A number: how far from the mean, in standard deviations."""

    mean: float
    deviation: float
    labels: ClassVar[tuple[str, ...]] = ()
    outputs: ClassVar[int] = 1
    kind: ClassVar[str] = "number"
    measure: ClassVar[str] = "correlation"

    def gold(self, examples: Labelled) -> Gold:
        """Deviations from the mean, float32 [D]."""
        return np.asarray((numbers_of(examples) - self.mean) / self.deviation, np.float32)

    def priors(self, gold: Gold) -> NDArray[np.float32]:
        """The mean."""
        del gold
        return np.zeros(1, np.float32)

    def loss(self, scores: Tensor, gold: Gold) -> Tensor:
        """Squared error."""
        import torch

        return (scores[:, 0] - torch.from_numpy(gold)).square().sum()

    def found(self, scores: NDArray[np.float64]) -> Numbers:
        """The numbers."""
        return Numbers(self.mean + self.deviation * scores[:, 0])

    def wrong(self, scores: NDArray[np.float64], gold: Gold) -> tuple[float, int]:
        """One less Pearson's correlation; 1 where nothing varies."""
        alike = pearson(scores[:, 0], gold.astype(np.float64))
        return (1 - alike if math.isfinite(alike) else 1.0), 1

    def chosen_on(self, scores: NDArray[np.float64], gold: Gold) -> Number:
        """Nothing is chosen."""
        del scores, gold
        return self

    def texts(self, found: Numbers) -> list[float]:
        """The number of each."""
        return [float(value) for value in found.values]

    def evaluation(
        self, found: Numbers, examples: Labelled, texts: Sequence[str], mistakes: int
    ) -> NumberEvaluation:
        """Correlations and the mean squared error; the mistakes are the largest differences."""
        truth = numbers_of(examples)
        off = found.values - truth
        worst = tuple(
            Difference(float(off[n]), float(truth[n]), float(found.values[n]), texts[n])
            for n in np.argsort(-abs(off), kind="stable")[:mistakes].tolist()
        )
        return dataclasses.replace(evaluate_numbers(truth, found.values), mistakes=worst)

    def reason(self, scores: Scores, start: Scores, tokens: Sequence[str], added: Scores | None) -> Reason:
        """What each token adds to the number."""
        value = self.mean + self.deviation * float(scores[0])
        first = self.mean + self.deviation * float(start[0])
        odds = [] if added is None else (self.deviation * added[:, 0].astype(np.float64)).tolist()
        return Reason(number_text(value), "", first, _paired(tokens, odds))

    def to_record(self) -> dict[str, Any]:
        """What a deviation is, and what it is one from."""
        return {"answer": self.kind, "labels": [], "mean": self.mean, "deviation": self.deviation}


def _paired(tokens: Sequence[str], odds: list[float]) -> tuple[tuple[str, float], ...]:
    return tuple(zip(tokens, odds, strict=True))
