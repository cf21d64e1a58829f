"""Words out of raw UTF-8 bytes: scan, hash, count, one pass.

The state of a scan is a handful of arrays that the caller owns (see `scanner.Scanner`):

    slots   uint64 [2^k, 2]  open-addressing hash table: the type's key; its length · 2^32 +
                             its number + 1 (0: empty)
    starts  int64 [T + 1]    where each type's bytes begin in `pool`
    pool    uint8 [P]        the bytes of all types, one after the other
    counts  int64 [T]        how often each type was seen
    firsts  int64 [T]        where it was first seen (block number · 2^32 + token number)

A key is the token's bytes taken eight at a time and mixed. Mixing is a bijection, so up to
eight bytes the key and the length *are* the token and nothing needs to be compared; a longer
token is compared byte by byte, and no two are ever confused.
A character's class decides what it does to a word; `classes` has one byte per code point.
"""

from __future__ import annotations

import numba as nb
import numpy as np

BREAK, LETTER, DIGIT, UNDERSCORE, MARK, APOSTROPHE, POINT = range(7)

_ODD = np.uint64(0x9E3779B97F4A7C15)


@nb.njit(cache=True, nogil=True, inline="always")
def _mixed(key, eight):
    """`key` with eight more bytes worked in; for a given key a bijection of `eight`."""
    key = (key ^ eight) * _ODD
    return key ^ (key >> np.uint64(29))


@nb.njit(cache=True, nogil=True, inline="always")
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


@nb.njit(cache=True, nogil=True, inline="always")
def _class_at(text, at, end, classes):
    """The class of the character at `at`; past the end is a break."""
    if at >= end:
        return BREAK
    code, _ = _decode(text, at)
    return np.int64(classes[code]) if code < classes.size else np.int64(BREAK)


