"""GloVe: word vectors whose dot products are logs of co-occurrence counts.

Weighted least squares, one AdaGrad step a cell (Pennington, Socher and Manning 2014):

    J = ½ Σ f(X_ij) (w_i · c_j + b_i + b_j − ln X_ij)²,   f(x) = min(1, (x / x_max)^α)

The result is the same bytes for any number of threads (see `glove_blocks.py`). Not here: counting
(`cooccurrence/counting.py`), from text to file (`glove_job.py`) and the updates
(`kernels/embeddings/glove.py`).
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.embeddings.glove_blocks import BlockScheduler, Cells, sequence_of
from nlpcli.engine.io.model_file import Model, read_model, write_model
from nlpcli.engine.kernels.embeddings.arguments import Sides
from nlpcli.engine.kernels.simd.padding import LANES
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.interrupts import saved_when_interrupted
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.threads import Stop, run_threads
from nlpcli.engine.vectors.writing import layout_of, write_vectors
from nlpcli.errors import ModelError, NlpcliError, SettingsError
from nlpcli.settings.embeddings import CooccurrenceSettings, GloveSettings
from nlpcli.settings.fields import Settings, option_name
from nlpcli.settings.text import AnalysisSettings

kernels = Kernels("embeddings.glove")

KIND = "glove"


def padded(dim: int) -> int:
    """The length of a row of parameters: whole vector registers.

    >>> padded(100), padded(16)
    (112, 16)
    """
    return -(-dim // LANES) * LANES


@dataclass(frozen=True, eq=False)
class Parameters:
    """What is trained, one side (words or contexts).

    rows: float32 [V, 2, padded]; [i, 0] is the vector, [i, 1] AdaGrad's sums beside it
    biases: float32 [V, 2], the bias and AdaGrad's sum
    """

    rows: NDArray[np.float32]
    biases: NDArray[np.float32]

    @classmethod
    def fresh(cls, words: int, dim: int, bias: bool, generator: np.random.Generator) -> Self:
        """Uniform in ±½/dim."""
        rows = _fresh_rows(words, dim)
        biases = np.zeros((words, 2), dtype=np.float32)
        biases[:, 1] = 1
        for begin in range(0, words, 4096):
            piece = rows[begin : begin + 4096, 0, :dim]
            piece[:] = (generator.random(piece.shape, dtype=np.float32) - np.float32(0.5)) / np.float32(dim)
        if bias:
            biases[:, 0] = (generator.random(words, dtype=np.float32) - np.float32(0.5)) / np.float32(dim)
        return cls(rows, biases)

    @classmethod
    def from_model(cls, model: Model, name: str) -> Self:
        """The side that `tensors` put into a model file."""
        words, dim = model.tensors[name].shape
        rows = _fresh_rows(words, dim)
        rows[:, 0, :dim] = model.tensors[name]
        rows[:, 1, :dim] = model.tensors[f"{name}.squares"]
        return cls(rows, model.tensors[f"{name}.biases"].copy())

    def tensors(self, name: str, dim: int) -> dict[str, NDArray[np.float32]]:
        """What a model file holds of this side: without padding."""
        return {
            name: self.rows[:, 0, :dim],
            f"{name}.squares": self.rows[:, 1, :dim],
            f"{name}.biases": self.biases,
        }


def _fresh_rows(words: int, dim: int) -> NDArray[np.float32]:
    """Zero vectors with sums of 1, so that the first step is η times the gradient."""
    from nlpcli.engine.kernels.simd.padding import aligned_rows

    rows = aligned_rows(words, 2 * padded(dim)).reshape(words, 2, -1)
    rows[:, 1] = 1
    return rows


def _nothing() -> NDArray[np.float64]:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class Glove:
    """Trained vectors with all that is needed to train on.

    costs: the mean cost of a cell in each epoch so far
    unfinished: float64, the cost of each block of an epoch that was interrupted (NaN: still to be
    trained), in the epoch's sequence; empty between epochs
    cells, total: number of co-occurrence cells and the sum of their counts, in units; they tell
    whether counts given for resuming are the ones it was trained on
    """

    vocabulary: Vocabulary
    analysis: AnalysisSettings
    counting: CooccurrenceSettings
    settings: GloveSettings
    words: Parameters
    contexts: Parameters
    costs: tuple[float, ...]
    cells: int
    total: int
    unfinished: NDArray[np.float64] = field(default_factory=_nothing)

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The word vectors that `--model` asks for: [V, dim], or [V, 2·dim] for both."""
        words = self.words.rows[:, 0, : self.settings.dim]
        contexts = self.contexts.rows[:, 0, : self.settings.dim]
        if self.settings.output_vectors == "w+c":
            return words + contexts
        if self.settings.output_vectors == "both":
            return np.concatenate([words, contexts], axis=1)
        return np.ascontiguousarray(words if self.settings.output_vectors == "w" else contexts)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file: vectors, vocabulary, and the whole state of the training."""
        dim = self.settings.dim
        header = {
            "settings": self.settings.to_record(),
            "analysis": self.analysis.to_record(),
            "counting": self.counting.to_record(),
            "costs": list(self.costs),
            "cells": self.cells,
            "total": self.total,
        }
        tensors: dict[str, NDArray[Any]] = {
            "vectors": self.vectors,
            **self.vocabulary.to_tensors(),
            **self.words.tensors("words", dim),
            **self.contexts.tensors("contexts", dim),
        }
        if len(self.unfinished):
            tensors["unfinished"] = self.unfinished
        write_model(path, KIND, header, tensors)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write what the extension asks for: `.safetensors` the model, otherwise its vectors alone."""
        if layout_of(path) == "safetensors":
            self.save(path)
        else:
            write_vectors(path, self.vocabulary.tokens, self.vectors, counts=self.vocabulary.counts)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The model that `save` wrote. Raises ModelError for any other file."""
        model = read_model(path, KIND)
        words, contexts = (Parameters.from_model(model, name) for name in ("words", "contexts"))
        return cls(
            vocabulary=Vocabulary.from_model(model),
            words=words,
            contexts=contexts,
            unfinished=model.tensors.get("unfinished", _nothing()).copy(),
            **model.fields,
        )


def train(
    cells: Cells,
    vocabulary: Vocabulary,
    analysis: AnalysisSettings,
    counting: CooccurrenceSettings,
    settings: GloveSettings = GloveSettings(),
    *,
    resume: Glove | None = None,
    threads: int = 1,
    progress: Progress = SILENT,
    interrupted: Callable[[Glove], None] | None = None,
) -> Glove:
    """Vectors for the words of a co-occurrence matrix; `resume` trains an earlier result on.

    The vocabulary, analysis and counting settings are those the cells were made with. A run of
    5 epochs resumed to 10 gives the bytes of a run of 10; so does one that was interrupted:
    `interrupted` is then given the model as it stands.

    Raises SettingsError when `resume` does not fit the cells and settings, and NlpcliError when
    there are no cells or the training diverges.
    """
    training = Training(cells, begin(resume, cells, vocabulary, analysis, counting, settings))

    def save() -> None:
        if interrupted is not None:
            interrupted(training.model)

    with saved_when_interrupted(save):
        training.go(threads, progress)
    return training.model


class Training:
    """A model while it is trained: `model` is it as it stands, whenever nobody is in `go`."""

    def __init__(self, cells: Cells, model: Glove) -> None:
        self.cells = cells
        self.model = model

    def go(self, threads: int, progress: Progress) -> None:
        """Train to the end."""
        while len(self.model.costs) < self.model.settings.epochs and not self._has_settled():
            if not len(self.model.unfinished):
                blocks = np.full(np.count_nonzero(self.cells.sizes()), np.nan)
                self.model = dataclasses.replace(self.model, unfinished=blocks)
            _train_epoch(self.model, self.cells, threads, progress)
            costs = (*self.model.costs, float(self.model.unfinished.sum()) / len(self.cells))
            # At once, for an interrupt may come in between.
            self.model = dataclasses.replace(self.model, costs=costs, unfinished=_nothing())
            progress.note(f"epoch {len(costs)}: cost {costs[-1]:.6f}")
        if self._has_settled():
            tolerance = self.model.settings.tolerance
            progress.note(f"the cost fell by less than --tolerance {tolerance}: the end")

    def _has_settled(self) -> bool:
        costs, tolerance = self.model.costs, self.model.settings.tolerance
        return bool(tolerance) and len(costs) > 1 and costs[-2] - costs[-1] < tolerance * costs[-2]


MAY_CHANGE = ("epochs", "tolerance", "output_vectors")
AnySettings = TypeVar("AnySettings", bound=Settings)


def as_before(
    given: AnySettings, default: AnySettings, earlier: AnySettings, may_change: Sequence[str] = ()
) -> AnySettings:
    """The settings of an earlier training, but those that may change as given.

    Raises SettingsError for a setting that was given and is another than it was.
    """
    kept = {}
    for known in dataclasses.fields(given):
        value, before = getattr(given, known.name), getattr(earlier, known.name)
        if value not in (getattr(default, known.name), before) and known.name not in may_change:
            raise SettingsError(
                f"the model was trained with {option_name(known)} {before}, not {value}",
                hint="--resume may change --epochs, --tolerance and --output-vectors only",
            )
        kept[known.name] = value if known.name in may_change else before
    return dataclasses.replace(given, **kept)


def begin(
    resume: Glove | None,
    cells: Cells,
    vocabulary: Vocabulary,
    analysis: AnalysisSettings,
    counting: CooccurrenceSettings,
    settings: GloveSettings,
) -> Glove:
    """A model before its first epoch, or `resume` if it fits."""
    if not len(cells):
        raise NlpcliError(
            "no two words stand near each other: there is nothing to train on",
            hint="give more text, or lower --min-count",
        )
    if resume is None:
        generator = np.random.default_rng([settings.seed, 0])
        words, contexts = (
            Parameters.fresh(len(vocabulary), settings.dim, settings.bias, generator) for _ in range(2)
        )
        return Glove(
            vocabulary, analysis, counting, settings, words, contexts, (), len(cells), cells.total_units
        )
    if (resume.cells, resume.total) != (len(cells), cells.total_units) or (
        resume.vocabulary.tokens != vocabulary.tokens
    ):
        raise SettingsError(
            "the text is not the one the model was trained on: its co-occurrence counts differ",
            hint="--resume goes on with the same files and the same options; for other text train anew",
        )
    if len(resume.unfinished) not in (0, np.count_nonzero(cells.sizes())):
        raise ModelError("the checkpoint is damaged: it is of another number of blocks")
    return dataclasses.replace(
        resume, settings=as_before(settings, resume.settings, resume.settings, MAY_CHANGE)
    )


def _train_epoch(model: Glove, cells: Cells, threads: int, progress: Progress) -> None:
    """One pass over all cells; `model.unfinished` says which blocks are left, and gets their costs.

    Raises NlpcliError when the cost is no longer a number.
    """
    settings, epoch, costs = model.settings, len(model.costs), model.unfinished
    sizes = cells.sizes()
    generator = np.random.default_rng([settings.seed, 1, epoch])
    sequence = sequence_of(sizes, generator)
    shifts = generator.random(len(sequence))
    left = np.flatnonzero(np.isnan(costs)).tolist()
    scheduler = BlockScheduler([sequence[number] for number in left])
    words, contexts = (side.rows.reshape(len(side.rows), -1) for side in (model.words, model.contexts))
    sides = Sides(words, contexts, model.words.biases, model.contexts.biases)
    eta = np.float32(settings.eta)
    total = len(cells)
    done = total - sum(int(sizes[sequence[number]]) for number in left)

    def work(_thread: int, stop: Stop) -> None:
        nonlocal done
        while (turn := scheduler.take(stop)) is not None:
            number = left[turn]
            block = cells.block(*sequence[number])
            shift = int(shifts[number] * len(block.rows))
            cost = kernels.update_cells(sides, block, shift, eta, settings.bias)
            if not math.isfinite(cost):
                raise NlpcliError(
                    f"the training diverged in epoch {epoch + 1}: the cost is not a number any more",
                    hint=f"use a smaller --learning-rate than {settings.eta}",
                )
            costs[number] = cost
            scheduler.finish(turn)
            done += int(sizes[sequence[number]])
            progress.update("training", epoch + done / total, settings.epochs, f"epoch {epoch + 1}")

    run_threads(work, threads)
