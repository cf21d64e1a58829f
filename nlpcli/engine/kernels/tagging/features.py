"""Features of words in their sentences, as hashes: no strings are made.

A word has properties (itself, its affixes, its shape, what its last syllable ends in), and in a sentence
features: its properties and those of its neighbours, alone and in pairs. A feature's hash chooses a row of
weights (the hashing trick; Weinberger et al. 2009).
"""

from __future__ import annotations

import numba as nb
import numpy as np

from nlpcli.engine.kernels.tagging.arguments import (
    COARSE,
    FEATURES,
    FINAL,
    FINE,
    LOWER,
    PREFIX,
    SHAPE,
    SUFFIX,
    VOWEL,
    WORD,
)

_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a
_ODD, _EVEN = np.uint64(0xD6E8FEB86659FD93), np.uint64(0x9E3779B97F4A7C15)
_BEGINNING, _END = np.uint64(0x51), np.uint64(0x52)
_FIRST_SYLLABLE, _LAST_SYLLABLE, _FINALS, _RHYMES = 0xAC00, 0xD7A3, 28, 588


@nb.njit(nogil=True)
def mixed(value):
    """A hash whose bits all depend on all bits of `value`."""
    value ^= value >> np.uint64(32)
    value *= _ODD
    return value ^ (value >> np.uint64(32))


@nb.njit(nogil=True)
def _lowered(byte):
    return byte + np.uint8(32) if 0x41 <= byte <= 0x5A else byte


@nb.njit(nogil=True)
def _hash(text, begin, end, lower):
    value = _BASIS
    for place in range(begin, end):
        byte = _lowered(text[place]) if lower else text[place]
        value = (value ^ np.uint64(byte)) * _PRIME
    return mixed(value)


@nb.njit(nogil=True)
def _kind(byte):
    """What a byte looks like in a word's shape: X, x, 9, a letter beyond ASCII, or itself."""
    if 0x41 <= byte <= 0x5A:
        return 1
    if 0x61 <= byte <= 0x7A:
        return 2
    if 0x30 <= byte <= 0x39:
        return 3
    return 4 if byte >= 0x80 else 5 + byte


@nb.njit(nogil=True)
def _shape(text, begin, end):
    """Like McDonald's is XxXx'x: kinds of characters, repeats once."""
    value, before = _BASIS, 0
    for place in range(begin, end):
        kind = _kind(text[place])
        if kind != before:
            value = (value ^ np.uint64(kind)) * _PRIME
        before = kind
    return mixed(value)


@nb.njit(nogil=True)
def describe_words(text, offsets, words):
    """Set `words` uint64 [N, PROPERTIES] for the words at offsets int64 [N + 1] of text uint8 (UTF-8).

    Classes of words are set by the caller, behind the other properties.
    """
    for word in range(offsets.size - 1):
        begin, end = offsets[word], offsets[word + 1]
        row = words[word]
        row[WORD] = _hash(text, begin, end, False)
        row[LOWER] = _hash(text, begin, end, True)
        last, first = end, begin
        for size in range(4):
            if last > begin:
                last -= 1
                while last > begin and text[last] & 0xC0 == 0x80:
                    last -= 1
            if first < end:
                first += 1
                while first < end and text[first] & 0xC0 == 0x80:
                    first += 1
            row[SUFFIX + size] = _hash(text, last, end, True) + np.uint64(size)
            row[PREFIX + size] = _hash(text, begin, first, True) + np.uint64(size)
        row[SHAPE] = _shape(text, begin, end)
        row[FINAL] = row[VOWEL] = np.uint64(0)
        if end - begin >= 3 and text[end - 3] & 0xF0 == 0xE0:
            code = (text[end - 3] & 0x0F) << 12 | (text[end - 2] & 0x3F) << 6 | (text[end - 1] & 0x3F)
            if _FIRST_SYLLABLE <= code <= _LAST_SYLLABLE:
                row[FINAL] = np.uint64(1 + (code - _FIRST_SYLLABLE) % _FINALS)
                row[VOWEL] = np.uint64(1 + (code - _FIRST_SYLLABLE) % _RHYMES)


@nb.njit(nogil=True)
def feature(value, kind):
    """The hash of a feature: a value, told apart from the same value of another kind."""
    return np.uint32(mixed(value ^ np.uint64(kind) * _EVEN) & np.uint64(0xFFFFFFFF))


@nb.njit(nogil=True)
def _neighbour(words, place, begin, end, column):
    if place < begin:
        return _BEGINNING + np.uint64(begin - place)
    return _END if place >= end else words[place, column]


