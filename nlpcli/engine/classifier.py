"""A trained classifier at work: texts in, scores of the classes out, with reasons.

Every variant of Naive Bayes, and `nbsvm`, is linear: a class's score is where it starts plus
the weights of the features found. Not here: how weights come about.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.encoding import EncodedCorpus, encode_documents
from nlpcli.engine.examples import read_texts
from nlpcli.engine.features import Finder
from nlpcli.engine.metrics import Evaluation, evaluate
from nlpcli.engine.naive_bayes import KIND, NaiveBayes
from nlpcli.engine.progress import SILENT, Progress
from nlpcli.engine.store import read_model
from nlpcli.engine.vocabulary import Vocabulary
from nlpcli.errors import InputError
from nlpcli.settings import InputSettings, RecordSettings, VocabularySettings


class Classifier:
    """Scores texts with a model's weights."""

    def __init__(self, model: NaiveBayes) -> None:
        self.model = model
        self.labels = model.labels
        self.weights, self.bias = model.weights()
        self.finder = Finder(model.counts.keys, model.features)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Classifier:
        """The classifier in a model file. Raises ModelError."""
        return cls(NaiveBayes.from_model(read_model(path, KIND)))

    def encode(self, texts: list[str]) -> EncodedCorpus:
        """Texts as the model's analysis sees them."""
        try:
            return encode_documents([texts], self.model.analysis, VocabularySettings())
        except InputError:  # not one token in all of them
            offsets = np.zeros(len(texts) + 1, dtype=np.int64)
            return EncodedCorpus(np.zeros(0, dtype=np.int32), offsets, Vocabulary.of([], []))

    def scores(self, corpus: EncodedCorpus, progress: Progress = SILENT) -> NDArray[np.float64]:
        """The log-score of every class for every document, float64 [D, C]; the highest wins."""
        from nlpcli.engine.kernels import features as kernel

        scores = np.tile(self.bias, (corpus.documents, 1))
        for first, rows, ends in self.finder.rows(corpus):
            kernel.add_scores(rows, ends, self.weights, scores[first : first + len(ends)])
            progress.update("classifying", first + len(ends), corpus.documents)
        return scores

    def classify(self, batches: Iterable[list[str]]) -> Iterator[NDArray[np.float64]]:
        """The scores of every batch of texts, as they come."""
        for texts in batches:
            yield self.scores(self.encode(texts))


def test(
    classifier: Classifier,
    paths: Sequence[str] | None,
    records: RecordSettings = RecordSettings(),  # noqa: B008 (frozen)
    reading: InputSettings = InputSettings(),  # noqa: B008 (frozen)
    progress: Progress = SILENT,
) -> Evaluation:
    """How well the classifier does on labelled texts."""
    examples = read_texts(paths, classifier.model.analysis, records, reading, progress)
    # A class the model never saw is counted as what it is: always wrong.
    labels = (*classifier.labels, *sorted(set(examples.names) - set(classifier.labels)))
    position = np.array([labels.index(name) for name in examples.names], dtype=np.int32)
    scores = classifier.scores(examples.corpus, progress)
    predicted = scores.argmax(axis=1).astype(np.int32)
    return evaluate(position[examples.labels], predicted, labels, np.exp(log_probabilities(scores)))


def log_probabilities(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores of classes as log-probabilities that add up to one, each document by itself.

    Where all classes are impossible (unsmoothed, an unseen word), they are equally so.

    >>> np.exp(log_probabilities(np.log([[1.0, 3.0]]))).tolist()
    [[0.25, 0.75]]
    """
    highest = scores.max(axis=1, keepdims=True)
    shifted: NDArray[Any] = scores - np.where(np.isfinite(highest), highest, 0.0)
    shifted = np.where(np.isfinite(highest), shifted, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
