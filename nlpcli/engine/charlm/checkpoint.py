"""Writing a training down and taking it up again, to the same bytes as if it had gone on.

A checkpoint is a model file of kind `charlm-checkpoint`: all of the best model so far, which
`generate` can use, and beside it the weights of the moment, Adam's two moments, the hidden
states and the place in the text. The text itself is not in it; its SHA-256 is, and the text
must be given again.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from nlpcli.engine.charlm.conditional_text import ConditionalText
from nlpcli.engine.charlm.conditional_training import ConditionalTraining
from nlpcli.engine.charlm.model import CHECKPOINT, CharLM
from nlpcli.engine.charlm.training import Training
from nlpcli.engine.charlm.units import CharText
from nlpcli.engine.charlm.window_training import training_of
from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.neural import checkpoint
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.charlm import CharLMSettings, ConditionSettings
from nlpcli.settings.fields import option_name

# Settings that may change when a training goes on. The others are built into what was saved.
CHANGEABLE = (
    "epochs", "learning_rate", "schedule", "weight_decay", "grad_clip", "dropout", "eval_every",
    "patience", "sample_every", "device", "precision", "threads",
)  # fmt: skip


def save(training: Training | ConditionalTraining, path: str | os.PathLike[str]) -> None:
    """Write the training as it stands, atomically."""
    best = training.best()
    tensors = {
        **best.tensors(),
        **checkpoint.optimizer_tensors(training, training.network),
        **(checkpoint.state_tensors(training.states) if training.states else {}),
    }
    place = {
        **checkpoint.place(training),
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
            raise _unchangeable(option_name(fields[name]), getattr(stored, name))
    return dataclasses.replace(stored, **changes)


def dropout_of(path: str | os.PathLike[str], asked: ConditionSettings) -> float:
    """The share of texts without a condition of a checkpoint's training.

    Raises SettingsError where another one is asked for.
    """
    condition = CharLM.from_model(read_model(path, CHECKPOINT, verify=False)).condition
    stored = asked.condition_dropout if condition is None else condition.dropout
    if asked != ConditionSettings() and asked.condition_dropout != stored:
        raise _unchangeable("--condition-dropout", stored)
    return stored


def _unchangeable(option: str, stored: object) -> SettingsError:
    return SettingsError(
        f"{option} cannot change in a resumed training: it is {stored}",
        hint="leave the option out, or start a new training",
    )


def resume(
    path: str | os.PathLike[str], text: CharText, settings: CharLMSettings
) -> Training | ConditionalTraining:
    """The training that `save` wrote, on the same text.

    Raises ModelError when the text is another one.
    """
    model = read_model(path, CHECKPOINT)
    place = model.fields["training"]
    if place["text_sha256"] != text.sha256:
        raise ModelError(
            f"{path} was trained on another text", hint="give the same files in the same order as before"
        )
    best = CharLM.from_model(model)
    sizes = {name: weight.shape for name, weight in best.weights.items()}
    now = checkpoint.weights_now(model, sizes)
    training: Training | ConditionalTraining
    if isinstance(text, ConditionalText):
        training = ConditionalTraining(text, settings, now)
    else:
        training = training_of(text, settings, now, settings.threads or place["threads"])
    checkpoint.restore(training, training.network, model, place)
    training.best_weights = {name: np.array(weight) for name, weight in best.weights.items()}
    training.history = [dict(entry) for entry in best.record.get("history", ())]
    if not isinstance(training, ConditionalTraining):
        shape = (training.split.batch, settings.rnn_size)
        checkpoint.restore_states(training.states, training.parts, model, shape)
    return training
