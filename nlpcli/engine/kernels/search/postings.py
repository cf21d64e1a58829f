"""Which documents hold a term, packed into few bits.

The postings of a term are cut into blocks of 128. A block holds the differences between its documents'
numbers less one, and then its counts less one, each as numbers of equally many bits one behind the other
in words of 32 bits (frame of reference: Goldstein, Ramakrishnan and Shaft 1998; Lemire and Boytsov 2015).
Beside it stands the most that one of its postings can add to a score, for block-max pruning.
"""

from __future__ import annotations

import numpy as np
from numba import njit

BLOCK = 128
_MASK = (1 << 32) - 1


@njit(nogil=True)
def count_terms(ids, offsets, first, last, starts, terms, seen, frequencies, lengths):
    """Add up in how many documents each term stands, and how many terms each document has.

    ids int32 [N], words; offsets int64 [D + 1]; the terms of word w are terms[starts[w]:starts[w + 1]];
    seen int64 [V], zeros at first, the last document + 1 with the term; frequencies int64 [V]; lengths
    int64 [D].
    """
    for document in range(first, last):
        size = 0
        for place in range(offsets[document], offsets[document + 1]):
            word = ids[place]
            for part in range(starts[word], starts[word + 1]):
                term = terms[part]
                size += 1
                if seen[term] != document + 1:
                    seen[term] = document + 1
                    frequencies[term] += 1
        lengths[document] = size


@njit(nogil=True)
def add_squares(ids, offsets, first, last, starts, terms, weights, counts, touched, squares):
    """Σ (count · weight)² of the terms of each document: squares float64 [D].

    weights float64 [V]; counts int32 [V], zeros, and zeros again; touched int32 [V].
    """
    for document in range(first, last):
        held = 0
        for place in range(offsets[document], offsets[document + 1]):
            word = ids[place]
            for part in range(starts[word], starts[word + 1]):
                term = terms[part]
                if not counts[term]:
                    touched[held] = term
                    held += 1
                counts[term] += 1
        total = 0.0
        for number in range(held):
            term = touched[number]
            total += (counts[term] * weights[term]) ** 2
            counts[term] = 0
        squares[document] = total


@njit(nogil=True)
def fill_postings(
    ids, offsets, first, last, starts, terms, low, high, places, counts, touched, documents, times
):
    """Write the postings of terms `low` to `high`: term by term the documents, ascending, and counts there.

    places int64 [high − low], where the next posting of each term goes; documents, times int32.
    """
    for document in range(first, last):
        held = 0
        for place in range(offsets[document], offsets[document + 1]):
            word = ids[place]
            for part in range(starts[word], starts[word + 1]):
                term = terms[part]
                if low <= term < high:
                    if not counts[term]:
                        touched[held] = term
                        held += 1
                    counts[term] += 1
        for number in range(held):
            term = touched[number]
            to = places[term - low]
            documents[to] = document
            times[to] = counts[term]
            places[term - low] = to + 1
            counts[term] = 0


@njit(nogil=True)
def _width(most):
    width = 0
    while most >> width:
        width += 1
    return width


@njit(nogil=True)
def _put(packed, begin, bit, width, value):
    """One number of `width` bits from `bit` on; words that are begun are zeros before."""
    if not width:
        return
    word, shift = begin + (bit >> 5), bit & 31
    moved = np.int64(value) << np.int64(shift)
    packed[word] |= np.uint32(moved & _MASK)
    if shift + width > 32:
        packed[word + 1] |= np.uint32(moved >> 32)


@njit(nogil=True, inline="always")
def _taken(packed, begin, bit, width):
    """The number of `width` bits from `bit` on; a word more than these may be read."""
    word, shift = np.uint64(begin + (bit >> 5)), np.uint64(bit & 31)
    pair = np.uint64(packed[word]) | (np.uint64(packed[word + np.uint64(1)]) << np.uint64(32))
    return np.int64((pair >> shift) & ((np.uint64(1) << np.uint64(width)) - np.uint64(1)))


