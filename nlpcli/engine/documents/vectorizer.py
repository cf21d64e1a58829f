"""Documents to weighted features: one-hot, bag of words, binary, TF-IDF, hashing.

A `Vectorizer` is what was learnt from the first text (analysis, vocabulary, document
frequencies), so that new text is turned into the same columns. Files are written by
`matrix_files.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.empty_corpus import NoTokens
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus, renumber
from nlpcli.engine.corpus.encoding import encode_documents, encode_every
from nlpcli.engine.corpus.vocabulary import Vocabulary, select
from nlpcli.engine.corpus.word_ngrams import with_ngrams
from nlpcli.engine.documents import sparse
from nlpcli.engine.documents.char_ngrams import with_char_ngrams
from nlpcli.engine.documents.sparse import SparseMatrix
from nlpcli.engine.io.line_ends import one_line
from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.io.record_formats import Documents, count_texts, grouped
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.text.arguments import as_list
from nlpcli.errors import InputError
from nlpcli.settings.documents import VectorizeSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

if TYPE_CHECKING:
    from scipy.sparse import csr_array

kernels = Kernels("counts.documents")

KIND = "vectorizer"
_HASHED_TOKENS = 1 << 20


@dataclass(frozen=True, eq=False)
class Vectorizer:
    """Turns documents into rows as it did when it was fitted.

    document_frequencies: int64 [V], in how many of the `documents` fitted on each token stood
    """

    settings: VectorizeSettings
    analysis: AnalysisSettings
    vocabulary: Vocabulary
    document_frequencies: NDArray[np.int64]
    documents: int

    @property
    def idf(self) -> NDArray[np.float64]:
        """Inverse document frequencies [V]: ln((1 + n) / (1 + df)) + 1, unsmoothed ln(n / df) + 1."""
        extra = 1 if self.settings.smooth_idf else 0
        return np.log((self.documents + extra) / (self.document_frequencies + extra)) + 1.0

    def transform(self, texts: Iterable[str]) -> csr_array:
        """A row for each text, [texts, V]; what is not in the vocabulary counts for nothing.

        >>> vectorizer, _ = fit([["b a b", "a"]], settings=VectorizeSettings(kind="bow"))
        >>> vectorizer.transform(["a b c a"]).toarray().tolist()
        [[1, 2]]
        """
        return self.rows([[one_line(text) for text in as_list(texts)]]).to_scipy()

    def rows(self, batches: Iterable[Documents]) -> SparseMatrix:
        """The same for documents as they are read from files."""
        return self.weights(find_features(batches, self.analysis, self.settings, self.vocabulary))

    def weights(self, found: Found) -> SparseMatrix:
        """Rows for features that were found in documents."""
        if self.settings.kind == "onehot":
            return sparse.token_matrix(found.corpus)
        return self._weighed(found.counts)

    def _weighed(self, counts: SparseMatrix) -> SparseMatrix:
        if self.settings.kind == "binary":
            return counts.with_data(np.ones(len(counts.data), dtype=np.int32))
        if self.settings.kind != "tfidf":
            return counts
        return sparse.weighed(counts, self.idf, self.settings.sublinear_tf, self.settings.norm)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""
        header = {
            "settings": self.settings.to_record(),
            "analysis": self.analysis.to_record(),
            "documents": self.documents,
        }
        tensors = {**self.vocabulary.to_tensors(), "document_frequencies": self.document_frequencies}
        write_model(path, KIND, header, tensors)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Vectorizer:
        """Read a model file. Raises ModelError."""
        model = read_model(path, KIND)
        return cls(
            vocabulary=Vocabulary.from_model(model),
            document_frequencies=model.tensors["document_frequencies"],
            **model.fields,
        )


def fit(
    batches: Iterable[Documents],
    analysis: AnalysisSettings = AnalysisSettings(lowercase=True),
    vocabulary: VocabularySettings | Vocabulary = VocabularySettings(),
    settings: VectorizeSettings = VectorizeSettings(),
) -> tuple[Vectorizer, SparseMatrix]:
    """Learn a vocabulary from documents, and their rows.

    TF-IDF with the default settings gives the numbers of scikit-learn's TfidfVectorizer.

    >>> vectorizer, rows = fit([["b a b", "a"]], settings=VectorizeSettings(kind="bow"))
    >>> vectorizer.vocabulary.tokens, rows.to_dense().tolist()
    (('b', 'a'), [[2, 1], [0, 1]])

    Raises InputError when --min-df and --max-df leave no feature.
    """
    found = find_features(batches, analysis, settings, vocabulary)
    documents = found.counts.shape[0]
    frequencies = sparse.document_frequencies(found.counts)
    kept = kept_features(
        found.vocabulary, frequencies, documents, settings, given=isinstance(vocabulary, Vocabulary)
    )
    if not kept.all():
        found, frequencies = found.only(kept), frequencies[kept]
    vectorizer = Vectorizer(settings, analysis, found.vocabulary, frequencies, documents)
    return vectorizer, vectorizer.weights(found)


@dataclass(frozen=True, eq=False)
class Found:
    """The features of some documents: how often each stands in each, and what they are called.

    `corpus` is the text as ids of these features; character n-grams have none (the ids are
    those of the words then).
    """

    corpus: EncodedCorpus
    counts: SparseMatrix
    vocabulary: Vocabulary

    def only(self, kept: NDArray[np.bool_]) -> Found:
        """The features for which `kept` [V] is true."""
        vocabulary = self.vocabulary.take(np.flatnonzero(kept))
        new_column = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
        corpus = self.corpus
        if corpus.vocabulary is self.vocabulary:
            corpus = renumber(corpus, new_column, vocabulary)
        return Found(corpus, self.counts.with_columns(new_column, len(vocabulary)), vocabulary)


def find_features(
    batches: Iterable[Documents],
    analysis: AnalysisSettings,
    settings: VectorizeSettings,
    vocabulary: VocabularySettings | Vocabulary,
) -> Found:
    """Words, n-grams of words, or n-grams of characters inside words, as the settings say.

    Raises InputError when there is none.
    """
    if settings.word_range == (1, 1) and settings.char_range == (1, 0):
        corpus = encode_documents(batches, analysis, vocabulary)
        return Found(corpus, sparse.count_matrix(corpus), corpus.vocabulary)
    words, counted = encode_every(batches, analysis)
    if len(counted.types):
        return features_of(words, settings, vocabulary)
    if isinstance(vocabulary, VocabularySettings):
        raise counted.why_none()
    nothing = EncodedCorpus(words.ids, words.offsets, vocabulary)
    return Found(nothing, sparse.count_matrix(nothing), vocabulary)


def features_of(
    words: EncodedCorpus, settings: VectorizeSettings, vocabulary: VocabularySettings | Vocabulary
) -> Found:
    """The same of documents as ids of all their words, in order of first appearance."""
    if settings.char_range == (1, 0):
        is_all = settings.word_range == (1, 1)
        corpus = words if is_all else with_ngrams(words, *settings.word_range, vocabulary)
        return Found(corpus, sparse.count_matrix(corpus), corpus.vocabulary)
    runs, names = with_char_ngrams(sparse.count_matrix(words), words.vocabulary.tokens, *settings.char_range)
    if isinstance(vocabulary, VocabularySettings):
        chosen, new_column = select(Vocabulary.of(names, runs.column_sums()), vocabulary)
    else:
        chosen, new_column = vocabulary, vocabulary.ids_of(names)
    return Found(words, runs.with_columns(new_column, len(chosen)).sorted(), chosen)


def kept_features(
    vocabulary: Vocabulary,
    frequencies: NDArray[np.int64],
    documents: int,
    settings: VectorizeSettings,
    *,
    given: bool,
) -> NDArray[np.bool_]:
    """Which columns min_df, max_df and max_features leave: bool [V]. given: the vocabulary was.

    Raises InputError when they leave none.
    """
    kept = (frequencies >= settings.min_df) & (frequencies <= settings.max_df * documents)
    has_weight = settings.kind != "tfidf" or settings.smooth_idf
    if given and settings.min_df <= 1 and has_weight:
        kept |= frequencies == 0  # whoever brings a vocabulary wants its columns
    if settings.max_features is not None:
        by_count = np.argsort(-np.where(kept, vocabulary.counts, 0), kind="stable")
        kept[by_count[settings.max_features :]] = False
    if not kept.any():
        raise InputError(
            f"no feature is left: --min-df {settings.min_df} and --max-df {settings.max_df} "
            f"drop all {len(vocabulary):,} of {documents:,} documents",
            hint="lower --min-df or raise --max-df",
        )
    return kept


def hashed(
    batches: Iterable[Documents], analysis: AnalysisSettings, settings: VectorizeSettings
) -> SparseMatrix:
    """Counts in 2^hash_bits columns chosen by a hash: no vocabulary, nothing to fit.

    Signed as in Weinberger et al. (2009), so that collisions cancel on average; the same
    columns and signs as scikit-learn's HashingVectorizer(norm=None). Text is taken in pieces,
    so memory holds the rows and no vocabulary.
    """
    pieces = [_hashed(piece, analysis, settings) for piece in _pieces(batches)]
    lengths = np.concatenate([np.zeros(1, dtype=np.int64), *(np.diff(piece.indptr) for piece in pieces)])
    return SparseMatrix(
        np.concatenate([np.zeros(0), *(piece.data for piece in pieces)]),
        np.concatenate([np.zeros(0, dtype=np.int32), *(piece.indices for piece in pieces)]),
        np.cumsum(lengths),
        1 << settings.hash_bits,
    )


def _pieces(batches: Iterable[Documents]) -> Iterable[list[Documents]]:
    piece: list[Documents] = []
    size = 0
    for group in grouped(batches):
        for batch in group:
            piece.append(batch)
            size += len(batch) if isinstance(batch, bytes) else sum(map(len, batch))
        if size >= 8 * _HASHED_TOKENS:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _hashed(
    batches: list[Documents], analysis: AnalysisSettings, settings: VectorizeSettings
) -> SparseMatrix:
    columns = 1 << settings.hash_bits
    try:
        found = find_features(batches, analysis, settings, VocabularySettings())
    except NoTokens:  # documents without a single token are rows of zeros
        empty = np.zeros(0, dtype=np.int32)
        return SparseMatrix(
            np.zeros(0), empty, np.zeros(sum(map(count_texts, batches)) + 1, dtype=np.int64), columns
        )
    counts = found.counts
    tensors = found.vocabulary.to_tensors()
    hashes = np.empty(len(found.vocabulary), dtype=np.uint32)
    kernels.murmur3(tensors["vocabulary.bytes"], tensors["vocabulary.offsets"], hashes)
    signed = hashes.astype(np.int32).astype(np.int64)
    column = np.abs(signed) % columns
    sign = np.where(signed >= 0, 1.0, -1.0)
    rows = np.repeat(np.arange(counts.shape[0], dtype=np.int64), np.diff(counts.indptr))
    cells, where = np.unique(rows * columns + column[counts.indices], return_inverse=True)
    data = np.bincount(where, weights=counts.data * sign[counts.indices], minlength=len(cells))
    lengths = np.bincount(cells // columns, minlength=counts.shape[0])
    indptr = offsets_of(lengths)
    return SparseMatrix(data, (cells % columns).astype(np.int32), indptr, columns)
