"""The terms that a text is found by: its words, or of Korean words pairs of letters.

Korean words carry particles and endings, so that a text is seldom found by whole words (서울은, 서울에서),
and finding morphemes takes longer than all else. Pairs of neighbouring letters, and how each word begins,
need no dictionary and find more than morphemes do.
"""

from __future__ import annotations

import functools
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.arrays import offsets_of, ranges
from nlpcli.engine.text.token import Token
from nlpcli.settings.search import IndexSettings

PAIRS = ("bigrams", "both")  # of `--terms`: what Korean words are found by pairs of letters with
_RUNS = re.compile("[가-힣]+|[^가-힣]+")
_HANGUL = re.compile("[가-힣]")
_BEGINS = "^"
_FIRST, _LETTERS = ord("가"), 11172
_ALONE = _LETTERS**2  # numbers of terms: pairs, letters alone, ^ and a letter, ^ and a pair
_WORDS, _CODES = 1 << 16, 1 << 20  # that are worked out together, so that little memory is needed
_KOREAN = 0.1  # share of words with Hangul from which on a text is Korean


class Terms(NamedTuple):
    """The terms of each of some words: those of word w are numbers[starts[w]:starts[w + 1]] of `names`."""

    names: list[bytes]
    starts: NDArray[np.int64]
    numbers: NDArray[np.int32]


def kind_for(tokenizer: str, words: Sequence[str], counts: NDArray[np.int64]) -> str:
    """What `--terms auto` stands for, for these words, seen so often."""
    if tokenizer not in ("word", "whitespace"):
        return "words"
    found = 0
    for first in range(0, len(words), _WORDS):
        some = words[first : first + _WORDS]
        korean = np.fromiter((_HANGUL.search(word) is not None for word in some), bool, len(some))
        found += int(counts[first : first + _WORDS][korean].sum())
    return "bigrams" if found >= _KOREAN * counts.sum() else "words"


def terms_of_word(word: str, kind: str) -> list[str]:
    """What a word is found by.

    >>> terms_of_word("서울에서", "bigrams"), terms_of_word("39대", "bigrams"), terms_of_word("서울", "words")
    (['서울', '울에', '에서', '^서', '^서울'], ['39', '대', '^대'], ['서울'])
    """
    if kind not in PAIRS or not _HANGUL.search(word):
        return [word]
    found: list[str] = []
    for run in _RUNS.findall(word):
        if not "가" <= run[0] <= "힣":
            found.append(run)
            continue
        found += [run[place : place + 2] for place in range(max(1, len(run) - 1))]
        found += [_BEGINS + run[:1], *([_BEGINS + run[:2]] if len(run) > 1 else [])]
    return [*found, word] if kind == "both" and word not in found else found


@functools.lru_cache(1 << 15)
def terms_kept(word: str, kind: str) -> tuple[str, ...]:
    """The same of words of queries, many of which come again."""
    return tuple(terms_of_word(word, kind))


def terms_of_words(words: Sequence[str], kind: str) -> Terms:
    """All terms of a vocabulary, by their bytes ascending, and which of them each word has."""
    sizes, numbers, names = _of_hangul(words) if kind == "bigrams" else _of_others(words, kind)
    encoded = [name.encode("utf-8", "surrogatepass") for name in names]
    order = sorted(range(len(encoded)), key=encoded.__getitem__)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return Terms([encoded[place] for place in order], offsets_of(sizes), rank[numbers])


_Numbered = tuple[NDArray[np.int64], NDArray[np.int32], list[str]]


def _of_others(words: Sequence[str], kind: str, known: dict[str, int] | None = None) -> _Numbered:
    """How many terms each word has, all of these by number, and the terms; known ones have a number."""
    known = {} if known is None else known
    sizes, numbers = np.ones(len(words), np.int64), array("i")
    for place, word in enumerate(words):
        found = terms_of_word(word, kind)
        sizes[place] = len(found)
        numbers.extend([known.setdefault(term, len(known)) for term in found])
    return sizes, np.frombuffer(numbers, np.int32) if numbers else np.zeros(0, np.int32), list(known)


