"""ROUGE (Lin 2004): how many words, pairs of words, and words in order a summary shares with a reference.

Words are lower-cased runs of letters and digits, without stemming: in English the numbers of Google's
rouge-score. F1 of precision and recall; of several references the best counts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

_WORD = re.compile(r"[^\W_]+")


class Rouge(NamedTuple):
    """F1 of single words, of pairs of neighbours, and of the longest common subsequence."""

    rouge1: float
    rouge2: float
    rouge_l: float


def rouge(summary: str, references: str | Iterable[str]) -> Rouge:
    """The F1 of a summary, each by the reference that is best for it.

    >>> rouge("the cat sat", "the cat lay down")
    Rouge(rouge1=0.5714285714285714, rouge2=0.4, rouge_l=0.5714285714285714)
    """
    given = [references] if isinstance(references, str) else list(references)
    mine = _WORD.findall(summary.lower())
    found = [_against(mine, _WORD.findall(reference.lower())) for reference in given]
    return Rouge(*(max(values) for values in zip(*found, strict=True))) if found else Rouge(0.0, 0.0, 0.0)


def mean_rouge(scores: Sequence[Rouge]) -> Rouge:
    """The mean over some summaries."""
    return Rouge(*(sum(values) / len(scores) for values in zip(*scores, strict=True)))


def _against(mine: list[str], theirs: list[str]) -> Rouge:
    pairs = (list(pairwise(mine)), list(pairwise(theirs)))
    return Rouge(
        _f1((Counter(mine) & Counter(theirs)).total(), len(mine), len(theirs)),
        _f1((Counter(pairs[0]) & Counter(pairs[1])).total(), len(pairs[0]), len(pairs[1])),
        _f1(_common_subsequence(mine, theirs), len(mine), len(theirs)),
    )


def _f1(common: int, mine: int, theirs: int) -> float:
    return 2 * common / (mine + theirs) if common else 0.0


def _common_subsequence(a: list[str], b: list[str]) -> int:
    """The length of the longest common subsequence, a bit a word of `a` (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for place, word in enumerate(a):
        places[word] = places.get(word, 0) | 1 << place
    everything = (1 << len(a)) - 1
    open_places = everything
    for word in b:
        matched = open_places & places.get(word, 0)
        open_places = ((open_places + matched) | (open_places - matched)) & everything
    return len(a) - open_places.bit_count()
