"""Figures of a corpus as ids, some of it at a time: growth of the vocabulary, Zipf, n-grams.

    Heaps    types after N tokens are about K · N^β (Heaps 1978)
    Zipf     the word of rank r stands about C · r^−s times (Zipf 1949)

The corpus may lie on the disk: what is in memory is a piece of it and what was counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus

_PIECE = 1 << 20  # tokens
_AT_ONCE = 1 << 22  # n-grams that are sorted together
_POINTS = 60  # of a curve


class Curve(NamedTuple):
    """Points of a curve, and the power law that fits them: y ≈ factor · x^exponent (by least squares)."""

    x: list[int]
    y: list[int]
    factor: float
    exponent: float


def growth(corpus: EncodedCorpus) -> Curve:
    """How many types there are after so many tokens. The ids are in order of first appearance."""
    places = _spaced(len(corpus.ids))
    types, before, highest = [], 0, -1
    for place in places:
        for first in range(before, place, _PIECE):
            highest = max(highest, int(corpus.ids[first : min(first + _PIECE, place)].max()))
        types.append(highest + 1)
        before = place
    return _fitted(places, types)


def ranks(counts: NDArray[np.int64]) -> Curve:
    """How often the word of each rank stands there."""
    ordered = np.sort(counts)[::-1]
    places = _spaced(len(ordered))
    return _fitted(places, ordered[np.array(places, dtype=np.int64) - 1].tolist())


def _spaced(last: int) -> list[int]:
    """Whole numbers from 1 to `last`, evenly spaced on a logarithmic scale."""
    if last < 1:
        return []
    found: list[int] = np.unique(np.rint(np.geomspace(1, last, _POINTS)).astype(np.int64)).tolist()
    return found


def _fitted(x: list[int], y: list[int]) -> Curve:
    """The power law of some points; of fewer than two there is none, which is 0 and 0.

    >>> _fitted([1, 10, 100], [3, 30, 300])[2:]
    (3.0, 1.0)
    """
    if len(x) < 2:
        return Curve(x, y, 0.0, 0.0)
    a, b = np.log(x), np.log(y)
    centred = a - a.mean()
    exponent = float(centred @ (b - b.mean()) / (centred @ centred))
    return Curve(x, y, round(float(np.exp(b.mean() - exponent * a.mean())), 4), round(exponent, 4))


def top_ngrams(corpus: EncodedCorpus, size: int, top: int) -> list[tuple[tuple[int, ...], int]]:
    """The most frequent runs of `size` words within documents, as ids, and their counts; ties by first words.

    None where there are so many words that a run of them has no 63-bit number.

    >>> from nlpcli.engine.corpus.encoding import encode_documents
    >>> from nlpcli.settings.text import AnalysisSettings
    >>> from nlpcli.settings.vocabulary import VocabularySettings
    >>> corpus = encode_documents([["a b a b", "b a"]], AnalysisSettings(), VocabularySettings())
    >>> top_ngrams(corpus, 2, 5)
    [((0, 1), 2), ((1, 0), 2)]
    """
    words = len(corpus.vocabulary)
    if words**size >= 2**63 or len(corpus.ids) < size:
        return []
    parts = -(-len(corpus.ids) // _AT_ONCE)
    best: list[tuple[int, int]] = []  # −count, run
    for part in range(parts):
        keys = [some[some % parts == part] if parts > 1 else some for some in _runs(corpus, size, words)]
        runs, counts = np.unique(np.concatenate(keys), return_counts=True)
        order = np.argsort(-counts, kind="stable")[:top]
        found = zip((-counts[order]).tolist(), runs[order].tolist(), strict=True)
        best = sorted([*best, *found])[:top]
    return [(_words_of(run, size, words), -count) for count, run in best]


def _words_of(run: int, size: int, words: int) -> tuple[int, ...]:
    return tuple(run // words**place % words for place in reversed(range(size)))


def _runs(corpus: EncodedCorpus, size: int, words: int) -> Iterator[NDArray[np.int64]]:
    """The number of the run that begins at each place where a whole one fits into its document."""
    for first, last in pieces(corpus):
        bounds = corpus.offsets[first : last + 1]
        ids = corpus.ids[bounds[0] : bounds[-1]].astype(np.int64)
        if len(ids) < size:
            continue
        left = np.repeat(bounds[1:] - bounds[0], np.diff(bounds)) - np.arange(len(ids))
        length = len(ids) - size + 1
        keys = np.zeros(length, dtype=np.int64)
        for place in range(size):
            keys = keys * words + ids[place : place + length]
        yield keys[left[:length] >= size]


def pieces(corpus: EncodedCorpus) -> Iterator[tuple[int, int]]:
    """Ranges of documents of about a million tokens; a longer document is one."""
    first = 0
    while first < corpus.documents:
        wanted = int(corpus.offsets[first]) + _PIECE
        last = max(first + 1, int(np.searchsorted(corpus.offsets, wanted, side="right")) - 1)
        last = min(last, corpus.documents)
        yield first, last
        first = last
