"""A draw from products of two rows, eight at a time, with one product put right.

    weight[k] = a[k] · b[k], but weight[old] = that + delta;   P(k) = weight[k] / Σ weight

The choice is made in two steps, which need no running sum over all numbers: first the lane (k modulo 8),
by the sums of the lanes; then the place within it, by the running sums of that lane. `delta` is there so
that a caller need not change a row just before it is read as a vector, for which processors wait.

Defined twice, to the same effect: in numpy, which is the meaning, and as vector code.
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

from nlpcli.engine.kernels.simd.vector_ops import HALF, INDEX, Array, Lanes, index

Floats = NDArray[np.float32]
Whole = int | np.integer[Any]

LANES = 8
_INT = ir.IntType(32)
_MASK = ir.VectorType(_INT, LANES)
_ZERO = ir.Constant(HALF, [0.0] * LANES)
_FIRST = ir.Constant(_MASK, [0] * LANES)


def draw(
    a: Floats,
    row_a: Whole,
    b: Floats,
    row_b: Whole,
    old: Whole,
    delta: np.float32,
    chance: np.float32,
    sums: Floats,
) -> int:
    """A column, drawn by the products of row `row_a` of `a` and row `row_b` of `b`, both of 8 · n numbers.

    chance: from 0 to below 1; sums: room for as many numbers as a row has. Rounding may choose a column of
    weight 0 next to one of another weight.
    """
    weights = a[row_a] * b[row_b]
    weights[old] += delta
    running = np.cumsum(weights.reshape(-1, LANES), axis=0, dtype=np.float32)
    lanes = np.cumsum(running[-1], dtype=np.float32)
    rest = np.float32(chance) * lanes[-1]
    lane = min(int((lanes <= rest).sum()), LANES - 1)
    rest -= lanes[lane - 1] if lane else np.float32(0)
    return lane + LANES * int((running[:-1, lane] <= rest).sum())


@intrinsic
def _draw(typingctx, a, row_a, b, row_b, old, delta, chance, sums):
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        lanes = Lanes(builder)
        a, b, sums = (Array(context, builder, signature.args[k], values[k]) for k in (0, 2, 7))
        old, delta, chance = values[4:7]
        groups = builder.lshr(a.shape[1], index(3))
        total = _running_sums(builder, lanes, groups, (a.row(values[1]), b.row(values[3])), sums.at(index(0)))
        old_lane = builder.and_(old, index(LANES - 1))
        here = builder.icmp_signed(
            "==",
            _splat(builder, builder.trunc(old_lane, _INT), _MASK),
            ir.Constant(_MASK, list(range(LANES))),
        )
        right = builder.select(here, _splat(builder, delta, HALF), _ZERO)
        lane, rest = _lane(builder, builder.fadd(total, right), chance)
        # Within the lane of `old`, sums from it on lack `delta`.
        put_right = builder.select(
            builder.icmp_unsigned("==", lane, old_lane), builder.fsub(rest, delta), rest
        )
        column = cgutils.alloca_once(builder, INDEX)
        builder.store(lane, column)
        first = builder.lshr(old, index(3))
        place = builder.gep(sums.at(index(0)), [lane], source_etype=ir.FloatType())
        with cgutils.for_range(builder, builder.sub(groups, index(1)), intp=INDEX) as loop:
            offset = builder.shl(loop.index, index(3))
            running = builder.load(builder.gep(place, [offset], source_etype=ir.FloatType()))
            limit = builder.select(builder.icmp_unsigned(">=", loop.index, first), put_right, rest)
            beyond = builder.zext(builder.fcmp_ordered("<=", running, limit), INDEX)
            builder.store(builder.add(builder.load(column), builder.shl(beyond, index(3))), column)
        return builder.load(column)

    arguments = (a, types.int64, b, types.int64, types.int64, types.float32, types.float32, sums)
    return types.int64(*arguments), emit


def _running_sums(builder: Any, lanes: Lanes, groups: Any, rows: tuple[Any, Any], sums: Any) -> Any:
    """The sum of each lane; on the way all running sums go to `sums`."""
    total = cgutils.alloca_once(builder, HALF)
    builder.store(_ZERO, total)
    with cgutils.for_range(builder, groups, intp=INDEX) as loop:
        offset = builder.shl(loop.index, index(3))
        left, right = (lanes.load(row, offset, HALF) for row in rows)
        running = lanes.multiply_add(left, right, builder.load(total))
        builder.store(running, total)
        lanes.store(running, sums, offset)
    return builder.load(total)


def _lane(builder: Any, total: Any, chance: Any) -> tuple[Any, Any]:
    """The lane that is drawn, and what is left of the drawn number within it."""
    for step in (1, 2, 4):
        before = [lane - step if lane >= step else LANES for lane in range(LANES)]
        total = builder.fadd(total, builder.shuffle_vector(total, _ZERO, ir.Constant(_MASK, before)))
    drawn = builder.fmul(chance, builder.extract_element(total, ir.Constant(_INT, LANES - 1)))
    passed = builder.fcmp_ordered("<=", total, _splat(builder, drawn, HALF))
    count = builder.module.declare_intrinsic("llvm.ctpop", [ir.IntType(LANES)])
    lane = builder.zext(builder.call(count, [builder.bitcast(passed, ir.IntType(LANES))]), INDEX)
    most = index(LANES - 1)
    lane = builder.select(builder.icmp_unsigned(">", lane, most), most, lane)
    earlier = cgutils.alloca_once(builder, HALF)
    moved = ir.Constant(_MASK, [LANES, *range(LANES - 1)])
    builder.store(builder.shuffle_vector(total, _ZERO, moved), earlier)
    first = builder.bitcast(earlier, ir.FloatType().as_pointer())
    below = builder.load(builder.gep(first, [lane], source_etype=ir.FloatType()), typ=ir.FloatType())
    return lane, builder.fsub(drawn, below)


def _splat(builder: Any, scalar: Any, kind: Any) -> Any:
    nothing = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(nothing, scalar, ir.Constant(_INT, 0))
    return builder.shuffle_vector(first, nothing, _FIRST)


@overload(draw, jit_options={"forceinline": True})
def _compiled_draw(a, row_a, b, row_b, old, delta, chance, sums):
    return lambda a, row_a, b, row_b, old, delta, chance, sums: _draw(
        a, row_a, b, row_b, old, delta, chance, sums
    )
