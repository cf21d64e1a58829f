"""Heads of self-attention as a self-contained HTML page (`data/heads.html`): who looked at whom.

The darker a character, the more of its attention the chosen one paid to it.
"""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.heads import Heads
from nlpcli.engine.io import page_style, pages


def page(heads: Heads, title: str, layer: int, head: int) -> str:
    """One HTML page, with all data inside, that opens at a head; a share is kept as a byte."""
    data = {
        "units": list(heads.units),
        "layers": heads.attention.shape[0],
        "heads": heads.attention.shape[1],
        "start": {"layer": layer, "head": head},
        "shares": base64.b64encode(levels(heads.attention).tobytes()).decode(),
    }
    return page_style.page("heads", title=title, heat="heat", DATA=pages.script_data(data))


def levels(shares: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Shares as 0 … 255."""
    return np.rint(shares * 255).astype(np.uint8)