@nb.njit(nogil=True)
def describe_sentences(words, sentences, features):
    """Set `features` uint32 [N, FEATURES, or with classes CLASS_FEATURES more] for words in sentences.

    sentences: int64 [S + 1], where each begins, and the last ends.
    """
    for sentence in range(sentences.size - 1):
        begin, end = sentences[sentence], sentences[sentence + 1]
        for at in range(begin, end):
            row, own = features[at], words[at]
            before = _neighbour(words, at - 1, begin, end, LOWER)
            after = _neighbour(words, at + 1, begin, end, LOWER)
            second_before = _neighbour(words, at - 2, begin, end, LOWER)
            second_after = _neighbour(words, at + 2, begin, end, LOWER)
            for k in range(VOWEL + 1):
                row[k] = feature(own[k], k)
            k = VOWEL + 1
            row[k] = feature(before, 20)
            row[k + 1] = feature(after, 21)
            row[k + 2] = feature(second_before, 22)
            row[k + 3] = feature(second_after, 23)
            row[k + 4] = feature(before * np.uint64(3) ^ own[LOWER], 24)
            row[k + 5] = feature(after * np.uint64(3) ^ own[LOWER], 25)
            row[k + 6] = feature(_neighbour(words, at - 1, begin, end, SUFFIX + 2), 26)
            row[k + 7] = feature(_neighbour(words, at + 1, begin, end, SUFFIX + 2), 27)
            row[k + 8] = feature(_neighbour(words, at - 1, begin, end, SHAPE), 28)
            row[k + 9] = feature(_neighbour(words, at + 1, begin, end, SHAPE), 29)
            row[k + 10] = feature(before * np.uint64(3) ^ after, 30)
            row[k + 11] = feature(own[SHAPE] ^ np.uint64(at == begin), 31)
            row[k + 12] = feature(own[SUFFIX + 2] ^ before * np.uint64(7), 32)
            row[k + 13] = feature(own[SUFFIX + 2] ^ after * np.uint64(7), 33)
            row[k + 14] = feature(before * np.uint64(3) ^ second_before * np.uint64(5), 34)
            shape_before = _neighbour(words, at - 1, begin, end, SHAPE) * np.uint64(3)
            shape_after = _neighbour(words, at + 1, begin, end, SHAPE) * np.uint64(5)
            end_before = _neighbour(words, at - 1, begin, end, SUFFIX + 1)
            end_after = _neighbour(words, at + 1, begin, end, SUFFIX + 1)
            row[k + 15] = feature(own[SHAPE] ^ shape_before ^ shape_after, 39)
            row[k + 16] = feature(own[SUFFIX + 1] ^ end_before * np.uint64(3), 40)
            row[k + 17] = feature(own[SUFFIX + 1] ^ end_after * np.uint64(3), 41)
            row[k + 18] = feature(own[SHAPE] ^ before * np.uint64(3), 42)
            row[k + 19] = feature(own[SHAPE] ^ after * np.uint64(3), 43)
            row[k + 20] = feature(end_before, 44)
            row[k + 21] = feature(end_after, 45)
            row[k + 22] = feature(own[PREFIX + 2] ^ own[SUFFIX + 2] * np.uint64(3), 46)
            if features.shape[1] > FEATURES:
                _describe_classes(words, at, begin, end, row[FEATURES:])


@nb.njit(nogil=True)
def _describe_classes(words, at, begin, end, row):
    """Set `row` to the features of a word that its class and its neighbours' decide, fine and coarse."""
    three, five = np.uint64(3), np.uint64(5)
    own, shape = words[at, FINE], words[at, SHAPE]
    before = _neighbour(words, at - 1, begin, end, FINE)
    after = _neighbour(words, at + 1, begin, end, FINE)
    coarse_before = _neighbour(words, at - 1, begin, end, COARSE)
    coarse_after = _neighbour(words, at + 1, begin, end, COARSE)
    row[0] = feature(own, 60)
    row[1] = feature(before, 61)
    row[2] = feature(after, 62)
    row[3] = feature(own ^ shape * three, 63)
    row[4] = feature(own ^ before * three, 64)
    row[5] = feature(own ^ after * three, 65)
    row[6] = feature(words[at, COARSE], 66)
    row[7] = feature(words[at, COARSE] ^ shape * three, 67)
    row[8] = feature(coarse_before, 68)
    row[9] = feature(coarse_after, 69)
    row[10] = feature(words[at, COARSE] ^ coarse_before * three ^ coarse_after * five, 70)
    row[11] = feature(coarse_before ^ shape * three ^ coarse_after * five, 71)
