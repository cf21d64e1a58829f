"""A training of a network that was interrupted, as a file from which it goes on to the same bytes.

It holds the weights of now and the best ones, Adam's moments, moving averages, and the place; and the digest
of what is learnt from: with other text, other labels or other settings nothing can go on.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.neural import checkpoint
from nlpcli.engine.neural.batch_trainer import BatchTrainer
from nlpcli.engine.neural.sequence_trainer import SequenceTrainer
from nlpcli.engine.sequences.word_network import TABLE
from nlpcli.errors import ModelError
from nlpcli.settings.fields import Settings


class Resumable(BatchTrainer):
    """A training of a network that can be written down. `unfinished` is the kind of file."""

    unfinished: ClassVar[str]

    @abstractmethod
    def digest(self) -> str:
        """A sum of all that decides what is learnt."""

    @abstractmethod
    def shape_fields(self) -> dict[str, Any]:
        """What the shapes of all arrays follow from, as the fields of a file."""


class ResumableTraining(Resumable, SequenceTrainer):
    """That of a network over sentences."""

    @abstractmethod
    def head_fields(self) -> dict[str, Any]:
        """What the shapes of the head's weights follow from."""

    def shape_fields(self) -> dict[str, Any]:
        """Those of encoder and head."""
        more = sum(one.shape[1] for one in (self.given, self.states) if one is not None)
        return {"encoder": self.encoder, "more": more, **self.head_fields()}


def save(training: Resumable, path: str) -> None:
    """Write where the training stands."""
    tensors: dict[str, NDArray[Any]] = {
        **checkpoint.optimizer_tensors(training, training.network),
        **{f"mean/{name}": mean for name, mean in training.means.items()},
        **{f"best/{name}": array for name, array in training.best_weights.items()},
    }
    for name, table in training.tables.items():
        tensors |= {f"{part}/{TABLE}{name}": array for part, array in table.arrays().items()}
    header = {
        "digest": training.digest(),
        **{
            name: value.to_record() if isinstance(value, Settings) else value
            for name, value in _shape_fields(training).items()
        },
        "training": checkpoint.place(training),
        "history": [{key: _number(value) for key, value in entry.items()} for entry in training.history],
    }
    write_model(path, training.unfinished, header, tensors)


def restore(training: Resumable, path: str) -> None:
    """Let a new training go on from there. Raises ModelError for a file of another one."""
    stored = read_model(path, training.unfinished)
    if stored.fields["digest"] != training.digest():
        raise ModelError(
            f"{path} is of another training: the text, its labels or the settings are not the same",
            hint="repeat the command that was interrupted, and add --resume",
        )
    if any(stored.fields[name] != value for name, value in _shape_fields(training).items()):
        raise _damaged(path)
    import torch

    shapes = {name: tuple(array.shape) for name, array in training.means.items()}
    now = checkpoint.weights_now(stored, shapes)
    with torch.no_grad():
        for name, weight in training.network.weights.items():
            weight.copy_(torch.from_numpy(now[name]))
    checkpoint.restore(training, training.network, stored, stored.fields["training"])
    found = stored.tensors
    for name, mean in training.means.items():
        mean[:] = found[f"mean/{name}"]
    for name, table in training.tables.items():
        parts = {part: found[f"{part}/{TABLE}{name}"] for part in table.arrays()}
        if any(parts[part].shape != array.shape for part, array in table.arrays().items()):
            raise _damaged(path)
        table.restore(parts)
    training.best_weights = {name: np.array(found[f"best/{name}"]) for name in training.best_weights}
    training.history = [
        {key: math.nan if value is None else value for key, value in entry.items()}
        for entry in stored.fields["history"]
    ]


def _shape_fields(training: Resumable) -> dict[str, Any]:
    return {"average": training.decay, **training.shape_fields()}


def _damaged(path: str) -> ModelError:
    return ModelError(f"{path} is damaged: no training can have come there", hint="train anew")


def _number(value: float) -> float | None:
    """As JSON has it: no number is null."""
    return value if math.isfinite(value) else None
