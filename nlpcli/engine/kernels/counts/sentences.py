"""Sentences that share words, without a pair of sentences ever being held."""

from __future__ import annotations

from numba import njit


@njit(nogil=True)
def meet(starts, logs, summed, met):
    """Add to each pair of a word and a length what all pairs of the same word give it, by length.

    starts int64 [V + 1]: the pairs of each word; logs float64 [P]: logarithm of their length; summed float64
    [P]: what they give, divided by the sum of both logarithms; met float64 [P].
    """
    for word in range(starts.size - 1):
        first, last = starts[word], starts[word + 1]
        for other in range(first, last):
            given, log = summed[other], logs[other]
            for pair in range(first, last):
                met[pair] += 1.0 / (logs[pair] + log) * given
