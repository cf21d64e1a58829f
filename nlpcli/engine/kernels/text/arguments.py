"""What the scan kernel is given, as named arrays; here, so that naming them takes no numba."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Table(NamedTuple):
    """The types so far; the caller owns it and enlarges it (see `corpus/scanner.py`).

    slots uint64 [2^k, 4]: an open-addressing hash table, a slot being the type's first and second
    eight bytes; its length · 2^32 + its number + 1 (0: empty); how often it was seen.
    starts [T + 1]: where each type's bytes begin in `pool` [P], the bytes of all types.
    firsts [T]: where it was first seen (block number · 2^32 + token number).
    """

    slots: NDArray[np.uint64]
    starts: NDArray[np.int64]
    pool: NDArray[np.uint8]
    firsts: NDArray[np.int64]


class Definition(NamedTuple):
    """What a word is: the class of each code point, and whether white space alone bounds words."""

    classes: NDArray[np.uint8]
    spaced: bool


class Reached(NamedTuple):
    """How far a scan has come: its place in the text, and how many of each there are already."""

    at: int
    types: int
    tokens: int
    documents: int


class Scanned(NamedTuple):
    """What a scan writes: ids [N], the tokens' types; ends [lines], the tokens before each line end."""

    ids: NDArray[np.int32]
    ends: NDArray[np.int64]


class Batch(NamedTuple):
    """Tokens to be looked up: token b is bytes begins[b]:stops[b] of a text and counts times[b].

    begins, stops, times [B]; keys [B, 3] is scratch.
    """

    begins: NDArray[np.int64]
    stops: NDArray[np.int64]
    times: NDArray[np.uint64]
    keys: NDArray[np.uint64]


class StopWords(NamedTuple):
    """Words to leave out, in lower case; `longest` is the bytes of the longest.

    slots uint64 [2^k, 3]: an open-addressing hash table of those of at most sixteen bytes, a slot being the
    word's first and second eight bytes and its length (0: empty); of length 0 if there are no words at all.
    """

    slots: NDArray[np.uint64]
    longest: int


class Written(NamedTuple):
    """How far writing has come: in the text and in the output, whether the line has a word, the odd words."""

    at: int
    out: int
    begun: bool
    odd: int
