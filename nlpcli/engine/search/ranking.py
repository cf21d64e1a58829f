"""Documents ranked by how well they answer a query.

A query is analysed as the texts were. Each of its terms stands for a group: itself, and with `prefix` the
longer terms that begin with it, counted as one (where whole words are indexed 서울 finds 서울은 too).
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.empty_corpus import Sample
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.search.postings import B, damaged, idf, room_of, usual_k1
from nlpcli.engine.search.snippets import Snippet, snippet
from nlpcli.engine.search.terms import found_in, terms_of_word
from nlpcli.engine.vectors.spelling import nearest_spellings
from nlpcli.errors import InputError
from nlpcli.settings.search import SearchSettings

if TYPE_CHECKING:
    from nlpcli.engine.search.index import SearchIndex

kernels = Kernels("search.ranking")

_BLOCK, _WINDOW = 128, 4096


@dataclass(frozen=True)
class Hit:
    """A document that was found: score, file, line where what is shown begins, and what is shown."""

    score: float
    file: str
    line: int
    snippet: Snippet


@dataclass(frozen=True, eq=False)
class _Group:
    """A word of the query: how often it stands there, its terms, and the documents that have one."""

    times: int
    terms: NDArray[np.int64]
    documents: NDArray[np.int64]
    counts: NDArray[np.int64]


Ranked = tuple[NDArray[np.int64], NDArray[np.float64]]  # documents and their scores, the best first


class Search:
    """Answers queries to one index; `SearchSettings` says how it ranks."""

    def __init__(self, index: SearchIndex, settings: SearchSettings = SearchSettings()) -> None:
        self.index = index
        self.settings = settings
        self._analyzer = index.analyzer
        self._k1 = usual_k1(index.settings.terms) if settings.bm25_k1 is None else settings.bm25_k1

    # --- queries ------------------------------------------------------------------------------

    def find(self, query: str) -> list[Hit]:
        """The documents that answer a query, the best first; equals in their order.

        Raises InputError when no word of the query stands in any document.
        """
        words = self._analyzer.tokens(query)
        documents, scores, matched = self._answer(self._terms(words), exact=False)
        if not matched:
            raise self._nothing(query, words)
        return self._hits(documents, scores, matched)

    def rank(self, query: str) -> Ranked:
        """The same as numbers of documents and scores, with nothing of the texts: fast, for many queries."""
        documents, scores, _ = self._answer(self._terms(self._analyzer.tokens(query)), exact=False)
        return documents, scores

    def more_like(self, places: Sequence[str]) -> list[Hit]:
        """The documents most like those at some places (`file:line`), which are not among them.

        The words of all of these are the query, each as often as it stands there and without longer words
        that begin with it. Raises InputError for a place where the index has no document.
        """
        liked = {self.index.document_at(place) for place in places}
        terms: Counter[str] = Counter()
        for document in liked:
            terms += self._terms(self._analyzer.tokens(self._text(document)))
        documents, scores, matched = self._answer(terms, exact=True, more=len(liked))
        if not matched:
            raise InputError(f"no word is left of {', '.join(places)}")
        others = ~np.isin(documents, list(liked))
        top = self.settings.top_k
        return self._hits(documents[others][:top], scores[others][:top], matched)

    def _terms(self, words: Sequence[str]) -> Counter[str]:
        """The terms that a query's words are looked up by, and how often each stands there."""
        kind = "words" if self.settings.by == "vectors" else self.index.settings.terms
        if kind not in ("bigrams", "both"):
            return Counter(words)
        return Counter(term for word in words for term in terms_of_word(word, kind))

    def _text(self, document: int) -> str:
        return str(self.index.texts[document]).replace("\n", " ")

    # --- scores -------------------------------------------------------------------------------

    def _answer(
        self, wanted: Mapping[str, int], *, exact: bool, more: int = 0
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], set[str]]:
        """The best documents of terms, so many more than asked for; and the terms that were found."""
        top = min(self.settings.top_k + more, len(self.index))
        longer = [] if exact else [term for term in wanted if self._looks_longer(term)]
        if longer or self.settings.by == "vectors":
            groups = [
                group
                for term, times in wanted.items()
                if (group := self._group(term, times, longer=term in longer)) is not None
            ]
            matched = {self.index.terms[int(number)] for group in groups for number in group.terms}
            return (*self._best(self._scores(groups), top), matched) if groups else (*_NONE, matched)
        names = list(wanted)
        numbers = self.index.terms.numbers_of(names)
        matched = {name for name, number in zip(names, numbers.tolist(), strict=True) if number >= 0}
        times = np.array(list(wanted.values()), np.float64)[numbers >= 0]
        if not matched:
            return (*_NONE, matched)
        return (*self._best_by_blocks(numbers[numbers >= 0], times, top), matched)

    def _best_by_blocks(self, terms: NDArray[np.int64], times: NDArray[np.float64], top: int) -> Ranked:
        """The documents of terms, none of which stands for others, by the packed postings."""
        postings, total = self.index.postings, len(self.index)
        frequencies, by_bm25 = postings.frequencies[terms], self.settings.by == "bm25"
        rarity = _bm25_idf(frequencies, total) if by_bm25 else idf(frequencies, total)
        weights = times * rarity if by_bm25 else times * rarity**2 / np.linalg.norm(times * rarity)
        bounds, room = self._bounds, self._room
        blocks = np.stack([postings.blocks[terms], postings.blocks[terms + 1]], axis=1)
        factor = self._k1 + 1.0 if by_bm25 else 1.0
        most = float((weights * (self._k1 + 1 if by_bm25 else _most(bounds, blocks))).sum())
        quantum = 2.0 ** (np.frexp(max(most, 1e-300))[1] - 52)
        count = len(terms)
        scores, documents = np.zeros(top), np.zeros(top, np.int64)
        held = kernels.best(
            blocks, frequencies, weights / quantum, factor, postings.index, bounds, room, by_bm25,
            np.zeros((count, 4), np.int64), np.zeros((2, count)), np.zeros(count, np.int64),
            np.zeros((count, _BLOCK), np.int32), np.zeros((count, _BLOCK), np.int32), np.zeros(_WINDOW),
            scores, documents,
        )  # fmt: skip
        if held < 0:
            raise damaged()
        order = np.lexsort((documents[:held], -scores[:held]))
        return documents[:held][order], scores[:held][order] * quantum

    @functools.cached_property
    def _room(self) -> NDArray[np.float64]:
        """Of each document what a count is divided by: with BM25 together with the count."""
        if self.settings.by == "bm25":
            return room_of(self.index.lengths, self._k1, self.settings.bm25_b)
        return np.maximum(self.index.norms, 1e-12).astype(np.float64)

    @functools.cached_property
    def _bounds(self) -> NDArray[np.float32]:
        """The most that a posting of each block can add, by the rarity of its term."""
        postings = self.index.postings
        if self.settings.by != "bm25":
            return postings.cosines
        if (self._k1, self.settings.bm25_b) == (usual_k1(self.index.settings.terms), B):
            return postings.okapi
        return np.full(len(postings.okapi), (self._k1 + 1) * (1 + 1e-6), np.float32)

    # --- words that stand for longer ones, and vectors ------------------------------------------

    def _looks_longer(self, term: str) -> bool:
        if self.settings.prefix == "auto":
            return self._has_particles(term)
        return self.settings.prefix == "on" and not (self._cuts_korean and _is_korean(term))

    @property
    def _cuts_korean(self) -> bool:
        return self.index.settings.terms in ("bigrams", "both")

    def _has_particles(self, word: str) -> bool:
        whole = self.index.analysis.tokenizer in ("word", "whitespace") and not self._cuts_korean
        return whole and _is_korean(word)

    def _group(self, word: str, times: int, *, longer: bool) -> _Group | None:
        found_term = self.index.terms.find(word)
        terms = np.array([] if found_term is None else [found_term], dtype=np.int64)
        if longer:
            terms = self.index.terms.starting_with(word)
        if not len(terms):
            return None
        found = [self.index.postings.of(int(term)) for term in terms]
        documents, place = np.unique(np.concatenate([numbers for numbers, _ in found]), return_inverse=True)
        counts = np.bincount(place, weights=np.concatenate([counts for _, counts in found])).astype(np.int64)
        return _Group(times, terms, documents.astype(np.int64), counts)

    def _scores(self, groups: list[_Group]) -> NDArray[np.float64]:
        rank = {"tfidf": self._tfidf, "bm25": self._bm25, "vectors": self._by_vectors}[self.settings.by]
        return rank(groups)

    @staticmethod
    def _best(scores: NDArray[np.float64], top: int) -> Ranked:
        found = np.flatnonzero(scores > 0)
        best = found[np.argsort(-scores[found], kind="stable")[:top]]
        return best, scores[best]

    def _tfidf(self, groups: list[_Group]) -> NDArray[np.float64]:
        """The cosine of query and document, both as rows of count · idf."""
        scores = np.zeros(len(self.index))
        total = 0.0
        for group in groups:
            rarity = float(idf(len(group.documents), len(self.index)))
            scores[group.documents] += group.times * rarity * group.counts * rarity
            total += (group.times * rarity) ** 2
        cosines: NDArray[np.float64] = scores / self._room / total**0.5
        return cosines

    def _bm25(self, groups: list[_Group]) -> NDArray[np.float64]:
        """Okapi BM25 (Robertson and Zaragoza 2009), idf = ln(1 + (n − df + ½) / (df + ½))."""
        scores = np.zeros(len(self.index))
        for group in groups:
            rarity = _bm25_idf(np.array(len(group.documents)), len(self.index))
            room = self._room[group.documents]
            scores[group.documents] += (
                group.times * rarity * group.counts * (self._k1 + 1) / (group.counts + room)
            )
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

    # --- what is shown ------------------------------------------------------------------------

    def _hits(
        self, documents: NDArray[np.int64], scores: NDArray[np.float64], matched: set[str]
    ) -> list[Hit]:
        return [
            self._hit(document, score, matched)
            for document, score in zip(documents.tolist(), scores.tolist(), strict=True)
        ]

    def _hit(self, document: int, score: float, matched: set[str]) -> Hit:
        text = str(self.index.texts[document])
        tokens = found_in(self._analyzer.analyse(text.replace("\n", " ")), self.index.settings, matched)
        shown = snippet(text, list(tokens), self.settings.width)
        file, line = self.index.place_of(document)
        return Hit(score, file, line + text.count("\n", 0, shown.start), shown)

    def _nothing(self, query: str, words: list[str]) -> InputError:
        if not words:
            if not query.strip():
                return InputError("the query is empty", hint="give words to search for")
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


_NONE = (np.zeros(0, np.int64), np.zeros(0))


def _is_korean(word: str) -> bool:
    return any("가" <= letter <= "힣" for letter in word)


def _bm25_idf(frequencies: NDArray[np.int64], documents: int) -> NDArray[np.float64]:
    rarity: NDArray[np.float64] = np.log(1 + (documents - frequencies + 0.5) / (frequencies + 0.5))
    return rarity


def _most(bounds: NDArray[np.float32], blocks: NDArray[np.int64]) -> NDArray[np.float64]:
    """The most of the bounds of each term's blocks."""
    return np.array([bounds[first:last].max() for first, last in blocks.tolist()], np.float64)
