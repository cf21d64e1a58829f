"""Questions with texts and answers as SQuAD's JSON has them, and how well they were answered.

Exact match and F1 are those of SQuAD's script (Rajpurkar et al. 2016): the best over the given answers,
after lower-casing and without punctuation and articles; F1 over words. Where the answer is Korean they are
KorQuAD's (Lim, Kim and Lee 2019): also without brackets and quotes, F1 over letters.
"""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import display_name
from nlpcli.errors import InputError
from nlpcli.settings.input import InputSettings

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_QUOTES = re.compile("['\"《》<>〈〉()‘’]")
_ARTICLES = re.compile(r"\b(a|an|the)\b")


class Asked(NamedTuple):
    """A question about a text, and what answers it there: texts, and where each begins; none if nothing."""

    question: str
    context: str
    answers: tuple[str, ...]
    starts: tuple[int, ...]


@dataclass(frozen=True)
class AnswerScores:
    """Of so many questions, how many of a hundred were answered exactly, and the mean F1 in hundredths."""

    questions: int
    exact: float
    f1: float
    judged: ClassVar[str] = "answers"


def read_squad(path: str, reading: InputSettings = InputSettings()) -> list[list[Asked]]:
    """The questions of each article of a file of SQuAD's layout, version 1 or 2.

    Raises InputError for a file of another layout, and for one without a question.
    """
    name = display_name(path)
    try:
        content = json.loads("\n".join(Lines([path], reading)))
        articles = [list(_asked(article)) for article in content["data"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"{name}: not a file of questions",
            hint='wanted: JSON as SQuAD has it, {"data": [{"paragraphs": [{"context", "qas": […]}]}]}',
        ) from error
    if not any(articles):
        raise InputError(f"{name}: no question in it")
    return articles


def _asked(article: dict[str, list[dict[str, object]]]) -> Iterator[Asked]:
    for paragraph in article["paragraphs"]:
        context = paragraph["context"]
        for entry in paragraph["qas"]:  # type: ignore[attr-defined]
            given = [(one["text"], one["answer_start"]) for one in entry["answers"]]
            whole = isinstance(context, str) and isinstance(entry["question"], str)
            if not whole or not all(isinstance(a, str) and isinstance(b, int) for a, b in given):
                raise ValueError("not texts")
            answers, starts = tuple(a for a, _ in given), tuple(b for _, b in given)
            yield Asked(entry["question"], context, answers, starts)  # type: ignore[arg-type]


def scores_of(found: Sequence[str], wanted: Sequence[Sequence[str]]) -> AnswerScores:
    """How good answers are; nothing is right where nothing answers.

    >>> round(scores_of(["the king", "", "서울에서"], [["King"], [], ["서울"]]).f1, 2)
    88.89
    """
    pairs = [(mine, truths or [""]) for mine, truths in zip(found, wanted, strict=True)]
    exact = [any(_is_same(mine, one) for one in truths) for mine, truths in pairs]
    f1 = [max(f1_of(mine, one) for one in truths) for mine, truths in pairs]
    count = max(len(found), 1)
    return AnswerScores(len(found), 100 * sum(exact) / count, 100 * sum(f1) / count)


def _is_same(mine: str, truth: str) -> bool:
    return _normal(mine, _is_korean(truth)) == _normal(truth, _is_korean(truth))


def f1_of(mine: str, truth: str) -> float:
    """F1 of the words that an answer shares with the true one, or of the letters where that is Korean."""
    korean = _is_korean(truth)
    one, other = (_parts(_normal(text, korean), korean) for text in (mine, truth))
    common = sum((Counter(one) & Counter(other)).values())
    if not common:
        return float(not one and not other)
    return 2 * common / (len(one) + len(other))


def _is_korean(text: str) -> bool:
    return any("가" <= letter <= "힣" for letter in text)


def _parts(text: str, korean: bool) -> list[str]:
    return list(text.replace(" ", "")) if korean else text.split()


def _normal(text: str, korean: bool) -> str:
    plain = (_QUOTES.sub(" ", text) if korean else text).lower().translate(_PUNCTUATION)
    return " ".join((plain if korean else _ARTICLES.sub(" ", plain)).split())


def all_of(articles: Iterable[Iterable[Asked]]) -> list[Asked]:
    """The questions of all articles."""
    return [asked for article in articles for asked in article]
