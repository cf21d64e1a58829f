"""What finds the words of a text that answer a question: learnt weights, or a few rules without them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.runtime.arrays import Floats, offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.tasks.passages import Passage
from nlpcli.engine.tasks.question_words import Question
from nlpcli.engine.tasks.squad import AnswerScores, Asked, f1_of, scores_of
from nlpcli.errors import InputError
from nlpcli.settings.questions import ReaderSettings

kernels, rules = Kernels("search.spans"), Kernels("search.passages")

KIND = "reader"
_LIKELY = 40  # spans that are compared with each other
EXACT = 0.5  # how much more the span itself counts than one with the same letters
_NEAR = 0.5  # F1 from which on the best span of a text stands for its answer


class Span(NamedTuple):
    """Letters of a text from `start` up to but without `end`; logarithm of the chance that they answer."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, eq=False)
class Reader:
    """A log-linear model over the spans of a text: weights float32 [buckets]."""

    settings: ReaderSettings
    weights: Floats
    _passages: dict[str, Passage] = field(default_factory=dict, repr=False)

    def spans(self, question: str, text: str, top: int = 1) -> list[Span]:
        """The spans of a text that answer a question best; no two begin or end alike."""
        return self.spans_in(self._passage(text), Question(question), top)

    def spans_in(self, passage: Passage, asked: Question, top: int = 1) -> list[Span]:
        """The same of a text and a question that are cut into words."""
        if not len(passage.spans.starts):
            return []
        features = passage.features(asked, len(self.weights))
        scores = np.empty(len(features))
        kernels.score_spans(features, self.weights, scores)
        return best_spans(passage, scores, top)

    def read(self, question: str, text: str) -> str:
        """What of a text answers a question; nothing of a text without words.

        >>> reader = Reader(ReaderSettings(), np.zeros(1024, np.float32))
        >>> reader.read("Who?", "Ann")
        'Ann'
        """
        found = self.spans(question, text)
        return text[found[0].start : found[0].end] if found else ""

    def evaluate(self, asked: Sequence[Asked]) -> AnswerScores:
        """How well it answers questions about given texts."""
        answers = [self.read(one.question, one.context) for one in asked]
        return scores_of(answers, [one.answers for one in asked])

    def _passage(self, text: str) -> Passage:
        """The text as it was cut the last time, if that was just now: questions about it come together."""
        if text not in self._passages:
            if len(self._passages) >= 64:
                self._passages.clear()
            self._passages[text] = Passage(text)
        return self._passages[text]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as one model file."""
        write_model(path, KIND, {"settings": self.settings.to_record()}, {"weights": self.weights})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Reader:
        """Read a file that `train-reader` wrote. Raises ModelError."""
        model = read_model(path, KIND)
        return cls(model.fields["settings"], model.tensors["weights"])


def likely_room(top: int, spans: int) -> int:
    """How many of some spans are compared with each other to find the best."""
    return min(_LIKELY + 10 * top, spans)


def best_spans(passage: Passage, scores: NDArray[np.float64], top: int) -> list[Span]:
    """The best spans, none of which overlaps a better one; scores as log probabilities.

    The best are those that most of the probability lies on or beside: of the likeliest spans each counts for
    another as far as their letters are the same (the least expected loss of F1).
    """
    starts, ends = passage.spans.starts, passage.spans.ends
    room = likely_room(top, len(scores))
    likely, chosen = np.empty(room, np.int64), np.empty(min(top, room), np.int64)
    chances, expected = np.empty(room), np.empty(room)
    count = rules.choose(starts, ends, scores, EXACT, likely, chances, expected, chosen)
    return [
        Span(int(starts[likely[place]]), int(ends[likely[place]]), math.log(max(chances[place], 1e-300)))
        for place in chosen[:count].tolist()
    ]


# --- learning ---------------------------------------------------------------------------------


class _Examples(NamedTuple):
    """Spans of all questions: features int32 [N, F], offsets int64 [Q + 1], the right ones float32 [N]."""

    features: NDArray[np.int32]
    offsets: NDArray[np.int64]
    targets: Floats


def train(asked: Sequence[Asked], settings: ReaderSettings, progress: Progress = SILENT) -> Reader:
    """What tells the answers of these questions from other spans of their texts.

    Raises InputError where no answer of any question is found in its text.
    """
    draw = np.random.default_rng(settings.seed)
    examples = _examples(asked, settings, draw)
    count = len(examples.offsets) - 1
    weights = np.zeros(settings.buckets, np.float32)
    squares = np.full(settings.buckets, 1e-3, np.float32)
    scores = np.empty(int(np.diff(examples.offsets).max()))
    for epoch in range(1, settings.epochs + 1):
        order = draw.permutation(count)
        loss = 0.0
        for first in range(0, count, 256):
            loss += kernels.train_spans(
                examples.features, examples.offsets, examples.targets, order, first,
                min(first + 256, count), settings.learning_rate, settings.decay, weights, squares, scores,
            )  # fmt: skip
        progress.note(f"epoch {epoch}: loss {loss / count:.4f}")
    return Reader(settings, weights)


def _examples(asked: Sequence[Asked], settings: ReaderSettings, draw: np.random.Generator) -> _Examples:
    features, targets = [], []
    for passage, one in _with_passages(asked):
        right = _right(passage, one)
        if not len(right):
            continue
        is_right = np.zeros(len(passage.spans.starts), bool)
        is_right[right] = True
        wrong = np.flatnonzero(~is_right)
        chosen = draw.choice(wrong, min(len(wrong), settings.wrong), replace=False)
        kept = np.sort(np.concatenate([right, chosen]))
        features.append(passage.features(Question(one.question), settings.buckets)[kept])
        targets.append(is_right[kept].astype(np.float32))
    if not features:
        raise InputError("no answer of any question stands in its text")
    offsets = offsets_of(list(map(len, targets)))
    return _Examples(np.concatenate(features), offsets, np.concatenate(targets))


def _with_passages(asked: Sequence[Asked]) -> Iterator[tuple[Passage, Asked]]:
    passage = None
    for one in asked:
        if passage is None or passage.text != one.context:
            passage = Passage(one.context)
        yield passage, one


def _right(passage: Passage, asked: Asked) -> NDArray[np.int64]:
    """The spans that are an answer where it stands, or come nearest to it."""
    found: list[tuple[float, int]] = []
    spans = passage.spans
    for text, start in zip(asked.answers, asked.starts, strict=True):
        for number in np.flatnonzero((spans.starts < start + len(text)) & (spans.ends > start)).tolist():
            found.append((f1_of(passage.text[spans.starts[number] : spans.ends[number]], text), number))
    most = max((score for score, _ in found), default=0.0)
    numbers = {number for score, number in found if score >= most - 1e-9} if most > _NEAR else set()
    return np.array(sorted(numbers), np.int64)
