"""Attention as a self-contained HTML page (`data/attention.html`): who looked at whom.

A row for each unit that was written, a column for each that was read; the darker, the more of the attention.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nlpcli.engine.io import page_style, pages
from nlpcli.engine.runtime.arrays import Floats

MOST_LINES = 200  # of a page
END = "⏎"  # the end of what is written


class Looked(NamedTuple):
    """What was read and what was written, and the attention [written and the end, read]; None: not known."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    attention: Floats | None


def page(lines: Sequence[Looked], title: str) -> str:
    """One HTML page, with all data inside; shares of attention are kept in percent."""
    data = [
        {
            "source": [pages.plain(unit) for unit in line.source],
            "target": [pages.plain(unit) for unit in (*line.target, END)][: len(line.attention)],
            "percent": np.rint(line.attention * 100).astype(int).tolist(),
        }
        for line in lines
        if line.attention is not None
    ]
    return page_style.page("attention", title=title, heat="heat", DATA=pages.script_data(data))
