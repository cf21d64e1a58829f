"""One step of beam search: which units the hypotheses of each source go on with.

The probability of a unit is that of writing it, P_write = exp(score − norm) with norm = log Σ exp(score), or
with a copy mechanism g P_write + (1 − g) Σ attention to the places of the source where it stands (See et al.
2017).

A hypothesis never goes on with the unknown, with the end before anything was written, with the last unit of
an n-gram that it holds already, or with what makes a loop: a third repetition of what stands twice in a row,
where the three are as long as `loop` units at least.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from nlpcli.engine.kernels.neural.exponentials import CHUNK, log_sum_exp

_UNKNOWN, _END = 0, 1
_LONGEST_LOOP = 64  # units of what is repeated
_BLOCK = 128  # scores that are looked at together
_TINY = 1e-20
_LOWEST = -1e30


@nb.njit(nogil=True)
def blocked(history, length, ngram, loop, found):
    """Write into `found` the units that a hypothesis history[:length] must not go on with; how many."""
    count = 0
    if ngram == 1:
        for i in range(length):
            found[count] = history[i]
            count += 1
    elif ngram > 1:
        for i in range(length - ngram + 1):
            same = True
            for j in range(ngram - 1):
                if history[i + j] != history[length - ngram + 1 + j]:
                    same = False
                    break
            if same:
                found[count] = history[i + ngram - 1]
                count += 1
    for period in range(1, min(_LONGEST_LOOP, length) + 1):
        needed = max(3 * period, loop) - 1
        if needed > length:
            continue
        same = True
        for i in range(length - 1, length - needed + period - 1, -1):
            if history[i] != history[i - period]:
                same = False
                break
        if same:
            found[count] = history[length - period]
            count += 1
    return count


@nb.njit(nogil=True)
def _among(unit, units, count):
    here = False
    for i in range(count):
        here = here or units[i] == unit
    return here


@nb.njit(nogil=True)
def _insert(value, hypothesis, unit, values, hypotheses, units):
    """Put a candidate in its place among the best, the worst of which drops out."""
    place = values.size - 1
    while place > 0 and values[place - 1] < value:
        values[place] = values[place - 1]
        hypotheses[place] = hypotheses[place - 1]
        units[place] = units[place - 1]
        place -= 1
    values[place] = value
    hypotheses[place] = hypothesis
    units[place] = unit


@nb.njit(nogil=True)
def _shares(source, attention, shares):
    """Set `shares` at the first place of each unit of a source to the attention to all its places."""
    shares[:] = 0.0
    for s in range(source.size):
        if source[s] >= 0:
            first = s
            for other in range(s):
                if source[other] == source[s]:
                    first = other
                    break
            shares[first] += attention[s]


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _highest(scores, tops):
    """Set `tops` to the highest of each block of scores; the highest of all."""
    highest = scores[0]
    for block in range(tops.size):
        some = scores[block * _BLOCK : (block + 1) * _BLOCK]
        top = some[0]
        for i in range(some.size):
            top = max(top, some[i])
        tops[block] = top
        highest = max(highest, top)
    return highest


@nb.njit(nogil=True, error_model="numpy")
def extensions(
    scores, gates, attention, source, totals, histories, length, ngram, loop, values, hypotheses, units
):
    """The M best extensions of the K hypotheses of each of B sources, best first.

    scores: float32 [B·K, T]; gates: float32 [B·K, 2], logarithms of writing and of copying, or [0, 2];
    attention: float32 [B·K, S], or [0, 0]; source: int64 [B, S], −1 beyond its end.
    totals: float64 [B, K], log-probabilities so far, of dead ones −inf; histories: int32 [B·K, L], of which
    `length` are filled. Set are values float64 [B, M], hypotheses and units int64 [B, M]; what is missing has
    the value −1e30.
    """
    each, size = totals.shape[1], scores.shape[1]
    never = np.empty(histories.shape[1] + _LONGEST_LOOP + 1, np.int64)
    stamps = np.full(size, -1, np.int64)  # which row has a unit's chance of being copied added already
    shares = np.zeros(source.shape[1], np.float64)
    tops = np.empty((size + _BLOCK - 1) // _BLOCK, np.float32)
    powers, room = np.empty(CHUNK, np.int32), np.empty(CHUNK, np.float32)
    for b in range(source.shape[0]):
        values[b], hypotheses[b], units[b] = _LOWEST, 0, _END
        best, whose, which = values[b], hypotheses[b], units[b]
        for k in range(each):
            row = b * each + k
            if totals[b, k] <= _LOWEST:
                continue
            count = blocked(histories[row], length, ngram, loop, never)
            own = scores[row]
            base = totals[b, k] - log_sum_exp(own, _highest(own, tops), powers, room)
            if gates.shape[0] > 0:
                base += gates[row, 0]
                _shares(source[b], attention[row], shares)
                copying = totals[b, k] + gates[row, 1]
                for s in range(source.shape[1]):
                    if shares[s] > 0.0:
                        unit = source[b, s]
                        value = copying + np.log(max(shares[s], _TINY))
                        if unit < size:
                            stamps[unit] = row
                            value = np.logaddexp(value, base + own[unit])
                        if value > best[best.size - 1] and not _among(unit, never, count):
                            _insert(value, k, unit, best, whose, which)
            for block in range(tops.size):
                if base + tops[block] <= best[best.size - 1]:
                    continue
                for unit in range(block * _BLOCK, min((block + 1) * _BLOCK, size)):
                    value = base + own[unit]
                    if value > best[best.size - 1]:
                        if unit == _UNKNOWN or stamps[unit] == row or (unit == _END and length == 0):
                            continue
                        if not _among(unit, never, count):
                            _insert(value, k, unit, best, whose, which)
