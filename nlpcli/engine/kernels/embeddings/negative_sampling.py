"""Chance in kernels: random numbers, noise words, and the thinning of frequent words.

Random numbers are splitmix64 (Steele et al. 2014): a state that grows by a constant, and a
mixing of it. A stream is a state; kernels take one and never share it between threads.

Noise words are drawn by Walker's alias method: two look-ups, exact, and a table of 8 bytes a
word, where word2vec's table of 10^8 entries misses every cache.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.embeddings.arguments import Text
from nlpcli.engine.kernels.simd.rows import prefetch_start

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIER_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLIER_2 = np.uint64(0x94D049BB133111EB)
_27 = np.uint64(27)
_30 = np.uint64(30)
_31 = np.uint64(31)
_32 = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)

FARTHEST = 50_000  # words thinned out that a window reaches over, at most, where a chunk of text ends


@numba.njit(nogil=True, fastmath=True)
def mixed(state: np.uint64) -> np.uint64:
    """64 random bits from a state; the next state is `state + GOLDEN`."""
    state = (state ^ (state >> _30)) * _MULTIPLIER_1
    state = (state ^ (state >> _27)) * _MULTIPLIER_2
    return state ^ (state >> _31)


@numba.njit(nogil=True, fastmath=True)
def below(bits: np.uint64, limit: int) -> np.int64:
    """A whole number from 0 to `limit` − 1, from the upper half of 64 random bits."""
    return np.int64(((bits >> _32) * np.uint64(limit)) >> _32)


@numba.njit(nogil=True, fastmath=True)
def drawn(bits: np.uint64, table: NDArray[np.uint32]) -> np.int64:
    """A word from an alias table, from 64 random bits."""
    word = below(bits, len(table))
    stays = np.int64(
        (bits & _LOW) < table[word, 0]
    )  # arithmetic: a branch would be guessed wrong half the time
    return word * stays + np.int64(table[word, 1]) * (1 - stays)


@numba.njit(nogil=True, fastmath=True)
def noise_pool(size: int, table: NDArray[np.uint32], state: np.uint64) -> NDArray[np.int32]:
    """So many noise words, drawn from an alias table by the stream at `state`."""
    pool = np.empty(size, np.int32)
    ahead = state
    for _ in range(size):  # the table is too large to be near
        prefetch_start(table, int(below(mixed(ahead), len(table))))
        ahead += GOLDEN
    for place in range(size):
        pool[place] = drawn(mixed(state), table)
        state += GOLDEN
    return pool


@numba.njit(nogil=True, fastmath=True)
def stays(position: int, word: int, keep: NDArray[np.uint32], stream: np.uint64) -> bool:
    """Whether a word is not thinned out: it depends on its place in the text, not on who asks."""
    return bool((mixed(stream + GOLDEN * np.uint64(position)) >> _32) <= keep[word])


@numba.njit(nogil=True, fastmath=True)
def thinned(
    text: Text,
    first: int,
    last: int,
    reach: int,
    stream: np.uint64,
    kept: NDArray[np.int32],
    bounds: NDArray[np.int64],
) -> tuple[int, int, int]:
    """Copy the words at `first` to `last` that stay to `kept`, between up to `reach` to each side.

    What is beside them are the words of the same sentence that stay too, so that a window ends where
    its sentence does. Gives the number of sentences, and from where to where in `kept` the words of
    `first` to `last` are. Sentence s is `kept[bounds[s]:bounds[s + 1]]`; one that has lost all its
    words is left out. `kept` has room for last − first + 2 · reach words, `bounds` for one more.
    """
    # Taken out of their tuple once: to do so in a loop would count references, at great cost.
    ids, offsets, keep = text
    sentence = np.searchsorted(offsets, first, side="right") - 1
    position, beside = first, 0
    farthest = max(offsets[sentence], first - reach - FARTHEST)
    while position > farthest and beside < reach:
        position -= 1
        beside += stays(position, ids[position], keep, stream)
    begin = beside
    end = size = sentences = 0
    bounds[0] = 0
    while position < last:
        end_of_sentence = min(last, offsets[sentence + 1])
        while position < end_of_sentence:
            word = ids[position]
            if stays(position, word, keep, stream):
                kept[size] = word
                size += 1
            position += 1
        if position == last:
            end = size
            farthest = min(offsets[sentence + 1], last + reach + FARTHEST)
            while position < farthest and size < end + reach:
                word = ids[position]
                if stays(position, word, keep, stream):
                    kept[size] = word
                    size += 1
                position += 1
        if size > bounds[sentences]:
            sentences += 1
            bounds[sentences] = size
        sentence += 1
    return sentences, begin, end


@numba.njit(nogil=True, fastmath=True)
def set_alias_table(weights: NDArray[np.float64], table: NDArray[np.uint32]) -> None:
    """Fill a table [V, 2] from which `drawn` gives words in proportion to `weights` [V].

    Word w stays w for the lower half of the bits below table[w, 0], else it is table[w, 1].
    """
    size = len(weights)
    share = weights / weights.sum() * size
    waiting = np.empty(size, np.int64)  # words with less than their share from below, with more from above
    low, high = 0, size
    for word in range(size):
        table[word, 0] = 0xFFFFFFFF
        table[word, 1] = word
        if share[word] < 1.0:
            waiting[low] = word
            low += 1
        else:
            high -= 1
            waiting[high] = word
    while low > 0 and high < size:
        poor, rich = waiting[low - 1], waiting[high]
        table[poor, 0] = np.uint32(share[poor] * 4294967295.0)
        table[poor, 1] = rich
        share[rich] -= 1.0 - share[poor]
        low -= 1
        if share[rich] < 1.0:
            waiting[low] = rich
            low += 1
            high += 1
