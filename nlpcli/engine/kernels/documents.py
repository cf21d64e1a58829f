"""Document rows: counts of ids per document as a compressed sparse matrix, and hashes of tokens."""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(cache=True, nogil=True)
def count_rows(ids, offsets, first, last, seen, place, cells, lengths):
    """The distinct ids of documents `first` to `last`, ascending, each with its count.

    ids int32 [N], offsets int64 [D + 1]; seen and place int64 [V], seen all −1 at first.
    cells int64: receives `id · 2^32 + count` from position `offsets[first]` on, the rows
    packed without gaps; lengths int64 [D]: receives each row's length.
    """
    start = offsets[first]
    for document in range(first, last):
        end = start
        for position in range(offsets[document], offsets[document + 1]):
            token = ids[position]
            if seen[token] == document:
                cells[place[token]] += 1
            else:
                seen[token] = document
                place[token] = end
                cells[end] = (np.int64(token) << 32) | 1
                end += 1
        cells[start:end].sort()
        lengths[document] = end - start
        start = end


@nb.njit(cache=True, nogil=True)
def scale_rows(values, indptr, first, last, squared):
    """Divide each row by its length: Euclidean, or the sum of its absolute values."""
    for row in range(first, last):
        total = 0.0
        for cell in range(indptr[row], indptr[row + 1]):
            total += values[cell] * values[cell] if squared else abs(values[cell])
        if total > 0:
            length = np.sqrt(total) if squared else total
            for cell in range(indptr[row], indptr[row + 1]):
                values[cell] /= length


@nb.njit(cache=True, nogil=True, inline="always")
def _rotated(value, by):
    return (value << np.uint32(by)) | (value >> np.uint32(32 - by))


@nb.njit(cache=True, nogil=True)
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
