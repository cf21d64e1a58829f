"""FastText: word vectors made of subwords, also for words never seen (Bojanowski et al. 2017).

The vector of a word is the mean of the word's own row and the rows of its character n-grams;
a word that was not in the text has the mean of its n-grams. Only n-grams of the text's words
have a row: one never seen has learnt nothing.

Not here: which n-grams (`subwords.py`), Facebook's files (`fasttext_files.py`), the arithmetic
(`kernels/windows.py`), the whole job (`embeddings.py`).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine import vectors
from nlpcli.engine.encoding import EncodedCorpus
from nlpcli.engine.io import model_file
from nlpcli.engine.kernels.embeddings.arguments import Subwords
from nlpcli.engine.kernels.simd.padding import aligned_rows
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.stretches import Run, Step, Stretch
from nlpcli.engine.subwords import SubwordRule
from nlpcli.engine.vocabulary import Vocabulary
from nlpcli.engine.word2vec import (
    Training,
    Unfinished,
    Word2Vec,
    header_of,
    kernels,
    make_window,
    read_header,
    set_first_vectors,
)
from nlpcli.settings import AnalysisSettings, FastTextSettings, PhraseSettings

if TYPE_CHECKING:
    from nlpcli.engine.rounds import SubwordShards


@dataclass(frozen=True, eq=False)
class FastText:
    """Words, their n-grams, and the rows of both, float32 [V, dim] and [M, dim].

    `buckets` [M], ascending, are the n-grams that have a row. `vectors` [V, dim] are the words'
    vectors, put together.
    """

    vocabulary: Vocabulary
    vectors: Floats
    output_vectors: Floats
    word_rows: Floats
    ngram_rows: Floats
    buckets: NDArray[np.int32]
    settings: FastTextSettings
    analysis: AnalysisSettings
    phrases: PhraseSettings = field(default_factory=PhraseSettings)
    losses: list[float] = field(default_factory=list)
    unfinished: Unfinished | None = None

    kind: ClassVar[str] = "fasttext"
    fixed: ClassVar[tuple[str, ...]] = ("model", "loss", "dim", "minn", "maxn", "bucket", "jamo")

    def vector(self, word: str) -> Floats:
        """The vector [dim] of any word, seen or not; zeros when not even an n-gram of it was seen."""
        number = self.vocabulary.id_of.get(word)
        if number is not None:
            return np.asarray(self.vectors[number])
        return subword_vector(rule_of(self.settings), word, self.buckets, self.ngram_rows)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model (`.safetensors`), or its word vectors alone in another layout, by the extension."""
        if vectors.layout_of(path) == "safetensors":
            self.save_model(path)
        else:
            vectors.write_vectors(path, self.vocabulary.tokens, self.vectors, counts=self.vocabulary.counts)

    def save_model(self, path: str | os.PathLike[str]) -> None:
        """Write the whole model, whatever the file is called."""
        header = header_of(self.settings, self.analysis, self.phrases, self.losses, self.unfinished)
        tensors = {
            "vectors": self.vectors,
            "output_vectors": self.output_vectors,
            "word_rows": self.word_rows,
            "ngram_rows": self.ngram_rows,
            "ngram_buckets": self.buckets,
        }
        model_file.write_model(path, self.kind, header, {**tensors, **self.vocabulary.to_tensors()})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> FastText:
        """A model from its file. Raises ModelError when it is damaged or of another kind."""
        model = model_file.read_model(path, cls.kind)
        vocabulary = Vocabulary.from_model(model)
        settings = FastTextSettings.from_record(model.header["settings"])
        words, dim = len(vocabulary), settings.dim
        buckets = model_file.take_tensor(model, "ngram_buckets", "int32", (None,))
        return cls(
            vocabulary,
            model_file.take_tensor(model, "vectors", "float32", (words, dim)),
            model_file.take_tensor(model, "output_vectors", "float32", (words, dim)),
            model_file.take_tensor(model, "word_rows", "float32", (words, dim)),
            model_file.take_tensor(model, "ngram_rows", "float32", (len(buckets), dim)),
            buckets,
            settings,
            **read_header(model),
        )


def rule_of(settings: FastTextSettings) -> SubwordRule:
    """The n-grams that settings ask for."""
    return SubwordRule(settings.minn, settings.maxn, settings.bucket, settings.jamo)


def subword_vector(rule: SubwordRule, word: str, buckets: NDArray[np.int32], rows: Floats) -> Floats:
    """The mean of the rows [M, dim] of a word's n-grams, of those in `buckets` [M] (ascending)."""
    _, wanted = rule.buckets([word])
    wanted = wanted[np.isin(wanted, buckets)]
    if not len(wanted):
        return np.zeros(rows.shape[1], np.float32)
    mean: Floats = rows[np.searchsorted(buckets, wanted)].mean(axis=0, dtype=np.float32)
    return mean


