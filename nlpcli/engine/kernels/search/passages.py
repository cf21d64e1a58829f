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


@njit(nogil=True)
def _one_of(letter, some):
    found = False
    for each in some:
        found |= each == letter
    return found


@njit(nogil=True)
def _beside(letters, starts, ends, marks, before, behind):
    """What stands beside each word: 1 for a quotation mark that opens or closes, 2 for a bracket; 0."""
    for word in range(starts.size):
        place = starts[word] - 1
        if place >= 0:
            before[word] = 1 if _one_of(letters[place], marks[0]) else 2 * (letters[place] == marks[2, 0])
        place = ends[word]
        if place < letters.size:
            behind[word] = 1 if _one_of(letters[place], marks[1]) else 2 * (letters[place] == marks[2, 0])


@njit(nogil=True)
def _strengths(shared, weights, sentence, covered, strength, share):
    """How much the words weigh that each word and each sentence share with the question; says in which
    sentence that is most."""
    for word in range(sentence.size):
        for number in range(weights.size):
            if shared[word, number]:
                strength[word] += weights[number]
                covered[sentence[word], number] = 1
    best = 0
    for place in range(share.size):
        for number in range(weights.size):
            if covered[place, number]:
                share[place] += weights[number]
        if share[place] > share[best]:
            best = place
    return best


@njit(nogil=True)
def _cut(word, other, table, kind, shape, starts, ends, letters):
    """Does a span that ends with `word` leave out the rest of a date or name, the word `other` beside it?"""
    first, last = min(word, other), max(word, other)
    if starts[last] != ends[first] + 1 or letters[ends[first]] != 32:
        return False
    held = table[other, shape]
    if kind == 0:
        return 1 <= held <= 3 or (held == 5 and table[word, shape] <= 3)
    return held == 2 if kind == 1 else (kind == 2 or kind == 3) and held == 7


@njit(nogil=True)
def rate_spans(
    spans, table, columns, letters, starts, ends, sentence, shared, weights, kind, unit, focus, marks,
    plain, by_particle, by_shape, by_length, words, sums, covered, share, scores,
):  # fmt: skip
    """How well each span answers, by rules, added to `scores` float64 [C]; kind: of question, 0 to 4.

    spans int32 [5, C] as `find_spans` has them; table int64 [N, columns]; columns int64 [4]: of the shape of
    a word, of whether it tells nothing, of its first form, and how many a form has: the group of the particle
    it lost, its last letter, last two, shape, and whether it ends like a verb. letters uint32, the
    text; starts, ends, sentence int64 [N]; shared, weights as `match` and the rarity of words have them;
    unit, focus: numbers of what an answer may end with; marks uint32 [3, M]: quotation marks that open and
    that close, a bracket. plain float64 [18]; by_particle, by_shape, by_length float64 [·, 5].
    Room, zeros: words float64 [3, N], sums float64 [2, N + 1], covered uint8 [S, Q], share float64 [S].
    """
    count = starts.size
    strength, before, behind = words[0], words[1], words[2]
    best = _strengths(shared, weights, sentence, covered, strength, share)
    _beside(letters, starts, ends, marks, before, behind)
    scale = 0.0
    for number in range(weights.size):
        scale += weights[number]
    scale = max(scale, 1e-9)
    for word in range(count):
        sums[0, word + 1] = sums[0, word] + strength[word]
        sums[1, word + 1] = sums[1, word] + (strength[word] > 0)
    shape, empty, forms, size = columns[0], columns[1], columns[2], columns[3]
    for span in range(spans.shape[1]):
        first, last, form = spans[2, span], spans[3, span], spans[4, span]
        at = forms + size * form
        length = last - first
        here = sentence[first]
        total = plain[0] * share[here] / scale + plain[1] * (here == best)
        total += plain[2] * (sums[0, first] - sums[0, max(first - 5, 0)]) / scale
        total += plain[3] * (sums[0, min(last + 6, count)] - sums[0, last + 1]) / scale
        inside = sums[1, last + 1] - sums[1, first]
        if inside:
            total += plain[4] + plain[5] * inside / (length + 1) + plain[17] * (inside == length + 1)
        if table[first, empty] or table[last, empty]:
            total += plain[6]
        opens, closes = before[first] == 1, form == 0 and behind[last] == 1
        if opens and closes:
            total += plain[7]
        elif opens or closes:
            total += plain[8]
        if form == 0 and behind[last] == 2:
            total += plain[9]
        if before[first] == 2:
            total += plain[10]
        if form == 0 and table[last, at + 4]:
            total += plain[11]
        if spans[1, span] - spans[0, span] == 1:
            total += plain[12]
        if table[last, at + 1] == unit:
            total += plain[13]
        if table[last, at + 2] == focus:
            total += plain[14]
        beside = (first > 0 and strength[first - 1] > 0) + (last + 1 < count and strength[last + 1] > 0)
        total += plain[15] * beside
        if first > 0 and sentence[first - 1] == here:
            total += plain[16] * _cut(first, first - 1, table, kind, shape, starts, ends, letters)
        if last + 1 < count and sentence[last + 1] == here and form == 0:
            total += plain[16] * _cut(last, last + 1, table, kind, shape, starts, ends, letters)
        total += by_particle[table[last, at], kind] + by_shape[table[last, at + 3], kind]
        scores[span] += total + by_length[min(length, 5), kind]


@njit(nogil=True)
def choose(starts, ends, scores, exact, likely, chances, expected, chosen):
    """The spans that are expected to have most right, none of which overlaps a better one; says how many.

    starts, ends int32 [C]; scores float64 [C], log probabilities but for a constant. Of the likeliest,
    int64 [L], each counts for another as far as their letters are the same, and itself `exact` more; the
    earlier of equals first. chances, expected float64 [L]; chosen int64 [n], places in `likely`.
    """
    held, most = 0, scores[0]
    for span in range(scores.size):
        most = max(most, scores[span])
        if held == likely.size and scores[span] <= scores[likely[held - 1]]:
            continue
        place = held if held < likely.size else held - 1
        held = place + 1
        while place and scores[likely[place - 1]] < scores[span]:
            likely[place] = likely[place - 1]
            place -= 1
        likely[place] = span
    total = 0.0
    for span in range(scores.size):
        total += np.exp(scores[span] - most)
    for place in range(held):
        chances[place] = np.exp(scores[likely[place]] - most) / total
    for place in range(held):
        start, end = starts[likely[place]], ends[likely[place]]
        expected[place] = exact * chances[place]
        for other in range(held):
            common = min(ends[likely[other]], end) - max(starts[likely[other]], start)
            if common > 0:
                size = end - start + ends[likely[other]] - starts[likely[other]]
                expected[place] += 2.0 * common / size * chances[other]
    count = 0
    while count < chosen.size:
        best = -1
        for place in range(held):
            free = best < 0 or expected[place] > expected[best]
            for number in range(count if free else 0):
                taken = likely[chosen[number]]
                if starts[taken] < ends[likely[place]] and starts[likely[place]] < ends[taken]:
                    free = False
            if free:
                best = place
        if best < 0:
            break
        chosen[count] = best
        count += 1
    return count
