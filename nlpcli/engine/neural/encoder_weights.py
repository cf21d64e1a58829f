"""The weights of an encoder over words, and what they begin as."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from nlpcli.engine.neural.transformer import initial_blocks
from nlpcli.engine.neural.weights import Weights, orthogonal
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.settings.neural import (
    ENCODER_GATES,
    TRANSFORMER,
    EncoderSettings,
    Layers,
    blocks_of,
    encoder_shapes,
)

_TABLE_SCALE = 0.1


def initial_encoder(settings: EncoderSettings, random: np.random.Generator, more: int = 0) -> Weights:
    """Weights to start from."""
    return initial_layers(settings, encoder_shapes(settings, more), random)


def initial_layers(
    settings: Layers, shapes: Mapping[str, tuple[int, ...]], random: np.random.Generator
) -> Weights:
    """Those of layers of some shapes: orthogonal recurrent ones, the LSTM's forget gate open (b_f = 1)."""
    if settings.cell == TRANSFORMER:
        w = shapes["input.w"]
        inputs = {"input.w": _normal(random, w, 1 / math.sqrt(w[0])), "input.b": np.zeros(w[1], np.float32)}
        return {**inputs, **initial_blocks(blocks_of(settings), random)}
    weights: Weights = {}
    for name, shape in shapes.items():
        if name.endswith("w_hh"):
            gates = ENCODER_GATES[settings.cell]
            weights[name] = np.hstack([orthogonal(random, settings.rnn_size) for _ in range(gates)])
        elif name.endswith(".b"):
            weights[name] = np.zeros(shape, np.float32)
            if settings.cell == "lstm":
                weights[name][settings.rnn_size : 2 * settings.rnn_size] = 1.0
        else:
            weights[name] = _normal(random, shape, 1 / math.sqrt(shape[0]))
    return weights


def initial_head(
    shapes: Mapping[str, tuple[int, ...]], zeros: Sequence[str], random: np.random.Generator
) -> Weights:
    """A head's weights to start from, some of them zeros."""
    return {
        name: np.zeros(shape, np.float32)
        if name in zeros
        else random.standard_normal(shape, dtype=np.float32) / np.float32(np.sqrt(shape[0]))
        for name, shape in shapes.items()
    }


def initial_table(random: np.random.Generator, rows: int, size: int) -> Floats:
    """A table of rows to start from."""
    return _normal(random, (rows, size), _TABLE_SCALE)


def _normal(random: np.random.Generator, shape: tuple[int, ...], scale: float) -> Floats:
    return random.standard_normal(shape, dtype=np.float32) * np.float32(scale)
