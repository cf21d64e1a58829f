"""Texts that were there before: the same, or nearly so.

The same: equal after NFC and with white space squeezed. Nearly: the Jaccard similarity of their sets of
shingles (runs of a few characters, lower-cased) is estimated by MinHash signatures (Broder 1997); those that
could be alike are found by bands of the signatures (locality-sensitive hashing, Indyk and Motwani 1998).
With K = 128 hash functions the estimate of a similarity s has a standard deviation of √(s (1 − s) / K),
0.035 at 0.8.
"""

from __future__ import annotations

import hashlib
import unicodedata
from array import array
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels

kernels = Kernels("text.minhash")

FUNCTIONS = 128
_LONGEST_CHAIN = 256  # texts of one bucket that are compared
_FIRST_ROOM = 1024
_MOST_ALIKE = FUNCTIONS - 0.5  # of texts that are not the same, though their signatures are
_CHANCE = 0.97  # of a pair as similar as the threshold to meet in a bucket


class Duplicate(NamedTuple):
    """Which earlier text one is like, by number from 0, and how much; 1.0 of one that is the same."""

    of: int
    similarity: float


class NearDuplicates:
    """Texts one after another: each is a duplicate of an earlier one that was none, or is kept.

    threshold: from which similarity on; 1: only the same. shingle: characters of a shingle. About 1 kB of
    memory for each text that is kept, 0.2 kB where only the same are found.

    >>> seen = NearDuplicates(0.5, 3)
    >>> seen.add(["The cat sat on the mat", "A dog", "the cat  sat on a mat", "A  dog", ""])
    [None, None, Duplicate(of=0, similarity=0.6640625), Duplicate(of=1, similarity=1.0), None]
    """

    def __init__(self, threshold: float, shingle: int) -> None:
        self._least = max(1, int(np.ceil(threshold * FUNCTIONS - 1e-9)))
        self._is_near = threshold < 1
        self._shingle = shingle
        self._numbers: dict[bytes, int | Duplicate] = {}  # which text it is, or was dropped for
        self._given = self._count = 0
        self._places = array("q")  # of the kept: which text each was
        self._band = band_rows(threshold)
        bands = FUNCTIONS // self._band
        random = np.random.default_rng(1)
        functions = random.integers(0, 2**63, (2, FUNCTIONS), dtype=np.uint64)
        self._factors, self._terms = functions[0] * 2 + 1, functions[1]
        self._kept = np.empty((_FIRST_ROOM if self._is_near else 0, FUNCTIONS), dtype=np.uint16)
        self._following = np.empty((len(self._kept), bands), dtype=np.int32)
        self._slots = np.full((bands, 2 * _FIRST_ROOM), -1, dtype=np.int32)

    def add(self, texts: Sequence[str]) -> list[Duplicate | None]:
        """For each text what it is a duplicate of, None if of nothing. An empty text never is one."""
        found: list[Duplicate | None] = [None] * len(texts)
        waiting: list[tuple[int, bytes, str]] = []
        for place, text in enumerate(texts):
            plain = " ".join(unicodedata.normalize("NFC", text).split())
            if not plain:
                continue
            key = hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=12).digest()
            first = self._numbers.setdefault(key, self._given + place)
            if isinstance(first, Duplicate):
                found[place] = first
            elif first != self._given + place:
                found[place] = Duplicate(first, 1.0)
            elif self._is_near:
                waiting.append((place, key, plain.lower()))
        near = self._near([text for _, _, text in waiting], [place for place, _, _ in waiting])
        for (place, key, _), duplicate in zip(waiting, near, strict=True):
            if duplicate is not None:
                found[place] = self._numbers[key] = duplicate
        # What is the same as a text that was dropped is a duplicate of what that one was dropped for.
        for place, one in enumerate(found):
            if one is not None and one.of >= self._given:
                found[place] = found[one.of - self._given] or one
        self._given += len(texts)
        return found

    def _near(self, texts: Sequence[str], places: Sequence[int]) -> list[Duplicate | None]:
        if not texts:
            return []
        encoded = [text.encode("utf-32-le", "surrogatepass") for text in texts]
        codes = np.frombuffer(b"".join(encoded), dtype=np.uint32)
        offsets = offsets_of([len(one) // 4 for one in encoded])
        signatures = np.empty((len(texts), FUNCTIONS), dtype=np.uint16)
        least = np.empty(FUNCTIONS, dtype=np.uint32)
        kernels.signatures(codes, offsets, self._shingle, self._factors, self._terms, least, signatures)
        like, alike = (np.empty(len(texts), dtype=np.int32) for _ in range(2))
        reached = 0
        while True:
            reached, self._count = kernels.find(
                signatures, reached, self._band, self._least, _LONGEST_CHAIN, self._kept, self._count,
                self._slots, self._following, like, alike,
            )  # fmt: skip
            if reached == len(texts):
                break
            self._enlarge()
        self._places.extend(self._given + places[place] for place in np.flatnonzero(like < 0).tolist())
        return [
            None if other < 0 else Duplicate(self._places[other], min(same, _MOST_ALIKE) / FUNCTIONS)
            for other, same in zip(like.tolist(), alike.tolist(), strict=True)
        ]

    def _enlarge(self) -> None:
        room = 2 * len(self._kept)
        self._kept = _enlarged(self._kept, room)
        self._following = np.empty((room, self._following.shape[1]), dtype=np.int32)
        self._slots = np.full((len(self._slots), 2 * room), -1, dtype=np.int32)
        kernels.link(self._kept, 0, self._count, self._band, self._slots, self._following)


def _enlarged(rows: NDArray[np.uint16], room: int) -> NDArray[np.uint16]:
    larger = np.empty((room, rows.shape[1]), dtype=rows.dtype)
    larger[: len(rows)] = rows
    return larger


def band_rows(threshold: float) -> int:
    """How many places of a signature make a band: as many as leave a pair at the threshold enough chances.

    >>> band_rows(0.8), band_rows(0.5)
    (7, 3)
    """
    for rows in range(16, 1, -1):
        if 1 - (1 - threshold**rows) ** (FUNCTIONS // rows) >= _CHANCE:
            return rows
    return 1
