"""GloVe: word vectors whose dot products are logs of co-occurrence counts.

Weighted least squares, one AdaGrad step a cell (Pennington, Socher and Manning 2014):

    J = ½ Σ f(X_ij) (w_i · c_j + b_i + b_j − ln X_ij)²,   f(x) = min(1, (x / x_max)^α)

The result is the same bytes for any number of threads (see `cells.py`). Not here: counting
(`cooccurrence.py`) and the updates themselves (`kernels/glove.py`).
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.budget import Plan, make_plan, parse_size, say_size
from nlpcli.engine.cells import Cells, Turns, sequence_of
from nlpcli.engine.cooccurrence import NO_COUNTS, count_corpus, largest_group
from nlpcli.engine.count_files import Cooccurrence
from nlpcli.engine.count_files import load as load_counts
from nlpcli.engine.encoding import available_cores, encode
from nlpcli.engine.progress import SILENT, Progress
from nlpcli.engine.store import Model, read_model, take_tensor, write_model
from nlpcli.engine.threads import Stop, run_threads
from nlpcli.engine.vectors import layout_of, write_vectors
from nlpcli.engine.vocabulary import Vocabulary
from nlpcli.errors import NlpcliError, SettingsError
from nlpcli.settings import (
    AnalysisSettings,
    CooccurrenceSettings,
    GloveResources,
    GloveSettings,
    InputSettings,
    VocabularySettings,
)

KIND = "glove"
_LANES = 16  # float32 numbers in the widest vector register


def padded(dim: int) -> int:
    """The length of a row of parameters: whole vector registers.

    >>> padded(100), padded(16)
    (112, 16)
    """
    return -(-dim // _LANES) * _LANES


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
    def from_model(cls, model: Model, name: str, words: int, dim: int) -> Self:
        """The side that `tensors` put into a model file."""
        rows = _fresh_rows(words, dim)
        rows[:, 0, :dim] = take_tensor(model, name, "float32", (words, dim))
        rows[:, 1, :dim] = take_tensor(model, f"{name}.squares", "float32", (words, dim))
        return cls(rows, take_tensor(model, f"{name}.biases", "float32", (words, 2)).copy())

    def tensors(self, name: str, dim: int) -> dict[str, NDArray[np.float32]]:
        """What a model file holds of this side: without padding."""
        return {
            name: self.rows[:, 0, :dim],
            f"{name}.squares": self.rows[:, 1, :dim],
            f"{name}.biases": self.biases,
        }


def _fresh_rows(words: int, dim: int) -> NDArray[np.float32]:
    """Zero vectors with sums of 1, so that the first step is η times the gradient."""
    from nlpcli.engine.kernels.rows import aligned_rows

    rows = aligned_rows(words, 2 * padded(dim)).reshape(words, 2, -1)
    rows[:, 1] = 1
    return rows


@dataclass(frozen=True, eq=False)
class Glove:
    """Trained vectors with all that is needed to train on.

    costs: the mean cost of a cell in each epoch so far
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
        settings = GloveSettings.from_record(model.header["settings"])
        vocabulary = Vocabulary.from_model(model)
        words, contexts = (
            Parameters.from_model(model, name, len(vocabulary), settings.dim)
            for name in ("words", "contexts")
        )
        return cls(
            vocabulary,
            AnalysisSettings.from_record(model.header["analysis"]),
            CooccurrenceSettings.from_record(model.header["counting"]),
            settings,
            words,
            contexts,
            tuple(model.header["costs"]),
            int(model.header["cells"]),
            int(model.header["total"]),
        )


def train_files(
    paths: Sequence[str] | None,
    settings: GloveSettings = GloveSettings(),  # noqa: B008 (frozen)
    counting: CooccurrenceSettings = CooccurrenceSettings(),  # noqa: B008 (frozen)
    vocabulary: VocabularySettings = VocabularySettings(min_count=5),  # noqa: B008 (frozen)
    analysis: AnalysisSettings = AnalysisSettings(),  # noqa: B008 (frozen)
    reading: InputSettings = InputSettings(),  # noqa: B008 (frozen)
    resources: GloveResources = GloveResources(),  # noqa: B008 (frozen)
    *,
    counts: str | None = None,
    resume: str | None = None,
    progress: Progress = SILENT,
) -> Glove:
    """Vectors for the words of some text files, or of a file of counts; `resume` is a model file.

    Raises InputError for unreadable files, and what `train` raises.
    """
    earlier = Glove.load(resume) if resume else None
    if counts is not None:
        matrix = load_counts(counts)
        cells = _lay_out(matrix, 0, settings, resources, progress)
    else:
        matrix, cells = _count_text(
            paths, earlier.vocabulary if earlier else vocabulary,
            settings, counting, analysis, reading, resources, progress,
        )  # fmt: skip
    return train(
        cells, matrix.vocabulary, matrix.analysis, matrix.settings, settings,
        resume=earlier, threads=resources.threads or available_cores(), progress=progress,
    )  # fmt: skip


def _count_text(
    paths: Sequence[str] | None,
    vocabulary: VocabularySettings | Vocabulary,
    settings: GloveSettings,
    counting: CooccurrenceSettings,
    analysis: AnalysisSettings,
    reading: InputSettings,
    resources: GloveResources,
    progress: Progress,
) -> tuple[Cooccurrence, Cells]:
    """What was counted, without the counts themselves: the memory of the text is free again."""
    corpus = encode(paths, analysis, vocabulary, reading, progress)
    plan = _plan(corpus.vocabulary, len(corpus.ids), counting, settings, resources)
    counts = count_corpus(corpus, counting, piece=plan.piece, threads=plan.threads, progress=progress)
    matrix = Cooccurrence(corpus.vocabulary, counting, analysis, counts)
    cells = _lay_out(matrix, len(corpus.ids), settings, resources, progress)
    return dataclasses.replace(matrix, counts=NO_COUNTS), cells