@nb.njit(cache=True, nogil=True)
def scan(
    text, begin, end, classes, slots, starts, pool, counts, firsts, types, block, ids, tokens, ends, documents
):
    """Tokens of `text[begin:end]` appended to `ids`, line ends to `ends`.

    `types`, `tokens` and `documents` are how many of each there are already. Stops before a
    token that would overfill the tables; the caller enlarges them and goes on from there. What
    happens to every byte or token stands in this one function: handing arrays to inlined ones
    costs numba's reference counts, a third of the speed.

    Returns: (position reached, types, tokens, documents).
    """
    mask = np.uint64(slots.shape[0] - 1)
    most_types = min(slots.shape[0] // 2, counts.size)
    size = classes.size
    at = begin
    while at < end:
        byte = text[at]
        width = 1
        if byte < 0x80:
            kind = classes[byte]
        else:
            code, width = _decode(text, at)
            kind = classes[code] if code < size else np.uint8(BREAK)
        if kind == BREAK or kind >= MARK:
            if byte == 10:
                ends[documents] = tokens
                documents += 1
            at += width
            continue
        # A word begins here.
        start = at
        key = np.uint64(0)
        eight = np.uint64(0)
        shift = np.uint64(0)
        while True:
            for _ in range(width):
                eight |= np.uint64(text[at]) << shift
                shift += np.uint64(8)
                at += 1
                if shift == 64:
                    key = _mixed(key, eight)
                    eight = np.uint64(0)
                    shift = np.uint64(0)
            # The common case in a tight loop: more ASCII letters.
            while at < end and text[at] < 0x80 and classes[text[at]] == LETTER:
                kind = np.uint8(LETTER)
                eight |= np.uint64(text[at]) << shift
                shift += np.uint64(8)
                at += 1
                if shift == 64:
                    key = _mixed(key, eight)
                    eight = np.uint64(0)
                    shift = np.uint64(0)
            before = kind
            if at >= end:
                break
            byte = text[at]
            width = 1
            if byte < 0x80:
                kind = classes[byte]
            else:
                code, width = _decode(text, at)
                kind = classes[code] if code < size else np.uint8(BREAK)
            if kind == BREAK:
                break
            if kind == APOSTROPHE:
                joins = before in (LETTER, MARK)
                if not joins or _class_at(text, at + width, end, classes) != LETTER:
                    break
            elif kind == POINT and (before != DIGIT or _class_at(text, at + width, end, classes) != DIGIT):
                break
        length = at - start
        if shift:
            key = _mixed(key, eight)
        slot = (key >> np.uint64(17)) & mask
        while True:
            entry = slots[slot, 1]
            if entry == 0:
                if types >= most_types or starts[types] + length > pool.size:
                    return start, types, tokens, documents
                found = types
                _enter(slot, key, text, start, length, slots, starts, pool, types)
                counts[types] = 0
                firsts[types] = (block << 32) | tokens
                types += 1
                break
            if slots[slot, 0] == key and np.int64(entry >> np.uint64(32)) == length:
                found = np.int64(entry & np.uint64(0xFFFFFFFF)) - 1
                if length <= 8 or _same(text, start, pool, starts[found], length):
                    break
            slot = (slot + np.uint64(1)) & mask
        counts[found] += 1
        ids[tokens] = found
        tokens += 1
    return at, types, tokens, documents


@nb.njit(cache=True, nogil=True)
def _slot_of(key, text, start, length, slots, starts, pool):
    """The slot that holds the type `text[start:start + length]`, or the empty one where it belongs."""
    mask = np.uint64(slots.shape[0] - 1)
    slot = (key >> np.uint64(17)) & mask
    while True:
        entry = slots[slot, 1]
        if entry == 0:
            break
        if slots[slot, 0] == key and np.int64(entry >> np.uint64(32)) == length:  # noqa: SIM102
            if length <= 8 or _same(text, start, pool, starts[_number_in(entry)], length):
                break
        slot = (slot + np.uint64(1)) & mask
    return slot


@nb.njit(cache=True, nogil=True)
def _number_in(entry):
    """The number of the type that a slot's second half holds."""
    return np.int64(entry & np.uint64(0xFFFFFFFF)) - 1


@nb.njit(cache=True, nogil=True)
def _enter(slot, key, text, start, length, slots, starts, pool, number):
    """Put a new type into an empty slot, and its bytes into the pool."""
    slots[slot, 0] = key
    slots[slot, 1] = (np.uint64(length) << np.uint64(32)) | np.uint64(number + 1)
    base = starts[number]
    for offset in range(length):
        pool[base + offset] = text[start + offset]
    starts[number + 1] = base + length


@nb.njit(cache=True, nogil=True, inline="always")
def _same(text, start, pool, base, length):
    same = True
    for offset in range(length):
        same &= pool[base + offset] == text[start + offset]
    return same


@nb.njit(cache=True, nogil=True)
def rehash(old, new):
    """Fill the empty (0), larger table `new` with what `old` holds."""
    mask = np.uint64(new.shape[0] - 1)
    for place in range(old.shape[0]):
        if old[place, 1]:
            slot = (old[place, 0] >> np.uint64(17)) & mask
            while new[slot, 1]:
                slot = (slot + np.uint64(1)) & mask
            new[slot, 0] = old[place, 0]
            new[slot, 1] = old[place, 1]


@nb.njit(cache=True, nogil=True)
def absorb(slots, starts, pool, counts, firsts, types, slots2, starts2, pool2, counts2, firsts2, position):
    """Add a second scan's types to the first, whose tables are large enough.

    `position[t]` becomes the number, in the first, of the second's type t. Returns: types.
    """
    for place in range(slots2.shape[0]):
        if slots2[place, 1] == 0:
            continue
        key = slots2[place, 0]
        theirs = _number_in(slots2[place, 1])
        start = starts2[theirs]
        length = starts2[theirs + 1] - start
        slot = _slot_of(key, pool2, start, length, slots, starts, pool)
        if slots[slot, 1] == 0:
            _enter(slot, key, pool2, start, length, slots, starts, pool, types)
            counts[types] = 0
            firsts[types] = firsts2[theirs]
            types += 1
        number = _number_in(slots[slot, 1])
        counts[number] += counts2[theirs]
        firsts[number] = min(firsts[number], firsts2[theirs])
        position[theirs] = number
    return types
