"""The weights that a sequence-to-sequence network begins with."""

from __future__ import annotations

import math

import numpy as np

from nlpcli.engine.neural.encoder_weights import initial_layers
from nlpcli.engine.neural.weights import Weights, orthogonal
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.settings.neural import ENCODER_GATES, layer_shapes
from nlpcli.settings.translation import Seq2SeqSettings, seq2seq_shapes

_WRITING = 1.0  # the logit of writing against copying at first


def initial_seq2seq(
    settings: Seq2SeqSettings, units: int, counts: Floats, random: np.random.Generator
) -> Weights:
    """Weights for so many units; `counts` float32 [T]: how often each is written.

    Recurrent weights are orthogonal gate by gate, the LSTM's forget gate is open, and units are as likely as
    they are frequent.
    """
    size, gates = settings.rnn_size, ENCODER_GATES[settings.writer]
    weights = initial_layers(settings, layer_shapes(settings, settings.embedding_dim), random)
    for name, shape in seq2seq_shapes(settings, units, len(counts)).items():
        if name in weights:
            continue
        sizes = [int(length) for length in shape]
        if name.endswith("w_hh"):
            weights[name] = np.hstack([orthogonal(random, size) for _ in range(gates)])
        elif name.endswith(".b"):
            weights[name] = np.zeros(sizes, np.float32)
        else:
            width = settings.embedding_dim if name in ("embedding", "copy.w") else sizes[0]
            weights[name] = random.standard_normal(sizes, dtype=np.float32) / np.float32(math.sqrt(width))
    if settings.writer == "lstm":
        for n in range(settings.decoder_layers):
            weights[f"decoder.layer{n}.b"][size : 2 * size] = 1.0
    weights["vocabulary.b"] = np.log((counts + 1) / (counts.sum() + len(counts))).astype(np.float32)
    if settings.copies:
        weights["copy.b"][:] = _WRITING
    return weights
