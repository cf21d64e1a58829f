"""A training that was interrupted, as a file from which it goes on as if nothing had happened.

It holds how far the learner is, and the digest of what it learns from: with other text, other tags or other
settings nothing can go on.
"""

from __future__ import annotations

from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.model_file import read_model, take_tensor, write_model
from nlpcli.engine.tagging.linear_tagger import UNFINISHED
from nlpcli.engine.tagging.perceptron import FORBIDDEN
from nlpcli.engine.tagging.training import Training
from nlpcli.errors import ModelError

_MOST, _MOST_WEIGHT = 1 << 40, 1 << 24


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
    if stored.header.get("digest") != training.digest():
        raise ModelError(
            f"{path} is of another training: the text, its tags or the settings are not the same",
            hint="repeat the command that was interrupted, and add --resume",
        )
    learner = training.learner
    model = learner.model
    done, step = (stored.header.get(name) for name in ("done", "step"))
    if not (_is_count(done) and _is_count(step) and learner.fits(done)):
        raise _damaged(path)
    rows = take_tensor(stored, "rows", "int32", (None,))
    weights = take_tensor(stored, "weights", "int16", (len(rows), model.weights.shape[1]))
    sums = take_tensor(stored, "sums", "int64", weights.shape)
    transitions = take_tensor(stored, "transitions", "int32", model.transitions.shape)
    transition_sums = take_tensor(stored, "transition_sums", "int64", model.transitions.shape)
    ascending = bool((np.diff(rows) > 0).all())
    within = not len(rows) or (rows[0] >= 0 and rows[-1] < len(model.weights))
    moderate = (np.abs(transitions.astype(np.int64)) < _MOST_WEIGHT) | (transitions == FORBIDDEN)
    if not (ascending and within and bool(moderate.all())):
        raise _damaged(path)
    model.weights[rows], model.sums[rows] = weights, sums
    model.transitions[:], model.transition_sums[:] = transitions, transition_sums
    learner.done, learner.step = done, step


def _is_count(number: object) -> TypeGuard[int]:
    return type(number) is int and 0 <= number < _MOST


def _damaged(path: str) -> ModelError:
    return ModelError(f"{path} is damaged: no training can have come there", hint="train anew")
