"""Sums of tables whose keys ascend, by two pointers: one step for each entry, no search and no sort.

Each call does at most `steps` entries and leaves in `state` where it stopped: the entries of the one
and of the other table that are done, and those written. It is done when both are at their ends.
"""

from __future__ import annotations

import numba as nb


@nb.njit(nogil=True)
def merge_cells(one, other, state, most, lengths, columns, units, carried):
    """The sum of two `CellTable`s of the same rows, from row state[0] on, written from columns[state[1]] on.

    Their lengths go to `lengths` [rows]. A sum of units that 16 bits do not hold leaves its place in
    carried[state[2]]. Gives up after `most` cells, to be called again.
    """
    row, written, carries = state[0], state[1], state[2]
    while row < lengths.size and most > 0:
        begin = written
        at, end = one.indptr[row], one.indptr[row + 1]
        other_at, other_end = other.indptr[row], other.indptr[row + 1]
        while at < end and other_at < other_end:
            column, other_column = one.columns[at], other.columns[other_at]
            columns[written] = min(column, other_column)
            mine, theirs = column <= other_column, other_column <= column
            total = mine * one.units[at] + theirs * other.units[other_at]
            units[written] = total & 0xFFFF
            carried[carries] = written
            carries += total >> 16
            at += mine
            other_at += theirs
            written += 1
        while at < end:
            columns[written] = one.columns[at]
            units[written] = one.units[at]
            at += 1
            written += 1
        while other_at < other_end:
            columns[written] = other.columns[other_at]
            units[written] = other.units[other_at]
            other_at += 1
            written += 1
        most -= written - begin + 1
        lengths[row] = written - begin
        row += 1
    state[0], state[1], state[2] = row, written, carries


@nb.njit(nogil=True)
def _order(table, at, other, other_at):
    """Below 0 where token `at` comes before the other, 0 where they are the same, above 0 elsewhere."""
    if table.keys[at] != other.keys[other_at]:
        return -1 if table.keys[at] < other.keys[other_at] else 1
    begin, other_begin = table.offsets[at], other.offsets[other_at]
    length = table.offsets[at + 1] - begin
    other_length = other.offsets[other_at + 1] - other_begin
    for place in range(min(length, other_length)):
        byte, other_byte = table.text[begin + place], other.text[other_begin + place]
        if byte != other_byte:
            return -1 if byte < other_byte else 1
    return length - other_length


@nb.njit(nogil=True)
def _copy(table, at, merged, written):
    """Write token `at` of a table behind those that were written."""
    out = merged.offsets[written]
    for place in range(table.offsets[at], table.offsets[at + 1]):
        merged.text[out] = table.text[place]
        out += 1
    merged.offsets[written + 1] = out
    merged.keys[written] = table.keys[at]
    merged.first[written] = table.first[at]
    for column in range(merged.counts.shape[1]):
        merged.counts[written, column] = table.counts[at, column]


@nb.njit(nogil=True)
def merge_tokens(table, other, state, steps, merged):
    """The sum of two `TokenTable`s in the order of keys, then bytes, into one with room for both."""
    at, other_at, written = state[0], state[1], state[2]
    size, other_size = table.keys.size, other.keys.size
    while steps > 0 and (at < size or other_at < other_size):
        order = -1 if other_at == other_size else 1
        if at < size and other_at < other_size:
            order = _order(table, at, other, other_at)
        if order <= 0:
            _copy(table, at, merged, written)
            at += 1
        else:
            _copy(other, other_at, merged, written)
        if order == 0:
            merged.first[written] = min(merged.first[written], other.first[other_at])
            for column in range(merged.counts.shape[1]):
                merged.counts[written, column] += other.counts[other_at, column]
        if order >= 0:
            other_at += 1
        written += 1
        steps -= 1
    state[0], state[1], state[2] = at, other_at, written
