"""The character language model: a trained network with its alphabet, saved and loaded.

The training is in `training.py`, the text in `units.py`, writing in `sampling.py`. Weights stand
as [inputs, G·H] float32, gates side by side (LSTM i, f, o, g; GRU z, r, n); those of a transformer as
`settings/transformer.py` says.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm import sampling
from nlpcli.engine.charlm.conditions import Condition, ConditionedStep, GuidedStep
from nlpcli.engine.charlm.units import unit_of
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.model_file import Model, read_model, write_model
from nlpcli.engine.neural.recurrent_step import Array, CharStep
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.charlm import (
    ATTENTION,
    CharLMSettings,
    GenerateSettings,
    condition_shapes,
    weight_shapes,
)

if TYPE_CHECKING:
    from nlpcli.engine.neural.transformer_lm_step import PreparedLM, TransformerStep

KIND = "charlm"
CHECKPOINT = "charlm-checkpoint"


@dataclass(frozen=True, eq=False)
class CharLM:
    """A trained network: settings, alphabet, weights, what its training measured, what it writes for."""

    settings: CharLMSettings
    alphabet: Vocabulary
    weights: Weights
    record: Mapping[str, Any]
    condition: Condition | None = None

    @functools.cached_property
    def unit(self) -> str:
        """What is read and written, with the model of subwords where these are. Raises ModelError without."""
        return unit_of(self.settings)

    @functools.cached_property
    def _prepared(self) -> PreparedLM:
        """A transformer as a step takes it."""
        from nlpcli.engine.neural.transformer_lm_step import PreparedLM

        return PreparedLM.of(self.weights, self.settings)

    def stepper(
        self, batch: int = 1, conditions: Array | None = None, guidance: float = 1.0
    ) -> CharStep | TransformerStep:
        """The network at work in numpy, its state at zero; under conditions [B, D] or, of one text, [D]."""
        if self.settings.cell == ATTENTION:
            from nlpcli.engine.neural.transformer_lm_step import TransformerStep

            return TransformerStep(self.settings, self.weights, self._prepared, batch)
        if conditions is None:
            return CharStep(self.settings.cell, self.settings.num_layers, self.weights, batch)
        if guidance == 1:
            return ConditionedStep(self.settings, self.weights, np.atleast_2d(conditions))
        return GuidedStep(self.settings, self.weights, conditions, guidance)

    def chosen(self, label: str | None, vector: Sequence[float] | None) -> Array | None:
        """The condition [D] of a label or a vector.

        Raises InputError for one that the model does not know, SettingsError where it takes another or none.
        """
        if self.condition is not None:
            return self.condition.chosen(label, vector)
        if label is not None or vector is not None:
            raise SettingsError(
                f"the model takes no {'label' if vector is None else 'vector'}: it was trained on plain text",
                hint="train-charlm --label-col COLUMN, or --vector-col, on a table",
            )
        return None

    @plain_settings
    def generate(
        self,
        prime: str = "",
        settings: GenerateSettings = GenerateSettings(),
        *,
        label: str | None = None,
        vector: Sequence[float] | None = None,
        echo: bool = True,
        skip_unknown: bool = False,
    ) -> str:
        """The prime (unless not `echo`) and what the model goes on with; several samples a line end apart.

            model.generate(prime="ROMEO:", length=300, temperature=0.8)
            headlines.generate(label="sport", num_samples=5)

        Raises InputError for a prime with characters the model has never seen, and as `chosen` does.
        """
        condition = self.chosen(label, vector)
        samples = [
            sampling.generate(
                self,
                prime,
                settings,
                sample=sample,
                skip_unknown=skip_unknown,
                echo=echo,
                condition=condition,
            )
            for sample in range(settings.num_samples)
        ]
        return "\n".join(map("".join, samples))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""
        write_model(path, KIND, self.header(), self.tensors())

    def header(self) -> dict[str, Any]:
        """The JSON part of the model file."""
        settings = self.settings.to_record()
        if self.settings.cell == ATTENTION:
            settings["threads"] = 0  # any number of them gives the same bytes
        told = {} if self.condition is None else {"condition": self.condition.header()}
        return {"settings": settings, "record": dict(self.record), **told}

    def tensors(self) -> dict[str, NDArray[Any]]:
        """The arrays of the model file."""
        told = {} if self.condition is None else self.condition.tensors()
        return {**self.weights, **self.alphabet.to_tensors(), **told}

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> CharLM:
        """The model that `save` wrote, or the best one in a checkpoint; mapped, not copied.

        Raises ModelError for a file that is damaged or another kind of model.
        """
        return cls.from_model(read_model(path, (KIND, CHECKPOINT)))

    @classmethod
    def from_model(cls, model: Model) -> CharLM:
        """The model in an opened file."""
        settings, alphabet = model.fields["settings"], Vocabulary.from_model(model)
        condition = Condition.from_model(model)
        names = [*weight_shapes(settings, len(alphabet))]
        if condition is not None:
            names += condition_shapes(settings, len(condition))
        weights = {name: model.tensors[name] for name in names}
        found = cls(settings, alphabet, weights, model.fields["record"], condition)
        if not found.unit:  # which looks at the subwords, when the file is read
            raise ModelError("the model names no unit")
        return found
