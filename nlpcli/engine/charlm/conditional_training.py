"""Training a character model of texts that are written for a label or a vector each.

A batch holds whole texts of about the same length, each from its start marker to its end marker. It is split
into two parts whatever the machine, so that the bytes are the same for any number of threads.

Not here: the loop (`neural/trainer.py`), and what a condition does (`conditions.py`).
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nlpcli.engine.charlm.conditional_text import ConditionalText
from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.neural import devices
from nlpcli.engine.neural.batches import at_work, batches
from nlpcli.engine.neural.packing import Ids, Packing
from nlpcli.engine.neural.trainer import Trainer
from nlpcli.engine.neural.weights import Weights, initial_weights
from nlpcli.engine.runtime.arrays import offsets_of, ranges
from nlpcli.engine.runtime.threads import available_cores
from nlpcli.settings.charlm import CharLMSettings, condition_shapes

if TYPE_CHECKING:
    from torch import Tensor

    from nlpcli.engine.neural.nets.recurrent_network import State

_PARTS = 2
_MOST_UNITS = 1024  # of a text that are learnt
_MOST_SCORED = 1 << 18  # units of the texts held out
_TOGETHER = 4096  # units that are scored together
_UPDATES_PER_EPOCH = 20
_ORDER, _DROPS, _WITHOUT, _HELD_OUT = 2, 3, 4, 5  # what a draw of chance is for


@dataclass(frozen=True)
class TextSplit:
    """How many texts are held out, how many a batch has on average, and units learnt in an epoch."""

    held_out: int
    batch: int
    per_epoch: int
    item: str = "text"


class ConditionalTraining(Trainer):
    """A training under way: the texts, and all that a `Trainer` has."""

    def __init__(self, text: ConditionalText, settings: CharLMSettings, weights: Weights) -> None:
        import torch

        from nlpcli.engine.neural.nets.conditional_network import ConditionalRNN

        self.text, self.settings, self.device = text, settings, "cpu"
        self._lengths = np.minimum(np.diff(text.begins), _MOST_UNITS)
        self._learnt, self._scored, held_out = self._chosen()
        mean = float(self._lengths[self._learnt].mean())
        batch = max(1, min(settings.batch_size, len(self._learnt) // _UPDATES_PER_EPOCH))
        self._tokens = max(1, round(batch * mean))
        self.split = TextSplit(held_out, batch, int(self._lengths[self._learnt].sum()))
        low = torch.bfloat16 if devices.wants_bfloat16(settings, "cpu") else torch.float32
        self.network = ConditionalRNN(
            settings.cell, settings.num_layers, settings.dropout, weights, "cpu", low
        )
        self._ends = offsets_of([len(self._batches(epoch)) for epoch in range(settings.epochs)])
        super().__init__(
            self.network, settings, weights, [slice(n, None, _PARTS) for n in range(_PARTS)],
            steps_per_epoch=int(self._ends[1]), epochs=settings.epochs,
            threads=settings.threads or available_cores(),
        )  # fmt: skip
        self.total_steps = int(self._ends[-1])
        self.states: list[State] = []
        self._epoch, self._order = -1, list[Ids]()

    def _chosen(self) -> tuple[Ids, Ids, int]:
        """The texts that are learnt from, those that are scored, and how many of these are held out."""
        texts, settings = len(self._lengths), self.settings
        order = np.random.default_rng([settings.seed, _HELD_OUT]).permutation(texts)
        held_out = int(texts * settings.val_frac)
        scored = order[:held_out] if held_out else order
        fit = int(np.searchsorted(np.cumsum(self._lengths[scored]), _MOST_SCORED, side="right"))
        return np.sort(order[held_out:]), scored[: max(1, fit)], held_out

    def _batches(self, epoch: int) -> list[Ids]:
        random = np.random.default_rng([self.settings.seed, _ORDER, epoch])
        found = batches(self._lengths[self._learnt], self._tokens, random)
        return [self._learnt[batch] for batch in found]

    def begin_update(self) -> int:
        """The next batch, and of which of its texts the condition is left out."""
        epoch = int(np.searchsorted(self._ends, self.step, side="right")) - 1
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self._batches(epoch)
        self._batch = self._order[self.step - int(self._ends[epoch])]
        random = np.random.default_rng([self.settings.seed, _WITHOUT, self.step])
        self._kept = random.random(len(self._batch)) >= self.text.condition.dropout
        return int(self._lengths[self._batch].sum())

    def part_loss(self, n: int) -> Tensor:
        """Summed loss of some of the texts."""
        chosen = self._batch[self.parts[n]]
        if not len(chosen):
            return self.network.weights["output.b"].sum() * 0
        conditions = self.text.conditions(chosen) * self._kept[self.parts[n], None].astype(np.float32)
        random = np.random.Generator(np.random.SFC64([self.settings.seed, _DROPS, self.step, n]))
        return self.network.loss(*self._packed(chosen), conditions, random)

    def _packed(self, chosen: Ids) -> tuple[Tensor, Tensor, Packing]:
        """What is read and what comes next of texts, the longest first."""
        import torch

        lengths = self._lengths[chosen]
        packing = Packing.of(lengths)
        places = ranges(self.text.begins[chosen], lengths)[packing.order()]
        read, following = (
            torch.from_numpy(self.text.ids[at].astype(np.int64)) for at in (places, places + 1)
        )
        return read, following, packing

    def validation_losses(self, pool: ThreadPoolExecutor) -> list[tuple[float, int]]:
        """Summed losses of the texts that are scored, under their conditions if these are learnt at all."""
        import torch

        under = np.float32(self.text.condition.dropout < 1)

        def score(batch: Ids) -> tuple[float, int]:
            if self.cancelled.is_set():
                return 0.0, 0
            chosen = self._scored[batch]
            with torch.no_grad():
                loss = self.network.loss(*self._packed(chosen), self.text.conditions(chosen) * under)
            return loss.item(), int(self._lengths[chosen].sum())

        return list(pool.map(score, at_work(self._lengths[self._scored], _TOGETHER)))

    def best(self) -> CharLM:
        """The model with the best validation loss so far."""
        return self._model(self.best_weights, self.best_loss)

    def current(self) -> CharLM:
        """The model as it is now."""
        return self._model(self.network.arrays(), math.inf)

    def _model(self, weights: Weights, loss: float) -> CharLM:
        record: dict[str, Any] = {
            "val_loss": loss if math.isfinite(loss) else None,
            "validated_on": "held-out texts" if self.split.held_out else "the texts of the training",
            "updates": self.step,
            "texts": len(self._lengths),
            "characters": self.text.characters,
            "bytes": self.text.bytes,
            "units": len(self.text.ids),
            "history": self.history,
        }
        return CharLM(self.settings, self.text.alphabet, weights, record, self.text.condition)


def begun(text: ConditionalText, settings: CharLMSettings) -> ConditionalTraining:
    """A new training; conditions add nothing at first."""
    weights = initial_weights(settings, text.alphabet)
    for name, shape in condition_shapes(settings, len(text.condition)).items():
        weights[name] = np.zeros(shape, dtype=np.float32)
    return ConditionalTraining(text, settings, weights)
