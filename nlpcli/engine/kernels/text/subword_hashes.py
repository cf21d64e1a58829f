"""Character n-grams of words as bucket numbers, over UTF-8 bytes.

The hash and the choice of n-grams are those of fastText (FNV-1a over signed bytes, modulo the
number of buckets), so that its model files mean the same here.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

_OFFSET_BASIS = np.uint32(2166136261)
_PRIME = np.uint32(16777619)
_SIGN = np.uint32(0xFFFFFF00)
_CONTINUES, _MASK, _HIGH = np.uint8(0x80), np.uint8(0xC0), np.uint8(0x80)


@numba.njit(nogil=True)
def subword_buckets(
    text: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    minn: int,
    maxn: int,
    bucket: int,
    starts: NDArray[np.int64],
    buckets: NDArray[np.int32],
) -> None:
    """Set buckets[starts[w]:starts[w + 1]] to the n-grams of each word w; only `starts` if there is no room.

    text: the words, each in its angle brackets, joined; offsets [V + 1]: where they begin.
    """
    size = 0
    starts[0] = 0
    for word in range(len(offsets) - 1):
        begin, end = offsets[word], offsets[word + 1]
        for first in range(begin, end):
            if text[first] & _MASK == _CONTINUES:
                continue
            value = _OFFSET_BASIS
            place = first
            length = 0
            while place < end and length < maxn:
                length += 1
                while True:
                    byte = np.uint32(text[place])
                    if text[place] & _HIGH:
                        byte |= _SIGN
                    value = np.uint32((value ^ byte) * _PRIME)
                    place += 1
                    if place >= end or text[place] & _MASK != _CONTINUES:
                        break
                if length >= minn and not (length == 1 and (first == begin or place == end)):
                    if len(buckets):
                        buckets[size] = value % np.uint32(bucket)
                    size += 1
        starts[word + 1] = size


@numba.njit(nogil=True, fastmath=True)
def row_means(
    matrix: NDArray[np.float32],
    starts: NDArray[np.int64],
    rows: NDArray[np.int64],
    means: NDArray[np.float32],
) -> None:
    """Set row w of `means` to the mean of the rows[starts[w]:starts[w + 1]] of `matrix`."""
    for word in range(len(means)):
        means[word] = 0.0
        for place in range(starts[word], starts[word + 1]):
            row = rows[place]
            for d in range(matrix.shape[1]):
                means[word, d] += matrix[row, d]
        means[word] /= np.float32(max(1, starts[word + 1] - starts[word]))
