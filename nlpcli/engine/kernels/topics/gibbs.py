"""Collapsed Gibbs sampling of latent Dirichlet allocation (Griffiths and Steyvers 2004).

Every token i, of word w in document d, has a topic z_i, drawn anew given those of all others:

    P(z_i = k) ∝ (n_dk + α_k) · (n_wk + β) / (n_k + V β)          counts without token i

Three things make it fast. `word_rows` holds n_wk + β and `mine` (n_dk + α_k) / (n_k + V β), so that one
product a topic is left. n_k is the count at the beginning of the document: it is large, and what one
document adds to it tells nothing. And nothing is written where the topic stays, which most do.

What the kernels are given: ids, topics int32 [N]; offsets int64 [D + 1]; K topics in rows of a multiple
of 8 numbers, of which those from K on have α 0.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from nlpcli.engine.kernels.embeddings.negative_sampling import GOLDEN, mixed
from nlpcli.engine.kernels.simd.weighted_draw import draw

_ONE = np.float32(1)
_CHANCE = np.float32(2.0**-24 * (1 - 2.0**-20))  # below 1 by more than sums are rounded
_24_BITS = np.uint64(40)


@njit(nogil=True)
def start(word_counts, topic_counts, beta, word_rows, totals):
    """Room for a sweep: n_wk + β, and n_k, as float32 of what was counted."""
    for word in range(word_counts.shape[0]):
        for topic in range(word_counts.shape[1]):
            word_rows[word, topic] = np.float32(word_counts[word, topic]) + beta
    for topic in range(totals.size):
        totals[topic] = np.float32(topic_counts[topic])


@njit(nogil=True)
def first_topics(ids, offsets, first, last, shares, words, names, seed, topics):
    """Draw a first topic for every token of documents `first` to `last`, by a factorisation of the texts.

    shares float32 [D, C] and words float32 [V, C] of the components, all above 0; names int32 [K]: topic k
    is component k modulo C. Of the topics that share a component a document has one.
    """
    components, number = shares.shape[1], names.size
    running = np.empty(components, dtype=np.float32)
    for document in range(first, last):
        stream = mixed(seed * GOLDEN + np.uint64(document))
        for place in range(offsets[document], offsets[document + 1]):
            word = ids[place]
            total = np.float32(0)
            for component in range(components):
                weight = shares[document, component] * words[word, component]
                total += weight * weight * weight
                running[component] = total
            stream += GOLDEN
            drawn = np.float32(np.int64(mixed(stream) >> _24_BITS)) * _CHANCE * total
            component = 0
            while component < components - 1 and running[component] <= drawn:
                component += 1
            parts = np.uint64(1 + (number - 1 - component) // components)
            which = mixed(np.uint64(document) * GOLDEN + np.uint64(component)) % parts
            topics[place] = names[component + components * np.int64(which)]


@njit(nogil=True, fastmath=True)
def sweep(ids, topics, offsets, first, last, alpha, beta_sum, state, word_rows, totals, room, sums):
    """Draw the topics of documents `first` to `last` anew.

    alpha, totals, sums float32 [row]; word_rows float32 [V, row]; room float32 [3, row]; state: of the
    chance.
    """
    row = alpha.size
    counts, shares, mine = room[0], room[1], room[2:3]
    for document in range(first, last):
        begin, end = offsets[document], offsets[document + 1]
        if begin == end:
            continue
        for topic in range(row):
            counts[topic] = alpha[topic]
            shares[topic] = _ONE / (totals[topic] + beta_sum)
        for place in range(begin, end):
            counts[np.uint64(topics[place])] += _ONE
        for topic in range(row):
            totals[topic] -= counts[topic]
            mine[0, topic] = counts[topic] * shares[topic]
        for place in range(begin, end):
            word, old = np.uint64(ids[place]), np.uint64(topics[place])
            left = counts[old] - _ONE
            mine_left, old_row = left * shares[old], word_rows[word, old]
            delta = mine_left * (old_row - _ONE) - mine[0, old] * old_row
            state += GOLDEN
            chance = np.float32(np.int64(mixed(state) >> _24_BITS)) * _CHANCE
            new = np.uint64(draw(mine, 0, word_rows, np.int64(word), np.int64(old), delta, chance, sums))
            if new != old and alpha[new] > 0:
                topics[place] = np.int32(new)
                counts[old] = left
                mine[0, old] = mine_left
                word_rows[word, old] = old_row - _ONE
                word_rows[word, new] += _ONE
                counts[new] += _ONE
                mine[0, new] = counts[new] * shares[new]
        for topic in range(row):
            totals[topic] += counts[topic]


@njit(nogil=True)
def follow(ids, before, topics, first, last, word_rows, totals):
    """Take over what tokens `first` to `last` have changed elsewhere: their topics `before`, and now."""
    for place in range(first, last):
        old, new = np.uint64(before[place]), np.uint64(topics[place])
        if old != new:
            word = np.uint64(ids[place])
            word_rows[word, old] -= _ONE
            word_rows[word, new] += _ONE
            totals[old] -= _ONE
            totals[new] += _ONE


@njit(nogil=True)
def count_topics(ids, topics, first, last, word_counts):
    """Add how often tokens `first` to `last` of each word have each topic: int32 [V, row]."""
    for place in range(first, last):
        word_counts[ids[place], topics[place]] += 1


@njit(nogil=True)
def digamma(x):
    """ψ(x) for x > 0: the recurrence up to 6, then its asymptotic series (Bernardo 1976)."""
    value = 0.0
    while x < 6.0:
        value -= 1.0 / x
        x += 1.0
    square = 1.0 / (x * x)
    series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132))))
    return value + math.log(x) - 0.5 / x - series


@njit(nogil=True)
def prior_sums(topics, offsets, first, last, alpha, counts, above):
    """What Minka's fixed point (2000) is made of, added up over documents; gives what is below the line.

    above[k] += Σ_d ψ(n_dk + α_k) − ψ(α_k);  below = Σ_d ψ(n_d + Σ α) − ψ(Σ α).
    alpha, above float64 [K]; counts int64 [K], zeros before and after.
    """
    total = alpha.sum()
    base, below = digamma(total), 0.0
    bases = above.copy()
    for topic in range(alpha.size):
        bases[topic] = digamma(alpha[topic])
    for document in range(first, last):
        begin, end = offsets[document], offsets[document + 1]
        if begin == end:
            continue
        below += digamma(end - begin + total) - base
        for place in range(begin, end):
            counts[topics[place]] += 1
        for place in range(begin, end):
            topic = topics[place]
            if counts[topic]:
                above[topic] += digamma(counts[topic] + alpha[topic]) - bases[topic]
                counts[topic] = 0
    return below


@njit(nogil=True)
def log_likelihood_of_topics(topics, offsets, first, last, alpha, counts):
    """Log P(z | α) of documents: Σ_d [log Γ(Σα) − log Γ(n_d + Σα) + Σ_k log Γ(n_dk + α_k) − log Γ(α_k)]."""
    total = alpha.sum()
    found = 0.0
    for document in range(first, last):
        begin, end = offsets[document], offsets[document + 1]
        found += math.lgamma(total) - math.lgamma(end - begin + total)
        for place in range(begin, end):
            counts[topics[place]] += 1
        for place in range(begin, end):
            topic = topics[place]
            if counts[topic]:
                found += math.lgamma(counts[topic] + alpha[topic]) - math.lgamma(alpha[topic])
                counts[topic] = 0
    return found


@njit(nogil=True)
def log_likelihood_of_words(word_counts, first, last, topics, beta):
    """Σ log Γ(n_wk + β) − log Γ(β) over words `first` to `last` and the first `topics` topics."""
    base, found = math.lgamma(beta), 0.0
    for word in range(first, last):
        for topic in range(topics):
            if word_counts[word, topic]:
                found += math.lgamma(word_counts[word, topic] + beta) - base
    return found
