"""The transformer language model in numpy: units in, logits of the next unit out.

    x_t = E₀[u_t] + E₁[u_{t−1}] + E₂[u_{t−2}]        what stands before the window has no vectors
    y   = the layers of `transformer.py`, causal
    p(u_{t+1}) = softmax(y_t W + b)

A unit's input tells of the two before it too, as a convolution over one-hot units would: else the first
layer has to find them by attention (the "smear" of modded-nanogpt, Jordan et al. 2024, with a table for each
distance).

Not here: training (`nets/transformer_lm.py`), which window a prediction sees (`charlm/windows.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.neural import weights as recurrent
from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.neural.transformer import Places, initial_blocks, run
from nlpcli.engine.neural.weights import Weights, output_bias
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.settings.charlm import ATTENTION, LOOK_BACK, CharLMSettings


def initial_weights(settings: CharLMSettings, alphabet: Vocabulary) -> Weights:
    """The weights that a language model of any cell starts from."""
    initial = initial_lm if settings.cell == ATTENTION else recurrent.initial_weights
    return initial(settings, alphabet)


def initial_lm(settings: CharLMSettings, alphabet: Vocabulary) -> Weights:
    """Weights to start from, drawn from the seed alone; the model begins at the units' frequencies."""
    random = np.random.default_rng([settings.seed, 0])
    shape, scale = (len(alphabet), settings.rnn_size), np.float32(1 / math.sqrt(LOOK_BACK))
    return {
        **{
            f"embedding{n}": random.standard_normal(shape, dtype=np.float32) * scale for n in range(LOOK_BACK)
        },
        **initial_blocks(settings.blocks, random),
        "output.w": np.zeros(shape[::-1], np.float32),
        "output.b": output_bias(alphabet),
    }


def outputs(
    weights: Mapping[str, Floats],
    settings: CharLMSettings,
    ids: Ids,
    places: Places,
    attention: list[Floats] | None = None,
) -> Floats:
    """The layers' outputs float32 [N, D] for the units ids [N] of some windows; `attention` as in `run`."""
    x = inputs(weights, ids, places)
    return run(weights, settings.blocks, x, places, causal=True, attention=attention)


def inputs(weights: Mapping[str, Floats], ids: Ids, places: Places) -> Floats:
    """What the layers read, float32 [N, D]: of each unit its vector and those of the units before it."""
    x: Floats = weights["embedding0"][ids]
    for back in range(1, LOOK_BACK):
        here = np.flatnonzero(places.position >= back)
        before = places.rows[places.text[here], places.position[here] - back]
        x[here] += weights[f"embedding{back}"][ids[before]]
    return x


def logits(weights: Mapping[str, Floats], y: Floats) -> Floats:
    """Unnormalised log-probabilities [N, V] of the next unit, from the layers' outputs [N, D]."""
    found: Floats = y @ weights["output.w"]
    found += weights["output.b"]
    return found
