"""Activations as a self-contained HTML page (`data/activations.html`).

Blue is −1 (a gate: 0), red is 1, white lies between.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.activations import Activations, Match
from nlpcli.engine.io import pages

_SIGMOIDS = "ifozr"
_TEMPLATE = Path(__file__).parents[2] / "data" / "activations.html"


def page(
    activations: Activations,
    title: str,
    start: Match,
    matches: Sequence[Match] = (),
    property_name: str = "",
) -> str:
    """One HTML page, with all data inside, that steps through the cells; it opens at `start`.

    Values are kept as one byte each: cells × characters × signals bytes, and a third more as text.
    """
    data = {
        "text": activations.text,
        "size": activations.size,
        "layers": sorted({layer for layer, _ in activations.values}),
        "signals": list(dict.fromkeys(signal for _, signal in activations.values)),
        "sigmoids": _SIGMOIDS,
        "start": _place(start),
        "property": property_name,
        "matches": [{**_place(match), "correlation": match.correlation} for match in matches],
        "values": {
            f"{layer}{signal}": base64.b64encode(levels(values, signal).T.tobytes()).decode()
            for (layer, signal), values in activations.values.items()
        },
    }
    template = _TEMPLATE.read_text(encoding="utf-8")
    return pages.page(template, TITLE=pages.escaped(title), DATA=pages.script_data(data))


def _place(match: Match) -> dict[str, int | str]:
    return {"layer": match.layer, "signal": match.signal, "cell": match.cell}


def levels(values: NDArray[np.float32], signal: str) -> NDArray[np.int8]:
    """Values as −127 … 127; a gate between 0 and 1 is spread over the whole range."""
    spread = 2 * values - 1 if signal in _SIGMOIDS else values
    return np.rint(np.clip(spread, -1, 1) * 127).astype(np.int8)
