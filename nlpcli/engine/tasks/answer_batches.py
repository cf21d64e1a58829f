"""Questions and texts in pairs, rated together: calling a kernel takes longer than what it does for one.

Not here: which texts are looked through, and what becomes of the answers (`answers.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.tasks.passages import Passage
from nlpcli.engine.tasks.question_words import Question, crc, facts_of
from nlpcli.engine.tasks.reader import EXACT, Span, likely_room
from nlpcli.engine.tasks.span_rules import COLUMNS, MARKS, asked_unit, kind_number, rules_for

kernels = Kernels("search.answers")

Ints = NDArray[np.int64]


class Asked(NamedTuple):
    """Questions: their words one behind the other, those of question q at words[q] to words[q + 1]."""

    questions: Sequence[Question]
    words: Ints
    keys: Ints
    offsets: Ints
    telling: NDArray[np.float64]
    kinds: Ints
    units: Ints
    focuses: Ints

    @classmethod
    def of(cls, texts: Sequence[str]) -> Asked:
        """Some questions."""
        questions = [Question(text) for text in texts]
        facts = facts_of([form for one in questions for form in one.forms])
        units = [asked_unit(text) for text in texts]
        return cls(
            questions,
            offsets_of([len(one.forms) for one in questions]),
            facts.keys,
            facts.offsets,
            np.array([tells for one in questions for tells in one.telling], np.float64),
            np.array([kind_number(one.name) for one in questions], np.int64),
            np.array([crc(unit) if unit else -1 for unit in units], np.int64),
            np.array([one.focus for one in questions], np.int64),
        )


class Told(NamedTuple):
    """Of pairs of question and text, int64 [P, 2]: where their shared words begin, int64 [P + 1], these, and
    how much each word of the question weighs, float64 [P, Q]; how much of the question the text has, float64
    [P]."""

    pairs: Ints
    places: Ints
    shared: NDArray[np.uint8]
    weights: NDArray[np.float64]
    told: NDArray[np.float64]


class Texts:
    """Texts that are looked through together, none of them without words, packed."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.passages = passages
        self.words = offsets_of(list(map(len, passages)))
        self.keys = np.concatenate([one.words.keys for one in passages])
        bases = offsets_of([len(one.words.keys) for one in passages])
        ends = [one.words.offsets[1:] + base for one, base in zip(passages, bases.tolist(), strict=False)]
        self.offsets = np.concatenate([np.zeros(1, np.int64), *ends])
        self.sentence = np.concatenate([one.sentence for one in passages])

    def tell(self, asked: Asked, pairs: Ints) -> Told:
        """How much of each question stands in each text."""
        sizes, counts = np.diff(self.words)[pairs[:, 1]], np.diff(asked.words)[pairs[:, 0]]
        places, most = offsets_of(sizes * counts), int(counts.max(initial=0))
        shared, told = np.empty(places[-1], np.uint8), np.empty(len(pairs))
        weights = np.zeros((len(pairs), most))
        kernels.match_all(
            pairs, self.words, self.keys, self.offsets, self.sentence, asked.words, asked.keys, asked.offsets,
            asked.telling, places, shared, np.zeros((len(pairs), most), np.int64), weights,
            np.zeros((self._sentences + 2) * most, np.uint8), told,
        )  # fmt: skip
        return Told(pairs, places, shared, weights, told)

    @property
    def _sentences(self) -> int:
        return int(self.sentence.max()) + 1

    def spans(
        self,
        asked: Asked,
        found: Told,
        wanted: Ints,
        known: Sequence[NDArray[np.float64] | None],
        top: int,
        korean: bool,
    ) -> list[list[Span]]:
        """The best spans of some of the pairs, int64 [n], by rules.

        known: what is known of a pair's spans already, float64 [C] each, or None.
        """
        passages = self.passages
        tables = [one.spans.table for one in passages]
        spans_at = offsets_of([table.shape[1] for table in tables])
        texts = found.pairs[wanted, 1]
        sizes = np.diff(spans_at)[texts]
        scores_at = offsets_of(sizes)
        scores = np.zeros(scores_at[-1])
        for number, some in enumerate(known):
            if some is not None:
                scores[scores_at[number] : scores_at[number + 1]] = some
        longest, most = int(np.diff(self.words).max()), int(np.diff(asked.words).max())
        likely = likely_room(top, int(sizes.max()))
        top = min(top, likely)
        spans, sure = np.empty((len(wanted), top, 2), np.int32), np.zeros((len(wanted), top))
        kernels.rate_all(
            wanted, found.pairs, self.words, spans_at, offsets_of([len(one.letters) for one in passages]),
            np.concatenate([table.ravel() for table in tables]),
            np.concatenate([one.words.table for one in passages]), COLUMNS,
            np.concatenate([one.letters for one in passages]),
            np.concatenate([one.starts for one in passages]),
            np.concatenate([one.ends for one in passages]), self.sentence, asked.words, found.places,
            found.shared, found.weights, asked.kinds, asked.units, asked.focuses, MARKS, *rules_for(korean),
            np.zeros((3, longest)), np.zeros((2, longest + 1)), np.zeros(self._sentences * most, np.uint8),
            np.zeros(self._sentences), scores_at, scores, EXACT, np.empty(likely, np.int64), np.empty(likely),
            np.empty(likely), np.empty(top, np.int64), spans, sure,
        )  # fmt: skip
        return [
            [
                Span(start, end, math.log(max(chance, 1e-300)))
                for (start, end), chance in zip(places, chances, strict=True)
                if start >= 0
            ]
            for places, chances in zip(spans.tolist(), sure.tolist(), strict=True)
        ]
