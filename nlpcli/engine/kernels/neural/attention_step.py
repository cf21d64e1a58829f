"""One place through layers of self-attention, with the keys and values of the places before it kept.

The formula stands in `neural/transformer.py`. Weights are turned around ([outputs, inputs]): the product
with a vector is then a sum along each row, which LLVM keeps in registers. All stand in one array, since a
call costs some microseconds an array, and a step of a small network takes fifty.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _product(x, w, out):
    """Set `out` to w x."""
    for j in range(out.size):
        row, total = w[j], np.float32(0)
        for i in range(row.size):
            total += row[i] * x[i]
        out[j] = total


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _add_product(x, w, out):
    """Add w x to `out`."""
    for j in range(out.size):
        row, total = w[j], np.float32(0)
        for i in range(row.size):
            total += row[i] * x[i]
        out[j] += total


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _norm(x, gain, epsilon, out):
    """Set `out`, which may be x itself, to its norm, times a gain."""
    total = np.float32(0)
    for i in range(x.size):
        total += x[i] * x[i]
    size = np.float32(1) / np.float32(math.sqrt(total / np.float32(x.size) + epsilon))
    for i in range(x.size):
        out[i] = x[i] * size * gain[i]


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _turn(x, cosines, sines):
    """Turn number j of a head with number j + d/2."""
    half = cosines.size
    for j in range(half):
        left, right = x[j], x[half + j]
        x[j] = left * cosines[j] - right * sines[j]
        x[half + j] = right * cosines[j] + left * sines[j]


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _attend(q, keys, values, count, scores, out):
    """Set `out` [d] to what a query sees of the first `count` values [C, d], by their keys [C, d]."""
    scale = np.float32(1 / math.sqrt(q.size))
    highest = np.float32(-np.inf)
    for c in range(count):
        key, total = keys[c], np.float32(0)
        for j in range(q.size):
            total += key[j] * q[j]
        scores[c] = total * scale
        highest = max(highest, scores[c])
    whole = np.float32(0)
    for c in range(count):
        share = np.float32(math.exp(scores[c] - highest))
        scores[c] = share
        whole += share
    out[:] = np.float32(0)
    for c in range(count):
        share, value = scores[c] / whole, values[c]
        for j in range(out.size):
            out[j] += share * value[j]


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def step(x, weights, layers, epsilon, cache, place, room):
    """Replace inputs x float32 [B, D] of one place of B texts by the outputs of some layers, normed.

    weights float32: of each layer its norm [D], W_qkv [3 D, D], the norms of queries and of keys [2, d],
    W_o [D, D], the inner norm [D], W_in [4 D, D] and W_out [D, 4 D], one behind the other; then the last norm
    [D], and cosines and sines [2, C, d/2]. cache [2, B, layers, H, C, d], keys and values: filled before
    `place`, which is filled here. room: [6 D + C], to compute in.
    """
    size, heads, places, head = x.shape[1], cache.shape[3], cache.shape[4], cache.shape[5]
    each = size * (2 + 12 * size) + 2 * head
    seen, many, scores = room[:size], room[size : 5 * size], room[5 * size : 5 * size + places]
    normed, three = room[5 * size + places : 6 * size + places], many[: 3 * size]
    rest = weights[layers * each + size :].reshape((2, places, head // 2))
    cosines, sines = rest[0, place], rest[1, place]
    for n in range(layers):
        own = weights[n * each : (n + 1) * each]
        at = size + 3 * size * size
        qkv, q_gain, k_gain = (
            own[size:at].reshape((3 * size, size)),
            own[at : at + head],
            own[at + head : at + 2 * head],
        )
        at += 2 * head
        w_o, at = own[at : at + size * size].reshape((size, size)), at + size * size
        gain, at = own[at : at + size], at + size
        w_in, at = own[at : at + 4 * size * size].reshape((4 * size, size)), at + 4 * size * size
        w_out = own[at : at + 4 * size * size].reshape((size, 4 * size))
        for b in range(x.shape[0]):
            row, keys, values = x[b], cache[0, b, n], cache[1, b, n]
            _norm(row, own[:size], epsilon, normed)
            _product(normed, qkv, three)
            for h in range(heads):
                q = three[h * head : (h + 1) * head]
                k = three[size + h * head : size + (h + 1) * head]
                _norm(q, q_gain, epsilon, q)
                _norm(k, k_gain, epsilon, k)
                _turn(q, cosines, sines)
                _turn(k, cosines, sines)
                keys[h, place] = k
                values[h, place] = three[2 * size + h * head : 2 * size + (h + 1) * head]
                _attend(q, keys[h], values[h], place + 1, scores, seen[h * head : (h + 1) * head])
            _add_product(seen, w_o, row)
            _norm(row, gain, epsilon, normed)
            _product(normed, w_in, many)
            for i in range(many.size):
                positive = max(many[i], np.float32(0))
                many[i] = positive * positive
            _add_product(many, w_out, row)
    for b in range(x.shape[0]):
        _norm(x[b], weights[layers * each : layers * each + size], epsilon, x[b])
