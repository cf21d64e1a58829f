"""Answers out of texts: what `ask` and `train-reader` do, and `evaluate` with a reader."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.questions import Answers, Questions
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.search.index import SearchIndex, build, is_index
from nlpcli.engine.search.ranking import Search
from nlpcli.engine.tasks.passages import Matches, Passage
from nlpcli.engine.tasks.question_words import Question
from nlpcli.engine.tasks.reader import Reader, Span, best_spans, train
from nlpcli.engine.tasks.span_rules import scores
from nlpcli.engine.tasks.squad import AnswerScores, all_of, read_squad
from nlpcli.engine.text.arguments import as_list, plain_settings
from nlpcli.errors import NlpcliError
from nlpcli.settings.input import InputSettings
from nlpcli.settings.questions import AskSettings, ReaderSettings
from nlpcli.settings.search import SearchSettings

if TYPE_CHECKING:
    from nlpcli.engine.sequences.tagger import Tagger

_ENGLISH = 0.9  # share of ASCII letters from which on a text is looked through for English names
_KEPT = 1024  # documents that are kept cut into words
_ROUNDED = 1e-4  # by which a score may be more when it is rounded
_RANK = 8.0  # how much less an answer of a document counts that answers the question less well itself


class Found(NamedTuple):
    """An answer, how sure it is (0 to 1), where it stands, and the sentence it stands in."""

    answer: str
    score: float
    file: str
    line: int
    sentence: str


@plain_settings
def train_reader(
    paths: Paths,
    output: str,
    settings: ReaderSettings = ReaderSettings(),
    *,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> Reader:
    """A reader that learns from questions with their answers in texts (SQuAD's JSON), written to `output`.

    Raises InputError for files of another layout, and OutputError, before any work, for what cannot be
    written.
    """
    check_writable(output)
    asked = [one for path in as_list(paths) for one in all_of(read_squad(path, reading))]
    reader = train(asked, settings, progress)
    reader.save(output)
    progress.note(f"{output}: learnt from {len(asked):,} questions")
    return reader


def evaluate_reader(model: str, paths: Paths, reading: InputSettings = InputSettings()) -> AnswerScores:
    """How well a reader answers questions about the texts that stand beside them."""
    asked = [one for path in as_list(paths) for one in all_of(read_squad(path, reading))]
    return Reader.load(model).evaluate(asked)


@plain_settings
def ask(
    texts: str,
    questions: Iterable[str] | None = None,
    settings: AskSettings = AskSettings(),
    *,
    model: str | None = None,
    progress: Progress = SILENT,
) -> Answers[list[Found]]:
    """Each question with its answers, the best first; none where none is sure enough.

    `texts` is an index, or a file or folder of texts. Without `questions` they are read from stdin, one per
    line. `model` is a reader of `train-reader`; without one a few rules choose the words.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "notes.txt").write_text("The bridge was built in 1931.\\nIt rained.\\n")
    ...     [(question, [found])] = ask(folder, ["When was the bridge built?"])
    >>> found.answer, found.line, found.sentence
    ('1931', 1, 'The bridge was built in 1931.')
    """
    index = SearchIndex.load(texts) if is_index(texts) else build([texts], progress=progress)
    reader = Reader.load(model) if model is not None else None
    finder = _Finder(index, reader, settings)
    asked = Questions(questions, progress)
    return Answers(asked, lambda batch: asked.solved(batch, finder.answers))


class _Finder:
    """Answers questions out of one index."""

    def __init__(self, index: SearchIndex, reader: Reader | None, settings: AskSettings) -> None:
        self._index, self._reader, self._settings = index, reader, settings
        self._search = Search(index, SearchSettings(by="bm25", top_k=settings.documents))
        self._passages: dict[int, Passage] = {}

    def answers(self, question: str) -> list[Found]:
        """The answers to one question.

        A document that ranks lower cannot be surer than `_RANK` allows it: where so many better answers are
        found already, it is not read.
        """
        documents, ranks = self._search.rank(question)
        asked, top = Question(question), self._settings.top
        sure: list[Found] = []
        for document, rank in zip(documents.tolist(), ranks.tolist(), strict=True):
            limit = (rank / float(ranks[0])) ** _RANK
            least = sure[top - 1].score if len(sure) >= top else self._settings.min_score
            if limit < least - _ROUNDED:
                break
            passage = self._passage(document)
            if not len(passage):
                continue
            matches = passage.matches(asked)
            told = passage.coverage(asked, matches) * limit
            if told < least - _ROUNDED:
                continue
            spans = self._spans(question, asked, passage, matches)
            found = [self._found(document, passage, span, told) for span in spans]
            sure += [one for one in found if one.score >= self._settings.min_score]
            sure.sort(key=lambda one: -one.score)
        return sure[:top]

    def _passage(self, document: int) -> Passage:
        """A document, cut into words as it was the last time if it was asked for lately."""
        if document not in self._passages:
            if len(self._passages) >= _KEPT:
                del self._passages[next(iter(self._passages))]
            self._passages[document] = Passage(str(self._index.texts[document]))
        return self._passages[document]

    def _spans(self, question: str, asked: Question, passage: Passage, matches: Matches) -> list[Span]:
        if self._reader is not None:
            return self._reader.spans_in(passage, asked, self._settings.top)
        named = _names(passage.text) if asked.name in ("who", "where") else []
        return best_spans(passage, scores(question, asked, passage, matches, named), self._settings.top)

    def _found(self, document: int, passage: Passage, span: Span, told: float) -> Found:
        begin, end = passage.sentence_at(span.start)
        file, line = self._index.place_of(document)
        line += passage.text.count("\n", 0, span.start)
        sure = math.exp(span.score) * told
        answer = " ".join(passage.text[span.start : span.end].split())
        return Found(answer, round(sure, 4), file, line, " ".join(passage.text[begin:end].split()))


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
