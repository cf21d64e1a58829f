"""Topics as a model: what each is about, and how much of each is in a text.

    lda   P(word | topic) = (n_wk + η_wk) / (n_k + Σ η_k), η = β but for seed words (`seed_words.py`);
           a text's weights are the posterior mean of its topics
    nmf   the words' weights in a factor;               a text's weights are its non-negative coordinates
    lsa   the words' coordinates on an axis;            a text's weights are its coordinates, of either sign

Weights of lda and nmf add up to 1. Not here: how topics are found (`lda.py`, `factors.py`).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.documents import sparse
from nlpcli.engine.documents.sparse import SparseMatrix, split_rows
from nlpcli.engine.io.checkpoints import read_finished
from nlpcli.engine.io.line_ends import one_line
from nlpcli.engine.io.model_file import write_model
from nlpcli.engine.io.record_formats import Documents
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.threads import available_cores, run_all
from nlpcli.engine.text.arguments import as_list
from nlpcli.engine.topics.factors import Rows, non_negative
from nlpcli.engine.topics.seed_words import seed_counts
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.topics import TopicSettings

kernels = Kernels("topics.fold_in")

KIND, UNFINISHED = "topics", "topics-checkpoint"
_LANES = 8
_SWEEPS, _TOLERANCE = 50, 1e-3


@dataclass(frozen=True, eq=False)
class TopicModel:
    """K topics over V words.

    With lda word_counts int32 [V, K], alpha float64 [K] and, where words were named for topics, seeds int32
    [S, 2], the pairs of a word and its topic; with the others components float32 [V, K],
    strengths float64 [K] (singular values, or how much of the texts a factor was) and
    document_frequencies int64 [V].
    """

    settings: TopicSettings
    analysis: AnalysisSettings
    vocabulary: Vocabulary
    documents: int
    word_counts: NDArray[np.int32] | None = None
    alpha: NDArray[np.float64] | None = None
    seeds: NDArray[np.int32] | None = None
    components: Floats | None = None
    strengths: NDArray[np.float64] | None = None
    document_frequencies: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        table = self.word_counts if self.components is None else self.components
        assert table is not None
        return int(table.shape[1])

    @functools.cached_property
    def word_weights(self) -> Floats:
        """How much of each topic a word is: float32 [V, K]; with lda P(word | topic)."""
        if self.components is not None:
            return self.components
        assert self.word_counts is not None
        smoothed = self.word_counts + self.settings.beta
        if self.seeds is not None:
            frequencies = self.word_counts.sum(axis=1, dtype=np.int64)
            more = seed_counts(self.seeds, frequencies, self.settings.seed_weight)
            smoothed[self.seeds[:, 0], self.seeds[:, 1]] += more
        shares: Floats = (smoothed / smoothed.sum(axis=0)).astype(np.float32)
        return shares

    @functools.cached_property
    def sizes(self) -> NDArray[np.float64]:
        """How much of all texts each topic is, adding up to 1."""
        sizes = self.strengths if self.word_counts is None else self.word_counts.sum(axis=0, dtype=np.int64)
        assert sizes is not None
        return sizes / max(float(sizes.sum()), 1e-30)

    def top_words(self, top: int = 10) -> list[list[tuple[str, float]]]:
        """The heaviest words of each topic, with their weights; of lsa those furthest from 0."""
        found = []
        for topic in range(len(self)):
            weights = self.word_weights[:, topic]
            order = np.argsort(-np.abs(weights), kind="stable")[:top].tolist()
            found.append(
                [(self.vocabulary.tokens[word], float(weights[word])) for word in order if weights[word]]
            )
        return found

    def encode(self, batches: Iterable[Documents]) -> EncodedCorpus:
        """Texts in the model's words; others are left out."""
        return encode_documents(batches, self.analysis, self.vocabulary)

    def transform(self, texts: Iterable[str]) -> Floats:
        """How much of each topic is in each text: float32 [texts, K]; zeros where it has no known word."""
        return self.weights(self.encode([[one_line(text) for text in as_list(texts)]]))

    def weights(self, corpus: EncodedCorpus, threads: int | None = None) -> Floats:
        """The same for texts that are encoded."""
        threads = threads or available_cores()
        found = (
            self._folded_in(corpus, threads)
            if self.components is None
            else self._coordinates(corpus, threads)
        )
        if self.settings.method != "lsa":
            found /= np.maximum(found.sum(axis=1, keepdims=True), np.float32(1e-30))
        found[np.diff(corpus.offsets) == 0] = 0
        return found

    def _folded_in(self, corpus: EncodedCorpus, threads: int) -> Floats:
        assert self.alpha is not None
        row = self._padded.shape[1]
        alpha = np.zeros(row, dtype=np.float32)
        alpha[: len(self)] = self.alpha
        found = np.zeros((corpus.documents, row), dtype=np.float32)

        def part(first: int, last: int) -> None:
            kernels.fold_in(
                corpus.ids, corpus.offsets, first, last, self._padded, alpha, _SWEEPS,
                np.float32(_TOLERANCE), np.empty(row, np.float32), found,
            )  # fmt: skip

        run_all(part, split_rows(corpus.offsets, 4 * threads), threads)
        return np.ascontiguousarray(found[:, : len(self)])

    @functools.cached_property
    def _padded(self) -> Floats:
        words, topics = self.word_weights.shape
        padded = np.zeros((words, -(-topics // _LANES) * _LANES), dtype=np.float32)
        padded[:, :topics] = self.word_weights
        return padded

    def _coordinates(self, corpus: EncodedCorpus, threads: int) -> Floats:
        assert self.components is not None and self.document_frequencies is not None
        rows = tfidf_rows(sparse.count_matrix(corpus), self.document_frequencies, self.documents)
        if self.settings.method == "nmf":
            return non_negative(rows, self.components, threads)
        return Rows(rows, threads).times(self.components)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""
        header = {
            "settings": self.settings.to_record(),
            "analysis": self.analysis.to_record(),
            "documents": self.documents,
        }
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        tensors = {name: array for name, array in arrays.items() if array is not None}
        write_model(path, KIND, header, {**self.vocabulary.to_tensors(), **tensors})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TopicModel:
        """Read a model file. Raises ModelError."""
        model = read_finished(path, (KIND,), (UNFINISHED,), "model of topics", "train-topics")
        arrays = {name: model.tensors.get(name) for name in _ARRAYS}
        return cls(vocabulary=Vocabulary.from_model(model), **model.fields, **arrays)  # type: ignore[arg-type]


_ARRAYS = ("word_counts", "alpha", "seeds", "components", "strengths", "document_frequencies")


def tfidf_rows(counts: SparseMatrix, frequencies: NDArray[np.int64], documents: int) -> SparseMatrix:
    """TF-IDF with 1 + ln(count), rows of length 1, as `vectorize --sublinear-tf` weighs them."""
    idf = np.log((1 + documents) / (1 + frequencies)) + 1.0
    return sparse.weighed(counts, idf, sublinear=True)