def unseen_vectors(model: model_file.Model) -> Callable[[str], Floats]:
    """What gives the vector of a word that a model file does not hold."""
    settings = FastTextSettings.from_record(model.header["settings"])
    buckets = model_file.take_tensor(model, "ngram_buckets", "int32", (None,))
    rows = model_file.take_tensor(model, "ngram_rows", "float32", (len(buckets), settings.dim))
    return functools.partial(subword_vector, rule_of(settings), buckets=buckets, rows=rows)


def train(
    corpus: EncodedCorpus,
    settings: FastTextSettings,
    analysis: AnalysisSettings = AnalysisSettings(),  # noqa: B008 (frozen)
    progress: Progress = SILENT,
) -> FastText:
    """Train on an encoded text, as `word2vec.train` does, with subwords.

    >>> from nlpcli.engine.encoding import encode_documents
    >>> from nlpcli.settings import VocabularySettings
    >>> lines = ["the king rules the land", "the queen rules the land"] * 50
    >>> corpus = encode_documents([lines], AnalysisSettings(), VocabularySettings())
    >>> model = train(corpus, FastTextSettings(dim=10, epochs=1))
    >>> model.vectors.shape, model.vector("kings").shape
    ((5, 10), (10,))
    """
    training = FastTextTraining(corpus, settings)
    run = Run(training.schedule, training.step)
    run.go(training.threads, (), lambda _: training.check(), progress)
    return training.model(analysis, at_end=True, losses=run.epoch_losses())


class FastTextTraining(Training):
    """The rows of words and n-grams while they are trained: words first, then n-grams."""

    settings: FastTextSettings

    def _first_inputs(self) -> Floats:
        tokens: Sequence[str] = self.corpus.vocabulary.tokens
        starts, buckets = rule_of(self.settings).buckets(tokens)
        self.buckets, ngrams = _in_order_of_use(buckets)
        words = np.arange(self.words, dtype=np.int32)
        # Each word's own row stands before those of its n-grams.
        self.starts = starts + np.arange(self.words + 1)
        self.rows = np.insert(ngrams + np.int32(self.words), starts[:-1], words)
        inputs = aligned_rows(self.words + len(self.buckets) + 1, self.settings.dim)
        set_first_vectors(inputs[:-1, : self.settings.dim], self.settings.seed)
        inputs *= 2  # fastText begins with ±1/dim
        return inputs

    def subwords(self) -> Subwords:
        """The rows each word is the mean of."""
        return Subwords(self.starts, self.rows)

    def _tiled_step(self) -> Step:
        text, objective, window = self.text(), self.objective, make_window(self.settings)
        inputs, outputs, subwords = self.inputs, self.outputs, self.subwords()

        def step(part: Stretch) -> tuple[float, int]:
            place = part.first, part.last, part.alpha, part.stream
            sums: tuple[float, int] = kernels.train_subwords(
                inputs, outputs, text, subwords, objective, window, *place
            )
            return sums

        return step

    def _shards(self) -> SubwordShards:
        from nlpcli.engine.rounds import SubwordShards

        return SubwordShards(self.inputs, self.outputs, self.subwords())

    def _cost(self) -> float:
        return 4 * super()._cost()

    def go_on_from(self, model: Word2Vec | FastText) -> None:
        """Begin with the rows of a model, for the words and n-grams it knows."""
        assert isinstance(model, FastText)
        dim = self.settings.dim
        new, old = self.shared_words(model.vocabulary.tokens)
        self.inputs[new, :dim] = model.word_rows[old]
        self.outputs[new, :dim] = model.output_vectors[old]
        _, mine, theirs = np.intersect1d(self.buckets, model.buckets, assume_unique=True, return_indices=True)
        self.inputs[self.words + mine, :dim] = model.ngram_rows[theirs]

    def model(  # type: ignore[override]
        self, analysis: AnalysisSettings, *, at_end: bool = False, **rest: Any
    ) -> FastText:
        """The rows as they are, without padding; as in `Training.model`."""
        dim, words = self.settings.dim, self.words
        together = np.zeros((words, self.inputs.shape[1]), np.float32)
        kernels.put_together(self.inputs, self.subwords(), together)
        order = np.argsort(self.buckets)
        ngram_rows = self.inputs[words + order, :dim]
        return FastText(
            self.corpus.vocabulary,
            self._words_of(together, at_end=True),
            self._words_of(self.outputs, at_end),
            self._words_of(self.inputs, at_end),
            ngram_rows,
            self.buckets[order],
            self.settings,
            analysis,
            **rest,
        )


def _in_order_of_use(buckets: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Each bucket once, in the order of first use, and the place there of every bucket given.

    Frequent words come first, so their n-grams lie together in memory.
    """
    distinct, first, place = np.unique(buckets, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return distinct[order], rank[place]
