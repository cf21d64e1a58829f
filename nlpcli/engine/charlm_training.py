"""The training loop: stateful truncated backpropagation through time.

The training text is cut into B streams that are read side by side, `seq_length` units at a
time. The hidden state is carried from chunk to chunk, the gradient is cut there. The batch is
split into as many parts as there are threads; each thread runs its part forward and backward,
and the gradients are added in a fixed order, so that the same number of threads gives the same
bytes.

Validation runs over the text's end, cut into streams that are first warmed up on the
characters before them; each character is scored once.
"""

from __future__ import annotations

import itertools
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.char_text import CharText, entropies
from nlpcli.engine.charlm import CharLM, Weights, initial_weights
from nlpcli.engine.progress import Progress
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings import CharLMSettings

if TYPE_CHECKING:
    from torch import Tensor

    from nlpcli.engine.nets.char_rnn import CharRNN

_WARM_UP = 64
_FLOOR = 0.01  # the schedule's last step size, as a share of the first
_MIN_VALIDATION = 16
_UPDATES_PER_EPOCH = 20


class Split:
    """The text cut into training streams [L + 1, B] and the ids kept for validation."""

    def __init__(self, text: CharText, settings: CharLMSettings) -> None:
        ids = text.ids
        if len(ids) < 2:
            raise InputError("the text is a single character: there is nothing to predict")
        held_out = int(len(ids) * settings.val_frac)
        self.held_out = held_out if held_out >= _MIN_VALIDATION else 0
        kept = len(ids) - self.held_out
        # A short text gets fewer streams, so that an epoch is still some steps of descent.
        most = (kept - 1) // (settings.seq_length * _UPDATES_PER_EPOCH)
        self.batch = max(1, min(settings.batch_size, most))
        self.length = (kept - 1) // self.batch
        starts = np.arange(self.batch) * self.length
        self.streams = np.stack([ids[s : s + self.length + 1] for s in starts], axis=1).astype(np.int64)
        self.validation, self.warm_up = _validation_streams(ids, kept, self.held_out)

    @property
    def per_epoch(self) -> int:
        """Training units scored in an epoch."""
        return self.length * self.batch


