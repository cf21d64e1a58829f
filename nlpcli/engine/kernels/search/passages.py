"""The spans of a text that may answer a question, and which of its words may be the question's."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True)
def find_spans(starts, ends, sentence, forms, left, most_words, most_letters, spans):
    """Spans of at most so many words and letters, of one sentence each; says how many.

    starts, ends, sentence int64 [N] of each word; forms int64 [N], 1 or 2: also without the last `left` of
    its letters, int64 [N]. spans int32 [5, ≥ 2 · most_words · N]: first letter, last + 1, first and last
    word, form of the last.
    """
    count = 0
    for first in range(starts.size):
        for last in range(first, min(first + most_words, starts.size)):
            if sentence[last] != sentence[first] or ends[last] - starts[first] > most_letters:
                break
            for form in range(forms[last]):
                spans[0, count] = starts[first]
                spans[1, count] = ends[last] - (left[last] if form else 0)
                spans[2, count], spans[3, count], spans[4, count] = first, last, form
                count += 1
    return count


@njit(nogil=True)
def match(keys, offsets, asked, bounds, shared, seen):
    """Which words of a text may be which of a question: those that share its key, or two of three or more.

    keys int64, ascending for each word, those of word n at offsets[n] to offsets[n + 1]; asked and bounds
    the same of the question. shared uint8 [N, Q]; seen int64 [Q], zeros: how many words of the text.
    """
    for number in range(bounds.size - 1):
        first, stop = bounds[number], bounds[number + 1]
        wanted = 1 if stop - first < 3 else 2
        for word in range(offsets.size - 1):
            held, one, other = 0, offsets[word], first
            while one < offsets[word + 1] and other < stop:
                if keys[one] == asked[other]:
                    held += 1
                    one += 1
                    other += 1
                elif keys[one] < asked[other]:
                    one += 1
                else:
                    other += 1
            shared[word, number] = held >= wanted
            seen[number] += held >= wanted


@njit(nogil=True)
def coverage(shared, weights, sentence, covered):
    """The most that the question's words weigh which stand in a sentence or beside it.

    shared uint8 [N, Q]; weights float64 [Q]; sentence int64 [N], ascending; covered uint8 [sentences + 2, Q],
    zeros.
    """
    for word in range(sentence.size):
        for number in range(weights.size):
            if shared[word, number]:
                for beside in range(3):
                    covered[sentence[word] + beside, number] = 1
    most = 0.0
    for place in range(covered.shape[0]):
        total = 0.0
        for number in range(weights.size):
            if covered[place, number]:
                total += weights[number]
        most = max(most, total)
    return most
