"""A trained classifier at work: texts in, classes and their probabilities out.

Every variant of Naive Bayes, and `nbsvm`, is linear: a class's score is where it starts plus
the weights of the features found. Not here: how weights come about (`naive_bayes.py`,
`nbsvm.py`), and why a text was classified as it was (`explanations.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.calibration import probabilities
from nlpcli.engine.classify.examples import Examples, Labelled, read_labelled
from nlpcli.engine.classify.features import FeatureIndex, FoundRows
from nlpcli.engine.classify.findings import Predictions
from nlpcli.engine.classify.linear import KIND as LINEAR
from nlpcli.engine.classify.linear import LinearModel
from nlpcli.engine.classify.metrics import Evaluation, Mistake, evaluate
from nlpcli.engine.classify.naive_bayes import KIND as NAIVE_BAYES
from nlpcli.engine.classify.naive_bayes import NaiveBayes
from nlpcli.engine.corpus.empty_corpus import NoTokens
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.model_file import read_model
from nlpcli.engine.io.record_formats import Documents, count_texts
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import as_list
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

kernels = Kernels("classify.features")

_FEW = 20  # texts with fewer features than a twentieth of the model's have only theirs weighed
Trained = NaiveBayes | LinearModel
Some = TypeVar("Some", bound=Labelled)
Number = TypeVar("Number", bound=np.integer[Any])


class Classifier:
    """Scores texts with a model's weights."""

    def __init__(self, model: Trained) -> None:
        self.labels = model.labels
        self.feature_index = FeatureIndex(model.keys, model.features)
        kinds = model.features.kinds() if model.apart else (model.features,)
        self.kinds = [FeatureIndex(model.keys, features) for features in kinds]
        self.reweigh(model)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Classifier:
        """The classifier in a model file. Raises ModelError."""
        return cls(load_model(path))

    def reweigh(self, model: Trained) -> None:
        """Go on with another model of the same features, such as other smoothing makes."""
        self.model = model
        self.start = model.start()
        self._places = model.places if isinstance(model, LinearModel) else None
        self._weights: NDArray[np.float64] | None = None

    def weights(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """What the features in `rows` [N] add to the score of each class [N, C]."""
        if self._weights is not None:
            return np.asarray(self._weights[rows if self._places is None else self._places[rows]])
        return self.model.weights(rows.astype(np.int64))

    @property
    def all_weights(self) -> NDArray[np.float64]:
        """The same of all features [F, C], or of all rows of weights that features share. Computed once."""
        if self._weights is None:
            model = self.model
            if isinstance(model, LinearModel) and model.places is not None:
                self._weights = model.weights_of(model.learnt)
            else:
                self._weights = model.weights()
        return self._weights

    def weighed(
        self, rows: NDArray[Number], seen: int | None = None
    ) -> tuple[NDArray[np.float64], NDArray[Number]]:
        """A table of weights [F', C] and the rows in it that the features in `rows` [N] have.

        It is of all features, unless these, and the `seen` ones so far, are few of them.
        """
        if self._weights is None and (len(rows) if seen is None else seen) < len(self.model.keys) // _FEW:
            distinct, places = np.unique(rows, return_inverse=True)
            return self.weights(distinct), places.astype(rows.dtype)
        return self.all_weights, rows if self._places is None else self._places[rows].astype(rows.dtype)

    @property
    def analysis(self) -> AnalysisSettings:
        """How a text is cut into tokens."""
        return self.model.analysis

    def encode(self, batches: Iterable[Documents]) -> EncodedCorpus:
        """Texts as the model's analysis sees them."""
        return encoded(batches, self.analysis)

    def scores(
        self, corpus: EncodedCorpus, progress: Progress = SILENT
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The log-score of every class, float64 [D, C] (the highest wins), and how many features
        of each document the model knows, int64 [D]."""
        scores = np.zeros((corpus.documents, len(self.labels)))
        found = np.zeros(corpus.documents, dtype=np.int64)
        for index in self.kinds:
            added, known = self._scores(corpus, index, progress)
            scores += added / np.sqrt(np.maximum(known, 1))[:, None] if self.model.normalised else added
            found += known
        return scores + self.start, found

    def _scores(
        self, corpus: EncodedCorpus, index: FeatureIndex, progress: Progress
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """What the features that `index` finds add to the scores, and how many they are."""
        return self.added(index.rows(corpus, in_parts=True), corpus.documents, progress)

    def added(
        self, batches: Iterable[FoundRows], documents: int, progress: Progress = SILENT
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The same of rows that were found before, as `FeatureIndex.rows` gives them."""
        scores = np.zeros((documents, len(self.labels)))
        found = np.zeros(documents, dtype=np.int64)
        seen = 0
        for first, rows, ends in batches:
            last = first + len(ends)
            seen += len(rows)
            found[first:last] += np.diff(ends, prepend=0)
            weights, rows = self.weighed(rows, seen)
            kernels.add_scores(rows, ends, weights, scores[first:last])
            progress.update("classifying", last, documents)
        return scores, found

    def predict(self, corpus: EncodedCorpus, progress: Progress = SILENT) -> Predictions:
        """The likeliest class of every document, and how likely each class is."""
        return self.predicted(*self.scores(corpus, progress))

    def predicted(self, scores: NDArray[np.float64], found: NDArray[np.int64]) -> Predictions:
        """The same from what `scores` gave."""
        return Predictions(
            scores.argmax(axis=1).astype(np.int32), probabilities(scores, found, self.model.calibration)
        )

    def classify(self, texts: Iterable[str]) -> list[str]:
        """The label of each text.

        >>> from nlpcli.engine.classify.examples import examples_of
        >>> from nlpcli.engine.classify.training import train
        >>> from nlpcli.settings.text import LOWERCASE
        >>> films = examples_of(["a good film", "a bad film"], ["pos", "neg"], LOWERCASE)
        >>> Classifier(train(films, LOWERCASE)).classify(["so bad", "Good!"])
        ['neg', 'pos']
        """
        return [
            self.labels[label] for label in self.predict(self.encode([[*as_list(texts)]])).labels.tolist()
        ]

    def probabilities(self, texts: Iterable[str]) -> NDArray[np.float64]:
        """How likely each class is for each text, float64 [texts, C], in the order of `labels`."""
        return self.predict(self.encode([[*as_list(texts)]])).probabilities


class AnyClassifier(Protocol):
    """What a classifier that is no linear one of ours can do."""

    @property
    def labels(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def analysis(self) -> AnalysisSettings: ...  # noqa: D102

    def encode(self, batches: Iterable[Documents]) -> EncodedCorpus:
        """Texts as the model's analysis sees them."""

    def predict(self, corpus: EncodedCorpus, progress: Progress = SILENT) -> Predictions:
        """The likeliest class of every document, and how likely each class is."""


def encoded(batches: Iterable[Documents], analysis: AnalysisSettings) -> EncodedCorpus:
    """Texts as tokens, of which there may be none."""
    texts = 0

    def counted() -> Iterator[Documents]:
        nonlocal texts
        for batch in batches:
            texts += count_texts(batch)
            yield batch

    try:
        return encode_documents(counted(), analysis, VocabularySettings(vocab_order="first-seen"))
    except NoTokens:
        offsets = np.zeros(texts + 1, dtype=np.int64)
        return EncodedCorpus(np.zeros(0, dtype=np.int32), offsets, Vocabulary.of([], []))


def load_model(path: str | os.PathLike[str]) -> Trained:
    """The model in a file, of either kind. Raises ModelError."""
    model = read_model(path, (NAIVE_BAYES, LINEAR))
    return NaiveBayes.from_model(model) if model.kind == NAIVE_BAYES else LinearModel.from_model(model)


def read_tests(
    classifier: AnyClassifier,
    paths: Sequence[str] | None,
    records: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
    keep: list[str] | None = None,
) -> Examples:
    """Labelled texts to measure the classifier on, as its analysis sees them.

    A class that the model never saw comes after those it did, and is always got wrong. The
    texts themselves are added to `keep`, if there is one.
    """
    return as_tests(classifier, read_labelled(paths, classifier.analysis, records, reading, progress, keep))


def as_tests(classifier: AnyClassifier, examples: Examples) -> Examples:
    """The same for texts that were read with its analysis already."""
    return with_classes(examples, classifier.labels)


def with_classes(examples: Some, labels: Sequence[str]) -> Some:
    """Examples whose classes are numbered as `labels`, others coming after those."""
    names = (*labels, *sorted({*examples.names} - {*labels}))
    position = np.array([names.index(name) for name in examples.names], dtype=np.int32)
    return examples.relabelled(position[examples.labels], names)


def worst_of(
    found: Predictions, examples: Labelled, texts: Sequence[str], number: int
) -> tuple[Mistake, ...]:
    """The most confident mistakes."""
    return tuple(
        Mistake(
            float(found.probabilities[document].max()),
            examples.names[examples.labels[document]],
            examples.names[found.labels[document]],
            texts[document],
        )
        for document in found.mistakes(examples.labels)[:number]
    )


def measure(
    classifier: AnyClassifier, examples: Examples, progress: Progress = SILENT
) -> tuple[Evaluation, Predictions]:
    """How well the classifier does on labelled texts, and what it took each of them for."""
    found = classifier.predict(examples.corpus, progress)
    return evaluate(examples.labels, found.labels, examples.names, found.probabilities), found
