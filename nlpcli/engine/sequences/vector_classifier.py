"""A classifier of rows of numbers by a network without time steps: one to one.

    z = (x − mean) / deviation                        of each column, as in what was learnt from
    h⁰ = z,  hⁿ = tanh(hⁿ⁻¹ Wₙ + bₙ),  scores = h W + b      without a hidden layer: softmax regression

Why it answers so is told by integrated gradients from the mean row (Sundararajan et al. 2017): column i adds
zᵢ ∫₀¹ ∂score(αz)/∂zᵢ dα. All together add up to score(z) − score(0); without a hidden layer they are zᵢ wᵢ.

Runs on numpy. Not here: how it is learnt (`vector_training.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.explanations import Reason
from nlpcli.engine.classify.findings import Found, Numbers
from nlpcli.engine.io.checkpoints import read_finished
from nlpcli.engine.io.model_file import Model, write_model
from nlpcli.engine.io.record_formats import whole_texts
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.sequences.answer_choice import answer_of
from nlpcli.engine.sequences.answers import Answer
from nlpcli.engine.sequences.vector_examples import check_width, numbers_in
from nlpcli.engine.text.arguments import as_list
from nlpcli.errors import SettingsError
from nlpcli.settings.classify import RnnSettings

KIND, UNFINISHED = "vector-classifier", "vector-classifier-checkpoint"
_ROWS = 4096  # that are judged together
_POINTS = (8, 64, 512)  # at which gradients are taken, until what columns add is the whole
_EXACT = 1e-6
Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Inputs:
    """The columns of rows: what they are called, and mean and deviation of each, float64 [N].

    A column that never varied has the deviation 0, and counts for nothing.
    """

    columns: tuple[str, ...]
    mean: Matrix
    deviation: Matrix

    @classmethod
    def of(cls, columns: Sequence[str], vectors: Matrix) -> Inputs:
        """Those of rows [D, N] to learn from."""
        mean = vectors.mean(axis=0)
        centred = vectors - mean
        # Of what is scaled to 1, so that the squares of tiny numbers are not zero.
        largest = np.where(np.ptp(vectors, axis=0) > 0, abs(centred).max(axis=0), 0.0)
        scaled = np.divide(centred, largest, out=np.zeros_like(centred), where=largest > 0)
        return cls(tuple(columns), mean, largest * np.sqrt(np.square(scaled).mean(axis=0)))

    def standardised(self, vectors: Matrix) -> Matrix:
        """Rows [D, N] in deviations from the mean."""
        varies = self.deviation > 0
        return np.divide(vectors - self.mean, self.deviation, out=np.zeros(vectors.shape), where=varies)


@dataclass(frozen=True, eq=False)
class VectorClassifier:
    """Judges rows of numbers.

    answer: one class of some, several labels, or a number. weights: float32. vector_col: the columns as they
    were asked for, by name or number; empty where rows came from a file of arrays.
    """

    answer: Answer
    inputs: Inputs
    weights: Weights
    layers: int
    settings: RnnSettings
    vector_col: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of classes or labels."""
        return self.answer.labels

    def encode(self, batches: Iterable[Any]) -> Matrix:
        """Rows as a matrix [D, N]: of lists of texts with numbers in them, or of arrays.

        Raises InputError for what is no number, and for rows of another length.
        """
        rows: list[Any] = []
        for batch in batches:
            if isinstance(batch, np.ndarray):
                rows += [*batch]
                continue
            rows += [numbers_in(text) for text in whole_texts([batch])]
        for row in rows:
            check_width(len(row), self.inputs.columns)
        return np.array(rows, np.float64).reshape(len(rows), len(self.inputs.columns))

    def scores(self, vectors: Matrix, progress: Progress = SILENT) -> Matrix:
        """The scores of every row, float64 [D, outputs]."""
        found = np.empty((len(vectors), self.answer.outputs))
        for first in range(0, len(vectors), _ROWS):
            z = self.inputs.standardised(vectors[first : first + _ROWS])
            found[first : first + _ROWS] = feed(z, self.weights, self.layers)[0]
            progress.update("classifying", min(first + _ROWS, len(vectors)), len(vectors))
        return found

    def predict(self, corpus: Matrix, progress: Progress = SILENT) -> Found:
        """The answer for every row."""
        return self.answer.found(self.scores(corpus, progress))

    def explain(self, corpus: Matrix) -> Iterator[Reason]:
        """For every row: the likeliest class against the next, and what each column adds."""
        start = feed(np.zeros((1, len(self.inputs.columns))), self.weights, self.layers)[0][0]
        for z, scores in zip(self.inputs.standardised(corpus), self.scores(corpus), strict=True):
            added = added_by(z, self.weights, self.layers, scores - start)
            yield self.answer.reason(scores, start, self.inputs.columns, added)

    def classify(self, rows: Iterable[Any]) -> list[Any]:
        """The answer for each row of numbers: a label, a tuple of labels, or a number.

        A row is a list of numbers, or a text with spaces between them.
        """
        return self.answer.texts(self.predict(self._listed(rows)))

    def probabilities(self, rows: Iterable[Any]) -> Matrix:
        """How likely each class or label is for each row, float64 [rows, C], as in `labels`.

        Raises SettingsError for a model of numbers.
        """
        found = self.predict(self._listed(rows))
        if isinstance(found, Numbers):
            raise SettingsError("the model gives numbers, which have no probabilities")
        return found.probabilities

    def _listed(self, rows: Iterable[Any]) -> Matrix:
        given = [*as_list(rows)]
        texts = [row if isinstance(row, str) else " ".join(map(repr, map(float, row))) for row in given]
        return self.encode([texts])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""
        header: dict[str, Any] = {
            **self.answer.to_record(),
            "columns": list(self.inputs.columns),
            "vector_col": self.vector_col,
            "rnn_size": units_of(self.weights, self.layers),
            "num_layers": self.layers,
            "settings": self.settings.to_record(),
        }
        inputs = {"inputs.mean": self.inputs.mean, "inputs.deviation": self.inputs.deviation}
        write_model(path, KIND, header, {**self.weights, **inputs})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> VectorClassifier:
        """The model that `save` wrote. Raises ModelError."""
        return cls.from_model(read_finished(path, (KIND,), (UNFINISHED,), "classifier", "train-rnn"))

    @classmethod
    def from_model(cls, model: Model) -> VectorClassifier:
        """The same from a file already read."""
        fields, arrays = model.fields, model.tensors
        inputs = Inputs(fields["columns"], arrays["inputs.mean"], arrays["inputs.deviation"])
        weights = {name: array for name, array in arrays.items() if not name.startswith("inputs.")}
        return cls(
            answer_of(fields), inputs, weights, fields["num_layers"], fields["settings"], fields["vector_col"]
        )


