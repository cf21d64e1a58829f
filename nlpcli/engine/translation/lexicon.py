"""Single words to learn besides whole texts, so that a single word is not taken for the rest of a sentence.

Which word of a target belongs to one of a source is told by Dice's coefficient of the pairs they stand in,
2 n(s, t) / (n(s) + n(t) + 2), where each is the other's best; the 2 is against what was hardly seen.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.translation.pairs import TextPairs

_LEAST, _SURE = 3, 0.4  # pairs that a word stands in; the least coefficient
_MOST_PAIRS = 100_000  # that are looked at
_MOST_WORDS = 20_000  # of a side that are looked at, the most frequent first
_MARKS = string.punctuation + "。！？、，…“”‘’«»"
_COPIED = 4  # of so many words one stands beside a number that is the same on both sides
_CHANCE = 12  # what a draw of chance is for


def single_words(pairs: TextPairs, seed: int) -> TextPairs:
    """Words and what they become: as they are, as a sentence with a full stop, and beside a number.

    Texts without spaces between their words give none.
    """
    found = [*_matched(pairs)]
    random = np.random.default_rng([seed, _CHANCE])
    sources, targets = [], []
    for place, (one, other) in enumerate(found):
        sources += [one, one[:1].upper() + one[1:] + "."]
        targets += [other, other[:1].upper() + other[1:] + "."]
        if place % _COPIED == 0:
            number = str(random.integers(10 ** int(random.integers(1, 7))))
            sources.append(f"{number} {one}")
            targets.append(f"{number} {other}")
    return TextPairs(sources, targets)


def _matched(pairs: TextPairs) -> Iterable[tuple[str, str]]:
    """Words that are each other's best match, in the order of their frequency."""
    from scipy.sparse import csr_array

    ours, our_words = _occurrences(pairs.sources[:_MOST_PAIRS])
    theirs, their_words = _occurrences(pairs.targets[:_MOST_PAIRS])
    if not our_words or not their_words:
        return
    together = csr_array(ours.T @ theirs).tocoo()
    our_counts, their_counts = (np.asarray(side.sum(axis=0)).reshape(-1) for side in (ours, theirs))
    rows, columns = together.coords
    dice = 2 * together.data / (our_counts[rows] + their_counts[columns] + 2)
    best, back = _best(rows, dice, len(our_words)), _best(columns, dice, len(their_words))
    for word, place in enumerate(best.tolist()):
        if place >= 0 and dice[place] >= _SURE and back[columns[place]] == place:
            yield our_words[word], their_words[columns[place]]


def _best(side: NDArray[np.int32], dice: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    """For each word of a side the entry of the largest coefficient, the first of equals; −1 for none."""
    order = np.lexsort((np.arange(len(dice)), -dice, side))
    first = np.flatnonzero(np.diff(side[order], prepend=-1))
    best = np.full(size, -1, np.int64)
    best[side[order[first]]] = order[first]
    return best


def _occurrences(texts: Sequence[str]) -> tuple[Any, list[str]]:
    """Which of the frequent words stand in which text, a sparse matrix [texts, words] of ones; the words."""
    from scipy.sparse import csr_array

    words: dict[str, int] = {}
    numbers = [
        {words.setdefault(bare, len(words)) for word in text.split() if (bare := word.strip(_MARKS))}
        for text in texts
    ]
    counts = np.bincount([n for some in numbers for n in some], minlength=len(words))
    order = np.argsort(-counts, kind="stable")[:_MOST_WORDS]
    order = order[counts[order] >= _LEAST]
    position = np.full(len(words), -1)
    position[order] = np.arange(len(order))
    kept = [np.sort(position[np.fromiter(some, np.int64, len(some))]) for some in numbers]
    kept = [some[some >= 0] for some in kept]
    starts = np.concatenate([[0], np.cumsum([len(some) for some in kept])])
    columns = np.concatenate([np.zeros(0, np.int64), *kept])
    matrix = csr_array((np.ones(len(columns)), columns, starts), shape=(len(texts), len(order)))
    names = [*words]
    return matrix, [names[n] for n in order.tolist()]