def _of_hangul(words: Sequence[str]) -> _Numbered:
    """The same for pairs of letters, so many words at a time."""
    others: dict[str, int] = {}  # terms that have no code: of words that are not all Hangul
    parts = [_coded(words[first : first + _WORDS], others) for first in range(0, len(words), _WORDS)]
    sizes = np.concatenate([np.zeros(0, np.int64), *(part[0] for part in parts)])
    codes = np.concatenate([np.zeros(0, np.int32), *(part[1] for part in parts)])
    del parts
    found = np.unique(codes[codes >= 0])
    names = [*map(_name_of, found.tolist())]
    known = {name: number for number, name in enumerate(names)}
    number_of = np.array([known.setdefault(name, len(known)) for name in others], np.int32)
    for first in range(0, len(codes), _CODES):  # in place: a number takes the place of its code
        some = codes[first : first + _CODES]
        coded = some >= 0
        numbers = np.searchsorted(found, some).astype(np.int32)
        if len(number_of):
            numbers[~coded] = number_of[-1 - some[~coded]]
        codes[first : first + _CODES] = numbers
    return sizes, codes, list(known)


def _coded(words: Sequence[str], others: dict[str, int]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """How many terms each word has, and all of these: those of words that are all Hangul, worked out
    together, by code; others as −1 − their number in `others`."""
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    letters = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32)
    hangul = (letters >= _FIRST) & (letters < _FIRST + _LETTERS)
    ends = offsets_of(lengths)
    pure = np.diff(offsets_of(hangul)[ends]) == lengths
    of_word = np.repeat(pure, lengths)
    codes, singles, pairs = _codes(letters[of_word].astype(np.int32) - _FIRST, lengths[pure])
    mixed = np.flatnonzero(~pure)
    more_sizes, more, _ = _of_others([words[place] for place in mixed.tolist()], "bigrams", others)
    sizes = np.empty(len(words), np.int64)
    sizes[pure], sizes[mixed] = singles + pairs, more_sizes
    starts = offsets_of(sizes)
    found = np.empty(starts[-1], np.int32)
    found[ranges(starts[:-1][pure], sizes[pure])] = codes
    found[ranges(starts[:-1][mixed], more_sizes)] = -1 - more
    return sizes, found


def _codes(letters: NDArray[np.int32], lengths: NDArray[np.int64]) -> tuple[NDArray[np.int32], ...]:
    """The terms of words of Hangul as numbers, word by word: letters, then how it begins; and how many."""
    pairs, begins = np.maximum(lengths - 1, 1), np.where(lengths > 1, 2, 1)
    starts, firsts = offsets_of(pairs + begins)[:-1], offsets_of(lengths)[:-1]
    codes = np.empty(int((pairs + begins).sum()), np.int32)
    next_letters = np.append(letters[1:], np.int32(0))
    both = letters * np.int32(_LETTERS) + next_letters
    long = lengths > 1
    codes[ranges(starts[long], pairs[long])] = both[ranges(firsts[long], pairs[long])]
    codes[starts[~long]] = _ALONE + letters[firsts[~long]]
    codes[starts + pairs] = _ALONE + _LETTERS + letters[firsts]
    codes[(starts + pairs)[long] + 1] = _ALONE + 2 * _LETTERS + both[firsts[long]]
    return codes, pairs, begins


def _name_of(code: int) -> str:
    """The term of a number that `_codes` gives."""
    if code < _ALONE:
        return chr(_FIRST + code // _LETTERS) + chr(_FIRST + code % _LETTERS)
    code -= _ALONE
    if code < 2 * _LETTERS:
        return _BEGINS * (code // _LETTERS) + chr(_FIRST + code % _LETTERS)
    return _BEGINS + _name_of(code - 2 * _LETTERS)


def found_in(tokens: Iterable[Token], settings: IndexSettings, wanted: set[str]) -> Iterator[Token]:
    """The stretches of a text's words that some terms are found in."""
    for token in tokens:
        if settings.terms not in PAIRS or token.end - token.start != len(token.form):
            if any(term in wanted for term in terms_of_word(token.form, settings.terms)):
                yield token
            continue
        for run in _RUNS.finditer(token.form):
            yield from _stretches(run[0], token.start + run.start(), wanted)


def _stretches(run: str, start: int, wanted: set[str]) -> Iterator[Token]:
    if not "가" <= run[0] <= "힣" or len(run) == 1:
        if run in wanted:
            yield Token(run, start, start + len(run))
        return
    begin = end = 0
    for place in range(len(run) - 1):
        if run[place : place + 2] not in wanted:
            continue
        if place >= end:
            if end:
                yield Token(run[begin:end], start + begin, start + end)
            begin = place
        end = place + 2
    if end:
        yield Token(run[begin:end], start + begin, start + end)
