"""Tiles: the two small matrix products at the heart of word2vec, over rows where they lie.

A *tile* is up to 6 rows of the output matrix (the word to predict, and noise words) against all
context rows of one centre. `score_tile` computes the tile's gradients, `update_tile` applies
them. Both work in place on rows picked by number, so nothing is copied in or out; a tile and
its context rows stay in the first-level cache between the two.

Each function here is defined twice, to the same effect: in plain numpy, which is the meaning,
and as LLVM vector code of 16 float32 lanes, which is what compiled kernels get (numba's own
loops neither keep 12 sums in registers at once nor use 512-bit registers). The caller pads:
rows have a multiple of 16 numbers, and an unused slot of a tile, or a context row missing to an
even number, names a spare row of zeros at rate 0.

Not here: which rows, which rates (`sgns.py`, `cbow.py`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

LANES = 16  # float32 numbers in a vector register; rows are padded to a multiple
WIDTH = 6  # output rows in a tile
STRIDE = 8  # slots a tile takes in `targets`, `labels`, `rates` and in a row of `gradients`

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_HALF = ir.VectorType(ir.FloatType(), STRIDE)
_MASKS = ir.VectorType(ir.IntType(32), LANES)
_INDEX = ir.IntType(64)
_FAST = ("fast",)


def aligned_rows(rows: int, dim: int) -> Floats:
    """Zeros [rows, dim rounded up to 16], beginning at a cache line."""
    width = -(-dim // LANES) * LANES
    room = np.zeros(rows * width + LANES, np.float32)
    start = -(room.ctypes.data // 4) % LANES
    return room[start : start + rows * width].reshape(rows, width)


# --- what they mean -------------------------------------------------------------------------


def score_tile(
    inputs: Floats, rows: Ints, count: int, outputs: Floats, targets: Ints, labels: Floats, rates: Floats,
    tile: int, gradients: Floats,
) -> None:  # fmt: skip
    """Fill `gradients[tile, i, j]` with rate_j · (label_j − σ(input_i · output_j)).

    `inputs` [·, R] and `outputs` [·, R]: matrices of rows of R numbers, R a multiple of 16.
    `rows` [count, rounded up to even]: the context rows. `targets`, `labels`, `rates`
    [tiles, 8], of which 6 are used. `gradients` [tiles, rows, 8].
    """
    used = (count + 1) // 2 * 2
    scores = inputs[rows[:used]] @ outputs[targets[tile, :WIDTH]].T
    errors = labels[tile, :WIDTH] - 1 / (1 + np.exp(-scores))
    gradients[tile, :used, :WIDTH] = rates[tile, :WIDTH] * errors


def update_tile(
    inputs: Floats, rows: Ints, count: int, outputs: Floats, targets: Ints, tile: int, gradients: Floats
) -> None:
    """Move inputs along outputs and outputs along inputs, by the tile's gradients.

    A row may stand in `rows` twice; the six targets must differ (but for spare rows).
    """
    picked = targets[tile, :WIDTH]
    before, after = outputs[picked].copy(), outputs[picked].copy()
    for i in range(count):
        after += np.outer(gradients[tile, i, :WIDTH], inputs[rows[i]])
        inputs[rows[i]] += gradients[tile, i, :WIDTH] @ before
    outputs[picked] = after


def prefetch_row(matrix: Floats, row: int) -> None:
    """Ask for a row to be brought into the cache; has no effect on any value."""


# --- how they are compiled ------------------------------------------------------------------


class _Rows:
    """Addresses in a two-dimensional C-contiguous array argument."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = context.make_array(kind)(context, builder, value)
        self._builder = builder
        self._data = array.data
        self._element = context.get_data_type(kind.dtype)
        self.shape = cgutils.unpack_tuple(builder, array.shape, kind.ndim)

    def at(self, *index: Any) -> Any:
        """The address of one element."""
        builder = self._builder
        flat = index[0]
        for number, size in zip(index[1:], self.shape[1:], strict=True):
            flat = builder.add(builder.mul(flat, size), number)
        return builder.gep(self._data, [flat], source_etype=self._element)

    def value(self, *index: Any) -> Any:
        """One element."""
        return self._builder.load(self.at(*index), typ=self._element)


def _number(value: int) -> Any:
    return ir.Constant(_INDEX, value)


def _splat(builder: Any, scalar: Any, kind: Any = _VECTOR) -> Any:
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, first, ir.Constant(_MASKS, [0] * LANES))


def _constant(value: float) -> Any:
    return ir.Constant(_VECTOR, [value] * LANES)


