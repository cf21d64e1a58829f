"""What a training says of itself: losses beside their baselines, speed, time left, a sample."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from nlpcli.engine.charlm.sampling import generate
from nlpcli.engine.charlm.units import entropies
from nlpcli.engine.runtime.progress import Progress
from nlpcli.settings.charlm import GenerateSettings
from nlpcli.wording import counted

if TYPE_CHECKING:
    from nlpcli.engine.charlm.conditional_training import ConditionalTraining
    from nlpcli.engine.charlm.training import Training

_SAMPLE_LENGTH = 200


class Report:
    """The remarks of one run of a training."""

    def __init__(self, training: Training | ConditionalTraining, progress: Progress) -> None:
        self._training, self._progress = training, progress
        self._started, self._first = time.monotonic(), training.step
        text = training.text
        self._units_per_character = len(text.ids) / max(1, text.characters)
        self._units_per_byte = len(text.ids) / max(1, text.bytes)

    def begin(self) -> None:
        """What is trained on what, and the losses that simpler models would have."""
        training, text = self._training, self._training.text
        unigram, bigram = (
            bits * self._units_per_character for bits in entropies(text.ids, len(text.alphabet))
        )
        held_out = f"{training.split.held_out:,}" if training.split.held_out else "none (the text is short)"
        precision = str(training.network.low).removeprefix("torch.")
        self._progress.note(
            f"{len(text.ids):,} {training.settings.unit}s, alphabet {len(text.alphabet):,}, "
            f"held out for validation: {held_out}"
        )
        self._progress.note(
            f"{counted(training.total_steps, 'update')} of "
            f"{counted(training.split.batch, training.split.item)} on {training.device} "
            f"({precision}, {counted(training.threads, 'thread')})"
        )
        self._progress.note(
            f"to beat: {unigram:.3f} bits/char from the characters' frequencies, "
            f"{bigram:.3f} from the character before"
        )

    def tick(self) -> None:
        """Move the bar; now and then show what the model writes."""
        training = self._training
        best = f"best {training.best_loss:.3f}, " if math.isfinite(training.best_loss) else ""
        self._progress.update(
            "training",
            training.step * self._per_step,
            training.total_steps * self._per_step,
            f"loss {training.loss_sum / max(1, training.loss_count):.3f}, "
            f"{best}{self._speed() / 1e3:,.1f} kchars/s",
        )
        if training.settings.sample_every and training.step % training.settings.sample_every == 0:
            settings = GenerateSettings(length=_SAMPLE_LENGTH, temperature=0.8, seed=training.settings.seed)
            text = "".join(generate(training.current(), settings=settings))
            self._progress.note(f"--- after {counted(training.step, 'update')} it writes:\n{text}\n---")

    def validated(self, loss: float, val_loss: float) -> None:
        """One line per validation."""
        training = self._training
        bits = val_loss / math.log(2)
        left = (training.total_steps - training.step) * self._per_step / max(1.0, self._speed())
        measured = "val" if training.split.held_out else "whole text"
        self._progress.note(
            f"epoch {training.step / training.steps_per_epoch:6.2f}/{training.settings.epochs}  "
            f"loss {loss:.4f}  {measured} {val_loss:.4f}  {bits * self._units_per_character:.3f} bits/char  "
            f"{bits * self._units_per_byte:.3f} bits/byte  {self._speed() / 1e3:,.1f} kchars/s  "
            f"{_duration(left)} left{'  best' if not training.stale else ''}"
        )

    def diverged(self) -> None:
        """The loss is no number any more."""
        self._progress.note(
            "training has diverged: the best weights so far are kept; a smaller --learning-rate may do better"
        )

    def end(self, *, stopped_early: bool) -> None:
        """How it ended."""
        training = self._training
        if stopped_early:
            self._progress.note(f"stopped: no better loss in the last {training.stale} validations")
        self._progress.note(
            f"best loss {training.best_loss:.4f} after {time.monotonic() - self._started:.0f} s"
        )

    @property
    def _per_step(self) -> float:
        return self._training.split.per_epoch / self._training.steps_per_epoch

    def _speed(self) -> float:
        done = (self._training.step - self._first) * self._per_step
        return done / max(1e-9, time.monotonic() - self._started)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
