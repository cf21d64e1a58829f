"""The encoder in training: words' vectors in, numbers that know the words around out.

    x_w = [own ⊕ n-grams ⊕ given]             a word's vectors, side by side (per word, not per place)
    →h_i = cell(x_i, →h_{i−1}),  ←h_i = cell(x_i, ←h_{i+1}),   y_i = [→h_i ⊕ ←h_i]      (Graves 2012)

The cells' equations stand in `recurrent.py`, those of a transformer, which reads x_i W_i + b_i, in
`neural/transformer.py`. At work it is numpy's (`neural/encoder.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nlpcli.engine.neural.nets import transformer
from nlpcli.engine.neural.nets.dropout import dropped
from nlpcli.engine.neural.nets.recurrent import layer, product
from nlpcli.engine.neural.packing import Packing
from nlpcli.engine.neural.transformer import Places
from nlpcli.settings.neural import BACKWARD, TRANSFORMER, Layers, blocks_of, directions


class WordTensors(NamedTuple):
    """Rows of tables, and which of them each of W words takes.

    words [_, D1], own [W]; features [_, D2], its rows, starts [W]; shown [W], 1, or 0 for words whose form is
    not told; given [W, D3], or None.
    """

    words: Tensor
    own: Tensor
    features: Tensor
    rows: Tensor
    starts: Tensor
    shown: Tensor
    given: Tensor | None


def word_vectors(words: WordTensors) -> Tensor:
    """The vectors of words, [W, D1 + D2 + D3]; features are summed and divided by √n, to be of one size."""
    own = functional.embedding(words.own, words.words)
    sums = functional.embedding_bag(words.rows, words.features, words.starts, mode="sum")
    counts = torch.diff(words.starts, append=torch.tensor([len(words.rows)]))
    parts = [own, sums * (words.shown / counts.to(sums.dtype).sqrt())[:, None]]
    return torch.cat(parts if words.given is None else [*parts, words.given], dim=1)


def encode(
    settings: Layers,
    weights: Mapping[str, Tensor],
    x: Tensor,
    rows: Tensor,
    packing: Packing,
    dropout: float = 0.0,
    random: np.random.Generator | None = None,
    states: Tensor | None = None,
    whole: bool = False,
    low: torch.dtype = torch.float32,
) -> Tensor:
    """The encoder's output [N, output_size] for packed sentences; word n is row rows[n] of `x` [W, D].

    states: [N, S], those of a language model at each word, which stand behind `x`. whole: nothing is dropped
    of the output. low: what products are made in.
    """
    if settings.cell == TRANSFORMER:
        y = _attended(settings, weights, x, rows, packing, dropout, random, states, low)
        return y if whole else dropped(y, dropout, random)
    back = torch.from_numpy(packing.reversed())
    for n in range(settings.num_layers):
        x = dropped(x, dropout, random)
        states = None if states is None else dropped(states, dropout, random)
        outputs = []
        for direction in directions(settings):
            w_xh, w_hh, b = (weights.get(f"layer{n}.{direction}.{name}") for name in ("w_xh", "w_hh", "b"))
            state = tuple(
                torch.zeros((packing.batch, settings.rnn_size)) for _ in range(1 + (settings.cell == "lstm"))
            )
            assert w_xh is not None and b is not None
            inputs, read = product(x, w_xh[: x.shape[1]], low) + b, rows
            if states is not None:
                inputs, read = (
                    inputs[rows] + product(states, w_xh[x.shape[1] :], low),
                    torch.arange(len(back)),
                )
            if direction == BACKWARD:
                read = read[back]
            out, _ = layer(settings.cell, inputs, read, packing, w_hh, state, low)
            outputs.append(out if direction != BACKWARD else out[back])
        x, rows, states = torch.cat(outputs, dim=1), torch.arange(len(back)), None
    return x if whole else dropped(x, dropout, random)


def _attended(
    settings: Layers,
    weights: Mapping[str, Tensor],
    x: Tensor,
    rows: Tensor,
    packing: Packing,
    dropout: float,
    random: np.random.Generator | None,
    states: Tensor | None,
    low: torch.dtype,
) -> Tensor:
    """The output of a transformer; arguments as of `encode`."""
    w, size = weights["input.w"], x.shape[1]
    inputs = (product(dropped(x, dropout, random), w[:size], low) + weights["input.b"])[rows]
    if states is not None:
        inputs = inputs + product(dropped(states, dropout, random), w[size:], low)
    return transformer.run(
        weights, blocks_of(settings), inputs, Places.of_packing(packing), causal=not settings.bidirectional,
        low=low, dropout=dropout, random=random,
    )  # fmt: skip
