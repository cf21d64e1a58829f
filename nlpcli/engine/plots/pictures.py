"""Pictures by matplotlib: the same drawing gives the same bytes, in fonts that can show its words."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from nlpcli.engine.plots.fonts import fonts_for
from nlpcli.errors import INSTALL_PLOT, MissingDependency

DPI = 150
# Paper, ink, and what stands back.
LIGHT = {"ground": "#ffffff", "ink": "#1d2129", "faint": "#667085"}
DARK = {"ground": "#14171c", "ink": "#e8eaee", "faint": "#98a1b0"}


def picture(
    texts: Iterable[str], draw: Callable[[], Any], *, kind: str = "png", font: str | None = None,
    ground: str = LIGHT["ground"],
) -> tuple[bytes, str]:  # fmt: skip
    """What `draw` makes, a figure with its texts, as a file's bytes; and characters that no font here shows.

    No time and no random names go in. Letters in an SVG are drawn as shapes, so that it looks the same where
    their font is missing. Raises MissingDependency without matplotlib, or without a font for Hangul where it
    is needed.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise MissingDependency("pictures need matplotlib", hint=INSTALL_PLOT) from error
    families, unseen = fonts_for(texts, font)
    style: Any = {
        "font.family": families,
        "svg.fonttype": "path",
        "svg.hashsalt": "nlpcli",
        "axes.unicode_minus": False,
        "text.parse_math": False,
    }
    with matplotlib.rc_context(style), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a glyph that is missing is told by `unseen`
        figure = draw()
        out = io.BytesIO()
        metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
        figure.savefig(out, format=kind, dpi=DPI, facecolor=ground, metadata=metadata)
    return out.getvalue(), unseen


def empty_figure(width: float, height: float) -> Any:
    """A figure of so many inches with nothing on it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI)
    FigureCanvasAgg(figure)
    return figure
