"""Documents ranked by how well they answer a query.

A query is analysed as the texts were. Each of its terms stands for a group: itself, and with `prefix` the
longer terms that begin with it, counted as one (where whole words are indexed 서울 finds 서울은 too).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.empty_corpus import Sample
from nlpcli.engine.search.block_ranking import NOTHING, BlockRanking, Ranked, bm25_idf
from nlpcli.engine.search.postings import idf
from nlpcli.engine.search.snippets import Snippet, snippet
from nlpcli.engine.search.terms import PAIRS, found_in, terms_kept
from nlpcli.engine.vectors.spelling import nearest_spellings
from nlpcli.errors import InputError, SettingsError
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


@dataclass(frozen=True, eq=False)
class _Group:
    """A word of the query: how often it stands there, its terms, and the documents that have one."""

    times: int
    terms: NDArray[np.int64]
    documents: NDArray[np.int64]
    counts: NDArray[np.int64]


class Search:
    """Answers queries to one index; `SearchSettings` says how it ranks."""

    def __init__(self, index: SearchIndex, settings: SearchSettings = SearchSettings()) -> None:
        self.index = index
        self.settings = settings
        self._analyzer = index.analyzer
        self._blocks = BlockRanking(index, settings)
        self._cuts_korean = index.settings.terms in PAIRS
        if settings.rerank and not self._cuts_korean:
            raise SettingsError(
                "--rerank needs texts that are found by pairs of letters",
                hint="Korean ones are; nlpcli index --terms bigrams makes an index of them",
            )
        whole = index.analysis.tokenizer in ("word", "whitespace") and not self._cuts_korean
        self._has_longer = settings.prefix == "on" or (settings.prefix == "auto" and whole)

    # --- queries ------------------------------------------------------------------------------

    def find(self, query: str) -> list[Hit]:
        """The documents that answer a query, the best first; equals in their order.

        Raises InputError when no word of the query stands in any document.
        """
        words = self._analyzer.tokens(query)
        documents, scores, matched = self._answer(words, self._terms(words), exact=False)
        if not matched:
            raise self._nothing(query, words)
        return self._hits(documents, scores, matched)

    def rank(self, query: str) -> Ranked:
        """The same as numbers of documents and scores, with nothing of the texts: fast, for many queries."""
        return self.rank_all([query])[0]

    def rank_all(self, queries: Sequence[str]) -> list[Ranked]:
        """The same of each of some queries, which are worked out together."""
        words = [self._analyzer.tokens(query) for query in queries]
        wanted = [self._terms(each) for each in words]
        if self.settings.by == "vectors" or (
            self._has_longer and any(map(self._looks_longer, itertools.chain(*wanted)))
        ):
            found = [self._answer(*each, exact=False) for each in zip(words, wanted, strict=True)]
        else:
            found = self._blocks.best(wanted, min(self.settings.top_k, len(self.index)), words)
        return [(documents, scores) for documents, scores, _ in found]

    def more_like(self, places: Sequence[str]) -> list[Hit]:
        """The documents most like those at some places (`file:line`), which are not among them.

        The words of all of these are the query, each as often as it stands there and without longer words
        that begin with it. Raises InputError for a place where the index has no document.
        """
        liked = {self.index.document_at(place) for place in places}
        terms: Counter[str] = Counter()
        for document in liked:
            terms += self._terms(self._analyzer.tokens(self._text(document)))
        documents, scores, matched = self._answer([], terms, exact=True, more=len(liked))
        if not matched:
            raise InputError(f"no word is left of {', '.join(places)}")
        others = ~np.isin(documents, list(liked))
        top = self.settings.top_k
        return self._hits(documents[others][:top], scores[others][:top], matched)

    def _terms(self, words: Sequence[str]) -> Counter[str]:
        """The terms that a query's words are looked up by, and how often each stands there."""
        kind = "words" if self.settings.by == "vectors" else self.index.settings.terms
        if kind not in PAIRS:
            return Counter(words)
        return Counter([term for word in words for term in terms_kept(word, kind)])

    def _text(self, document: int) -> str:
        return str(self.index.texts[document]).replace("\n", " ")

    # --- scores -------------------------------------------------------------------------------

    def _answer(
        self, words: Sequence[str], wanted: Mapping[str, int], *, exact: bool, more: int = 0
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], set[str]]:
        """The best documents of words, and of their terms, so many more than asked for; and the terms that
        were found."""
        top = min(self.settings.top_k + more, len(self.index))
        longer = [] if exact else [term for term in wanted if self._looks_longer(term)]
        if longer or self.settings.by == "vectors":
            groups = [
                group
                for term, times in wanted.items()
                if (group := self._group(term, times, longer=term in longer)) is not None
            ]
            matched = {self.index.terms[int(number)] for group in groups for number in group.terms}
            return (*self._best(self._scores(groups), top), matched) if groups else (*NOTHING, matched)
        return self._blocks.best([wanted], top, None if exact else [words])[0]

    # --- words that stand for longer ones, and vectors ------------------------------------------

    def _looks_longer(self, term: str) -> bool:
        if not self._has_longer:
            return False
        if self.settings.prefix == "auto":
            return _is_korean(term)
        return not (self._cuts_korean and _is_korean(term))

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
        cosines: NDArray[np.float64] = scores / self._blocks.room / total**0.5
        return cosines

    def _bm25(self, groups: list[_Group]) -> NDArray[np.float64]:
        """Okapi BM25 (Robertson and Zaragoza 2009), idf = ln(1 + (n − df + ½) / (df + ½))."""
        scores = np.zeros(len(self.index))
        for group in groups:
            rarity = bm25_idf(np.array(len(group.documents)), len(self.index))
            room = self._blocks.room[group.documents]
            scores[group.documents] += (
                group.times * rarity * group.counts * (self._blocks.k1 + 1) / (group.counts + room)
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


def _is_korean(word: str) -> bool:
    return any("가" <= letter <= "힣" for letter in word)
