"""What of a text may answer a question: spans of words, each told by features of itself and its surroundings.

A span begins and ends with a word of one sentence; of a Korean word that ends it the particle may be left
out. What is true of a word alone is worked out once for a text; with a question come where its words stand,
and what it asks for. Features are numbers of hashes, `FEATURES` of each span (Rajpurkar et al. 2016 have
such a model over spans of parsed sentences; this one needs no parser).

Not here: what weighs the features (`reader.py`).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEATURES = 34
_LONGEST_WORDS, _LONGEST_LETTERS = 7, 40
_WORD = re.compile(r"\w+(?:[.,:·/-]\w+)*%?")
_SENTENCE_END = re.compile(r"(?<=[.!?。])[\"'”’)\]]*\s+|\n+")
_ENDINGS = (
    "은 는 이 가 을 를 의 에 에서 에게 에게서 으로 로 와 과 도 만 부터 까지 보다 처럼 이나 나 "
    "이라고 라고 이라는 라는 이라 라 이란 란 이며 며 이고 고 이다 다 였다 이었다 인 으로서 로서 "
    "으로써 로써 이었으며 였으며 에서의 에서는 에는 으로의 로의 와의 과의 에도 에만 들이 들은 들을 "
    "들의 께서 이자 자 하는 하고 하여 한 했다 하였다 하며 된 되었다 되는"
)
_PARTICLES = tuple(sorted(_ENDINGS.split(), key=len, reverse=True))
_KINDS = (
    ("when", r"언제|연도|날짜|날은|해는|년도|몇\s*년|몇\s*월|몇\s*일|시기|시대"),
    ("when", r"\bwhen\b|what year|which year|what date|what day"),
    ("number", r"몇|얼마|how many|how much|how old|how long|how far|how tall|percent"),
    ("who", r"누구|누가|누군|인물|사람|이름|\bwhom?\b|\bwhose\b"),
    ("where", r"어디|장소|곳은|곳을|나라|지역|도시|국가|어느\s*곳"),
    ("where", r"\bwhere\b|what (?:city|country|place)"),
    ("why", r"왜|이유|원인|까닭|\bwhy\b"),
    ("how", r"어떻게|방법|\bhow\b"),
    ("what", r"무엇|뭐|무슨|어떤|어느|\bwhat\b|\bwhich\b"),
)
_KIND = [(name, re.compile(pattern, re.I)) for name, pattern in _KINDS]
_SHAPES = (
    (re.compile(r"\d{3,4}년.*"), 1),
    (re.compile(r"\d{1,2}[월일]"), 2),
    (re.compile(r"[12]\d{3}"), 3),
    (re.compile(r"[\d.,:]+%"), 4),
    (re.compile(r"[\d.,:·/-]+"), 5),
    (re.compile(r"[\d.,]+\w{1,3}"), 6),
    (re.compile(r"[A-Z][a-z]+.*"), 7),
    (re.compile(r"[A-Z0-9-]+"), 8),
    (re.compile(r"[a-z].*"), 9),
    (re.compile(r"[가-힣]+"), 10),
)
_YEAR = "january february march april may june july august september october november december"
_MONTHS = frozenset(_YEAR.split())
_FITTING = {"when": (1, 2, 3), "number": (4, 5, 6), "who": (7, 10), "where": (7, 10)}  # shapes by kind
_NOT_TELLING = (
    "who whom whose when where why how what which is are was were do does did the a an of in on at to by for "
    "many much 누구 누구인가 누가 언제 언제인가 어디 어디인가 무엇 무엇인가 몇 얼마 어떤 어느 왜 "
    "는 은 것은 사람은 이름은 곳은"
)
_PRONOUNS = (
    "he she it they his her its their him them this that these those and or but from with as not had has"
)
_EMPTY = frozenset([*_NOT_TELLING.split(), *_PRONOUNS.split()])
_ASKING = frozenset(_NOT_TELLING.split())
_MIX = np.uint64(0x9E3779B97F4A7C15)

Ints = NDArray[np.int64]


def _number(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def _shape(word: str) -> int:
    if word.lower() in _MONTHS:
        return 2
    return next((number for pattern, number in _SHAPES if pattern.fullmatch(word)), 0)


def kind_of(question: str) -> str:
    """What a question asks for.

    >>> kind_of("임종석이 지명수배된 연도는?"), kind_of("Who found it?"), kind_of("Name it.")
    ('when', 'who', '')
    """
    return next((name for name, pattern in _KIND if pattern.search(question)), "")


def stem_of(word: str) -> str:
    """A word without the longest particle that leaves two letters of it.

    >>> stem_of("학생회관에서"), stem_of("Seoul"), stem_of("이는")
    ('학생회관', 'Seoul', '이는')
    """
    if not "가" <= word[-1] <= "힣":
        return word
    found = next((one for one in _PARTICLES if word.endswith(one) and len(word) - len(one) >= 2), "")
    return word[: len(word) - len(found)]


def _keys(word: str) -> set[str]:
    """What two words share if they may be the same one, in another form."""
    plain = stem_of(word).lower()
    if not "가" <= plain[0] <= "힣":
        return {plain[:-1] if len(plain) > 3 and plain.endswith("s") else plain}
    return {plain[place : place + 2] for place in range(max(1, len(plain) - 1))}


@dataclass(frozen=True, eq=False)
class Spans:
    """Spans [C] that may be answers: first and last letter + 1, first and last word, what each ends with."""

    starts: Ints
    ends: Ints
    first: Ints
    last: Ints
    particle: Ints
    suffixes: Ints  # [C, 2]: its last letter, its last two
    shape: Ints  # of its last word, as it is in the span


class Passage:
    """A text, its words and the spans that may be answers."""

    def __init__(self, text: str) -> None:
        self.text = text
        found = list(_WORD.finditer(text))
        self.words = [match[0] for match in found]
        self.starts = np.array([match.start() for match in found], np.int64)
        self.ends = np.array([match.end() for match in found], np.int64)
        self.breaks = np.array([0, *(match.end() for match in _SENTENCE_END.finditer(text))], np.int64)
        self.sentence = np.searchsorted(self.breaks, self.starts, "right") - 1
        self.keys = [_keys(word) for word in self.words]
        self._shapes = np.array([_shape(word) for word in self.words], np.int64)
        self.spans = self._spans()
        self._fixed = self._fixed_features() if len(self.spans.starts) else np.zeros((0, 0), np.int64)

    def sentence_at(self, place: int) -> tuple[int, int]:
        """First letter and last letter + 1 of the sentence that a letter stands in."""
        number = int(np.searchsorted(self.breaks, place, "right")) - 1
        end = int(self.breaks[number + 1]) if number + 1 < len(self.breaks) else len(self.text)
        return int(self.breaks[number]), end

    def _spans(self) -> Spans:
        endings = []  # of each word: end, particle, suffixes, shape
        for place, word in enumerate(self.words):
            stem, end = stem_of(word), int(self.ends[place])
            forms = [(word, ""), (stem, word[len(stem) :])] if len(stem) < len(word) else [(word, "")]
            endings.append(
                [
                    (end - len(left), _number(left), _number(form[-1:]), _number(form[-2:]), _shape(form))
                    for form, left in forms
                ]
            )
        rows = []
        for first in range(len(self.words)):
            start = int(self.starts[first])
            for last in range(first, min(first + _LONGEST_WORDS, len(self.words))):
                if self.sentence[last] != self.sentence[first] or self.ends[last] - start > _LONGEST_LETTERS:
                    break
                rows += [(start, end, first, last, *rest) for end, *rest in endings[last]]
        table = np.array(rows, np.int64).reshape(len(rows), 8).T
        starts, ends, first, last, particle = table[:5]
        return Spans(starts, ends, first, last, particle, table[5:7].T, table[7])

    def _gaps(self) -> tuple[Ints, Ints]:
        """What stands before each word and behind it, up to the next."""
        bounds = [0, *self.ends.tolist()], [*self.starts.tolist(), len(self.text)]
        texts = [self.text[end:start][:3] for end, start in zip(*bounds, strict=True)]
        numbers = np.array([_number(text) for text in texts], np.int64)
        return numbers[:-1], numbers[1:]

    def _fixed_features(self) -> Ints:
        """What is true of spans whatever is asked: int64 [10, C]."""
        spans, count = self.spans, len(self.words)
        before, behind = self._gaps()
        heads = np.array([_number(word[:2]) for word in self.words] + [0], np.int64)
        tails = np.array([_number(word[-1:]) for word in self.words] + [0], np.int64)
        lengths = spans.last - spans.first
        letters = np.minimum(spans.ends - spans.starts, 24)
        cut = spans.ends < self.ends[spans.last]
        after = np.where(cut, 1, behind[spans.last])
        follower = np.where(spans.last + 1 < count, heads[spans.last + 1 - count], 0)
        return np.array(
            [
                lengths,
                letters,
                spans.particle,
                spans.suffixes[:, 0],
                spans.suffixes[:, 1],
                self._shapes[spans.first] * 16 + spans.shape,
                np.where(spans.first > 0, tails[spans.first - 1], 0),
                before[spans.first] * 3 + after,
                follower,
                heads[spans.first],
            ]
        )

    # --- with a question ----------------------------------------------------------------------

    def features(self, question: str, buckets: int) -> NDArray[np.int32]:
        """The features of each span for a question, numbers below `buckets`: int32 [C, FEATURES]."""
        asked = _Question(question)
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

    def coverage(self, question: str) -> float:
        """How much of a question stands in the text's best sentence and those beside it, 0 to 1; what is
        nowhere in the text counts as its rarest."""
        asked = _Question(question)
        weights, shared = asked.matches(self.keys)
        weights = np.where(weights > 0, weights, np.log(1 + len(self.words))) * asked.telling
        covered = np.zeros((int(self.sentence[-1]) + 3, len(weights)), bool)
        for beside in range(3):
            np.logical_or.at(covered, self.sentence + beside, shared)
        return float((covered @ weights).max() / max(float(weights.sum()), 1e-9))

    def plain_scores(self, question: str, named: Sequence[tuple[int, int, str]] = ()) -> NDArray[np.float64]:
        """How well each span answers, by rules: near to words of the question, none of these itself, and of
        the type that is asked for. `named`: where names stand (first letter, last + 1, label)."""
        spans, asked = self.spans, _Question(question)
        weights, shared = asked.matches(self.keys)
        weights = weights * asked.telling
        scale = max(float(weights.sum()), 1e-9)
        strength = shared @ weights
        covered = np.zeros((int(self.sentence[-1]) + 1, len(weights)), bool)
        np.logical_or.at(covered, self.sentence, shared)
        share = (covered @ weights / scale)[self.sentence[spans.first]]
        sums = np.concatenate([[0.0], np.cumsum(strength)])
        near = sums[np.minimum(spans.last + 6, len(self.words))] - sums[np.maximum(spans.first - 5, 0)]
        own = sums[spans.last + 1] - sums[spans.first]
        fits = np.isin(spans.shape, _FITTING.get(asked.name, ()))
        fits &= (spans.last - spans.first < 4) | (asked.name not in ("who", "where"))
        scores: NDArray[np.float64] = 6 * share + 2 * (near - own) / scale - 6 * (own > 0) + 4.0 * fits
        scores -= 0.7 * (spans.last - spans.first) * ~np.isin(asked.name, ("why", "how", ""))
        empty = np.array([word.lower() in _EMPTY for word in self.words], bool)
        scores -= 8.0 * (empty[spans.first] | empty[spans.last])
        scores += 0.5 * (spans.particle != _number(""))
        labels = {"who": ("PER", "ORG"), "where": ("LOC",)}.get(asked.name, ())
        for start, end, label in named:
            scores += 4.0 * ((spans.starts == start) & (spans.ends == end) & (label in labels))
        return scores

    def _told(self, asked: _Question) -> list[tuple[Ints | int, ...]]:
        """What the places of the question's words say of each span."""
        spans, count = self.spans, len(self.words)
        weights, shared = asked.matches(self.keys)
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
            (near_right, spans.particle), (overlap, asked.kind), (near_left, self._fixed[6]),
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


class _Question:
    """A question's words, and what it asks for."""

    def __init__(self, text: str) -> None:
        words = _WORD.findall(text)
        self.keys = [_keys(word) for word in words]
        self.name = kind_of(text)
        self.kind = _number(self.name)
        self.telling = np.array([word.lower() not in _ASKING for word in words], bool)
        asked = words[-2:] if any("가" <= letter <= "힣" for letter in text) else words[:2]
        ends = [_number(stem_of(word)[-2:].lower()) for word in asked]
        self.focus = ends[-1] if ends else 0
        self.earlier = ends[0] if ends else 0

    def matches(self, words: list[set[str]]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """How much each word of the question weighs, the rarer in the text the more, float64 [Q]; and which
        words of the text [N] may be it, bool [N, Q]."""
        shared = np.zeros((len(words), len(self.keys)), bool)
        for number, keys in enumerate(self.keys):
            wanted = 1 if len(keys) < 3 else 2
            shared[:, number] = [len(keys & mine) >= wanted for mine in words]
        seen = shared.sum(axis=0)
        return np.where(seen > 0, np.log(1 + len(words) / np.maximum(seen, 1)), 0.0), shared
