"""Strings of an index, decoded as they are asked for: of a large file only what is shown is read."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.packed_strings import PackedTokens, from_bytes
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels

kernels = Kernels("search.postings")


class MappedStrings(PackedTokens):
    """Strings by number in an array of UTF-8, uint8, from offsets int64 [N + 1].

    >>> strings = MappedStrings.packed([b"busan", b"seoul", b"seoul\\xec\\x97\\x90"])
    >>> strings[1], strings.find("seoul"), strings.numbers_of(["seoul", "x"]).tolist(), strings.range("seoul")
    ('seoul', 1, [1, -1], (1, 3))
    """

    def __init__(self, content: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        self.content, self.offsets = content, offsets

    @classmethod
    def packed(cls, strings: Iterable[bytes]) -> MappedStrings:
        """Of strings that are bytes already."""
        encoded = list(strings)
        return cls(np.frombuffer(b"".join(encoded), np.uint8), offsets_of(list(map(len, encoded))))

    @functools.cached_property
    def text(self) -> bytes:  # type: ignore[override]
        """All of them, read."""
        return self.content.tobytes()

    def _bytes_of(self, number: int) -> bytes:
        return self.content[self.offsets[number] : self.offsets[number + 1]].tobytes()

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return self._slice(range(*key.indices(len(self))))
        return _decoded(self._bytes_of(range(len(self))[key]))

    def _slice(self, numbers: range) -> list[str]:
        if numbers.step != 1 or not numbers:
            return [self[number] for number in numbers]
        bounds = self.offsets[numbers.start : numbers.stop + 1]
        some = self.content[bounds[0] : bounds[-1]].tobytes()
        return [_decoded(some[a:b]) for a, b in itertools.pairwise((bounds - bounds[0]).tolist())]

    def to_tensors(self, name: str) -> dict[str, NDArray[Any]]:
        """The strings as arrays for a model file."""
        return {f"{name}.bytes": self.content, f"{name}.offsets": self.offsets}

    # --- of ascending strings -------------------------------------------------------------------

    def find(self, token: str) -> int | None:
        """The number of a string; None when there is none."""
        number = int(self.numbers_of([token])[0])
        return None if number < 0 else number

    def numbers_of(self, words: Sequence[str]) -> NDArray[np.int64]:
        """The numbers of some strings, −1 for one that is not there: int64 [n]."""
        found = self._places([word.encode("utf-8", "surrogatepass") for word in words])
        return np.where(found[:, 1] == 1, found[:, 0], -1)

    def range(self, beginning: str) -> tuple[int, int]:
        """The first of the strings that begin so, and the one behind the last."""
        start = beginning.encode("utf-8", "surrogatepass")
        (first, _), (last, _) = self._places([start, start + b"\xff"]).tolist()
        return first, last

    def starting_with(self, beginning: str) -> NDArray[np.int64]:
        """The numbers of the strings that begin so, ascending."""
        return np.arange(*self.range(beginning), dtype=np.int64)

    def _places(self, wanted: list[bytes]) -> NDArray[np.int64]:
        found = np.zeros((len(wanted), 2), np.int64)
        text = np.frombuffer(b"".join(wanted), np.uint8)
        kernels.first_not_before(self.content, self.offsets, text, offsets_of(list(map(len, wanted))), found)
        return found


def _decoded(piece: bytes) -> str:
    try:
        return piece.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return from_bytes(piece)
