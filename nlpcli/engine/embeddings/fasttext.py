"""FastText: word vectors made of subwords, also for words never seen (Bojanowski et al. 2017).

The vector of a word is the mean of the word's own row and the rows of its character n-grams;
a word that was not in the text has the mean of its n-grams. Only n-grams of the text's words
have a row: one never seen has learnt nothing.

Not here: how vectors are trained (`fasttext_training.py`), which n-grams (`vectors/subwords.py`),
Facebook's files (`vectors/facebook.py`), the arithmetic (`kernels/embeddings/windows.py`), the
whole job (`job.py`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.subwords import rule_of
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.embeddings.word2vec import Unfinished, header_of, read_header
from nlpcli.engine.io import model_file
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.vectors.subwords import ABSENT, ZEROS, Subwords
from nlpcli.engine.vectors.writing import SubwordModel, layout_of, write_vectors
from nlpcli.settings.embeddings import FastTextSettings, PhraseSettings
from nlpcli.settings.text import AnalysisSettings


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
    zeros: bool = True  # whether n-grams without a row count in the mean of an unseen word, as zeros

    kind: ClassVar[str] = "fasttext"
    fixed: ClassVar[tuple[str, ...]] = ("model", "loss", "dim", "minn", "maxn", "bucket", "jamo")

    def vector(self, word: str) -> Floats:
        """The vector [dim] of any word, seen or not; zeros when not even an n-gram of it was seen."""
        number = self.vocabulary.id_of.get(word)
        if number is not None:
            return np.asarray(self.vectors[number])
        return self.subwords.vector(word)

    @property
    def subwords(self) -> Subwords:
        """The n-grams and the rows of all."""
        rows = self.buckets, self.ngram_rows, self.zeros, self.word_rows, self.output_vectors
        return Subwords(rule_of(self.settings), *rows)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model (`.safetensors`, fastText's `.bin`), or its words alone, by the extension."""
        if layout_of(path) == "safetensors":
            self.save_model(path)
        else:
            model = SubwordModel(self.subwords, {"settings": self.settings.to_record()})
            words, counts = self.vocabulary.tokens, self.vocabulary.counts
            write_vectors(path, words, self.vectors, counts=counts, model=model)

    def save_model(self, path: str | os.PathLike[str]) -> None:
        """Write the whole model, whatever the file is called."""
        header = header_of(self.settings, self.analysis, self.phrases, self.losses, self.unfinished)
        if self.zeros:
            header[ABSENT] = ZEROS
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
        found = model.tensors
        return cls(
            vocabulary=Vocabulary.from_model(model),
            vectors=found["vectors"],
            output_vectors=found["output_vectors"],
            word_rows=found["word_rows"],
            ngram_rows=found["ngram_rows"],
            buckets=found["ngram_buckets"],
            zeros=model.header.get(ABSENT) == ZEROS,
            **read_header(model),
        )
