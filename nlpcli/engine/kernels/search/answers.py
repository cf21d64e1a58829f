"""Questions and texts in pairs, packed one behind the other: what of a question stands in a text, and
where."""

from __future__ import annotations

import numpy as np
from numba import njit

from nlpcli.engine.kernels.search.passages import choose, coverage, match, rate_spans


@njit(nogil=True)
def match_all(
    pairs, words, keys, offsets, sentence, asked_words, asked_keys, asked_offsets, telling, places, shared,
    seen, weights, covered, told,
):  # fmt: skip
    """Of each pair, int64 [P, 2] of question and text: `match` and `coverage`, 0 to 1.

    words int64 [T + 1]: the words of text t; offsets int64 [words + 1]: their keys; sentence int64 [words].
    Of questions the same; telling float64, 0 for a word that only asks. places int64 [P + 1]: where the
    shared words of a pair begin, uint8; seen int64 and weights float64 [P, Q]: of the words of its question,
    the rarer in the text the more; seen zeros. covered uint8, room, zeros; told float64 [P].
    """
    for pair in range(pairs.shape[0]):
        question, text = pairs[pair, 0], pairs[pair, 1]
        first, last = words[text], words[text + 1]
        begin, end = asked_words[question], asked_words[question + 1]
        size, count = last - first, end - begin
        held = shared[places[pair] : places[pair + 1]].reshape((size, count))
        match(keys, offsets[first : last + 1], asked_keys, asked_offsets[begin : end + 1], held, seen[pair])
        total = 0.0
        unseen = np.log(1.0 + size)
        for number in range(count):
            times = seen[pair, number]
            # what is nowhere in the text counts as its rarest
            weight = np.log(1.0 + size / times) if times else unseen
            weights[pair, number] = weight * telling[begin + number]
            total += weights[pair, number]
        rows = sentence[last - 1] + 3
        room = covered[: rows * count].reshape((rows, count))
        most = coverage(held, weights[pair, :count], sentence[first:last], room)
        room[:] = 0
        told[pair] = most / max(total, 1e-9)
        for number in range(count):
            if not seen[pair, number]:
                weights[pair, number] = 0.0


@njit(nogil=True)
def rate_all(
    wanted, pairs, words, spans_at, letters_at, spans, table, columns, letters, starts, ends, sentence,
    asked_words, places, shared, weights, kinds, units, focuses, marks, plain, by_particle, by_shape,
    by_length, room, sums, covered, share, scores_at, scores, exact, likely, chances, expected, chosen,
    found, sure,
):  # fmt: skip
    """The best spans of some of the pairs, int64 [n], as `rate_spans` and `choose` find them.

    Of each text spans_at int64 [T + 1], 5 rows of numbers each, letters_at int64 [T + 1]; kinds, units,
    focuses int64 of each question; scores float64: of the spans of wanted pair n from scores_at[n] on, what
    is known of them already. found int32 [n, top, 2], first letter and last + 1, −1 where there are no more;
    sure float64 [n, top]: their chance.
    Room for the longest text and question, zeros: room float64 [3, N], sums float64 [2, N + 1], covered
    uint8, share float64; likely, chances, expected, chosen as `choose` has them.
    """
    for number in range(wanted.size):
        pair = wanted[number]
        question, text = pairs[pair, 0], pairs[pair, 1]
        first, last = words[text], words[text + 1]
        size, count = last - first, asked_words[question + 1] - asked_words[question]
        sentences = sentence[last - 1] + 1
        mine = spans[5 * spans_at[text] : 5 * spans_at[text + 1]].reshape(
            (5, spans_at[text + 1] - spans_at[text])
        )
        score = scores[scores_at[number] : scores_at[number + 1]]
        rows = covered[: sentences * count].reshape((sentences, count))
        rate_spans(
            mine, table[first:last], columns, letters[letters_at[text] : letters_at[text + 1]],
            starts[first:last], ends[first:last], sentence[first:last],
            shared[places[pair] : places[pair + 1]].reshape((size, count)), weights[pair, :count],
            kinds[question], units[question], focuses[question], marks, plain, by_particle, by_shape,
            by_length, room, sums, rows, share[:sentences], score,
        )  # fmt: skip
        rows[:] = 0
        share[:sentences] = 0.0
        room[:, :size] = 0.0
        held = min(likely.size, score.size)
        taken = choose(
            mine[0], mine[1], score, exact, likely[:held], chances[:held], expected[:held],
            chosen[: min(chosen.size, held)],
        )  # fmt: skip
        found[number] = -1
        for place in range(taken):
            span = likely[chosen[place]]
            found[number, place, 0], found[number, place, 1] = mine[0, span], mine[1, span]
            sure[number, place] = chances[chosen[place]]