def _lay_out(
    matrix: Cooccurrence, tokens: int, settings: GloveSettings, resources: GloveResources, progress: Progress
) -> Cells:
    """The cells for training, within the memory there is; says how much that will be."""
    plan = _plan(matrix.vocabulary, tokens, matrix.settings, settings, resources)
    progress.note(
        f"memory: {say_size(plan.least)} at least, and up to {say_size(plan.cells)} for co-occurrence cells"
        f" (--memory {resources.memory})"
    )
    cells = Cells(
        matrix.counts, matrix.vocabulary.counts, settings.x_max, settings.alpha,
        threads=plan.threads, memory=plan.cells, progress=progress,
    )  # fmt: skip
    on_disk = f", {say_size(cells.on_disk)} of them on disk" if cells.on_disk else ""
    progress.note(f"{len(cells):,} co-occurrence cells of {len(matrix.vocabulary):,} words{on_disk}")
    return cells


def _plan(
    vocabulary: Vocabulary,
    tokens: int,
    counting: CooccurrenceSettings,
    settings: GloveSettings,
    resources: GloveResources,
) -> Plan:
    # Two sides of padded rows with their sums, and once more as they are written to the file.
    parameters = len(vocabulary) * 4 * (4 * padded(settings.dim) + 6 * settings.dim + 8)
    return make_plan(
        parse_size(resources.memory),
        resources.threads or available_cores(),
        len(vocabulary),
        tokens,
        largest_group(vocabulary.counts, counting),
        parameters,
    )


def train(
    cells: Cells,
    vocabulary: Vocabulary,
    analysis: AnalysisSettings,
    counting: CooccurrenceSettings,
    settings: GloveSettings = GloveSettings(),  # noqa: B008 (frozen)
    *,
    resume: Glove | None = None,
    threads: int = 1,
    progress: Progress = SILENT,
) -> Glove:
    """Vectors for the words of a co-occurrence matrix; `resume` trains an earlier result on.

    The vocabulary, analysis and counting settings are those the cells were made with. A run of
    5 epochs resumed to 10 gives the bytes of a run of 10.

    Raises SettingsError when `resume` does not fit the cells and settings, and NlpcliError when
    there are no cells or the training diverges.
    """
    if not len(cells):
        raise NlpcliError(
            "no two words stand near each other: there is nothing to train on",
            hint="give more text, or lower --min-count",
        )
    model = _start(resume, cells, vocabulary, analysis, counting, settings)
    costs = list(model.costs)
    for epoch in range(len(costs), settings.epochs):
        costs.append(_train_epoch(model, cells, epoch, threads, progress))
        progress.note(f"epoch {epoch + 1}: cost {costs[-1]:.6f}")
        if settings.tolerance and epoch and costs[-2] - costs[-1] < settings.tolerance * costs[-2]:
            progress.note(f"the cost fell by less than --tolerance {settings.tolerance}: the end")
            break
    return dataclasses.replace(model, costs=tuple(costs))


def _start(
    resume: Glove | None,
    cells: Cells,
    vocabulary: Vocabulary,
    analysis: AnalysisSettings,
    counting: CooccurrenceSettings,
    settings: GloveSettings,
) -> Glove:
    """A model before its first epoch, or `resume` if it fits."""
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
    may_differ = {"epochs": settings.epochs, "tolerance": 0.0, "output_vectors": "w"}
    for name, value in settings.to_record().items():
        if name not in may_differ and value != resume.settings.to_record()[name]:
            raise SettingsError(
                f"the model was trained with {name} {resume.settings.to_record()[name]}, not {value}",
                hint="--resume may change --epochs, --tolerance and --model only",
            )
    return dataclasses.replace(resume, settings=settings)


def _train_epoch(model: Glove, cells: Cells, epoch: int, threads: int, progress: Progress) -> float:
    """One pass over all cells; the mean cost of a cell, each taken just before its update.

    Raises NlpcliError when the cost is no longer a number.
    """
    from nlpcli.engine.kernels.glove import update_cells

    settings = model.settings
    sizes = cells.sizes()
    generator = np.random.default_rng([settings.seed, 1, epoch])
    sequence = sequence_of(sizes, generator)
    shifts = generator.random(len(sequence))
    costs = np.zeros(len(sequence))
    turns = Turns(sequence)
    words, contexts = (side.rows.reshape(len(side.rows), -1) for side in (model.words, model.contexts))
    total, done = len(cells), 0

    def work(_thread: int, stop: Stop) -> None:
        nonlocal done
        while (number := turns.take(stop)) is not None:
            block = cells.block(*sequence[number])
            costs[number] = update_cells(
                words, contexts, model.words.biases, model.contexts.biases,
                block.first_row, block.first_column, block.rows, block.ends,
                int(shifts[number] * len(block.rows)), block.columns, block.logs, block.weights,
                np.float32(settings.eta), settings.bias,
            )  # fmt: skip
            if not math.isfinite(costs[number]):
                raise NlpcliError(
                    f"the training diverged in epoch {epoch + 1}: the cost is not a number any more",
                    hint=f"use a smaller --eta than {settings.eta}",
                )
            turns.finish(number)
            done += int(sizes[sequence[number]])
            progress.update("training", epoch + done / total, settings.epochs, f"epoch {epoch + 1}")

    run_threads(work, threads)
    return float(costs.sum()) / total
