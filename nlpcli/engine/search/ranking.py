"""Documents ranked by how well they answer a query.

A query is analysed as the texts were. Each of its words stands for a group of terms: itself, and
with `prefix` the longer terms that begin with it (서울 finds 서울은 and 서울에서), counted as one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.empty_corpus import Sample
from nlpcli.engine.search.snippets import Snippet, snippet
from nlpcli.engine.vectors.spelling import nearest_spellings
from nlpcli.errors import InputError
from nlpcli.settings.search import SearchSettings

if TYPE_CHECKING:
    from nlpcli.engine.search.index import SearchIndex


@dataclass(frozen=True)
class Hit:
    """A document that was found: score, file, line where what is shown begins, and what is shown."""

    score: float
    file: str
    line: int
    snippet: Snippet


@dataclass(frozen=True)
class _Group:
    """A word of the query: how often it stands there, its terms, and the documents that have one."""

    times: int
    terms: NDArray[np.int64]
    documents: NDArray[np.int64]
    counts: NDArray[np.int64]


def idf(frequencies: NDArray[np.integer[Any]] | int, documents: int) -> NDArray[np.float64]:
    """Inverse document frequency as in `vectorize`: ln((1 + n) / (1 + df)) + 1."""
    return np.log((1 + documents) / (1 + np.asarray(frequencies, dtype=np.float64))) + 1.0


class Search:
    """Answers queries to one index; `SearchSettings` says how it ranks."""

    def __init__(self, index: SearchIndex, settings: SearchSettings = SearchSettings()) -> None:
        self.index = index
        self.settings = settings
        self._analyzer = index.analyzer

    def find(self, query: str) -> list[Hit]:
        """The documents that answer a query, the best first; equals in their order.

        Raises InputError when no word of the query stands in any document.
        """
        words = self._analyzer.tokens(query)
        groups = self._groups(words)
        if not groups:
            raise self._nothing(query, words)
        return self._best(self._scores(groups), groups)

    def scores(self, query: str) -> NDArray[np.float64]:
        """How well each document answers a query [D]; zeros where no word of it stands in any."""
        groups = self._groups(self._analyzer.tokens(query))
        return self._scores(groups) if groups else np.zeros(len(self.index))

    def _groups(self, words: list[str]) -> list[_Group]:
        return [group for word in dict.fromkeys(words) if (group := self._group(word, words.count(word)))]

    def _scores(self, groups: list[_Group]) -> NDArray[np.float64]:
        rank = {"tfidf": self._tfidf, "bm25": self._bm25, "vectors": self._by_vectors}[self.settings.by]
        return rank(groups)

    def _best(self, scores: NDArray[np.float64], groups: list[_Group]) -> list[Hit]:
        found = np.flatnonzero(scores > 0)
        best = found[np.argsort(-scores[found], kind="stable")[: self.settings.top_k]]
        matched = {self.index.terms[int(term)] for group in groups for term in group.terms}
        return [self._hit(int(document), float(scores[document]), matched) for document in best]

    def more_like(self, places: Sequence[str]) -> list[Hit]:
        """The documents most like those at some places (`file:line`), which are not among them.

        The words of all of these are the query, each as often as it stands there and without longer words
        that begin with it. Raises InputError for a place where the index has no document.
        """
        liked = [self.index.document_at(place) for place in places]
        words = Counter(word for document in liked for word in self._analyzer.tokens(self._text(document)))
        groups = [group for word, times in words.items() if (group := self._group(word, times, exact=True))]
        if not groups:
            raise InputError(f"no word is left of {', '.join(places)}")
        scores = self._scores(groups)
        scores[liked] = 0
        return self._best(scores, groups)

    def _text(self, document: int) -> str:
        return self.index.texts[document].replace("\n", " ")

    def _group(self, word: str, times: int, *, exact: bool = False) -> _Group | None:
        found_term = self.index.terms.find(word)
        terms = np.array([] if found_term is None else [found_term], dtype=np.int64)
        longer = self.settings.prefix == "on" or (
            self.settings.prefix == "auto" and self._has_particles(word)
        )
        if longer and not exact:
            terms = self.index.terms.starting_with(word)
        if not len(terms):
            return None
        found = [self.index.postings.of(int(term)) for term in terms]
        documents, place = np.unique(np.concatenate([numbers for numbers, _ in found]), return_inverse=True)
        counts = np.bincount(place, weights=np.concatenate([counts for _, counts in found])).astype(np.int64)
        return _Group(times, terms, documents.astype(np.int64), counts)

    def _has_particles(self, word: str) -> bool:
        return self.index.analysis.tokenizer in ("word", "whitespace") and any(
            "가" <= c <= "힣" for c in word
        )

    def _tfidf(self, groups: list[_Group]) -> NDArray[np.float64]:
        """The cosine of query and document, both as rows of count · idf."""
        scores = np.zeros(len(self.index))
        total = 0.0
        for group in groups:
            rarity = float(idf(len(group.documents), len(self.index)))
            scores[group.documents] += group.times * rarity * group.counts * rarity
            total += (group.times * rarity) ** 2
        cosines: NDArray[np.float64] = scores / np.maximum(self.index.norms, 1e-12) / total**0.5
        return cosines

    def _bm25(self, groups: list[_Group]) -> NDArray[np.float64]:
        """Okapi BM25 (Robertson and Zaragoza 2009), idf = ln(1 + (n − df + ½) / (df + ½))."""
        k1, b = self.settings.bm25_k1, self.settings.bm25_b
        lengths = self.index.lengths / max(float(self.index.lengths.mean()), 1e-12)
        scores = np.zeros(len(self.index))
        for group in groups:
            df = len(group.documents)
            rarity = np.log(1 + (len(self.index) - df + 0.5) / (df + 0.5))
            room = k1 * (1 - b + b * lengths[group.documents])
            scores[group.documents] += group.times * rarity * group.counts * (k1 + 1) / (group.counts + room)
        return scores

    def _by_vectors(self, groups: list[_Group]) -> NDArray[np.float64]:
        """The cosine of the mean vectors of query and document."""
        if self.index.term_vectors is None or self.index.document_vectors is None:
            raise InputError("--by vectors needs an index with word vectors", hint="give --vectors FILE")
        rows = [self.index.term_vectors[group.terms[0]] * np.float32(group.times) for group in groups]
        query = np.sum(rows, axis=0)
        length = float(np.linalg.norm(query))
        if not length:
            raise InputError("the word vectors know no word of the query")
        scores: NDArray[np.float64] = (self.index.document_vectors @ (query / length)).astype(np.float64)
        return scores

    def _hit(self, document: int, score: float, matched: set[str]) -> Hit:
        text = self.index.texts[document]
        shown = snippet(text, self._analyzer.analyse(text.replace("\n", " ")), matched, self.settings.width)
        line = int(self.index.lines[document]) + text.count("\n", 0, shown.start)
        return Hit(score, self.index.files[int(self.index.file_numbers[document])], line, shown)

    def _nothing(self, query: str, words: list[str]) -> InputError:
        if not words:
            sample = Sample(self._analyzer.settings)
            sample.add(query)
            return sample.no_tokens("the query")
        near = [
            form for word in dict.fromkeys(words) for form in nearest_spellings(word, self.index.terms, 2)
        ]
        return InputError(
            f"no document has a word of {query.strip()!r}",
            hint=f"spelt like it: {', '.join(near)}" if near else None,
        )
