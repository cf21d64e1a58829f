"""Self-attention layers (a transformer) at work, in numpy: the numbers of `nets/transformer.py` to 1e-4.

N places of several texts are the rows of x [N, D]; which row is which place of which text, `Places` says. For
each of L layers, with H heads of d = D / H numbers:

    q, k, v = norm(x) W_qkv                                   each [N, D]: H heads side by side
    q, k = rotate(norm(q)), rotate(norm(k))                   head by head; at place p by the angles p θ_j
    a = softmax(q kᵀ / √d)                                    over the places that may be seen
    x = x + (a v) W_o
    x = x + relu(norm(x) W_in)² W_out                         D → 4 D → D
    norm(x) = g x / √(mean(x²) + 1e-6)                        g is learnt; once more after the last layer

A place sees all places of its text, or if `causal` only itself and those before it.

Sources: scaled dot-product attention and heads, Vaswani et al. 2017; norm before each part, Xiong et al.
2020; RMSNorm, Zhang and Sennrich 2019; rotary positions (θ_j = 10000^(−2j/d), number j of a head turned with
number j + d/2), Su et al. 2021; norm of queries and keys, Henry et al. 2020; relu², So et al. 2021. W_o and
W_out begin as zeros, so that each layer first does nothing (Zhang et al. 2019, Fixup).

Not here: training (`nets/transformer.py`), and one place at a time with what was seen kept
(`transformer_step.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nlpcli.engine.neural.packing import Ids, Packing
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.runtime.arrays import Floats, offsets_of
from nlpcli.settings.transformer import Blocks, block_shapes

EPSILON = 1e-6
_BASE = 10000.0
_SCORES = 1 << 22  # numbers of attention that are held at once


@dataclass(frozen=True, eq=False)
class Places:
    """Which of N rows holds which place of B texts of up to T places.

    rows: int64 [B, T], the row of each place, 0 beyond a text's end; lengths: int64 [B], each at least 1;
    text, position: int64 [N], of each row.
    """

    rows: Ids
    lengths: Ids
    text: Ids
    position: Ids

    @classmethod
    def of(cls, lengths: Ids | Sequence[int]) -> Places:
        """Those of texts one behind another.

        >>> Places.of([2, 1]).rows.tolist()
        [[0, 1], [2, 0]]
        """
        lengths = np.asarray(lengths, np.int64)
        offsets = offsets_of(lengths)
        text = np.repeat(np.arange(len(lengths)), lengths)
        return cls._of_rows(text, np.arange(offsets[-1]) - offsets[text], lengths)

    @classmethod
    def of_packing(cls, packing: Packing) -> Places:
        """Those of packed sequences: step by step, longest first.

        >>> Places.of_packing(Packing.of([2, 1])).rows.tolist()
        [[0, 2], [1, 0]]
        """
        counts = np.diff(packing.starts)
        position = np.repeat(np.arange(len(counts)), counts)
        text = np.arange(packing.starts[-1]) - packing.starts[position]
        return cls._of_rows(text, position, packing.lengths)

    @classmethod
    def _of_rows(cls, text: Ids, position: Ids, lengths: Ids) -> Places:
        rows = np.zeros((len(lengths), int(lengths.max(initial=0))), np.int64)
        rows[text, position] = np.arange(len(text))
        return cls(rows, lengths, text, position)

    @property
    def is_even(self) -> bool:
        """Whether the texts are equally long and stand one behind another, so that rows are [B, T]."""
        return bool(
            len(self.text) == self.rows.size and (self.rows.ravel() == np.arange(self.rows.size)).all()
        )

    @property
    def filled(self) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """Which places are none beyond a text's end: [B, T]."""
        return np.arange(self.rows.shape[1]) < self.lengths[:, None]


def is_matrix(name: str) -> bool:
    """Whether a weight of that name is a matrix of a layer.

    >>> is_matrix("layer0.qkv"), is_matrix("layer0.q_norm"), is_matrix("output.w")
    (True, False, False)
    """
    return name.startswith("layer") and name.endswith((".qkv", ".out", ".w_in", ".w_out"))


def initial_blocks(blocks: Blocks, random: np.random.Generator) -> Weights:
    """Weights to start from: products N(0, 1/√inputs), those that end in x zeros, norms one."""
    weights: Weights = {}
    for name, shape in block_shapes(blocks).items():
        if name.endswith("norm"):
            weights[name] = np.ones(shape, np.float32)
        elif name.endswith("out"):
            weights[name] = np.zeros(shape, np.float32)
        else:
            scale = np.float32(1 / math.sqrt(shape[0]))
            weights[name] = random.standard_normal(shape, dtype=np.float32) * scale
    return weights


