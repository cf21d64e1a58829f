"""A training that was interrupted, as a file from which it goes on as if nothing had happened.

It holds how far the learner is, and the digest of what it learns from: with other text, other tags or other
settings nothing can go on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.tagging.linear_tagger import UNFINISHED
from nlpcli.engine.tagging.training import Training
from nlpcli.errors import ModelError


def save(training: Training, path: str) -> None:
    """Write where the training stands."""
    learner = training.learner
    model = learner.model
    rows = np.flatnonzero((model.sums != 0).any(axis=1) | (model.weights != 0).any(axis=1))
    header = {"digest": training.digest(), "done": learner.done, "step": learner.step}
    tensors: dict[str, NDArray[Any]] = {
        "rows": rows.astype(np.int32),
        "weights": model.weights[rows],
        "sums": model.sums[rows],
        "transitions": model.transitions,
        "transition_sums": model.transition_sums,
    }
    write_model(path, UNFINISHED, header, tensors)


def restore(training: Training, path: str) -> None:
    """Let the training go on from where it stood. Raises ModelError for a file of another training."""
    stored = read_model(path, UNFINISHED)
    if stored.fields["digest"] != training.digest():
        raise ModelError(
            f"{path} is of another training: the text, its tags or the settings are not the same",
            hint="repeat the command that was interrupted, and add --resume",
        )
    learner, found = training.learner, stored.tensors
    model, rows, done = learner.model, found["rows"], stored.fields["done"]
    fits = (
        learner.fits(done)
        and found["weights"].shape[1] == model.weights.shape[1]
        and found["transitions"].shape == model.transitions.shape
    )
    if not fits or (len(rows) and rows[-1] >= len(model.weights)):
        raise _damaged(path)
    model.weights[rows], model.sums[rows] = found["weights"], found["sums"]
    model.transitions[:], model.transition_sums[:] = found["transitions"], found["transition_sums"]
    learner.done, learner.step = done, stored.fields["step"]


def _damaged(path: str) -> ModelError:
    return ModelError(f"{path} is damaged: no training can have come there", hint="train anew")
