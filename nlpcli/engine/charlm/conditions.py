"""What a text is written for: one of some labels, or a vector of numbers (one-to-many).

    x_0 += c W_first + c W_every,   x_t += c W_every          in every layer, x_t its gates' input

c is a label as a one-hot row, or a vector in deviations from the mean of those in training. Step 0 reads the
start marker, the line end, from states of zeros: with W_first the state after it, from which the text is
written, is the condition's, and with W_every the condition goes along. Where c is zeros nothing is added: so
a share of the texts is learnt, and so the model writes without a condition.

Not here: how it is learnt (`conditional_training.py`) and read (`conditional_text.py`).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nlpcli.engine.io.model_file import Model
from nlpcli.engine.neural.recurrent_step import Array, CharStep
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.charlm import CharLMSettings

END = "\n"  # begins and ends every text
_SHOWN = 30


@dataclass(frozen=True, eq=False)
class Condition:
    """What kind of condition a model takes.

    names [D]: the labels, sorted, or the columns of the vectors. counts: texts of each label in training,
    int64 [D]. mean, scale: float64 [D], by which vectors become deviations. dropout: the share of texts that
    were learnt without.
    """

    kind: Literal["label", "vector"]
    names: tuple[str, ...]
    dropout: float
    counts: NDArray[np.int64] | None = None
    mean: NDArray[np.float64] | None = None
    scale: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.names)

    def chosen(self, label: str | None = None, vector: Sequence[float] | None = None) -> Array | None:
        """The condition [D] of a label or a vector; None where neither is given.

        Raises InputError for a label that the model does not know and a vector of another length, and
        SettingsError for the wrong one of the two, and for none where the model was never trained so.
        """
        if label is not None and vector is not None:
            raise SettingsError("give a label or a vector, not both")
        if label is None and vector is None:
            if not self.dropout:
                raise SettingsError(
                    f"the model writes for a {self.kind}: give --{self.kind}", hint=self._known()
                )
            return None
        if (label is None) == (self.kind == "label"):
            wrong = "vector" if label is None else "label"
            raise SettingsError(
                f"the model takes a {self.kind}, no {wrong}", hint=f"give --{self.kind}; {self._known()}"
            )
        if label is not None:
            return self.of_label(label)
        found: Array = self.of_vectors([list(vector or ())])[0]
        return found

    def of_label(self, label: str) -> Array:
        """A label as a one-hot row [D]. Raises InputError for one that is not known."""
        if label not in self.names:
            near = difflib.get_close_matches(label, self.names, 1, 0.3)
            hint = f"did you mean {near[0]}? {self._known()}" if near else self._known()
            raise InputError(f"the model knows no label {label!r}", hint=hint)
        found: Array = self.of_numbers(np.array([self.names.index(label)]))[0]
        return found

    def of_numbers(self, numbers: NDArray[Any]) -> Array:
        """Labels by their numbers [B], as rows [B, D]."""
        rows = np.zeros((len(numbers), len(self)), dtype=np.float32)
        rows[np.arange(len(numbers)), numbers] = 1
        return rows

    def of_vectors(self, vectors: ArrayLike) -> Array:
        """Vectors [B, D] as deviations. Raises InputError for another length, and for what is not finite."""
        rows = np.asarray(vectors, dtype=np.float64)
        if self.mean is None or self.scale is None or rows.shape[1] != len(self):
            raise InputError(
                f"the vector has {rows.shape[1]:,} number{'s' * (rows.shape[1] != 1)}, and the model takes "
                f"{len(self):,}",
                hint=self._known(),
            )
        found = (rows - self.mean) / self.scale
        if not (np.abs(found) < 1e6).all():
            raise InputError("the vector has a number that is far from all in training, or none at all")
        return found.astype(np.float32)

    def prior(self) -> NDArray[np.float64]:
        """The share of each label in training [D]."""
        counts = np.ones(len(self)) if self.counts is None else self.counts
        shares: NDArray[np.float64] = counts / counts.sum()
        return shares

    def _known(self) -> str:
        shown = ", ".join(self.names[:_SHOWN]) + ", …" * (len(self) > _SHOWN)
        return f"it knows: {shown}" if self.kind == "label" else f"its columns: {shown}"

    # --- the file -----------------------------------------------------------------------------

    def header(self) -> dict[str, Any]:
        """The JSON part of a model file."""
        return {"kind": self.kind, "names": list(self.names), "dropout": self.dropout}

    def tensors(self) -> dict[str, NDArray[Any]]:
        """The arrays of a model file, but for the weights."""
        arrays = {"counts": self.counts, "mean": self.mean, "scale": self.scale}
        return {f"condition.{name}": array for name, array in arrays.items() if array is not None}

    @classmethod
    def from_model(cls, model: Model) -> Condition | None:
        """That of an opened file, if it has one."""
        field = model.fields["condition"]
        if field is None:
            return None
        arrays = {name: model.tensors.get(f"condition.{name}") for name in ("counts", "mean", "scale")}
        return cls(field["kind"], field["names"], field["dropout"], **arrays)


class ConditionedStep(CharStep):
    """A network at work on B texts, each under its condition [B, D]."""

    def __init__(self, settings: CharLMSettings, weights: Mapping[str, Array], conditions: Array) -> None:
        self._moves = [
            tuple(conditions @ weights[f"condition.layer{n}.{part}"] for part in ("first", "every"))
            for n in range(settings.num_layers)
        ]
        super().__init__(settings.cell, settings.num_layers, weights, len(conditions))

    def reset(self, batch: int = 1) -> None:
        """Back to the state before any text; `batch` is as many as there are conditions."""
        super().reset(batch)
        self._fresh = [True] * len(self.h)

    def moved(self, n: int, x: Array) -> Array:
        """What reaches the gates of layer `n`, with what the condition adds."""
        first, every = self._moves[n]
        x = x + every
        if self._fresh[n]:
            self._fresh[n] = False
            x += first
        return x


class GuidedStep(ConditionedStep):
    """One text under a condition that counts for more, or less, than it did in training.

    ℓ = ℓ(∅) + g (ℓ(c) − ℓ(∅)), the logits without a condition and with it (classifier-free guidance, Ho and
    Salimans 2022; of language models: Sanchez et al. 2023).
    """

    def __init__(
        self, settings: CharLMSettings, weights: Mapping[str, Array], condition: Array, guidance: float
    ) -> None:
        self._guidance = np.float32(guidance)
        super().__init__(settings, weights, np.stack([np.zeros_like(condition), condition]))

    def read(self, ids: Any) -> Array:
        """Take in one unit, with the condition and without."""
        return super().read([*ids, *ids])

    def step(self, ids: Any) -> Array:
        """`read`, then the guided logits [1, V]."""
        without, under = self.logits(self.read(ids))
        guided: Array = without + self._guidance * (under - without)
        return guided[None]
