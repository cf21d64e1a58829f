"""Word n-grams and character n-grams as 64-bit keys: making, counting and finding them.

A feature is known by a hash of its text, never by a number that depends on what else was
seen; so counts of separate texts can be added key by key. With 10 million features the
chance that any two share a key is 3 in a million.

    starts  int64 [V + 1]    token type v is bytes `pool[starts[v]:starts[v + 1]]`
    hashes  uint64 [V]       key of each type as a feature by itself
    char_ends int64 [V + 1], char_keys uint64: the character n-grams of each type

An n-gram's key is mixed from the key of its first n − 1 words and that of its last. Every
step can be undone (`prefix_of`), which is how a model finds the words of a feature again
without storing them.
"""

from __future__ import annotations

import numba as nb
import numpy as np

_FNV_OFFSET = np.uint64(14695981039346656037)
_FNV_PRIME = np.uint64(1099511628211)
_CHAR_OFFSET = np.uint64(0x6C62272E07BB0142)  # another start, so that "a" the letter is not "a" the word
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_UNMIX_1 = np.uint64(0x96DE1B173F119089)  # inverses modulo 2^64
_UNMIX_2 = np.uint64(0x319642B2D24D8EC3)
_STEP = np.uint64(0x9E3779B97F4A7C15)
_UNSTEP = np.uint64(0xF1DE83E19937733D)
_SPACE = np.uint8(32)


@nb.njit(cache=True, nogil=True, inline="always")
def _mix(key):
    """splitmix64's finaliser (Steele et al. 2014), a bijection."""
    key = (key ^ (key >> np.uint64(30))) * _MIX_1
    key = (key ^ (key >> np.uint64(27))) * _MIX_2
    return key ^ (key >> np.uint64(31))


@nb.njit(cache=True, nogil=True)
def _unmix(key):
    key = key ^ (key >> np.uint64(31)) ^ (key >> np.uint64(62))
    key = key * _UNMIX_2
    key = key ^ (key >> np.uint64(27)) ^ (key >> np.uint64(54))
    key = key * _UNMIX_1
    return key ^ (key >> np.uint64(30)) ^ (key >> np.uint64(60))


@nb.njit(cache=True, nogil=True, inline="always")
def joined(prefix, last):
    """The key of an n-gram from its first n − 1 words' key and its last word's."""
    return _mix(prefix * _STEP + last)


@nb.njit(cache=True, nogil=True)
def prefix_of(key, last, prefixes):
    """For each word of `last` [V]: the prefix that with it makes `key`, into `prefixes` [V]."""
    undone = _unmix(key)
    for word in range(last.size):
        prefixes[word] = (undone - last[word]) * _UNSTEP


@nb.njit(cache=True, nogil=True)
def hash_tokens(pool, starts, hashes):
    """The key of every token type (FNV-1a over its bytes, mixed)."""
    for word in range(starts.size - 1):
        key = _FNV_OFFSET
        for at in range(starts[word], starts[word + 1]):
            key = (key ^ np.uint64(pool[at])) * _FNV_PRIME
        hashes[word] = _mix(key)


@nb.njit(cache=True, nogil=True)
def char_ngrams(pool, starts, first, last, low, high, longest, char_ends, char_keys):
    """Keys of the character n-grams of types `first` to `last`, a space put at both ends.

    A space alone is no feature. `longest` is the most bytes a type has. `char_keys` may be
    empty: then only `char_ends` is filled, to tell how much room is needed.
    """
    text = np.empty(longest + 2, dtype=np.uint8)
    letters = np.empty(longest + 3, dtype=np.int64)
    keep = char_keys.size > 0
    total = char_ends[first]
    for word in range(first, last):
        size = starts[word + 1] - starts[word] + 2
        text[0] = _SPACE
        text[size - 1] = _SPACE
        for at in range(1, size - 1):
            text[at] = pool[starts[word] + at - 1]
        count = 0
        for at in range(size):
            if text[at] & 0xC0 != 0x80:
                letters[count] = at
                count += 1
        letters[count] = size
        for length in range(low, high + 1):
            begin = 1 if length == 1 else 0
            for letter in range(begin, count - length + 1 - begin):
                if keep:
                    key = _CHAR_OFFSET
                    for at in range(letters[letter], letters[letter + length]):
                        key = (key ^ np.uint64(text[at])) * _FNV_PRIME
                    char_keys[total] = _mix(key)
                total += 1
        char_ends[word + 1] = total


@nb.njit(cache=True, nogil=True, inline="always")
def _count(key, document, label, binary, slots, keys, counts, last, used):
    """One more `key` in a document of class `label`; how many keys there are now."""
    mask = np.uint64(slots.size - 1)
    slot = key & mask
    while True:
        row = slots[slot]
        if row < 0:
            slots[slot] = used
            keys[used] = key
            counts[used, label] = 1
            last[used] = document
            return used + 1
        if keys[row] == key:
            if not binary or last[row] != document:
                counts[row, label] += 1
                last[row] = document
            return used
        slot = (slot + np.uint64(1)) & mask


