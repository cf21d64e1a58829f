"""Shards of a corpus, and partial counts of them: one interface for every family of counts.

    part(shard)         what one shard adds to the whole: packed arrays, which can be pickled
    merge(one, other)   the same of two shards, in whichever order they are done
    finish(merged)      the result, with the limits (--min-count and so on) that only the whole can be held to

    count           corpus/token_counts.py              TokenCounting
    cooccur         cooccurrence/partial_counts.py      CooccurrenceCounting, with a vocabulary
    train-nb        classify/partial_counts.py          ClassCounting
    vectorize       documents/partial_counts.py         FrequencyCounting; then a Vectorizer

`merge` is associative and commutative: what is ordered by first appearance carries the number of its
shard. So `finish(merge_all(map(part, shards), merge))` is, to the byte, what one shard of all files gives,
and that is what the command does on one machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from nlpcli.engine.runtime.progress import SILENT, Progress

Partial = TypeVar("Partial")
Result = TypeVar("Result", covariant=True)

RANK_BITS = 40  # of a first appearance: the types of one shard; the bits above are the shard's number
MOST_SHARDS = 1 << 22


@dataclass(frozen=True)
class Shard:
    """Some files of a corpus, and where they stand among all of it.

    number: shards in the order of the text have ascending numbers, below `MOST_SHARDS`
    paths: as commands take them; None is stdin
    """

    number: int
    paths: tuple[str, ...] | None


class Counting(Protocol[Partial, Result]):
    """How one family of counts is made of shards. Objects of this type can be pickled, and hold no state."""

    def part(self, shard: Shard, progress: Progress = SILENT) -> Partial:
        """The counts of one shard, which may be empty. Raises InputError for what cannot be read."""

    def merge(self, one: Partial, other: Partial) -> Partial:
        """The counts of two shards, or groups of shards."""

    def finish(self, merged: Partial, progress: Progress = SILENT) -> Result:
        """What was counted. Raises InputError when nothing is left."""


def merge_all(partials: Iterable[Partial], merge: Callable[[Partial, Partial], Partial]) -> Partial:
    """Partial counts of any number of shards (one or more) merged in pairs of about equal size.

    They are taken from the iterator one by one, and at most about log₂ of their number wait.

    >>> merge_all(["a", "b", "c", "d", "e"], lambda one, other: f"({one}{other})")
    '(((ab)(cd))e)'
    """
    waiting: list[tuple[int, Partial]] = []  # of 2^n shards each, n falling
    for partial in partials:
        size, merged = 0, partial
        while waiting and waiting[-1][0] == size:
            merged = merge(waiting.pop()[1], merged)
            size += 1
        waiting.append((size, merged))
    _, merged = waiting.pop()
    while waiting:
        merged = merge(waiting.pop()[1], merged)
    return merged
