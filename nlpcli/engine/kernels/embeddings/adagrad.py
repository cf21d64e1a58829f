"""The two vector operations of GloVe: a dot product, and AdaGrad's step on both its sides.

A row of parameters is [v₁ … v_p, s₁ … s_p]: the vector, padded to a multiple of 16 numbers, and
beside it what AdaGrad has summed. Padding stays zero: its gradient is zero.

Each function is defined twice, to the same effect: in numpy, which is the meaning, and as
vector code (`kernels/simd/vector_ops.py`), which is what compiled kernels get.
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

from nlpcli.engine.kernels.simd.padding import LANES
from nlpcli.engine.kernels.simd.vector_ops import VECTOR, Array, Lanes, constant, index

Floats = NDArray[np.float32]


# --- what they mean -------------------------------------------------------------------------


def dot_rows(words: Floats, i: int, contexts: Floats, j: int) -> np.float32:
    """The dot product v · v' of row `i` of one side and row `j` of the other."""
    half = words.shape[1] // 2
    return np.float32(words[i, :half] @ contexts[j, :half])


def step_rows(words: Floats, i: int, contexts: Floats, j: int, step: float) -> None:
    """One AdaGrad step on both rows: with h = step · v', v −= h / √s and s += h²."""
    half = words.shape[1] // 2
    h, k = np.float32(step) * contexts[j, :half], np.float32(step) * words[i, :half]
    for row, gradient in ((words[i], h), (contexts[j], k)):
        row[:half] -= gradient / np.sqrt(row[half:])
        row[half:] += gradient * gradient


# --- how they are compiled ------------------------------------------------------------------


@intrinsic
def _dot_rows(typingctx, words, i, contexts, j):
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        lanes = Lanes(builder)
        words, contexts = (Array(context, builder, signature.args[k], values[k]) for k in (0, 2))
        row, other = words.row(values[1]), contexts.row(values[3])
        (total,) = lanes.slots(1)
        builder.store(constant(0.0), total)
        with lanes.chunks(builder.lshr(words.shape[1], index(1))) as offset:
            a, b = lanes.load(row, offset), lanes.load(other, offset)
            builder.store(lanes.multiply_add(a, b, builder.load(total)), total)
        return _sum(builder, builder.load(total))

    return types.float32(words, types.int64, contexts, types.int64), emit


def _sum(builder: Any, vector: Any) -> Any:
    """The sum over the lanes, by halves."""
    integer = ir.IntType(32)
    width = LANES
    while width > 1:
        width //= 2
        nothing = ir.Constant(vector.type, ir.Undefined)
        low, high = (
            builder.shuffle_vector(
                vector, nothing, ir.Constant(ir.VectorType(integer, width), list(range(start, start + width)))
            )
            for start in (0, width)
        )
        vector = builder.fadd(low, high, flags=("fast",))
    return builder.extract_element(vector, ir.Constant(integer, 0))


@intrinsic
def _step_rows(typingctx, words, i, contexts, j, step):
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        lanes = Lanes(builder)
        words, contexts = (Array(context, builder, signature.args[k], values[k]) for k in (0, 2))
        row, other = words.row(values[1]), contexts.row(values[3])
        rate = lanes.splat(values[4])
        half = builder.lshr(words.shape[1], index(1))
        with lanes.chunks(half) as offset:
            beside = builder.add(offset, half)
            a, b, s, t = (lanes.load(at, place) for place in (offset, beside) for at in (row, other))
            for at, value, other_value, squares in ((row, a, b, s), (other, b, a, t)):
                gradient = lanes.multiply(rate, other_value)
                move = lanes.multiply(gradient, _inverse_root(builder, squares))
                lanes.store(lanes.subtract(value, move), at, offset)
                lanes.store(lanes.multiply_add(gradient, gradient, squares), at, beside)
        return context.get_dummy_value()

    return types.void(words, types.int64, contexts, types.int64, types.float32), emit


def _inverse_root(builder: Any, vector: Any) -> Any:
    """1 / √x. Said with "fast", LLVM takes the processor's estimate and one step of Newton's."""
    kind = ir.FunctionType(VECTOR, [VECTOR])
    root = cgutils.get_or_insert_function(builder.module, kind, "llvm.sqrt.v16f32")
    return builder.fdiv(constant(1.0), builder.call(root, [vector], fastmath=("fast",)), flags=("fast",))


@overload(dot_rows, jit_options={"forceinline": True})
def _compiled_dot(words, i, contexts, j):
    return lambda words, i, contexts, j: _dot_rows(words, i, contexts, j)


@overload(step_rows, jit_options={"forceinline": True})
def _compiled_step(words, i, contexts, j, step):
    return lambda words, i, contexts, j, step: _step_rows(words, i, contexts, j, step)
