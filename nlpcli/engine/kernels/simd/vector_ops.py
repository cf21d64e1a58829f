"""Vector code for kernels: 16 float32 numbers at a time, said in LLVM's own words.

numba's loops neither keep a dozen sums in registers at once nor use 512-bit registers; code
written with this does. LLVM splits the vectors where registers are shorter, so it runs on any
processor. Code that fills the registers asks `lanes_in_registers` for shorter vectors, since a dozen
split in two would not fit. Used by `rows.py` and `kernels/embeddings/` only.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import binding as llvm
from llvmlite import ir
from numba.core import cgutils

from nlpcli.engine.kernels.simd.padding import LANES

VECTOR = ir.VectorType(ir.FloatType(), LANES)
HALF = ir.VectorType(ir.FloatType(), LANES // 2)
INTEGERS = ir.VectorType(ir.IntType(32), LANES)
INDEX = ir.IntType(64)
_FAST = ("fast",)
# 2^f for f in ±1/2 to about 1e-7: the coefficients of a polynomial, the highest power first.
EXP2 = (1.5403530e-4, 1.3333558e-3, 9.6181291e-3, 5.5504109e-2, 2.4022651e-1, 6.9314718e-1, 1.0)


def lanes_in_registers(context: Any) -> int:
    """How long vectors may be so that 15 stay in registers: 16, 8 or 4 float32 numbers.

    `context` is numba's; what is compiled for is what counts, which need not be the processor that runs.
    """
    return _lanes_of(*context.codegen().magic_tuple())


@functools.cache
def _lanes_of(triple: str, processor: str, features: str) -> int:
    """Found by adding two vectors of 16: how many instructions LLVM makes of it."""
    machine = llvm.Target.from_triple(triple).create_target_machine(cpu=processor, features=features)
    kind = f"<{LANES} x float>"
    code = f"define {kind} @f({kind} %a, {kind} %b) {{ %c = fadd {kind} %a, %b ret {kind} %c }}"
    made = machine.emit_assembly(llvm.parse_assembly(code))
    parts = len(re.findall(r"^\s*(?:v?addps|fadd)\b", made, re.MULTILINE)) or 1
    registers = 16 if triple.startswith("x86") and parts > 1 else 32
    return max(4, min(LANES, LANES // parts * registers // 16))


def index(number: int) -> Any:
    """A constant index."""
    return ir.Constant(INDEX, number)


def constant(number: float, lanes: int = LANES) -> Any:
    """A constant in all lanes."""
    return ir.Constant(ir.VectorType(ir.FloatType(), lanes), [number] * lanes)


class Array:
    """A C-contiguous array among a compiled function's arguments."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = context.make_array(kind)(context, builder, value)
        self._context, self._builder = context, builder
        self._data = array.data
        self._element = context.get_data_type(kind.dtype)
        self.shape = cgutils.unpack_tuple(builder, array.shape, kind.ndim)

    def at(self, *place: Any) -> Any:
        """The address of one element; its place is checked where numba checks indices."""
        builder = self._builder
        if self._context.enable_boundscheck:
            for number, size in zip(place, self.shape, strict=True):
                cgutils.do_boundscheck(self._context, builder, number, size)
        flat = place[0]
        for number, size in zip(place[1:], self.shape[1:], strict=True):
            flat = builder.add(builder.mul(flat, size), number)
        return builder.gep(self._data, [flat], source_etype=self._element)

    def value(self, *place: Any) -> Any:
        """One element; a whole number comes as an index."""
        value = self._builder.load(self.at(*place), typ=self._element)
        if isinstance(self._element, ir.IntType) and self._element.width < INDEX.width:
            value = self._builder.sext(value, INDEX)
        return value

    def row(self, number: Any) -> Any:
        """The address of a row."""
        return self.at(number, index(0))


