"""Tables of counts by class in a byte each (`packed_counts.py`), added up by two pointers.

Each call does at most `steps` features, and as many as there is room for in `merged_large`, and leaves in
`state` where it stopped: features done of the one table and the other, and written; large counts of each, and
written. It is done when both tables are at their ends.
"""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(nogil=True)
def merge_packed(
    keys, small, large, other_keys, other_small, other_large, state, steps, merged_keys, merged_small,
    merged_large,
):  # fmt: skip
    """The sum of two tables with ascending keys, into one with room for the features of both."""
    at, other_at, written = state[0], state[1], state[2]
    place, other_place, large_written = state[3], state[4], state[5]
    size, other_size, classes = keys.size, other_keys.size, small.shape[1]
    while steps > 0 and (at < size or other_at < other_size):
        if large_written + classes > merged_large.size:
            break
        mine = at < size and (other_at == other_size or keys[at] <= other_keys[other_at])
        theirs = other_at < other_size and (at == size or other_keys[other_at] <= keys[at])
        merged_keys[written] = keys[at] if mine else other_keys[other_at]
        for column in range(classes):
            total = np.int64(0)
            if mine:
                total = np.int64(small[at, column])
                if total == 255:
                    total = large[place]
                    place += 1
            if theirs:
                count = np.int64(other_small[other_at, column])
                if count == 255:
                    count = other_large[other_place]
                    other_place += 1
                total += count
            if total >= 255:
                merged_large[large_written] = total
                large_written += 1
            merged_small[written, column] = min(total, 255)
        at += mine
        other_at += theirs
        written += 1
        steps -= 1
    state[0], state[1], state[2] = at, other_at, written
    state[3], state[4], state[5] = place, other_place, large_written
