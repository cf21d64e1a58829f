"""Word n-grams and character n-grams as 64-bit keys: making, counting and finding them.

A feature is known by a hash of its text, never by a number that depends on what else was
seen; so counts of separate texts can be added key by key. With 10 million features the
chance that any two share a key is 3 in a million.

    starts  int64 [V + 1]    token type v is bytes `pool[starts[v]:starts[v + 1]]`
    hashes  uint64 [V]       key of each type as a feature by itself

A key is made of the key of all but the last word (or letter) and that of the last one. Every
step can be undone (`word_prefixes`, `letter_prefixes`), which is how a model finds the words
of a feature again without storing them.
"""

from __future__ import annotations

import numba as nb
import numpy as np

_FNV_OFFSET = np.uint64(14695981039346656037)
_FNV_PRIME = np.uint64(1099511628211)
_FNV_UNPRIME = np.uint64(0xCE965057AFF6957B)  # its inverse modulo 2^64
_CHAR_OFFSET = np.uint64(0x6C62272E07BB0142)  # another start, so that "a" the letter is not "a" the word
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_UNMIX_1 = np.uint64(0x96DE1B173F119089)  # inverses modulo 2^64
_UNMIX_2 = np.uint64(0x319642B2D24D8EC3)
_STEP = np.uint64(0x9E3779B97F4A7C15)
_UNSTEP = np.uint64(0xF1DE83E19937733D)
_SPACE = np.uint8(32)
_GAP = np.uint64(0x2545F4914F6CDD1D)  # a word in a skip-gram, whichever it is


@nb.njit(nogil=True, inline="always")
def _mix(key):
    """splitmix64's finaliser (Steele et al. 2014), a bijection."""
    key = (key ^ (key >> np.uint64(30))) * _MIX_1
    key = (key ^ (key >> np.uint64(27))) * _MIX_2
    return key ^ (key >> np.uint64(31))


@nb.njit(nogil=True)
def _unmix(key):
    key = key ^ (key >> np.uint64(31)) ^ (key >> np.uint64(62))
    key = key * _UNMIX_2
    key = key ^ (key >> np.uint64(27)) ^ (key >> np.uint64(54))
    key = key * _UNMIX_1
    return key ^ (key >> np.uint64(30)) ^ (key >> np.uint64(60))


@nb.njit(nogil=True, inline="always")
def joined(prefix, last):
    """The key of an n-gram from its first n − 1 words' key and its last word's."""
    return _mix(prefix * _STEP + last)


@nb.njit(nogil=True)
def word_prefixes(key, last, prefixes):
    """For each word key in `last` [V]: the prefix that with it makes `key`, into `prefixes` [V]."""
    undone = _unmix(key)
    for word in range(last.size):
        prefixes[word] = (undone - last[word]) * _UNSTEP


@nb.njit(nogil=True)
def letter_keys(pool, starts, keys):
    """The key of every letter as a character n-gram by itself."""
    for letter in range(starts.size - 1):
        key = _CHAR_OFFSET
        for at in range(starts[letter], starts[letter + 1]):
            key = (key ^ np.uint64(pool[at])) * _FNV_PRIME
        keys[letter] = _mix(key)


@nb.njit(nogil=True)
def letter_prefixes(key, pool, starts, prefixes):
    """The same for character n-grams and the letters `pool[starts[i]:starts[i + 1]]`."""
    undone = _unmix(key)
    for letter in range(starts.size - 1):
        state = undone
        for at in range(starts[letter + 1] - 1, starts[letter] - 1, -1):
            state = (state * _FNV_UNPRIME) ^ np.uint64(pool[at])
        prefixes[letter] = _mix(state)


@nb.njit(nogil=True)
def hash_tokens(pool, starts, hashes):
    """The key of every token type (FNV-1a over its bytes, mixed)."""
    for word in range(starts.size - 1):
        key = _FNV_OFFSET
        for at in range(starts[word], starts[word + 1]):
            key = (key ^ np.uint64(pool[at])) * _FNV_PRIME
        hashes[word] = _mix(key)


@nb.njit(nogil=True)
def empty_text_key():
    """The key of a character n-gram of no characters, where `letter_prefixes` ends."""
    return _mix(_CHAR_OFFSET)


@nb.njit(nogil=True)
def _word_features(ids, begin, stop, hashes, low, high, mask, keys, spans, total):
    """The word n-grams of one document, appended to `keys`."""
    for at in range(begin, stop):
        key = hashes[ids[at]]
        for length in range(1, min(high, stop - at) + 1):
            if length > 1:
                key = joined(key, hashes[ids[at + length - 1]])
            if length >= low:
                keys[total] = key & mask
                if spans.size:
                    spans[total, 0] = at - begin
                    spans[total, 1] = at - begin + length
                total += 1
    return total


