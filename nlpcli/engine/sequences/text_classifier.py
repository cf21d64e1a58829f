"""A classifier of texts by a recurrent network: words' vectors, the encoder, pooling, classes.

Not here: how it is learnt (`classifier_training.py`).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.calibration import log_probabilities
from nlpcli.engine.classify.classifier import Predictions, encoded
from nlpcli.engine.classify.explanations import Reason
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.io.model_file import Model, read_model, write_model
from nlpcli.engine.io.record_formats import Documents
from nlpcli.engine.io.schemas.classify import pooling_shapes
from nlpcli.engine.neural.sequence_trainer import Sentences
from nlpcli.engine.runtime.arrays import offsets_of, ranges
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.sequences.pooling import PoolingHead
from nlpcli.engine.sequences.word_network import WordNetwork
from nlpcli.engine.text.arguments import as_list
from nlpcli.errors import ModelError
from nlpcli.settings.classify import RnnSettings
from nlpcli.settings.text import AnalysisSettings

KIND, UNFINISHED = "recurrent-classifier", "recurrent-classifier-checkpoint"
_TEXTS = 1024  # that are read together


@dataclass(frozen=True, eq=False)
class TextClassifier:
    """Classifies texts by their words in order.

    labels: names, ascending. priors: float32 [C], logarithms of how frequent each class was: what is said of
    a text without a word.
    """

    labels: tuple[str, ...]
    priors: NDArray[np.float32]
    network: WordNetwork
    analysis: AnalysisSettings
    settings: RnnSettings

    def __post_init__(self) -> None:
        head = PoolingHead(self.network.encoder, self.settings.pooling, len(self.labels))
        object.__setattr__(self, "_head", head)

    def encode(self, batches: Iterable[Documents]) -> EncodedCorpus:
        """Texts as the model's analysis sees them."""
        return encoded(batches, self.analysis)

    def predict(self, corpus: EncodedCorpus, progress: Progress = SILENT) -> Predictions:
        """The likeliest class of every document, and how likely each class is."""
        scores = np.tile(self.priors.astype(np.float64), (corpus.documents, 1))
        for first in range(0, corpus.documents, _TEXTS):
            text, sentences = sentences_of(corpus, first, first + _TEXTS, self.settings.max_words)
            for part, _, y in self.network.outputs(text, sentences):
                found, _ = self._head.parts(y, self.network.weights, part.packing)  # type: ignore[attr-defined]
                scores[first + part.sentences] = found
            progress.update("classifying", min(first + _TEXTS, corpus.documents), corpus.documents)
        return Predictions(scores.argmax(axis=1).astype(np.int32), np.exp(log_probabilities(scores)))

    def explain(self, corpus: EncodedCorpus) -> Iterator[Reason]:
        """For every document: the likeliest class against the next, and what each token adds."""
        for first in range(0, corpus.documents, _TEXTS):
            last = min(first + _TEXTS, corpus.documents)
            text, sentences = sentences_of(corpus, first, last, self.settings.max_words)
            scores = np.tile(self.priors.astype(np.float64), (last - first, 1))
            added: dict[int, NDArray[np.float32]] = {}
            for part, _, y in self.network.outputs(text, sentences):
                found, words = self._head.parts(y, self.network.weights, part.packing)  # type: ignore[attr-defined]
                scores[part.sentences] = found
                apart = np.split(words[np.argsort(part.order)], np.cumsum(part.packing.lengths)[:-1])
                added |= dict(zip(part.sentences.tolist(), apart, strict=True))
            for number, tokens in enumerate(sentences):
                yield self._reason(scores[number], tokens, added.get(number))

    def _reason(
        self, scores: NDArray[np.float64], tokens: Sequence[str], added: NDArray[np.float32] | None
    ) -> Reason:
        label = int(scores.argmax())
        others = np.delete(np.arange(len(scores)), label)
        rival = int(others[scores[others].argmax()])
        start = self.priors if added is None else self.network.weights["head.b"]
        odds = [] if added is None else (added[:, label] - added[:, rival]).tolist()
        return Reason(
            self.labels[label], self.labels[rival], float(start[label] - start[rival]),
            tuple(zip(tokens, odds, strict=True)),
        )  # fmt: skip

    def classify(self, texts: Iterable[str]) -> list[str]:
        """The label of each text."""
        found = self.predict(self.encode([[*as_list(texts)]]))
        return [self.labels[label] for label in found.labels.tolist()]

    def probabilities(self, texts: Iterable[str]) -> NDArray[np.float64]:
        """How likely each class is for each text, float64 [texts, C], in the order of `labels`."""
        return self.predict(self.encode([[*as_list(texts)]])).probabilities

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""
        header: dict[str, Any] = {
            "labels": list(self.labels),
            **self.network.header(),
            "analysis": self.analysis.to_record(),
            "settings": self.settings.to_record(),
        }
        write_model(path, KIND, header, {**self.network.tensors(), "priors": self.priors})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TextClassifier:
        """The model that `save` wrote. Raises ModelError."""
        model = read_model(path, (KIND, UNFINISHED))
        if model.kind == UNFINISHED:
            raise ModelError(
                f"{path} is a training that was interrupted, no classifier yet",
                hint=f"repeat the train-rnn command with --resume {path}",
            )
        return cls.from_model(model)

    @classmethod
    def from_model(cls, model: Model) -> TextClassifier:
        """The same from a file already read."""
        fields = model.fields
        labels, settings = fields["labels"], fields["settings"]
        head = pooling_shapes(fields["encoder"], settings.pooling, len(labels))
        network = WordNetwork.from_model(model, head)
        return cls(labels, model.tensors["priors"], network, fields["analysis"], settings)


def sentences_of(
    corpus: EncodedCorpus, first: int, last: int, most: int
) -> tuple[Sentences, list[list[str]]]:
    """Documents `first` up to `last` as sentences of up to `most` words: as numbers, and as words."""
    offsets = corpus.offsets[first : last + 1]
    lengths = np.minimum(np.diff(offsets), most)
    starts = offsets_of(lengths)
    kinds, words = np.unique(corpus.ids[ranges(offsets[:-1], lengths)], return_inverse=True)
    names = [corpus.vocabulary.tokens[kind] for kind in kinds.tolist()]
    words = words.reshape(-1).astype(np.int64)
    spelt = [names[word] for word in words.tolist()]
    bounds = starts.tolist()
    sentences = [spelt[begin:end] for begin, end in itertools.pairwise(bounds)]
    return Sentences.of_ids(words, starts, names), sentences
