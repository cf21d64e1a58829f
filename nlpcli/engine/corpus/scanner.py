"""The state of the scan kernel: a growing hash table of types over raw bytes."""

from __future__ import annotations

import itertools
import operator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.lines import count_lines
from nlpcli.engine.kernels.simd.padding import aligned_rows
from nlpcli.engine.kernels.text.arguments import Batch, Definition, Reached, Scanned, Table
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.text.invisible import visible
from nlpcli.engine.text.tokenizers.character_classes import character_classes
from nlpcli.settings.text import TokenizerName

_LOAD = 5 / 8  # of the slots that are used before there are more
_LAST_BLOCK = (1 << 31) - 1  # behind all others
_BATCH = 512  # tokens that the kernel splits off before it looks them up

kernel = Kernels("text.scan")

Number = TypeVar("Number", bound=np.generic)


class Scanner:
    """Scans blocks of UTF-8 into numbers of types; one per thread.

    `lower` takes ASCII letters for their lower case. `types` types so far; type t is bytes
    `pool[starts[t]:starts[t + 1]]`, first seen at `firsts[t]` (block · 2^32 + token).
    """

    def __init__(self, tokenizer: TokenizerName, lower: bool = False) -> None:
        self._lower = lower
        self._lowered = np.empty(0, dtype=np.uint8)
        self._definition = Definition(character_classes(tokenizer), tokenizer == "whitespace")
        self._slots = _slots(1 << 15)
        self.firsts = np.zeros(int(_LOAD * len(self._slots)), dtype=np.int64)
        self.starts = np.zeros(len(self.firsts) + 1, dtype=np.int64)
        self.pool = np.zeros(1 << 19, dtype=np.uint8)
        self.types = 0
        self._ids = np.empty(0, dtype=np.int32)
        self._batch = Batch(
            np.empty(_BATCH, dtype=np.int64),
            np.empty(_BATCH, dtype=np.int64),
            np.ones(_BATCH, dtype=np.uint64),
            np.empty((_BATCH, 3), dtype=np.uint64),
        )

    @property
    def _table(self) -> Table:
        return Table(self._slots, self.starts, self.pool, self.firsts)

    @property
    def counts(self) -> NDArray[np.int64]:
        """How often each type was seen [T]."""
        counts = np.empty(self.types, dtype=np.int64)
        kernel.counts_of(self._slots, counts)
        return counts

    def scan(self, block: bytes, number: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The types of the block's tokens, and how many tokens stand before each line end.

        `number` is the block's place in the text; it orders the types by first appearance. The
        types are overwritten by the next call.
        """
        text = np.frombuffer(block, dtype=np.uint8)
        if self._lower:
            if len(self._lowered) < len(text):
                self._lowered = np.empty(len(text), dtype=np.uint8)
            kernel.lower_ascii(text, self._lowered)
            text = self._lowered[: len(text)]
            text.flags.writeable = False  # as it is without this: one kernel for both
        if len(self._ids) <= len(text) // 2:
            self._ids = np.empty(len(text) // 2 + 1, dtype=np.int32)
        ids = self._ids
        ends = np.empty(count_lines(block), dtype=np.int64)
        reached = Reached(0, self.types, 0, 0)
        while True:
            reached = Reached(
                *kernel.scan(
                    text, number, self._definition, self._table, self._batch, Scanned(ids, ends), reached
                )
            )
            self.types = reached.types
            if reached.at >= len(text):
                return ids[: reached.tokens], ends
            self._grow(len(text) - reached.at)

    def absorb(self, other: Scanner) -> NDArray[np.int32]:
        """Add another scanner's types and counts to this one's; the new number of each of them."""
        while self.types + other.types > len(self.firsts):
            self._grow_tables()
        self.pool = _enlarged(self.pool, len(self.pool) + len(other.pool))
        position = np.empty(other.types, dtype=np.int32)
        self.types = kernel.absorb(
            self._table, self.types, other._table, other.counts.view(np.uint64), self._batch.keys, position
        )
        return position

    def merge_forms(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Make types one that are the same without invisible characters and, if so asked, in lower case.

        Returns: counts [T], 0 for a type that stands for another one now; which one that is
        for each of the types there were [T'].
        """
        stands_for = np.arange(self.types, dtype=np.int32)
        candidates = self._with_other_forms()
        counts = self.counts
        tokens = self.vocabulary(candidates, counts).tokens
        forms = list(map(self._form, tokens))
        changed = np.fromiter(map(operator.ne, tokens, forms), np.bool_, len(candidates))
        if not changed.any():
            return counts, stands_for
        candidates, forms = candidates[changed], list(itertools.compress(forms, changed.tolist()))
        others = Scanner("whitespace")
        numbers, _ = others.scan(("\n".join(forms) + "\n").encode("utf-8", "surrogatepass"), _LAST_BLOCK)
        # A form may be new here; its own form is itself, so no target is replaced in turn.
        target = self.absorb(others)[numbers]
        counts = self.counts
        np.subtract.at(counts, target, 1)  # what `absorb` counted
        np.add.at(counts, target, counts[candidates])
        counts[candidates] = 0
        np.minimum.at(self.firsts, target, self.firsts[candidates])
        stands_for[candidates] = target
        return counts, stands_for

    def _with_other_forms(self) -> NDArray[np.int64]:
        """The types that may have another form: invisible characters, or capitals beyond ASCII."""
        starts, found = self.starts[: self.types + 1], np.empty(self.types, dtype=np.int64)
        candidates = found[: kernel.with_invisible(self.pool, starts, self._definition.classes, found)]
        if not self._lower:
            return candidates
        candidates = candidates.copy()
        return np.union1d(candidates, found[: kernel.with_case(self.pool, starts, found)])

    def _form(self, token: str) -> str:
        form = visible(token)  # never empty: what is invisible begins no token
        return form.lower() if self._lower else form

    def vocabulary(self, order: NDArray[np.int64], counts: NDArray[np.int64]) -> Vocabulary:
        """The types in the given order, with `counts` [T]."""
        return Vocabulary.of_bytes(self.pool, self.starts[: self.types + 1], counts).take(order)

    def _grow(self, room: int) -> None:
        """More types, or twice the bytes and `room` more (one token may be that long)."""
        if self.types == len(self.firsts):
            self._grow_tables()
        else:
            self.pool = _enlarged(self.pool, 2 * len(self.pool) + room)

    def _grow_tables(self) -> None:
        slots = _slots(len(self._slots) * (4 if len(self._slots) < 1 << 19 else 2))
        kernel.rehash(self._slots, slots)
        self._slots = slots
        self.firsts = _enlarged(self.firsts, int(_LOAD * len(slots)))
        self.starts = _enlarged(self.starts, len(self.firsts) + 1)


def _slots(size: int) -> NDArray[np.uint64]:
    """An empty table, none of whose slots lies across two cache lines."""
    return aligned_rows(size // 2, 16).view(np.uint64).reshape(size, 4)


def _enlarged(array: NDArray[Number], size: int) -> NDArray[Number]:
    larger = np.zeros(size, dtype=array.dtype)
    larger[: len(array)] = array
    return larger


def union(scanners: list[Scanner]) -> tuple[Vocabulary, list[NDArray[np.int32]]]:
    """All types of several scanners in order of first appearance, as they are seen by a reader.

    Returns: the vocabulary, and for each scanner the position in it of each of its types. The
    scanners are used up, one after the other, so that their tables are freed.
    """
    first = scanners[0]
    positions = [np.arange(first.types, dtype=np.int32)]
    while len(scanners) > 1:
        positions.append(first.absorb(scanners.pop(1)))
    counts, stands_for = first.merge_forms()
    kept = np.flatnonzero(counts)
    order = kept[np.argsort(first.firsts[kept])]
    rank = np.empty(first.types, dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    rank = rank[stands_for]
    return first.vocabulary(order, counts), [rank[position] for position in positions]
