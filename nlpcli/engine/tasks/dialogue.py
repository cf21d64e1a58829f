"""Dialogue: an answer to each line, found among questions and answers, or written by a network.

    an index       the answer to the question that is most like the line, by the cosine of TF-IDF rows
    a seq2seq      the best target of the line

Earlier turns: in an index, what was asked before adds to the score of what the line itself finds, k turns ago
by 0.3ᵏ; a network reads the turns and then the line, with spaces between, as the sources of its training
should have had them. Not here: where lines come from (`dialogue_job.py`).
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, Protocol

import numpy as np

from nlpcli.engine.io.model_file import read_info
from nlpcli.engine.search.block_ranking import Ranked
from nlpcli.engine.search.index import KIND as INDEX
from nlpcli.engine.search.index import SearchIndex
from nlpcli.engine.search.ranking import Search
from nlpcli.engine.translation.model import KIND as SEQ2SEQ
from nlpcli.engine.translation.model import UNFINISHED, Seq2Seq
from nlpcli.errors import ModelError
from nlpcli.settings.search import ChatSettings, SearchSettings

_FADING = 0.3  # of what was asked a turn earlier
_CANDIDATES = 1000  # questions like a line, that earlier turns may put in another order


class Reply(NamedTuple):
    """A line and its answer; score: cosine of the question found, or mean probability of what was written."""

    question: str
    answer: str
    score: float


class Speaker(Protocol):
    """What has an answer to a line, and remembers the turns."""

    def reply(self, line: str) -> Reply:
        """The answer to a line that is not empty."""


class Chat:
    """A conversation with a model. An empty line has an empty answer, and is no turn."""

    def __init__(self, model: str, settings: ChatSettings = ChatSettings()) -> None:
        self._speaker, self._settings = _speaker(model, settings), settings

    def reply(self, line: str) -> Reply:
        """The answer to a line; one that is less sure than the settings ask for is none."""
        line = " ".join(line.split())
        if not line:
            return Reply("", "", 0.0)
        found = self._speaker.reply(line)
        if found.score < self._settings.min_score:
            return found._replace(answer=self._settings.fallback)
        return found


def _speaker(model: str, settings: ChatSettings) -> Speaker:
    """Raises ModelError for a file that cannot answer."""
    kind = read_info(model).kind
    if kind == INDEX:
        index = SearchIndex.load(model)
        if index.answers is not None:
            return _Found(index, settings)
        raise ModelError(
            f"{model} is an index of texts, which have no answers",
            hint="nlpcli index TABLE --text-col question --answer-col answer makes one that has",
        )
    if kind in (SEQ2SEQ, UNFINISHED):  # of which loading says how it goes on
        return _Written(Seq2Seq.load(model), settings)
    raise ModelError(
        f"{model} is a {kind} model, and chat takes an index with answers or a model of train-seq2seq",
        hint="nlpcli index TABLE --text-col question --answer-col answer makes such an index",
    )


class _Found:
    """Answers that stand in an index."""

    def __init__(self, index: SearchIndex, settings: ChatSettings) -> None:
        found = SearchSettings(top_k=_CANDIDATES if settings.turns else 1)
        self._index, self._search, self._settings = index, Search(index, found), settings
        self._earlier: deque[Ranked] = deque(maxlen=settings.turns)

    def reply(self, line: str) -> Reply:
        documents, own = self._search.rank(line)
        scores = own.copy()
        for turns, (others, before) in enumerate(reversed(self._earlier), start=1):
            _, here, there = np.intersect1d(documents, others, return_indices=True)
            scores[here] += before[there] * _FADING**turns
        self._earlier.append((documents, own))
        answers = self._index.answers
        if answers is None or not len(documents):
            return Reply(line, self._settings.fallback, 0.0)
        best = int(np.argmax(scores))
        return Reply(line, answers[int(documents[best])], round(float(own[best]), 4))


class _Written:
    """Answers that a network writes."""

    def __init__(self, model: Seq2Seq, settings: ChatSettings) -> None:
        self._model, self._settings = model, settings
        self._earlier: deque[str] = deque(maxlen=2 * settings.turns)

    def reply(self, line: str) -> Reply:
        best = next(self._model.targets([" ".join([*self._earlier, line])]))[0]
        answer = best.text or self._settings.fallback
        self._earlier += [line, answer]
        return Reply(line, answer, round(best.probability if best.text else 0.0, 4))
