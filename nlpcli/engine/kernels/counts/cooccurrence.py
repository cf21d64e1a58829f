"""Co-occurrence rows, counted exactly in whole units.

A row of the matrix is made at once: all places where its word stands are visited, and what
stands around them is added up in one dense array. Which entries of the array are in use is kept
in two levels of bits (one bit a word, one bit for 64 words), so that a row is read out in
ascending order without a sort. Counts are in units of 1/unit (see `cooccurrence/counting.py`).
What the kernels are given, and its shapes, is in `arguments.py`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_LOWEST_BIT = np.zeros(64, dtype=np.uint8)  # of a word with one bit set: which one it is
for _bit in range(64):
    _LOWEST_BIT[((int(_DE_BRUIJN) << _bit) & (2**64 - 1)) >> 58] = _bit


@njit(nogil=True)
def lay_out(ids, offsets, text):
    """Documents into `text` [len(ids) + documents + 1] with −1 before, between and after them."""
    out = 0
    for document in range(offsets.size - 1):
        text[out] = -1
        out += 1
        for place in range(offsets[document], offsets[document + 1]):
            text[out] = ids[place]
            out += 1
    text[out] = -1


@njit(nogil=True)
def count_words(text, begin, end, starts):
    """Add how often each word i stands in text[begin:end] to starts[i + 1]."""
    for place in range(begin, end):
        word = text[place]
        if word >= 0:
            starts[word + 1] += 1


@njit(nogil=True)
def index_words(text, begin, end, cursors, positions):
    """Where the words of text[begin:end] stand; `cursors` move on in `positions`."""
    for place in range(begin, end):
        word = text[place]
        if word >= 0:
            positions[cursors[word]] = place
            cursors[word] += 1


@njit(nogil=True)
def _mark(touched, count, low, high):
    """Set the bits of the columns that are in use."""
    for number in range(count):
        column = np.uint64(touched[number])
        low[column >> np.uint64(6)] |= np.uint64(1) << (column & np.uint64(63))
        high[column >> np.uint64(12)] |= np.uint64(1) << ((column >> np.uint64(6)) & np.uint64(63))


@njit(nogil=True)
def _read_out(row, low, high, columns, units, written):
    """Move the row's entries to columns and units from `written` on, ascending; leave it zero."""
    one = np.uint64(1)
    for top in range(high.size):
        blocks = high[top]
        high[top] = 0
        while blocks:
            bit = blocks & (~blocks + one)
            blocks ^= bit
            word = (top << 6) + _LOWEST_BIT[(bit * _DE_BRUIJN) >> np.uint64(58)]
            bits = low[word]
            low[word] = 0
            while bits:
                bit = bits & (~bits + one)
                bits ^= bit
                column = (word << 6) + _LOWEST_BIT[(bit * _DE_BRUIJN) >> np.uint64(58)]
                columns[written] = column
                units[written] = row[column]
                row[column] = 0
                written += 1
    return written


@njit(nogil=True)
def count_rows(indexed, weights, symmetric, state, last, most, accumulator, rows):
    """Rows state[0] … last − 1 of the matrix; gives up after `most` places, to be called again.

    `weights` [window + 1] are the units at distance 0 (unused), 1, 2 …; `state` is the row, its
    next place, the cells written, the columns touched in this row, and the row of ends[0].
    """
    text, positions, starts = indexed
    row, touched, low, high = accumulator
    ends, columns, units = rows
    word, place, written, used, first = state[0], state[1], state[2], state[3], state[4]
    window = weights.size - 1
    while word < last:
        stop = min(starts[word + 1], place + most)
        most -= stop - place
        while place < stop:
            here = np.int64(positions[place])
            for distance in range(1, window + 1):
                neighbour = text[here - distance]
                if neighbour < 0:
                    break
                # Unsigned: an index that may be negative costs a branch. And `touched` is always
                # written, so that whether the column is new costs none.
                column = np.uint32(neighbour)
                before = row[column]
                touched[used] = column
                used += before == 0
                row[column] = before + weights[distance]
            if symmetric:
                for distance in range(1, window + 1):
                    neighbour = text[here + distance]
                    if neighbour < 0:
                        break
                    column = np.uint32(neighbour)
                    before = row[column]
                    touched[used] = column
                    used += before == 0
                    row[column] = before + weights[distance]
            place += 1
        if place < starts[word + 1]:
            break
        _mark(touched, used, low, high)
        used = 0
        written = _read_out(row, low, high, columns, units, written)
        ends[word - first] = written
        word += 1
    state[0], state[1], state[2], state[3] = word, place, written, used


@njit(nogil=True)
def add_rows(begins, all_columns, all_units, state, last, most, accumulator, rows):
    """Sums of the same rows of several matrices; gives up after `most` cells, to be called again.

    Row r of matrix m is at begins[m, r]:begins[m, r + 1] of the joined arrays; `state` is the
    next row and the cells written.
    """
    row, touched, low, high = accumulator
    ends, columns, units = rows
    at, written = state[0], state[1]
    while at < last and most > 0:
        used = 0
        for part in range(begins.shape[0]):
            for cell in range(begins[part, at], begins[part, at + 1]):
                column = np.uint32(all_columns[cell])
                before = row[column]
                touched[used] = column
                used += before == 0
                row[column] = before + all_units[cell]
            most -= begins[part, at + 1] - begins[part, at]
        _mark(touched, used, low, high)
        written = _read_out(row, low, high, columns, units, written)
        ends[at] = written
        at += 1
    state[0], state[1] = at, written
