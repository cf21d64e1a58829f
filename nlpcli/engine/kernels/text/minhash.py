"""Near duplicates: MinHash signatures of texts (Broder 1997), and a table of their bands (LSH)."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True)
def signatures(codes, offsets, size, factors, terms, least, found):
    """The signature of each text: found uint16 [D, K], of hash function k the least over its shingles.

    Of the least hash 16 bits are kept: two that differ are taken for the same once in 65,536 times.

    codes uint32: the characters of all texts; text d is codes[offsets[d]:offsets[d + 1]]. A shingle is
    `size` characters; a shorter text is one. factors (odd), terms uint64 [K]: the hash functions
    (factor · x + term) >> 32 of a shingle's 64-bit hash x. least uint32 [K] is scratch.
    """
    prime = np.uint64(0x100000001B3)
    for text in range(len(offsets) - 1):
        begin, end = offsets[text], offsets[text + 1]
        for k in range(len(factors)):
            least[k] = np.uint32(0xFFFFFFFF)
        last = max(begin + 1, end - size + 1) if begin < end else begin
        for start in range(begin, last):
            value = np.uint64(0xCBF29CE484222325)
            for place in range(start, min(start + size, end)):
                value = (value ^ np.uint64(codes[place])) * prime
            value ^= value >> np.uint64(33)
            value *= np.uint64(0xFF51AFD7ED558CCD)
            value ^= value >> np.uint64(33)
            for k in range(len(factors)):
                hashed = np.uint32((factors[k] * value + terms[k]) >> np.uint64(32))
                if hashed < least[k]:
                    least[k] = hashed
        for k in range(len(factors)):
            found[text, k] = np.uint16(least[k] & np.uint32(0xFFFF))


@njit(nogil=True)
def find(found, first, rows, least, longest, kept, count, slots, following, like, alike):
    """Compare texts from `first` on with those kept, and keep those that are like none: (reached, kept).

    found uint16 [D, K]; a band is `rows` of its columns. like int32 [D]: the kept text that has most in
    common with it, −1 for one that is kept; alike int32 [D]: in how many of the K places they agree, at least
    `least`. kept uint16 [room, K]; slots int32 [bands, 2^n]: the last kept text of each bucket, −1 none;
    following int32 [room, bands]: the one before it, of which `longest` are looked at. Ends early without
    room.
    """
    functions = found.shape[1]
    for text in range(first, len(found)):
        if count == len(kept):
            return text, count
        best, most = -1, least - 1
        for band in range(len(slots)):
            other, looked = slots[band, _bucket(found[text], band, rows, slots.shape[1])], 0
            while other >= 0 and looked < longest:
                same = 0
                for k in range(functions):
                    same += found[text, k] == kept[other, k]
                if same > most or (same == most and same >= least and other < best):
                    best, most = other, same
                other = following[other, band]
                looked += 1
        like[text] = best
        alike[text] = most if best >= 0 else 0
        if best < 0:
            kept[count] = found[text]
            link(kept, count, count + 1, rows, slots, following)
            count += 1
    return len(found), count


@njit(nogil=True)
def link(kept, first, last, rows, slots, following):
    """Put kept texts into their buckets."""
    for text in range(first, last):
        for band in range(len(slots)):
            bucket = _bucket(kept[text], band, rows, slots.shape[1])
            following[text, band] = slots[band, bucket]
            slots[band, bucket] = text


@njit(nogil=True, inline="always")
def _bucket(signature, band, rows, buckets):
    value = np.uint64(0xCBF29CE484222325)
    for row in range(band * rows, (band + 1) * rows):
        value = (value ^ np.uint64(signature[row])) * np.uint64(0x9E3779B97F4A7C15)
        value ^= value >> np.uint64(29)
    return np.int64(value & np.uint64(buckets - 1))
