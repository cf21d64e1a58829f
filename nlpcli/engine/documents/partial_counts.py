"""Partial counts of `vectorize`: in how many documents each feature stands, and how often.

The rows of a document need the frequencies of all documents, so there are two passes: the frequencies of
shards are counted and added up, and make a `Vectorizer`; with that the rows of each shard are made by
themselves (`Vectorizer.rows`), since no sum goes over rows. Frequencies are whole numbers: the weights of
each row are, to the bit, those of all at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nlpcli.engine.corpus.empty_corpus import NoTokens
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.encoding import encode_every
from nlpcli.engine.corpus.token_counts import Tokens
from nlpcli.engine.corpus.vocabulary import Vocabulary, select
from nlpcli.engine.corpus.word_ngrams import no_ngrams
from nlpcli.engine.documents import sparse
from nlpcli.engine.documents.vectorizer import Vectorizer, features_of, kept_features
from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.io.records import Records
from nlpcli.engine.io.schema import AGAIN
from nlpcli.engine.io.shards import Shard, merge_all
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import ModelError, OutputError
from nlpcli.settings.documents import VectorizeSettings
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

KIND = "document-frequencies"
_EVERYTHING = VocabularySettings(vocab_order="first-seen")


@dataclass(frozen=True, eq=False)
class Frequencies:
    """The features of some documents: counts [V, 2], how often each was seen and in how many documents.

    words: how many tokens were read; why_none: of documents without one, what is known of the reason
    """

    tokens: Tokens
    documents: int
    words: int
    why_none: str = ""


@dataclass(frozen=True)
class FrequencyCounting:
    """What `vectorize` does with shards, in its first pass.

    Of `settings`, a part is counted by the lengths of n-grams alone; all else, and `vocabulary`, chooses when
    all are together.
    """

    analysis: AnalysisSettings = LOWERCASE
    settings: VectorizeSettings = VectorizeSettings()
    vocabulary: VocabularySettings = VocabularySettings()
    records: RecordSettings = RecordSettings()
    reading: InputSettings = InputSettings()

    def part(self, shard: Shard, progress: Progress = SILENT) -> Frequencies:
        """The frequencies of some files. Raises InputError for rows that cannot be read."""
        labelled = self.records.has_labels
        rows = Records(shard.paths, self.records, self.reading, labelled=labelled, progress=progress)
        corpus, counted = encode_every(rows.documents(), self.analysis)
        why_none = "" if len(counted.types) else counted.why_none().message
        tokens = self._tokens(corpus, shard.number)
        return Frequencies(tokens, corpus.documents, len(corpus.ids), why_none)

    def _tokens(self, corpus: EncodedCorpus, shard: int) -> Tokens:
        longest = int(np.diff(corpus.offsets).max(initial=0))
        if longest < self.settings.word_range[0] or not longest:
            nothing = Vocabulary.of([], [])
            return Tokens.of(nothing, shard, nothing.counts)
        found = features_of(corpus, self.settings, _EVERYTHING)
        return Tokens.of(found.vocabulary, shard, sparse.document_frequencies(found.counts))

    def merge(self, one: Frequencies, other: Frequencies) -> Frequencies:
        """The frequencies of both."""
        return Frequencies(
            one.tokens.plus(other.tokens),
            one.documents + other.documents,
            one.words + other.words,
            one.why_none or other.why_none,
        )

    def finish(self, merged: Frequencies, progress: Progress = SILENT) -> Vectorizer:  # noqa: ARG002
        """The vectorizer of all documents, which makes the rows of each shard.

        Raises InputError (NoTokens: of texts without tokens) when no feature is left.
        """
        if not merged.words:
            raise NoTokens(merged.why_none or "the input holds no tokens")
        if not len(merged.tokens):
            raise no_ngrams(self.settings.word_range[0])
        seen = merged.tokens.as_seen()
        chosen, new_id = select(seen.in_order(), self.vocabulary)
        frequencies = np.empty(len(chosen), dtype=np.int64)
        frequencies[new_id[new_id >= 0]] = seen.counts[new_id >= 0, 1]
        kept = kept_features(chosen, frequencies, merged.documents, self.settings, given=False)
        if not kept.all():
            chosen, frequencies = chosen.take(np.flatnonzero(kept)), frequencies[kept]
        return Vectorizer(self.settings, self.analysis, chosen, frequencies, merged.documents)


# --- files ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class FrequencyFile:
    """What a file of frequencies holds, and how they were counted: `ngrams` and `char_ngrams` are ranges."""

    counts: Frequencies
    analysis: AnalysisSettings
    ngrams: str
    char_ngrams: str

    @property
    def documents(self) -> int:
        """How many documents were read."""
        return self.counts.documents

    def vectorizer(
        self,
        settings: VectorizeSettings = VectorizeSettings(),
        vocabulary: VocabularySettings = VocabularySettings(),
    ) -> Vectorizer:
        """The vectorizer of these documents, with the file's n-grams. Raises InputError as `finish`."""
        settings = replace(settings, ngrams=self.ngrams, char_ngrams=self.char_ngrams)
        return FrequencyCounting(self.analysis, settings, vocabulary).finish(self.counts)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file."""
        seen = self.counts.tokens.as_seen()
        header = {
            "analysis": self.analysis.to_record(),
            "ngrams": self.ngrams,
            "char_ngrams": self.char_ngrams,
            "documents": self.counts.documents,
            "words": self.counts.words,
        }
        frequencies = np.ascontiguousarray(seen.counts[:, 1])
        write_model(path, KIND, header, {**seen.in_order().to_tensors(), "document_frequencies": frequencies})

    @classmethod
    def load(cls, path: str | os.PathLike[str], shard: int = 0) -> FrequencyFile:
        """The file that `save` wrote, as the counts of a shard. Raises ModelError."""
        model = read_model(path, KIND)
        frequencies = model.tensors["document_frequencies"]
        tokens = Tokens.of(Vocabulary.from_model(model), shard, frequencies).by_key()
        if not tokens.distinct():
            raise ModelError(f"{path} is damaged: a feature stands twice in it", hint=AGAIN)
        fields = model.fields
        counts = Frequencies(tokens, fields["documents"], fields["words"])
        return cls(counts, fields["analysis"], fields["ngrams"], fields["char_ngrams"])


def check_name(output: str | os.PathLike[str]) -> None:
    """Raise OutputError for a file whose name says that it is of another kind."""
    if not os.fspath(output).lower().endswith(".safetensors"):
        raise OutputError(
            f"{output}: frequencies for merge are written as .safetensors", hint="name a .safetensors file"
        )


def merge_files(paths: Sequence[str], output: str) -> FrequencyFile:
    """The frequencies of several files, in the order of the documents, written to another.

    Raises ModelError for files that do not add up, OutputError for another name than theirs.
    """
    check_name(output)
    first = FrequencyFile.load(paths[0])

    def counts() -> Iterator[Frequencies]:
        yield first.counts
        for number, path in enumerate(paths[1:], start=1):
            part = FrequencyFile.load(path, number)
            if (part.analysis, part.ngrams, part.char_ngrams) != (
                first.analysis, first.ngrams, first.char_ngrams,
            ):  # fmt: skip
                raise ModelError(
                    f"{paths[0]} and {path} were counted in different ways and do not add up",
                    hint="count all parts with the same options; nlpcli inspect FILE shows them",
                )
            yield part.counts

    total = replace(first, counts=merge_all(counts(), FrequencyCounting().merge))
    total.save(output)
    return total