def rotation(positions: int, head_size: int) -> tuple[Floats, Floats]:
    """Cosines and sines of the angles p θ_j by which places 0, 1, … are turned: each [positions, d / 2].

    >>> rotation(2, 4)[1].astype(float).round(3).tolist()
    [[0.0, 0.0], [0.841, 0.01]]
    """
    frequencies = _BASE ** (-np.arange(0, head_size, 2) / head_size)
    angles = np.arange(positions)[:, None] * frequencies
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def rotated(x: Floats, cosines: Floats, sines: Floats) -> Floats:
    """Pairs (number j, number j + d/2) of x [..., d] turned by angles [..., d/2]."""
    half = x.shape[-1] // 2
    left, right = x[..., :half], x[..., half:]
    return np.concatenate([left * cosines - right * sines, right * cosines + left * sines], axis=-1)


def norm(x: Floats, gain: Floats) -> Floats:
    """The norm of rows: x / √(mean(x²) + ε), times a learnt gain, along the last axis."""
    squares = np.einsum("...d,...d->...", x, x)[..., None]
    size = np.float32(1) / np.sqrt(squares / np.float32(x.shape[-1]) + np.float32(EPSILON))
    normed: Floats = x * size
    normed *= gain
    return normed


def softmax(scores: Floats) -> Floats:
    """Shares that add up to 1 along the last axis; written into `scores`."""
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores


def run(
    weights: Mapping[str, Floats],
    blocks: Blocks,
    x: Floats,
    places: Places,
    *,
    causal: bool,
    attention: list[Floats] | None = None,
    kept: list[tuple[Floats, Floats]] | None = None,
) -> Floats:
    """The layers' outputs float32 [N, D], normed, for inputs x float32 [N, D].

    `attention`, a list, is given of each layer the shares [B, H, T, T]: of place t, at whom it looks; rows
    and columns beyond a text's end mean nothing. `kept` is given of each layer the keys and values [N, H, d].
    """
    angles = [part[places.position][:, None] for part in rotation(places.rows.shape[1], blocks.head_size)]
    for n in range(blocks.num_layers):
        layer = f"layer{n}."
        qkv = norm(x, weights[layer + "norm"]) @ weights[layer + "qkv"]
        q, k, v = qkv.reshape(len(x), 3, blocks.num_heads, blocks.head_size).swapaxes(0, 1)
        q, k = (
            rotated(norm(part, weights[f"{layer}{name}_norm"]), *angles)
            for part, name in ((q, "q"), (k, "k"))
        )
        if kept is not None:
            kept.append((k, v))
        seen = _attended(q, k, v, places, causal, attention)
        x = x + seen @ weights[layer + "out"]
        inner = norm(x, weights[layer + "inner_norm"]) @ weights[layer + "w_in"]
        np.maximum(inner, 0, out=inner)
        inner *= inner
        x += inner @ weights[layer + "w_out"]
    return norm(x, weights["norm"])


def _attended(
    q: Floats, k: Floats, v: Floats, places: Places, causal: bool, kept: list[Floats] | None
) -> Floats:
    """Σ a v of all heads, side by side: [N, D] for q, k, v [N, H, d]."""
    texts, length = places.rows.shape
    out = np.empty((len(q), q.shape[1] * q.shape[2]), np.float32)
    together = max(1, _SCORES // max(1, q.shape[1] * length * length))
    found = []
    for start in range(0, texts, together):
        rows = places.rows[start : start + together]
        lengths = places.lengths[start : start + together]
        shares, values = _shares(q[rows], k[rows], lengths, causal), v[rows].swapaxes(1, 2)
        seen = (shares @ values).swapaxes(1, 2).reshape(*rows.shape, -1)
        filled = np.arange(length) < lengths[:, None]
        out[rows[filled]] = seen[filled]
        if kept is not None:
            found.append(shares)
    if kept is not None:
        kept.append(np.concatenate(found))
    return out


def _shares(q: Floats, k: Floats, lengths: Ids, causal: bool) -> Floats:
    """softmax(q kᵀ / √d) [B, H, T, T] for q, k [B, T, H, d]."""
    length = q.shape[1]
    scores = q.swapaxes(1, 2) @ k.transpose(0, 2, 3, 1)
    scores *= np.float32(1 / math.sqrt(q.shape[3]))
    if causal:
        scores[..., ~np.tri(length, dtype=bool)] = -np.inf
    elif (lengths < length).any():
        np.copyto(scores, -np.inf, where=(np.arange(length) >= lengths[:, None])[:, None, None])
    return softmax(scores)
