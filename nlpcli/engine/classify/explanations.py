"""Why: the tokens that decided about a text, and the features that tell a class.

A linear score is a sum, so it can be told apart again: every feature's log-odds are shared
out evenly over the tokens it covers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.classify.calibration import trust
from nlpcli.engine.classify.classifier import Classifier, Trained
from nlpcli.engine.classify.features import FeatureExtractor, FeatureIndex, type_keys
from nlpcli.engine.classify.naive_bayes import NaiveBayes
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.settings.classify import FeatureSettings

kernels = Kernels("classify.features")
reasons = Kernels("classify.explanations")


@dataclass(frozen=True)
class Reason:
    """What each token of a text adds to the log-odds of `label` against `rival`.

    `start` is what they are before anything is read; together they are the whole log-odds.
    """

    label: str
    rival: str
    start: float
    tokens: tuple[tuple[str, float], ...]

    def strongest(self, number: int) -> list[tuple[str, float]]:
        """The `number` tokens that moved the decision most, each token's places added up."""
        together: dict[str, float] = {}
        for token, odds in self.tokens:
            together[token] = together.get(token, 0.0) + odds
        return sorted(together.items(), key=lambda entry: -abs(entry[1]))[:number]


def explain(
    classifier: Classifier,
    corpus: EncodedCorpus,
    scored: tuple[NDArray[np.float64], NDArray[np.int64]] | None = None,
) -> Iterator[Reason]:
    """For every document: the likeliest class against the next, token by token.

    `scored` is what `classifier.scores` gave, where they were asked for already.
    """
    scores, found = scored or classifier.scores(corpus)
    trusted = trust(found, classifier.model.calibration)
    labels, rivals = _likeliest(scores)
    starts = (classifier.start[labels] - classifier.start[rivals]) * trusted
    tokens = TokenShares(classifier, corpus)
    for first, last in tokens.chunks():
        documents = np.arange(last - first)
        odds = np.zeros((last - first, len(classifier.labels), 1))
        odds[documents, labels[first:last], 0] = trusted[first:last]
        odds[documents, rivals[first:last], 0] = -trusted[first:last]
        shares = tokens.of_all(first, last, odds)[:, 0].tolist()
        begin = int(corpus.offsets[first])
        ids = corpus.ids[begin : int(corpus.offsets[last])].tolist()
        words = [*map(corpus.vocabulary.tokens.__getitem__, ids)]
        bounds = itertools.pairwise((corpus.offsets[first : last + 1] - begin).tolist())
        for document, cut in enumerate(bounds, start=first):
            these = slice(*cut)
            yield Reason(
                classifier.labels[labels[document]],
                classifier.labels[rivals[document]],
                float(starts[document]),
                tuple(zip(words[these], shares[these], strict=True)),
            )


