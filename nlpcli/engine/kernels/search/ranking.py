"""The best documents of a query, of which most are never looked at.

MaxScore (Turtle and Flood 1995) with bounds of blocks (Ding and Suel 2011), a window of documents at a
time: terms that together cannot lift a document above the worst of the best so far are looked up only for
documents that another term has found, and a window that no document can rise from is passed over.

Sums are exact, so the order of the terms changes nothing and documents that score the same tie: what a
posting adds is rounded to a whole number of quanta, about 2⁻⁵² of the largest possible score.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from nlpcli.engine.kernels.search.postings import BLOCK, unpack_block

WINDOW = 4096
_WORTH = 2  # to look a document up takes as long as to add so many postings


@njit(nogil=True, inline="always")
def _worse(scores, documents, one, other):
    return scores[one] < scores[other] or (scores[one] == scores[other] and documents[one] > documents[other])


@njit(nogil=True)
def _swap(scores, documents, one, other):
    scores[one], scores[other] = scores[other], scores[one]
    documents[one], documents[other] = documents[other], documents[one]


@njit(nogil=True)
def keep_best(scores, documents, held, score, document):
    """Put a document on the heap of the best, the worst of which is first; says how many it holds."""
    if held < scores.size:
        place = held
        scores[place], documents[place] = score, document
        while place and _worse(scores, documents, place, (place - 1) // 2):
            _swap(scores, documents, place, (place - 1) // 2)
            place = (place - 1) // 2
        return held + 1
    scores[0], documents[0] = score, document
    place = 0
    while True:
        least = place
        for child in (2 * place + 1, 2 * place + 2):
            if child < held and _worse(scores, documents, child, least):
                least = child
        if least == place:
            return held
        _swap(scores, documents, place, least)
        place = least


@njit(nogil=True, inline="always")
def _added(weight, times, room, by_bm25):
    """What a posting adds to a score, in quanta, as `weight` is; at least one."""
    return max(1.0, np.rint(weight * times / (times + room if by_bm25 else room)))


@njit(nogil=True, inline="always")
def _open(number, first, frequency, index, state, documents, times):
    """Unpack the block that a term stands at, if it is not; False if it is damaged.

    state int64 [T, 4]: of each term its block, the block that is unpacked, the place in that, its size.
    """
    ends, widths, places, packed = index
    block = state[number, 0]
    if state[number, 1] == block:
        return True
    size = min(BLOCK, frequency - BLOCK * (block - first))
    before = np.int64(ends[block - 1]) if block > first else np.int64(-1)
    state[number, 1], state[number, 2], state[number, 3] = block, 0, size
    return size > 0 and unpack_block(
        packed, places[block], places[block + 1], size, before, np.int64(ends[block]),
        np.int64(widths[block, 0]), np.int64(widths[block, 1]), documents[number], times[number],
    )  # fmt: skip


@njit(nogil=True)
def _limits(low, high, blocks, index, bounds, weights, state, limits):
    """Set limits[t] to the most that term t can add to a document from `low` to below `high`; their sum."""
    ends = index[0]
    total = 0.0
    for number in range(weights.size):
        block, stop = state[number, 0], blocks[number, 1]
        while block < stop and ends[block] < low:
            block += 1
        state[number, 0] = block
        most = np.float32(0)
        while block < stop:
            most = max(most, bounds[block])
            if ends[block] >= high - 1:
                break
            block += 1
        limits[number] = np.ceil(weights[number] * most) + 1 if most > 0 else 0.0
        total += limits[number]
    return total


@njit(nogil=True)
def _sort(order, limits):
    for place in range(1, order.size):
        number = order[place]
        while place and limits[order[place - 1]] > limits[number]:
            order[place] = order[place - 1]
            place -= 1
        order[place] = number


@njit(nogil=True, inline="always")
def _add_all(
    number, low, high, blocks, frequency, index, weight, room, by_bm25, state, documents, times, sums
):
    """Add a term's postings from `low` to below `high` to the sums; 1 if there are any, −1 if damaged."""
    ends = index[0]
    found = 0
    while state[number, 0] < blocks[number, 1]:
        if not _open(number, blocks[number, 0], frequency, index, state, documents, times):
            return -1
        place, size = state[number, 2], state[number, 3]
        while place < size and documents[number, place] < low:
            place += 1
        while place < size and documents[number, place] < high:
            document = documents[number, place]
            sums[document - low] += _added(weight, np.float64(times[number, place]), room[document], by_bm25)
            found = 1
            place += 1
        state[number, 2] = place
        if ends[state[number, 0]] >= high:
            break
        state[number, 0] += 1
    return found


