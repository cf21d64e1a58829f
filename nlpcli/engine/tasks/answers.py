"""Answers to questions out of an index: which texts are looked through, and how sure an answer is.

Not here: commands (`question_job.py`), and how spans are rated (`answer_batches.py`, `reader.py`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.search.index import SearchIndex
from nlpcli.engine.search.ranking import Search
from nlpcli.engine.search.terms import PAIRS
from nlpcli.engine.tasks.answer_batches import Asked, Texts
from nlpcli.engine.tasks.passages import Passage
from nlpcli.engine.tasks.reader import Reader, Span
from nlpcli.engine.tasks.span_rules import named_spans
from nlpcli.errors import NlpcliError
from nlpcli.settings.questions import AskSettings
from nlpcli.settings.search import SearchSettings

if TYPE_CHECKING:
    from nlpcli.engine.sequences.tagger import Tagger

_ENGLISH = 0.9  # share of ASCII letters from which on a text is looked through for English names
_KEPT = 1 << 20  # letters of documents that are kept cut into words
_TOGETHER = 1 << 18  # letters of documents that are rated together
_ROUNDED = 1e-4  # by which a score may be more when it is rounded
_RANK = 6.0  # how much less an answer of a document counts that answers the question less well itself
_RERANKED = 15  # documents of which those that are looked through are chosen, where that was measured


class Found(NamedTuple):
    """An answer, how sure it is (0 to 1), where it stands, and the sentence it stands in."""

    answer: str
    score: float
    file: str
    line: int
    sentence: str


class _Open(NamedTuple):
    """A document that a question is put to: their numbers, and how sure an answer there can be."""

    question: int
    document: int
    limit: float


class Finder:
    """Answers questions out of one index."""

    def __init__(self, index: SearchIndex, reader: Reader | None, settings: AskSettings) -> None:
        self._index, self._reader, self._settings = index, reader, settings
        again = _RERANKED if index.settings.terms in PAIRS else 0
        self._search = Search(index, SearchSettings(by="bm25", top_k=settings.documents, rerank=again))
        self._passages: dict[int, Passage] = {}
        self._letters = 0  # of these
        self._named: dict[int, list[tuple[int, int, str]]] = {}

    def answers(self, questions: Sequence[str]) -> list[list[Found]]:
        """The answers to each of some questions.

        A document that ranks lower cannot be surer than `_RANK` allows it: where so many better answers are
        found already, it is not read.
        """
        asked = Asked.of(questions)
        ranked = [
            [
                _Open(number, document, (rank / float(ranks[0])) ** _RANK)
                for document, rank in zip(documents.tolist(), ranks.tolist(), strict=True)
            ]
            for number, (documents, ranks) in enumerate(self._search.rank_all(questions))
        ]
        sure: list[list[Found]] = [[] for _ in questions]
        for place in range(max(map(len, ranked), default=0)):
            left = [
                found[place]
                for found, answers in zip(ranked, sure, strict=True)
                if place < len(found) and found[place].limit >= self._least(answers) - _ROUNDED
            ]
            if not left:
                break
            for some in self._parts(left):
                self._answer(asked, some, sure)
        return [answers[: self._settings.top] for answers in sure]

    def _least(self, answers: list[Found]) -> float:
        """How sure an answer must be to be given."""
        top = self._settings.top
        return answers[top - 1].score if len(answers) >= top else self._settings.min_score

    def _parts(self, left: list[_Open]) -> Iterator[list[_Open]]:
        """The pairs of a question and a document in parts of not too many letters."""
        part: list[_Open] = []
        letters = 0
        for one in left:
            passage = self._passage(one.document)
            if part and letters + len(passage.text) > _TOGETHER:
                yield part
                part, letters = [], 0
            if len(passage):
                part.append(one)
                letters += len(passage.text)
        if part:
            yield part

    def _passage(self, document: int) -> Passage:
        """A document, cut into words as it was the last time if it was asked for lately."""
        passage = self._passages.get(document)
        if passage is None:
            passage = self._passages[document] = Passage(str(self._index.texts[document]))
            self._letters += len(passage.text)
            while self._letters > _KEPT and len(self._passages) > 1:
                self._letters -= len(self._passages.pop(next(iter(self._passages))).text)
        return passage

    def _answer(self, asked: Asked, pairs: list[_Open], sure: list[list[Found]]) -> None:
        """Put the answers that some documents give to those of their questions."""
        numbers = {
            document: number for number, document in enumerate(dict.fromkeys(one.document for one in pairs))
        }
        passages = {document: self._passage(document) for document in numbers}
        texts = Texts(list(passages.values()))
        told = texts.tell(asked, np.array([(one.question, numbers[one.document]) for one in pairs], np.int64))
        surer = told.told * np.array([one.limit for one in pairs])
        least = np.array([self._least(sure[one.question]) for one in pairs])
        wanted = np.flatnonzero(surer >= least - _ROUNDED)
        if self._reader is not None:
            spans = [
                self._reader.spans_in(
                    passages[one.document], asked.questions[one.question], self._settings.top
                )
                for one in (pairs[place] for place in wanted.tolist())
            ]
            self._keep(pairs, wanted, surer, spans, passages, sure)
            return
        for korean in (True, False):
            some = wanted[
                [asked.questions[pairs[place].question].korean == korean for place in wanted.tolist()]
            ]
            if len(some):
                known = [self._known(asked, pairs[place]) for place in some.tolist()]
                spans = texts.spans(asked, told, some, known, self._settings.top, korean)
                self._keep(pairs, some, surer, spans, passages, sure)

    def _keep(
        self, pairs: list[_Open], wanted: NDArray[np.int64], surer: NDArray[np.float64],
        spans: list[list[Span]], passages: dict[int, Passage], sure: list[list[Found]],
    ) -> None:  # fmt: skip
        """Add what some pairs give to the answers of their questions, the surest first."""
        for place, found in zip(wanted.tolist(), spans, strict=True):
            one, told = pairs[place], float(surer[place])
            answers = sure[one.question]
            for span in found:
                score = round(math.exp(span.score) * told, 4)
                if score >= self._settings.min_score:
                    answers.append(self._found(one.document, passages[one.document], span, score))
            answers.sort(key=lambda each: -each.score)

    def _found(self, document: int, passage: Passage, span: Span, score: float) -> Found:
        begin, end = passage.sentence_at(span.start)
        file, line = self._index.place_of(document)
        line += passage.text.count("\n", 0, span.start)
        answer = " ".join(passage.text[span.start : span.end].split())
        return Found(answer, score, file, line, " ".join(passage.text[begin:end].split()))

    def _known(self, asked: Asked, one: _Open) -> NDArray[np.float64] | None:
        """What is known of the spans of a document from its names."""
        question = asked.questions[one.question]
        if question.name not in ("who", "where"):
            return None
        passage = self._passage(one.document)
        if one.document not in self._named:
            if len(self._named) > 4096:
                self._named.clear()
            self._named[one.document] = _names(passage.text)
        return named_spans(question, passage, self._named[one.document])


@functools.cache
def _tagger() -> Tagger | None:
    """The tagger of English names that comes with nlpcli; None where it cannot be used."""
    from nlpcli.engine.sequences.tagger import Tagger

    try:
        return Tagger.load("english-ner")
    except NlpcliError:
        return None


def _names(text: str) -> list[tuple[int, int, str]]:
    """The names in an English text: first letter, last + 1, and PER, LOC, ORG or MISC."""
    if np.mean([letter.isascii() for letter in text[:500]]) < _ENGLISH or (tagger := _tagger()) is None:
        return []
    lines = text.split("\n")
    starts = offsets_of([len(line) + 1 for line in lines]).tolist()
    return [
        (start + one.start, start + one.end, one.label)
        for start, names in zip(starts, tagger.entities(lines), strict=False)
        for one in names
    ]
