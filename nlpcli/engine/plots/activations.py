"""Activations as a self-contained HTML page (`data/activations.html`).

Blue is −1 (a gate: 0), red is 1; between lies the ground of the page.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.activations import Activations, Match
from nlpcli.engine.io import page_style, pages

_SIGMOIDS = "ifozr"


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
    return page_style.page("activations", title=title, heat="diverging", DATA=pages.script_data(data))


def _place(match: Match) -> dict[str, int | str]:
    return {"layer": match.layer, "signal": match.signal, "cell": match.cell}


def levels(values: NDArray[np.float32], signal: str) -> NDArray[np.int8]:
    """Values as −127 … 127; a gate between 0 and 1 is spread over the whole range."""
    spread = 2 * values - 1 if signal in _SIGMOIDS else values
    return np.rint(np.clip(spread, -1, 1) * 127).astype(np.int8)
