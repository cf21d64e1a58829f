"""Taggers of either kind: what all can do, and which one a file holds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.checkpoints import read_finished
from nlpcli.engine.tagging import linear_tagger
from nlpcli.engine.tagging.linear_tagger import LinearTagger
from nlpcli.settings.text import AnalysisSettings

LINEAR, RECURRENT = "tagger", "recurrent-tagger"
UNFINISHED = (linear_tagger.UNFINISHED, "recurrent-tagger-checkpoint")
KINDS = (LINEAR, RECURRENT)


class TaggerModel(Protocol):
    """A trained tagger; `LinearTagger` says what its fields are."""

    @property
    def tags(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def most(self) -> int: ...  # noqa: D102
    @property
    def target(self) -> str: ...  # noqa: D102
    @property
    def space(self) -> str: ...  # noqa: D102
    @property
    def analysis(self) -> AnalysisSettings: ...  # noqa: D102
    @property
    def spans(self) -> bool: ...  # noqa: D102

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """The tags of the words of each sentence."""

    def tag_with_probabilities(
        self, sentences: Sequence[Sequence[str]]
    ) -> tuple[list[list[str]], list[list[float]]]:
        """The same, and how probable each is."""

    def knows(self, words: Sequence[str]) -> NDArray[np.bool_]:
        """Which words stood in the training text."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""


def load_tagger(path: str | os.PathLike[str]) -> TaggerModel:
    """The tagger in a file. Raises ModelError for another file, and for a training that was interrupted."""
    model = read_finished(path, KINDS, UNFINISHED, "tagger", "train-tagger")
    if model.kind == LINEAR:
        return LinearTagger.from_model(model)
    from nlpcli.engine.sequences.recurrent_tagger import RecurrentTagger

    return RecurrentTagger.from_model(model)
