"""A supervised fastText model whole: a classifier whose words are vectors too."""

from __future__ import annotations

import functools
from typing import Any

from nlpcli.engine.classify.fasttext_classifier import FastTextClassifier
from nlpcli.engine.vectors.word_vectors import Vectors


class SupervisedFastText(FastTextClassifier):
    """A classifier; questions to word vectors (`similar`, `analogy`, `odd_one_out`) go to `vectors`."""

    @functools.cached_property
    def vectors(self) -> Vectors:
        """The vectors of its words, read when they are first asked for."""
        return Vectors.load(self.name)

    def __getattr__(self, name: str) -> Any:
        if name in ("similar", "analogy", "odd_one_out", "tokens", "matrix"):
            return getattr(self.vectors, name)
        raise AttributeError(name)
