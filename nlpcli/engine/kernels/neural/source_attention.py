"""What hypotheses see of their sources at one step of a decoder: shares of attention, and the mean by them.

R = B · K states, K of each source side by side. Source b is number numbers[b] of a memory float32 [·, S, H],
of which lengths[b] places are filled; beyond them shares are zero. `attention` float32 [R, S] and `seen`
float32 [R, H] are set. The formulas stand in `neural/nets/seq2seq.py`.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from nlpcli.engine.kernels.neural.recurrent_cells import _tanh


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _see(strengths, length, memory, shares, seen):
    """Shares by the first strengths, and what they see of a memory [S, H]."""
    highest = strengths[0]
    for s in range(1, length):
        highest = max(highest, strengths[s])
    whole = np.float32(0)
    for s in range(length):
        shares[s] = np.float32(math.exp(strengths[s] - highest))
        whole += shares[s]
    shares[length:] = np.float32(0)
    seen[:] = np.float32(0)
    for s in range(length):
        shares[s] /= whole
        share, row = shares[s], memory[s]
        for j in range(seen.size):
            seen[j] += share * row[j]


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def dot(h, memory, numbers, lengths, attention, seen):
    """By the product of states h float32 [R, H] and memory, divided by √H."""
    each, size = len(h) // len(numbers), h.shape[1]
    scale = np.float32(1 / math.sqrt(size))
    strengths = np.empty(memory.shape[1], np.float32)
    for row in range(len(h)):
        length, own, state = lengths[row // each], memory[numbers[row // each]], h[row]
        for s in range(length):
            place, total = own[s], np.float32(0)
            for j in range(size):
                total += state[j] * place[j]
            strengths[s] = total * scale
        _see(strengths, length, own, attention[row], seen[row])


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def additive(asked, keys, v, memory, numbers, lengths, attention, seen):
    """By v · tanh(asked + key), where asked float32 [R, H] is of states and keys [·, S, H] of the memory."""
    each, size = len(asked) // len(numbers), asked.shape[1]
    strengths = np.empty(memory.shape[1], np.float32)
    for row in range(len(asked)):
        length, number, state = lengths[row // each], numbers[row // each], asked[row]
        for s in range(length):
            key, total = keys[number, s], np.float32(0)
            for j in range(size):
                total += v[j] * _tanh(state[j] + key[j])
            strengths[s] = total
        _see(strengths, length, memory[number], attention[row], seen[row])