@nb.njit(cache=True, nogil=True)
def count_features(
    ids, offsets, first, end, labels, hashes, low, high, char_ends, char_keys, binary, mask,
    part, shift, slots, keys, counts, last, used,
):  # fmt: skip
    """Features of documents `first` to `end`, counted by class into a hash table.

    Only keys whose bits from `shift` up are `part` are counted: the parts of a table are the
    work of several threads, or of several passes with less memory. `mask` keeps the leading
    bits of a key (feature hashing). A document with a negative label is left out.

    slots int32 [2^k], −1 where free; keys uint64 [F], counts int64 [F, C] (zero beyond
    `used`), last int32 [F]: the document a key was last seen in.
    Returns: (document reached, keys used); stops before a document that might overfill it.
    """
    room = min(slots.size // 2, keys.size)
    wanted = np.uint64(part)
    shift = np.uint64(shift)
    for document in range(first, end):
        label = labels[document]
        if label < 0:
            continue
        begin, stop = offsets[document], offsets[document + 1]
        needed = (stop - begin) * (high - low + 1)
        for at in range(begin, stop):
            needed += char_ends[ids[at] + 1] - char_ends[ids[at]]
        if used + needed > room:
            return document, used
        for at in range(begin, stop):
            key = hashes[ids[at]]
            for length in range(1, min(high, stop - at) + 1):
                if length > 1:
                    key = joined(key, hashes[ids[at + length - 1]])
                masked = key & mask
                if length >= low and masked >> shift == wanted:
                    used = _count(masked, document, label, binary, slots, keys, counts, last, used)
            for number in range(char_ends[ids[at]], char_ends[ids[at] + 1]):
                masked = char_keys[number] & mask
                if masked >> shift == wanted:
                    used = _count(masked, document, label, binary, slots, keys, counts, last, used)
    return end, used


@nb.njit(cache=True, nogil=True)
def rehash(slots, keys, used):
    """Fill an empty (−1), larger table with the keys there are."""
    mask = np.uint64(slots.size - 1)
    for row in range(used):
        slot = keys[row] & mask
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot] = row


@nb.njit(cache=True, nogil=True)
def index_keys(keys, shift, index):
    """Where the keys with each leading bits begin: `index` int64 [2^(64 − shift) + 1], zeros."""
    for key in keys:
        index[(key >> np.uint64(shift)) + np.uint64(1)] += 1
    for bucket in range(index.size - 1):
        index[bucket + 1] += index[bucket]


@nb.njit(cache=True, nogil=True, inline="always")
def _find(key, keys, index, shift):
    """The row of a key in sorted `keys`, −1 when it is not there."""
    bucket = np.int64(key >> shift)
    for row in range(index[bucket], index[bucket + 1]):
        if keys[row] == key:
            return row
    return -1


@nb.njit(cache=True, nogil=True)
def find_rows(wanted, mask, keys, index, shift, rows):
    """The row of every wanted key, or −1, into `rows` int64."""
    for number in range(wanted.size):
        rows[number] = _find(wanted[number] & mask, keys, index, np.uint64(shift))


@nb.njit(cache=True, nogil=True)
def find_features(
    ids, offsets, first, end, hashes, low, high, own_rows, char_ends, char_rows, binary, mask,
    keys, index, shift, seen, serial, ends, rows,
):  # fmt: skip
    """Rows of the known features of documents `first` to `end`, into `rows`, with their `ends`.

    `own_rows` [V] and `char_rows` are the rows of the types and of their character n-grams.
    With `binary` a row comes once per document: `seen` int64 [F] holds the number of the last
    document (from `serial` on) that had it.
    """
    shift = np.uint64(shift)
    total = 0
    for document in range(first, end):
        begin, stop = offsets[document], offsets[document + 1]
        for at in range(begin, stop):
            word = ids[at]
            key = hashes[word]
            for length in range(1, min(high, stop - at) + 1):
                if length == 1:
                    row = own_rows[word]
                else:
                    key = joined(key, hashes[ids[at + length - 1]])
                    row = _find(key & mask, keys, index, shift)
                if length >= low and row >= 0 and not (binary and seen[row] == serial):
                    if binary:
                        seen[row] = serial
                    rows[total] = row
                    total += 1
            for number in range(char_ends[word], char_ends[word + 1]):
                row = char_rows[number]
                if row >= 0 and not (binary and seen[row] == serial):
                    if binary:
                        seen[row] = serial
                    rows[total] = row
                    total += 1
        ends[document - first] = total
        serial += 1
    return total


@nb.njit(cache=True, nogil=True)
def add_scores(rows, ends, weights, scores):
    """Add to `scores` [D, C] the `weights` [F, C] of every document's rows."""
    classes = weights.shape[1]
    begin = 0
    for document in range(ends.size):
        for number in range(begin, ends[document]):
            row = rows[number]
            for label in range(classes):
                scores[document, label] += weights[row, label]
        begin = ends[document]
