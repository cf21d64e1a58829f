"""Words out of raw UTF-8 bytes: split, hash, count.

A block is worked through in batches of tokens, small enough for the first-level cache: `_split`
finds where tokens begin and end, `_number` looks them up. The state is a handful of arrays that
the caller owns (`arguments.Table`).

A slot lies within one cache line, and up to sixteen bytes (five Hangul syllables) it holds the
whole token, so that mostly nothing else is touched. Of a longer token it holds two hashes; the
token is compared byte by byte, and no two are ever confused.
A character's class decides what it does to a word; `classes` has one byte per code point.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from nlpcli.engine.kernels.simd.rows import prefetch_start
from nlpcli.engine.kernels.text.arguments import Batch
from nlpcli.engine.kernels.text.codes import APOSTROPHE, BREAK, DIGIT, INVISIBLE, LETTER, MARK
from nlpcli.engine.kernels.text.utf8 import (
    SURE,
    WINDOW,
    bit_count,
    eight_bytes,
    highest_bit,
    lowest_bit,
    spaced_bytes,
    word_bytes,
)

_AHEAD = 16  # slots
_ODD, _ODD_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_ALL, _ONE, _TWO, _THREE = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(1), np.uint64(2), np.uint64(3)
_NONE, _HIGH, _29 = np.uint64(0), np.uint64(32), np.uint64(29)
_LOW = np.uint64(0xFFFFFFFF)
_CUT = np.uint64(0b11 << SURE - 1)  # the last sure byte and the one behind it


@nb.njit(nogil=True, inline="always")
def _decode(text, at):
    """The code point at `at` of valid UTF-8, and its length in bytes."""
    first = np.int64(text[at])
    if first < 0x80:
        return first, 1
    if first < 0xE0:
        return ((first & 0x1F) << 6) | (np.int64(text[at + 1]) & 0x3F), 2
    if first < 0xF0:
        return (
            ((first & 0x0F) << 12) | ((np.int64(text[at + 1]) & 0x3F) << 6) | (np.int64(text[at + 2]) & 0x3F)
        ), 3
    return (
        ((first & 0x07) << 18)
        | ((np.int64(text[at + 1]) & 0x3F) << 12)
        | ((np.int64(text[at + 2]) & 0x3F) << 6)
        | (np.int64(text[at + 3]) & 0x3F)
    ), 4


@nb.njit(nogil=True)
def _class_at(text, at, end, classes):
    """The class of the character at `at`, and its length; past the end is a break."""
    if at >= end:
        return np.int64(BREAK), 1
    code, width = _decode(text, at)
    return (np.int64(classes[code]) if code < classes.size else np.int64(BREAK)), width


@nb.njit(nogil=True)
def _word_end(text, at, end, classes):
    """Where the word that begins at `at` ends; `at` itself where none begins."""
    kind, width = _class_at(text, at, end, classes)
    if kind == BREAK or kind >= MARK:
        return at
    base = kind
    while True:
        at += width
        if kind < MARK:
            base = kind
        kind, width = _class_at(text, at, end, classes)
        if kind == BREAK:
            return at
        if kind >= APOSTROPHE:
            beside = LETTER if kind == APOSTROPHE else DIGIT
            if base != beside or _class_past_marks(text, at + width, end, classes) != beside:
                return at


@nb.njit(nogil=True)
def _class_past_marks(text, at, end, classes):
    """The class of the first character from `at` on that is no mark."""
    kind, width = _class_at(text, at, end, classes)
    while kind in (MARK, INVISIBLE):
        at += width
        kind, width = _class_at(text, at, end, classes)
    return kind


@nb.njit(nogil=True, inline="always")
def _below(place):
    """A 1 for each of the first `place` bits, of which there are fewer than 64."""
    return (_ONE << np.uint64(place)) - _ONE


@nb.njit(nogil=True)
def _split(text, at, end, classes, spaced, begins, stops, ends, tokens, documents):
    """Where the next tokens of `text[at:end]` begin and stop, as many as `begins` has room for.

    `ends` gets the number of tokens before each line end, `tokens` and `documents` being how
    many of each there are already. `spaced` says that words are what stands between white space.

    Returns: (position reached, tokens found, documents).
    """
    found = 0
    room = begins.size - WINDOW
    while at < end and found <= room:
        if at + WINDOW <= end:
            if spaced:
                words, doubtful, lines = spaced_bytes(text, at)
            else:
                words, doubtful, lines = word_bytes(text, at)
            # `at` is never inside a word. A run of bytes that hold together is a word, but for one with
            # doubtful bytes, and one that may go on behind the window: from there on, look again.
            runs = words | doubtful
            first = runs & ~(runs << _ONE)  # the bits where a run begins
            behind = ~runs & (runs << _ONE)  # and where one has ended
            sure = SURE
            if runs & _CUT == _CUT:
                sure = highest_bit(first & _below(SURE))
            closer = sure == 0
            if doubtful & _below(sure):
                sure = highest_bit(first & _below(lowest_bit(doubtful) + 1))
                closer = True
            first &= _below(sure)
            lines &= _below(sure)
            while lines:
                before = first & (lines - _ONE) & ~lines  # what begins before the next line end
                ends[documents] = tokens + found + bit_count(before)
                documents += 1
                lines &= lines - _ONE
            while first:
                place = np.uint64(found)  # a signed index is tested for being negative each time
                begins[place], stops[place] = at + lowest_bit(first), at + lowest_bit(behind)
                first &= first - _ONE
                behind &= behind - _ONE
                found += 1
            at += sure
            if not closer:
                continue
        # A character at a time: what a window could not decide, and the end of the text.
        stop = _word_end(text, at, end, classes)
        if stop > at:
            begins[found], stops[found] = at, stop
            found += 1
            at = stop
        elif at < end:
            if text[at] == 10:
                ends[documents] = tokens + found
                documents += 1
            at += _decode(text, at)[1]
    return at, found, documents


@nb.njit(nogil=True)
def _number(text, batch, found, table, types, place, ids):
    """The numbers of the types of `found` tokens, into `ids`; new types are entered.

    `place` says where the first token stands in the text.

    Returns: (tokens numbered, types); stops where the tables are full.
    """
    begins, stops, times, keys = batch
    slots, starts, pool, firsts = table
    mask = np.uint64(slots.shape[0] - 1)
    most_types = firsts.size
    for token in range(found):
        begin = begins[token]
        length = stops[token] - begin
        if begin + 16 <= text.size and length <= 16:
            first = eight_bytes(text, begin) & (_ALL >> np.uint64(64 - 8 * min(length, 8)))
            rest = length - 8 if length > 8 else 0
            second = eight_bytes(text, begin + 8) & (_ALL >> np.uint64(64 - 8 * rest) if rest else _NONE)
        else:
            first, second = _long_keys(text, begin, length)
        slot = _home(first, second) & mask
        keys[token, 0], keys[token, 1], keys[token, 2] = first, second, slot
        prefetch_start(slots, slot)
    for token in range(found):
        first, second, slot = keys[token, 0], keys[token, 1], keys[token, 2]
        begin = begins[token]
        length = stops[token] - begin
        while True:
            entry = slots[slot, 2]
            if entry == 0:
                if types >= most_types or starts[types] + length > pool.size:
                    return token, types
                base = starts[types]
                for offset in range(length):
                    pool[base + offset] = text[begin + offset]
                starts[types + 1] = base + length
                firsts[types] = place + token
                slots[slot, 0], slots[slot, 1] = first, second
                slots[slot, 2] = (np.uint64(length) << _HIGH) | np.uint64(types + 1)
                slots[slot, 3] = times[token]
                ids[token] = types
                types += 1
                break
            if slots[slot, 0] == first and slots[slot, 1] == second and np.int64(entry >> _HIGH) == length:
                number = np.int64(entry & _LOW) - 1
                if length <= 16 or _same(text, begin, pool, starts[number], length):
                    slots[slot, 3] += times[token]
                    ids[token] = number
                    break
            slot = (slot + _ONE) & mask
    return found, types


@nb.njit(nogil=True, inline="always")
def _home(first, second):
    """The slot to look at first, before masking."""
    key = (first ^ (first >> _29)) * _ODD + second * _ODD_2
    return (key ^ (key >> _HIGH)) * _ODD >> np.uint64(20)


@nb.njit(nogil=True)
def _long_keys(text, begin, length):
    """Two keys of a token: its bytes if there are at most sixteen, else two hashes of them."""
    first = second = np.uint64(0)
    for offset in range(length):
        byte = np.uint64(text[begin + offset])
        if length > 16:
            first = (first ^ byte) * _ODD
            second = (second + byte) * _ODD_2
        elif offset < 8:
            first |= byte << np.uint64(8 * offset)
        else:
            second |= byte << np.uint64(8 * (offset - 8))
    return first, second


@nb.njit(nogil=True, inline="always")
def _same(text, start, pool, base, length):
    same = True
    for offset in range(length):
        same &= pool[base + offset] == text[start + offset]
    return same


@nb.njit(nogil=True)
def scan(text, block, definition, table, batch, scanned, reached):
    """The tokens of `text` from reached.at on and its line ends, written behind those there are.

    There is room for as many types as `firsts` is long, fewer than there are slots. Stops before
    a token that would overfill the tables; the caller enlarges them and goes on from there.
    `batch`, whose `times` are ones, is scratch.

    Returns: what the next call takes as `reached`.
    """
    classes, spaced = definition
    ids, ends = scanned
    at, types, tokens, documents = reached
    while at < text.size:
        stop, found, lines = _split(
            text, at, text.size, classes, spaced, batch.begins, batch.stops, ends, tokens, documents
        )
        numbered, types = _number(text, batch, found, table, types, (block << 32) | tokens, ids[tokens:])
        tokens += numbered
        if numbered < found:
            while documents < lines and ends[documents] <= tokens:
                documents += 1
            return batch.begins[numbered], types, tokens, documents
        at, documents = stop, lines
    return at, types, tokens, documents


@nb.njit(nogil=True)
def lower_ascii(text, lowered):
    """Copy `text` with A to Z as a to z."""
    for place in range(text.size):
        byte = text[place]
        lowered[place] = byte | np.uint8(0x20) if 0x41 <= byte <= 0x5A else byte


@nb.njit(nogil=True)
def rehash(old, new):
    """Fill the empty (0), larger table `new` with what `old` holds."""
    mask = np.uint64(new.shape[0] - 1)
    for place in range(old.shape[0]):
        ahead = min(place + _AHEAD, old.shape[0] - 1)
        prefetch_start(new, _home(old[ahead, 0], old[ahead, 1]) & mask)
        if old[place, 2]:
            slot = _home(old[place, 0], old[place, 1]) & mask
            while new[slot, 2]:
                slot = (slot + _ONE) & mask
            new[slot] = old[place]


@nb.njit(nogil=True)
def counts_of(slots, counts):
    """How often each type was seen, into `counts` [T]."""
    for place in range(slots.shape[0]):
        if slots[place, 2]:
            counts[np.int64(slots[place, 2] & _LOW) - 1] = slots[place, 3]


@nb.njit(nogil=True)
def absorb(table, types, other, counts, keys, position):
    """Add a second scan's types, seen `counts` times, to the first, whose tables are large enough.

    `position[t]` becomes the number, in the first, of the second's type t. Returns: types.
    """
    firsts = table.firsts
    _, starts2, pool2, firsts2 = other
    for begin in range(0, position.size, len(keys)):
        end = min(begin + len(keys), position.size)
        known = types
        batch = Batch(starts2[begin:end], starts2[begin + 1 :], counts[begin:], keys)
        _, types = _number(pool2, batch, end - begin, table, types, 0, position[begin:])
        for theirs in range(begin, end):
            number = position[theirs]
            if number >= known or firsts2[theirs] < firsts[number]:
                firsts[number] = firsts2[theirs]
    return types


@nb.njit(nogil=True)
def take_tokens(pool, starts, order, text):
    """The bytes of the types `order` names, one after the other, into `text`."""
    at = 0
    for number in order:
        for place in range(starts[number], starts[number + 1]):
            text[at] = pool[place]
            at += 1


@nb.njit(nogil=True)
def translate(numbers, table, ids):
    """The entry of each number (none is negative) in `table`, into `ids` (which may be `numbers`)."""
    for place in range(numbers.size):
        ids[place] = table[np.uint32(numbers[place])]


@nb.njit(nogil=True)
def with_case(pool, starts, found):
    """The types in whose bytes stands a character beyond ASCII that may have a lower case, into `found`.

    Small letters and capitals of other scripts lie before U+3000, from U+A640 to U+ABFF, and from
    U+FF21 on: never in kana, Han, or Hangul syllables. Returns: how many.
    """
    count = 0
    for number in range(starts.size - 1):
        place, end = np.uint64(starts[number]), np.uint64(starts[number + 1])
        while place < end:
            byte = pool[place]
            if byte < 0x80:
                place += _ONE
            elif 0xE3 <= byte <= 0xED and (byte != 0xEA or pool[place + _ONE] >= 0xB0):  # U+AC00
                place += _THREE
            elif byte == 0xC2:
                place += _TWO
            else:
                found[count] = number
                count += 1
                break
    return count


@nb.njit(nogil=True)
def with_invisible(pool, starts, classes, found):
    """The types in which a character is INVISIBLE, into `found`. Returns: how many."""
    count = 0
    for number in range(starts.size - 1):
        place, end = starts[number], starts[number + 1]
        while place < end:
            if pool[place] < 0x80:
                place += 1
                continue
            kind, width = _class_at(pool, place, end, classes)
            place += width
            if kind == INVISIBLE:
                found[count] = number
                count += 1
                break
    return count