@njit(nogil=True, inline="always")
def _looked_up(number, document, blocks, frequency, index, weight, room, by_bm25, state, documents, times):
    """What a term adds to one document; −1 if it is damaged."""
    ends = index[0]
    block, stop = state[number, 0], blocks[number, 1]
    while block < stop and ends[block] < document:
        block += 1
    state[number, 0] = block
    if block == stop:
        return 0.0
    if not _open(number, blocks[number, 0], frequency, index, state, documents, times):
        return -1.0
    place, size = state[number, 2], state[number, 3]
    while place < size and documents[number, place] < document:
        place += 1
    state[number, 2] = place
    if place == size or documents[number, place] != document:
        return 0.0
    return _added(weight, np.float64(times[number, place]), room[document], by_bm25)


@njit(nogil=True)
def best(
    blocks, frequencies, weights, factor, index, bounds, room, by_bm25,
    state, limits, order, documents, times, sums, best_scores, best_documents,
):  # fmt: skip
    """The documents that score highest, as a heap; says how many, or −1 where the index is damaged.

    blocks int64 [T, 2], those of each term of the query; frequencies int64 [T]; weights float64 [T], in
    quanta; factor: k1 + 1 of BM25, which `bounds` have already; index: ends, widths, places, packed
    as `pack` writes them; bounds float32, the most of each block; room float64 [D]: what is added to a count
    with BM25, what it is divided by without.
    Room to work in: state int64 [T, 4]; limits float64 [2, T]; order int64 [T]; documents, times int32
    [T, 128]; sums float64 [4096], zeros. best_scores float64 [n], in quanta; best_documents int64 [n].
    """
    count, held, worst = weights.size, 0, 0.0
    for number in range(count):
        state[number, 0], state[number, 1], order[number] = blocks[number, 0], -1, number
    for low in range(0, room.size, WINDOW):
        high = min(low + WINDOW, room.size)
        if _limits(low, high, blocks, index, bounds, weights, state, limits[0]) <= worst:
            continue
        _sort(order, limits[0])
        spared, rest = 0, 0.0
        while spared < count and rest + limits[0, order[spared]] <= worst:
            rest += limits[0, order[spared]]
            limits[1, spared] = rest
            spared += 1
        busy = 0
        for place in range(spared, count):
            busy += frequencies[order[place]]
        while spared and frequencies[order[spared - 1]] < _WORTH * busy:
            spared -= 1
            busy += frequencies[order[spared]]
        rest = limits[1, spared - 1] if spared else 0.0
        found = 0
        for place in range(spared, count):
            number = order[place]
            added = _add_all(
                number, low, high, blocks, frequencies[number], index, weights[number] * factor, room,
                by_bm25, state, documents, times, sums,
            )  # fmt: skip
            if added < 0:
                return -1
            found |= added
        if not found:
            continue
        for document in range(low, high):
            score = sums[document - low]
            if score <= worst - rest:
                continue
            place = spared - 1
            while place >= 0 and score + limits[1, place] > worst:
                number = order[place]
                added_one = _looked_up(
                    number, document, blocks, frequencies[number], index, weights[number] * factor, room,
                    by_bm25, state, documents, times,
                )  # fmt: skip
                if added_one < 0:
                    return -1
                score += added_one
                place -= 1
            if place < 0 and score > worst:
                held = keep_best(best_scores, best_documents, held, score, document)
                if held == best_scores.size:
                    worst = best_scores[0]
        sums[:] = 0.0
    return held


@njit(nogil=True)
def best_of_all(
    offsets, blocks, frequencies, weights, factor, index, bounds, room, by_bm25,
    state, limits, order, documents, times, sums, best_scores, best_documents, held,
):  # fmt: skip
    """`best` of several queries, the terms of query q at offsets[q] to offsets[q + 1]; False if damaged.

    Room is as `best` has it, for the longest query; best_scores float64 and best_documents int64 [Q, n], of
    which query q gets held[q], int64 [Q].
    """
    for query in range(held.size):
        first, last = offsets[query], offsets[query + 1]
        held[query] = best(
            blocks[first:last], frequencies[first:last], weights[first:last], factor, index, bounds, room,
            by_bm25, state, limits, order[: last - first], documents, times, sums, best_scores[query],
            best_documents[query],
        )  # fmt: skip
        if held[query] < 0:
            return False
    return True
