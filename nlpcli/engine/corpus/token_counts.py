"""Token counts that add up: the partial counts of `count`, and what others keep of a vocabulary.

A table of tokens is made in the order of first appearance, and put in the order of hashes when it is
merged for the first time: sums are then one pass over both (`kernels/counts/merging.py`). What is ordered
by first appearance in the end carries where that was: the shard, then the rank in it.

Not here: the file of such counts (`token_count_files.py`).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoding import count_types
from nlpcli.engine.corpus.vocabulary import Vocabulary, select
from nlpcli.engine.corpus.word_ngrams import count_all_ngrams, no_ngrams
from nlpcli.engine.io.shards import MOST_SHARDS, RANK_BITS, Shard
from nlpcli.engine.kernels.counts.arguments import TokenTable
from nlpcli.engine.runtime.arrays import as_compiled
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import SettingsError
from nlpcli.settings.fields import ngram_range
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

kernels = Kernels("counts.merging")
hashing = Kernels("classify.features")

Made = TypeVar("Made", bound=NDArray[Any])

_STEPS = 1 << 20  # tokens a call


@dataclass(frozen=True, eq=False)
class Tokens:
    """Different tokens, what was counted of each, and where each was first seen; a partial count.

    text: uint8, UTF-8 of all tokens one after the other; offsets: int64 [V + 1]
    counts: int64 [V, K]; the first column is how often each was seen
    first: int64 [V], shard · 2^40 + rank among the types of that shard
    keys: uint64 [V], hashes, where the tokens are in their order; empty where they are not
    """

    text: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    counts: NDArray[np.int64]
    first: NDArray[np.int64]
    keys: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    @classmethod
    def of(cls, vocabulary: Vocabulary, shard: int = 0, *columns: NDArray[np.int64]) -> Tokens:
        """The tokens of one shard in order of first appearance, with more columns of counts [V]."""
        if not 0 <= shard < MOST_SHARDS:
            raise SettingsError(f"there can be {MOST_SHARDS:,} shards, not {shard:,}")
        text, offsets = vocabulary.packed
        counts = np.stack([vocabulary.counts, *columns], axis=1)
        first = np.arange(len(vocabulary), dtype=np.int64) + (shard << RANK_BITS)
        return cls(text, offsets, counts, first)

    def __len__(self) -> int:
        return len(self.first)

    def take(self, order: NDArray[np.int64]) -> Tokens:
        """The tokens of these numbers, in this order."""
        text, offsets = Vocabulary.of_bytes(self.text, self.offsets, self.first).take(order).packed
        return Tokens(text, offsets, self.counts[order], self.first[order])

    def between(self, first: int, last: int) -> Tokens:
        """Those of a table in the order of hashes whose hash is from `first` up to `last`."""
        begin, end = key_places(self.keys, first, last)
        text, offsets = self.offsets[begin], self.offsets[end]
        return Tokens(
            self.text[text:offsets],
            self.offsets[begin : end + 1] - text,
            self.counts[begin:end],
            self.first[begin:end],
            self.keys[begin:end],
        )

    def by_key(self) -> Tokens:
        """The same in the order of their hashes, and of their bytes where these are the same."""
        if len(self.keys) == len(self):
            return self
        keys = np.empty(len(self), dtype=np.uint64)
        hashing.hash_tokens(self.text, self.offsets, keys)
        order = np.argsort(keys, kind="stable")
        same = np.flatnonzero(keys[order[1:]] == keys[order[:-1]])
        if len(same):  # as good as never, but in a file that was made for it
            pieces = {
                number: self.text[self.offsets[number] : self.offsets[number + 1]].tobytes()
                for number in {*order[same].tolist(), *order[same + 1].tolist()}
            }
            order = np.array(
                sorted(order.tolist(), key=lambda number: (int(keys[number]), pieces.get(number, b""))),
                dtype=np.int64,
            )
        return dataclasses.replace(self.take(order), keys=keys[order])

    def distinct(self) -> bool:
        """Whether no token stands there twice; of a table in the order of hashes."""
        text, offsets = self.text, self.offsets
        for at in np.flatnonzero(self.keys[1:] == self.keys[:-1]).tolist():
            begin, middle, end = offsets[at : at + 3].tolist()
            if np.array_equal(text[begin:middle], text[middle:end]):
                return False
        return True

    def plus(self, other: Tokens) -> Tokens:
        """The sum of two tables with the same columns, in the order of hashes."""
        one, two = self.by_key(), other.by_key()
        if not len(one) or not len(two):
            return one if len(one) else two
        most = len(one) + len(two)
        merged = TokenTable(
            np.empty(most, np.uint64),
            np.empty(len(one.text) + len(two.text), np.uint8),
            np.zeros(most + 1, np.int64),
            np.empty((most, one.counts.shape[1]), np.int64),
            np.empty(most, np.int64),
        )
        state = np.zeros(3, dtype=np.int64)
        while state[0] < len(one) or state[1] < len(two):
            kernels.merge_tokens(one._table, two._table, state, _STEPS, merged)
        size = int(state[2])
        whole = size == most

        def cut(array: Made, end: int) -> Made:
            return array if whole else cast(Made, array[:end].copy())

        return Tokens(
            cut(merged.text, int(merged.offsets[size])),
            cut(merged.offsets, size + 1),
            cut(merged.counts, size),
            cut(merged.first, size),
            cut(merged.keys, size),
        )

    @property
    def _table(self) -> TokenTable:
        text, offsets = as_compiled(self.text), as_compiled(self.offsets)
        return TokenTable(
            as_compiled(self.keys), text, offsets, as_compiled(self.counts), as_compiled(self.first)
        )

    def as_seen(self) -> Tokens:
        """The same in order of first appearance."""
        if not len(self.keys):  # as it was made
            return self
        return self.take(np.argsort(self.first))

    def vocabulary(self) -> Vocabulary:
        """The tokens in order of first appearance, and how often each was seen."""
        return self.as_seen().in_order()

    def in_order(self) -> Vocabulary:
        """The same in the order they are in."""
        return Vocabulary.of_bytes(self.text, self.offsets, np.ascontiguousarray(self.counts[:, 0]))


def key_places(keys: NDArray[np.uint64], first: int, last: int) -> tuple[int, int]:
    """Where those of ascending keys stand that are from `first` up to `last`, which may be 2^64.

    >>> key_places(np.array([3, 5, 9], np.uint64), 4, 1 << 64)
    (1, 3)
    """
    begin = np.searchsorted(keys, np.uint64(first))
    end = len(keys) if last >> 64 else np.searchsorted(keys, np.uint64(last))
    return int(begin), int(end)


@dataclass(frozen=True, eq=False)
class TokenCounts:
    """The partial count of `count`: the tokens of a shard, or of several, and how much text they are of.

    tokens: words or n-grams, counts [V, 1]
    documents: lines, or texts of a table, also those without a token
    words: how many tokens were read, of which n-grams are made
    why_none: of a shard without tokens, what is known of the reason
    """

    tokens: Tokens
    documents: int
    words: int
    why_none: str = ""


@dataclass(frozen=True)
class TokenCounting:
    """What `count` does with shards: any analysis, words or n-grams of words (`ngrams`, such as "1-2")."""

    analysis: AnalysisSettings = AnalysisSettings()
    ngrams: str = "1"
    vocabulary: VocabularySettings = VocabularySettings()
    reading: TextInputSettings = TextInputSettings()

    def part(self, shard: Shard, progress: Progress = SILENT) -> TokenCounts:
        """The counts of some files; without tokens for files without any."""
        shortest, longest = ngram_range("--ngrams", self.ngrams)
        where = (self.analysis, self.reading, progress)
        if longest == 1:
            counted = count_types(shard.paths, *where)
            types = counted.types
        else:
            types, counted = count_all_ngrams(shard.paths, shortest, longest, *where)
        why_none = counted.why_none().message if not len(counted.types) else ""
        tokens = Tokens.of(types, shard.number)
        return TokenCounts(tokens, counted.lines, counted.types.total, why_none)

    def merge(self, one: TokenCounts, other: TokenCounts) -> TokenCounts:
        """The counts of both, in the order of hashes."""
        tokens = one.tokens.plus(other.tokens)
        why_none = one.why_none or other.why_none
        return TokenCounts(tokens, one.documents + other.documents, one.words + other.words, why_none)

    def finish(self, merged: TokenCounts, progress: Progress = SILENT) -> Vocabulary:
        """The vocabulary that the settings leave; empty, and `progress` is told why, where nothing was read.

        Raises InputError when there are tokens, but none is frequent enough, or no n-gram as long.
        """
        if not merged.words:
            progress.note(merged.why_none or "the input holds no tokens")
            return Vocabulary.of([], [])
        if not len(merged.tokens):
            raise no_ngrams(ngram_range("--ngrams", self.ngrams)[0])
        return select(merged.tokens.vocabulary(), self.vocabulary)[0]
