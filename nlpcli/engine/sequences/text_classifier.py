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

from nlpcli.engine.classify.classifier import encoded
from nlpcli.engine.classify.explanations import Reason, TokenShares
from nlpcli.engine.classify.findings import Found, Numbers
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.io.checkpoints import read_finished
from nlpcli.engine.io.model_file import Model, write_model
from nlpcli.engine.io.record_formats import Documents
from nlpcli.engine.io.schemas.classify import text_head_shapes
from nlpcli.engine.neural.sequence_trainer import GIVEN, Sentences
from nlpcli.engine.runtime.arrays import offsets_of, ranges
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.sequences.answer_choice import answer_of
from nlpcli.engine.sequences.answers import Answer, Number
from nlpcli.engine.sequences.blend import Blend
from nlpcli.engine.sequences.pairs import Pairs, measures
from nlpcli.engine.sequences.text_heads import head_of
from nlpcli.engine.sequences.word_network import WordNetwork
from nlpcli.engine.text.arguments import as_list
from nlpcli.errors import SettingsError
from nlpcli.settings.classify import RnnSettings
from nlpcli.settings.text import AnalysisSettings

KIND, UNFINISHED = "recurrent-classifier", "recurrent-classifier-checkpoint"
_TEXTS = 1024  # that are read together


