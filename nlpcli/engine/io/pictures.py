"""Pictures by matplotlib: the same drawing gives the same bytes, in fonts that can show its words."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nlpcli.engine.io.fonts import fonts_for, is_hangul
from nlpcli.engine.io.palette import LIGHT
from nlpcli.engine.runtime.progress import Progress
from nlpcli.errors import INSTALL_PLOT, MissingDependency

DPI = 150
# What would tell when and by what a file was made.
_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def picture(
    texts: Iterable[str], draw: Callable[[], Any], *, kind: str = "png", font: str | None = None,
    ground: str = LIGHT["ground"],
) -> tuple[bytes, str]:  # fmt: skip
    """What `draw` makes, a figure with its texts, as a file's bytes; and characters that no font here shows.

    No time and no random names go in. Letters in an SVG are drawn as shapes, so that it looks the same where
    their font is missing. Raises MissingDependency without matplotlib.
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
    with matplotlib.rc_context(style), _without_remarks():
        figure = draw()
        out = io.BytesIO()
        figure.savefig(out, format=kind, dpi=DPI, facecolor=ground, metadata=_METADATA[kind])
    return out.getvalue(), unseen


@contextlib.contextmanager
def _without_remarks() -> Iterator[None]:
    """Keep back what matplotlib says about fonts and letters: one that is missing is told by `unseen`."""
    logger = logging.getLogger("matplotlib.font_manager")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def empty_figure(width: float, height: float) -> Any:
    """A figure of so many inches with nothing on it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI)
    FigureCanvasAgg(figure)
    return figure


def tell_unseen(unseen: str, progress: Progress) -> None:
    """One remark about characters of a picture that no font here shows, and what to do about it."""
    if not unseen:
        return
    hint = ""
    if any(is_hangul(letter) for letter in unseen):
        hint = "; for Hangul: apt-get install fonts-nanum, or a font file by --font where a command has it"
    progress.lost(f"no installed font shows {unseen[:40]}{hint}")