def units_of(weights: Mapping[str, NDArray[Any]], layers: int) -> int:
    """Units of a hidden layer; 1 where there is none."""
    return int(weights["layer0.b"].shape[0]) if layers else 1


def feed(z: Matrix, weights: Mapping[str, NDArray[Any]], layers: int) -> tuple[Matrix, list[Matrix]]:
    """The scores of standardised rows [D, N], and what each hidden layer gives, [D, units]."""
    hidden: list[Matrix] = []
    for n in range(layers):
        z = np.tanh(z @ weights[f"layer{n}.w"] + weights[f"layer{n}.b"])
        hidden.append(z)
    return z @ weights["head.w"] + weights["head.b"], hidden


def added_by(z: Matrix, weights: Mapping[str, NDArray[Any]], layers: int, whole: Matrix) -> Matrix:
    """What each column of a standardised row [N] adds to the scores, [N, outputs]; `whole`: all of them."""
    if not layers:
        return np.asarray(z[:, None] * weights["head.w"], np.float64)
    for points in _POINTS:
        places, shares = np.polynomial.legendre.leggauss(points)
        _, hidden = feed((places[:, None] + 1) / 2 * z, weights, layers)
        slopes = 1 - np.square(hidden[-1])[:, :, None]
        back = slopes * weights["head.w"]  # [points, units, outputs]
        for n, h in reversed([*enumerate(hidden[:-1], 1)]):
            back = (1 - np.square(h))[:, :, None] * (weights[f"layer{n}.w"] @ back)
        mean = np.tensordot(shares / 2, back, 1)
        added: Matrix = z[:, None] * (weights["layer0.w"] @ mean)
        if abs(added.sum(axis=0) - whole).max() <= _EXACT * (1 + abs(whole).max()):
            break
    return added
