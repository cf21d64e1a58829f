"""Pairs of neighbouring words: counted in a hash table, joined where the counts say so."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.embeddings.negative_sampling import mixed

Ints = NDArray[np.int32]
_EMPTY = np.int64(-1)


@numba.njit(nogil=True)
def slot_of(keys: NDArray[np.int64], key: int) -> np.int64:
    """The place of a key in a table of 2^k places, or the empty place where it belongs."""
    mask = len(keys) - 1
    slot = np.int64(mixed(np.uint64(key)) >> np.uint64(1)) & mask
    while keys[slot] != _EMPTY and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@numba.njit(nogil=True)
def count_bigrams(
    ids: Ints,
    ends: NDArray[np.bool_],
    first: int,
    last: int,
    frequent: NDArray[np.bool_],
    keys: NDArray[np.int64],
    counts: NDArray[np.int64],
    used: int,
) -> tuple[int, int]:
    """Count the pairs that begin at `first` to `last`; how far it came, and places used.

    The key of (a, b) is a · V + b. `ends`: a sentence ends with this word. `frequent` [V]: the
    others cannot be part of a phrase. Stops when two thirds of the table are used.
    """
    words = len(frequent)
    for place in range(first, min(last, len(ids) - 1)):
        a, b = ids[place], ids[place + 1]
        if ends[place] or not frequent[a] or not frequent[b]:
            continue
        if used * 3 > len(keys) * 2:
            return place, used
        key = np.int64(a) * words + b
        slot = slot_of(keys, key)
        if keys[slot] == _EMPTY:
            keys[slot] = key
            used += 1
        counts[slot] += 1
    return last, used


@numba.njit(nogil=True)
def refill(
    old_keys: NDArray[np.int64],
    old_counts: NDArray[np.int64],
    keys: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Fill the empty, larger table with what the old one holds."""
    for old in range(len(old_keys)):
        if old_keys[old] != _EMPTY:
            slot = slot_of(keys, old_keys[old])
            keys[slot] = old_keys[old]
            counts[slot] = old_counts[old]


@numba.njit(nogil=True)
def enter(pairs: NDArray[np.int64], named: Ints, keys: NDArray[np.int64], phrases: Ints) -> None:
    """Put the keys of pairs into an empty table, and beside each the id of its phrase."""
    for number in range(len(pairs)):
        slot = slot_of(keys, pairs[number])
        keys[slot] = pairs[number]
        phrases[slot] = named[number]


@numba.njit(nogil=True)
def joined(
    ids: Ints,
    offsets: NDArray[np.int64],
    keys: NDArray[np.int64],
    phrases: Ints,
    words: int,
    out: Ints,
    out_offsets: NDArray[np.int64],
) -> int:
    """Copy the text to `out`, pairs in the table replaced by their phrase; the new length.

    From left to right: a word that has been joined is not joined again. `phrases` is the id of
    the pair in each place of the table, `words` the V of the keys.
    """
    size = 0
    out_offsets[0] = 0
    for sentence in range(len(offsets) - 1):
        place, end = offsets[sentence], offsets[sentence + 1]
        while place < end:
            word = ids[place]
            if place + 1 < end:
                slot = slot_of(keys, np.int64(word) * words + ids[place + 1])
                if keys[slot] != _EMPTY:
                    word = phrases[slot]
                    place += 1
            out[size] = word
            size += 1
            place += 1
        out_offsets[sentence + 1] = size
    return size
