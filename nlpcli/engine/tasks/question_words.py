"""What is true of a word wherever it stands, and what a question asks for.

Words come again and again, so that what is told of one is kept, packed as kernels and arrays take it.
Not here: spans of a text (`passages.py`).
"""

from __future__ import annotations

import functools
import hashlib
import re
import struct
import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.text.particles import PARTICLES, stem_of

HANGUL = re.compile("[가-힣]")
WORD = re.compile(r"\w+(?:[.,:·/-]\w+)*%?")
_VERBAL = frozenset("다고며게히한된는을던지해로서인은")  # how verbs, and what belongs to them, end
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
_KEPT = 1 << 16  # words of which it is kept what is true of them

# columns of what is true of a word
SHAPE, HEAD, TAIL, IS_EMPTY, FORMS, KEYS, FORM = range(7)
# of its first form, then of its second
LEFT, PARTICLE, GROUP, LAST, LAST_TWO, FORM_SHAPE, VERBAL, FORM_SIZE = range(8)
COLUMNS = FORM + 2 * FORM_SIZE


def crc(text: str) -> int:
    """A text as a number of 32 bits."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def _shape(word: str) -> int:
    if "가" <= word[:1] <= "힣":  # only the last of them begins so
        return _SHAPES[-1][1] if _SHAPES[-1][0].fullmatch(word) else 0
    if word.lower() in _MONTHS:
        return 2
    return next((number for pattern, number in _SHAPES if pattern.fullmatch(word)), 0)


@functools.lru_cache(4096)
def kind_of(question: str) -> str:
    """What a question asks for.

    >>> kind_of("임종석이 지명수배된 연도는?"), kind_of("Who found it?"), kind_of("Name it.")
    ('when', 'who', '')
    """
    return next((name for name, pattern in _KIND if pattern.search(question)), "")


def _keys(word: str) -> set[int]:
    """What two words share if they may be the same one, in another form, as numbers of 63 bits."""
    plain = stem_of(word).lower()
    if not "가" <= plain[0] <= "힣":
        return {_key(plain[:-1] if len(plain) > 3 and plain.endswith("s") else plain)}
    return {_key(plain[place : place + 2]) for place in range(max(1, len(plain) - 1))}


def _key(text: str) -> int:
    """A number for a text: one for each of two letters, for longer ones hardly ever the same."""
    if len(text) <= 2:
        return ord(text[0]) << 32 | ord(text[1:] or "\0")
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 2 | 1 << 62


@functools.lru_cache(_KEPT)
def _facts(word: str) -> tuple[bytes, bytes]:
    """What is true of a word, int64 [COLUMNS], and its keys, int64, both as bytes."""
    stem, keys = stem_of(word), _keys(word)
    forms = [(word, ""), (stem, word[len(stem) :])] if len(stem) < len(word) else [(word, "")]
    told = [_shape(word), crc(word[:2]), crc(word[-1:]), word.lower() in _EMPTY, len(forms), len(keys)]
    for form, left in (forms * 2)[:2]:
        told += [len(left), crc(left), PARTICLES.get(left, 0), crc(form[-1:]), crc(form[-2:])]
        told += [_shape(form), form[-1] in _VERBAL]
    return struct.pack(f"<{COLUMNS}q", *told), struct.pack(f"<{len(keys)}q", *sorted(keys))


class Words(NamedTuple):
    """What is true of some words: table int64 [N, COLUMNS]; the keys of word n are
    keys[offsets[n]:offsets[n + 1]], int64."""

    table: NDArray[np.int64]
    keys: NDArray[np.int64]
    offsets: NDArray[np.int64]


def facts_of(words: list[str]) -> Words:
    """What is true of words wherever they stand."""
    found = [_facts(word) for word in words]
    table = np.frombuffer(b"".join([row for row, _ in found]), np.int64).reshape(len(found), COLUMNS)
    keys = np.frombuffer(b"".join([each for _, each in found]), np.int64)
    return Words(table, keys, offsets_of(table[:, KEYS]))


class Question:
    """A question's words, and what it asks for."""

    def __init__(self, text: str) -> None:
        self.text, self.forms = text, WORD.findall(text)
        self.name = kind_of(text)
        self.kind = crc(self.name)
        self.korean = HANGUL.search(text) is not None
        asked = self.forms[-2:] if self.korean else self.forms[:2]
        ends = [crc(stem_of(word)[-2:].lower()) for word in asked]
        self.focus = ends[-1] if ends else 0
        self.earlier = ends[0] if ends else 0

    @functools.cached_property
    def words(self) -> Words:
        """What is true of its words."""
        return facts_of(self.forms)

    @property
    def telling(self) -> list[bool]:
        """Which of its words do more than ask."""
        return [word.lower() not in _ASKING for word in self.forms]
