"""An interrupted training of a sequence-to-sequence model, as a file it goes on from to the same bytes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.neural import checkpoint
from nlpcli.engine.translation.model import UNFINISHED
from nlpcli.engine.translation.training import Seq2SeqTraining
from nlpcli.errors import ModelError


def save(training: Seq2SeqTraining, path: str) -> None:
    """Write where the training stands."""
    tensors: dict[str, NDArray[Any]] = {
        **checkpoint.optimizer_tensors(training, training.network),
        **{f"mean/{name}": mean for name, mean in training.means.items()},
        **{f"best/{name}": array for name, array in training.best_weights.items()},
    }
    header = {
        "digest": training.digest(),
        **_shape_fields(training),
        "settings": training.settings.to_record(),
        "training": checkpoint.place(training),
        "history": [{key: _number(value) for key, value in entry.items()} for entry in training.history],
    }
    write_model(path, UNFINISHED, header, tensors)


def restore(training: Seq2SeqTraining, path: str) -> None:
    """Let a new training go on from there. Raises ModelError for a file of another one."""
    stored = read_model(path, UNFINISHED)
    if stored.fields["digest"] != training.digest():
        raise ModelError(
            f"{path} is of another training: the pairs or the settings are not the same",
            hint="repeat the command that was interrupted, and add --resume",
        )
    if any(stored.fields[name] != value for name, value in _shape_fields(training).items()):
        raise ModelError(f"{path} is damaged: no training can have come there", hint="train anew")
    import torch

    shapes = {name: tuple(array.shape) for name, array in training.means.items()}
    now = checkpoint.weights_now(stored, shapes)
    with torch.no_grad():
        for name, weight in training.network.weights.items():
            weight.copy_(torch.from_numpy(now[name]))
    checkpoint.restore(training, training.network, stored, stored.fields["training"])
    for name, mean in training.means.items():
        mean[:] = stored.tensors[f"mean/{name}"]
    training.best_weights = {name: np.array(stored.tensors[f"best/{name}"]) for name in shapes}
    training.history = [
        {key: math.nan if value is None else value for key, value in entry.items()}
        for entry in stored.fields["history"]
    ]


def _shape_fields(training: Seq2SeqTraining) -> dict[str, Any]:
    """What the shapes of all arrays follow from, besides the settings."""
    vocabulary = training.examples.vocabulary
    return {"units": len(vocabulary), "targets": vocabulary.targets}


def _number(value: float) -> float | None:
    """As JSON has it: no number is null."""
    return value if math.isfinite(value) else None
