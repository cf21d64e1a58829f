"""How good a tagger is: words right, unseen words right, and spans right as conlleval counts them.

A span is right when its first word, its last word and its type are (Tjong Kim Sang & De Meulder 2003).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from nlpcli.engine.classify.metrics import Evaluation
from nlpcli.engine.classify.metrics import evaluate as evaluate_classes
from nlpcli.engine.sequences.examples import Examples
from nlpcli.engine.sequences.models import TaggerModel
from nlpcli.engine.tagging.labels import Span, spans_of

_AROUND = 3  # words shown on either side of a mistake


@dataclass(frozen=True)
class SpanMetrics:
    """How the spans of a type fared: how many are there, were found, and were found right."""

    label: str
    there: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        """The share of those found that is right."""
        return _ratio(self.right, self.found)

    @property
    def recall(self) -> float:
        """The share of those there that was found."""
        return _ratio(self.right, self.there)

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return _ratio(2 * self.right, self.there + self.found)

    def to_record(self) -> dict[str, Any]:
        """As JSON types."""
        measures = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {
            "label": self.label,
            **measures,
            "there": self.there,
            "found": self.found,
            "right": self.right,
        }


class TagMistake(NamedTuple):
    """A word, or the words of a span, that was got wrong: where, what it is, and what it was taken for."""

    place: str
    text: str
    true: str
    predicted: str
    context: str


@dataclass(frozen=True, eq=False)
class TaggerEvaluation:
    """How all words and spans fared.

    tokens: every word a case of its tag. unseen: how many words are right that were not in the training text,
    and how many there are. spans: by type, in order; empty for tags that are no labels of spans.
    """

    judged: ClassVar[str] = "words"

    tokens: Evaluation
    unseen: tuple[int, int]
    sentences: tuple[int, int]
    spans: tuple[SpanMetrics, ...] = ()
    mistakes: tuple[TagMistake, ...] = ()

    @property
    def accuracy(self) -> float:
        """The share of words with the right tag."""
        return self.tokens.accuracy

    @property
    def unseen_accuracy(self) -> float:
        """The same of words that were not in the training text."""
        return _ratio(*self.unseen)

    def overall(self) -> SpanMetrics:
        """All types together (micro average)."""
        return SpanMetrics(
            "micro",
            sum(row.there for row in self.spans),
            sum(row.found for row in self.spans),
            sum(row.right for row in self.spans),
        )

    def to_record(self) -> dict[str, Any]:
        """As JSON types."""
        tokens = self.tokens.to_record()
        del tokens["documents"], tokens["calibration_error"]
        record: dict[str, Any] = {
            "words": self.tokens.documents,
            "accuracy": self.accuracy,
            "unseen_words": self.unseen[1],
            "unseen_accuracy": self.unseen_accuracy,
            "sentences": self.sentences[1],
            "sentence_accuracy": _ratio(*self.sentences),
            "tags": tokens,
        }
        if self.spans:
            spans = [row.to_record() for row in self.spans]
            record["spans"] = {**self.overall().to_record(), "label": "micro", "types": spans}
        if self.mistakes:
            record["errors"] = [mistake._asdict() for mistake in self.mistakes]
        return record


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def measure(model: TaggerModel, examples: Examples, mistakes: int = 0) -> TaggerEvaluation:
    """How well a tagger does on tagged sentences, with the first `mistakes` that it makes."""
    found = model.tag(examples.words)
    true = [tag for tags in examples.tags for tag in tags]
    guessed = [tag for tags in found for tag in tags]
    words = [word for sentence in examples.words for word in sentence]
    names = sorted({*true, *guessed})
    ids = {name: number for number, name in enumerate(names)}
    wanted = np.fromiter((ids[tag] for tag in true), np.int32, len(true))
    given = np.fromiter((ids[tag] for tag in guessed), np.int32, len(guessed))
    right = wanted == given
    unseen = ~model.knows(words)
    whole = sum(tags == gold for tags, gold in zip(found, examples.tags, strict=True))
    return TaggerEvaluation(
        evaluate_classes(wanted, given, names),
        (int(right[unseen].sum()), int(unseen.sum())),
        (whole, len(found)),
        span_metrics(examples.tags, found) if model.spans else (),
        tuple(_mistakes(examples, found, model.spans, mistakes)) if mistakes else (),
    )


def span_metrics(true: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> tuple[SpanMetrics, ...]:
    """How the spans of every type fared, by the labels of some sentences.

    >>> rows = span_metrics([["B-A", "I-A", "O", "B-B"]], [["B-A", "O", "O", "B-B"]])
    >>> [(row.label, row.f1) for row in rows]
    [('A', 0.0), ('B', 1.0)]
    """
    counts = Counter[str](), Counter[str](), Counter[str]()
    for gold, tags in zip(true, found, strict=True):
        there, given = set(spans_of(gold)), set(spans_of(tags))
        for counter, spans in zip(counts, (there, given, there & given), strict=True):
            counter.update(span.label for span in spans)
    return tuple(
        SpanMetrics(label, *(counter[label] for counter in counts))
        for label in sorted({*counts[0], *counts[1]})
    )


def _mistakes(examples: Examples, found: Sequence[Sequence[str]], spans: bool, most: int) -> list[TagMistake]:
    """The first mistakes, in the order of the text."""
    listed: list[TagMistake] = []
    for source, words, gold, tags in zip(examples.sources, examples.words, examples.tags, found, strict=True):
        if len(listed) >= most:
            break
        for span, true, guess in _wrong_spans(gold, tags) if spans else _wrong_words(gold, tags):
            before = words[max(0, span.start - _AROUND) : span.start]
            text = " ".join(words[span.start : span.end])
            context = " ".join([*before, f"[{text}]", *words[span.end : span.end + _AROUND]])
            listed.append(TagMistake(source.place_of(span.start), text, true, guess, context))
    return listed[:most]


def _wrong_words(gold: Sequence[str], tags: Sequence[str]) -> list[tuple[Span, str, str]]:
    pairs = enumerate(zip(gold, tags, strict=True))
    return [(Span(word, word + 1, ""), true, guess) for word, (true, guess) in pairs if true != guess]


def _wrong_spans(gold: Sequence[str], tags: Sequence[str]) -> list[tuple[Span, str, str]]:
    """Spans that were not found, or of another type, and those found that are none; O for none."""
    there = {(span.start, span.end): span.label for span in spans_of(gold)}
    given = {(span.start, span.end): span.label for span in spans_of(tags)}
    return [
        (Span(*place, ""), there.get(place, "O"), given.get(place, "O"))
        for place in sorted({*there, *given})
        if there.get(place) != given.get(place)
    ]
