"""A character language model at work, unit by unit: weights, states, gates, and what comes next.

The numbers are those of `neural/recurrent_step.py` and `sampling.py`, which write the text.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm import sampling
from nlpcli.engine.charlm.activations import GATE_NAMES
from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.units import encode
from nlpcli.engine.io.shown_work import WorkTable, check_shown
from nlpcli.engine.neural.recurrent_step import CharStep
from nlpcli.errors import SettingsError
from nlpcli.settings.charlm import GenerateSettings, weight_shapes

_MOST_UNITS, _MOST_CELLS, _MOST_ALPHABET = 50, 16, 40


def written_out(
    model: CharLM, prime: str, settings: GenerateSettings, *, skip_unknown: bool = False
) -> list[WorkTable]:
    """The weights, and what each unit of the prime and of what follows it does to the network.

    Raises InputError for more than can be shown, and for what the model has never seen.
    """
    if model.settings.cell not in GATE_NAMES:
        raise SettingsError(
            f"--show-work is for {', '.join(GATE_NAMES)}; this model is a {model.settings.cell}"
        )
    if model.condition is not None:
        raise SettingsError(f"--show-work is for plain text; this model takes a {model.condition.kind}")
    check_shown("cells", model.settings.rnn_size, _MOST_CELLS, "train with --rnn-size 3")
    check_shown("characters in the alphabet", len(model.alphabet), _MOST_ALPHABET, "train on a few words")
    check_shown("characters", len(prime) + settings.length, _MOST_UNITS)
    written = "".join(sampling.generate(model, prime, settings, skip_unknown=skip_unknown))
    ids = encode(written, model.settings.unit, model.alphabet, skip_unknown=skip_unknown)
    check_shown("units", len(ids), _MOST_UNITS)
    network, names = cast(CharStep, model.stepper()), [repr(token) for token in model.alphabet.tokens]
    states: list[tuple[object, ...]] = []
    outputs: list[tuple[object, ...]] = []
    following = [names[number] for number in ids[1:].tolist()] + [""]
    for step, (number, after) in enumerate(zip(ids.tolist(), following, strict=True), start=1):
        before = [c.copy() for c in network.c]
        logits = sampling.next_logits(model, network, number)
        chances = sampling.probabilities(logits, settings)
        states += [(step, names[number], *row) for row in _signals(network, before)]
        outputs.append((step, names[number], after, "logit", *logits.tolist()))
        outputs.append((step, names[number], after, "P", *chances.tolist()))
    cells = [str(cell) for cell in range(1, model.settings.rnn_size + 1)]
    return [
        *_weights(model, names, cells),
        WorkTable("states", ["t", "x", "layer", "signal", *cells], states),
        WorkTable("outputs", ["t", "x", "next", "output", *names], outputs),
    ]


def _signals(network: CharStep, cells_before: list[NDArray[np.float32]]) -> list[tuple[object, ...]]:
    """Gates and states of every layer after a step; of an LSTM also the two parts of which c is the sum."""
    rows: list[tuple[object, ...]] = []
    names = GATE_NAMES[network.cell]
    for layer, h in enumerate(network.h):
        parts = np.hsplit(network.gates[layer][0], len(names)) if names else []
        named = dict(zip(names, parts, strict=True))
        if network.c:
            named["f·c_t-1"] = named["f"] * cells_before[layer][0]
            named["i·g"] = named["i"] * named["g"]
            named["c"] = network.c[layer][0]
        named["h"] = h[0]
        rows += [(layer, signal, *values.tolist()) for signal, values in named.items()]
    return rows


def _weights(model: CharLM, names: list[str], cells: list[str]) -> list[WorkTable]:
    """Each matrix with a row for each of its inputs and a column for each cell, of all gates side by side."""
    gated = [f"{gate}_{cell}" for gate in GATE_NAMES[model.settings.cell] for cell in cells] or cells
    embedded = [str(number) for number in range(1, model.settings.embedding_dim + 1)]
    tables = []
    for name in weight_shapes(model.settings, len(model.alphabet)):
        values = np.atleast_2d(model.weights[name])
        columns = embedded if name == "embedding" else names if name.startswith("output") else gated
        if name.endswith("b"):
            inputs = ["b"]
        elif name == "layer0.w_xh":
            inputs = embedded or names
        else:
            inputs = names if name == "embedding" else cells
        rows = [(source, *numbers) for source, numbers in zip(inputs, values.tolist(), strict=True)]
        tables.append(WorkTable(name, [name, *columns], rows))
    return tables
