"""Training a transformer on windows of a text; what it shares with recurrent networks is in `training.py`.

A batch is split into the same parts whatever the number of threads, so that the bytes are the same for any.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from nlpcli.engine.charlm.streams import Ids
from nlpcli.engine.charlm.training import Training
from nlpcli.engine.charlm.units import CharText
from nlpcli.engine.charlm.windows import Windows, sliding
from nlpcli.engine.neural import devices
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.runtime.threads import available_cores
from nlpcli.settings.charlm import ATTENTION, CharLMSettings

if TYPE_CHECKING:
    from nlpcli.engine.neural.nets.transformer_lm import TransformerLM

_PARTS = 4
_BETAS = (0.9, 0.99)


def training_of(
    text: CharText, settings: CharLMSettings, weights: Weights, threads: int | None = None
) -> Training:
    """The training of a network with any cell."""
    kind = WindowTraining if settings.cell == ATTENTION else Training
    return kind(text, settings, weights, threads)


class WindowTraining(Training):
    """A training under way, of a transformer."""

    split: Windows
    network: TransformerLM

    def __init__(
        self, text: CharText, settings: CharLMSettings, weights: Weights, threads: int | None = None
    ) -> None:
        super().__init__(text, settings, weights, threads)
        if settings.optimizer == "muon":
            from nlpcli.engine.neural.nets.muon import Muon

            self.optimizer = Muon(
                self.network.weights, lr=settings.learning_rate, weight_decay=settings.weight_decay
            )
        for group in self.optimizer.param_groups:
            group["betas"] = _BETAS

    def _cut(self, text: CharText, settings: CharLMSettings) -> Windows:
        return Windows(text, settings)

    def _built(self, weights: Weights) -> TransformerLM:
        import torch

        from nlpcli.engine.neural.nets.transformer_lm import TransformerLM

        if self.device == "cpu":
            low = devices.products_of(self.settings.precision, self.settings.rnn_size)
        else:
            low = torch.float32 if self.settings.precision == "float32" else torch.bfloat16
        return TransformerLM(self.settings, weights, self.device, low)

    def _parts(self, threads: int) -> list[slice]:
        del threads
        return devices.parts(_PARTS, self.split.batch, self.device)

    def _threads(self, threads: int) -> int | None:
        return threads or available_cores()

    def _steps(self) -> int:
        return self.split.steps

    def begin_update(self) -> int:
        """The next windows."""
        import torch

        self._ids = torch.from_numpy(self.split.of_update(self.step))
        return self.split.length * self.split.batch

    def validation_losses(self, pool: ThreadPoolExecutor) -> list[tuple[float, int]]:
        """Of the held-out streams, in the windows that the model would see at work."""
        count = min(_PARTS, self.split.validation.shape[1])
        parts = np.array_split(self.split.validation, count, axis=1)
        return list(
            pool.map(
                lambda part: score_windows(self.network, part, self.split.warm_up, self.cancelled), parts
            )
        )


def score_windows(
    network: TransformerLM, streams: Ids, warm_up: int, cancelled: threading.Event
) -> tuple[float, int]:
    """Summed loss in nats over `streams` [L, S] past the warm-up, and how many ids it is the sum of."""
    import torch
    from torch.nn import functional

    ids = torch.from_numpy(np.ascontiguousarray(streams, dtype=np.int64)).to(network.device)
    total, count = 0.0, 0
    with torch.no_grad():
        for start, fresh, stop in sliding(len(ids) - 1, network.settings.context_size):
            if cancelled.is_set():
                break
            logits, _ = network.forward(ids[start:stop].clamp(min=0), [])
            targets = ids[start + 1 : stop + 1].clone()
            targets[: max(warm_up, fresh) - start] = -1
            loss = functional.cross_entropy(logits, targets.reshape(-1), ignore_index=-1, reduction="sum")
            total += loss.item()
            count += int((targets >= 0).sum())
    return total, count
