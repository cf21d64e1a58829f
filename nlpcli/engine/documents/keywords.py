"""Keywords: what tells a class from the others, a document from the rest, a corpus at a glance.

    class      log-odds with an informative Dirichlet prior, as z-scores (Monroe, Colaresi and Quinn 2008:
               Fightin' Words, Political Analysis 16(4), equations 16, 22 and 23)
    document   count · ln((n + 1) / df): often here, in few of the n documents
    corpus     the same with the count in all documents

Counts in, words out: who has counts of any groups (clusters, topics) can have them named here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.statistics import pieces
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.documents.sparse import SparseMatrix, count_matrix, document_frequencies

Floats = NDArray[np.float64]
By = Literal["class", "document", "corpus"]
_COLUMNS: dict[str, tuple[str, ...]] = {
    "class": ("class", "word", "z", "log_odds", "count", "elsewhere"),
    "document": ("document", "word", "score", "count", "documents"),
    "corpus": ("word", "score", "count", "documents"),
}
_SEGMENT = 1 << 20  # documents looked at together


@dataclass(frozen=True)
class Keyword:
    """A word and how telling it is.

    score: z of a class, else the weight; count: in the group; elsewhere: in the other classes, or else in how
    many documents it stands; log_odds: of a class, else 0.
    """

    word: str
    score: float
    count: int
    elsewhere: int
    log_odds: float = 0.0


class KeywordGroup(NamedTuple):
    """The keywords of a class, a document (by its number from 1) or the corpus, the best first."""

    name: str
    words: list[Keyword]


@dataclass(frozen=True)
class Keywords:
    """The groups, to be gone through once, and what they are."""

    by: By
    groups: Iterable[KeywordGroup]

    @property
    def columns(self) -> tuple[str, ...]:
        """What `rows` gives."""
        return _COLUMNS[self.by]

    def rows(self) -> Iterator[tuple[str | int | float, ...]]:
        """A row for each keyword."""
        for group in self.groups:
            for one in group.words:
                if self.by == "class":
                    yield group.name, one.word, one.score, one.log_odds, one.count, one.elsewhere
                elif self.by == "document":
                    yield int(group.name), one.word, one.score, one.count, one.elsewhere
                else:
                    yield one.word, one.score, one.count, one.elsewhere


def log_odds(counts: NDArray[Any], all_counts: NDArray[Any], prior: float) -> tuple[Floats, Floats]:
    """How much likelier each word is in a group than in the rest: log-odds ratio and its z-score, [V] each.

    counts: of the group; all_counts: of all groups, this one among them. The prior of both sides holds
    `prior` tokens, as they stand in all groups together, so that rare words are not taken for telling ones.

    >>> delta, z = log_odds(np.array([8, 1, 1]), np.array([9, 9, 2]), prior=10)
    >>> delta.round(2).tolist(), z.round(2).tolist()
    ([1.48, -1.48, 0.0], [2.89, -2.89, 0.0])
    """
    everything = all_counts.astype(np.float64)
    size = prior + counts.sum(dtype=np.float64), prior + (everything.sum() - counts.sum(dtype=np.float64))
    seen = everything > 0
    weight = np.where(seen, prior * everything / max(everything.sum(), 1.0), 1.0)  # of a word never seen: any
    here, there = counts + weight, everything - counts + weight
    # A corpus of one word: its odds are infinite on both sides, and nothing is told by them.
    rest = np.maximum(size[0] - here, 1e-9), np.maximum(size[1] - there, 1e-9)
    delta = np.log(here / rest[0]) - np.log(there / rest[1])
    delta[~seen] = 0.0
    return delta, delta / np.sqrt(1 / here + 1 / there)


def usable(vocabulary: Vocabulary, min_length: int) -> NDArray[np.bool_]:
    """Which words may be keywords, bool [V]: those of so many characters, a letter among them."""
    return np.array(
        [len(word) >= min_length and any(map(str.isalpha, word)) for word in vocabulary.tokens], dtype=bool
    )


def class_counts(corpus: EncodedCorpus, labels: NDArray[np.int32], classes: int) -> NDArray[np.int32]:
    """How often each word stands in each class: int32 [C, V]; documents labelled −1 are left out."""
    words = len(corpus.vocabulary)
    counts = np.zeros((classes, words), dtype=np.int32)
    for first in range(0, len(labels), _SEGMENT):
        bounds = corpus.offsets[first : first + _SEGMENT + 1]
        some = np.repeat(labels[first : first + _SEGMENT], np.diff(bounds))
        ids = corpus.ids[bounds[0] : bounds[-1]]
        for label in range(classes):
            counts[label] += np.bincount(ids[some == label], minlength=words).astype(np.int32)
    return counts


def document_counts(corpus: EncodedCorpus) -> NDArray[np.int64]:
    """In how many documents each word stands: int64 [V]; counted a piece of the corpus at a time."""
    found = np.zeros(len(corpus.vocabulary), dtype=np.int64)
    for first, last in pieces(corpus):
        bounds = corpus.offsets[first : last + 1]
        ids = corpus.ids[bounds[0] : bounds[-1]]
        found += document_frequencies(count_matrix(EncodedCorpus(ids, bounds - bounds[0], corpus.vocabulary)))
    return found


def keywords_of_classes(
    counts: NDArray[np.int32],
    names: Sequence[str],
    vocabulary: Vocabulary,
    top: int,
    *,
    allowed: NDArray[np.bool_] | None = None,
    prior: float = 1000.0,
) -> list[KeywordGroup]:
    """The words that are likeliest in each class against all others, by z-score; those below 0 are left out.

    counts: int [C, V]. allowed: bool [V], which words may be given; all of them count.
    """
    everything = counts.sum(axis=0, dtype=np.int64)
    found = []
    for name, here in zip(names, counts, strict=True):
        delta, z = log_odds(here, everything, prior)
        z = np.where(z > 0, z, 0.0) if allowed is None else np.where(allowed & (z > 0), z, 0.0)
        words = [
            Keyword(
                vocabulary.tokens[word], float(z[word]), int(here[word]), int(everything[word] - here[word]),
                float(delta[word]),
            )
            for word in _best(z, top)
        ]  # fmt: skip
        found.append(KeywordGroup(name, words))
    return found


def keywords_of_corpus(
    totals: NDArray[np.int64],
    frequencies: NDArray[np.int64],
    documents: int,
    vocabulary: Vocabulary,
    top: int,
    allowed: NDArray[np.bool_],
) -> list[KeywordGroup]:
    """The heaviest words of all documents together.

    totals, frequencies [V]: how often each word stands in them, and in how many documents.
    """
    weights = np.where(allowed, totals * _idf(frequencies, documents), 0.0)
    words = [
        Keyword(vocabulary.tokens[word], float(weights[word]), int(totals[word]), int(frequencies[word]))
        for word in _best(weights, top)
    ]
    return [KeywordGroup("", words)]


def keywords_of_documents(
    counts: SparseMatrix, vocabulary: Vocabulary, top: int, allowed: NDArray[np.bool_]
) -> Iterator[KeywordGroup]:
    """The heaviest words of each document."""
    frequencies = document_frequencies(counts)
    idf = np.where(allowed, _idf(frequencies, counts.shape[0]), 0.0)
    for number in range(counts.shape[0]):
        words, times = counts.row(number)
        weights = times * idf[words]
        found = [
            Keyword(
                vocabulary.tokens[words[at]], float(weights[at]), int(times[at]), int(frequencies[words[at]])
            )
            for at in _best(weights, top)
        ]
        yield KeywordGroup(str(number + 1), found)


def _idf(frequencies: NDArray[np.int64], documents: int) -> Floats:
    idf: Floats = np.log((documents + 1) / np.maximum(frequencies, 1))
    return idf


def _best(scores: NDArray[Any], top: int) -> list[int]:
    """The places of the highest scores above 0; the first of equal ones first."""
    found = np.flatnonzero(scores > 0)
    if len(found) > top:
        least = np.partition(scores[found], len(found) - top)[len(found) - top]
        found = found[scores[found] >= least]
    order: list[int] = found[np.argsort(-scores[found], kind="stable")][:top].tolist()
    return order


def merged_words(groups: Sequence[KeywordGroup], top: int) -> list[tuple[Keyword, int]]:
    """The best words of all groups, each once, with the number of the group where its score is highest.

    The scores of a group are those of its best word's share, so that no group crowds out the others.
    """
    best: dict[str, tuple[float, Keyword, int]] = {}
    for number, group in enumerate(groups):
        highest = group.words[0].score if group.words else 1.0
        for one in group.words:
            share = one.score / highest
            if one.word not in best or share > best[one.word][0]:
                best[one.word] = share, replace(one, score=share), number
    order = sorted(best.values(), key=lambda entry: -entry[0])[:top]
    return [(one, number) for _, one, number in order]
