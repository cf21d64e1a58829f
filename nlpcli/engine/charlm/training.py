"""Training a character model: stateful truncated backpropagation through time.

The training text is cut into B streams that are read side by side, `seq_length` units at a
time. The hidden state is carried from chunk to chunk, the gradient is cut there.

Not here: the loop (`neural/trainer.py`), how the text is cut (`streams.py`), what is said meanwhile
(`report.py`), and how a training is written down and resumed (`checkpoint.py`).
"""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.streams import Ids, Split
from nlpcli.engine.charlm.units import CharText
from nlpcli.engine.neural import devices
from nlpcli.engine.neural.trainer import Trainer
from nlpcli.engine.neural.weights import Weights
from nlpcli.settings.charlm import CharLMSettings

if TYPE_CHECKING:
    from torch import Tensor

    from nlpcli.engine.charlm.windows import Windows
    from nlpcli.engine.neural.nets.recurrent_network import CharRNN, State
    from nlpcli.engine.neural.nets.transformer_lm import TransformerLM


class Training(Trainer):
    """A training under way: the text, the hidden states, and all that a `Trainer` has.

    `threads` is the number of parts the batch is split into, where it is not the settings'.
    """

    def __init__(
        self, text: CharText, settings: CharLMSettings, weights: Weights, threads: int | None = None
    ) -> None:
        self.text, self.settings, self.split = text, settings, self._cut(text, settings)
        self.device = devices.device_of(settings)
        self.network = self._built(weights)
        super().__init__(
            self.network,
            settings,
            weights,
            self._parts(threads or settings.threads),
            steps_per_epoch=self._steps(),
            epochs=settings.epochs,
            threads=self._threads(threads or settings.threads),
        )
        self.states = self._zero_states()

    # What another network does differently: how text is cut, what is run, what a batch is split into.

    def _cut(self, text: CharText, settings: CharLMSettings) -> Split | Windows:
        return Split(text, settings)

    def _built(self, weights: Weights) -> CharRNN | TransformerLM:
        import torch

        from nlpcli.engine.neural.nets.recurrent_network import CharRNN

        settings = self.settings
        low = torch.bfloat16 if devices.wants_bfloat16(settings, self.device) else torch.float32
        return CharRNN(settings.cell, settings.num_layers, settings.dropout, weights, self.device, low)

    def _parts(self, threads: int) -> list[slice]:
        return devices.parts(threads, self.split.batch, self.device)

    def _threads(self, threads: int) -> int | None:
        del threads
        return None  # as many as parts

    def _steps(self) -> int:
        return -(-self.split.length // self.settings.seq_length)

    # ----------------------------------------------------------------------------------------

    def _zero_states(self) -> list[State]:
        return [self.network.zero_state(part.stop - part.start) for part in self.parts]

    def begin_update(self) -> int:
        """The next chunk of every stream; an epoch begins with hidden states of zeros."""
        import torch

        chunk = self.step % self.steps_per_epoch
        if chunk == 0:
            self.states = self._zero_states()
        start = chunk * self.settings.seq_length
        assert isinstance(self.split, Split)
        self._ids = torch.from_numpy(self.split.streams[start : start + self.settings.seq_length + 1])
        return (len(self._ids) - 1) * self.split.batch

    def part_loss(self, n: int) -> Tensor:
        """Summed loss of some of the streams, whose hidden states go on."""
        import torch
        from torch.nn import functional

        part = self._ids[:, self.parts[n]].to(self.network.device, torch.int64).contiguous()
        random = np.random.Generator(np.random.SFC64([self.settings.seed, 1, self.step, n]))
        logits, self.states[n] = self.network.forward(part[:-1], self.states[n], random)
        return functional.cross_entropy(logits, part[1:].reshape(-1), reduction="sum")

    def validation_losses(self, pool: ThreadPoolExecutor) -> list[tuple[float, int]]:
        """Of the held-out streams, some in each thread."""
        count = min(len(self.parts), self.split.validation.shape[1])
        parts = np.array_split(self.split.validation, count, axis=1)
        return list(
            pool.map(lambda part: score(self.network, part, self.split.warm_up, self.cancelled), parts)
        )

    def best(self) -> CharLM:
        """The model with the best validation loss so far."""
        return CharLM(self.settings, self.text.alphabet, self.best_weights, self._record(self.best_loss))

    def current(self) -> CharLM:
        """The model as it is now."""
        return CharLM(self.settings, self.text.alphabet, self.network.arrays(), self._record(math.inf))

    def _record(self, loss: float) -> dict[str, object]:
        return {
            "val_loss": loss if math.isfinite(loss) else None,
            "validated_on": "held-out text" if self.split.held_out else "the training text",
            "updates": self.step,
            "characters": self.text.characters,
            "bytes": self.text.bytes,
            "units": len(self.text.ids),
            "history": self.history,
        }


def score(
    network: CharRNN | TransformerLM, streams: Ids, warm_up: int, cancelled: threading.Event, chunk: int = 128
) -> tuple[float, int]:
    """Summed loss in nats over `streams` [L, S] past the warm-up, and how many ids it is the sum of."""
    import torch
    from torch.nn import functional

    ids = torch.from_numpy(np.ascontiguousarray(streams, dtype=np.int64))
    state = network.zero_state(streams.shape[1])
    total, count = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(ids) - 1, chunk):
            if cancelled.is_set():
                break
            part = ids[start : start + chunk + 1].to(network.device)
            logits, state = network.forward(part[:-1].clamp(min=0), state)
            targets = part[1:].clone()
            targets[: max(0, warm_up - start)] = -1
            loss = functional.cross_entropy(logits, targets.reshape(-1), ignore_index=-1, reduction="sum")
            total += loss.item()
            count += int((targets >= 0).sum())
    return total, count
