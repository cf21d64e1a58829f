"""Self-attention layers (a transformer) in torch, for training. Formula and sources: `../transformer.py`.

    run(weights, blocks, x, Places.of([5, 3]), causal=False)      x [8, D]: two texts one behind the other

`weights` are named as `block_shapes` says (`initial_blocks` draws them), so that `Parameters` holds them, and
any dictionary with more weights in it does. Products run over rows without padding; only what
compares places stands side by side, padded, and what is padded is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nlpcli.engine.neural.nets.dropout import dropped
from nlpcli.engine.neural.nets.recurrent import product
from nlpcli.engine.neural.transformer import EPSILON, Places, rotation
from nlpcli.settings.transformer import Blocks


def run(
    weights: Mapping[str, Tensor],
    blocks: Blocks,
    x: Tensor,
    places: Places,
    *,
    causal: bool,
    low: torch.dtype = torch.float32,
    dropout: float = 0.0,
    random: np.random.Generator | None = None,
) -> Tensor:
    """The layers' outputs float32 [N, D], normed, for inputs x float32 [N, D].

    low: the numbers in which products are made; dropout: the share of what each half of a layer adds that is
    dropped, by the masks that `random` draws (without it nothing is).
    """
    attention = _Attention(blocks, places, causal, x.device)
    for n in range(blocks.num_layers):
        own = {part: weights[f"layer{n}.{part}"] for part in _PARTS}
        seen = attention(product(norm(x, own["norm"]), own["qkv"], low), own)
        x = x + _dropped(product(seen, own["out"], low), dropout, random)
        inner = functional.relu(product(norm(x, own["inner_norm"]), own["w_in"], low)).square()
        x = x + _dropped(product(inner, own["w_out"], low), dropout, random)
    return norm(x, weights["norm"])


_PARTS = ("norm", "qkv", "q_norm", "k_norm", "out", "inner_norm", "w_in", "w_out")


def norm(x: Tensor, gain: Tensor) -> Tensor:
    """The norm of rows: x / √(mean(x²) + ε), times a learnt gain, along the last axis."""
    return functional.rms_norm(x, gain.shape, gain, EPSILON)


class _Attention:
    """Who looks at whom in some texts: the same for every layer."""

    def __init__(self, blocks: Blocks, places: Places, causal: bool, device: torch.device) -> None:
        self._heads, self._size, self._causal = blocks.num_heads, blocks.head_size, causal
        texts, length = places.rows.shape
        self._even = (texts, length) if places.is_even else None
        angles = [torch.from_numpy(part[places.position]) for part in rotation(length, self._size)]
        self._cosines, self._sines = (part[:, None].to(device) for part in angles)
        self._rows, self._text, self._position = (
            torch.from_numpy(part).to(device) for part in (places.rows, places.text, places.position)
        )
        # If causal, what is padded comes after all that look, and is not seen anyway.
        is_masked = not causal and not places.filled.all()
        self._mask = torch.from_numpy(places.filled)[:, None, None].to(device) if is_masked else None

    def __call__(self, qkv: Tensor, weights: Mapping[str, Tensor]) -> Tensor:
        """Σ a v of all heads, side by side: [N, D] for q, k and v [N, 3 D]."""
        q, k, v = qkv.view(-1, 3, self._heads, self._size).unbind(1)
        q = self._turned(norm(q, weights["q_norm"]))
        k = self._turned(norm(k, weights["k_norm"]))
        q, k, v = map(self._side_by_side, (q, k, v))
        out = functional.scaled_dot_product_attention(
            q, k, v, attn_mask=self._mask, is_causal=self._causal
        ).transpose(1, 2)
        return (out if self._even else out[self._text, self._position]).reshape(len(qkv), -1)

    def _turned(self, x: Tensor) -> Tensor:
        left, right = x.chunk(2, dim=-1)
        return torch.cat(
            (left * self._cosines - right * self._sines, right * self._cosines + left * self._sines), dim=-1
        )

    def _side_by_side(self, x: Tensor) -> Tensor:
        """[B, H, T, d] of [N, H, d]."""
        padded = x.view(*self._even, self._heads, self._size) if self._even else x[self._rows]
        return padded.transpose(1, 2)


def _dropped(x: Tensor, share: float, random: np.random.Generator | None) -> Tensor:
    if random is not None and x.device.type != "cpu":
        return functional.dropout(x, share)
    return dropped(x, share, random)
