"""What the cells of a character network do while it reads a text, and which cell tracks what.

After Karpathy, Johnson and Fei-Fei 2015, "Visualizing and Understanding Recurrent Networks":
a cell's value at every character, as colours; and its correlation with a property of the text,
so that the cell that knows it is inside a quotation is found, not guessed.

Signals: `cell` is tanh(c) of an LSTM and h of the others; `h` the output; the LSTM's gates i, f,
o, g; the GRU's z, r, n. Not here: the page
(`plots/activations.py`) and the terminal (`cli/charlm_analysis.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.units import ids_of, in_own_form, to_units
from nlpcli.engine.neural.recurrent_step import CharStep
from nlpcli.errors import InputError, SettingsError

GATE_NAMES = {"rnn": "", "lstm": "ifog", "gru": "zrn"}


@dataclass(frozen=True, eq=False)
class Activations:
    """Values of all cells over a text: `values[(layer, signal)]` is [T, H], T characters."""

    text: str
    values: dict[tuple[int, str], NDArray[np.float32]]

    @property
    def size(self) -> int:
        """Cells per layer."""
        return int(next(iter(self.values.values())).shape[1])


@dataclass(frozen=True)
class Match:
    """A cell and how its value goes with a property: Pearson's correlation, −1 to 1."""

    layer: int
    signal: str
    cell: int
    correlation: float


def record(model: CharLM, text: str, *, skip_unknown: bool = False) -> Activations:
    """The values while reading `text`; of a character of several units, those after its last one.

    Raises InputError for characters the model has never seen, unless they are skipped, and when none is left.
    """
    if model.settings.unit == "subword":
        raise SettingsError(
            "activations: cells are shown character by character, and this model reads subwords",
            hint="give a model of characters, or a transformer, whose heads are shown",
        )
    given = text
    text = in_own_form(text, model.settings.unit, model.alphabet, skip_unknown=skip_unknown)
    if not text:
        raise InputError(
            "the text has no character that the model knows" if given else "the text is empty",
            hint="give a text such as the model has learnt from",
        )
    ids = ids_of(text, model.settings.unit, model.alphabet)
    last_units = np.cumsum([len(to_units(c, model.settings.unit)) for c in text]) - 1
    names = GATE_NAMES[model.settings.cell]
    layers = range(model.settings.num_layers)
    size = model.settings.rnn_size
    signals = ["cell", *(["h", *names] if names else [])]
    values = {
        key: np.empty((len(text), size), dtype=np.float32) for key in itertools.product(layers, signals)
    }
    network = CharStep(model.settings.cell, model.settings.num_layers, model.weights)
    position = 0
    for t, number in enumerate(ids.tolist()):
        network.read([number])
        if t != last_units[position]:
            continue
        for n in layers:
            values[n, "cell"][position] = np.tanh(network.c[n][0]) if network.c else network.h[n][0]
            if names:
                values[n, "h"][position] = network.h[n][0]
                for k, name in enumerate(names):
                    values[n, name][position] = network.gates[n][0, k * size : (k + 1) * size]
        position += 1
    return Activations(text, values)


# --- properties of a text, one number per character -----------------------------------------


def _quote(text: str) -> list[float]:
    """1 inside a quotation: between pairs of ", or “ and ”; it cannot cross an empty line."""
    inside, found = False, []
    for n, c in enumerate(text):
        if text.startswith("\n\n", n) or c == "”":
            inside = False
        elif c == "“":
            inside = True
        elif c == '"':
            inside = not inside
        found.append(float(inside))
    return found


def _line_length(text: str) -> list[float]:
    """Characters since the line began."""
    found, length = [], 0
    for c in text:
        length = 0 if c == "\n" else length + 1
        found.append(float(length))
    return found


def _depth(opening: str, closing: str) -> Callable[[str], list[float]]:
    def depth(text: str) -> list[float]:
        """How many brackets are open."""
        found, depth = [], 0
        for c in text:
            depth = max(0, depth + (c in opening) - (c in closing))
            found.append(float(depth))
        return found

    return depth


def _condition(text: str) -> list[float]:
    """1 inside the parentheses of an `if` or a `while`."""
    found, depth = [], 0
    for n, c in enumerate(text):
        if depth:
            depth += (c == "(") - (c == ")")
        elif c == "(" and text[:n].rstrip().endswith(("if", "while")):
            depth = 1
        found.append(float(depth > 0))
    return found


def _word_length(text: str) -> list[float]:
    """Letters since the word began."""
    found, length = [], 0
    for c in text:
        length = length + 1 if c.isalnum() else 0
        found.append(float(length))
    return found


PROPERTIES: dict[str, Callable[[str], list[float]]] = {
    "quote": _quote,
    "line-length": _line_length,
    "bracket": _depth("([{", ")]}"),
    "indent": _depth("{", "}"),
    "if": _condition,
    "word-length": _word_length,
    "upper-case": lambda text: [float(c.isupper()) for c in text],
}


def find(activations: Activations, name: str, count: int = 10) -> list[Match]:
    """The cells that go best with a property, by the size of their correlation.

    >>> a = Activations('x"ab"y', {(0, "cell"): np.array([[0, 1, 1, 1, 0, 0]], np.float32).T})
    >>> find(a, "quote")
    [Match(layer=0, signal='cell', cell=0, correlation=1.0)]

    Raises SettingsError when the text never changes in that property.
    """
    wanted = np.array(PROPERTIES[name](activations.text), dtype=np.float64)
    wanted -= wanted.mean()
    length = float(np.sqrt((wanted**2).sum()))
    if not length:
        raise SettingsError(f"--find {name}: the text has no {name} to track", hint="use another text")
    found = []
    for (layer, signal), values in activations.values.items():
        centred = values - values.mean(axis=0, dtype=np.float64)
        norms = np.sqrt((centred**2).sum(axis=0))
        correlations = wanted @ centred / (length * np.where(norms > 0, norms, np.inf))
        best = np.argsort(-np.abs(correlations), kind="stable")[:count]
        found += [Match(layer, signal, int(n), round(float(correlations[n]), 6)) for n in best]
    return sorted(found, key=lambda match: -abs(match.correlation))[:count]
