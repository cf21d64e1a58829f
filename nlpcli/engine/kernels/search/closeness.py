"""How near each other the terms of a query stand in a text, and which of its words stand there whole.

Texts are read as the UTF-8 that they are kept as, once, letter by letter: pairs of Hangul letters, letters of
Hangul alone, and runs of other letters and digits are looked up in a small hash table of the query's terms.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_HANGUL, _LETTERS = 0xAC00, 11172
_OTHER, _NONE = -1, -2  # kinds of letters: of a word but not Hangul; of no word
_FNV, _PRIME, _RUN = 0x4BF29CE484222325, 0x100000001B3, 1 << 62


@njit(nogil=True, inline="always")
def _letter(content, at, end):
    """The Hangul syllable that begins at a byte, or `_OTHER` or `_NONE`; and of how many bytes it is."""
    byte = np.int64(content[at])
    if byte < 0x80:
        small = byte | 32
        return (_OTHER if 97 <= small <= 122 or 48 <= byte <= 57 or byte == 95 else _NONE), 1
    size = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
    size = min(size, end - at)
    if size == 3:
        code = (byte & 15) << 12 | (np.int64(content[at + 1]) & 63) << 6 | (np.int64(content[at + 2]) & 63)
        if _HANGUL <= code < _HANGUL + _LETTERS:
            return code - _HANGUL, 3
        if 0x2000 <= code < 0x2070 or 0x3000 <= code < 0x3020:  # spaces, quotation marks, brackets
            return _NONE, 3
    return _OTHER, size


@njit(nogil=True, inline="always")
def _slot(keys, values, key):
    """The number that a key stands for, −1 if it is not there; keys int64, a power of two, 0: none."""
    place = (key * 0x9E3779B97F4A7C1) >> 20 & (keys.size - 1)
    while keys[place] != 0:
        if keys[place] == key:
            return np.int64(values[place])
        place = (place + 1) & (keys.size - 1)
    return np.int64(-1)


@njit(nogil=True, inline="always")
def _lower(byte):
    return byte | 32 if 65 <= byte <= 90 else byte


@njit(nogil=True, inline="always")
def _next_key(content, end, state):
    """The key of the next term of a text, whichever it is, 0 at the end; the byte that it begins at; state.

    state: the next byte, and the number of its letter; the Hangul before it, the byte that this begins at,
    and how many of Hangul there are in a row; hash of the run of other letters (0: none) and the byte it
    begins at.
    """
    at, letter, before, began, row, run, run_began = state
    while True:
        kind, size = _letter(content, at, end) if at < end else (_NONE, 0)
        if kind != _OTHER and run != 0:
            return (
                run & (_RUN - 1) | _RUN,
                run_began,
                (at, letter, before, began, row, np.int64(0), run_began),
            )
        if kind < 0 and row == 1:
            return (
                1 + _LETTERS * _LETTERS + before, began,
                (at, letter, before, began, np.int64(0), run, run_began)
            )  # fmt: skip
        if at >= end:
            return np.int64(0), at, (at, letter, before, began, row, run, run_began)
        start = at
        at += size
        letter += 1
        if kind >= 0:
            row += 1
            if row > 1:
                return 1 + before * _LETTERS + kind, began, (at, letter, kind, start, row, run, run_began)
            before, began = kind, start
            continue
        row = np.int64(0)
        if kind == _OTHER:
            if run == 0:
                run, run_began = np.int64(_FNV), start
            for place in range(start, at):
                run = (run ^ _lower(np.int64(content[place]))) * _PRIME | 1


@njit(nogil=True, inline="always")
def _begin(at):
    none = np.int64(0)
    return np.int64(at), none, none, none, none, none, none


@njit(nogil=True)
def _same(content, at, end, words, begin, size):
    """Whether a text goes on with a word from a byte on; A is a."""
    if at + size > end:
        return False
    for place in range(size):
        if _lower(np.int64(content[at + place])) != _lower(np.int64(words[begin + place])):
            return False
    return True


@njit(nogil=True)
def _prepare(
    terms, first, words, begin, names, bounds, rarity, stems, ends, keys, values, heads, links, worth
):
    """Put the terms of a query into the table, and its words to the terms that they begin with."""
    keys[:] = 0
    for term in range(terms):
        heads[term] = -1
        if names[bounds[first + term]] == 94:  # ^: how a word begins
            continue
        key, _, state = _next_key(names, bounds[first + term + 1], _begin(bounds[first + term]))
        if key == 0 or state[0] < bounds[first + term + 1] or _slot(keys, values, key) >= 0:
            continue
        place = (key * 0x9E3779B97F4A7C1) >> 20 & (keys.size - 1)
        while keys[place] != 0:
            place = (place + 1) & (keys.size - 1)
        keys[place], values[place] = key, term
    for word in range(words):
        stop = ends[begin + word + 1]
        state = _begin(ends[begin + word])
        worth[word], head = 0.0, -1
        while True:
            key, found, state = _next_key(stems, stop, state)
            if key == 0:
                break
            term = _slot(keys, values, key)
            if term >= 0:
                worth[word] = max(worth[word], rarity[first + term])
                if found == ends[begin + word]:
                    head = term
        if head >= 0:
            links[word], heads[head] = heads[head], word


@njit(nogil=True)
def add_closeness(
    content, offsets, documents, held, term_offsets, names, bounds, weights, rarity, word_offsets, stems,
    ends, window, near, whole, keys, values, heads, links, worth, seen, counts, ring, scores,
):  # fmt: skip
    """Add to the score of each document of each query how close the query stands in it.

    That is `near` times the most that terms weigh which begin within `window` letters, each counted once, and
    `whole` times the rarest term of each word that stands there as it is.
    content uint8, offsets int64 [D + 1]: the texts; documents int64 [Q, n] and scores float64 [Q, n], of
    which query q has held[q]. Its terms are term_offsets[q] to term_offsets[q + 1]: names uint8, bounds
    int64 [T + 1], weights and rarity float64 [T]; its words the same: stems uint8, ends int64 [W + 1].
    Room: keys int64, values int32, a power of two and at least twice the terms of a query; heads, counts
    int32 [terms]; links int32, worth float64, seen uint8 [words]; ring int64 [2, window + 2].
    """
    for query in range(held.size):
        first, begin = term_offsets[query], word_offsets[query]
        terms, words = term_offsets[query + 1] - first, word_offsets[query + 1] - begin
        if terms == 0:
            continue
        _prepare(
            terms,
            first,
            words,
            begin,
            names,
            bounds,
            rarity,
            stems,
            ends,
            keys,
            values,
            heads,
            links,
            worth,
        )
        for number in range(held[query]):
            document = documents[query, number]
            stop = offsets[document + 1]
            state = _begin(offsets[document])
            seen[:] = 0
            counts[:] = 0
            now = most = told = 0.0
            left = right = 0
            while True:
                key, found, state = _next_key(content, stop, state)
                if key == 0:
                    break
                term = _slot(keys, values, key)
                if term < 0:
                    continue
                letter = state[1]
                while left < right and letter - ring[0, left % ring.shape[1]] > window:
                    old = ring[1, left % ring.shape[1]]
                    counts[old] -= 1
                    now -= weights[first + old] if counts[old] == 0 else 0.0
                    left += 1
                ring[0, right % ring.shape[1]], ring[1, right % ring.shape[1]] = letter, term
                right += 1
                counts[term] += 1
                if counts[term] == 1:
                    now += weights[first + term]
                    most = max(most, now)
                word = heads[term]
                while word >= 0:
                    size = ends[begin + word + 1] - ends[begin + word]
                    if not seen[word] and _same(content, found, stop, stems, ends[begin + word], size):
                        seen[word] = 1
                        told += worth[word]
                    word = links[word]
            scores[query, number] += near * most + whole * told
