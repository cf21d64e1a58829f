"""Features of the characters of a line, as hashes: what stands around a character, and which words of a
dictionary do.

A character is a unit, a number below 2^13: itself, or a class of characters. 0 is beyond the line's ends,
1 a space. What stands in a word (between spaces) is told by columns of `room`, uint64 [N + 1, ROOM], one
row for each unit.
"""

from __future__ import annotations

import numba as nb
import numpy as np

SPACE = 1
WORD_SEED = 11  # of the hash of a word
_BITS, _TWO, _THREE = np.uint64(13), np.uint64(26), np.uint64(39)
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_ODD, _OTHER = np.uint64(7919), np.uint64(104729)
_LONGEST = 10  # entries of the dictionary
# Columns of room. PREFIX and SUFFIX: the word up to here, and from here on. LONG and NAME: the longest
# entry that begins here, its length and kind, and its hash; ENDS: the longest that ends here; COVER and ITS:
# the longest around here, and its hash.
_PREFIX, _SUFFIX, _WORD, _BEFORE, _LONG, _NAME, _ENDS, _COVER, _ITS = range(9)


@nb.njit(nogil=True)
def mixed(value):
    """A hash in which every bit depends on those of `value`."""
    value ^= value >> np.uint64(29)
    value *= np.uint64(0xBF58476D1CE4E5B9)
    return value ^ (value >> np.uint64(32))


@nb.njit(nogil=True)
def _hash(value, kind):
    return mixed(value * _PRIME + np.uint64(kind))


@nb.njit(nogil=True)
def first_slot(hashed, size):
    """Where what has this hash is looked for first in a table of so many slots."""
    return np.int64(((hashed >> np.uint64(32)) * np.uint64(size)) >> np.uint64(32))


@nb.njit(nogil=True)
def joined(hashed, unit):
    """The hash of what has this hash and one unit more."""
    return (hashed + np.uint64(unit) + np.uint64(1)) * _PRIME ^ (hashed >> np.uint64(31))


# --- the dictionary -------------------------------------------------------------------------------


@nb.njit(nogil=True)
def word_hashes(units, starts, hashes):
    """Set hashes uint64 [N] to those of words, word i being units[starts[i]:starts[i + 1]]."""
    for i in range(hashes.size):
        hashed = np.uint64(19)
        for place in range(starts[i], starts[i + 1]):
            hashed = joined(hashed, units[place])
        hashes[i] = mixed(hashed)


@nb.njit(nogil=True)
def add_words(words, hashes, kinds):
    """Put words, uint64 hashes [N] and their kinds uint8 [N], not 0, into the dictionary.

    words: uint32 [M], M > N, a hash table; an entry is 24 bits of the hash and the kind, an empty one 0.
    """
    for i in range(hashes.size):
        slot = first_slot(hashes[i], words.size)
        while words[slot] != 0:
            slot = slot + 1 if slot + 1 < words.size else 0
        words[slot] = np.uint32((hashes[i] & np.uint64(0xFFFFFF)) << np.uint64(8)) | np.uint32(kinds[i])


@nb.njit(nogil=True)
def _kind_of(words, hashed):
    """The kind of a word, 0 for one that is not in the dictionary."""
    slot = first_slot(hashed, words.size)
    mark = np.uint32(hashed & np.uint64(0xFFFFFF))
    while words[slot] != 0:
        if words[slot] >> np.uint32(8) == mark:
            return words[slot] & np.uint32(255)
        slot = slot + 1 if slot + 1 < words.size else 0
    return np.uint32(0)


@nb.njit(nogil=True)
def _match(units, first, end, words, room, kinds):
    """Set kinds and the columns of room that tell entries of the dictionary for the word units[first:end]."""
    room[first:end, _LONG:] = 0
    kinds[first:end] = 0
    for place in range(first, end):
        hashed = joined(np.uint64(19), units[place])
        for last in range(place + 1, min(end, place + _LONGEST)):
            hashed = joined(hashed, units[last])
            name = mixed(hashed)
            kind = _kind_of(words, name)
            if kind:
                kinds[last, last - place + 1] = kind
                told = (np.uint64(last - place + 1) << np.uint64(8)) | np.uint64(kind)
                room[place, _LONG] = told
                room[place, _NAME] = name
                if told >> np.uint64(8) > room[last, _ENDS] >> np.uint64(8):
                    room[last, _ENDS] = told
        length = room[place, _LONG] >> np.uint64(8)
        for other in range(place, place + np.int64(length)):
            if length > (room[other, _COVER] >> np.uint64(8)) & np.uint64(15):
                room[other, _COVER] = room[place, _LONG] | np.uint64(other - place) << np.uint64(12)
                room[other, _ITS] = room[place, _NAME]


# --- features -------------------------------------------------------------------------------------


@nb.njit(nogil=True)
def _tell_words(units, bound, begin, end, words, room, kinds):
    """Set the rows of room and of kinds for units[begin:end], a line; in part for words with given labels."""
    place = begin
    before = np.uint64(7)
    while place < end:
        if units[place] == SPACE:
            room[place] = 0
            place += 1
            continue
        first, is_given = place, True
        hashed = np.uint64(WORD_SEED)
        while place < end and units[place] != SPACE:
            is_given &= bound[place] >= 0
            hashed = joined(hashed, units[place])
            room[place, _PREFIX] = hashed
            place += 1
        whole = hashed
        if is_given:
            room[first, _WORD] = before = whole
            continue
        hashed = np.uint64(13)
        for back in range(place - 1, first - 1, -1):
            hashed = joined(hashed, units[back])
            room[back, _SUFFIX] = hashed
            room[back, _WORD] = whole
            room[back, _BEFORE] = before
        before = whole
        _match(units, first, place, words, room, kinds)
    room[end, _LONG] = 0