@njit(nogil=True)
def pack(documents, times, starts, norms, room, factor, ends, widths, sizes, cosines, bm25, packed):
    """Pack the postings of some terms [n]; says how many words of `packed` that took.

    documents, times int32, those of term t from starts[t] to starts[t + 1], documents ascending; norms
    float32 [D]; room float64 [D] and factor: BM25 of a posting is times · factor / (times + room). Of each
    block: its last document `ends` int32, `widths` uint8 [·, 2], words `sizes` int64, the most of times/norm
    `cosines` float32 and of BM25 `bm25` float32, both a little more. packed uint32, zeros.
    """
    block, used = 0, 0
    for term in range(starts.size - 1):
        before = np.int64(-1)
        for begin in range(starts[term], starts[term + 1], BLOCK):
            end = min(begin + BLOCK, starts[term + 1])
            gap, most, previous = np.int64(0), np.int64(0), before
            cosine = weight = 0.0
            for place in range(begin, end):
                document, count = np.int64(documents[place]), np.int64(times[place])
                gap |= document - previous - 1
                most |= count - 1
                previous = document
                cosine = max(cosine, count / max(np.float64(norms[document]), 1e-12))
                weight = max(weight, count * factor / (count + room[document]))
            gaps, counts = _width(gap), _width(most)
            size = (((end - begin) * gaps + 31) >> 5) + (((end - begin) * counts + 31) >> 5)
            behind = used + (((end - begin) * gaps + 31) >> 5)
            previous = before
            for place in range(begin, end):
                _put(packed, used, (place - begin) * gaps, gaps, documents[place] - previous - 1)
                _put(packed, behind, (place - begin) * counts, counts, times[place] - 1)
                previous = np.int64(documents[place])
            ends[block], before = previous, previous
            widths[block, 0], widths[block, 1] = gaps, counts
            sizes[block] = size
            cosines[block], bm25[block] = cosine * (1 + 1e-6), weight * (1 + 1e-6)
            used += size
            block += 1
    return used


@njit(nogil=True)
def unpack_block(packed, begin, end, size, before, last, gaps, counts, documents, times):
    """The `size` postings of a block that lies in packed[begin:end]; False if it is damaged.

    Nothing of it is trusted: widths, room and the last document must agree, so that documents ascend from
    `before` + 1 to `last`.
    """
    middle = begin + ((size * gaps + 31) >> 5)
    if gaps > 31 or counts > 31 or begin < 0 or end >= packed.size:
        return False
    if middle + ((size * counts + 31) >> 5) != end:
        return False
    document = np.int64(before)
    for number in range(size):  # numbers of no bits lie nowhere, perhaps behind the last word
        document += 1 + (_taken(packed, begin, number * gaps, gaps) if gaps else 0)
        documents[number] = document
    if not counts:
        times[:size] = 1
    for number in range(size if counts else 0):
        times[number] = _taken(packed, middle, number * counts, counts) + 1
    return document == last


@njit(nogil=True)
def unpack(first, last, frequency, ends, widths, places, packed, documents, times):
    """All postings of the term whose blocks are `first` to `last`; False if they are damaged."""
    before, done = np.int64(-1), 0
    for block in range(first, last):
        size = min(BLOCK, frequency - done)
        if not unpack_block(
            packed, places[block], places[block + 1], size, before, np.int64(ends[block]),
            np.int64(widths[block, 0]), np.int64(widths[block, 1]), documents[done:], times[done:],
        ):  # fmt: skip
            return False
        before = np.int64(ends[block])
        done += size
    return done == frequency


@njit(nogil=True)
def first_not_before(content, offsets, wanted, bounds, found):
    """For each of some strings the number of the first of the ascending strings that is not before it.

    content uint8 and offsets int64 [V + 1], the ascending strings; wanted uint8 and bounds int64 [n + 1];
    found int64 [n, 2]: that number (V if there is none), and 1 where the string is the same.
    """
    for number in range(bounds.size - 1):
        begin, size = bounds[number], bounds[number + 1] - bounds[number]
        low, high, same = np.int64(0), np.int64(offsets.size - 1), 0
        while low < high:
            middle = (low + high) // 2
            start, length = offsets[middle], offsets[middle + 1] - offsets[middle]
            at = 0
            while at < size and at < length and content[start + at] == wanted[begin + at]:
                at += 1
            if at == size:
                high = middle
                same = 1 if length == size else 0
            elif at == length or content[start + at] < wanted[begin + at]:
                low = middle + 1
            else:
                high, same = middle, 0
        found[number, 0], found[number, 1] = low, same
