"""Bytes of UTF-8 looked at 64 at a time: which belong to words, which part columns.

Each function is defined twice, to the same effect: in Python, which is the meaning, and as
vector code in LLVM's own words, which is what compiled kernels get. LLVM splits the vectors where
registers are shorter, so it runs on any little-endian processor.
"""

# `overload` compares parameter names with those of the function it compiles; types are numba's.
# mypy: disable-error-code="no-untyped-def, call-arg"
# ruff: noqa: ARG001

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

from nlpcli.engine.kernels.simd.vector_ops import Array

WINDOW = 64
SURE = WINDOW - 3  # bytes of a window that are followed by all that decides about them

Bytes = NDArray[np.uint8]
_BYTE, _WORD = ir.IntType(8), ir.IntType(64)
_WINDOW = ir.VectorType(_BYTE, WINDOW)

# --- what they mean -------------------------------------------------------------------------


def word_bytes(text: Bytes, at: Any) -> tuple[Any, Any, Any]:
    """Bit k says of byte `at + k` whether it is: part of a word; doubtful; a line end.

    Parts of words are ASCII letters, digits and `_`, the three bytes of a Hangul syllable, an
    apostrophe between ASCII letters, and a point or comma between digits. Doubtful is any other byte
    beyond ASCII, and what would be such an apostrophe, point or comma if the doubtful byte behind
    it were a letter or digit. Only what is said of the first `SURE` bytes is certain.
    """
    window = [int(byte) for byte in text[at : at + WINDOW]]
    hangul = _hangul(window)
    letters = [byte < 0x80 and chr(byte).isalpha() for byte in window]
    digits = [0x30 <= byte <= 0x39 for byte in window]
    words = [
        inside or letter or digit or byte == 0x5F
        for inside, letter, digit, byte in zip(hangul, letters, digits, window, strict=True)
    ]
    beyond = [byte >= 0x80 and not inside for byte, inside in zip(window, hangul, strict=True)]
    doubtful = beyond.copy()
    for k in range(1, WINDOW - 1):
        for marks, kind in (("'", letters), (".,", digits)):
            if chr(window[k]) in marks and kind[k - 1]:
                words[k] |= kind[k + 1]
                doubtful[k] |= beyond[k + 1]
    return _bits(words), _bits(doubtful), _bits([byte == 0x0A for byte in window])


def spaced_bytes(text: Bytes, at: Any) -> tuple[Any, Any, Any]:
    """The same where a word is whatever stands between white space."""
    window = [int(byte) for byte in text[at : at + WINDOW]]
    hangul = _hangul(window)
    words = [
        inside or (byte < 0x80 and not chr(byte).isspace())
        for byte, inside in zip(window, hangul, strict=True)
    ]
    doubtful = [byte >= 0x80 and not inside for byte, inside in zip(window, hangul, strict=True)]
    return _bits(words), _bits(doubtful), _bits([byte == 0x0A for byte in window])


def separators(text: Bytes, at: Any) -> Any:
    """Bit k says whether byte `at + k` is a tab or a line end."""
    return _bits([byte in (0x09, 0x0A) for byte in text[at : at + WINDOW]])


def eight_bytes(text: Bytes, at: Any) -> Any:
    """The bytes at `at` to `at + 7` as a number, the first one lowest."""
    return text[at : at + 8].view("<u8")[0]


def put_eight_bytes(text: Bytes, at: Any, value: Any) -> None:
    """Write the eight bytes of a number, the lowest one first."""
    text[at : at + 8].view("<u8")[0] = value


def lowest_bit(bits: Any) -> Any:
    """Where the lowest 1 stands; 64 where there is none."""
    return (int(bits) & -int(bits)).bit_length() - 1 if bits else 64


def highest_bit(bits: Any) -> Any:
    """Where the highest 1 stands; −1 where there is none."""
    return int(bits).bit_length() - 1


def bit_count(bits: Any) -> Any:
    """How many bits are 1."""
    return int(bits).bit_count()


def _hangul(window: list[int]) -> list[bool]:
    inside = [False] * (len(window) + 2)
    for k, (first, second, third) in enumerate(
        zip(window, [*window[1:], 0], [*window[2:], 0, 0], strict=True)
    ):
        last = 0xA3 if (first, second) == (0xED, 0x9E) else 0xFF
        if (0xEA, 0xB0) <= (first, second) <= (0xED, 0x9E) and third <= last and first <= 0xED:
            inside[k : k + 3] = [True] * 3
    return inside[: len(window)]


def _bits(flags: list[bool]) -> int:
    return sum(1 << k for k, flag in enumerate(flags) if flag)


# --- how they are compiled ------------------------------------------------------------------


