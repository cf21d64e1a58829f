"""Words out of raw UTF-8 bytes into text again: a space between the words of a line.

A batch of words is split off (`scan.py`), copied, sixteen bytes at a time, and looked at where it lies: what
is beyond ASCII may change, and what is on the list of stop words is taken back. A word about which a table
cannot decide is left to Python.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from nlpcli.engine.kernels.text.codes import ASK
from nlpcli.engine.kernels.text.scan import _decode, _split
from nlpcli.engine.kernels.text.utf8 import eight_bytes, put_eight_bytes

SPACE, LINE_END = np.uint8(0x20), np.uint8(0x0A)
_SHORT = 16  # bytes
_ALL, _NONE = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0)
_BEYOND_ASCII = np.uint64(0x8080808080808080)
_LOW_BITS = np.uint64(0x7F7F7F7F7F7F7F7F)
_TO_A, _TO_Z = np.uint64(0x3F3F3F3F3F3F3F3F), np.uint64(0x2525252525252525)  # 0x80 − "A"; 0x7F − "Z"
_TWO, _THIRD = np.uint64(2), np.uint64(40)
_ODD, _ODD_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)


@nb.njit(nogil=True)
def write_words(text, definition, becomes, stops, batch, ends, written, odd, reached):
    """The words of `text` from reached.at on, written behind what there is of `written`.

    `written` is 32 bytes longer than the text. `becomes` says of each code point beyond ASCII which one it
    becomes, which has as many bytes, or ASK (the word goes to `odd`); ASCII is as it should be. `ends` has
    room for each line end. Stops where `odd` may be too small for the next words.

    Returns: what the next call takes as `reached`.
    """
    classes, spaced = definition
    at, out, begun, count = reached
    while at < text.size and count + batch.begins.size <= odd.shape[0]:
        at, found, lines = _split(text, at, text.size, classes, spaced, batch.begins, batch.stops, ends, 0, 0)
        line = 0
        for word in range(found):
            while line < lines and ends[line] <= word:
                written[out] = LINE_END
                out += 1
                line += 1
                begun = False
            start = out
            if begun:
                written[out] = SPACE
                out += 1
            begin, length = batch.begins[word], batch.stops[word] - batch.begins[word]
            plain = _copy(text, begin, length, written, out)
            asks = not plain and _is_odd(written, out, out + length, becomes)
            if stops.slots.shape[0]:
                if length <= _SHORT:
                    if not asks and _is_stop_word(written, out, length, stops.slots):
                        out = start
                        continue
                else:
                    asks |= length <= stops.longest
            if asks:
                odd[count, 0], odd[count, 1] = out, out + length
                count += 1
            out += length
            begun = True
        while line < lines:
            written[out] = LINE_END
            out += 1
            line += 1
            begun = False
    return at, out, begun, count


@nb.njit(nogil=True, inline="always")
def _copy(text, begin, length, written, out):
    """Copy a word; up to sixteen bytes behind it are overwritten. Whether it is short and all ASCII."""
    if length <= _SHORT and begin + _SHORT <= text.size:
        first, second = eight_bytes(text, begin), eight_bytes(text, begin + 8)
        put_eight_bytes(written, out, first)
        put_eight_bytes(written, out + 8, second)
        first, second = _kept(first, second, length)
        return (first | second) & _BEYOND_ASCII == 0
    for offset in range(length):
        written[out + offset] = text[begin + offset]
    return False


@nb.njit(nogil=True, inline="always")
def _kept(first, second, length):
    """Sixteen bytes as two numbers, with all but the first `length` of them 0."""
    if length <= 8:
        return first & (_ALL >> np.uint64(64 - 8 * length)), _NONE
    return first, second & (_ALL >> np.uint64(128 - 8 * length))


@nb.njit(nogil=True)
def _is_odd(written, at, end, becomes):
    """Let the characters beyond ASCII become what they should; whether there is one to ASK about."""
    while at < end:
        byte = written[at]
        if byte < 0x80:
            at += 1
            continue
        if 0xE4 <= byte <= 0xE9 or 0xEB <= byte <= 0xEC:  # Han, and Hangul syllables: nothing becomes of them
            at += 3
            continue
        code, width = _decode(written, at)
        new = becomes[code]
        if new == ASK:
            return True
        if new != code:
            for place in range(at + width - 1, at, -1):
                written[place] = 0x80 | (new & 0x3F)
                new >>= 6
            written[at] = ((0xF00 >> width) & 0xF0) | new
        at += width
    return False


@nb.njit(nogil=True, inline="always")
def _lower(bytes_):
    """Eight bytes with A to Z as a to z."""
    low = bytes_ & _LOW_BITS
    capitals = ((low + _TO_A) ^ (low + _TO_Z)) & ~bytes_ & _BEYOND_ASCII
    return bytes_ | (capitals >> _TWO)


@nb.njit(nogil=True, inline="always")
def _is_stop_word(written, at, length, slots):
    """Whether a word of at most sixteen bytes is in the table, whatever the case of its ASCII letters."""
    first, second = _kept(eight_bytes(written, at), eight_bytes(written, at + 8), length)
    return _slot_of(_lower(first), _lower(second), length, slots)[1]


@nb.njit(nogil=True, inline="always")
def _slot_of(first, second, length, slots):
    """The slot of a word, and whether it is there; else it is an empty one."""
    mask = np.uint64(slots.shape[0] - 1)
    slot = (((first ^ (second * _ODD_2)) * _ODD) >> _THIRD) & mask
    while slots[slot, 2]:
        if slots[slot, 0] == first and slots[slot, 1] == second and slots[slot, 2] == np.uint64(length):
            return slot, True
        slot = (slot + np.uint64(1)) & mask
    return slot, False


@nb.njit(nogil=True)
def enter_stop_words(words, starts, slots):
    """Enter words of at most sixteen bytes, word w being words[starts[w]:starts[w + 1]].

    `words` is sixteen bytes longer than they are; `slots` [2^k, 3] is empty, 0, and longer than twice their
    number.
    """
    for word in range(starts.size - 1):
        at, length = starts[word], starts[word + 1] - starts[word]
        first, second = _kept(eight_bytes(words, at), eight_bytes(words, at + 8), length)
        slot, _ = _slot_of(first, second, length, slots)
        slots[slot, 0], slots[slot, 1], slots[slot, 2] = first, second, length
