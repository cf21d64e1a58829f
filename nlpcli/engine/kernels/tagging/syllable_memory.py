"""Words that are analysed alike wherever they stand, and the labels that were found for them.

Which words these are is told by `marks` uint16 [M], a hash table without the words: 16 bits of each one's
hash, 0 where it is empty. One word in some thousands is taken for one of them that is not; then it has the
labels that it has on its own, the same every time.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from nlpcli.engine.kernels.tagging.arguments import LONGEST_KNOWN
from nlpcli.engine.kernels.tagging.syllable_features import first_slot, mixed


@nb.njit(nogil=True)
def _mark(hashed):
    """16 bits of a hash that `first_slot` does not look at, never 0."""
    return max(np.uint16(hashed & np.uint64(0xFFFF)), np.uint16(1))


@nb.njit(nogil=True)
def add_marks(hashes, marks):
    """Put the words with these hashes uint64 [N] into marks, N < M."""
    for hashed in hashes:
        slot, mark = first_slot(mixed(hashed), marks.size), _mark(mixed(hashed))
        while marks[slot] != 0:
            slot = slot + 1 if slot + 1 < marks.size else 0
        marks[slot] = mark


@nb.njit(nogil=True)
def is_known(marks, hashed):
    """Whether the word with this hash is one of them."""
    slot, mark = first_slot(mixed(hashed), marks.size), _mark(mixed(hashed))
    while marks[slot] != 0:
        if marks[slot] == mark:
            return True
        slot = slot + 1 if slot + 1 < marks.size else 0
    return False


@nb.njit(nogil=True)
def slot_of(keys, hashed):
    """Where a word is kept in keys uint64 [K], one of which is 0, or would be."""
    slot = first_slot(mixed(hashed), keys.size)
    while keys[slot] != 0 and keys[slot] != hashed:
        slot = slot + 1 if slot + 1 < keys.size else 0
    return slot


@nb.njit(nogil=True)
def keep(memory, slot, hashed, labels):
    """Keep the labels of a word, unless there is no more room; it is searched anew then.

    Behind the last one there is room for the labels of the longest word: should two words have the same hash,
    those of a longer one are read where there are some.
    """
    words, used = memory.used
    if 2 * (words + 1) <= memory.keys.size and used + labels.size + LONGEST_KNOWN <= memory.labels.size:
        memory.keys[slot] = hashed
        memory.places[slot] = used
        for place in range(labels.size):
            memory.labels[used + place] = labels[place]
        memory.used[0] = words + 1
        memory.used[1] = used + labels.size
