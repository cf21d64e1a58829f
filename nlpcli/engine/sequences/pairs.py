"""Pairs of texts as a network reads them: which words stand across from which, and how alike these are.

Text 2p is the first of pair p, text 2p + 1 the second. Both go through the encoder as texts of their own.

How alike two words are is told by numbers that are not learnt, 1 for the same word:

    same    1 where both are one word but for capitals, else 0
    form    cosine of their character n-grams, counted in a sketch        (Charikar et al. 2002)
    given   cosine of their given vectors, where there are any; 0 for a word without one

Not here: what a network makes of this (`pair_head.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.neural.packing import Ids, Packing
from nlpcli.engine.neural.sequence_trainer import Part, Sentences
from nlpcli.engine.neural.word_inputs import WordInputs
from nlpcli.engine.runtime.arrays import Floats

_SKETCH = 128  # numbers of a sketch of a word's form
_MIX = np.uint64(0x9E3779B97F4A7C15)


class Pairs(Sentences):
    """Texts that are judged two by two; what a batch is made of are pairs."""

    @classmethod
    def of(cls, texts: Sentences) -> Pairs:
        """Texts, of which every two are a pair."""
        found = cls([])
        found.words, found.starts, found.kinds = texts.words, texts.starts, texts.kinds
        return found

    @property
    def lengths(self) -> Ids:
        """How many words each pair has; 0 where one text has none: there is nothing to align."""
        sides = self.sizes.reshape(-1, 2)
        return np.where(sides.all(axis=1), sides.sum(axis=1), 0)

    def part(self, sentences: Ids) -> tuple[Part, Ids]:
        """The texts of some pairs, longest first, packed; and the places of their words."""
        texts = (sentences[:, None] * 2 + np.arange(2)).reshape(-1)
        return super().part(texts[np.argsort(-self.sizes[texts], kind="stable")])


class Grid(NamedTuple):
    """The words of B pairs, padded: first texts to La words and second ones to Lb.

    texts int64 [2, B]: which packed text is which side of each pair; rows: the packed row of each word, int64
    [B, La] and [B, Lb], 0 for none, and which are there, bool; back int64 [N]: where each packed row stands
    among all La · B + Lb · B places.
    """

    texts: Ids
    rows: tuple[Ids, Ids]
    there: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    back: Ids

    @classmethod
    def of(cls, sentences: Ids, packing: Packing) -> Grid:
        """That of packed texts: `sentences` says which text each is; a pair's come both."""
        texts = np.argsort(sentences, kind="stable").reshape(-1, 2).T
        starts = packing.starts
        rows, there = [], []
        for side in texts:
            lengths = packing.lengths[side]
            steps = np.arange(lengths.max())
            inside = steps < lengths[:, None]
            there.append(inside)
            rows.append(np.where(inside, starts[steps] + side[:, None], 0))
        back = np.empty(packing.starts[-1], np.int64)
        places = np.flatnonzero(np.concatenate([one.reshape(-1) for one in there]))
        back[np.concatenate([row[inside] for row, inside in zip(rows, there, strict=True)])] = places
        return cls(texts, (rows[0], rows[1]), (there[0], there[1]), back)


def pairs_of(sentences: Ids) -> Ids:
    """The numbers of the pairs whose texts these are, ascending."""
    return np.sort(sentences[sentences % 2 == 0]) // 2


class Likeness:
    """How alike words are. same: int64 [K]; vectors: unit rows float32 [K, D] of each other measure."""

    def __init__(self, kinds: Sequence[str], inputs: WordInputs, given: NDArray[np.float16] | None) -> None:
        _, self._same = np.unique(np.array([kind.lower() for kind in kinds], object), return_inverse=True)
        rows = inputs.rows(kinds)
        self._vectors = [_sketches(rows.starts, rows.features)]
        if given is not None:
            self._vectors.append(_unit(given[rows.vectors].astype(np.float32)))

    def of(self, part: Part, grid: Grid) -> Floats:
        """Of the words of each pair, float32 [B, La, Lb, M]; what stands for no word has any."""
        words = part.words[part.rows]
        first, second = (words[rows] for rows in grid.rows)
        same = self._same[first][:, :, None] == self._same[second][:, None]
        found = [same.astype(np.float32)]
        for vectors in self._vectors:
            cosine = vectors[first] @ vectors[second].transpose(0, 2, 1)
            found.append(np.where(same, np.float32(1), cosine))
        return np.stack(found, axis=-1)


def measures(given: bool) -> int:
    """How many measures of likeness there are."""
    return 2 + given


def _sketches(starts: Ids, features: Ids) -> Floats:
    """Unit sketches of sets of features: each is counted, as +1 or −1, in one of some places."""
    mixed = (features.astype(np.uint64) + np.uint64(1)) * _MIX
    places = (mixed >> np.uint64(40)) % np.uint64(_SKETCH)
    signs = np.where(mixed >> np.uint64(63), 1.0, -1.0)
    of = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    cells = of * _SKETCH + places.astype(np.int64)
    counted = np.bincount(cells, signs, (len(starts) - 1) * _SKETCH).astype(np.float32)
    return _unit(counted.reshape(-1, _SKETCH))


def _unit(rows: Floats) -> Floats:
    lengths = np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
    found: Floats = rows / np.maximum(lengths, np.float32(1e-12))
    return found
