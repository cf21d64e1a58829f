"""Tiles: the two small matrix products at the heart of word2vec, over rows where they lie.

A *tile* is up to 6 rows of the output matrix (the word to predict, and noise words) against all
context rows of one centre. `score_tile` computes the tile's gradients, `update_tile` applies
them. Both work in place on rows picked by number, so nothing is copied in or out; a tile and
its context rows stay in the first-level cache between the two.

Each is defined twice, to the same effect: in numpy, which is the meaning, and as vector code
(`kernels/simd/vector_ops.py`), which is what compiled kernels get. The caller pads: rows have a
multiple of 16 numbers, and an unused slot of a tile, or a context row missing to an even number,
names a spare row of zeros at rate 0.
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

from nlpcli.engine.kernels.embeddings.arguments import STRIDE, WIDTH
from nlpcli.engine.kernels.simd.vector_ops import HALF, INDEX, Array, Lanes, index, lanes_in_registers

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


# --- what they mean -------------------------------------------------------------------------


def score_tile(
    inputs: Floats, rows: Ints, count: int, outputs: Floats, targets: Ints, labels: Floats, rates: Floats,
    tile: int, place: int, gradients: Floats,
) -> None:  # fmt: skip
    """Fill `gradients[place, i, j]` with rate_j · (label_j − σ(input_i · output_j)).

    `inputs` [·, R] and `outputs` [·, R]: matrices of rows of R numbers, R a multiple of 16.
    `rows` [count, rounded up to even]: the context rows. `targets`, `labels`, `rates`
    [tiles, 8], of which 6 are used. `gradients` [places, rows, 8].
    """
    used = (count + 1) // 2 * 2
    scores = inputs[rows[:used]] @ outputs[targets[tile, :WIDTH]].T
    errors = labels[tile, :WIDTH] - 1 / (1 + np.exp(-scores))
    gradients[place, :used, :WIDTH] = rates[tile, :WIDTH] * errors


def update_tile(
    inputs: Floats, rows: Ints, count: int, outputs: Floats, targets: Ints, tile: int, place: int,
    gradients: Floats,
) -> None:  # fmt: skip
    """Move inputs along outputs and outputs along inputs, by the tile's gradients.

    A row may stand in `rows` twice; the six targets must differ (but for spare rows).
    """
    picked = targets[tile, :WIDTH]
    before, after = outputs[picked].copy(), outputs[picked].copy()
    for i in range(count):
        after += np.outer(gradients[place, i, :WIDTH], inputs[rows[i]])
        inputs[rows[i]] += gradients[place, i, :WIDTH] @ before
    outputs[picked] = after


# --- how they are compiled ------------------------------------------------------------------


@intrinsic
def _score_tile(typingctx, inputs, rows, count, outputs, targets, labels, rates, tile, place, gradients):
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        lanes = Lanes(builder, lanes_in_registers(context))
        inputs, rows, outputs, targets, labels, rates, gradients = (
            Array(context, builder, signature.args[k], values[k]) for k in (0, 1, 3, 4, 5, 6, 9)
        )
        count, tile, gradient_place = values[2], values[7], values[8]
        target_rows = [outputs.row(targets.value(tile, index(j))) for j in range(WIDTH)]
        label, rate = (_for_both_rows(builder, lanes, array.row(tile)) for array in (labels, rates))
        sums = lanes.slots(2 * WIDTH)
        nothing = lanes.constant(0.0)
        pairs = builder.lshr(builder.add(count, index(1)), index(1))
        with cgutils.for_range(builder, pairs, intp=INDEX) as pair:
            first = builder.shl(pair.index, index(1))
            input_rows = [inputs.row(rows.value(builder.add(first, index(k)))) for k in (0, 1)]
            for slot in sums:
                builder.store(nothing, slot)
            with lanes.chunks(inputs.shape[1]) as offset:
                x, y = (lanes.load(row, offset) for row in input_rows)
                for j, row in enumerate(target_rows):
                    target = lanes.load(row, offset)
                    for slot, value in ((sums[j], x), (sums[WIDTH + j], y)):
                        builder.store(lanes.multiply_add(value, target, builder.load(slot)), slot)
            totals = [builder.load(slot) for slot in sums]
            unused = [nothing] * (STRIDE - WIDTH)
            totals = totals[:WIDTH] + unused + totals[WIDTH:] + unused
            place = gradients.at(gradient_place, first, index(0))
            for begin in range(0, len(totals), lanes.count):
                lanes.store(lanes.sums(totals[begin : begin + lanes.count]), place, index(begin))
        # By itself: one pair's chain of instructions need not wait for another's, as a sum would.
        with cgutils.for_range(builder, pairs, intp=INDEX) as pair:
            place = gradients.at(gradient_place, builder.shl(pair.index, index(1)), index(0))
            for begin in label:
                errors = lanes.subtract(label[begin], lanes.sigmoid(lanes.load(place, index(begin))))
                lanes.store(lanes.multiply(errors, rate[begin]), place, index(begin))
        return context.get_dummy_value()

    kinds = (inputs, rows, types.int64, outputs, targets, labels, rates, types.int64, types.int64, gradients)
    return types.void(*kinds), emit


def _for_both_rows(builder: Any, lanes: Lanes, address: Any) -> dict[int, Any]:
    """A tile's 8 numbers for each of two context rows: the vectors that begin at such a place of these 16."""
    if lanes.count <= STRIDE:
        starts = range(0, 2 * STRIDE, lanes.count)
        return {start: lanes.load(address, index(start % STRIDE)) for start in starts}
    half = lanes.load(address, index(0), HALF)
    twice = ir.Constant(ir.VectorType(ir.IntType(32), lanes.count), [*range(STRIDE)] * 2)
    return {0: builder.shuffle_vector(half, half, twice)}


