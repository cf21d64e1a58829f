"""Which words of a text answer a question, by rules: what is asked for, and what stands beside it.

A span is worth the more, the more of the question stands in its sentence and near it; what it is made of
must fit what is asked for (a date, a number, a name), and it should be a whole thing: in quotation marks,
before a bracket, a noun with its particle, not a piece of a date or name. How much each of these counts for
Korean was chosen on questions of KorQuAD's first 100 articles, in steps of a half.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.tasks.passages import Passage
from nlpcli.engine.tasks.question_words import (
    FORM,
    FORM_SIZE,
    GROUP,
    IS_EMPTY,
    SHAPE,
    Question,
)

Weights = NDArray[np.float64]

_KINDS = {"when": 0, "number": 1, "who": 2, "where": 3}
_OTHER = 4
_UNIT = re.compile(
    r"몇\s*([가-힣])|어느\s*([가-힣])|(년)도|연도"
)  # what the answer ends with: 몇 명, 어느 역
_NAMED = {"who": ("PER", "ORG"), "where": ("LOC",)}
_NAME = 4.0
COLUMNS = np.array([SHAPE, IS_EMPTY, FORM + GROUP, FORM_SIZE], np.int64)


def _marks() -> NDArray[np.uint32]:
    rows = [list(map(ord, row)) for row in ("'\"‘“《<〈「『", "'\"’”》>〉」』", "(((((((((")]
    return np.array(rows, np.uint32)


MARKS = _marks()


class _Rules(NamedTuple):
    """What counts how much: plain [18], and by kind of question (when, number, who, where, other) for the
    particle that was taken off (12), the shape of the last word (11) and further words (0 to 5, or more)."""

    plain: Weights
    particle: Weights
    shape: Weights
    length: Weights


# the question in the sentence; the best sentence; words of it before, behind; in the span, and how much of
# it; a word that tells nothing; in quotation marks, in half of them; before and behind a bracket; a verb; one
# letter; the unit asked for; the noun asked for; the question's word next to it; a piece of a date or name;
# nothing but words of the question
_KOREAN = _Rules(
    np.array([3, 0.5, 2, 2, -0.5, -2, -1.5, 5, -0.5, 3, -1, -2, -2, 2.5, 2.5, 1, -1, -4]),
    np.array(
        [
            [-0.5, -1, -1.5, -1.5, -1.5],  # none
            [-0.5, -0.5, 1, 0, 0],  # 은 는
            [-0.5, 0, 0.5, -0.5, 0],  # 이 가
            [0, 0.5, -0.5, 0.5, 0.5],  # 을 를
            [0, 0, -0.5, 0, 0],  # 의
            [0.5, 0, -0.5, 1, 0],  # 에 에서
            [-1.5, 0, -1, 0, 0],  # 로
            [-0.5, 0, 0.5, -0.5, -0.5],  # 와 과
            [-1, -1, -2, -3, -1.5],  # 이다 이며
            [0.5, 0, 0.5, 0, 1.5],  # 라고 라는
            [-1.5, -1.5, -3, -3, -3],  # 하다 되다
            [-0.5, 0, -1.5, 0, -1],  # others
        ]
    ),
    np.array(
        [
            [0, 0, 0, 0, 0],
            [2, -1.5, -2.5, -1, -2],  # 1931년
            [1.5, -1.5, -2, -1, -0.5],  # 5월
            [0, -0.5, -1, 0, -0.5],  # 1931
            [-0.5, 1, -0.5, 0, 1],  # 3%
            [-1, -1, 0, -0.5, -0.5],  # 3.5
            [0, 1.5, -0.5, -1, 0],  # 42m, 3명
            [-1, 0.5, 0.5, -0.5, 0],  # Seoul
            [-1.5, -1.5, 0, 0.5, 0],  # KBS
            [-1, 0.5, -0.5, -0.5, 0],  # cat
            [-3, -2, 0, 0, -1],  # 서울
        ]
    ),
    np.array(
        [
            [0.5, 1, 1, 1.5, 1],
            [0.5, 0.5, 0.5, 0.5, 0.5],
            [0, -0.5, -1, -1.5, -0.5],
            [-3, -3, -2, -2.5, -1.5],
            [-3, -3, -3, -3, -3],
            [-3, -3, -3, -3, -3],
        ]
    ),
)
_ENGLISH = _Rules(
    np.array([6, 0.5, 2, 2, -6, 0, -8, 3, -1, 1, 0, 0, -1, 0, 0, 1, -3, 0]),
    np.zeros((12, 5)),
    np.array(
        [
            [0, 0, 0, 0, 0],
            [4, 0, 0, 0, 0],
            [4, 0, 0, 0, 0],
            [4, 1, -4, -4, -1],
            [0, 4, -4, -4, 0],
            [0, 4, -4, -4, -1],
            [1, 3, -4, -4, -1],
            [0, -1, 4, 4, 1],
            [0, -1, 1, 1, 0],
            [0, -1, 0, 0, 0],
            [0, 0, 4, 4, 0],
        ]
    ),
    np.array(
        [
            [0, 0, 0, 0, 0],
            [-0.5, -1, 0, 0, 0],
            [-1, -2, -1, -1, -0.5],
            [-2, -3, -2, -2, -1],
            [-3, -4, -4, -4, -1.5],
            [-4, -5, -5, -5, -2],
        ]
    ),
)  # fmt: skip


def asked_unit(question: str) -> str:
    """What the answer ends with if the question says so; nothing if not.

    >>> asked_unit("모두 몇 명인가?"), asked_unit("어느 역에서?"), asked_unit("누구?")
    ('명', '역', '')
    """
    found = _UNIT.search(question)
    return (found[1] or found[2] or "년") if found else ""


def kind_number(name: str) -> int:
    """Which column of the weights a kind of question has."""
    return _KINDS.get(name, _OTHER)


def rules_for(korean: bool) -> tuple[Weights, Weights, Weights, Weights]:
    """What counts how much, as `rate_spans` takes it: plain, by particle, by shape and by length."""
    return _KOREAN if korean else _ENGLISH


def named_spans(
    asked: Question, passage: Passage, named: Sequence[tuple[int, int, str]]
) -> NDArray[np.float64] | None:
    """What names in a text (first letter, last + 1, label) say of its spans: float64 [C]; None if nothing."""
    spans, fitting = passage.spans, _NAMED.get(asked.name, ())
    places = [(start, end) for start, end, label in named if label in fitting]
    if not places:
        return None
    rated = np.zeros(len(spans.starts))
    for start, end in places:
        rated[(spans.starts == start) & (spans.ends == end)] += _NAME
    return rated
