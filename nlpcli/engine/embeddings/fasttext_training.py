"""Training FastText vectors: the schedule of Word2Vec over rows of subwords."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.subwords import rule_of
from nlpcli.engine.embeddings.fasttext import FastText
from nlpcli.engine.embeddings.hogwild import Run, Step
from nlpcli.engine.embeddings.schedule import Chunk
from nlpcli.engine.embeddings.word2vec import Word2Vec
from nlpcli.engine.embeddings.word2vec_training import Training, kernels, set_first_vectors
from nlpcli.engine.kernels.embeddings.arguments import Subwords
from nlpcli.engine.kernels.simd.padding import aligned_rows
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.settings.embeddings import FastTextSettings
from nlpcli.settings.text import AnalysisSettings

if TYPE_CHECKING:
    from nlpcli.engine.embeddings.deterministic import SubwordShards


def train(
    corpus: EncodedCorpus,
    settings: FastTextSettings,
    analysis: AnalysisSettings = AnalysisSettings(),
    progress: Progress = SILENT,
) -> FastText:
    """Train on an encoded text, as `word2vec.train` does, with subwords.

    >>> from nlpcli.engine.corpus.encoding import encode_documents
    >>> from nlpcli.settings.vocabulary import VocabularySettings
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
        matrices, text = (self.inputs, self.outputs), self.text()
        rest = self.subwords(), self.objective, self.window

        def step(part: Chunk) -> tuple[float, int]:
            sums: tuple[float, int] = kernels.train_subwords(*matrices, text, *rest, *part.arguments())
            return sums

        return step

    def _shards(self) -> SubwordShards:
        from nlpcli.engine.embeddings.deterministic import SubwordShards

        return SubwordShards(self.inputs, self.outputs, self.subwords(), self.window.most)

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
