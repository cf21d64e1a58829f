"""Units as numbers: what can be written, what can only be read, and what can only be copied.

0 UNKNOWN, 1 END                 what is not known; the end of a target
2 … T − 1                        units of targets: the network writes them
T … V − 1                        units of sources alone: it knows them when it reads them
V …                              units it does not know: numbered while they are at hand, to be copied
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence

import numpy as np

from nlpcli.engine.neural.packing import Ids
from nlpcli.settings.translation import SPECIAL


class UnitVocabulary:
    """Known units by number. units: those with numbers from SPECIAL on; `targets`: T."""

    def __init__(self, units: Sequence[str], targets: int) -> None:
        self.units = list(units)
        self.targets = targets
        self._numbers = {unit: number for number, unit in enumerate(self.units, start=SPECIAL)}

    def __len__(self) -> int:
        """V: how many vectors there are, the special ones among them."""
        return len(self.units) + SPECIAL

    @classmethod
    def of(
        cls, sources: Iterable[Sequence[str]], targets: Iterable[Sequence[str]], min_count: int
    ) -> UnitVocabulary:
        """That of pairs: units seen at least `min_count` times, the most frequent first.

        >>> found = UnitVocabulary.of([["a", "b"]], [["b", "c"]], 1)
        >>> found.units, found.targets, len(found)
        (['b', 'c', 'a'], 4, 5)
        """
        read, written = collections.Counter[str](), collections.Counter[str]()
        for units in sources:
            read.update(units)
        for units in targets:
            written.update(units)
        counts = read + written
        known = sorted(
            (unit for unit, count in counts.items() if count >= min_count),
            key=lambda unit: (unit not in written, -written[unit], -counts[unit], unit),
        )
        return cls(known, SPECIAL + sum(unit in written for unit in known))

    def numbers(self, units: Iterable[str], more: dict[str, int]) -> list[int]:
        """The numbers of units; `more` holds those that are not known, and takes up new ones."""
        known, first = self._numbers, len(self)
        return [
            number if (number := known.get(unit)) is not None else more.setdefault(unit, first + len(more))
            for unit in units
        ]

    def spelt(self, numbers: Iterable[int], more: Sequence[str]) -> list[str]:
        """The units of numbers; `more`: those beyond what is known."""
        size = len(self)
        return [
            self.units[number - SPECIAL] if number < size else more[number - size]
            for number in numbers
            if number >= SPECIAL
        ]


class Side:
    """One side of some pairs: numbers int64 [N], one text behind another, and where each begins [S + 1]."""

    def __init__(self, texts: Sequence[Sequence[int]]) -> None:
        from nlpcli.engine.runtime.arrays import offsets_of

        self.starts = offsets_of([len(text) for text in texts])
        self.numbers: Ids = np.fromiter((n for text in texts for n in text), np.int64, int(self.starts[-1]))

    @property
    def lengths(self) -> Ids:
        """How many units each text has."""
        return np.diff(self.starts)

    def joined(self, texts: Ids) -> Ids:
        """The numbers of some texts, one behind another."""
        from nlpcli.engine.runtime.arrays import ranges

        return self.numbers[ranges(self.starts[texts], self.lengths[texts])]
