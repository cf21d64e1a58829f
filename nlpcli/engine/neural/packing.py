"""Sequences of a batch without padding: step by step, longest first.

    a b c        lengths 3, 1, 2 are sorted to 3, 2, 1 and stand as
    d            a e d │ b f │ c
    e f          step 0 has three rows, step 1 two, step 2 one

The rows of a step are those of the sequences that are so long, and since these are the first ones, a
step's rows follow those of the step before. (As cuDNN's packed sequences; Appleyard et al. 2016.)
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Packing:
    """Where the steps of B sequences stand among N rows.

    starts: int64 [T + 1], step t is rows starts[t] up to starts[t + 1]; lengths: int64 [B], descending.
    """

    starts: Ids
    lengths: Ids

    @classmethod
    def of(cls, lengths: Ids | Sequence[int]) -> Packing:
        """That of sequences with `lengths`, descending, each at least 1.

        >>> Packing.of([3, 2, 1]).starts.tolist()
        [0, 3, 5, 6]
        """
        lengths = np.asarray(lengths, np.int64)
        live = np.searchsorted(-lengths, -np.arange(lengths[0] if len(lengths) else 0), side="left")
        return cls(np.concatenate([np.zeros(1, np.int64), np.cumsum(live, dtype=np.int64)]), lengths)

    @classmethod
    def even(cls, steps: int, batch: int) -> Packing:
        """That of sequences that are all `steps` long: rows [steps · batch]."""
        return cls(np.arange(steps + 1, dtype=np.int64) * batch, np.full(batch, steps, np.int64))

    @property
    def batch(self) -> int:
        """How many sequences there are."""
        return len(self.lengths)

    def steps(self, *, backward: bool = False) -> Iterator[tuple[slice, slice, slice]]:
        """Of every step its rows, and, in a history that begins with B states, the rows before and after."""
        return iter(self._steps[::-1] if backward else self._steps)

    @functools.cached_property
    def _steps(self) -> list[tuple[slice, slice, slice]]:
        found, before = [], 0
        for start, stop in itertools.pairwise(self.starts.tolist()):
            after = self.batch + start
            now = slice(start, stop)
            found.append((now, slice(before, before + stop - start), slice(after, after + stop - start)))
            before = after
        return found

    @property
    def _is_even(self) -> bool:
        return bool(self.batch) and self.lengths[0] == self.lengths[-1]

    def before(self) -> Ids | slice:
        """Of each row, the row of that history which holds the state before it."""
        if self._is_even:
            return slice(0, int(self.starts[-1]))
        return np.concatenate([np.arange(before.start, before.stop) for _, before, _ in self._steps])

    def last(self) -> Ids | slice:
        """Of each sequence, the row of that history which holds its last state."""
        if self._is_even:
            return slice(int(self.starts[-1]), None)
        return self.batch + self.ends

    @property
    def ends(self) -> Ids:
        """Of each sequence, its last row."""
        ends: Ids = self.starts[self.lengths - 1] + np.arange(self.batch)
        return ends

    def reversed(self) -> Ids:
        """Of each row, the row as far from its sequence's end as this one is from the beginning: int64 [N].

        >>> Packing.of([3, 2, 1]).reversed().tolist()  # a e d b f c: c f d b e a
        [5, 4, 2, 3, 1, 0]
        """
        steps, sequences = self._places()
        found: Ids = self.starts[self.lengths[sequences] - 1 - steps] + sequences
        return found

    def order(self) -> Ids:
        """Of each row, its place where the sequences stand one behind another: int64 [N].

        >>> Packing.of([3, 2, 1]).order().tolist()
        [0, 3, 5, 1, 4, 2]
        """
        steps, sequences = self._places()
        offsets = np.cumsum(self.lengths) - self.lengths
        found: Ids = offsets[sequences] + steps
        return found

    def sequences(self) -> Ids:
        """Of each row, the number of its sequence: int64 [N]."""
        return self._places()[1]

    def _places(self) -> tuple[Ids, Ids]:
        """The step and the sequence of each row."""
        counts = np.diff(self.starts)
        steps = np.repeat(np.arange(len(counts)), counts)
        return steps, np.arange(self.starts[-1]) - self.starts[steps]