class _Window:
    """Questions to 64 bytes; every answer is a number with a bit for each."""

    def __init__(self, builder: Any, address: Any) -> None:
        self._builder = builder
        self._bytes = builder.load(builder.bitcast(address, _WINDOW.as_pointer()), align=1)

    def _same(self, byte: int) -> Any:
        return ir.Constant(_WINDOW, [byte] * WINDOW)

    def _answer(self, flags: Any) -> Any:
        return self._builder.bitcast(flags, _WORD)

    def are(self, byte: int) -> Any:
        return self._answer(self._builder.icmp_unsigned("==", self._bytes, self._same(byte)))

    def lie(self, first: int, last: int, folded: int = 0) -> Any:
        """Are they between two bytes, with the bits of `folded` set?"""
        builder = self._builder
        value = builder.or_(self._bytes, self._same(folded)) if folded else self._bytes
        distance = builder.sub(value, self._same(first))
        return self._answer(builder.icmp_unsigned("<=", distance, self._same(last - first)))

    def any_of(self, *answers: Any) -> Any:
        total = answers[0]
        for answer in answers[1:]:
            total = self._builder.or_(total, answer)
        return total

    def all_of(self, *answers: Any) -> Any:
        total = answers[0]
        for answer in answers[1:]:
            total = self._builder.and_(total, answer)
        return total

    def none_of(self, answer: Any) -> Any:
        return self._builder.not_(answer)

    def next(self, answer: Any, places: int = 1) -> Any:
        """What holds of the byte some places on."""
        return self._builder.lshr(answer, ir.Constant(_WORD, places))

    def before(self, answer: Any, places: int = 1) -> Any:
        return self._builder.shl(answer, ir.Constant(_WORD, places))

    def hangul(self) -> Any:
        """Bytes of the syllables U+AC00 to U+D7A3: EA B0 80 to ED 9E A3."""
        first = self.any_of(
            self.lie(0xEB, 0xEC),
            self.all_of(self.are(0xEA), self.next(self.lie(0xB0, 0xFF))),
            self.all_of(self.are(0xED), self.next(self.lie(0x00, 0x9D))),
            self.all_of(self.are(0xED), self.next(self.are(0x9E)), self.next(self.lie(0x00, 0xA3), 2)),
        )
        return self.any_of(first, self.before(first), self.before(first, 2))


def _word_masks(window: _Window) -> tuple[Any, Any, Any]:
    hangul, digits = window.hangul(), window.lie(0x30, 0x39)
    letters = window.lie(0x61, 0x7A, folded=0x20)
    beyond = window.all_of(window.lie(0x80, 0xFF), window.none_of(hangul))
    apostrophes = window.all_of(window.are(0x27), window.before(letters))
    points = window.all_of(window.any_of(window.are(0x2E), window.are(0x2C)), window.before(digits))
    words = window.any_of(
        hangul,
        letters,
        digits,
        window.are(0x5F),
        window.all_of(apostrophes, window.next(letters)),
        window.all_of(points, window.next(digits)),
    )
    marks = window.all_of(window.any_of(apostrophes, points), window.next(beyond))
    return words, window.any_of(beyond, marks), window.are(0x0A)


def _spaced_masks(window: _Window) -> tuple[Any, Any, Any]:
    hangul, beyond = window.hangul(), window.lie(0x80, 0xFF)
    spaces = window.any_of(window.lie(0x09, 0x0D), window.lie(0x1C, 0x20))
    words = window.any_of(hangul, window.none_of(window.any_of(spaces, beyond)))
    return words, window.all_of(beyond, window.none_of(hangul)), window.are(0x0A)


def _masks(make: Callable[[_Window], tuple[Any, Any, Any]]) -> Any:
    @intrinsic
    def masks(typingctx, text, at):
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            array = Array(context, builder, signature.args[0], values[0])
            answers = make(_Window(builder, array.at(values[1])))
            return context.make_tuple(builder, signature.return_type, answers)

        return types.UniTuple(types.uint64, 3)(text, types.int64), emit

    return masks


_word_bytes, _spaced_bytes = _masks(_word_masks), _masks(_spaced_masks)


@intrinsic
def _separators(typingctx, text, at):
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        array = Array(context, builder, signature.args[0], values[0])
        return _Window(builder, array.at(values[1])).lie(0x09, 0x0A)

    return types.uint64(text, types.int64), emit


@intrinsic
def _eight_bytes(typingctx, text, at):
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        address = Array(context, builder, signature.args[0], values[0]).at(values[1])
        return builder.load(builder.bitcast(address, _WORD.as_pointer()), align=1)

    return types.uint64(text, types.int64), emit


@intrinsic
def _put_eight_bytes(typingctx, text, at, value):
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        address = Array(context, builder, signature.args[0], values[0]).at(values[1])
        builder.store(values[2], builder.bitcast(address, _WORD.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(text, types.int64, types.uint64), emit


@intrinsic
def _lowest_bit(typingctx, bits):
    def emit(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return builder.cttz(values[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), emit


@intrinsic
def _highest_bit(typingctx, bits):
    def emit(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        zeros = builder.ctlz(values[0], ir.Constant(ir.IntType(1), 0))
        return builder.sub(ir.Constant(_WORD, 63), zeros)

    return types.int64(types.uint64), emit


@intrinsic
def _bit_count(typingctx, bits):
    def emit(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return builder.ctpop(values[0])

    return types.int64(types.uint64), emit


@overload(word_bytes, jit_options={"forceinline": True})
def _compiled_word_bytes(text, at):
    return lambda text, at: _word_bytes(text, at)


@overload(spaced_bytes, jit_options={"forceinline": True})
def _compiled_spaced_bytes(text, at):
    return lambda text, at: _spaced_bytes(text, at)


@overload(separators, jit_options={"forceinline": True})
def _compiled_separators(text, at):
    return lambda text, at: _separators(text, at)


@overload(eight_bytes, jit_options={"forceinline": True})
def _compiled_eight_bytes(text, at):
    return lambda text, at: _eight_bytes(text, at)


@overload(put_eight_bytes, jit_options={"forceinline": True})
def _compiled_put_eight_bytes(text, at, value):
    return lambda text, at, value: _put_eight_bytes(text, at, value)


@overload(lowest_bit, jit_options={"forceinline": True})
def _compiled_lowest_bit(bits):
    return lambda bits: _lowest_bit(bits)


@overload(highest_bit, jit_options={"forceinline": True})
def _compiled_highest_bit(bits):
    return lambda bits: _highest_bit(bits)


@overload(bit_count, jit_options={"forceinline": True})
def _compiled_bit_count(bits):
    return lambda bits: _bit_count(bits)
