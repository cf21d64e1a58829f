"""Cells of some rows in four bytes each, as they are added up and travel from machine to machine.

    columns     16 bits; the rest of the number says which block of 65,536 columns a cell stands in, and is
                kept once for all cells of a row and block: how many there are
    counts      16 bits; what a count has beyond, as few have, is kept apart with its place

Half of the memory of plain numbers, which is what most of the time goes to where they are fresh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.cooccurrence.counting import MOST_UNITS, too_large
from nlpcli.engine.kernels.counts.arguments import CellTable, Rows
from nlpcli.engine.runtime.arrays import as_compiled, offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.threads import Stop

kernels = Kernels("counts.merging")

_BITS = 16
_LOW = (1 << _BITS) - 1
_ROW_BITS = 32  # of a place, below the row: the column
_CELLS_A_CALL = 10_000_000


@dataclass(frozen=True, eq=False)
class PackedCells:
    """Some consecutive rows of a matrix [V, V].

    lengths: int32 [rows · blocks], the cells of each row in each block of columns
    columns: uint16 [cells], ascending in each row and block, from the beginning of the block on
    units: uint16 [cells], counts in units, without what is beyond 16 bits
    places: int64 [n], row << 32 | column of the cells that have more, ascending
    beyond: int64 [n], what these have more, in 65,536 units
    """

    lengths: NDArray[np.int32]
    columns: NDArray[np.uint16]
    units: NDArray[np.uint16]
    places: NDArray[np.int64]
    beyond: NDArray[np.int64]

    def row_lengths(self, blocks: int) -> NDArray[np.int64]:
        """The cells of each row: int64 [rows]."""
        lengths: NDArray[np.int64] = self.lengths.reshape(-1, blocks).sum(axis=1, dtype=np.int64)
        return lengths

    def all_columns(self, blocks: int) -> NDArray[np.int32]:
        """The columns as they are counted in the matrix: int32 [cells]."""
        columns = self.columns.astype(np.int32)
        if blocks > 1:
            begins = np.arange(blocks, dtype=np.int32) << _BITS
            columns += np.repeat(np.tile(begins, len(self.lengths) // blocks), self.lengths)
        return columns

    def all_units(self, blocks: int) -> NDArray[np.integer]:
        """The counts: [cells] of a type that holds them."""
        if not len(self.places):
            return self.units
        kind = np.dtype(np.uint32 if self.beyond.max() <= _LOW else np.int64)
        units: NDArray[Any] = self.units.astype(kind)
        rows, columns = self.places >> _ROW_BITS, self.places & ((1 << _ROW_BITS) - 1)
        begins = offsets_of(self.lengths)
        number = rows * blocks + (columns >> _BITS)
        found = _lower_bounds(self.columns, begins[number], begins[number + 1], columns & _LOW)
        units[found] += (self.beyond << _BITS).astype(kind)
        return units

    def some(self, first: int, last: int, blocks: int) -> Rows:
        """Rows first … last − 1, as kernels take them."""
        ends = np.cumsum(self.row_lengths(blocks))
        begin, end = (int(ends[row - 1]) if row else 0 for row in (first, last))
        return Rows(
            ends[first:last] - begin,
            self.all_columns(blocks)[begin:end],
            self.all_units(blocks)[begin:end].astype(np.int64),
        )


def blocks_of(words: int) -> int:
    """How many blocks of columns there are.

    >>> blocks_of(0), blocks_of(65_536), blocks_of(65_537)
    (1, 1, 2)
    """
    return max(-(-words >> _BITS), 1)


def packed(rows: Rows, blocks: int) -> PackedCells:
    """Some rows; nothing of what is given is kept."""
    lengths = np.diff(rows.ends, prepend=0)
    if blocks > 1:
        begins = rows.ends - lengths
        inner = _lower_bounds(
            rows.columns,
            np.repeat(begins, blocks - 1),
            np.repeat(rows.ends, blocks - 1),
            np.tile(np.arange(1, blocks) << _BITS, len(begins)),
        ).reshape(len(begins), blocks - 1)
        lengths = np.diff(np.column_stack([begins, inner, rows.ends]), axis=1).ravel()
    over = np.flatnonzero(rows.units > _LOW)
    places = np.searchsorted(rows.ends, over, side="right") << _ROW_BITS | rows.columns[over]
    return PackedCells(
        lengths.astype(np.int32),
        rows.columns.astype(np.uint16),
        rows.units.astype(np.uint16),
        places.astype(np.int64),
        rows.units[over] >> _BITS,
    )


def joined_rows(parts: Sequence[PackedCells], blocks: int) -> PackedCells:
    """The rows of all parts, one behind the other."""
    if len(parts) == 1:
        return parts[0]
    before = offsets_of([len(part.lengths) // blocks for part in parts]).tolist()
    return PackedCells(
        np.concatenate([part.lengths for part in parts]),
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.units for part in parts]),
        np.concatenate(
            [part.places + (rows << _ROW_BITS) for part, rows in zip(parts, before, strict=False)]
        ),
        np.concatenate([part.beyond for part in parts]),
    )


def added(one: PackedCells, other: PackedCells, blocks: int, stop: Stop) -> PackedCells:
    """The sum of the same rows of two matrices. Raises ModelError where a count is larger than any text's."""
    if not len(one.columns) or not len(other.columns):
        return one if len(one.columns) else other
    tables = [
        CellTable(offsets_of(each.lengths), as_compiled(each.columns), as_compiled(each.units))
        for each in (one, other)
    ]
    most = len(one.columns) + len(other.columns)
    lengths = np.empty(len(one.lengths), np.int32)
    columns, units = np.empty(most, np.uint16), np.empty(most, np.uint16)
    carried = np.empty(min(len(one.columns), len(other.columns)) + 1, np.int64)
    state = np.zeros(3, dtype=np.int64)
    while state[0] < len(lengths) and not stop:
        kernels.merge_cells(*tables, state, _CELLS_A_CALL, lengths, columns, units, carried)
    _, written, carries = state.tolist()
    for array in (columns, units):
        array.resize(written, refcheck=False)  # gives back what was not needed, and copies nothing
    number = np.searchsorted(offsets_of(lengths), carried[:carries], side="right") - 1
    more = number // blocks << _ROW_BITS | (number % blocks << _BITS) + columns[carried[:carries]]
    return PackedCells(lengths, columns, units, *_beyond(one, other, more))


def _beyond(
    one: PackedCells, other: PackedCells, carried: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What counts have beyond 16 bits, from what both had, and one more at the places `carried`."""
    if not len(one.places) and not len(other.places) and not len(carried):
        return one.places, one.beyond
    if sum(int(each.beyond.max(initial=0)) for each in (one, other)) >= MOST_UNITS >> _BITS:
        raise too_large()
    places = np.concatenate([one.places, other.places, carried])
    beyond = np.concatenate([one.beyond, other.beyond, np.ones(len(carried), np.int64)])
    order = np.argsort(places, kind="stable")
    places = places[order]
    begins = np.flatnonzero(np.diff(places, prepend=-1))
    return places[begins], np.add.reduceat(beyond[order], begins)


def _lower_bounds(
    columns: NDArray[np.integer],
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    wanted: NDArray[np.int64],
) -> NDArray[np.int64]:
    """In each range of ascending columns, the place of the first that is not less than what is wanted."""
    while (is_open := begins < ends).any():
        middle = (begins + ends) >> 1
        is_less = is_open & (columns[np.minimum(middle, len(columns) - 1)] < wanted)
        begins = np.where(is_less, middle + 1, begins)
        ends = np.where(is_open & ~is_less, middle, ends)
    return begins
