"""Products of small whole numbers: up to four rows of int8 by a group of 64 columns of int8, exactly.

Defined twice, to the same effect: in numpy, which is the meaning, and as vector code, which is what
compiled kernels get: four products and their sum at once where the processor has an instruction for it
(VNNI), elsewhere two (LLVM makes them of what is said here). Whole numbers add up to the same in any order,
so all processors agree.
"""

# `overload` compares parameter names with those of the function it compiles; types are numba's.
# mypy: disable-error-code="no-untyped-def, call-arg"
# ruff: noqa: ARG001

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

from nlpcli.engine.kernels.simd.padding import FOUR, GROUP, LANES
from nlpcli.engine.kernels.simd.vector_ops import INDEX, INTEGERS, Array, index

ROWS = 4  # of a tile, at most
_VECTORS = GROUP // LANES  # of sums, in a row of a tile
_BYTE, _INTEGER = ir.IntType(8), ir.IntType(32)
_BYTES = ir.VectorType(_BYTE, LANES * FOUR)
_SHORTS = ir.VectorType(ir.IntType(16), LANES * FOUR)
_PAIRS = ir.VectorType(_INTEGER, LANES * FOUR // 2)
_QUARTER = ir.VectorType(_INTEGER, LANES // 2)


# --- what it means --------------------------------------------------------------------------


def add_up_tile(
    x: NDArray[np.int8], first: int, count: int, packed: NDArray[np.uint8], group: int,
    sums: NDArray[np.int32],
) -> None:  # fmt: skip
    """Set sums[:count] [4, 64] to `count` rows of x int8 [R, 4 S], from `first` on, by a group of columns.

    packed: uint8 [G, S, 256]: of each group of 64 columns and each four rows of a matrix the four numbers of
    a column, of all columns, 128 added to each.
    """
    steps = packed.shape[1]
    columns = packed[group].reshape(steps, GROUP, FOUR).transpose(0, 2, 1).reshape(steps * FOUR, GROUP)
    sums[:count] = x[first : first + count].astype(np.int32) @ columns.astype(np.int32)


# --- how it is compiled ---------------------------------------------------------------------


class _Dots:
    """How sixteen sums of four products are added to as many sums; which, the processor's features say.

    rows, vectors: how much of a tile is added up at once, as registers allow.
    """

    def __init__(self, builder: Any, features: str) -> None:
        self._builder = builder
        names = features.split(",")
        self._width = 512 if {"+avx512vnni", "+avx512bw"} <= {*names} else 256 if "+avxvnni" in names else 0
        self.kind = INTEGERS if self._width else _PAIRS
        self.rows, self.vectors = {512: (ROWS, _VECTORS), 256: (2, 2), 0: (2, 1)}[self._width]

    def add(self, sums: Any, columns: Any, four: Any) -> Any:
        """Sums + columns [16, 4], unsigned, by the same four signed numbers, a vector [16] of them."""
        builder = self._builder
        if self._width == 512:
            return self._vnni(512, sums, builder.bitcast(columns, INTEGERS), four)
        if self._width == 256:
            columns = builder.bitcast(columns, INTEGERS)
            halves = [[self._part(one, side) for one in (sums, columns, four)] for side in (0, 1)]
            left, right = (self._vnni(256, *half) for half in halves)
            return builder.shuffle_vector(left, right, ir.Constant(INTEGERS, [*range(LANES)]))
        wide = builder.zext(columns, _SHORTS), builder.sext(builder.bitcast(four, _BYTES), _SHORTS)
        even, odd = (builder.mul(*(self._every_second(one, side) for one in wide)) for side in (0, 1))
        return builder.add(sums, builder.add(even, odd))

    def total(self, sums: Any) -> Any:
        """The sums [16] at the end."""
        if self._width:
            return sums
        nothing = ir.Constant(_PAIRS, ir.Undefined)
        masks = (ir.Constant(INTEGERS, [*range(side, 2 * LANES, 2)]) for side in (0, 1))
        return self._builder.add(*(self._builder.shuffle_vector(sums, nothing, mask) for mask in masks))

    def _vnni(self, width: int, sums: Any, unsigned: Any, signed: Any) -> Any:
        kind = ir.FunctionType(sums.type, [sums.type] * 3)
        name = f"llvm.x86.avx512.vpdpbusd.{width}"
        function = cgutils.get_or_insert_function(self._builder.module, kind, name)
        return self._builder.call(function, [sums, unsigned, signed])

    def _part(self, vector: Any, side: int) -> Any:
        mask = ir.Constant(_QUARTER, [*range(side * LANES // 2, (side + 1) * LANES // 2)])
        return self._builder.shuffle_vector(vector, ir.Constant(INTEGERS, ir.Undefined), mask)

    def _every_second(self, vector: Any, side: int) -> Any:
        mask = ir.Constant(_PAIRS, [*range(side, LANES * FOUR, 2)])
        some = self._builder.shuffle_vector(vector, ir.Constant(_SHORTS, ir.Undefined), mask)
        return self._builder.sext(some, _PAIRS)


def _add_up(
    builder: Any, dots: _Dots, rows: Sequence[Any], columns: Any, steps: Any, targets: Sequence[Sequence[Any]]
) -> None:
    """Store some rows by some vectors of columns; `targets` has the address of each vector of sums."""
    slots = [[cgutils.alloca_once(builder, dots.kind) for _ in some] for some in targets]
    for slot in (slot for some in slots for slot in some):
        builder.store(ir.Constant(dots.kind, [0] * dots.kind.count), slot)
    nothing, zeros = ir.Constant(INTEGERS, ir.Undefined), ir.Constant(INTEGERS, [0] * LANES)
    with cgutils.for_range(builder, steps, intp=INDEX) as loop:
        start = builder.mul(loop.index, index(GROUP * FOUR))
        loaded = []
        for number in range(len(targets[0])):
            place = builder.add(start, index(number * LANES * FOUR))
            address = builder.gep(columns, [place], source_etype=_BYTE)
            loaded.append(builder.load(builder.bitcast(address, _BYTES.as_pointer()), align=1, typ=_BYTES))
        for row, some in zip(rows, slots, strict=True):
            address = builder.gep(row, [builder.mul(loop.index, index(FOUR))], source_etype=_BYTE)
            four = builder.load(builder.bitcast(address, _INTEGER.as_pointer()), align=1, typ=_INTEGER)
            first = builder.insert_element(nothing, four, ir.Constant(_INTEGER, 0))
            spread = builder.shuffle_vector(first, nothing, zeros)
            for slot, vector in zip(some, loaded, strict=True):
                builder.store(dots.add(builder.load(slot), vector, spread), slot)
    for some, places in zip(slots, targets, strict=True):
        for slot, place in zip(some, places, strict=True):
            total = dots.total(builder.load(slot))
            builder.store(total, builder.bitcast(place, INTEGERS.as_pointer()), align=4)


def _tile_of(count: int) -> Any:
    @intrinsic
    def add_up(typingctx, x, first, packed, group, sums):
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            x, packed, sums = (Array(context, builder, signature.args[k], values[k]) for k in (0, 2, 4))
            dots = _Dots(builder, context.codegen().magic_tuple()[2])
            columns = packed.at(values[3], index(0), index(0))
            rows = [x.row(builder.add(values[1], index(number))) for number in range(count)]
            for row in range(0, count, dots.rows):
                some = range(row, min(row + dots.rows, count))
                for vector in range(0, _VECTORS, dots.vectors):
                    places = [
                        [sums.at(index(n), index((vector + m) * LANES)) for m in range(dots.vectors)]
                        for n in some
                    ]
                    start = builder.gep(columns, [index(vector * LANES * FOUR)], source_etype=_BYTE)
                    _add_up(builder, dots, [rows[n] for n in some], start, packed.shape[1], places)
            return context.get_dummy_value()

        return types.void(x, types.int64, packed, types.int64, sums), emit

    return add_up


_one, _two, _three, _four = (_tile_of(count) for count in range(1, ROWS + 1))


@overload(add_up_tile)
def _compiled(x, first, count, packed, group, sums):
    def add_up(x, first, count, packed, group, sums):
        if count == 4:
            _four(x, first, packed, group, sums)
        elif count == 3:
            _three(x, first, packed, group, sums)
        elif count == 2:
            _two(x, first, packed, group, sums)
        else:
            _one(x, first, packed, group, sums)

    return add_up
