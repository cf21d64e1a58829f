"""Small charts as SVG, in the colours of the page they stand in (classes grid, bar, curve, dot, fit)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nlpcli.engine.io import pages

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 480, 240, 46, 32, 12, 14


def bars(names: Sequence[str], values: Sequence[int], label: str) -> str:
    """A column for each name; each can be pointed at and reached by the keyboard."""
    highest = max(values, default=1) or 1
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(values))
    parts = [_begin(label)]
    for share in (0, 0.5, 1):
        y = _y(share)
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_short(share * highest)}</text>'
        )
    for number, (name, value) in enumerate(zip(names, values, strict=True)):
        left, top = _LEFT + step * number, _y(value / highest)
        said = pages.escaped(f"{name}: {value:,}")
        parts.append(
            f'<rect class="bar" data-say="{said}" x="{left + 1:.1f}" y="{top:.1f}" '
            f'width="{max(step - 2, 1):.1f}" height="{_HEIGHT - _BOTTOM - top:.1f}">'
            f"<title>{said}</title></rect>"
        )
        if len(names) <= 12 or number % 2 == 0:
            parts.append(
                f'<text x="{left + step / 2:.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">'
                f"{pages.escaped(name.partition('–')[0])}</text>"
            )
    return "".join([*parts, "</svg>"])


def power_law(x: Sequence[int], y: Sequence[int], factor: float, exponent: float, label: str) -> str:
    """Points on two logarithmic scales, and the power law that fits them as a dashed line."""
    powers = [max(1, math.ceil(math.log10(max(values, default=1)) + 1e-9)) for values in (x, y)]

    def at(a: float, b: float) -> tuple[float, float]:
        across = math.log10(max(a, 1)) / powers[0]
        up = min(max(math.log10(max(b, 1e-9)) / powers[1], 0), 1)
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * across, _y(up)

    parts = [_begin(label)]
    for power in range(powers[1] + 1):
        place = _y(power / powers[1])
        parts.append(f'<path class="grid" d="M{_LEFT} {place:.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(
            f'<text x="{_LEFT - 6}" y="{place + 4:.1f}" text-anchor="end">{_short(10**power)}</text>'
        )
    for power in range(powers[0] + 1):
        across, _ = at(10**power, 1)
        parts.append(
            f'<text x="{across:.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">'
            f"{_short(10**power)}</text>"
        )
    if factor > 0 and x:
        ends = [at(a, factor * a**exponent) for a in (x[0], x[-1])]
        parts.append('<path class="fit" d="M' + "L".join(f"{a:.1f} {b:.1f}" for a, b in ends) + '"/>')
    places = [at(a, b) for a, b in zip(x, y, strict=True)]
    parts.append(
        '<path class="curve" d="M' + "L".join(f"{a:.1f} {b:.1f}" for a, b in places or [(0, 0)]) + '"/>'
    )
    for (across, up), a, b in zip(places, x, y, strict=True):
        said = f"{a:,}: {b:,}"
        parts.append(
            f'<circle class="dot" data-say="{said}" cx="{across:.1f}" cy="{up:.1f}" r="3">'
            f"<title>{said}</title></circle>"
        )
    return "".join([*parts, "</svg>"])


def _begin(label: str) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="group" aria-label="{pages.escaped(label)}">'


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * share


def _short(value: float) -> str:
    """A number as an axis has room for it.

    >>> _short(1500), _short(20), _short(3_000_000)
    ('1.5k', '20', '3M')
    """
    for size, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{name}"
    return f"{value:.3g}"
