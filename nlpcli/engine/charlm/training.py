"""The training loop: stateful truncated backpropagation through time.

The training text is cut into B streams that are read side by side, `seq_length` units at a
time. The hidden state is carried from chunk to chunk, the gradient is cut there. The batch is
split into as many parts as there are threads; each thread runs its part forward and backward,
and the gradients are added in a fixed order, so that the same number of threads gives the same
bytes.

Not here: how the text is cut (`streams.py`), what is said meanwhile (`report.py`),
how a training is put aside and taken up again (`checkpoint.py`), and what the machine can
do (`neural/devices.py`).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.report import Report
from nlpcli.engine.charlm.streams import Ids, Split
from nlpcli.engine.charlm.units import CharText
from nlpcli.engine.neural import devices
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.runtime.progress import Progress
from nlpcli.settings.charlm import CharLMSettings

if TYPE_CHECKING:
    from torch import Tensor

    from nlpcli.engine.neural.nets.recurrent_network import CharRNN

_FLOOR = 0.01  # the schedule's last step size, as a share of the first


def _nothing() -> None:
    pass


class Training:
    """A training under way: the network, the optimiser, where in the text it is, the best so far.

    `threads` is the number of parts the batch is split into, where it is not the settings'.
    """

    def __init__(
        self, text: CharText, settings: CharLMSettings, weights: Weights, threads: int | None = None
    ) -> None:
        import torch

        from nlpcli.engine.neural.nets.recurrent_network import CharRNN

        self.text, self.settings, self.split = text, settings, Split(text, settings)
        self.device = devices.device_of(settings)
        low = torch.bfloat16 if devices.wants_bfloat16(settings, self.device) else torch.float32
        self.network = CharRNN(
            settings.cell, settings.num_layers, settings.dropout, weights, self.device, low
        )
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.parts = devices.parts(threads or settings.threads, self.split.batch, self.device)
        self.states = [self.network.zero_state(part.stop - part.start) for part in self.parts]
        self.chunks = -(-self.split.length // settings.seq_length)
        self.total_steps = self.chunks * settings.epochs
        self.step = self.stale = 0
        self.best_loss, self.best_weights = math.inf, weights
        self.loss_sum, self.loss_count = 0.0, 0
        self.history: list[dict[str, float]] = []
        self._cancelled = threading.Event()

    # --- the loop ---------------------------------------------------------------------------

    def run(self, progress: Progress, after_update: Callable[[], None] = _nothing) -> None:
        """Train to the end, or until validation stops getting better.

        `after_update` is called when everything is in step: that is where a training can be
        written down, and where an exception may end it.
        """
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(1)  # the batch's parts are the threads
        try:
            with ThreadPoolExecutor(
                len(self.parts), initializer=torch.set_num_threads, initargs=(1,)
            ) as pool:
                self._run(pool, Report(self, progress), after_update)
        finally:
            torch.set_num_threads(before)

    def _run(self, pool: ThreadPoolExecutor, report: Report, after_update: Callable[[], None]) -> None:
        every = self.settings.eval_every or min(1000, max(self.chunks, self.total_steps // 40))
        report.begin()
        while True:
            finished = self.step >= self.total_steps
            if self.step and (finished or self.step % every == 0) and not self._is_validated:
                self._validate(pool, report)
            if finished or (self.settings.patience and self.stale >= self.settings.patience):
                report.end(stopped_early=not finished)
                return
            self._update(pool)
            report.tick()
            after_update()

    @property
    def _is_validated(self) -> bool:
        return bool(self.history) and self.history[-1]["step"] == self.step

    def _update(self, pool: ThreadPoolExecutor) -> None:
        """One chunk forward and backward, one step of the optimiser."""
        import torch

        chunk = self.step % self.chunks
        if chunk == 0:
            self.states = [self.network.zero_state(part.stop - part.start) for part in self.parts]
        start = chunk * self.settings.seq_length
        ids = torch.from_numpy(self.split.streams[start : start + self.settings.seq_length + 1])
        count = (len(ids) - 1) * self.split.batch
        results = list(pool.map(lambda n: self._gradients(n, ids, count), range(len(self.parts))))
        parameters = self.network.parameters()
        for parameter, *gradients in zip(parameters, *(part for _, part in results), strict=True):
            total = gradients[0]
            for gradient in gradients[1:]:
                total = total + gradient
            parameter.grad = total
        if self.settings.grad_clip:
            torch.nn.utils.clip_grad_norm_(parameters, self.settings.grad_clip)
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        self.optimizer.step()
        self.loss_sum += sum(loss for loss, _ in results)
        self.loss_count += count
        self.step += 1

    def _gradients(self, n: int, ids: Tensor, count: int) -> tuple[float, tuple[Tensor, ...]]:
        """Summed loss of part `n` of the batch, and its share of the mean loss's gradient."""
        import torch
        from torch.nn import functional

        part = ids[:, self.parts[n]].to(self.network.device, torch.int64).contiguous()
        random = np.random.Generator(np.random.SFC64([self.settings.seed, 1, self.step, n]))
        logits, self.states[n] = self.network.forward(part[:-1], self.states[n], random)
        loss = functional.cross_entropy(logits, part[1:].reshape(-1), reduction="sum")
        gradients = torch.autograd.grad(loss / count, self.network.parameters())
        return loss.item(), gradients

    def _learning_rate(self) -> float:
        done = self.step / self.total_steps
        shape = {"constant": 1.0, "linear": 1 - done, "cosine": (1 + math.cos(math.pi * done)) / 2}
        return self.settings.learning_rate * (_FLOOR + (1 - _FLOOR) * shape[self.settings.schedule])

    # --- validation -------------------------------------------------------------------------

    def _validate(self, pool: ThreadPoolExecutor, report: Report) -> None:
        """Measure, remember the best weights, say so."""
        count = min(len(self.parts), self.split.validation.shape[1])
        parts = np.array_split(self.split.validation, count, axis=1)
        try:
            results = list(
                pool.map(lambda part: score(self.network, part, self.split.warm_up, self._cancelled), parts)
            )
        except BaseException:
            self._cancelled.set()
            raise
        loss = sum(total for total, _ in results) / max(1, sum(scored for _, scored in results))
        self.stale += 1
        if loss < self.best_loss:
            self.best_loss, self.best_weights, self.stale = loss, self.network.arrays(), 0
        mean = self.loss_sum / max(1, self.loss_count)
        self.history.append({"step": self.step, "loss": mean, "val_loss": loss})
        self.loss_sum, self.loss_count = 0.0, 0
        report.validated(mean, loss)

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
    network: CharRNN, streams: Ids, warm_up: int, cancelled: threading.Event, chunk: int = 128
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
