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

from nlpcli.engine.neural.batch_trainer import decay_of, usual_epochs
from nlpcli.engine.neural.batches import at_work, batches
from nlpcli.engine.neural.devices import products_of
from nlpcli.engine.neural.packing import Ids, Packing
from nlpcli.engine.neural.tables import BETAS
from nlpcli.engine.neural.trainer import Diverged, Trainer
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.threads import available_cores
from nlpcli.engine.translation.examples import PairExamples
from nlpcli.engine.translation.initial import initial_seq2seq
from nlpcli.engine.translation.model import Seq2Seq
from nlpcli.engine.translation.vocabulary import Side
from nlpcli.settings.neural import NetworkTraining
from nlpcli.settings.translation import SEQ2SEQ_TRAINING

if TYPE_CHECKING:
    from torch import Tensor

    from nlpcli.engine.neural.nets.seq2seq import Pairs

PARTS = 2
UPDATES = 4000  # that a training has, where the epochs are left to it
_EPOCHS = 6, 100  # but so many at least and at most
_TOKENS = 300, 2000  # units a batch, at least and at most, where nothing is said
_BATCHES = 30  # that an epoch has at least, if its batches are not too small then
_ORDER, _DROPS, _BEGINNING = 1, 2, 3  # what a draw of chance is for
_TOGETHER = 4000  # units of pairs that are validated side by side


class Seq2SeqTraining(Trainer):
    """A model in training. The same pairs, settings and seed give the same model, on any threads."""

    def __init__(self, examples: PairExamples, training: NetworkTraining = SEQ2SEQ_TRAINING) -> None:
        from nlpcli.engine.neural.nets.parameters import Parameters

        self.examples, self.training, self.settings = examples, training, examples.settings
        self.seed = self.settings.seed
        self._low = products_of(self.settings.precision, self.settings.rnn_size)
        vocabulary = examples.vocabulary
        counts = np.bincount(examples.targets.numbers, minlength=vocabulary.targets)[: vocabulary.targets]
        random = np.random.default_rng([self.seed, _BEGINNING])
        weights = initial_seq2seq(self.settings, len(vocabulary), counts.astype(np.float32), random)
        self.network = Parameters(weights)
        self._lengths = examples.sources.lengths + examples.targets.lengths
        units = int(self._lengths.sum())
        least, most = _TOKENS
        self.batch_tokens = training.batch_tokens or max(least, min(most, units // _BATCHES))
        epochs = self.settings.epochs or usual_epochs(units, self.batch_tokens, UPDATES, _EPOCHS)
        ends = offsets_of([len(self._batches(epoch)) for epoch in range(epochs)])
        super().__init__(
            self.network, training, weights, [slice(n, None, PARTS) for n in range(PARTS)],
            steps_per_epoch=int(ends[1]), epochs=epochs, threads=training.threads or available_cores(),
        )  # fmt: skip
        for group in self.optimizer.param_groups:
            group["betas"] = BETAS
        self._epoch_ends, self.total_steps = ends, int(ends[-1])
        self._epoch, self._order = -1, list[Ids]()
        self.decay = decay_of(training.average * self.total_steps)
        self.means = {name: np.zeros_like(array) for name, array in weights.items()}

    def _batches(self, epoch: int) -> list[Ids]:
        random = np.random.default_rng([self.seed, _ORDER, epoch])
        return batches(self._lengths, self.batch_tokens, random)

    # --- a batch ----------------------------------------------------------------------------

    def begin_update(self) -> int:
        """The next batch in its parts; how many units its targets have."""
        epoch = int(np.searchsorted(self._epoch_ends, self.step, side="right")) - 1
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._batches(epoch)
        batch = self._order[self.step - int(self._epoch_ends[epoch])]
        examples = self.examples
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
        random = np.random.Generator(np.random.SFC64([self.seed, _DROPS, self.step, n]))
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

    def snapshot(self) -> Weights:
        """The averages of the weights."""
        if not (self.step and self.decay):
            return self.network.arrays()
        whole = np.float32(1 / (1 - self.decay**self.step))
        return {name: mean * whole for name, mean in self.means.items()}

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
