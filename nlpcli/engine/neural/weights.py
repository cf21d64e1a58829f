"""The weights of a recurrent network, and what they begin as."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.settings.charlm import GATES, CharLMSettings, weight_shapes

Weights = dict[str, NDArray[np.float32]]


def initial_weights(settings: CharLMSettings, alphabet: Vocabulary) -> Weights:
    """Weights to start from, drawn from the seed alone.

    A character's share of the gates is drawn from N(0, 1), a third faster to learn from than
    PyTorch's ±1/√H, which is meant for inputs with H numbers and not for one-hot ones. Recurrent
    weights are orthogonal gate by gate, so that a signal keeps its length through time; the
    LSTM's forget gate starts open (b_f = 1); the output starts at the units' frequencies.
    """
    random = np.random.default_rng([settings.seed, 0])
    hidden = settings.rnn_size
    weights: Weights = {}
    for name, shape in weight_shapes(settings, len(alphabet)).items():
        if name.endswith("w_hh"):
            weights[name] = np.hstack([orthogonal(random, hidden) for _ in range(GATES[settings.cell])])
        elif name.endswith(".b"):
            weights[name] = np.zeros(shape, dtype=np.float32)
        elif name == "output.w":
            weights[name] = random.uniform(-1, 1, shape).astype(np.float32) / np.float32(math.sqrt(hidden))
        else:
            one_hot = name == "embedding" or (name == "layer0.w_xh" and not settings.embedding_dim)
            scale = 1.0 if one_hot else 1 / math.sqrt(shape[0])
            weights[name] = random.standard_normal(shape, dtype=np.float32) * np.float32(scale)
    if settings.cell == "lstm":
        for n in range(settings.num_layers):
            weights[f"layer{n}.b"][hidden : 2 * hidden] = 1.0
    weights["output.b"] = output_bias(alphabet)
    return weights


def output_bias(alphabet: Vocabulary) -> NDArray[np.float32]:
    """The logarithms of the units' frequencies in the text, one added to each count."""
    share = (alphabet.counts + 1) / (alphabet.total + len(alphabet))
    return np.log(share).astype(np.float32)


def orthogonal(random: np.random.Generator, size: int) -> NDArray[np.float32]:
    """A random orthogonal matrix [size, size]."""
    q, r = np.linalg.qr(random.standard_normal((size, size)))
    return (q * np.sign(np.diag(r))).astype(np.float32)
