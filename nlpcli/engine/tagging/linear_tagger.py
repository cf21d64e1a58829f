"""A linear tagger: the weights, the tags they are for, and the words it was trained on.

Tags are whole (parts of speech; labels of spans in BIO-2, of which only legal sequences are given) or made
of pieces (NNG+JKS). Not here: how weights are learnt (`training.py`), and how a line becomes words
(`sequences/tagger.py`).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.checkpoints import read_finished
from nlpcli.engine.io.model_file import Model, write_model
from nlpcli.engine.tagging.features import NO_CLASSES, Classes, hashes_of, text_of
from nlpcli.engine.tagging.perceptron import Weights, best_pieces, best_tags, probabilities
from nlpcli.settings.tagging import TaggerSettings
from nlpcli.settings.text import AnalysisSettings

KIND, UNFINISHED = "tagger", "tagger-checkpoint"
LIKELIHOOD = 0.08  # of the scores in training, which a margin of 16 made


@dataclass(frozen=True, eq=False)
class LinearTagger:
    """Scores tags by the sum of the weights of a word's features.

    tags: names, ascending, of whole tags, or of pieces; `most` is 0 for whole tags, else how many pieces a
    tag has at most. target: what the tags are. space: the word that stands for white space between words, as
    in text of characters; mostly none. unit: what 1 in the weights was while they were learnt. known: the
    hashes, ascending, of the words of the training text. classes: which words are alike, where that was told.
    """

    tags: tuple[str, ...]
    most: int
    target: str
    space: str
    unit: float
    weights: Weights
    known: NDArray[np.uint64]
    classes: Classes
    analysis: AnalysisSettings
    settings: TaggerSettings

    @property
    def spans(self) -> bool:
        """Whether the tags are labels of spans."""
        return self.target == "ner"

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """The tags of the words of each sentence."""
        return self._found(sentences, 0.0)[0]

    def tag_with_probabilities(
        self, sentences: Sequence[Sequence[str]]
    ) -> tuple[list[list[str]], list[list[float]]]:
        """The tags of the words of each sentence, and how probable each is, all others considered.

        A perceptron's scores are no log-probabilities. They are taken for such after multiplication by a
        factor that fits parts of speech and names in English and Korean (LIKELIHOOD).
        """
        return self._found(sentences, LIKELIHOOD * self.unit)

    def _found(
        self, sentences: Sequence[Sequence[str]], scale: float
    ) -> tuple[list[list[str]], list[list[float]]]:
        text = text_of(sentences, self.classes)
        if self.most:
            pieces, likely = best_pieces(self.weights, text, self.most, scale)
            tags = ["+".join(self.tags[piece] for piece in word) for word in pieces]
        else:
            best = best_tags(self.weights, text)
            likely = probabilities(self.weights, text, best, scale) if scale else np.zeros(0)
            tags = [self.tags[tag] for tag in best.tolist()]
        chances = likely.tolist()
        parts = [*itertools.pairwise(text.sentences.tolist())]
        return [tags[begin:end] for begin, end in parts], [chances[begin:end] for begin, end in parts]

    def knows(self, words: Sequence[str]) -> NDArray[np.bool_]:
        """Which words stood in the training text."""
        return in_text(self.known, hashes_of(words))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""
        header = {
            "tags": list(self.tags),
            "most_pieces": self.most,
            "target": self.target,
            "space": self.space,
            "unit": self.unit,
            "analysis": self.analysis.to_record(),
            "settings": self.settings.to_record(),
        }
        tensors: dict[str, NDArray[Any]] = {
            "weights": self.weights.rows,
            "transitions": self.weights.transitions,
            "known_words": self.known,
        }
        if len(self.classes.hashes):
            tensors |= {"classes.words": self.classes.hashes, "classes.numbers": self.classes.numbers}
        write_model(path, KIND, header, tensors)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> LinearTagger:
        """The model that `save` wrote. Raises ModelError."""
        return cls.from_model(read_finished(path, (KIND,), (UNFINISHED,), "tagger", "train-tagger"))

    @classmethod
    def from_model(cls, model: Model) -> LinearTagger:
        """The same from a file already read."""
        fields, arrays = model.fields, model.tensors
        classes = NO_CLASSES
        if "classes.words" in arrays:
            classes = Classes(arrays["classes.words"], arrays["classes.numbers"])
        return cls(
            fields["tags"],
            fields["most_pieces"],
            fields["target"],
            fields["space"],
            fields["unit"],
            Weights(arrays["weights"], arrays["transitions"]),
            arrays["known_words"],
            classes,
            fields["analysis"],
            fields["settings"],
        )


def in_text(known: NDArray[np.uint64], hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of the hashes [N] are among the known ones, ascending: bool [N]."""
    if not len(known):
        return np.zeros(len(hashes), np.bool_)
    places = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    found: NDArray[np.bool_] = known[places] == hashes
    return found
