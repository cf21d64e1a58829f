"""The colours of pages and pictures, for light and for dark, and how well one is read on another.

Contrast is that of WCAG 2.x: text is to have 4.5 to what lies behind it, what is no text 3.
"""

from __future__ import annotations

import colorsys
import functools

RGB = tuple[float, float, float]  # red, green, blue, 0 … 1

# What all pages are made of. mark: what is chosen or pointed at, and the focus.
LIGHT = {
    "ground": "#ffffff", "panel": "#f6f7f9", "ink": "#1d2129", "faint": "#5b6575", "line": "#d5d9e0",
    "mark": "#b93a0a", "on-mark": "#ffffff", "fill": "#4477aa", "soft": "#c9ced8", "disc": "#cfe6d6",
}  # fmt: skip
DARK = {
    "ground": "#14171c", "panel": "#1b1f26", "ink": "#e8eaee", "faint": "#a3acba", "line": "#39404c",
    "mark": "#fb923c", "on-mark": "#1d1206", "fill": "#6aa5dd", "soft": "#4a5362", "disc": "#28513a",
}  # fmt: skip
TEXT, GRAPHICS = 4.5, 3.0  # the least contrast to the ground

# Paul Tol's bright scheme, which colour-blind readers tell apart; more are steps around the colour wheel.
_SERIES = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee7733", "#999999")
HEAT_STEPS = 20
# From nothing to all: on paper ever darker, on a dark ground ever brighter.
_HEAT = {"#ffffff": ("#ffffff", "#6baed6", "#08306b"), "#14171c": ("#14171c", "#2f6fb3", "#d3e8ff")}
# Of values below and above zero: one ink is read on all of them.
_LOW = {"#ffffff": "#79aef2", "#14171c": "#2a62bd"}
_HIGH = {"#ffffff": "#f4897b", "#14171c": "#b8402f"}


def rgb(colour: str) -> RGB:
    """The parts of a colour #rrggbb.

    >>> rgb("#ff0080")[:2]
    (1.0, 0.0)
    """
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def written(colour: RGB) -> str:
    """A colour as #rrggbb."""
    return "#" + "".join(f"{round(min(max(part, 0), 1) * 255):02x}" for part in colour)


def contrast(one: str, other: str) -> float:
    """WCAG 2.x: (lighter + 0.05) / (darker + 0.05) of relative luminances; 1 … 21.

    >>> round(contrast("#000000", "#ffffff"), 1)
    21.0
    """
    dark, light = sorted((_luminance(rgb(one)), _luminance(rgb(other))))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: RGB) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ink_on(ground: str) -> str:
    """Black or white, whichever is read better; its contrast is 4.58 or more on any ground.

    >>> ink_on("#ffee00"), ink_on("#003377")
    ('#000000', '#ffffff')
    """
    return max("#000000", "#ffffff", key=lambda ink: contrast(ink, ground))


def mixed(one: str, other: str, share: float) -> str:
    """A colour between two: `share` of the other."""
    red, green, blue = (a + (b - a) * share for a, b in zip(rgb(one), rgb(other), strict=True))
    return written((red, green, blue))


@functools.cache
def series(number: int, ground: str = LIGHT["ground"], least: float = GRAPHICS) -> str:
    """The colour of the group `number`, as dark or light as it takes for `least` contrast to the ground.

    >>> series(0), series(8) != series(9)
    ('#4477aa', True)
    """
    if number < len(_SERIES):
        found = _SERIES[number]
    else:
        found = written(colorsys.hls_to_rgb(number * 0.618034 % 1, 0.5, 0.6))
    hue, lightness, saturation = colorsys.rgb_to_hls(*rgb(found))
    step = 0.01 if contrast(ground, "#000000") < contrast(ground, "#ffffff") else -0.01
    while contrast(found, ground) < least and 0 < lightness + step < 1:
        lightness += step
        found = written(colorsys.hls_to_rgb(hue, lightness, saturation))
    return found


def heat(share: float, ground: str = LIGHT["ground"]) -> str:
    """The colour of a share 0 … 1: the ground, then blue.

    >>> heat(0), heat(1)
    ('#ffffff', '#08306b')
    """
    none, half, whole = _HEAT[ground]
    return mixed(none, half, share * 2) if share < 0.5 else mixed(half, whole, share * 2 - 1)


def diverging(value: float, ground: str = LIGHT["ground"]) -> str:
    """The colour of a value −1 … 1: blue below zero, the ground at zero, red above."""
    return mixed(ground, _LOW[ground] if value < 0 else _HIGH[ground], abs(value))
