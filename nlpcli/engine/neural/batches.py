"""Which sentences are learnt from together: of about the same length, a budget of words a batch."""

from __future__ import annotations

import numpy as np

from nlpcli.engine.neural.packing import Ids

_JITTER = 3.0  # words by which lengths may differ beyond what is needed, so that company changes


def batches(lengths: Ids, tokens: int, random: np.random.Generator) -> list[Ids]:
    """All sentences in batches of up to `tokens` words, or of one that is longer; in order of chance.

    Within a batch the longest come first.
    """
    order = np.argsort(-(lengths + random.uniform(0, _JITTER, len(lengths))), kind="stable")
    found: list[Ids] = []
    begin, size = 0, 0
    for place, length in enumerate(lengths[order].tolist()):
        if size and size + length > tokens:
            found.append(order[begin:place])
            begin, size = place, 0
        size += length
    found.append(order[begin:])
    return [
        (batch := found[n])[np.argsort(-lengths[batch], kind="stable")]
        for n in random.permutation(len(found))
    ]


def at_work(lengths: Ids, tokens: int) -> list[Ids]:
    """The same for a model at work: the longest first, no chance."""
    order = np.argsort(-lengths, kind="stable")
    ends = np.cumsum(lengths[order]) // tokens
    return np.split(order, np.flatnonzero(np.diff(ends)) + 1) if len(order) else []
