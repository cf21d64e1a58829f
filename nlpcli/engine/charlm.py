"""The character language model: a trained network with its alphabet, saved and loaded.

`train` is what `train-charlm` runs; the loop itself is in `charlm_training.py`, the text in
`char_text.py`, writing in `sampling.py`. Weights stand as [inputs, G·H] float32, gates side by
side (LSTM i, f, o, g; GRU z, r, n).
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.char_step import GATES, CharStep
from nlpcli.engine.progress import SILENT, Progress
from nlpcli.engine.store import Model, read_model, take_tensor, write_model
from nlpcli.engine.vocabulary import Vocabulary
from nlpcli.errors import ModelError
from nlpcli.settings import CharLMSettings, InputSettings

Weights = dict[str, NDArray[np.float32]]
KIND = "charlm"
CHECKPOINT = "charlm-checkpoint"


@dataclass(frozen=True, eq=False)
class CharLM:
    """A trained network: settings, alphabet, weights, and what its training measured."""

    settings: CharLMSettings
    alphabet: Vocabulary
    weights: Weights
    record: Mapping[str, Any]

    def stepper(self, batch: int = 1) -> CharStep:
        """The network at work in numpy, its state at zero."""
        return CharStep(self.settings.cell, self.settings.num_layers, self.weights, batch)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""
        write_model(path, KIND, self.header(), self.tensors())

    def header(self) -> dict[str, Any]:
        """The JSON part of the model file."""
        return {"settings": self.settings.to_record(), "record": dict(self.record)}

    def tensors(self) -> dict[str, NDArray[Any]]:
        """The arrays of the model file."""
        return {**self.weights, **self.alphabet.to_tensors()}

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> CharLM:
        """The model that `save` wrote, or the best one in a checkpoint; mapped, not copied.

        Raises ModelError for a file that is damaged or another kind of model.
        """
        return cls.from_model(read_model(path, (KIND, CHECKPOINT)))

    @classmethod
    def from_model(cls, model: Model) -> CharLM:
        """The model in an opened file; every array is checked for its shape."""
        record = model.header.get("settings")
        if not isinstance(record, dict):
            raise ModelError("the model file's header has no settings")
        settings = CharLMSettings.from_record(record)
        alphabet = Vocabulary.from_model(model)
        if not len(alphabet) or any(len(token) != 1 for token in alphabet.tokens):
            raise ModelError("the model's alphabet is empty or holds more than single characters")
        weights = {
            name: take_tensor(model, name, "float32", shape)
            for name, shape in shapes(settings, len(alphabet)).items()
        }
        if not all(np.isfinite(weight).all() for weight in weights.values()):
            raise ModelError("the model's weights are not finite numbers", hint="train it again")
        return cls(settings, alphabet, weights, model.header.get("record", {}))


def shapes(settings: CharLMSettings, size: int) -> dict[str, tuple[int, ...]]:
    """The weights of a network over an alphabet of `size`, by name.

    >>> shapes(CharLMSettings(cell="gru", rnn_size=8), 4)["layer0.w_hh"]
    (8, 24)
    """
    hidden = settings.rnn_size
    gates = GATES[settings.cell] * hidden
    found: dict[str, tuple[int, ...]] = {}
    if settings.embedding_dim:
        found["embedding"] = (size, settings.embedding_dim)
    inputs = settings.embedding_dim or size
    for n in range(settings.num_layers):
        found[f"layer{n}.w_xh"] = (inputs, gates)
        found[f"layer{n}.w_hh"] = (hidden, gates)
        found[f"layer{n}.b"] = (gates,)
        inputs = hidden
    return {**found, "output.w": (hidden, size), "output.b": (size,)}


def initial_weights(settings: CharLMSettings, alphabet: Vocabulary) -> Weights:
    """Weights to start from, drawn from the seed alone.

    A character's share of the gates is drawn from N(0, 1), a third faster to learn from than
    PyTorch's ±1/√H, which is meant for inputs with H numbers and not for one-hot ones. Recurrent
    weights are orthogonal gate by gate, so that a signal keeps its length through time; the
    LSTM's forget gate starts open (b_f = 1); the output starts at the units' frequencies.
    """
    random = np.random.default_rng([settings.seed, 0])
    hidden = settings.rnn_size
    weights: Weights = {}
    for name, shape in shapes(settings, len(alphabet)).items():
        if name.endswith("w_hh"):
            weights[name] = np.hstack([_orthogonal(random, hidden) for _ in range(GATES[settings.cell])])
        elif name.endswith(".b"):
            weights[name] = np.zeros(shape, dtype=np.float32)
        elif name == "output.w":
            weights[name] = random.uniform(-1, 1, shape).astype(np.float32) / np.float32(math.sqrt(hidden))
        else:
            one_hot = name == "embedding" or (name == "layer0.w_xh" and not settings.embedding_dim)
            scale = 1.0 if one_hot else 1 / math.sqrt(shape[0])
            weights[name] = random.standard_normal(shape, dtype=np.float32) * np.float32(scale)
    if settings.cell == "lstm":
        for n in range(settings.num_layers):
            weights[f"layer{n}.b"][hidden : 2 * hidden] = 1.0
    share = (alphabet.counts + 1) / (alphabet.total + len(alphabet))
    weights["output.b"] = np.log(share).astype(np.float32)
    return weights


def _orthogonal(random: np.random.Generator, size: int) -> NDArray[np.float32]:
    q, r = np.linalg.qr(random.standard_normal((size, size)))
    return (q * np.sign(np.diag(r))).astype(np.float32)


@dataclass(frozen=True)
class Checkpoints:
    """Where a training is put aside when it is interrupted, and every how many updates (0: only then)."""

    path: str
    every: int = 0


def train(
    paths: Sequence[str] | None,
    settings: CharLMSettings = CharLMSettings(),  # noqa: B008 (frozen)
    reading: InputSettings = InputSettings(),  # noqa: B008 (frozen)
    progress: Progress = SILENT,
    *,
    checkpoints: Checkpoints | None = None,
    resume: str | None = None,
) -> CharLM:
    """A model of the text in `paths`: the network with the best validation loss seen in training.

    `resume` names a checkpoint of a training on the same text with the same settings, which goes
    on where it was. An interrupt (Ctrl-C, SIGTERM) writes a checkpoint before it takes effect.
    Raises InputError when the text is empty or a single character, and SettingsError for a device
    or a precision that this machine does not have.
    """
    from nlpcli.engine import charlm_checkpoint
    from nlpcli.engine.char_text import read_text
    from nlpcli.engine.charlm_training import Training
    from nlpcli.engine.neural import devices

    devices.check(settings)
    text = read_text(paths, settings.unit, reading, min_count=settings.min_char_count, progress=progress)
    if resume is None:
        training = Training(text, settings, initial_weights(settings, text.alphabet))
    else:
        training = charlm_checkpoint.resume(resume, text, settings)
    if checkpoints is None:
        training.run(progress)
        return training.best()
    with charlm_checkpoint.postponed_signals() as deliver:

        def after_update() -> None:
            if checkpoints.every and training.step % checkpoints.every == 0:
                charlm_checkpoint.save(training, checkpoints.path)
            deliver()

        try:
            training.run(progress, after_update)
        except BaseException as end:
            if not isinstance(end, Exception):
                charlm_checkpoint.save(training, checkpoints.path)
                progress.note(
                    f"interrupted after {training.step:,} of {training.total_steps:,} updates; "
                    f"to go on, repeat the command with --resume {checkpoints.path}"
                )
            raise
    return training.best()
