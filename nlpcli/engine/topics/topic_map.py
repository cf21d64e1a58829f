"""How far topics are from each other, as places in a plane, and which words tell each: for a page of topics.

distance    the square root of the Jensen–Shannon divergence of two topics' words (Endres and Schindelin 2003)
places      classical multidimensional scaling (Torgerson 1952)
relevance   λ ln P(w | k) + (1 − λ) ln P(w | k) / P(w) (Sievert and Shirley 2014)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.topics.topic_model import TopicModel

Shares = NDArray[np.float64]
_MOST_WORDS = 5_000  # by which topics are compared; the rest is one
_STEPS = 21  # of λ from 0 to 1
_LEAST = 1e-300


def word_shares(model: TopicModel) -> Shares:
    """P(word | topic) as rows [K, V]; of nmf a topic's weights as shares."""
    weights = model.word_weights.T.astype(np.float64)
    shares: Shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), _LEAST)
    return shares


def distances(shares: Shares) -> Shares:
    """Of each topic from each other [K, K], from 0 to 1 (bits); `shares` [K, V].

    >>> distances(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])).round(3).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    compared = _fewer(shares)
    entropies = np.array([_entropy(row[None])[0] for row in compared])
    found = np.zeros((len(compared), len(compared)))
    for topic in range(len(compared) - 1):
        rest = compared[topic + 1 :]
        between = _entropy((rest + compared[topic]) / 2) - (entropies[topic + 1 :] + entropies[topic]) / 2
        found[topic, topic + 1 :] = np.sqrt(np.clip(between, 0.0, 1.0))
    both: Shares = found + found.T
    return both


def _fewer(shares: Shares) -> Shares:
    if shares.shape[1] <= _MOST_WORDS:
        return shares
    order = np.argsort(-shares.sum(axis=0), kind="stable")[: _MOST_WORDS - 1]
    kept = shares[:, np.sort(order)]
    return np.column_stack([kept, np.clip(1 - kept.sum(axis=1), 0, 1)])


def _entropy(rows: Shares) -> Shares:
    found: Shares = -(rows * np.log2(np.maximum(rows, _LEAST))).sum(axis=1)
    return found


def places(apart: Shares) -> Shares:
    """Two coordinates of each [K, 2], whose distances are as near to those that are given as a plane allows.

    >>> abs(places(np.array([[0.0, 2.0], [2.0, 0.0]]))).round(6).tolist()
    [[1.0, 0.0], [1.0, 0.0]]
    """
    size = len(apart)
    found = np.zeros((size, 2))
    centred = np.eye(size) - 1 / size
    values, vectors = np.linalg.eigh(-0.5 * centred @ (apart**2) @ centred)
    for axis, number in enumerate(np.argsort(-values, kind="stable")[:2]):
        if values[number] > 1e-12:
            vector = vectors[:, number] * np.sqrt(values[number])
            found[:, axis] = vector * (1 if vector[np.argmax(np.abs(vector).round(9))] > 0 else -1)
    return found


def telling_words(shares: Shares, everywhere: Shares, top: int) -> list[NDArray[np.int64]]:
    """For each topic the words that are among the `top` most relevant for some λ, by their share there.

    `everywhere` [V] is P(w). Words that a topic lacks are left out.
    """
    found = []
    usual = np.log(np.maximum(everywhere, _LEAST))
    for row in shares:
        there = np.flatnonzero((row > 0) & (everywhere > 0))
        inside = np.log(row[there])
        lift = inside - usual[there]
        chosen: set[int] = set()
        for weight in np.linspace(0, 1, _STEPS).tolist():
            relevance = weight * inside + (1 - weight) * lift
            chosen.update(np.argsort(-relevance, kind="stable")[:top].tolist())
        words = there[sorted(chosen)]
        found.append(words[np.argsort(-row[words], kind="stable")])
    return found
