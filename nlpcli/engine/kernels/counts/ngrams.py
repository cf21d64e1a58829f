"""Pairs of numbers numbered as they come: how n-grams become ids."""

from __future__ import annotations

import numba as nb
import numpy as np

_ODD = np.uint64(0x9E3779B97F4A7C15)


@nb.njit(nogil=True)
def number_pairs(left, right, keys, slots, found, known):
    """The number of each pair (left, right), counted up from 0 in order of first appearance.

    left int32 [N] (−1: no pair there), right int32 [N]; found int32 [N] receives the numbers,
    −1 where there is no pair. keys int64 [K] receives the pairs, `left · 2^32 + right`; slots
    int32 [2^k] is their hash table (−1: empty). `known` pairs are in the tables already; stops
    before they overfill.

    Returns: (position reached, known).
    """
    mask = np.uint64(slots.size - 1)
    for position in range(left.size):
        if left[position] < 0:
            found[position] = -1
            continue
        key = (np.int64(left[position]) << 32) | np.int64(right[position])
        mixed = np.uint64(key) * _ODD
        slot = (mixed ^ (mixed >> np.uint64(31))) & mask
        while True:
            number = slots[slot]
            if number < 0:
                if known >= keys.size or 2 * known >= slots.size:
                    return position, known
                number = np.int32(known)
                keys[known] = key
                slots[slot] = number
                known += 1
                break
            if keys[number] == key:
                break
            slot = (slot + np.uint64(1)) & mask
        found[position] = number
    return left.size, known


@nb.njit(nogil=True)
def refill(keys, known, slots):
    """Put the known pairs into an empty (−1), larger table."""
    mask = np.uint64(slots.size - 1)
    for number in range(known):
        mixed = np.uint64(keys[number]) * _ODD
        slot = (mixed ^ (mixed >> np.uint64(31))) & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = number


@nb.njit(nogil=True)
def interleave(runs, bases, offsets, ids, new_offsets):
    """Each document's runs, the shorter ones first, as one row of ids.

    runs int32 [sizes, N], −1 where no run begins; `bases[s]` is added to the ids of size s.
    ids receives them and new_offsets int64 [D + 1] where each document begins. Returns: how many.
    """
    end = 0
    for document in range(offsets.size - 1):
        new_offsets[document] = end
        for size in range(runs.shape[0]):
            for position in range(offsets[document], offsets[document + 1]):
                if runs[size, position] >= 0:
                    ids[end] = bases[size] + runs[size, position]
                    end += 1
    new_offsets[offsets.size - 1] = end
    return end
