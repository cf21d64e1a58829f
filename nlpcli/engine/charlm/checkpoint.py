"""Putting a training aside and taking it up again, to the same bytes as if it had gone on.

A checkpoint is a model file of kind `charlm-checkpoint`: all of the best model so far, which
`generate` can use, and beside it the weights of the moment, Adam's two moments, the hidden
states and the place in the text. The text itself is not in it; its SHA-256 is, and the text
must be given again.
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.model import CHECKPOINT, CharLM
from nlpcli.engine.charlm.training import Training
from nlpcli.engine.charlm.units import CharText
from nlpcli.engine.io.model_file import Model, read_model, take_tensor, write_model
from nlpcli.engine.neural.weights import shapes
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.charlm import CharLMSettings
from nlpcli.settings.fields import option_name

# Settings that may change when a training goes on. The others are built into what was saved.
CHANGEABLE = (
    "epochs", "learning_rate", "schedule", "weight_decay", "grad_clip", "dropout", "eval_every",
    "patience", "sample_every", "device", "precision", "threads",
)  # fmt: skip
_MOMENTS = ("exp_avg", "exp_avg_sq")


def save(training: Training, path: str | os.PathLike[str]) -> None:
    """Write the training as it stands, atomically."""
    best = training.best()
    tensors: dict[str, NDArray[Any]] = best.tensors()
    for name, array in training.network.arrays().items():
        tensors[f"now/{name}"] = array
    for name, weight in training.network.weights.items():
        for moment in _MOMENTS:
            held = training.optimizer.state.get(weight, {}).get(moment)
            tensors[f"{moment}/{name}"] = (
                np.zeros(tuple(weight.shape), dtype=np.float32) if held is None else held.cpu().numpy()
            )
    for n in range(training.settings.num_layers):
        for k in range(len(training.states[0][n])):
            parts = [state[n][k].cpu().numpy() for state in training.states]
            tensors[f"state/{n}/{k}"] = np.concatenate(parts)
    place = {
        "step": training.step,
        "stale": training.stale,
        "best_loss": training.best_loss if math.isfinite(training.best_loss) else None,
        "loss_sum": training.loss_sum,
        "loss_count": training.loss_count,
        "threads": len(training.parts),
        "text_sha256": training.text.sha256,
    }
    write_model(path, CHECKPOINT, {**best.header(), "training": place}, tensors)


def settings_of(path: str | os.PathLike[str], changes: Mapping[str, Any]) -> CharLMSettings:
    """The settings of a checkpoint, with those changes that a training under way can take.

    Raises SettingsError for a change of the others, ModelError for another kind of file.
    """
    stored = CharLM.from_model(read_model(path, CHECKPOINT, verify=False)).settings
    fields = {field.name: field for field in dataclasses.fields(CharLMSettings)}
    for name, value in changes.items():
        if name not in CHANGEABLE and value != getattr(stored, name):
            raise SettingsError(
                f"{option_name(fields[name])} cannot change in a resumed training: "
                f"it is {getattr(stored, name)}",
                hint="leave the option out, or start a new training",
            )
    return dataclasses.replace(stored, **changes)


def resume(path: str | os.PathLike[str], text: CharText, settings: CharLMSettings) -> Training:
    """The training that `save` wrote, on the same text.

    Raises ModelError when the text is another one.
    """
    import torch

    model = read_model(path, CHECKPOINT)
    place = model.header.get("training")
    if not isinstance(place, dict) or not place.keys() >= {"step", "stale", "threads", "text_sha256"}:
        raise ModelError(f"{path} is damaged: it does not say where the training was")
    if place["text_sha256"] != text.sha256:
        raise ModelError(
            f"{path} was trained on another text", hint="give the same files in the same order as before"
        )
    best = CharLM.from_model(model)
    sizes = shapes(settings, len(text.alphabet))
    now = {name: _taken(model, f"now/{name}", shape) for name, shape in sizes.items()}
    training = Training(text, settings, now, settings.threads or int(place["threads"]))
    training.step, training.stale = int(place["step"]), int(place["stale"])
    training.best_loss = math.inf if place["best_loss"] is None else float(place["best_loss"])
    training.best_weights = {name: np.array(weight) for name, weight in best.weights.items()}
    training.loss_sum, training.loss_count = float(place["loss_sum"]), int(place["loss_count"])
    training.history = [dict(entry) for entry in best.record.get("history", [])]
    if training.step:
        for name, weight in training.network.weights.items():
            training.optimizer.state[weight] = {
                "step": torch.tensor(float(training.step), device=training.device),
                **{
                    moment: torch.tensor(_taken(model, f"{moment}/{name}", now[name].shape)).to(
                        training.device
                    )
                    for moment in _MOMENTS
                },
            }
    shape = (training.split.batch, settings.rnn_size)
    for n in range(settings.num_layers):
        kept = [_taken(model, f"state/{n}/{k}", shape) for k in range(len(training.states[0][n]))]
        for part, state in zip(training.parts, training.states, strict=True):
            state[n] = tuple(torch.tensor(array[part]).to(training.device) for array in kept)
    return training


def _taken(model: Model, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return take_tensor(model, name, "float32", shape).copy()