@nb.njit(nogil=True)
def _skip_grams(ids, begin, stop, hashes, edges, mask, keys, spans, total):
    """Pairs of words with one between (Guthrie et al. 2006), and the word a document begins with.

    The text is taken to have a mark before it, and with `edges` one behind it, which has the gap's key; with
    `edges` the last word makes a pair with the mark too, and the second from either end, with a word between.
    """
    for at in range(begin - 1, stop):
        for length in range(2, 4):
            last = at + length - 1
            at_edge = at < begin or last == stop
            if last > stop or (length == 2 and not at_edge) or (at < begin and last == stop):
                continue
            if not edges and at_edge and (length == 3 or last == stop):
                continue
            key = _GAP if at < begin else hashes[ids[at]]
            if length == 3:
                key = joined(key, _GAP)
            keys[total] = joined(key, _GAP if last == stop else hashes[ids[last]]) & mask
            if spans.size:
                spans[total, 0] = max(at, begin) - begin
                spans[total, 1] = min(last + 1, stop) - begin
            total += 1
    return total


@nb.njit(nogil=True)
def gap_key():
    """What stands for any word, or for the edge of a text, in a skip-gram's key."""
    return _GAP


@nb.njit(nogil=True)
def before_gaps(keys, words):
    """For each key [N]: the word's key that with a gap behind it makes it, into `words` [N]."""
    for at in range(keys.size):
        words[at] = (_unmix(keys[at]) - _GAP) * _UNSTEP


@nb.njit(nogil=True)
def _char_features(text, letters, words, count, low, high, mask, keys, spans, total):
    """The character n-grams of `text`, appended to `keys`. A space alone is no feature.

    Letter i is bytes `letters[i]` to `letters[i + 1]` and belongs to token `words[i]`.
    """
    for letter in range(count):
        key = _CHAR_OFFSET
        for length in range(1, min(high, count - letter) + 1):
            last = letter + length - 1
            for at in range(letters[last], letters[last + 1]):
                key = (key ^ np.uint64(text[at])) * _FNV_PRIME
            if length >= low and (length > 1 or text[letters[letter]] != _SPACE):
                keys[total] = _mix(key) & mask
                if spans.size:
                    spans[total, 0] = words[letter]
                    spans[total, 1] = words[last] + 1
                total += 1
    return total


@nb.njit(nogil=True)
def make_features(documents, first, end, types, wanted, scratch, made):
    """Keys of all features of documents `first` to `end`.

    A text, or each word of it, has a space at both ends, which character n-grams take in.
    Returns: the number of keys.
    """
    ids, offsets = documents
    hashes, pool, starts = types
    low, high, char_low, char_high, across, skips, edges, mask = wanted
    text, letters, words = scratch
    ends, keys, spans = made
    total = 0
    for document in range(first, end):
        begin, stop = offsets[document], offsets[document + 1]
        total = _word_features(ids, begin, stop, hashes, low, high, mask, keys, spans, total)
        if skips:
            total = _skip_grams(ids, begin, stop, hashes, edges, mask, keys, spans, total)
        if char_high and begin < stop:
            size = count = 0
            for at in range(begin, stop):
                if at == begin or not across:
                    text[0] = _SPACE
                    letters[0] = 0
                    words[0] = at - begin
                    size = count = 1
                for byte in pool[starts[ids[at]] : starts[ids[at] + 1]]:
                    if byte & 0xC0 != 0x80:
                        letters[count] = size
                        words[count] = at - begin
                        count += 1
                    text[size] = byte
                    size += 1
                if at == stop - 1 or not across:
                    text[size] = _SPACE
                    letters[count] = size
                    words[count] = at - begin
                    letters[count + 1] = size + 1
                    total = _char_features(
                        text, letters, words, count + 1, char_low, char_high, mask, keys, spans, total
                    )
        ends[document - first] = total
    return total


@nb.njit(nogil=True)
def index_keys(keys, shift, index):
    """Where the keys with each leading bits begin: `index` int32 [2^(64 − shift) + 1]."""
    bucket = 0
    for row in range(keys.size):
        here = np.int64(keys[row] >> np.uint64(shift))
        while bucket <= here:
            index[bucket] = row
            bucket += 1
    index[bucket:] = keys.size


@nb.njit(nogil=True)
def find_rows(made, ends, keys, index, shift, binary, seen, rows, row_ends):
    """Rows in sorted `keys` of the known features of each document, with where they end.

    With `binary` a row comes once per document; `seen` is scratch, int64 zeros of a power of
    two, at least twice as many as the longest document has features.
    Returns: the number of rows.
    """
    shift = np.uint64(shift)
    total = begin = 0
    for document in range(ends.size):
        first = total
        for at in range(begin, ends[document]):
            key = made[at]
            bucket = key >> shift
            for row in range(index[bucket], index[bucket + np.uint64(1)]):
                if keys[row] >= key:
                    if keys[row] == key:
                        rows[total] = row
                        total += 1
                    break
        begin = ends[document]
        if binary:
            total = _distinct(rows, first, total, seen)
        row_ends[document] = total
    return total


@nb.njit(nogil=True, inline="always")
def _distinct(rows, first, end, seen):
    """Move the first of each of `rows[first:end]` together; where they end now."""
    size = 16
    while size < 2 * (end - first):
        size *= 2
    kept = first
    for at in range(first, end):
        row = np.int64(rows[at]) + 1
        slot = (row * 0x9E3779B1 >> 8) & (size - 1)
        while seen[slot] != 0 and seen[slot] != row:
            slot = (slot + 1) & (size - 1)
        if seen[slot] == 0:
            seen[slot] = row
            rows[kept] = rows[at]
            kept += 1
    seen[:size] = 0
    return kept


@nb.njit(nogil=True)
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