@dataclass(frozen=True, eq=False)
class TextClassifier:
    """Judges texts, or pairs of them, by their words in order.

    answer: one class of some, several labels, or a number. priors: float32 [outputs], the scores of a text
    without a word, and of a pair of which one text has none. blend: a linear classifier that judges too.
    """

    answer: Answer
    priors: NDArray[np.float32]
    network: WordNetwork
    analysis: AnalysisSettings
    settings: RnnSettings
    sides: int = 1
    blend: Blend | None = None

    def __post_init__(self) -> None:
        given = GIVEN in self.network.tables
        object.__setattr__(self, "_head", head_of(
            self.network.encoder, self.settings.pooling, self.answer.outputs,
            measures(given) if self.sides == 2 else 0, self.settings.symmetric,
        ))  # fmt: skip

    @property
    def purpose(self) -> list[Any]:
        """What the head is for: the kind of answers, and the labels in their order."""
        return purpose_of(self.answer, self.settings, self.sides)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of classes or labels."""
        return self.answer.labels

    def encode(self, batches: Iterable[Documents]) -> EncodedCorpus:
        """Texts as the model's analysis sees them; those of pairs one behind the other."""
        return encoded(batches, self.analysis)

    def scores(self, corpus: EncodedCorpus, progress: Progress = SILENT) -> NDArray[np.float64]:
        """The scores of every text or pair, float64 [D, outputs]."""
        found = self.network_scores(corpus, progress)
        return found if self.blend is None else self.blend.scores(found, corpus)

    def network_scores(self, corpus: EncodedCorpus, progress: Progress = SILENT) -> NDArray[np.float64]:
        """The same as the network alone gives them."""
        count = corpus.documents // self.sides
        scores = np.tile(self.priors.astype(np.float64), (count, 1))
        for first in range(0, count, _TEXTS):
            last = min(first + _TEXTS, count)
            text, sentences = self._texts(corpus, first, last)
            likeness = self.network.likeness(text.kinds) if self.sides == 2 and text.kinds else None
            for part, _, y in self.network.outputs(text, sentences):
                found = self._head.at_work(y, self.network.weights, part, likeness)  # type: ignore[attr-defined]
                scores[first + self._head.judged(part)] = found  # type: ignore[attr-defined]
            progress.update("classifying", last, count)
        return scores

    def predict(self, corpus: EncodedCorpus, progress: Progress = SILENT) -> Found:
        """The answer for every text or pair."""
        return self.answer.found(self.scores(corpus, progress))

    def _texts(self, corpus: EncodedCorpus, first: int, last: int) -> tuple[Sentences, list[list[str]]]:
        text, sentences = sentences_of(corpus, first * self.sides, last * self.sides, self.settings.max_words)
        return Pairs.of(text) if self.sides == 2 else text, sentences

    def explain(self, corpus: EncodedCorpus) -> Iterator[Reason]:
        """For every document: the likeliest class against the next, and what each token adds."""
        beside = None if self.blend is None else self.blend.explained(corpus)
        for first in range(0, corpus.documents, _TEXTS):
            last = min(first + _TEXTS, corpus.documents)
            text, sentences = self._texts(corpus, first, last)
            added: dict[int, NDArray[np.float32]] = {}
            for part, _, y in self.network.outputs(text, sentences):
                _, words = self._head.parts(y, self.network.weights, part)  # type: ignore[attr-defined]
                apart = np.split(words[np.argsort(part.order)], np.cumsum(part.packing.lengths)[:-1])
                added |= dict(zip(part.sentences.tolist(), apart, strict=True))
            for number, tokens in enumerate(sentences):
                yield self._reason(corpus, first + number, tokens, added.get(number), beside)

    def _reason(
        self,
        corpus: EncodedCorpus,
        document: int,
        tokens: Sequence[str],
        added: NDArray[np.float32] | None,
        beside: tuple[NDArray[np.float64], TokenShares] | None,
    ) -> Reason:
        start = (self.priors if added is None else self.network.weights["head.b"]).astype(np.float64)
        shares = np.zeros((len(tokens), len(start))) if added is None else added.astype(np.float64)
        if self.blend is not None and beside is not None:
            factors, token_shares = beside
            begin, end = corpus.offsets[document : document + 2].tolist()
            tokens = [corpus.vocabulary.tokens[word] for word in corpus.ids[begin:end].tolist()]
            linear = token_shares.of(document, np.eye(len(start)) * factors[document])
            linear[: len(shares)] += (
                self.blend.network * shares
            )  # of a long text the network reads the beginning
            start = self.blend.network * start + factors[document] * self.blend.classifier.start
            shares = linear
        scores = start + shares.sum(axis=0)
        return self.answer.reason(scores, start, tokens, shares if len(shares) else None)

    def classify(self, texts: Iterable[Any]) -> list[Any]:
        """The answer for each text, or pair of texts: a label, a tuple of labels, or a number."""
        return self.answer.texts(self.predict(self.encode([self._listed(texts)])))

    def probabilities(self, texts: Iterable[Any]) -> NDArray[np.float64]:
        """How likely each class or label is for each text or pair, float64 [texts, C], as in `labels`.

        Raises SettingsError for a model of numbers.
        """
        found = self.predict(self.encode([self._listed(texts)]))
        if isinstance(found, Numbers):
            raise SettingsError("the model gives numbers, which have no probabilities")
        return found.probabilities

    def _listed(self, texts: Iterable[Any]) -> list[str]:
        return listed(texts, self.sides)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""
        header: dict[str, Any] = {
            **self.answer.to_record(),
            **({"pairs": True} if self.sides == 2 else {}),
            **({} if self.blend is None else {"blend": self.blend.to_record()}),
            **self.network.header(),
            "analysis": self.analysis.to_record(),
            "settings": self.settings.to_record(),
        }
        more = {} if self.blend is None else self.blend.tensors()
        write_model(path, KIND, header, {**self.network.tensors(), "priors": self.priors, **more})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TextClassifier:
        """The model that `save` wrote. Raises ModelError."""
        return cls.from_model(read_finished(path, (KIND,), (UNFINISHED,), "classifier", "train-rnn"))

    @classmethod
    def from_model(cls, model: Model) -> TextClassifier:
        """The same from a file already read."""
        fields = model.fields
        answer, sides = answer_of(fields), 1 + fields["pairs"]
        alike = measures(fields["given_dim"] > 0) if sides == 2 else 0
        head = text_head_shapes(fields["encoder"], fields["settings"].pooling, answer.outputs, alike)
        network = WordNetwork.from_model(model, head)
        return cls(
            answer, model.tensors["priors"], network, fields["analysis"], fields["settings"], sides,
            Blend.from_model(model, answer.labels, fields["analysis"]),
        )  # fmt: skip


def purpose_of(answer: Answer, settings: RnnSettings, sides: int) -> list[Any]:
    """What a head is for; one made for the same can go on as another's."""
    unit = [answer.mean, answer.deviation] if isinstance(answer, Number) else []
    return [KIND, answer.kind, [*answer.labels], unit, settings.pooling, sides, settings.symmetric]


def listed(texts: Iterable[Any], sides: int) -> list[str]:
    """Texts one behind the other, pairs taken apart. Raises SettingsError for what is no pair."""
    if sides == 1:
        return [*as_list(texts)]
    found: list[str] = []
    for pair in texts:
        if isinstance(pair, str) or len(pair) != sides:
            raise SettingsError(
                f"the model judges pairs of texts, and {str(pair)[:40]!r} is none",
                hint='wanted: [("a text", "another"), …]',
            )
        found += pair
    return found


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
