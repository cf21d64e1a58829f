"""Some places through layers of self-attention in int8: matrices, keys and values; and texts written by them.

As `attention_step.py`, with matrices as `int8.py` has them. A key is rounded as a row is there, by its own
scale, and so is a value; a query too, when it is compared with the keys. Keys stand as the columns of a
matrix, so that 64 are compared at once: places are rounded up to whole groups of 64. Values stand as the rows
of one; shares, by which they are added up, are rounded to 14 bits and taken as two rows of int8, 7 bits each.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from nlpcli.engine.kernels.neural.attention_step import norm, norms, square_of_positive, turn
from nlpcli.engine.kernels.neural.drawing import drawn
from nlpcli.engine.kernels.neural.exponentials import CHUNK, exponentials
from nlpcli.engine.kernels.neural.int8 import multiply, multiply_in, round_row
from nlpcli.engine.kernels.simd.int8_products import ROWS, add_up_tile
from nlpcli.engine.kernels.simd.padding import FOUR, GROUP


@nb.njit(nogil=True, error_model="numpy")
def _groups(columns):
    return (columns + GROUP - 1) // GROUP


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _product(x, packed, at, scales, none, out, room):
    """Set `out` to x by the matrix that begins at `at`; where the next begins, and its scales."""
    groups, steps = _groups(out.shape[1]), (x.shape[1] + FOUR - 1) // FOUR
    end, count = at + groups * steps * GROUP * FOUR, len(x)
    q, sizes, totals, sums = room
    multiply_in(
        x,
        packed[at:end].reshape((groups, steps, GROUP * FOUR)),
        scales,
        none,
        out,
        q[: count * steps * FOUR].reshape((count, steps * FOUR)),
        sizes,
        totals,
        sums,
    )
    return end, scales[groups * GROUP :]


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _keep_key(k, place, keys, q):
    """Put a key [d] among those of a head, uint8 [G, S, 256]; its scale."""
    size, _ = round_row(k, q)
    group, first = keys[place // GROUP], place % GROUP * FOUR
    for s in range(len(group)):
        row = group[s]
        for j in range(FOUR):
            row[first + j] = np.uint8(np.int32(q[s * FOUR + j]) + np.int32(128))
    return size


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _keep_value(v, place, first, values, q):
    """Put a value [d] into columns of the values of a layer, uint8 [G, C / 4, 256]; its scale."""
    size, _ = round_row(v, q)
    step, rest = place // FOUR, place % FOUR
    for j in range(v.size):
        column = first + j
        values[column // GROUP, step, column % GROUP * FOUR + rest] = np.uint8(np.int32(q[j]) + np.int32(128))
    return size


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _strengths(q, keys, sizes, place, room, scores):
    """Set `scores` to the products of a query [d] with the keys of a head up to a place; the highest.

    keys uint8 [G, S, 256], sizes float32 [C] their scales; scores go on to the end of a group.
    """
    rounded, sums = room
    size, total = round_row(q, rounded[0])
    size *= np.float32(1 / math.sqrt(q.size))
    offset = total * np.int32(128)
    for group in range(place // GROUP + 1):
        add_up_tile(rounded, 0, 1, keys, group, sums)
        found, start = sums[0], group * GROUP
        scale, into = sizes[start : start + GROUP], scores[start : start + GROUP]
        for c in range(GROUP):
            into[c] = np.float32(found[c] - offset) * (size * scale[c])
    highest = scores[0]
    for c in range(place + 1):
        highest = max(highest, scores[c])
    return highest


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _in_two(shares, sizes, whole, parts):
    """Set parts int8 [2, 4 S] to shares by the scales of their values, rounded; what one of them is worth.

    `whole` is the sum of all shares. There are zeros behind them. The sums of the two rows of `parts` follow.
    """
    largest = np.float32(1e-30)
    for c in range(shares.size):
        shares[c] *= sizes[c]
        largest = max(largest, shares[c])
    inverse, high, low = np.float32(16256) / largest, parts[0], parts[1]
    one, other = np.int32(0), np.int32(0)
    for c in range(shares.size):
        number = np.int32(shares[c] * inverse + np.float32(0.5))
        high[c], low[c] = np.int8(number >> np.int32(7)), np.int8(number & np.int32(127))
        one += number >> np.int32(7)
        other += number & np.int32(127)
    high[shares.size :] = 0
    low[shares.size :] = 0
    return largest / (np.float32(16256) * whole), one, other


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _add_values(parts, values, first, worth, ones, others, sums, out):
    """Set `out` [d] to columns from `first` on of the values uint8 [G, C / 4, 256], by rows of shares."""
    steps, done = parts.shape[1] // FOUR, 0
    while done < out.size:
        column = first + done
        group, start = column // GROUP, column % GROUP
        stop = min(GROUP, start + out.size - done)
        add_up_tile(parts, 0, 2, values[group : group + 1, :steps], 0, sums)
        into = out[done : done + stop - start]
        high, low = sums[0, start:stop], sums[1, start:stop]
        for j in range(into.size):
            above, below = np.float32(high[j] - ones), np.float32(low[j] - others)
            into[j] = worth * (np.float32(128) * above + below)
        done += stop - start


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _look_back(three, gains, epsilon, angles, place, keys, values, sizes, room, out):
    """Set `out` [D] to what the heads see from `place`, whose q, k and v are `three` [3 D].

    gains [2, d] of the norms; angles [2, C, d/2]; keys uint8 [H, G, S, 256], values uint8 [·, C / 4, 256] and
    sizes float32 [2, H, C], their scales: filled at `place`.
    """
    size, head = out.size, gains.shape[1]
    cosines, sines = angles[0, place], angles[1, place]
    rounded, sums, scores, shares, powers, bytes_ = room
    seen, some = scores[: place + 1], shares[: place + 1]
    rows = (place + FOUR) // FOUR * FOUR
    parts = bytes_[: 2 * rows].reshape((2, rows))
    for h in range(len(keys)):
        q = three[h * head : (h + 1) * head]
        k = three[size + h * head : size + (h + 1) * head]
        v = three[2 * size + h * head : 2 * size + (h + 1) * head]
        norm(q, gains[0], epsilon, q)
        turn(q, cosines, sines)
        norm(k, gains[1], epsilon, k)
        turn(k, cosines, sines)
        sizes[0, h, place] = _keep_key(k, place, keys[h], rounded[0])
        sizes[1, h, place] = _keep_value(v, place, h * head, values, rounded[0])
        highest = _strengths(q, keys[h], sizes[0, h], place, (rounded, sums), scores)
        whole = np.float32(exponentials(seen, highest, powers, some))
        worth, one, other = _in_two(some, sizes[1, h], whole, parts)
        into = out[h * head : (h + 1) * head]
        _add_values(parts, values, h * head, worth, one * 128, other * 128, sums, into)


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def step(x, floats, packed, layers, epsilon, keys, values, sizes, place):
    """Replace inputs x float32 [B, P, D] of P places of B texts by the outputs of some layers, normed.

    packed uint8: of each layer W_qkv, W_o, W_in and W_out, as `int8.multiply` takes them. floats float32: of
    each layer its norm [D], the norms of queries and of keys [2, d], the inner norm [D], and the scales of
    the four; then the last norm [D], and cosines and sines [2, C, d/2]. keys uint8 [B, layers, H, G, S, 256],
    values uint8 [B, layers, ⌈D / 64⌉, C / 4, 256] and their scales float32 [B, layers, 2, H, C], C = 64 G:
    filled before `place`, and here from it on.
    """
    texts, count, size = x.shape
    head = size // keys.shape[2]
    rows = x.reshape((texts * count, size))
    many = len(rows)
    normed, back, none = np.empty_like(rows), np.empty_like(rows), np.zeros(4 * size, np.float32)
    three, wide = np.empty((many, 3 * size), np.float32), np.empty((many, 4 * size), np.float32)
    sums, places = np.empty((ROWS, GROUP), np.int32), sizes.shape[4]
    room = (
        np.empty(many * (4 * size + FOUR), np.int8),
        np.empty(many, np.float32),
        np.empty(many, np.int32),
        sums,
    )
    seeing = (
        np.zeros((1, keys.shape[4] * FOUR), np.int8),
        sums,
        np.empty(places, np.float32),
        np.empty(places, np.float32),
        np.empty(CHUNK, np.int32),
        np.empty(2 * places, np.int8),
    )
    each = 2 * size + 2 * head + (_groups(3 * size) + 2 * _groups(size) + _groups(4 * size)) * GROUP
    angles = floats[layers * each + size :]
    angles = angles.reshape((2, angles.size // head, head // 2))
    at = 0
    for n in range(layers):
        own = floats[n * each : (n + 1) * each]
        gains = own[size : size + 2 * head].reshape((2, head))
        gain, scales = own[size + 2 * head : 2 * size + 2 * head], own[2 * size + 2 * head :]
        norms(rows, own[:size], epsilon, normed)
        at, scales = _product(normed, packed, at, scales, none, three, room)
        for row in range(many):
            text, here = row // count, place + row % count
            _look_back(
                three[row],
                gains,
                epsilon,
                angles,
                here,
                keys[text, n],
                values[text, n],
                sizes[text, n],
                seeing,
                normed[row],
            )
        at, scales = _product(normed, packed, at, scales, none, back, room)
        _add(rows, back)
        norms(rows, gain, epsilon, normed)
        at, scales = _product(normed, packed, at, scales, none, wide, room)
        square_of_positive(wide.reshape(-1))
        at, scales = _product(wide, packed, at, scales, none, back, room)
        _add(rows, back)
    norms(rows, floats[layers * each : layers * each + size], epsilon, rows)


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _add(rows, back):
    for r in range(len(rows)):
        row, more = rows[r], back[r]
        for i in range(row.size):
            row[i] += more[i]


@nb.njit(nogil=True, error_model="numpy")
def write(tables, output, choice, numbers, window, given, cache, place, written):
    """Write units after window[:place + 1], of which the last is yet to be read; how many, `numbers` at most.

    tables float32 [3, V, D]: the vectors of a unit, of the one before and of the one before that. output: the
    last matrix, its scales and its bias. choice: temperature, top k, top p, and a unit that never comes, or
    −1. numbers float64: those in [0, 1) that draw. window int64 [C + 1]: it ends at C units, or when all
    `numbers` are used up. given: floats, packed, layers and epsilon as `step` takes them; cache: keys, values
    and their scales.
    """
    temperature, top_k, top_p, never = choice
    floats, packed, layers, epsilon = given
    keys, values, sizes = cache
    x = np.empty((1, 1, tables.shape[2]), np.float32)
    logits = np.empty((1, tables.shape[1]), np.float32)
    row, count = x[0, 0], 0
    for number in numbers:
        if place == window.size - 1:
            break
        row[:] = tables[0, window[place]]
        for back in range(1, min(len(tables), place + 1)):
            before = tables[back, window[place - back]]
            for i in range(row.size):
                row[i] += before[i]
        step(x, floats, packed, layers, epsilon, keys, values, sizes, place)
        multiply(x[0], output[0], output[1], output[2], logits)
        if never >= 0:
            logits[0, never] = -np.inf
        place += 1
        window[place] = written[count] = drawn(logits[0], temperature, top_k, top_p, number)
        count += 1
    return count
