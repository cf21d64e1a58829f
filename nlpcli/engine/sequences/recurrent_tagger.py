"""A tagger by a recurrent network: the network, its head, and the tags they are for.

Not here: how it is learnt (`recurrent_training.py`), and how a line becomes words (`tagger.py`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.model_file import Model, write_model
from nlpcli.engine.io.schemas.tagging import head_shapes
from nlpcli.engine.neural.sequence_trainer import Sentences
from nlpcli.engine.sequences.tag_heads import head_of
from nlpcli.engine.sequences.word_network import WordNetwork
from nlpcli.engine.tagging.features import hashes_of
from nlpcli.engine.tagging.linear_tagger import in_text
from nlpcli.settings.tagging import TaggerSettings
from nlpcli.settings.text import AnalysisSettings

KIND, UNFINISHED = "recurrent-tagger", "recurrent-tagger-checkpoint"


@dataclass(frozen=True, eq=False)
class RecurrentTagger:
    """Tags words by what is before and behind them.

    tags: names, ascending, of whole tags, or of pieces; `most` is 0 for whole tags, else how many pieces a
    tag has at most. target: what the tags are. space: the word that stands for white space between words, as
    in text of characters; mostly none. seen: the hashes, ascending, of the words of the training text.
    """

    tags: tuple[str, ...]
    most: int
    target: str
    space: str
    network: WordNetwork
    seen: NDArray[np.uint64]
    analysis: AnalysisSettings
    settings: TaggerSettings

    def __post_init__(self) -> None:
        head = head_of(self.network.encoder, self.tags, self.most, crf=self._has_crf)
        object.__setattr__(self, "_head", head)

    @property
    def _has_crf(self) -> bool:
        return "head.transitions" in self.network.weights

    @property
    def purpose(self) -> list[Any]:
        """What the head is for: tags in their order, and how they are put together."""
        return purpose_of(self.tags, self.most, self._has_crf)

    @property
    def spans(self) -> bool:
        """Whether the tags are labels of spans."""
        return self.target == "ner"

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """The tags of the words of each sentence."""
        return self.tag_with_probabilities(sentences)[0]

    def tag_with_probabilities(
        self, sentences: Sequence[Sequence[str]]
    ) -> tuple[list[list[str]], list[list[float]]]:
        """The tags of the words of each sentence, and how probable each is."""
        tags: list[list[str]] = [[] for _ in sentences]
        chances: list[list[float]] = [[] for _ in sentences]
        for part, _, y in self.network.outputs(Sentences(sentences), sentences):
            packed, likely = self._head.best(y, self.network.weights, part.packing)  # type: ignore[attr-defined]
            back = np.argsort(part.order)
            found, sure = [packed[place] for place in back.tolist()], likely[back].tolist()
            begin = 0
            for sentence, length in zip(part.sentences.tolist(), part.packing.lengths.tolist(), strict=True):
                tags[sentence], chances[sentence] = (
                    found[begin : begin + length],
                    sure[begin : begin + length],
                )
                begin += length
        return tags, chances

    def knows(self, words: Sequence[str]) -> NDArray[np.bool_]:
        """Which words stood in the training text."""
        return in_text(self.seen, hashes_of(words))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""
        header: dict[str, Any] = {
            "tags": list(self.tags),
            "most_pieces": self.most,
            "target": self.target,
            "space": self.space,
            "crf": self._has_crf,
            **self.network.header(),
            "analysis": self.analysis.to_record(),
            "settings": self.settings.to_record(),
        }
        write_model(path, KIND, header, {**self.network.tensors(), "known_words": self.seen})

    @classmethod
    def from_model(cls, model: Model) -> RecurrentTagger:
        """The model that `save` wrote, from a file already read (`models.load_tagger`)."""
        fields = model.fields
        tags, most = fields["tags"], fields["most_pieces"]
        head = head_shapes(fields["encoder"], len(tags), most, crf=fields["crf"])
        network = WordNetwork.from_model(model, head)
        return cls(
            tags, most, fields["target"], fields["space"], network, model.tensors["known_words"],
            fields["analysis"], fields["settings"],
        )  # fmt: skip


def purpose_of(tags: Sequence[str], most: int, crf: bool) -> list[Any]:
    """What a head is for; one made for the same can go on as another's."""
    return [KIND, [*tags], most, crf]
