"""The words of several co-occurrence matrices in the order that counting all texts at once gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.token_counts import Tokens
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.shards import RANK_BITS, merge_all

Packed = tuple[NDArray[np.uint8], NDArray[np.int64]]

NEVER = np.int64(1 << 62)  # the rank of a word that was not seen, behind all others


class Counted(Protocol):
    """What has a vocabulary, and knows in which order its words came."""

    @property
    def vocabulary(self) -> Vocabulary:
        """Words and how often each was seen."""

    @property
    def vocab_order(self) -> str:
        """By what they are in order."""

    @property
    def first_seen(self) -> NDArray[np.int64] | None:
        """The rank of each by first appearance, −1 for one that was not seen."""

    @property
    def dropped(self) -> bool:
        """Whether there were tokens of other words; False where that is not known."""


def united(parts: Sequence[Counted]) -> tuple[Vocabulary, NDArray[np.int64] | None, list[NDArray[np.int32]]]:
    """The words of all parts with their counts, their ranks by first appearance, and for each part the new
    numbers of its words.

    Words that are the same in all parts, in the same order, keep it: it was given, or is that of all texts.
    Ranks are none where a part has none; the place of a word then stands for its rank.
    """
    known = all(part.first_seen is not None for part in parts)
    tables = [_tokens(part, number) for number, part in enumerate(parts)]
    first = parts[0].vocabulary.packed
    if all(_same(first, part.vocabulary.packed) for part in parts[1:]):
        counts = np.sum([part.vocabulary.counts for part in parts], axis=0)
        ranks = ranks_of(np.min([table.first for table in tables], axis=0))
        same = np.arange(len(counts), dtype=np.int32)
        return parts[0].vocabulary.with_counts(counts), ranks if known else None, [same] * len(parts)
    total = merge_all(tables, Tokens.plus).as_seen()
    total = total.take(_order(total, parts[0].vocab_order))
    vocabulary = total.in_order()
    ids = vocabulary.id_of
    news = [np.array([ids[token] for token in part.vocabulary.tokens], dtype=np.int32) for part in parts]
    return vocabulary, ranks_of(total.first) if known else None, news


def ranks_of(first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Ranks 0, 1, 2 … of where words were first seen, −1 for those that were not.

    >>> ranks_of(np.array([70, NEVER, 4])).tolist()
    [1, -1, 0]
    """
    ranks = np.full(len(first), -1, dtype=np.int64)
    order = np.argsort(first, kind="stable")
    seen = order[first[order] < NEVER]
    ranks[seen] = np.arange(len(seen))
    return ranks


def firsts_of(ranks: NDArray[np.int64], shard: int) -> NDArray[np.int64]:
    """Where words were first seen among all shards, from their ranks in one of them."""
    return np.where(ranks < 0, NEVER + np.arange(len(ranks)), ranks + (shard << RANK_BITS))


def _tokens(part: Counted, number: int) -> Tokens:
    text, offsets = part.vocabulary.packed
    ranks = part.first_seen if part.first_seen is not None else np.arange(len(part.vocabulary))
    return Tokens(text, offsets, part.vocabulary.counts[:, None], firsts_of(ranks, number))


def _same(one: Packed, other: Packed) -> bool:
    return np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1])


def _order(seen: Tokens, vocab_order: str) -> NDArray[np.int64]:
    """The order of words that are in order of first appearance."""
    if vocab_order == "first-seen":
        return np.arange(len(seen))
    if vocab_order == "alphabetical":
        tokens = seen.in_order().tokens
        return np.array(sorted(range(len(tokens)), key=tokens.__getitem__), dtype=np.int64)
    return np.argsort(-seen.counts[:, 0], kind="stable")


def dropped(parts: Sequence[Counted], names: Sequence[str]) -> str:
    """A remark where parts dropped words that others may hold, so that the sum is not that of all texts."""
    mend = "count all parts with one vocabulary: --read-vocab"
    first = parts[0].vocabulary.packed
    if all(_same(first, part.vocabulary.packed) for part in parts[1:]):
        # A word that one part alone has dropped is as rare in all of them. And had these chosen their words,
        # each would have them in its own order: where one has not, they were given to it.
        droppers = [part for part in parts if part.dropped]
        if len(droppers) > 1 and all(map(_in_own_order, droppers)):
            return (
                f"{len(droppers)} parts dropped words that may be frequent in all together, "
                f"if these were not given; {mend}"
            )
        return ""
    if lacking := [name for name, part in zip(names, parts, strict=True) if part.dropped]:
        more = f" (so were {len(lacking) - 1} more)" if len(lacking) > 1 else ""
        return (
            f"{lacking[0]} was counted without some of its words{more}: what other parts hold of these is "
            f"not all; {mend}"
        )
    if all(part.first_seen is not None for part in parts):  # files without it do not know what they dropped
        return ""
    rarest = [int(part.vocabulary.counts[part.vocabulary.counts > 0].min(initial=1 << 62)) for part in parts]
    least = min(rarest)
    if least < 2:
        return ""
    return (
        f"no word was seen less than {least:,} times in a part: if that is --min-count, words that are rare "
        f"in one part are missing from its counts; {mend}"
    )


def _in_own_order(part: Counted) -> bool:
    """Whether the words are in the order that this part alone gives them."""
    if part.first_seen is None or (part.first_seen < 0).any():
        return False
    table = _tokens(part, 0)
    seen = table.take(np.argsort(table.first))
    return _same(seen.take(_order(seen, part.vocab_order)).in_order().packed, part.vocabulary.packed)
