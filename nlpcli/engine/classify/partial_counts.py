"""Partial counts of Naive Bayes: of a part of the texts, with any number of classes, even none.

A model needs two classes and decides by all of its texts what it looks at; a part of them, of a corpus that
is sorted by label, say, cannot know either. So both are seen to when the counts of all parts are together.
Where `--ngrams` or `--char-ngrams` are automatic, a part is counted by what its own texts decide, or what
those of another part did (`ClassCounting.guessing`), and if all texts decide otherwise, that is an error
which says what to count again.

Not here: the models (`naive_bayes.py`), and the file of such counts (`partial_count_files.py`).
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.automatic_features import TextFacts, decided, resolved
from nlpcli.engine.classify.examples import check_filled, check_number, read_labelled
from nlpcli.engine.classify.features import FeatureCounts, count
from nlpcli.engine.classify.naive_bayes import NaiveBayes, names_of_features
from nlpcli.engine.classify.packed_counts import of_classes
from nlpcli.engine.corpus.token_counts import Tokens, key_places
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.shards import Shard
from nlpcli.engine.runtime.arrays import joined, offsets_of
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import InputError, ModelError
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings

_OPTIONS = {"ngrams": "--ngrams", "char_ngrams": "--char-ngrams", "char_span": "--char-span"}


class OtherFeatures(ModelError):
    """All texts together decide about the features otherwise than those did by which parts were counted.

    `features` are the decided ones: counted by them, the parts add up.
    """

    features: FeatureSettings


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """Counts of features by class, of some texts.

    labels: the classes that are among the texts, ascending
    documents: int64 [C], texts of each class; filled: int64 [C], those of them with a token
    counts: keys uint64 [F], counts int64 [F, C]
    tokens: how often each was seen; none where features are hashed and nothing is automatic
    texts: how many; features: as they were counted
    """

    labels: tuple[str, ...]
    documents: NDArray[np.int64]
    filled: NDArray[np.int64]
    counts: FeatureCounts
    tokens: Tokens
    texts: int
    features: FeatureSettings

    def facts(self) -> TextFacts:
        """What decides about automatic features."""
        seen = np.ascontiguousarray(self.tokens.counts[:, 0])
        return TextFacts(self.tokens.in_order(), self.texts, int(seen.sum()), lambda: seen)

    def fits(self, features: FeatureSettings) -> bool:
        """Whether these features were counted, or there were none to count."""
        return not len(self.counts) or _as_counted(self.features) == _as_counted(features)

    def by_key(self) -> ClassCounts:
        """The same with the tokens in the order of their keys, which features are in already."""
        return dataclasses.replace(self, tokens=self.tokens.by_key())

    def between(self, first: int, last: int) -> ClassCounts:
        """The features and tokens with keys from `first` up to `last`, of counts that are `by_key`.

        What one task of many may add up; the texts are those of all.
        """
        begin, end = key_places(self.counts.keys, first, last)
        counts = FeatureCounts(self.counts.keys[begin:end], self.counts.counts[begin:end])
        return dataclasses.replace(self, counts=counts, tokens=self.tokens.between(first, last))

    def without_features(self) -> ClassCounts:
        """The same with what decides about features alone."""
        none = FeatureCounts(np.empty(0, np.uint64), np.empty((0, len(self.labels)), np.int64))
        return dataclasses.replace(self, counts=none)


@dataclass(frozen=True)
class ClassCounting:
    """What `train-nb` does with shards, for the methods that count (not nbsvm).

    features: as they were asked for; counted: as they are counted, where that is decided already
    """

    analysis: AnalysisSettings = LOWERCASE
    features: FeatureSettings = FeatureSettings()
    settings: NaiveBayesSettings = NaiveBayesSettings()
    records: RecordSettings = RecordSettings()
    reading: InputSettings = InputSettings()
    counted: FeatureSettings | None = None

    def part(self, shard: Shard, progress: Progress = SILENT) -> ClassCounts:
        """The counts of some files. Raises InputError for rows without a label."""
        examples = read_labelled(
            shard.paths, self.analysis, self.records, self.reading, progress, none_too=True
        )
        corpus, names = examples.corpus, examples.names
        features = self.counted or resolved(self.features, self.settings.variant, corpus)
        counts = count(corpus, examples.labels, len(names), features, progress)
        needless = features.hash_bits and self.features.decided
        tokens = Vocabulary.of([], []) if needless else corpus.vocabulary
        filled = examples.only(examples.filled).documents_per_class()
        documents = examples.documents_per_class()
        return ClassCounts(
            names, documents, filled, counts, Tokens.of(tokens, shard.number), len(examples.labels), features
        )

    def merge(self, one: ClassCounts, other: ClassCounts) -> ClassCounts:
        """The counts of both. Raises ModelError where they are of other features."""
        if not (one.fits(other.features) or other.fits(one.features)):
            said = " and ".join(_said(each.features) for each in (one, other))
            raise ModelError(
                f"parts were counted with other features: {said}",
                hint="name what the texts decided, with all parts: --ngrams, --char-ngrams, --char-span",
            )
        return self.merge_facts(one, other)

    def merge_facts(self, one: ClassCounts, other: ClassCounts) -> ClassCounts:
        """The same whatever the features are."""
        labels = tuple(sorted({*one.labels, *other.labels}))

        def both(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
            return of_classes(first, one.labels, labels) + of_classes(second, other.labels, labels)

        mine, theirs = (each.counts.of_classes(each.labels, labels) for each in (one, other))
        return ClassCounts(
            labels,
            both(one.documents, other.documents),
            both(one.filled, other.filled),
            mine.plus(theirs),
            one.tokens.plus(other.tokens),
            one.texts + other.texts,
            one.features if len(one.counts) else other.features,
        )

    def join(self, parts: list[ClassCounts]) -> ClassCounts:
        """Keys that were added up apart, one behind the other. `parts` is emptied."""
        first = parts[0]
        keys, counts, text, lengths, seen, ranks, hashes = joined(parts, _arrays)
        tokens = Tokens(text, offsets_of(lengths), seen, ranks, hashes)
        return dataclasses.replace(first, counts=FeatureCounts(keys, counts), tokens=tokens)

    def decide(self, counts: ClassCounts) -> FeatureSettings:
        """What all texts would be looked at for."""
        return decided(self.features, self.settings.variant, counts.facts())

    def counts_by(self, features: FeatureSettings) -> bool:
        """Whether parts are counted by these features."""
        return self.counted is not None and _as_counted(self.counted) == _as_counted(features)

    def guessing(self, counts: ClassCounts) -> ClassCounting:
        """The same, where parts are counted by what the texts of these counts decide."""
        return dataclasses.replace(self, counted=self.decide(counts))

    def finish(self, merged: ClassCounts, progress: Progress = SILENT) -> NaiveBayes:  # noqa: ARG002
        """The model of all texts: that of `train-nb`, to the byte.

        Raises InputError for labels that are no classes, and classes without a token; OtherFeatures.
        """
        if not merged.labels:
            raise InputError("there is no text with a label", hint="is it the right file, or column?")
        check_number(merged.labels, merged.texts, "texts")
        check_filled(merged.labels, merged.documents, merged.filled, self.analysis)
        wanted = self.decide(merged)
        if not merged.fits(wanted):
            raise other_features(wanted, merged.features)
        return NaiveBayes(
            merged.labels,
            merged.documents,
            merged.counts,
            functools.partial(_names, merged.tokens, wanted),
            self.analysis,
            wanted,
            self.settings,
        )


def _arrays(counts: ClassCounts) -> tuple[NDArray[Any], ...]:
    features, tokens = counts.counts, counts.tokens
    lengths = np.diff(tokens.offsets)
    return features.keys, features.counts, tokens.text, lengths, tokens.counts, tokens.first, tokens.keys


def _as_counted(features: FeatureSettings) -> FeatureSettings:
    """The same but for what does nothing, where no n-grams of characters are counted."""
    return dataclasses.replace(features, char_span="word") if features.char_ngrams == "0" else features


def _names(tokens: Tokens, features: FeatureSettings) -> Vocabulary:
    if features.hash_bits:
        return Vocabulary.of([], [])
    return names_of_features(tokens.in_order(), features)


def other_features(
    wanted: FeatureSettings, counted: FeatureSettings, where: str = "the parts"
) -> OtherFeatures:
    """The error for parts that were counted by other features than all texts decide."""
    error = OtherFeatures(
        f"all texts together are looked at for {_said(wanted)}, but {where} had {_said(counted)}",
        hint=f"count them again with {_said(wanted)}",
    )
    error.features = wanted
    return error


def _said(features: FeatureSettings) -> str:
    """The options that say what is automatic otherwise."""
    told = {name: getattr(features, name) for name in _OPTIONS}
    if told["char_ngrams"] == "0":
        del told["char_span"]
    return " ".join(f"{_OPTIONS[name]} {value}" for name, value in told.items())