@nb.njit(nogil=True)
def _unit(units, place, begin, end):
    return np.uint64(units[place]) if begin <= place < end else np.uint64(0)


@nb.njit(nogil=True)
def _around(units, place, begin, end, row):
    """Features 0 to 13: characters up to three away."""
    here, before, then = (
        _unit(units, place, begin, end),
        _unit(units, place - 1, begin, end),
        _unit(units, place + 1, begin, end),
    )
    before2, then2 = _unit(units, place - 2, begin, end), _unit(units, place + 2, begin, end)
    three = here | before << _BITS | then << _TWO
    left, right = here | before << _BITS | before2 << _TWO, here | then << _BITS | then2 << _TWO
    row[0] = _hash(here, 1)
    row[1] = _hash(here | before << _BITS, 2)
    row[2] = _hash(here | then << _BITS, 3)
    row[3] = _hash(three, 4)
    row[4] = _hash(left, 5)
    row[5] = _hash(right, 6)
    row[6] = _hash(three | before2 << _THREE, 7)
    row[7] = _hash(three | then2 << _THREE, 8)
    row[8] = mixed(mixed((three | then2 << _THREE) * _PRIME + before2) + np.uint64(9))
    row[9] = _hash(left | _unit(units, place - 3, begin, end) << _THREE, 10)
    row[10] = _hash(right | _unit(units, place + 3, begin, end) << _THREE, 11)
    row[11] = _hash(before | then << _BITS, 12)
    row[12] = _hash(before | before2 << _BITS, 13)
    row[13] = _hash(then | then2 << _BITS, 14)


@nb.njit(nogil=True)
def _within(told, before, before2, then, after, begins_after, row):
    """Features 14 to 22: the word, and those before and after it."""
    prefix, suffix = told[_PREFIX], told[_SUFFIX]
    row[14] = _hash(prefix ^ (suffix << np.uint64(1)), 15)
    row[15] = _hash(prefix, 16)
    row[16] = _hash(suffix, 17)
    row[17] = _hash(prefix ^ told[_BEFORE] * np.uint64(3), 18)
    row[18] = _hash(suffix ^ after * np.uint64(3), 19)
    row[19] = _hash(suffix ^ begins_after * np.uint64(5) ^ (prefix << np.uint64(1)), 20)
    row[20] = _hash(prefix ^ then * _ODD, 21)
    row[21] = _hash(suffix ^ before * _ODD ^ before2 * _OTHER, 22)
    row[22] = _hash(suffix ^ begins_after * np.uint64(5), 23)


@nb.njit(nogil=True)
def _by_dictionary(units, place, begin, end, room, row):
    """Features 23 to 31: entries of the dictionary that begin, end and stand around here."""
    here, before, then = (
        _unit(units, place, begin, end),
        _unit(units, place - 1, begin, end),
        _unit(units, place + 1, begin, end),
    )
    starts, ends, cover, name = (
        room[place, _LONG],
        room[place, _ENDS],
        room[place, _COVER],
        room[place, _ITS],
    )
    ended = room[place - 1, _ENDS] if place > begin else np.uint64(0)
    offset, length = cover >> np.uint64(12), (cover >> np.uint64(8)) & np.uint64(15)
    behind = place + np.int64(length - offset) if length else place + 1
    follows, follows2 = _unit(units, behind, begin, end), _unit(units, behind + 1, begin, end)
    row[23] = _hash(starts | ended << _BITS, 24)
    row[24] = _hash(cover | here << np.uint64(32), 25)
    row[25] = _hash(ends | room[place + 1, _LONG] << _BITS | cover << np.uint64(32), 26)
    row[26] = _hash(cover | follows << np.uint64(32), 27)
    row[27] = _hash(cover | follows << np.uint64(20) | follows2 << np.uint64(40), 28)
    row[28] = _hash(name ^ offset * _ODD ^ (here if length == 0 else np.uint64(0)), 29)
    row[29] = _hash(starts | ended << _BITS | cover << np.uint64(32), 30)
    row[30] = _hash(cover | before << np.uint64(20) | here << np.uint64(40), 31)
    row[31] = _hash(cover | ended << np.uint64(20) | then << np.uint64(40), 32)


@nb.njit(nogil=True)
def describe(units, bound, begin, end, words, room, kinds, hashes):
    """Set hashes uint32 [N, SYLLABLE_FEATURES] to those of the features of units[begin:end], a line.

    bound: int32 [N]; where a label is given, 0 or more, features are not needed.
    kinds: uint8 [N, LENGTHS], set to those of the dictionary's words that end at a place, by length.
    """
    _tell_words(units, bound, begin, end, words, room, kinds)
    after = current = begins_after = np.uint64(17)
    for place in range(end - 1, begin - 1, -1):
        if units[place] == SPACE:
            continue
        if place + 1 < end and units[place + 1] == SPACE:
            after = current
            begins_after = _unit(units, place + 2, begin, end)
            if place + 3 < end:
                begins_after = begins_after * np.uint64(65599) + np.uint64(units[place + 3])
        current = room[place, _WORD]
        if bound[place] >= 0:
            continue
        row = hashes[place]
        before, before2 = _unit(units, place - 1, begin, end), _unit(units, place - 2, begin, end)
        then = _unit(units, place + 1, begin, end)
        _around(units, place, begin, end, row)
        _within(room[place], before, before2, then, after, begins_after, row)
        _by_dictionary(units, place, begin, end, room, row)
