"""The terms that a text is found by: its words, or of Korean words pairs of letters.

Korean words carry particles and endings, so that a text is seldom found by whole words (서울은, 서울에서),
and finding morphemes takes longer than all else. Pairs of neighbouring letters, and how each word begins,
need no dictionary and find more than morphemes do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.text.token import Token
from nlpcli.settings.search import IndexSettings

_RUNS = re.compile("[가-힣]+|[^가-힣]+")
_HANGUL = re.compile("[가-힣]")
_BEGINS = "^"
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
    korean = np.fromiter((_HANGUL.search(word) is not None for word in words), bool, len(words))
    return "bigrams" if counts[korean].sum() >= _KOREAN * counts.sum() else "words"


def terms_of_word(word: str, kind: str) -> list[str]:
    """What a word is found by.

    >>> terms_of_word("서울에서", "bigrams"), terms_of_word("39대", "bigrams"), terms_of_word("서울", "words")
    (['서울', '울에', '에서', '^서', '^서울'], ['39', '대', '^대'], ['서울'])
    """
    if kind not in ("bigrams", "both") or not _HANGUL.search(word):
        return [word]
    found: list[str] = []
    for run in _RUNS.findall(word):
        if not "가" <= run[0] <= "힣":
            found.append(run)
            continue
        found += [run[place : place + 2] for place in range(max(1, len(run) - 1))]
        found += [_BEGINS + run[:1], *([_BEGINS + run[:2]] if len(run) > 1 else [])]
    return [*found, word] if kind == "both" and word not in found else found


def terms_of_words(words: Iterable[str], kind: str) -> Terms:
    """All terms of a vocabulary, by their bytes ascending, and which of them each word has."""
    known: dict[str, int] = {}
    sizes, numbers = [], []
    for word in words:
        found = terms_of_word(word, kind)
        sizes.append(len(found))
        numbers += [known.setdefault(term, len(known)) for term in found]
    encoded = [term.encode("utf-8", "surrogatepass") for term in known]
    order = sorted(range(len(encoded)), key=encoded.__getitem__)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return Terms([encoded[place] for place in order], offsets_of(sizes), rank[np.array(numbers, np.int64)])


def found_in(tokens: Iterable[Token], settings: IndexSettings, wanted: set[str]) -> Iterator[Token]:
    """The stretches of a text's words that some terms are found in."""
    for token in tokens:
        if settings.terms not in ("bigrams", "both") or token.end - token.start != len(token.form):
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
