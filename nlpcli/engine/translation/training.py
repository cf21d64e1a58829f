"""From pairs of texts to a sequence-to-sequence model.

A batch is split into PARTS whatever the machine, and their gradients are added in order, so that the bytes
are the same for any number of threads. Every draw of chance follows from the seed and the update's number.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from nlpcli.engine.neural.batch_trainer import BEGINNING, DROPS, BatchTrainer, usual_epochs
from nlpcli.engine.neural.batches import at_work
from nlpcli.engine.neural.devices import products_of
from nlpcli.engine.neural.packing import Ids, Packing
from nlpcli.engine.neural.trainer import Diverged
from nlpcli.engine.sequences.initial_network import InitialNetwork
from nlpcli.engine.translation.begun import begin_with
from nlpcli.engine.translation.examples import PairExamples
from nlpcli.engine.translation.initial import initial_seq2seq
from nlpcli.engine.translation.model import Seq2Seq
from nlpcli.engine.translation.vocabulary import Side
from nlpcli.settings.neural import NetworkTraining
from nlpcli.settings.translation import SEQ2SEQ_TRAINING
from nlpcli.wording import counted

if TYPE_CHECKING:
    from torch import Tensor

    from nlpcli.engine.neural.nets.seq2seq import Pairs

UPDATES = 4000  # that a training has, where the epochs are left to it
_EPOCHS = 6, 100  # but so many at least and at most
_TOKENS = 300, 2000  # units a batch, at least and at most, where nothing is said
_BATCHES = 30  # that an epoch has at least, if its batches are not too small then
_TOGETHER = 4000  # units of pairs that are validated side by side


class Seq2SeqTraining(BatchTrainer):
    """A model in training. The same pairs, settings and seed give the same model, on any threads.

    initial: a network over words whose weights are the first; `begun_with` says which of them.
    """

    def __init__(
        self,
        examples: PairExamples,
        training: NetworkTraining = SEQ2SEQ_TRAINING,
        initial: InitialNetwork | None = None,
    ) -> None:
        self.examples, self.settings = examples, examples.settings
        self._initial, self.begun_with = initial, ""
        self._low = products_of(self.settings.precision, self.settings.rnn_size)
        vocabulary = examples.vocabulary
        counts = np.bincount(examples.targets.numbers, minlength=vocabulary.targets)[: vocabulary.targets]
        random = np.random.default_rng([self.settings.seed, BEGINNING])
        weights = initial_seq2seq(self.settings, len(vocabulary), counts.astype(np.float32), random)
        if initial is not None:
            self.begun_with = begin_with(initial, weights, vocabulary.units, self.settings.unit)
        self._lengths = examples.sources.lengths + examples.targets.lengths
        units = int(self._lengths.sum())
        least, most = _TOKENS
        self._batch = training.batch_tokens or max(least, min(most, units // _BATCHES))
        epochs = self.settings.epochs or usual_epochs(units, self._batch, UPDATES, _EPOCHS)
        super().__init__(weights, training, epochs=epochs, seed=self.settings.seed)

    @property
    def lengths(self) -> Ids:
        """Units of the pairs, of both sides."""
        return self._lengths

    @property
    def batch_tokens(self) -> int:
        """Units a batch."""
        return self._batch

    @property
    def material(self) -> str:
        """How many pairs, units and weights there are."""
        examples = self.examples
        weights = sum(weight.numel() for weight in self.network.parameters())
        settings = examples.settings
        more = " with those of --augment" if settings.augment and settings.noise == "none" else ""
        pairs = len(examples.sources.starts) - 1
        return (
            f"{counted(pairs, 'pair')}{more}, {counted(len(examples.targets.numbers), 'unit')} to write; "
            f"{len(examples.vocabulary):,} different ones; {counted(weights, 'weight')}"
        )

    # --- a batch ----------------------------------------------------------------------------

    def begin_update(self) -> int:
        """The next batch in its parts; how many units its targets have."""
        batch, examples = self.batch(), self.examples
        self._held = [
            side_by_side(examples.sources, examples.targets, batch[part])
            for part in self.parts
            if len(batch[part])
        ]
        return sum(len(pairs.target) for pairs in self._held)

    def part_loss(self, n: int) -> Tensor:
        """Summed loss of part `n` of the batch."""
        import torch

        from nlpcli.engine.neural.nets.seq2seq import Seq2SeqNet

        if n >= len(self._held):
            return torch.zeros((), requires_grad=True) + 0.0
        random = np.random.Generator(np.random.SFC64([self.seed, DROPS, self.step, n]))
        net = Seq2SeqNet(self.settings, self.network.weights, self.training.dropout, self._low)
        smoothing, words = self.settings.label_smoothing, self.training.word_dropout
        return net.loss(self._held[n], random, smoothing, words)

    def validation_losses(self, pool: ThreadPoolExecutor) -> list[tuple[float, int]]:
        """The negative log-likelihood of what is held out, and its units, batch by batch."""
        import torch

        from nlpcli.engine.neural.nets.seq2seq import Seq2SeqNet

        sources, targets = self.examples.dev
        if not len(sources.starts) - 1:
            return []
        weights = {name: torch.from_numpy(array) for name, array in self.snapshot().items()}
        net = Seq2SeqNet(self.settings, weights, low=self._low)

        def measured(some: Ids) -> tuple[float, int]:
            if self.cancelled.is_set():
                return 0.0, 0
            pairs = side_by_side(sources, targets, some)
            with torch.no_grad():
                return float(net.loss(pairs)), len(pairs.target)

        return list(pool.map(measured, at_work(sources.lengths + targets.lengths, _TOGETHER)))

    # --- averages and what comes of it ------------------------------------------------------

    def averaged(self) -> None:
        """Bring the moving average of the weights on."""
        import torch

        if self.decay:
            for name, weight in self.network.weights.items():  # one pass over memory, unlike numpy's three
                torch.from_numpy(self.means[name]).lerp_(weight.detach(), 1 - self.decay)

    def best(self) -> Seq2Seq:
        """The model that did best on what is held out."""
        if not all(np.isfinite(array).all() for array in self.best_weights.values()):
            raise Diverged
        examples = self.examples
        return Seq2Seq(
            self.settings, examples.vocabulary, self.best_weights, examples.growth, examples.capitals
        )

    def digest(self) -> str:
        """A sum of all that decides what is learnt: pairs, what is held out, and settings."""
        total = hashlib.sha256("\n".join(self.examples.vocabulary.units).encode("utf-8", "surrogatepass"))
        for side in (self.examples.sources, self.examples.targets, *self.examples.dev):
            total.update(np.ascontiguousarray(side.numbers).data)
            total.update(np.ascontiguousarray(side.starts).data)
        record = [self.settings.to_record(), {**self.training.to_record(), "threads": 0}]
        if self._initial is not None:
            record.append({"initial": self._initial.digest})
        total.update(json.dumps(record, sort_keys=True).encode())
        return total.hexdigest()


def side_by_side(sources: Side, targets: Side, some: Ids) -> Pairs:
    """Some pairs as the network takes them."""
    from nlpcli.engine.neural.nets.seq2seq import Pairs

    some = some[np.argsort(-targets.lengths[some], kind="stable")]
    by_source = np.argsort(-sources.lengths[some], kind="stable")
    reading, writing = Packing.of(sources.lengths[some[by_source]]), Packing.of(targets.lengths[some])
    return Pairs(
        sources.joined(some[by_source])[reading.order()],
        reading,
        targets.joined(some)[writing.order()],
        writing,
        np.argsort(by_source, kind="stable"),
    )
