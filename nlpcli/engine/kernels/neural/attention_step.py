"""Some places through layers of self-attention, with the keys and values of the places before it kept.

The formula stands in `neural/transformer.py`. Weights are turned around ([outputs, inputs]): the product
with a vector is then a sum along each row, which LLVM keeps in registers. All stand in one array, since a
call costs some microseconds an array, and a step of a small network takes fifty.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from nlpcli.engine.kernels.neural.exponentials import CHUNK, exponentials


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _add_products(x, w, out):
    """Add x wᵀ [R, outputs] to `out`; four rows at a time, for which a row of w is read once."""
    rows = x.shape[0]
    whole = rows - rows % 4
    for r in range(0, whole, 4):
        x0, x1, x2, x3 = x[r], x[r + 1], x[r + 2], x[r + 3]
        for j in range(w.shape[0]):
            row = w[j]
            a = b = c = d = np.float32(0)
            for i in range(row.size):
                weight = row[i]
                a += weight * x0[i]
                b += weight * x1[i]
                c += weight * x2[i]
                d += weight * x3[i]
            out[r, j] += a
            out[r + 1, j] += b
            out[r + 2, j] += c
            out[r + 3, j] += d
    for r in range(whole, rows):
        alone = x[r]
        for j in range(w.shape[0]):
            row, a = w[j], np.float32(0)
            for i in range(row.size):
                a += row[i] * alone[i]
            out[r, j] += a


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def norm(x, gain, epsilon, out):
    """Set `out`, which may be x itself, to its norm, times a gain."""
    total = np.float32(0)
    for i in range(x.size):
        total += x[i] * x[i]
    size = np.float32(1) / np.float32(math.sqrt(total / np.float32(x.size) + epsilon))
    for i in range(x.size):
        out[i] = x[i] * size * gain[i]


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def turn(x, cosines, sines):
    """Turn number j of a head with number j + d/2."""
    half = cosines.size
    for j in range(half):
        left, right = x[j], x[half + j]
        x[j] = left * cosines[j] - right * sines[j]
        x[half + j] = right * cosines[j] + left * sines[j]


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _add_rows(rows, shares, out):
    """Add shares [N] of the first numbers of N rows to `out`, four rows at a time."""
    whole, size = shares.size - shares.size % 4, out.size
    for n in range(0, whole, 4):
        r0, r1, r2, r3 = rows[n][:size], rows[n + 1][:size], rows[n + 2][:size], rows[n + 3][:size]
        a, b, c, d = shares[n], shares[n + 1], shares[n + 2], shares[n + 3]
        for i in range(size):
            out[i] += a * r0[i] + b * r1[i] + c * r2[i] + d * r3[i]
    for n in range(whole, shares.size):
        row, share = rows[n][:size], shares[n]
        for i in range(size):
            out[i] += share * row[i]


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _attend(q, keys, values, scores, shares, powers, out):
    """Set `out` [d] to what a query, which is used up, sees of values [C, d], by their keys [d, C].

    `scores` and `shares` have room for as many as it may look at.
    """
    scale = np.float32(1 / math.sqrt(q.size))
    scores[:] = np.float32(0)
    for j in range(q.size):
        q[j] *= scale
    _add_rows(keys, q, scores)
    highest = scores[0]
    for c in range(scores.size):
        highest = max(highest, scores[c])
    whole = np.float32(1) / np.float32(exponentials(scores, highest, powers, shares))
    out[:] = np.float32(0)
    _add_rows(values, shares, out)
    for j in range(out.size):
        out[j] *= whole


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def _look_back(three, gains, epsilon, angles, place, keys, values, scores, out):
    """Set `out` [D] to what the heads see from `place`, whose q, k and v are `three` [3 D].

    gains [2, d] of the norms; angles [2, C, d/2]; keys [H, d, C], values [H, C, d], filled at `place`.
    """
    size, head = out.size, keys.shape[1]
    powers, shares = np.empty(CHUNK, np.int32), np.empty(place + 1, np.float32)
    cosines, sines = angles[0, place], angles[1, place]
    for h in range(keys.shape[0]):
        q = three[h * head : (h + 1) * head]
        k = three[size + h * head : size + (h + 1) * head]
        for part, gain in ((q, gains[0]), (k, gains[1])):
            norm(part, gain, epsilon, part)
            turn(part, cosines, sines)
        for j in range(head):
            keys[h, j, place] = k[j]
        values[h, place] = three[2 * size + h * head : 2 * size + (h + 1) * head]
        _attend(q, keys[h], values[h], scores[: place + 1], shares, powers, out[h * head : (h + 1) * head])


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def step(x, weights, layers, epsilon, cache, place):
    """Replace inputs x float32 [B, P, D] of P places of B texts by the outputs of some layers, normed.

    weights float32: of each layer its norm [D], W_qkv [3 D, D], the norms of queries and of keys [2, d],
    W_o [D, D], the inner norm [D], W_in [4 D, D] and W_out [D, 4 D], one behind the other; then the last norm
    [D], and cosines and sines [2, C, d/2]. cache [2, B, layers, H, C, d], keys, turned to [d, C], and values:
    filled before `place`, and here from it on.
    """
    texts, count, size = x.shape
    places, head = cache.shape[4], cache.shape[5]
    rows = x.reshape((texts * count, size))
    each = size * (2 + 12 * size) + 2 * head
    angles = weights[layers * each + size :].reshape((2, places, head // 2))
    normed, scores = np.empty_like(rows), np.empty(places, np.float32)
    for n in range(layers):
        own = weights[n * each : (n + 1) * each]
        at = size + 3 * size * size
        qkv, gains = own[size:at].reshape((3 * size, size)), own[at : at + 2 * head].reshape((2, head))
        at += 2 * head
        w_o, at = own[at : at + size * size].reshape((size, size)), at + size * size
        gain, at = own[at : at + size], at + size
        w_in, at = own[at : at + 4 * size * size].reshape((4 * size, size)), at + 4 * size * size
        w_out = own[at : at + 4 * size * size].reshape((size, 4 * size))
        norms(rows, own[:size], epsilon, normed)
        three, many = np.zeros((len(rows), 3 * size), np.float32), np.zeros((len(rows), 4 * size), np.float32)
        _add_products(normed, qkv, three)
        for row in range(len(rows)):
            text, here = row // count, place + row % count
            _look_back(
                three[row],
                gains,
                epsilon,
                angles,
                here,
                cache[0, text, n].reshape((cache.shape[3], head, places)),
                cache[1, text, n],
                scores,
                normed[row],
            )
        _add_products(normed, w_o, rows)
        norms(rows, gain, epsilon, normed)
        _add_products(normed, w_in, many)
        square_of_positive(many.reshape(-1))
        _add_products(many, w_out, rows)
    norms(rows, weights[layers * each : layers * each + size], epsilon, rows)


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def norms(x, gain, epsilon, out):
    """Set the rows of `out`, which may be x itself, to the norms of those of x, times a gain."""
    for row in range(len(x)):
        norm(x[row], gain, epsilon, out[row])


@nb.njit(nogil=True, fastmath=True, error_model="numpy")
def square_of_positive(x):
    """Replace numbers by their squares, negative ones by 0."""
    for i in range(x.size):
        positive = max(x[i], np.float32(0))
        x[i] = positive * positive