def _validation_streams(ids: NDArray[np.int32], kept: int, held_out: int) -> tuple[NDArray[np.int64], int]:
    """Streams [L, S] over the last `held_out` ids, each begun `warm_up` ids early.

    Ids past the end are −1 and not scored. With nothing held out, the training text itself.
    """
    if not held_out:
        kept, held_out = 1, len(ids) - 1
    streams = max(1, min(64, held_out // 256))
    length = -(-held_out // streams)
    warm_up = min(_WARM_UP, kept - 1)
    padded = np.concatenate([ids, np.full(length, -1, dtype=ids.dtype)]).astype(np.int64)
    begin = kept - 1 - warm_up
    columns = [padded[begin + n * length : begin + (n + 1) * length + warm_up + 1] for n in range(streams)]
    return np.stack(columns, axis=1), warm_up


class Training:
    """A training under way: the network, the optimiser, where in the text it is, the best so far."""

    def __init__(self, text: CharText, settings: CharLMSettings, weights: Weights) -> None:
        import torch

        from nlpcli.engine.nets.char_rnn import CharRNN

        self.text, self.settings, self.split = text, settings, Split(text, settings)
        self.device = _device(settings)
        low = torch.bfloat16 if _wants_bfloat16(settings, self.device) else torch.float32
        self.network = CharRNN(
            settings.cell, settings.num_layers, settings.dropout, weights, self.device, low
        )
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.parts = (
            _parts(settings, self.split.batch) if self.device == "cpu" else [slice(0, self.split.batch)]
        )
        self.states = [self.network.zero_state(part.stop - part.start) for part in self.parts]
        self.step = self.chunk = self.epoch = self.stale = 0
        self.best_loss = math.inf
        self.best_weights = weights
        self.train_loss = math.inf
        self._sum, self._count = 0.0, 0
        chunks = -(-self.split.length // settings.seq_length)
        self.total_steps = chunks * settings.epochs
        self.chunks = chunks
        self.history: list[dict[str, float]] = []

    @classmethod
    def start(cls, text: CharText, settings: CharLMSettings) -> Training:
        """A training from fresh weights."""
        return cls(text, settings, initial_weights(settings, text.alphabet))

    def run(self, progress: Progress) -> None:
        """Train to the end, or until validation stops getting better."""
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(1)  # the batch's parts are the threads
        try:
            with ThreadPoolExecutor(
                len(self.parts), initializer=torch.set_num_threads, initargs=(1,)
            ) as pool:
                self._run(pool, _Clock(self, progress))
        finally:
            torch.set_num_threads(before)

    def _run(self, pool: ThreadPoolExecutor, clock: _Clock) -> None:
        clock.begin()
        every = self.settings.eval_every or min(1000, max(self.chunks, self.total_steps // 40))
        while self.epoch < self.settings.epochs:
            while self.chunk < self.chunks:
                self._update(pool)
                clock.tick()
                if self.step % every == 0:
                    self._validate(pool, clock)
                    if self.settings.patience and self.stale >= self.settings.patience:
                        clock.note(f"no better validation loss in {self.stale} validations: stopped")
                        return
            self.epoch, self.chunk = self.epoch + 1, 0
            for state in self.states:
                for parts in state:
                    for part in parts:
                        part.zero_()
        if not self.history or self.history[-1]["step"] != self.step:
            self._validate(pool, clock)

    def _update(self, pool: ThreadPoolExecutor) -> None:
        """One chunk forward and backward, one step of the optimiser."""
        import torch

        start = self.chunk * self.settings.seq_length
        ids = torch.from_numpy(self.split.streams[start : start + self.settings.seq_length + 1])
        count = (len(ids) - 1) * self.split.batch
        results = list(pool.map(lambda n: self._gradients(n, ids, count), range(len(self.parts))))
        parameters = self.network.parameters()
        for parameter, *gradients in zip(parameters, *(grads for _, grads in results), strict=True):
            total = gradients[0]
            for gradient in gradients[1:]:
                total = total + gradient
            parameter.grad = total
        if self.settings.grad_clip:
            torch.nn.utils.clip_grad_norm_(parameters, self.settings.grad_clip)
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        self.optimizer.step()
        self.train_loss = sum(loss for loss, _ in results) / count
        self._sum += self.train_loss * count
        self._count += count
        self.step, self.chunk = self.step + 1, self.chunk + 1

    def _gradients(self, n: int, ids: Tensor, count: int) -> tuple[float, tuple[Tensor, ...]]:
        """Summed loss of part `n` of the batch, and its share of the mean loss's gradient."""
        import torch
        from torch.nn import functional

        part = ids[:, self.parts[n]].contiguous().to(self.network.device)
        random = np.random.Generator(np.random.SFC64([self.settings.seed, 1, self.step, n]))
        logits, self.states[n] = self.network.forward(part[:-1], self.states[n], random)
        loss = functional.cross_entropy(logits, part[1:].reshape(-1), reduction="sum")
        gradients = torch.autograd.grad(loss / count, self.network.parameters())
        return loss.item(), gradients

    def _learning_rate(self) -> float:
        done = min(1.0, self.step / max(1, self.total_steps))
        shape = {"constant": 1.0, "linear": 1 - done, "cosine": (1 + math.cos(math.pi * done)) / 2}
        return self.settings.learning_rate * (_FLOOR + (1 - _FLOOR) * shape[self.settings.schedule])

    # --- validation -------------------------------------------------------------------------

    def _validate(self, pool: ThreadPoolExecutor, clock: _Clock) -> None:
        """Measure, remember the best weights, say so."""
        streams = self.split.validation
        parts = [columns for columns in np.array_split(streams, len(self.parts), axis=1) if columns.size]
        results = list(pool.map(lambda part: score(self.network, part, self.split.warm_up), parts))
        loss = sum(total for total, _ in results) / max(1, sum(count for _, count in results))
        if loss < self.best_loss:
            self.best_loss, self.stale = loss, 0
            self.best_weights = self.network.arrays()
        else:
            self.stale += 1
        mean = self._sum / max(1, self._count)
        self._sum, self._count = 0.0, 0
        self.history.append({"step": self.step, "loss": mean, "val_loss": loss})
        clock.validated(mean, loss)

    def best(self) -> CharLM:
        """The model with the best validation loss so far."""
        record = {
            "val_loss": self.best_loss,
            "characters": self.text.characters,
            "bytes": self.text.bytes,
            "units": len(self.text.ids),
            "updates": self.step,
            "text_sha256": self.text.sha256,
        }
        return CharLM(self.settings, self.text.alphabet, self.best_weights, record)


def score(network: CharRNN, streams: NDArray[np.int64], warm_up: int, chunk: int = 128) -> tuple[float, int]:
    """Summed loss in nats over `streams` [L, S] past the warm-up, and how many ids it is the sum of."""
    import torch
    from torch.nn import functional

    ids = torch.from_numpy(np.ascontiguousarray(streams))
    state = network.zero_state(streams.shape[1])
    total, count = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(ids) - 1, chunk):
            part = ids[start : start + chunk + 1].to(network.device)
            logits, state = network.forward(part[:-1].clamp(min=0), state)
            targets = part[1:].clone()
            targets[: max(0, warm_up - start)] = -1
            loss = functional.cross_entropy(logits, targets.reshape(-1), ignore_index=-1, reduction="sum")
            total += loss.item()
            count += int((targets >= 0).sum())
    return total, count


# --- where and how --------------------------------------------------------------------------


def _device(settings: CharLMSettings) -> str:
    import torch

    if settings.device == "cuda" and not torch.cuda.is_available():
        raise SettingsError("--device cuda: torch finds no GPU here", hint="use --device auto")
    return "cuda" if settings.device != "cpu" and torch.cuda.is_available() else "cpu"


def _wants_bfloat16(settings: CharLMSettings, device: str) -> bool:
    """Asked for, or where there are matrix units for it: a GPU, or a CPU with AMX."""
    import torch

    if settings.precision != "auto":
        return settings.precision == "bfloat16"
    return device == "cuda" or (settings.rnn_size >= 64 and bool(torch.cpu._is_amx_tile_supported()))


def _parts(settings: CharLMSettings, batch: int) -> list[slice]:
    """The batch's columns, split for the threads; a part has at least 8 streams."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = settings.threads or min(8, cores)
    count = max(1, min(threads, batch // 8))
    bounds = [batch * n // count for n in range(count + 1)]
    return [slice(start, stop) for start, stop in itertools.pairwise(bounds)]


class _Clock:
    """What the training says of itself: speed, losses, time left."""

    def __init__(self, training: Training, progress: Progress) -> None:
        self._training, self._progress = training, progress
        self._started, self._first = time.monotonic(), training.step
        text = training.text
        self._units_per_character = len(text.ids) / max(1, text.characters)
        self._bytes_per_unit = text.bytes / len(text.ids)

    def note(self, message: str) -> None:
        self._progress.note(message)

    def begin(self) -> None:
        training, text = self._training, self._training.text
        unigram, bigram = entropies(text.ids, len(text.alphabet))
        held_out = f"{training.split.held_out:,}" if training.split.held_out else "none (too short)"
        self.note(
            f"{len(text.ids):,} {training.settings.unit}s, alphabet {len(text.alphabet):,}, "
            f"for validation {held_out}; {training.split.batch} streams, "
            f"{training.total_steps:,} updates on {training.device} "
            f"({str(training.network.low).removeprefix('torch.')}, threads: {len(training.parts)})"
        )
        self.note(
            f"to beat, in bits per character: {unigram * self._units_per_character:.3f} from frequencies "
            f"alone, {bigram * self._units_per_character:.3f} from the character before"
        )

    def tick(self) -> None:
        training = self._training
        done = training.step / max(1, training.total_steps)
        self._progress.update(
            "training",
            done * training.settings.epochs,
            training.settings.epochs,
            f"loss {training.train_loss:.3f}, best {training.best_loss:.3f}, "
            f"{self._speed() / 1e3:,.1f} kchars/s",
        )

    def _speed(self) -> float:
        steps = self._training.step - self._first
        per_step = self._training.split.per_epoch / self._training.chunks
        return steps * per_step / max(1e-9, time.monotonic() - self._started)

    def validated(self, loss: float, val_loss: float) -> None:
        training = self._training
        bits = val_loss / math.log(2)
        left = (training.total_steps - training.step) * training.split.per_epoch / training.chunks
        measured = "val" if training.split.held_out else "whole text"
        self.note(
            f"epoch {training.step / training.chunks:6.2f}/{training.settings.epochs}  "
            f"loss {loss:.4f}  {measured} {val_loss:.4f}  {bits * self._units_per_character:.3f} bits/char  "
            f"{bits / self._bytes_per_unit:.3f} bits/byte  {self._speed() / 1e3:,.1f} kchars/s  "
            f"{_duration(left / max(1.0, self._speed()))} left{'  *' if not training.stale else ''}"
        )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
