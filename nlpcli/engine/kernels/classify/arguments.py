"""What the kernel of features is given, as named arrays; here, so that naming them takes no numba."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Documents(NamedTuple):
    """ids [N], the types of the tokens; offsets [D + 1], where documents begin."""

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]


class TokenTypes(NamedTuple):
    """hashes [V], each type's key as a feature by itself; its bytes are pool[starts[v]:starts[v + 1]]."""

    hashes: NDArray[np.uint64]
    pool: NDArray[np.uint8]
    starts: NDArray[np.int64]


class Wanted(NamedTuple):
    """Which features there are.

    low, high: lengths of word n-grams; char_low, char_high: of character n-grams, which run
    `across` the words as if there were no spaces, or inside each word. `skips`: pairs of words with one
    between, and the first word; `edges`: the last word too, and the second from either end.
    `mask` keeps the leading bits of a key (feature hashing).
    """

    low: int
    high: int
    char_low: int
    char_high: int
    across: bool
    skips: bool
    edges: bool
    mask: np.uint64


class Letters(NamedTuple):
    """Scratch for the longest document, of B bytes: text [B + 2], letters [B + 3], words [B + 3].

    Letter i is bytes letters[i]:letters[i + 1] of the text and belongs to token words[i].
    """

    text: NDArray[np.uint8]
    letters: NDArray[np.int64]
    words: NDArray[np.int32]


class Made(NamedTuple):
    """What is written: ends [documents], where each one's keys stop; keys [N].

    spans [N, 2], unless empty: the tokens (from, to) that each feature covers.
    """

    ends: NDArray[np.int64]
    keys: NDArray[np.uint64]
    spans: NDArray[np.int32]
