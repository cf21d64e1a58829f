"""What of a text may answer a question: spans of words, each told by features of itself and its surroundings.

A span begins and ends with a word of one sentence; of a Korean word that ends it the particle may be left
out. What is true of a word alone is worked out once for a text; with a question come where its words stand,
and what it asks for. Features are numbers of hashes, `FEATURES` of each span (Rajpurkar et al. 2016 have
such a model over spans of parsed sentences; this one needs no parser).

Not here: what weighs the features (`reader.py`).
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.tasks.question_words import (
    FORM,
    FORM_SHAPE,
    FORM_SIZE,
    FORMS,
    HEAD,
    LAST,
    LAST_TWO,
    LEFT,
    PARTICLE,
    SHAPE,
    TAIL,
    WORD,
    Question,
    crc,
    facts_of,
)

kernels = Kernels("search.passages")

FEATURES = 34
_LONGEST_WORDS, _LONGEST_LETTERS = 7, 40
_SENTENCE_END = re.compile(r"(?<=[.!?。])[\"'”’)\]]*\s+|\n+")
_MIX = np.uint64(0x9E3779B97F4A7C15)

Ints = NDArray[np.int64]


class Spans:
    """Spans [C] that may be answers, int32 [5, C]: first letter and last + 1, first and last word, and 1
    where the last is without its particle."""

    def __init__(self, table: NDArray[np.int32]) -> None:
        self.table = table
        self.starts, self.ends, self.first, self.last, self.form = table


class Matches(NamedTuple):
    """How much each word of a question weighs, the rarer in the text the more, float64 [Q]; and which words
    of the text [N] may be it, uint8 [N, Q]."""

    weights: NDArray[np.float64]
    shared: NDArray[np.uint8]


class Passage:
    """A text, its words and the spans that may be answers."""

    def __init__(self, text: str) -> None:
        self.text = text
        found = list(WORD.finditer(text))
        places = np.array([match.span() for match in found], np.int64).reshape(-1, 2)
        self.starts, self.ends = np.ascontiguousarray(places.T)
        self.words = facts_of([match[0] for match in found])
        self.breaks = np.array([0, *(match.end() for match in _SENTENCE_END.finditer(text))], np.int64)
        self.sentence = np.searchsorted(self.breaks, self.starts, "right") - 1
        self.spans = self._spans()

    def __len__(self) -> int:
        return len(self.starts)

    @functools.cached_property
    def letters(self) -> NDArray[np.uint32]:
        """The text as numbers of its characters."""
        return np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), np.uint32)

    def sentence_at(self, place: int) -> tuple[int, int]:
        """First letter and last letter + 1 of the sentence that a letter stands in."""
        number = int(np.searchsorted(self.breaks, place, "right")) - 1
        end = int(self.breaks[number + 1]) if number + 1 < len(self.breaks) else len(self.text)
        return int(self.breaks[number]), end

    def _spans(self) -> Spans:
        table = self.words.table
        spans = np.empty((5, 2 * _LONGEST_WORDS * len(self)), np.int32)
        count = kernels.find_spans(
            self.starts, self.ends, self.sentence, table[:, FORMS], table[:, FORM + FORM_SIZE + LEFT],
            _LONGEST_WORDS, _LONGEST_LETTERS, spans,
        )  # fmt: skip
        return Spans(np.ascontiguousarray(spans[:, :count]))

    def _of_form(self, column: int) -> Ints:
        """What is true of the last word of each span as it is there: int64 [C]."""
        spans = self.spans
        found: Ints = self.words.table[spans.last, FORM + FORM_SIZE * spans.form + column]
        return found

    def _gaps(self) -> tuple[Ints, Ints]:
        """What stands before each word and behind it, up to the next."""
        bounds = [0, *self.ends.tolist()], [*self.starts.tolist(), len(self.text)]
        texts = [self.text[end:start][:3] for end, start in zip(*bounds, strict=True)]
        numbers = np.array([crc(text) for text in texts], np.int64)
        return numbers[:-1], numbers[1:]

    @functools.cached_property
    def _fixed(self) -> Ints:
        """What is true of spans whatever is asked: int64 [10, C]."""
        spans, count, table = self.spans, len(self), self.words.table
        before, behind = self._gaps()
        heads, tails = np.append(table[:, HEAD], 0), table[:, TAIL]
        lengths = spans.last - spans.first
        letters = np.minimum(spans.ends - spans.starts, 24)
        cut = spans.ends < self.ends[spans.last]
        after = np.where(cut, 1, behind[spans.last])
        follower = np.where(spans.last + 1 < count, heads[spans.last + 1 - count], 0)
        return np.array(
            [
                lengths,
                letters,
                self._of_form(PARTICLE),
                self._of_form(LAST),
                self._of_form(LAST_TWO),
                table[spans.first, SHAPE] * 16 + self._of_form(FORM_SHAPE),
                np.where(spans.first > 0, tails[spans.first - 1], 0),
                before[spans.first] * 3 + after,
                follower,
                heads[spans.first],
            ]
        )

    def matches(self, asked: Question) -> Matches:
        """Where the words of a question stand."""
        count = len(asked.forms)
        shared, seen = np.empty((len(self), count), np.uint8), np.zeros(count, np.int64)
        words, mine = asked.words, self.words
        kernels.match(mine.keys, mine.offsets, words.keys, words.offsets, shared, seen)
        return Matches(np.where(seen > 0, np.log(1 + len(self) / np.maximum(seen, 1)), 0.0), shared)

    # --- with a question ----------------------------------------------------------------------

    def features(self, asked: Question, buckets: int) -> NDArray[np.int32]:
        """The features of each span for a question, numbers below `buckets`: int32 [C, FEATURES]."""
        told = self._told(asked)
        length, letters, particle, one, two, shapes, before, gaps, follower, head = self._fixed
        kind, focus, earlier = asked.kind, asked.focus, asked.earlier
        rows = [
            (length,), (letters, kind), (particle,), (particle, gaps), (one, focus), (two, focus),
            (one, kind), (two, kind), (shapes, focus), (shapes, kind), (length, focus), (length, kind),
            (before,), (gaps,),
            (follower,), (head,), (before, kind), (shapes, earlier), (two, earlier), (follower, kind),
            (particle, kind), (length, particle), (length, shapes),
            *told,
        ]  # fmt: skip
        mixed = np.empty((len(length), FEATURES), np.int32)
        with np.errstate(over="ignore"):
            for slot, parts in enumerate(rows):
                number = np.full(len(length), slot + 1, np.uint64) * _MIX
                for part in parts:
                    number = (number ^ np.asarray(part, np.int64).astype(np.uint64)) * _MIX
                    number ^= number >> np.uint64(29)
                mixed[:, slot] = (number % np.uint64(buckets)).astype(np.int32)
        return mixed

    def _told(self, asked: Question) -> list[tuple[Ints | int, ...]]:
        """What the places of the question's words say of each span."""
        spans, count = self.spans, len(self)
        weights, shared = self.matches(asked)
        strength = shared @ weights
        matched = strength > 0
        sentences = int(self.sentence[-1]) + 1
        covered = np.zeros((sentences, len(weights)), bool)
        np.logical_or.at(covered, self.sentence, shared)
        share = covered @ weights / max(float(weights.sum()), 1e-9)
        rank = np.argsort(np.argsort(-share, kind="stable"), kind="stable")
        sums = np.concatenate([[0.0], np.cumsum(strength)])
        scale = max(float(weights.sum()), 1e-9)
        left = sums[spans.first] - sums[np.maximum(spans.first - 5, 0)]
        right = sums[np.minimum(spans.last + 6, count)] - sums[spans.last + 1]
        hits = np.concatenate([[0], np.cumsum(matched)])
        inside = hits[spans.last + 1] - hits[spans.first]
        overlap = np.where(inside == 0, 0, np.where(inside > spans.last - spans.first, 2, 1))
        to_left, to_right = _distances(matched)
        near_left = np.where(spans.first > 0, to_left[spans.first - 1], 9)
        near_right = to_right[np.minimum(spans.last + 1, count)]
        of_sentence = self.sentence[spans.first]
        here, place = _tenths(share[of_sentence]), np.minimum(rank[of_sentence], 4)
        ends = matched[spans.first] * 2 + matched[spans.last]
        return [
            (overlap, ends), (near_left, near_right), (_tenths(left / scale),), (_tenths(right / scale),),
            (here,), (place,), (place, here), (_tenths((left + right) / scale), place),
            (near_right, self._fixed[2]), (overlap, asked.kind), (near_left, self._fixed[6]),
        ]  # fmt: skip


def _tenths(shares: NDArray[np.float64]) -> Ints:
    return np.minimum(shares * 10, 10).astype(np.int64)


def _distances(matched: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """How far the nearest word of the question is from each word, leftwards and rightwards, at most 9."""
    count = len(matched)
    places = np.where(matched, np.arange(count), -9)
    left = np.minimum(np.arange(count) - np.maximum.accumulate(places), 9)
    backwards = np.where(matched, np.arange(count), count + 9)[::-1]
    right = np.minimum(np.minimum.accumulate(backwards)[::-1] - np.arange(count), 9)
    return left, np.append(right, 9)