def _load(builder: Any, address: Any, offset: Any, kind: Any = _VECTOR) -> Any:
    place = builder.gep(address, [offset], source_etype=ir.FloatType())
    return builder.load(builder.bitcast(place, kind.as_pointer()), align=4)


def _store(builder: Any, value: Any, address: Any, offset: Any) -> None:
    place = builder.gep(address, [offset], source_etype=ir.FloatType())
    builder.store(value, builder.bitcast(place, value.type.as_pointer()), align=4)


def _fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """A · b + c; the flag lets LLVM fuse it where the processor can."""
    return builder.fadd(builder.fmul(a, b, flags=_FAST), c, flags=_FAST)


def _sums(builder: Any, vectors: list[Any]) -> Any:
    """One vector whose lane k is the sum over the lanes of `vectors[k]` (16 of them).

    Four rounds of halving, each joining two vectors into one: half the shuffles of summing
    every vector by itself.
    """
    for size in (8, 4, 2, 1):
        low = [
            g + k + LANES * side for g in range(0, LANES, 2 * size) for side in (0, 1) for k in range(size)
        ]
        high = [k + size for k in low]
        half = len(vectors) // 2
        joined = []
        for a, b in zip(vectors[:half], vectors[half:], strict=True):
            lower = builder.shuffle_vector(a, b, ir.Constant(_MASKS, low))
            upper = builder.shuffle_vector(a, b, ir.Constant(_MASKS, high))
            joined.append(builder.fadd(lower, upper, flags=_FAST))
        vectors = joined
    return vectors[0]


def _sigmoid(builder: Any, x: Any) -> Any:
    """1 / (1 + e^−x) per lane, to about 1e-7; scores beyond ±30 count as ±30."""
    for bound, order in ((30.0, "<"), (-30.0, ">")):
        limit = _constant(bound)
        x = builder.select(builder.fcmp_ordered(order, x, limit), x, limit)
    scaled = builder.fmul(x, _constant(-1.4426950408889634), flags=_FAST)  # 2^scaled = e^−x
    # Rounded to the nearest whole number: cutting rounds down what an offset has made positive.
    offset = 64
    cut = builder.fptosi(builder.fadd(scaled, _constant(offset + 0.5), flags=_FAST), _MASKS)
    whole = builder.sub(cut, ir.Constant(_MASKS, [offset] * LANES))
    rest = builder.fsub(scaled, builder.sitofp(whole, _VECTOR), flags=_FAST)
    power = _constant(1.5403530e-4)
    for coefficient in (1.3333558e-3, 9.6181291e-3, 5.5504109e-2, 2.4022651e-1, 6.9314718e-1, 1.0):
        power = _fma(builder, power, rest, _constant(coefficient))
    exponent = builder.shl(whole, ir.Constant(_MASKS, [23] * LANES))
    power = builder.bitcast(builder.add(builder.bitcast(power, _MASKS), exponent), _VECTOR)
    one = _constant(1.0)
    return builder.fdiv(one, builder.fadd(one, power, flags=_FAST), flags=_FAST)


@intrinsic
def _score_tile(
    typingctx: Any, inputs: Any, rows: Any, count: Any, outputs: Any, targets: Any, labels: Any, rates: Any,
    tile: Any, gradients: Any,
) -> Any:  # fmt: skip
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kinds = signature.args
        inputs, rows, outputs, targets, labels, rates, gradients = (
            _Rows(context, builder, kinds[k], values[k]) for k in (0, 1, 3, 4, 5, 6, 8)
        )
        count, tile = values[2], values[7]
        zero = _number(0)
        picked = [builder.sext(targets.value(tile, _number(j)), _INDEX) for j in range(WIDTH)]
        target_rows = [outputs.at(row, zero) for row in picked]
        twice = ir.Constant(_MASKS, list(range(STRIDE)) * 2)
        halves = [_load(builder, array.at(tile, zero), zero, _HALF) for array in (labels, rates)]
        label, rate = (builder.shuffle_vector(half, half, twice) for half in halves)
        sums = [cgutils.alloca_once(builder, _VECTOR) for _ in range(2 * WIDTH)]
        nothing = _constant(0.0)
        pairs = builder.lshr(builder.add(count, _number(1)), _number(1))
        with cgutils.for_range(builder, pairs, intp=_INDEX) as pair_loop:
            first = builder.shl(pair_loop.index, _number(1))
            numbers = [builder.sext(rows.value(builder.add(first, _number(k))), _INDEX) for k in (0, 1)]
            input_rows = [inputs.at(number, zero) for number in numbers]
            for slot in sums:
                builder.store(nothing, slot)
            chunks = builder.lshr(inputs.shape[1], _number(4))
            with cgutils.for_range(builder, chunks, intp=_INDEX) as loop:
                offset = builder.shl(loop.index, _number(4))
                x, y = (_load(builder, row, offset) for row in input_rows)
                for j, row in enumerate(target_rows):
                    target = _load(builder, row, offset)
                    for slot, value in ((sums[j], x), (sums[WIDTH + j], y)):
                        builder.store(_fma(builder, value, target, builder.load(slot)), slot)
            totals = [builder.load(slot) for slot in sums]
            spare = [nothing] * (STRIDE - WIDTH)
            scores = _sums(builder, totals[:WIDTH] + spare + totals[WIDTH:] + spare)
            errors = builder.fsub(label, _sigmoid(builder, scores), flags=_FAST)
            _store(builder, builder.fmul(errors, rate, flags=_FAST), gradients.at(tile, first, zero), zero)
        return context.get_dummy_value()

    return types.void(
        inputs, rows, types.int64, outputs, targets, labels, rates, types.int64, gradients
    ), emit