@intrinsic
def _update_tile(typingctx, inputs, rows, count, outputs, targets, tile, place, gradients):
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        lanes = Lanes(builder, lanes_in_registers(context))
        inputs, rows, outputs, targets, gradients = (
            Array(context, builder, signature.args[k], values[k]) for k in (0, 1, 3, 4, 7)
        )
        count, tile, gradient_place = values[2], values[5], values[6]
        target_rows = [outputs.row(targets.value(tile, index(j))) for j in range(WIDTH)]
        after = lanes.slots(WIDTH)
        with lanes.chunks(inputs.shape[1]) as offset:
            before = [lanes.load(row, offset) for row in target_rows]
            for slot, value in zip(after, before, strict=True):
                builder.store(value, slot)
            with cgutils.for_range(builder, count, intp=INDEX) as row_loop:
                row = inputs.row(rows.value(row_loop.index))
                x = moved = lanes.load(row, offset)
                for j in range(WIDTH):
                    gradient = lanes.splat(gradients.value(gradient_place, row_loop.index, index(j)))
                    moved = lanes.multiply_add(gradient, before[j], moved)
                    builder.store(lanes.multiply_add(gradient, x, builder.load(after[j])), after[j])
                lanes.store(moved, row, offset)
            for row, slot in zip(target_rows, after, strict=True):
                lanes.store(builder.load(slot), row, offset)
        return context.get_dummy_value()

    kinds = (inputs, rows, types.int64, outputs, targets, types.int64, types.int64, gradients)
    return types.void(*kinds), emit


@overload(score_tile, jit_options={"forceinline": True})
def _compiled_score(inputs, rows, count, outputs, targets, labels, rates, tile, place, gradients):
    def compiled(inputs, rows, count, outputs, targets, labels, rates, tile, place, gradients):
        _score_tile(inputs, rows, count, outputs, targets, labels, rates, tile, place, gradients)

    return compiled


@overload(update_tile, jit_options={"forceinline": True})
def _compiled_update(inputs, rows, count, outputs, targets, tile, place, gradients):
    def compiled(inputs, rows, count, outputs, targets, tile, place, gradients):
        _update_tile(inputs, rows, count, outputs, targets, tile, place, gradients)

    return compiled
