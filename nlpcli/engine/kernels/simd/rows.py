"""Rows of a matrix picked by number: summed, moved together, asked for in time.

Each function is defined twice, to the same effect: in numpy, which is the meaning, and as
vector code (`vector_ops.py`), which is what compiled kernels get. Rows have a multiple of 16 numbers.
"""

# `overload` compares parameter names with those of the function it compiles; types are numba's.
# mypy: disable-error-code="no-untyped-def, call-arg"
# ruff: noqa: ARG001

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

from nlpcli.engine.kernels.simd.padding import HIGH_HALF, PACKED
from nlpcli.engine.kernels.simd.vector_ops import INDEX, INTEGERS, VECTOR, Array, Lanes, constant, index

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


# --- what they mean -------------------------------------------------------------------------


def sum_rows(matrix: Floats, rows: Ints, first: int, last: int, sums: Floats, number: int) -> None:
    """Set `sums[number]` to the sum of the rows of `matrix` that `rows[first:last]` names."""
    sums[number] = matrix[rows[first:last]].sum(axis=0)


def move_rows(matrix: Floats, rows: Ints, first: int, last: int, gains: Floats, number: int) -> None:
    """Add `gains[number]` to each of the rows; twice to one that is named twice."""
    for place in range(first, last):
        matrix[rows[place]] += gains[number]


def move_packed_rows(matrix: Floats, rows: Ints, first: int, last: int, gains: Floats, number: int) -> None:
    """Add `gains[number]` times each row's factors to its 10 numbers.

    A row of 16 is 10 numbers and, in the bits of the next 5, 10 factors of half the size (bfloat16): those
    of numbers 0 to 4 in the low halves, of 5 to 9 in the high ones, so that all are in one cache line.
    """
    for place in range(first, last):
        row = matrix[rows[place]]
        bits = row[PACKED : PACKED + PACKED // 2].view(np.uint32)
        factors = np.concatenate((bits << np.uint32(16), bits & HIGH_HALF)).view(np.float32)
        row[:PACKED] += gains[number, :PACKED] * factors


def prefetch_row(matrix: Floats, row: int) -> None:
    """Ask for a row to be brought into the cache; has no effect on any value."""


def prefetch_start(table: NDArray[Any], row: int) -> None:
    """Ask for the beginning of a row, which may be short."""


# --- how they are compiled ------------------------------------------------------------------


@intrinsic
def _sum_rows(typingctx, matrix, rows, first, last, sums, number):
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        lanes = Lanes(builder)
        matrix, rows, sums = (Array(context, builder, signature.args[k], values[k]) for k in (0, 1, 4))
        target = sums.row(values[5])
        (total,) = lanes.slots(1)
        with lanes.chunks(matrix.shape[1]) as offset:
            builder.store(constant(0.0), total)
            with cgutils.for_range_slice(builder, values[2], values[3], INDEX(1), intp=INDEX) as (place, _):
                row = matrix.row(rows.value(place))
                builder.store(lanes.add(builder.load(total), lanes.load(row, offset)), total)
            lanes.store(builder.load(total), target, offset)
        return context.get_dummy_value()

    return types.void(matrix, rows, types.int64, types.int64, sums, types.int64), emit


@intrinsic
def _move_rows(typingctx, matrix, rows, first, last, gains, number):
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        lanes = Lanes(builder)
        matrix, rows, gains = (Array(context, builder, signature.args[k], values[k]) for k in (0, 1, 4))
        source = gains.row(values[5])
        with lanes.chunks(matrix.shape[1]) as offset:
            gain = lanes.load(source, offset)
            with cgutils.for_range_slice(builder, values[2], values[3], INDEX(1), intp=INDEX) as (place, _):
                row = matrix.row(rows.value(place))
                lanes.store(lanes.add(gain, lanes.load(row, offset)), row, offset)
        return context.get_dummy_value()

    return types.void(matrix, rows, types.int64, types.int64, gains, types.int64), emit


@intrinsic
def _move_packed_rows(typingctx, matrix, rows, first, last, gains, number):
    low, high = range(PACKED // 2), range(PACKED // 2, PACKED)
    spread = [PACKED + lane % (PACKED // 2) for lane in range(16)]

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        lanes = Lanes(builder)
        matrix, rows, gains = (Array(context, builder, signature.args[k], values[k]) for k in (0, 1, 4))
        gain = lanes.load(gains.row(values[5]), index(0))
        shifts = ir.Constant(INTEGERS, [16 * (lane in low) for lane in range(16)])
        masks = ir.Constant(INTEGERS, [-1 if lane in low else -65536 for lane in range(16)])
        bits = ir.VectorType(ir.IntType(1), 16)
        moving = ir.Constant(bits, [lane in low or lane in high for lane in range(16)])
        with cgutils.for_range_slice(builder, values[2], values[3], INDEX(1), intp=INDEX) as (place, _):
            row = matrix.row(rows.value(place))
            held = lanes.load(row, index(0), INTEGERS)
            packed = builder.shuffle_vector(held, held, ir.Constant(INTEGERS, spread))
            factors = builder.bitcast(builder.and_(builder.shl(packed, shifts), masks), VECTOR)
            moved = lanes.multiply_add(gain, factors, builder.bitcast(held, VECTOR))
            lanes.store(builder.select(moving, builder.bitcast(moved, INTEGERS), held), row, index(0))
        return context.get_dummy_value()

    return types.void(matrix, rows, types.int64, types.int64, gains, types.int64), emit


@intrinsic
def _prefetch_row(typingctx, matrix, row):
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        array = Array(context, builder, signature.args[0], values[0])
        with Lanes(builder).chunks(array.shape[1]) as offset:
            _prefetch(builder, array.at(values[1], offset), for_writing=1)
        return context.get_dummy_value()

    return types.void(matrix, types.int64), emit


@intrinsic
def _prefetch_start(typingctx, table, row):
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        array = Array(context, builder, signature.args[0], values[0])
        _prefetch(builder, array.row(values[1]), for_writing=0)
        return context.get_dummy_value()

    return types.void(table, types.int64), emit


def _prefetch(builder: Any, address: Any, for_writing: int) -> None:
    pointer, integer = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [pointer, integer, integer, integer])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    codes = (ir.Constant(integer, code) for code in (for_writing, 3, 1))  # 3: keep it near, 1: it is data
    builder.call(function, [builder.bitcast(address, pointer), *codes])


@overload(sum_rows, jit_options={"forceinline": True})
def _compiled_sum(matrix, rows, first, last, sums, number):
    return lambda matrix, rows, first, last, sums, number: _sum_rows(matrix, rows, first, last, sums, number)


@overload(move_rows, jit_options={"forceinline": True})
def _compiled_move(matrix, rows, first, last, gains, number):
    return lambda matrix, rows, first, last, gains, number: _move_rows(
        matrix, rows, first, last, gains, number
    )


@overload(move_packed_rows, jit_options={"forceinline": True})
def _compiled_move_packed(matrix, rows, first, last, gains, number):
    return lambda matrix, rows, first, last, gains, number: _move_packed_rows(
        matrix, rows, first, last, gains, number
    )


@overload(prefetch_row, jit_options={"forceinline": True})
def _compiled_prefetch(matrix, row):
    return lambda matrix, row: _prefetch_row(matrix, row)


@overload(prefetch_start, jit_options={"forceinline": True})
def _compiled_prefetch_start(table, row):
    return lambda table, row: _prefetch_start(table, row)