@intrinsic
def _update_tile(
    typingctx: Any, inputs: Any, rows: Any, count: Any, outputs: Any, targets: Any, tile: Any, gradients: Any
) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kinds = signature.args
        inputs, rows, outputs, targets, gradients = (
            _Rows(context, builder, kinds[k], values[k]) for k in (0, 1, 3, 4, 6)
        )
        count, tile = values[2], values[5]
        zero = _number(0)
        picked = [builder.sext(targets.value(tile, _number(j)), _INDEX) for j in range(WIDTH)]
        target_rows = [outputs.at(row, zero) for row in picked]
        moved = [cgutils.alloca_once(builder, _VECTOR) for _ in range(WIDTH)]
        chunks = builder.lshr(inputs.shape[1], _number(4))
        with cgutils.for_range(builder, chunks, intp=_INDEX) as loop:
            offset = builder.shl(loop.index, _number(4))
            before = [_load(builder, row, offset) for row in target_rows]
            for slot, value in zip(moved, before, strict=True):
                builder.store(value, slot)
            with cgutils.for_range(builder, count, intp=_INDEX) as row_loop:
                i = row_loop.index
                row = inputs.at(builder.sext(rows.value(i), _INDEX), zero)
                x = _load(builder, row, offset)
                new = x
                for j in range(WIDTH):
                    gradient = _splat(builder, gradients.value(tile, i, _number(j)))
                    new = _fma(builder, gradient, before[j], new)
                    builder.store(_fma(builder, gradient, x, builder.load(moved[j])), moved[j])
                _store(builder, new, row, offset)
            for row, slot in zip(target_rows, moved, strict=True):
                _store(builder, builder.load(slot), row, offset)
        return context.get_dummy_value()

    return types.void(inputs, rows, types.int64, outputs, targets, types.int64, gradients), emit


@intrinsic
def _prefetch_row(typingctx: Any, matrix: Any, row: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        address = _Rows(context, builder, signature.args[0], values[0])
        pointer = ir.IntType(8).as_pointer()
        integer = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer, integer, integer, integer])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        chunks = builder.lshr(address.shape[1], _number(4))
        with cgutils.for_range(builder, chunks, intp=_INDEX) as loop:
            place = address.at(values[1], builder.shl(loop.index, _number(4)))
            for_writing, keep, data = (ir.Constant(integer, number) for number in (1, 3, 1))
            builder.call(function, [builder.bitcast(place, pointer), for_writing, keep, data])
        return context.get_dummy_value()

    return types.void(matrix, types.int64), emit


# `overload` compares parameter names, so these repeat them; the types are numba's own.
# ruff: noqa: ARG001


@overload(score_tile)
def _compiled_score(inputs, rows, count, outputs, targets, labels, rates, tile, gradients):  # type: ignore[no-untyped-def]
    def compiled(inputs, rows, count, outputs, targets, labels, rates, tile, gradients):  # type: ignore[no-untyped-def]
        _score_tile(inputs, rows, count, outputs, targets, labels, rates, tile, gradients)  # type: ignore[call-arg]

    return compiled


@overload(update_tile)
def _compiled_update(inputs, rows, count, outputs, targets, tile, gradients):  # type: ignore[no-untyped-def]
    def compiled(inputs, rows, count, outputs, targets, tile, gradients):  # type: ignore[no-untyped-def]
        _update_tile(inputs, rows, count, outputs, targets, tile, gradients)  # type: ignore[call-arg]

    return compiled


@overload(prefetch_row)
def _compiled_prefetch(matrix, row):  # type: ignore[no-untyped-def]
    def compiled(matrix, row):  # type: ignore[no-untyped-def]
        _prefetch_row(matrix, row)  # type: ignore[call-arg]

    return compiled
