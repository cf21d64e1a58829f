"""Gradient norms against distance, as a table, a self-contained page, or a picture."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from nlpcli.engine.charlm.gradients import Reach
from nlpcli.engine.io import page_style, pages, palette, pictures
from nlpcli.engine.io.writing import cell

_COLOURS = 8
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_DASHES = ("", "6 4", "2 3", "8 3 2 3")
_LEFT, _BOTTOM, _TOP, _RIGHT = 46, 48, 12, 14
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
    """An HTML page with the curves on a logarithmic scale, and the numbers below (`data/gradients.html`)."""
    rows = [["k", *lines], *(row.split("\t") for row in itertools.islice(table(lines), 1, None))]
    head = "".join(f'<th scope="col">{pages.escaped(name)}</th>' for name in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{value}</td>" for value in row) + "</tr>\n" for row in rows[1:])
    names = "".join(
        f'<li><svg viewBox="0 0 34 8" aria-hidden="true"><path d="M0 4h34" {_stroke(number)}/></svg>'
        f"<span>{pages.escaped(label)}</span><output></output></li>"
        for number, label in enumerate(lines)
    )
    return page_style.page(
        "gradients",
        title=TITLE,
        groups=_COLOURS,
        CHART=_svg(lines, 900, 440, "desk") + _svg(lines, 420, 380, "phone"),
        CAPTION=f"Across: {X_LABEL}. Up: {Y_LABEL}.",
        NAMES=names,
        STEPS=str(len(rows) - 2),
        TABLE=f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>",
    )


def _power(value: float) -> str:
    """The power of ten that a value is, as superscript digits.

    >>> _power(0.01)
    '⁻²'
    """
    return str(round(math.log10(value))).translate(_RAISED)


def _stroke(number: int) -> str:
    """How the line `number` is drawn: eight colours, then the same with other dashes."""
    dashes = _DASHES[number // _COLOURS % len(_DASHES)]
    return f'class="line" style="--shade:var(--c{number % _COLOURS})" stroke-dasharray="{dashes}"'


def _svg(lines: Mapping[str, Sequence[float]], width: int, height: int, kind: str) -> str:
    """The curves; `kind` is for whom: desk or phone."""
    positive = [value for values in lines.values() for value in values if value > 0]
    top = math.ceil(math.log10(max(positive, default=1.0)) + 1e-9)
    bottom = min(top - 1, math.floor(math.log10(min(positive, default=0.1))))
    steps = max(1, max(map(len, lines.values())) - 1)
    right = width - _RIGHT

    def x(k: float) -> float:
        return _LEFT + (right - _LEFT) * k / steps

    def y(power: float) -> float:
        return _TOP + (height - _TOP - _BOTTOM) * (top - power) / (top - bottom)

    parts = [
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="img" aria-label="{TITLE}" '
        f'data-left="{_LEFT}" data-right="{right}">'
    ]
    for power in range(bottom, top + 1, max(1, (top - bottom) // 8)):
        parts.append(f'<path class="grid" d="M{_LEFT} {y(power):.1f}H{right}"/>')
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y(power) + 4:.1f}" text-anchor="end">10'
            f'<tspan dy="-5" font-size="10.5">{str(power).replace("-", "−")}</tspan></text>'
        )
    for k in range(0, steps + 1, max(1, math.ceil(steps / (10 if kind == "desk" else 5)))):
        parts.append(f'<text x="{x(k):.1f}" y="{height - _BOTTOM + 18}" text-anchor="middle">{k}</text>')
    parts.append(f'<text x="{(_LEFT + right) / 2}" y="{height - 6}" text-anchor="middle">{X_LABEL}</text>')
    parts.append(f'<line class="at" x1="{_LEFT}" x2="{_LEFT}" y1="{_TOP}" y2="{height - _BOTTOM}"/>')
    for number, (label, values) in enumerate(lines.items()):
        points = [f"{x(k):.1f} {y(math.log10(value)):.1f}" for k, value in enumerate(values) if value > 0]
        if points:
            title = f"<title>{pages.escaped(label)}</title>"
            parts.append(f'<path d="M{"L".join(points)}" {_stroke(number)}>{title}</path>')
    return "\n".join([*parts, "</svg>"])


def picture(lines: Mapping[str, Sequence[float]], file: BinaryIO) -> str:
    """A PNG; what comes back are characters that no font here shows.

    Raises MissingDependency without matplotlib, or without a font for Hangul where it is needed.
    """
    labels = [pages.plain(label) for label in lines]

    def figure() -> Any:
        figure = pictures.empty_figure(8.6, 4.6)
        figure.set_layout_engine("constrained")
        axes = figure.add_subplot()
        for number, (label, values) in enumerate(zip(labels, lines.values(), strict=True)):
            style = ("-", "--", ":", "-.")[number // _COLOURS % 4]
            shade = palette.series(number % _COLOURS)
            axes.semilogy(range(len(values)), values, style, color=shade, label=label)
        axes.set(title=TITLE, xlabel=X_LABEL, ylabel=Y_LABEL.replace(" of loss", "\nof loss"))
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.yaxis.set_major_formatter(lambda value, _: f"10{_power(value)}")
        axes.grid(color=palette.LIGHT["line"])
        axes.legend()
        return figure

    content, unseen = pictures.picture([*labels, TITLE, X_LABEL, Y_LABEL], figure)
    file.write(content)
    return unseen
