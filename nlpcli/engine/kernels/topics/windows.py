"""How often words stand together in a sliding window, for the coherence of topics."""

from __future__ import annotations

from numba import njit


@njit(nogil=True)
def count_windows(ids, offsets, first, last, number, size, inside, present, together):
    """Windows of some documents with both words i and j, added to together[i, j]; how many windows.

    A window is `size` neighbouring tokens; a document has one at every place where a whole one fits, a
    shorter one has one. number int32 [V]: what a word is called here, −1 for one that is not asked about;
    inside, present int64 [n], how often a word stands in the window and which ones do: `inside` is zero
    before and after; together int64 [n, n], on the diagonal windows with a word.
    """
    windows = 0
    for document in range(first, last):
        begin, end = offsets[document], offsets[document + 1]
        if begin == end:
            continue
        waiting, there = 0, 0  # windows alike that are not counted yet, and words in them
        for place in range(begin, end):
            leaving = number[ids[place - size]] if place - size >= begin else -1
            coming = number[ids[place]]
            if leaving != coming:
                if waiting and (leaving >= 0 or coming >= 0):
                    _add(present, there, waiting, together)
                    waiting = 0
                if leaving >= 0:
                    inside[leaving] -= 1
                    if inside[leaving] == 0:
                        there = _without(present, there, leaving)
                if coming >= 0:
                    if inside[coming] == 0:
                        present[there] = coming
                        there += 1
                    inside[coming] += 1
            if place - begin + 1 >= size or place == end - 1:
                waiting += 1
                windows += 1
        _add(present, there, waiting, together)
        for at in range(there):
            inside[present[at]] = 0
    return windows


@njit(nogil=True)
def _add(present, there, times, together):
    for a in range(there):
        for b in range(there):
            together[present[a], present[b]] += times


@njit(nogil=True)
def _without(present, there, word):
    for at in range(there):
        if present[at] == word:
            present[at] = present[there - 1]
            break
    return there - 1