class Lanes:
    """Writes vector instructions at the builder's place, on vectors of 16 numbers or `count` of them."""

    def __init__(self, builder: Any, count: int = LANES) -> None:
        self._builder = builder
        self.count = count
        self._vector = ir.VectorType(ir.FloatType(), count)
        self._integers = ir.VectorType(ir.IntType(32), count)

    def constant(self, number: float) -> Any:
        """A constant in all lanes."""
        return constant(number, self.count)

    def load(self, address: Any, offset: Any, kind: Any = None) -> Any:
        """The vector that begins `offset` numbers after an address."""
        place = self._builder.gep(address, [offset], source_etype=ir.FloatType())
        kind = kind or self._vector
        return self._builder.load(self._builder.bitcast(place, kind.as_pointer()), align=4)

    def store(self, value: Any, address: Any, offset: Any) -> None:
        """Put a vector where `load` would find it."""
        place = self._builder.gep(address, [offset], source_etype=ir.FloatType())
        self._builder.store(value, self._builder.bitcast(place, value.type.as_pointer()), align=4)

    def slots(self, count: int) -> list[Any]:
        """Places for vectors that change in a loop; LLVM turns them into registers."""
        return [cgutils.alloca_once(self._builder, self._vector) for _ in range(count)]

    @contextmanager
    def chunks(self, width: Any) -> Iterator[Any]:
        """A loop over the vectors of a row of `width` numbers; gives their offsets."""
        builder = self._builder
        shift = index(self.count.bit_length() - 1)
        with cgutils.for_range(builder, builder.lshr(width, shift), intp=INDEX) as loop:
            yield builder.shl(loop.index, shift)

    def splat(self, scalar: Any) -> Any:
        """A number in all lanes."""
        nothing = ir.Constant(self._vector, ir.Undefined)
        first = self._builder.insert_element(nothing, scalar, ir.Constant(ir.IntType(32), 0))
        return self._builder.shuffle_vector(first, nothing, self._whole(0))

    def _whole(self, *numbers: int) -> Any:
        """Whole numbers in the lanes, or one in all."""
        return ir.Constant(self._integers, list(numbers) if len(numbers) > 1 else list(numbers) * self.count)

    def add(self, a: Any, b: Any) -> Any:
        """A + b."""
        return self._builder.fadd(a, b, flags=_FAST)

    def subtract(self, a: Any, b: Any) -> Any:
        """A − b."""
        return self._builder.fsub(a, b, flags=_FAST)

    def multiply(self, a: Any, b: Any) -> Any:
        """A · b."""
        return self._builder.fmul(a, b, flags=_FAST)

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        """A · b + c, which LLVM fuses where the processor can."""
        return self.add(self.multiply(a, b), c)

    def sums(self, vectors: list[Any]) -> Any:
        """One vector whose lane k is the sum over the lanes of `vectors[k]`, as many as there are lanes.

        Rounds of halving, each joining two vectors into one: half the shuffles of summing every vector
        by itself.
        """
        size = self.count // 2
        while size:
            low = [
                group + place + self.count * side
                for group in range(0, self.count, 2 * size)
                for side in (0, 1)
                for place in range(size)
            ]
            masks = [self._whole(*(place + shift for place in low)) for shift in (0, size)]
            half = len(vectors) // 2
            vectors = [
                self.add(*(self._builder.shuffle_vector(a, b, mask) for mask in masks))
                for a, b in zip(vectors[:half], vectors[half:], strict=True)
            ]
            size //= 2
        return vectors[0]

    def sigmoid(self, x: Any) -> Any:
        """1 / (1 + e^−x), to about 1e-7; beyond ±30 as at ±30."""
        builder, constant = self._builder, self.constant
        for bound, order in ((30.0, "<"), (-30.0, ">")):
            limit = constant(bound)
            x = builder.select(builder.fcmp_ordered(order, x, limit), x, limit)
        # e^−x = 2^scaled = 2^whole · 2^rest, with rest in ±1/2 for a polynomial.
        scaled = self.multiply(x, constant(-1.4426950408889634))
        # Rounded to the nearest: cutting rounds down what an offset has made positive.
        offset = 64
        cut = builder.fptosi(self.add(scaled, constant(offset + 0.5)), self._integers)
        whole = builder.sub(cut, self._whole(offset))
        rest = self.subtract(scaled, builder.sitofp(whole, self._vector))
        power = constant(EXP2[0])
        for coefficient in EXP2[1:]:
            power = self.multiply_add(power, rest, constant(coefficient))
        exponent = builder.shl(whole, self._whole(23))
        power = builder.bitcast(builder.add(builder.bitcast(power, self._integers), exponent), self._vector)
        one = constant(1.0)
        return builder.fdiv(one, self.add(one, power), flags=_FAST)
