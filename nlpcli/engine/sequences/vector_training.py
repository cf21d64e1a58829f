"""From labelled rows of numbers to a classifier: a feed-forward network in training."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from nlpcli.engine.classify.examples import held_out
from nlpcli.engine.io.schemas.classify import feed_forward_shapes
from nlpcli.engine.neural.batch_trainer import DROPS, usual_epochs
from nlpcli.engine.neural.encoder_weights import initial_head
from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.sequences.answers import Answer, Classes, Labels
from nlpcli.engine.sequences.network_checkpoint import Resumable
from nlpcli.engine.sequences.vector_classifier import UNFINISHED, Inputs, VectorClassifier
from nlpcli.engine.sequences.vector_examples import VectorExamples
from nlpcli.settings.classify import RnnSettings
from nlpcli.settings.neural import ClassifierEncoder, NetworkTraining
from nlpcli.wording import counted

if TYPE_CHECKING:
    from torch import Tensor

# Updates that a training has, where the epochs are left to it; more where steps lead down one slope.
UPDATES, WITHOUT_LAYERS = 600, 2400
_EPOCHS = 10, 1000  # but so many at least and at most
_ROWS = 32  # a batch, where nothing is said
FEWEST = 10  # rows by which weights are chosen: fewer would choose by chance
_HEAD = 4  # what a draw of chance is for
WITHOUT_TIME = ClassifierEncoder(cell="none")


class VectorTraining(Resumable):
    """A classifier in training. The same rows, settings and seed give the same model, on any threads.

    dev: rows to choose by; None: some of the rows are held out, if they are FEWEST or more. vector_col: what
    the columns were asked for by. Of the layers, `sizes` says how many there are, and their units.
    """

    unfinished = UNFINISHED

    def __init__(
        self,
        examples: VectorExamples,
        settings: RnnSettings = RnnSettings(),
        sizes: ClassifierEncoder = WITHOUT_TIME,
        training: NetworkTraining = NetworkTraining(),
        dev: VectorExamples | None = None,
        answer: Answer | None = None,
        vector_col: str = "",
    ) -> None:
        self.answer: Answer = answer or Classes(examples.names)
        if dev is None and training.val_frac:
            by_class = isinstance(self.answer, Classes)
            kept = held_out(examples, training.val_frac, settings.seed, by_class=by_class)
            if kept.sum() >= FEWEST:
                examples, dev = examples.chosen(~kept), examples.chosen(kept)
        self.dev, self._rnn, self._sizes, self._vector_col = dev, settings, sizes, vector_col
        self._inputs = Inputs.of(examples.columns, examples.vectors)
        self._rows = self._inputs.standardised(examples.vectors).astype(np.float32)
        self._gold = self.answer.gold(examples)
        rows, columns = self._rows.shape
        shapes = feed_forward_shapes(columns, sizes.rnn_size, sizes.num_layers, self.answer.outputs)
        random = np.random.default_rng([settings.seed, _HEAD])
        zeros = [name for name in shapes if name.endswith(".b")]
        weights = {**initial_head(shapes, zeros, random), "head.b": self.answer.priors(self._gold)}
        updates = UPDATES if sizes.num_layers else WITHOUT_LAYERS
        usual = usual_epochs(rows, training.batch_tokens or _ROWS, updates, _EPOCHS)
        super().__init__(weights, training, epochs=settings.epochs or usual, seed=settings.seed)
        self.best_weights = self.snapshot()

    @property
    def lengths(self) -> Ids:
        """Each row counts once."""
        return np.ones(len(self._rows), np.int64)

    @property
    def batch_tokens(self) -> int:
        """Rows a batch."""
        return self.training.batch_tokens or _ROWS

    @property
    def material(self) -> str:
        """What there is to learn from, in words."""
        return f"{counted(len(self._rows), 'row')} of {counted(len(self._inputs.columns), 'number')}"

    @property
    def constant(self) -> Sequence[str]:
        """The columns that never vary, of which nothing is learnt."""
        return [self._inputs.columns[n] for n in np.flatnonzero(self._inputs.deviation == 0).tolist()]

    def begin_update(self) -> int:
        """The next batch; how many rows it has."""
        self._batch = self.batch()
        return len(self._batch)

    def part_loss(self, n: int) -> Tensor:
        """Summed loss of part `n` of the batch."""
        import torch

        from nlpcli.engine.neural.nets.dropout import dropped

        rows, weights = self._batch[self.parts[n]], self.network.weights
        if not len(rows):
            return torch.zeros((), requires_grad=True) + 0.0
        random = np.random.Generator(np.random.SFC64([self.seed, DROPS, self.step, n]))
        h = torch.from_numpy(self._rows[rows])
        for layer in range(self._sizes.num_layers):
            h = torch.tanh(h @ weights[f"layer{layer}.w"] + weights[f"layer{layer}.b"])
            h = dropped(h, self.training.dropout, random)
        return self.answer.loss(h @ weights["head.w"] + weights["head.b"], self._gold[rows])

    def validation_losses(self, pool: ThreadPoolExecutor) -> list[tuple[float, int]]:  # noqa: ARG002
        """How bad the answers for what is held out are."""
        if self.dev is None or not len(self.dev.labels):
            return []
        scores = self.classifier(self.snapshot()).scores(self.dev.vectors)
        return [self.answer.wrong(scores, self.answer.gold(self.dev))]

    def classifier(self, weights: Weights) -> VectorClassifier:
        """The classifier with some weights."""
        return VectorClassifier(
            self.answer, self._inputs, weights, self._sizes.num_layers, self._rnn, self._vector_col
        )

    def best(self) -> VectorClassifier:
        """The classifier that did best on what is held out, and what else is chosen there."""
        found = self.classifier(self.best_weights)
        if self.dev is None or not len(self.dev.labels) or not isinstance(self.answer, Labels):
            return found
        answer = self.answer.chosen_on(found.scores(self.dev.vectors), self.answer.gold(self.dev))
        return dataclasses.replace(found, answer=answer)

    def shape_fields(self) -> dict[str, Any]:
        """What the shapes of the weights follow from."""
        return {
            "rnn_size": self._sizes.rnn_size,
            "num_layers": self._sizes.num_layers,
            "columns": len(self._inputs.columns),
            "outputs": self.answer.outputs,
        }

    def digest(self) -> str:
        """A sum of all that decides what is learnt: rows, labels, what is held out, settings."""
        record = [
            self.answer.to_record(), self._rnn.to_record(), self.shape_fields(), [*self._inputs.columns],
            self._vector_col, {**self.training.to_record(), "threads": 0},
        ]  # fmt: skip
        total = hashlib.sha256(json.dumps(record, sort_keys=True).encode())
        arrays: list[Any] = [self._inputs.mean, self._inputs.deviation, self._rows, self._gold]
        if self.dev is not None:
            arrays += [self.dev.vectors, self.dev.labels]
        for array in arrays:
            total.update(np.ascontiguousarray(array).data)
        return total.hexdigest()
