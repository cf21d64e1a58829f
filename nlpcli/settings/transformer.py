"""What the weights of self-attention layers follow from: how wide they are, how many, how many heads."""

from __future__ import annotations

from typing import NamedTuple

from nlpcli.errors import SettingsError

FEED_FORWARD = 4  # times the width: the numbers between the two products of a feed-forward network


class Blocks(NamedTuple):
    """Layers of self-attention and feed-forward network, each `width` numbers in and out a place."""

    width: int
    num_layers: int
    num_heads: int

    @property
    def head_size(self) -> int:
        """Numbers of a place that one head compares."""
        return self.width // self.num_heads


def check_heads(option: str, width: int, num_heads: int) -> None:
    """Raise SettingsError unless heads share the width evenly, an even number each, as rotation needs.

    `option` is what the width is called.
    """
    if width % (2 * num_heads):
        raise SettingsError(
            f"{option} {width} cannot be shared by {num_heads} heads, an even number for each",
            hint=f"use a multiple of {2 * num_heads}, or another --num-heads",
        )


def block_shapes(blocks: Blocks) -> dict[str, tuple[int, ...]]:
    """The weights of the layers, by name.

    >>> block_shapes(Blocks(width=8, num_layers=1, num_heads=2))["layer0.qkv"]
    (8, 24)
    """
    width, head, inner = blocks.width, blocks.head_size, FEED_FORWARD * blocks.width
    found: dict[str, tuple[int, ...]] = {}
    for n in range(blocks.num_layers):
        found |= {
            f"layer{n}.norm": (width,),
            f"layer{n}.qkv": (width, 3 * width),
            f"layer{n}.q_norm": (head,),
            f"layer{n}.k_norm": (head,),
            f"layer{n}.out": (width, width),
            f"layer{n}.inner_norm": (width,),
            f"layer{n}.w_in": (width, inner),
            f"layer{n}.w_out": (inner, width),
        }
    return {**found, "norm": (width,)}
