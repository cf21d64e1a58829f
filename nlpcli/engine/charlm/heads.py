"""Whom the heads of a transformer look at while it reads: of each unit, shares of attention to those before.

What a head does is told by a few numbers (after Clark et al. 2019, "What Does BERT Look At?"): how far back
it looks on average, how much at the unit itself, at the one before, at the first, and at how many units, 2 to
the entropy of its shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.subword_units import pieces_of
from nlpcli.engine.charlm.units import encode
from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.neural.transformer import Places
from nlpcli.engine.neural.transformer_lm import outputs
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.errors import InputError

MOST_UNITS = 256  # that are looked at: their shares are a square for each head


@dataclass(frozen=True, eq=False)
class Heads:
    """The units of a window, and what each looks at: attention float32 [layers, heads, T, T]."""

    units: Sequence[str]
    attention: Floats


class Habit(NamedTuple):
    """What a head does on average over the units of a window."""

    layer: int
    head: int
    distance: float
    itself: float
    before: float
    first: float
    units: float


def record(model: CharLM, text: str, *, skip_unknown: bool = False) -> Heads:
    """The attention in the first window of a text, of at most 256 units.

    Raises InputError for characters the model has never seen, unless they are skipped, and when none is left.
    """
    settings = model.settings
    ids = encode(text, model.unit, model.alphabet, skip_unknown=skip_unknown)
    read: Ids = ids[: min(settings.context_size, MOST_UNITS)].astype(np.int64)
    if not len(read):
        raise InputError(
            "the text has no character that the model knows" if text else "the text is empty",
            hint="give a text such as the model has learnt from",
        )
    attention: list[Floats] = []
    outputs(model.weights, settings, read, Places.of([len(read)]), attention)
    return Heads(pieces_of(model.unit, (model.alphabet.tokens[n] for n in read)), np.concatenate(attention))


def habits(heads: Heads) -> list[Habit]:
    """What each head does, layer by layer.

    >>> one = np.array([[[[1, 0, 0], [1, 0, 0], [0, 1, 0]]]], np.float32)
    >>> habits(Heads(["a", "b", "c"], one))
    [Habit(layer=0, head=0, distance=0.667, itself=0.333, before=1.0, first=0.667, units=1.0)]
    """
    layers, count, length, _ = heads.attention.shape
    places = np.arange(length)
    back = places[:, None] - places
    found = []
    for layer in range(layers):
        for head in range(count):
            shares = heads.attention[layer, head].astype(np.float64)
            surprise = -np.log2(np.where(shares > 0, shares, 1.0))
            numbers = (
                (shares * back).sum(axis=1).mean(),
                shares.diagonal().mean(),
                shares.diagonal(-1).mean() if length > 1 else 0.0,
                shares[:, 0].mean(),
                np.exp2((shares * surprise).sum(axis=1)).mean(),
            )
            found.append(Habit(layer, head, *(round(float(number), 3) for number in numbers)))
    return found
