"""Gradient norms against distance, as a table, a self-contained page, or a picture."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from nlpcli.engine.charlm.gradients import Reach
from nlpcli.engine.io import pages
from nlpcli.engine.io.writing import cell
from nlpcli.errors import MissingDependency

_COLOURS = ("#1f6fb4", "#d9531e", "#3a923a", "#8e5ea2", "#b8860b", "#17a2a2", "#c2185b", "#555555")
_DASHES = ("", "6 4", "2 3", "8 3 2 3")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 860, 440, 74, 48, 16, 16
TITLE = "How far back the gradient reaches"
X_LABEL = "k, steps back in time"
Y_LABEL = "mean norm of the gradient of loss at t by the state at t − k"


def series(reaches: Mapping[str, Reach]) -> dict[str, list[float]]:
    """One line per model, layer and state, by its label; layers are named where there are several."""
    lines: dict[str, list[float]] = {}
    for name, reach in reaches.items():
        for state, norms in (("h", reach.h), ("c", reach.c)):
            if norms is None:
                continue
            for layer, values in enumerate(norms.tolist()):
                where = f" layer {layer}" if len(norms) > 1 else ""
                lines[f"{name} ({reach.cell}){where} {state}"] = values
    return lines


def table(lines: Mapping[str, Sequence[float]]) -> Iterator[str]:
    """TSV: k, then a column per line."""
    yield "\t".join(["k", *map(cell, lines)])
    for k in range(max(map(len, lines.values()))):
        yield "\t".join([str(k), *(f"{values[k]:.6g}" for values in lines.values())])


def page(lines: Mapping[str, Sequence[float]]) -> str:
    """An HTML page with the curves as SVG on a logarithmic scale, and the numbers below."""
    rows = [["k", *lines], *(row.split("\t") for row in itertools.islice(table(lines), 1, None))]
    head = "".join(f"<th>{pages.escaped(cell)}</th>" for cell in rows[0])
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows[1:])
    template = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{TITLE}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 1rem auto; max-width: 58rem; }}
body {{ color: #222; background: #fff; }} h1 {{ font-size: 1.2rem; }} svg {{ width: 100%; height: auto; }}
text {{ font: 12px system-ui, sans-serif; fill: #222; }}
table {{ border-collapse: collapse; font-size: 13px; }} th, td {{ padding: .1rem .6rem; text-align: right; }}
tr:nth-child(odd) td {{ background: #f5f5f5; }}
</style></head><body>
<h1>{TITLE}</h1>
{_svg(lines)}
<p>On this scale a gradient that vanishes by a constant factor a step is a falling straight line;
a level line remembers.</p>
<details><summary>numbers</summary><table><tr>{head}</tr>
{body}
</table></details></body></html>
"""
    return pages.page(template)


def _svg(lines: Mapping[str, Sequence[float]]) -> str:
    positive = [value for values in lines.values() for value in values if value > 0]
    top = math.ceil(math.log10(max(positive, default=1.0)) + 1e-9)
    bottom = min(top - 1, math.floor(math.log10(min(positive, default=0.1))))
    steps = max(1, max(map(len, lines.values())) - 1)

    def x(k: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * k / steps

    def y(power: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (top - power) / (top - bottom)

    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + 20 * len(lines)}" role="img" aria-label="{TITLE}">']
    for power in range(bottom, top + 1, max(1, (top - bottom) // 8)):
        parts.append(f'<path d="M{_LEFT} {y(power):.1f}H{_WIDTH - _RIGHT}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y(power) + 4:.1f}" text-anchor="end">10'
            f'<tspan dy="-5" font-size="9">{power}</tspan></text>'
        )
    for k in range(0, steps + 1, max(1, math.ceil(steps / 10))):
        parts.append(f'<text x="{x(k):.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{k}</text>')
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    parts.append(f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 8}" text-anchor="middle">{X_LABEL}</text>')
    parts.append(
        f'<text transform="translate(16 {middle}) rotate(-90)" text-anchor="middle">{Y_LABEL}</text>'
    )
    for number, (label, values) in enumerate(lines.items()):
        stroke = f'stroke="{_COLOURS[number % len(_COLOURS)]}" stroke-width="2" fill="none"'
        stroke += f' stroke-dasharray="{_DASHES[number // len(_COLOURS) % len(_DASHES)]}"'
        points = [f"{x(k):.1f} {y(math.log10(value)):.1f}" for k, value in enumerate(values) if value > 0]
        parts.append(f'<path d="M{"L".join(points)}" {stroke}><title>{pages.escaped(label)}</title></path>')
        row = _HEIGHT + 14 + 20 * number
        parts.append(f'<path d="M{_LEFT} {row - 4}h34" {stroke}/>')
        parts.append(f'<text x="{_LEFT + 42}" y="{row}">{pages.escaped(label)}</text>')
    return "\n".join([*parts, "</svg>"])


def picture(lines: Mapping[str, Sequence[float]], file: BinaryIO) -> None:
    """A PNG. Raises MissingDependency without matplotlib."""
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependency(
            "a .png picture needs matplotlib", hint="pip install 'nlpcli[plot]', or name a .html or .tsv file"
        ) from error
    with rc_context({"text.parse_math": False}):
        figure = Figure(figsize=(8.6, 4.6), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        for label, values in lines.items():
            axes.semilogy(range(len(values)), values, label=pages.plain(label))
        axes.set(title=TITLE, xlabel=X_LABEL, ylabel=Y_LABEL)
        axes.grid(color="#ddd")
        axes.legend()
        figure.savefig(file, format="png", dpi=120)
