"""Rows of word vectors from and to decimal text: the inner loops of the text layouts.

A line is a word, then `dim` numbers, separated by single spaces or tabs. What a kernel does not
take (a word with a space in it, `nan`, a power of ten beyond ±44) it marks, and Python reads
that line instead.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nlpcli.engine.kernels.text.codes import BLANK, ODD, READ

MARGIN = 4e-16  # a little more than what a float64 of a decimal may be wrong by
_POWERS = 10.0 ** np.arange(23)  # the powers of ten that float64 holds exactly
_TAB, _CR, _SPACE, _PLUS, _MINUS, _POINT, _ZERO, _NINE, _E = 9, 13, 32, 43, 45, 46, 48, 57, 101


@njit(nogil=True)
def parse_rows(
    text: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    matrix: NDArray[np.float32],
    token_ends: NDArray[np.int64],
    states: NDArray[np.uint8],
) -> None:
    """Read the lines text[starts[i]:ends[i]] into matrix [lines, dim], token_ends and states.

    At most 19 digits of a number count, and the result is within one float64 rounding of the
    number written, which float32 does not see.
    """
    dim = matrix.shape[1]
    # All in one loop: with functions for the parts of a number it takes a fifth longer.
    for line in range(len(starts)):
        at = starts[line]
        end = ends[line]
        while end > at and (text[end - 1] == _SPACE or text[end - 1] == _CR or text[end - 1] == _TAB):
            end -= 1
        if end == at:
            states[line] = BLANK
            continue
        while at < end and text[at] != _SPACE and text[at] != _TAB:
            at += 1
        token_ends[line] = at
        states[line] = READ
        for column in range(dim):
            at += 1  # over the one separator
            if at >= end:
                states[line] = ODD
                break
            byte = text[at]
            negative = byte == _MINUS
            if negative or byte == _PLUS:
                at += 1
            mantissa = np.uint64(0)
            digits = 0  # that count: the leading zeros do not
            seen = 0
            power = 0
            point = False
            while at < end:
                byte = text[at]
                if _ZERO <= byte <= _NINE:
                    seen += 1
                    if digits < 19:
                        mantissa = mantissa * np.uint64(10) + np.uint64(byte - _ZERO)
                        digits += mantissa != 0
                        power -= point
                    else:
                        power += not point
                elif byte == _POINT and not point:
                    point = True
                else:
                    break
                at += 1
            if seen == 0:
                states[line] = ODD
                break
            if at < end and (text[at] | 32) == _E:
                at += 1
                down = at < end and text[at] == _MINUS
                if at < end and (text[at] == _MINUS or text[at] == _PLUS):
                    at += 1
                exponent = 0
                seen = 0
                while at < end and _ZERO <= text[at] <= _NINE:
                    if exponent < 1000:
                        exponent = exponent * 10 + (text[at] - _ZERO)
                    seen += 1
                    at += 1
                if seen == 0:
                    states[line] = ODD
                    break
                power += -exponent if down else exponent
            if mantissa == 0:
                power = 0
            if power < -44 or power > 44 or (at < end and text[at] != _SPACE and text[at] != _TAB):
                states[line] = ODD
                break
            value = np.float64(mantissa)
            if power < 0:
                if power < -22:
                    value /= _POWERS[22]
                    power += 22
                value /= _POWERS[-power]
            elif power > 0:
                if power > 22:
                    value *= _POWERS[22]
                    power -= 22
                value *= _POWERS[power]
            matrix[line, column] = np.float32(-value if negative else value)
        if states[line] == READ and at != end:
            states[line] = ODD


@njit(nogil=True)
def format_rows(
    matrix: NDArray[np.float32],
    tokens: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    separator: int,
    out: NDArray[np.uint8],
) -> int:
    """Write `token v v …` lines for the rows of `matrix` (finite); gives the bytes written to `out`.

    Numbers have as few digits, six to nine without trailing zeros, as give the same float32 back.
    `out` has room for 17 bytes a number, the tokens and a line end each.
    """
    digits = np.zeros(9, np.uint8)
    at = 0
    for row in range(matrix.shape[0]):
        for place in range(offsets[row], offsets[row + 1]):
            out[at] = tokens[place]
            at += 1
        for column in range(matrix.shape[1]):
            if column > 0 or offsets[row + 1] > offsets[row]:
                out[at] = separator
                at += 1
            at = _format_number(np.float64(matrix[row, column]), digits, out, at)
        out[at] = 10
        at += 1
    return at


@njit(nogil=True)
def _format_number(value: float, digits: NDArray[np.uint8], out: NDArray[np.uint8], at: int) -> int:
    if np.signbit(value):
        out[at] = _MINUS
        at += 1
        value = -value
    if value == 0.0:
        out[at] = _ZERO
        return at + 1
    exponent = int(np.floor(np.log10(value)))
    scaled = _shifted(value, 8 - exponent)
    if scaled < 99999999.5:  # log10 was rounded up over a power of ten
        exponent -= 1
        scaled = _shifted(value, 8 - exponent)
    whole = np.int64(np.rint(scaled))
    if whole >= 1000000000:
        exponent += 1
        whole = np.int64(np.rint(_shifted(value, 8 - exponent)))
    count = _shortest(value, scaled, exponent)
    if count < 9:
        divisor = _POWERS[9 - count]
        whole = np.int64(np.rint(scaled / divisor) * divisor)
        if whole >= 1000000000:
            exponent += 1
            whole //= 10
    last = -1
    for place in range(8, -1, -1):
        digit = whole % 10
        whole //= 10
        digits[place] = digit
        if digit and last < 0:
            last = place
    if exponent < -4 or exponent >= count:
        return _format_scientific(digits, last, exponent, out, at)
    if exponent < 0:
        out[at] = _ZERO
        out[at + 1] = _POINT
        at += 2
        for _ in range(-exponent - 1):
            out[at] = _ZERO
            at += 1
    for place in range(max(last, exponent) + 1):
        out[at] = _ZERO + digits[place]
        at += 1
        if place == exponent and last > exponent:
            out[at] = _POINT
            at += 1
    return at


@njit(nogil=True)
def _shortest(value: float, scaled: float, exponent: int) -> int:
    """How many digits, six to nine, give `value` back in float32; nine always do."""
    for count in range(6, 9):
        short = np.rint(scaled / _POWERS[9 - count])
        candidate = _shifted(short, exponent - count + 1)
        # Away from the borders between two float32, so that every reader rounds the same way.
        low, high = np.float32(candidate * (1 - MARGIN)), np.float32(candidate * (1 + MARGIN))
        if np.float64(low) == value and np.float64(high) == value:
            return count
    return 9


@njit(nogil=True)
def _format_scientific(
    digits: NDArray[np.uint8], last: int, exponent: int, out: NDArray[np.uint8], at: int
) -> int:
    for place in range(last + 1):
        out[at] = _ZERO + digits[place]
        at += 1
        if place == 0 and last > 0:
            out[at] = _POINT
            at += 1
    out[at] = _E
    out[at + 1] = _MINUS if exponent < 0 else _PLUS
    exponent = abs(exponent)
    out[at + 2] = _ZERO + exponent // 10
    out[at + 3] = _ZERO + exponent % 10
    return at + 4


@njit(nogil=True)
def _shifted(value: float, power: int) -> float:
    """Value · 10^power, for |power| up to 66."""
    while power > 22:
        value *= _POWERS[22]
        power -= 22
    while power < -22:
        value /= _POWERS[22]
        power += 22
    if power >= 0:
        value *= _POWERS[power]
    else:
        value /= _POWERS[-power]
    return value
