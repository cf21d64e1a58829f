"""Word2Vec: vectors of words from the words around them (Mikolov et al. 2013).

    text ─ encoding ─▶ ids ─ train ─▶ Word2Vec ─ save ─▶ .safetensors, .txt, .vec, .bin

A model keeps both matrices: the input vectors (W1), which are "the word vectors", and the
output vectors (W2).

Not here: how vectors are trained (`word2vec_training.py`), the arithmetic
(`kernels/embeddings/sgns.py`, `kernels/embeddings/cbow.py`), the order of the work (`schedule.py`),
the whole job with files, phrases and going on (`job.py`), questions to vectors
(`vectors/neighbours.py`), subwords (`fasttext.py`).
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io import model_file
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.vectors.writing import layout_of, write_vectors
from nlpcli.settings.embeddings import PhraseSettings, Word2VecSettings
from nlpcli.settings.text import AnalysisSettings


@dataclass(frozen=True)
class Unfinished:
    """How far an interrupted training came: chunks done of a text of so many words.

    `loss` and `predictions` are summed over the epoch that was under way. `chunks` is None when a
    version of this program wrote it that cut the text otherwise, and called them stretches.
    """

    chunks: int | None
    words: int
    loss: float
    predictions: int

    def to_record(self) -> dict[str, Any]:
        """As it stands in a model file."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, eq=False)
class Word2Vec:
    """Words with their input and output vectors, float32 [V, dim] each.

    With --loss hs the output vectors are those of the inner nodes of the Huffman tree.
    `losses` is the mean loss of each epoch: per pair of words for skip-gram, per word for CBOW.
    """

    vocabulary: Vocabulary
    vectors: Floats
    output_vectors: Floats
    settings: Word2VecSettings
    analysis: AnalysisSettings
    phrases: PhraseSettings = field(default_factory=PhraseSettings)
    losses: list[float] = field(default_factory=list)
    unfinished: Unfinished | None = None

    kind: ClassVar[str] = "word2vec"
    fixed: ClassVar[tuple[str, ...]] = ("model", "loss", "dim")  # settings that going on cannot change

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model (`.safetensors`), or its word vectors alone in another layout, by the extension."""
        if layout_of(path) == "safetensors":
            self.save_model(path)
        else:
            write_vectors(path, self.vocabulary.tokens, self.vectors, counts=self.vocabulary.counts)

    def save_model(self, path: str | os.PathLike[str]) -> None:
        """Write the whole model, whatever the file is called."""
        header = header_of(self.settings, self.analysis, self.phrases, self.losses, self.unfinished)
        tensors = {"vectors": self.vectors, "output_vectors": self.output_vectors}
        model_file.write_model(path, self.kind, header, {**tensors, **self.vocabulary.to_tensors()})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Word2Vec:
        """A model from its file. Raises ModelError when it is damaged or of another kind."""
        model = model_file.read_model(path, cls.kind)
        return cls(
            Vocabulary.from_model(model),
            model.tensors["vectors"],
            model.tensors["output_vectors"],
            **read_header(model),
        )


def header_of(
    settings: Word2VecSettings,
    analysis: AnalysisSettings,
    phrases: PhraseSettings,
    losses: list[float],
    unfinished: Unfinished | None,
) -> dict[str, Any]:
    """The header of a model file; how many threads there were is not in it."""
    record = settings.to_record()
    del record["threads"]
    header: dict[str, Any] = {"settings": record, "analysis": analysis.to_record(), "losses": losses}
    header["phrases"] = phrases.to_record()
    if unfinished is not None:
        header["unfinished"] = unfinished.to_record()
    return header


def read_header(model: model_file.Model) -> dict[str, Any]:
    """What `header_of` wrote, as arguments of a model."""
    left = model.fields["unfinished"]
    return {
        **model.fields,
        "losses": list(model.fields["losses"]),
        "unfinished": None if left is None else Unfinished(**left),
    }


def pairs(corpus: EncodedCorpus, window: int) -> Iterator[tuple[str, str]]:
    """Every word with each of its neighbours up to `window` words away, in the order of the text.

    >>> from nlpcli.engine.corpus.encoding import encode_documents
    >>> from nlpcli.settings.vocabulary import VocabularySettings
    >>> corpus = encode_documents([["I study math"]], AnalysisSettings(), VocabularySettings())
    >>> list(pairs(corpus, 1))
    [('I', 'study'), ('study', 'I'), ('study', 'math'), ('math', 'study')]
    """
    tokens = corpus.vocabulary.tokens
    for sentence in corpus:
        words = [tokens[number] for number in sentence.tolist()]
        for centre, word in enumerate(words):
            for place in range(max(0, centre - window), min(len(words), centre + window + 1)):
                if place != centre:
                    yield word, words[place]
