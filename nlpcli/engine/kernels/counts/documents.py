"""Document rows: counts of ids per document as a compressed sparse matrix, and hashes of tokens."""

from __future__ import annotations

import numba as nb
import numpy as np

from nlpcli.engine.kernels.text.utf8 import lowest_bit

_ONE = np.uint64(1)


@nb.njit(nogil=True)
def count_rows(ids, offsets, first, last, counts, words, groups, indices, data, ends):
    """The distinct ids of documents `first` to `last`, ascending, each with its count.

    ids int32 [N], offsets int64 [D + 1]. counts int32 [V], words uint64 [⌈V / 64⌉] and groups
    uint64 [⌈V / 4096⌉] are 0, before and after: a bit of `words` says that an id was seen, a bit
    of `groups` that a word is not 0, so that reading the bits is all the sorting there is.
    The rows go into indices and data, one after the other from 0 on; ends int64 [D] receives
    where each one ends.
    """
    end = 0
    for document in range(first, last):
        for position in range(offsets[document], offsets[document + 1]):
            token = np.int64(ids[position])
            counts[token] += 1
            words[token >> 6] |= _ONE << np.uint64(token & 63)
            groups[token >> 12] |= _ONE << np.uint64((token >> 6) & 63)
        for group in range(groups.size):
            touched = groups[group]
            groups[group] = 0
            while touched:
                word = (group << 6) + lowest_bit(touched)
                touched &= touched - _ONE
                seen = words[word]
                words[word] = 0
                while seen:
                    token = (word << 6) + lowest_bit(seen)
                    seen &= seen - _ONE
                    indices[end], data[end] = token, counts[token]
                    counts[token] = 0
                    end += 1
        ends[document] = end


@nb.njit(nogil=True)
def count_columns(indices, frequencies):
    """How often each column is named, added to `frequencies` int64 [V]."""
    for column in indices:
        frequencies[column] += 1


@nb.njit(nogil=True)
def weigh_rows(counts, indices, indptr, first, last, idf, sublinear, norm, weights):
    """TF-IDF of rows `first` to `last`: counts times idf, then rows divided by their length.

    norm: 2 for the Euclidean length, 1 for the sum, 0 for rows as they are.
    """
    for row in range(first, last):
        total = 0.0
        for cell in range(indptr[row], indptr[row + 1]):
            frequency = np.float64(counts[cell])
            if sublinear:
                frequency = 1.0 + np.log(frequency)
            weight = frequency * idf[indices[cell]]
            weights[cell] = weight
            total += weight * weight if norm == 2 else abs(weight)
        if norm and total > 0:
            length = np.sqrt(total) if norm == 2 else total
            for cell in range(indptr[row], indptr[row + 1]):
                weights[cell] /= length


@nb.njit(nogil=True)
def spell_counts(text, bounds, counts, lines):
    """A line `token<TAB>count` for each token `text[bounds[t]:bounds[t + 1]]`; how many bytes in all."""
    at = 0
    for token in range(counts.size):
        for place in range(bounds[token], bounds[token + 1]):
            lines[at] = text[place]
            at += 1
        lines[at] = 9
        rest, digits = counts[token], 1
        while rest >= 10:
            rest //= 10
            digits += 1
        rest = counts[token]
        for place in range(at + digits, at, -1):
            lines[place] = 48 + rest % 10
            rest //= 10
        lines[at + digits + 1] = 10
        at += digits + 2
    return at


@nb.njit(nogil=True, inline="always")
def _rotated(value, by):
    return (value << np.uint32(by)) | (value >> np.uint32(32 - by))


@nb.njit(nogil=True)
def murmur3(pool, starts, hashes):
    """MurmurHash3 (x86, 32 bits, seed 0; Appleby 2011) of the tokens pool[starts[t]:starts[t + 1]]."""
    c1 = np.uint32(0xCC9E2D51)
    c2 = np.uint32(0x1B873593)
    for token in range(hashes.size):
        begin, end = starts[token], starts[token + 1]
        value = np.uint32(0)
        at = begin
        while at + 4 <= end:
            block = (
                np.uint32(pool[at])
                | (np.uint32(pool[at + 1]) << np.uint32(8))
                | (np.uint32(pool[at + 2]) << np.uint32(16))
                | (np.uint32(pool[at + 3]) << np.uint32(24))
            )
            block = _rotated(np.uint32(block * c1), 15) * c2
            value = np.uint32(_rotated(value ^ np.uint32(block), 13) * np.uint32(5) + np.uint32(0xE6546B64))
            at += 4
        block = np.uint32(0)
        for offset in range(end - at):
            block |= np.uint32(pool[at + offset]) << np.uint32(8 * offset)
        if at < end:
            value ^= np.uint32(_rotated(np.uint32(block * c1), 15) * c2)
        value ^= np.uint32(end - begin)
        value = np.uint32((value ^ (value >> np.uint32(16))) * np.uint32(0x85EBCA6B))
        value = np.uint32((value ^ (value >> np.uint32(13))) * np.uint32(0xC2B2AE35))
        hashes[token] = value ^ (value >> np.uint32(16))