def _likeliest(scores: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The class with the highest score of every document, and the one with the highest of the others."""
    labels = scores.argmax(axis=1)
    others = scores.copy()
    np.put_along_axis(others, labels[:, None], -np.inf, axis=1)
    rivals = others.argmax(axis=1)
    alone = rivals == labels  # all others are −∞ too
    rivals[alone] = labels[alone] == 0
    return labels, rivals


class TokenShares:
    """What the tokens of documents add to the scores of classes."""

    def __init__(self, classifier: Classifier, corpus: EncodedCorpus) -> None:
        self._classifier, self._corpus = classifier, corpus
        self._kinds = [(index, FeatureExtractor(corpus, index.settings)) for index in classifier.kinds]

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Batches of documents for `of_all`, each some work."""
        return self._kinds[-1][1].chunks()

    def of(self, document: int, wanted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shares [tokens, K] of K sums of classes' scores, of which `wanted` [C, K] has the factors."""
        return self.of_all(document, document + 1, wanted[None])

    def of_all(self, first: int, last: int, wanted: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same for the tokens of documents `first` to `last`, each with factors of its own [D, C, K]."""
        offsets = self._corpus.offsets[first : last + 1] - self._corpus.offsets[first]
        shares = np.zeros((int(offsets[-1]), wanted.shape[2]))
        change = np.empty(int(np.diff(offsets).max(initial=0)) + 1)
        for index, extractor in self._kinds:
            rows, ends, spans = known_features(index, extractor, first, last)
            weights, rows = self._classifier.weighed(rows)
            each = np.empty(int(np.diff(ends, prepend=0).max(initial=0)))
            normalised = self._classifier.model.normalised
            reasons.share_out(rows, ends, spans, weights, wanted, normalised, offsets, (each, change), shares)
        return shares


def known_features(
    index: FeatureIndex, extractor: FeatureExtractor, first: int, last: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """The features that the model knows of documents `first` to `last`.

    Returns: their rows [N], where each document's end, and the tokens each covers [N, 2].
    """
    keys, ends, spans = extractor.make(first, last, spans=True)
    rows = index.find(keys)
    known = rows >= 0
    if index.settings.binary:  # the first place of a feature stands for all
        ends_of_known = offsets_of(known)[ends]
        distinct = rows[known]
        longest = int(np.diff(ends_of_known, prepend=0).max(initial=0))
        seen = np.zeros(max(16, 1 << (2 * longest).bit_length()), dtype=np.int64)
        reasons.pass_over_repeated(distinct, ends_of_known, seen)
        known[known] = distinct >= 0
    return rows[known], offsets_of(known)[ends], spans[known]


# --- what tells a class ---------------------------------------------------------------------


@dataclass(frozen=True)
class TellingFeature:
    """A feature that speaks for a class: its text, its log-odds against the rest, how often it
    was seen in the class and elsewhere (None where a model keeps no counts)."""

    label: str
    text: str
    log_odds: float
    inside: int | None
    outside: int | None


def telling_features(model: Trained, top: int) -> list[TellingFeature]:
    """The `top` most telling features of every class.

    Of counts, those whose log-odds stand out most from chance: divided by their standard
    error (Monroe, Colaresi & Quinn 2008), since the highest odds alone belong to what was seen
    a few times. Of learnt weights, the heaviest.
    """
    namer = Namer(model)
    found = []
    for number, label in enumerate(model.labels):
        log_odds, rank = _log_odds(model, number)
        for row in np.argsort(-rank, kind="stable")[:top].tolist():
            inside = outside = None
            if isinstance(model, NaiveBayes):
                counts = model.counts.counts[row]
                inside, outside = int(counts[number]), int(counts.sum() - counts[number])
            text = namer.name(model.keys[row])
            found.append(TellingFeature(label, text, float(log_odds[row]), inside, outside))
    return found


def _log_odds(model: Trained, label: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The log-odds of every feature for a class, and what to rank them by."""
    if not isinstance(model, NaiveBayes):
        weights = model.weights()
        odds = weights[:, label] - np.delete(weights, label, axis=1).max(axis=1)
        return odds, odds
    counts = model.counts.counts
    inside = counts[:, label] + 0.5
    outside = counts.sum(axis=1) - counts[:, label] + 0.5
    odds = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
    return odds, odds / np.sqrt(1 / inside + 1 / outside)


class Namer:
    """Finds the text behind a feature's key, from the model's vocabulary.

    A key can be taken apart: for each word that may have come last, what stood before it has a
    key of its own, which must be a word or feature of the model. The same goes for letters.
    """

    def __init__(self, model: Trained) -> None:
        self._tokens = model.vocabulary.tokens
        self._words = type_keys(model.vocabulary)
        self._order = np.argsort(self._words)
        self._known_words = FeatureIndex(self._words[self._order], FeatureSettings())
        self._letters = sorted({letter for token in self._tokens for letter in token} | {" "})
        encoded = [letter.encode("utf-8", "surrogatepass") for letter in self._letters]
        self._pool = np.frombuffer(b"".join(encoded), dtype=np.uint8)
        self._starts = offsets_of([len(letter) for letter in encoded])
        self._feature_index = FeatureIndex(model.keys, model.features)
        self._features = model.features
        self._nothing = np.uint64(kernels.empty_text_key())
        self._singles = np.empty(len(self._letters), dtype=np.uint64)
        kernels.letter_keys(self._pool, self._starts, self._singles)

    def name(self, key: np.uint64) -> str:
        """The feature as text; words are separated by a space, letters stand in ‹›. A
        skip-gram has an ellipsis between its words; ^ is the beginning of a text, $ its end. A feature
        that cannot be told (feature hashing keeps no vocabulary) is a number."""
        words = self._as_words(key, self._features.word_range[1]) or self._as_skip_gram(key)
        if words is not None:
            return " ".join(words)
        letters = self._as_letters(key, self._features.char_range[1])
        return f"‹{''.join(letters)}›" if letters else f"#{int(key):016x}"

    def _as_words(self, key: np.uint64, longest: int) -> list[str] | None:
        alone = int(self._known_words.find(np.array([key]))[0])
        if alone >= 0:
            return [self._tokens[int(self._order[alone])]]
        if longest < 2:
            return None
        prefixes = np.empty_like(self._words)
        kernels.word_prefixes(np.uint64(key), self._words, prefixes)
        known = (self._feature_index.find(prefixes) >= 0) | (self._known_words.find(prefixes) >= 0)
        for last in np.flatnonzero(known).tolist():
            before = self._as_words(prefixes[last], longest - 1)
            if before is not None:
                return [*before, self._tokens[last]]
        return None

    def _as_skip_gram(self, key: np.uint64) -> list[str] | None:
        """The words around a gap, or a word beside the edge of a text."""
        if not self._features.skip_grams:
            return None
        edge = np.uint64(kernels.gap_key())
        lasts, prefixes = np.append(self._words, edge), np.empty(len(self._words) + 1, dtype=np.uint64)
        before = np.empty_like(prefixes)
        kernels.word_prefixes(np.uint64(key), lasts, prefixes)
        kernels.before_gaps(prefixes, before)
        for firsts, gap in ((before, " …"), (prefixes, "")):
            found = self._known_words.find(firsts)
            found[:-1][firsts[:-1] == edge] = len(self._words)
            if not gap:  # pairs of words are told elsewhere
                found[:-1][found[:-1] < len(self._words)] = -1
            for last in np.flatnonzero(found >= 0).tolist():
                first = int(found[last])
                begin = "^" if first == len(self._words) else self._tokens[int(self._order[first])]
                return [begin + gap, "$" if last == len(self._words) else self._tokens[last]]
        return None

    def _as_letters(self, key: np.uint64, longest: int) -> list[str] | None:
        if key == self._nothing:
            return []
        if longest < 1:
            return None
        prefixes = np.empty(len(self._letters), dtype=np.uint64)
        kernels.letter_prefixes(np.uint64(key), self._pool, self._starts, prefixes)
        known = (prefixes == self._nothing) | np.isin(prefixes, self._singles)
        for last in np.flatnonzero(known | (self._feature_index.find(prefixes) >= 0)).tolist():
            before = self._as_letters(prefixes[last], longest - 1)
            if before is not None:
                return [*before, self._letters[last]]
        return None
