"""Many tokens as one block of bytes: a vocabulary that is ready without decoding it.

Asking a mapped model of 400,000 words one question needs one token found and ten decoded, not
400,000 strings and a dict; those come only when many questions are asked.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.model_file import Model
from nlpcli.engine.runtime.arrays import offsets_of

_SCANS_BEFORE_DICT = 8


class PackedTokens(Sequence[str]):
    """Tokens by id, held as UTF-8 bytes and offsets [V + 1].

    Bytes that are not UTF-8 (word2vec.c cuts long tokens in the middle of a character) come out
    as lone surrogates, Python's `surrogateescape`, and go back as they were.

    >>> tokens = PackedTokens.of(["서울", "Busan"])
    >>> tokens[0], tokens.find("Busan"), tokens.find("Seoul"), len(tokens)
    ('서울', 1, None, 2)
    """

    def __init__(self, text: bytes, offsets: NDArray[np.int64]) -> None:
        self.text = text
        self.offsets = offsets
        self._ids: dict[str, int] | None = None
        self._scans = 0

    @classmethod
    def of(cls, tokens: Iterable[str]) -> PackedTokens:
        """The packed form of `tokens`."""
        if isinstance(tokens, PackedTokens):
            return tokens
        encoded = [to_bytes(token) for token in tokens]
        return cls(b"".join(encoded), offsets_of(np.fromiter(map(len, encoded), np.int64, len(encoded))))

    @classmethod
    def from_model(cls, model: Model, name: str) -> PackedTokens:
        """The strings that `to_tensors` put into a model file by this name."""
        text, offsets = model.tensors[f"{name}.bytes"], model.tensors[f"{name}.offsets"]
        packed = cls(text.tobytes(), offsets)
        try:
            packed.text.decode("utf-8")
        except UnicodeDecodeError:
            pieces = (packed._bytes_of(number) for number in range(len(packed)))
            return cls.of(map(_as_written, pieces))
        return packed

    def to_tensors(self, name: str) -> dict[str, NDArray[Any]]:
        """The strings as arrays for a model file; what is not UTF-8 stands there as lone surrogates."""
        packed = self
        try:
            self.text.decode("utf-8")
        except UnicodeDecodeError:
            encoded = [token.encode("utf-8", "surrogatepass") for token in self]
            packed = PackedTokens(b"".join(encoded), offsets_of(list(map(len, encoded))))
        return {f"{name}.bytes": np.frombuffer(packed.text, np.uint8), f"{name}.offsets": packed.offsets}

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, key: int) -> str: ...
    @overload
    def __getitem__(self, key: slice) -> list[str]: ...
    def __getitem__(self, key: int | slice) -> str | list[str]:
        if isinstance(key, slice):
            return [self[number] for number in range(*key.indices(len(self)))]
        if key < 0:
            key += len(self)
        if not 0 <= key < len(self):
            raise IndexError(key)
        return from_bytes(self._bytes_of(key))

    def _bytes_of(self, number: int) -> bytes:
        return self.text[self.offsets[number] : self.offsets[number + 1]]

    def __iter__(self) -> Iterator[str]:
        bounds = self.offsets.tolist()
        for start, end in itertools.pairwise(bounds):
            yield from_bytes(self.text[start:end])

    def lengths(self) -> NDArray[np.int64]:
        """How many bytes each token has."""
        return np.diff(self.offsets)

    def find(self, token: str) -> int | None:
        """The id of `token`; None when there is none."""
        if self._ids is None:
            if self._scans < _SCANS_BEFORE_DICT:
                self._scans += 1
                return self._scan(to_bytes(token))
            self._ids = {}
            for number, known in enumerate(self):
                self._ids.setdefault(known, number)
        return self._ids.get(token)

    def _scan(self, wanted: bytes) -> int | None:
        """Compare with all tokens of the same length at once: a few milliseconds, no dict."""
        candidates = np.flatnonzero(self.lengths() == len(wanted))
        if not len(wanted) or not len(candidates):
            return int(candidates[0]) if len(candidates) else None
        text = np.frombuffer(self.text, np.uint8)
        for place, byte in enumerate(wanted):
            candidates = candidates[text[self.offsets[candidates] + place] == byte]
        return int(candidates[0]) if len(candidates) else None

    def starting_with(self, beginning: str) -> NDArray[np.int64]:
        """The ids of the tokens that begin so, ascending.

        >>> PackedTokens.of(["서울은", "부산", "서울"]).starting_with("서울").tolist()
        [0, 2]
        """
        wanted = to_bytes(beginning)
        ids = np.flatnonzero(self.lengths() >= len(wanted))
        text = np.frombuffer(self.text, np.uint8)
        for place, byte in enumerate(wanted):
            ids = ids[text[self.offsets[ids] + place] == byte]
        return ids

    def take(self, ids: NDArray[np.integer[Any]]) -> PackedTokens:
        """The tokens of these ids, in this order."""
        return PackedTokens.of([self[number] for number in ids.tolist()])


def to_bytes(token: str) -> bytes:
    """A token as bytes; what was not UTF-8 when it was read is what it was."""
    try:
        return token.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a lone surrogate that no byte was read as
        return token.encode("utf-8", "surrogatepass")


def _as_written(piece: bytes) -> str:
    """A string of a model file, which may hold lone surrogates as three bytes, or bytes of no character."""
    try:
        return piece.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return from_bytes(piece)


def from_bytes(text: bytes) -> str:
    """A token from bytes; see `PackedTokens` for bytes that are not UTF-8."""
    return text.decode("utf-8", "surrogateescape")
