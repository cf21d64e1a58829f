"""What all pages share: colours, light and dark, fonts (Korean ones too), focus, a few lines of script.

A page is `data/NAME.html`; `data/page.css` and `data/page.js` go into each at @STYLE@ and @SCRIPT@. Colours
are variables: --ink, --ground and what else `palette` names; of groups --c0 … for dots and bars, --t0 … for
words. Fields of a heat map have classes h0 … h20, those of one from −1 to 1 d-20 … d20: each is a ground and
an ink that is read on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import Literal

from nlpcli.engine.io import pages, palette
from nlpcli.engine.io.palette import HEAT_STEPS

Heat = Literal["none", "heat", "diverging"]
Theme = Literal["auto", "light", "dark"]


def page(
    name: str, *, title: str, groups: int = 0, heat: Heat = "none", theme: Theme = "auto", **places: str
) -> str:
    """The page `data/name.html` with its title and what else goes into its places.

    groups: how many colours of groups it takes. theme: `auto` follows the reader's system.
    """
    template = _read(f"{name}.html").replace("@SCRIPT@", _read("page.js").strip(), 1)
    style = f"{_variables(groups, heat)}\n{_read('page.css').strip()}"
    return pages.page(template, TITLE=pages.escaped(title), THEME=theme, STYLE=style, **places)


def _read(name: str) -> str:
    return resources.files("nlpcli").joinpath(f"data/{name}").read_text(encoding="utf-8")


def _variables(groups: int, heat: Heat) -> str:
    light, dark = (" ".join(_colours(theme, groups, heat)) for theme in (palette.LIGHT, palette.DARK))
    lines = [
        f":root {{ color-scheme: light; {light} }}",
        f"@media (prefers-color-scheme: dark) {{ :root[data-theme=auto] {{ color-scheme: dark; {dark} }} }}",
        f":root[data-theme=dark] {{ color-scheme: dark; {dark} }}",
        *(f".{name} {{ background: var(--{name}); color: var(--on-{name}); }}" for name, _ in _steps(heat)),
    ]
    return "\n".join(lines)


def _colours(theme: dict[str, str], groups: int, heat: Heat) -> Iterator[str]:
    ground = theme["ground"]
    for name, colour in theme.items():
        yield f"--{name}: {colour};"
    for number in range(groups):
        yield f"--c{number}: {palette.series(number, ground)};"
        yield f"--t{number}: {palette.series(number, ground, palette.TEXT)};"
    for name, value in _steps(heat):
        shade = palette.heat(value, ground) if heat == "heat" else palette.diverging(value, ground)
        yield f"--{name}: {shade}; --on-{name}: {palette.ink_on(shade)};"


def _steps(heat: Heat) -> Iterator[tuple[str, float]]:
    """The classes of a heat map, and what share or value each stands for."""
    if heat != "none":
        for step in range(0 if heat == "heat" else -HEAT_STEPS, HEAT_STEPS + 1):
            yield f"{heat[0]}{step}", step / HEAT_STEPS


def heat_class(share: float) -> str:
    """The class of a share 0 … 1.

    >>> heat_class(0.52)
    'h10'
    """
    return f"h{round(min(max(share, 0.0), 1.0) * HEAT_STEPS)}"
