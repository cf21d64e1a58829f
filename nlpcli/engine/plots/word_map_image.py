"""A map of words as a picture: PNG, SVG or PDF, by matplotlib.

The same map gives the same bytes (`pictures.py`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Literal

from nlpcli.engine.io import palette, pictures
from nlpcli.engine.io.pages import plain
from nlpcli.engine.plots.word_map import WordMap
from nlpcli.wording import counted

Box = tuple[float, float, float, float]
_THEMES = {"light": palette.LIGHT, "dark": palette.DARK}
_INCHES = (10.0, 7.5)
_TOP = 0.92  # of the height: the title is above
_GAP = 4.0  # points between a dot and its word


def picture(
    word_map: WordMap,
    kind: str,
    *,
    theme: Literal["light", "dark"] = "light",
    font: str | None = None,
) -> tuple[bytes, str]:
    """The picture's bytes, and the characters that no installed font can show.

    Raises MissingDependency without matplotlib, or without a font for Hangul where it is needed.
    """
    word_map = _plain(word_map)
    colours = _THEMES[theme]
    texts = [*word_map.words, word_map.title, *word_map.group_names]
    return pictures.picture(
        texts, lambda: _figure(word_map, colours), kind=kind, font=font, ground=colours["ground"]
    )


def _plain(word_map: WordMap) -> WordMap:
    """The map without control characters, which no font shows and no SVG may hold."""
    words, names = ([*map(plain, texts)] for texts in (word_map.words, word_map.group_names))
    return dataclasses.replace(
        word_map, words=words, group_names=names, title=plain(word_map.title), note=plain(word_map.note),
    )  # fmt: skip


def _figure(word_map: WordMap, colours: dict[str, str]) -> Any:
    figure = pictures.empty_figure(*_INCHES)
    axes = figure.add_axes((0.02, 0.02, 0.96, _TOP - 0.02))
    axes.set_axis_off()
    axes.set_xlim(-1.08, 1.08)
    axes.set_ylim(-1.08, 1.08)
    shades = word_map.shades(colours["ground"])
    dots = [shades[group] for group in word_map.groups]
    x, y = word_map.places[:, 0], word_map.places[:, 1]
    many = len(word_map.words) > 150
    axes.scatter(x, y, s=9 if many else 22, c=dots, linewidths=0, zorder=2)
    for start, end in word_map.arrows:
        axes.annotate(
            "",
            xy=word_map.places[end],
            xytext=word_map.places[start],
            arrowprops={
                "arrowstyle": "-|>",
                "color": colours["faint"],
                "shrinkA": 5,
                "shrinkB": 5,
                "linewidth": 1,
            },
            zorder=1,
        )
    _label(axes, word_map, colours, 7.0 if many else 10.0)
    figure.text(0.02, 0.955, word_map.title, color=colours["ink"], fontsize=13, weight="bold")
    figure.text(
        0.02,
        0.93,
        f"{counted(len(word_map.words), 'word')} · {word_map.note}",
        color=colours["faint"],
        fontsize=9,
    )
    if word_map.group_names:
        _legend(axes, word_map, colours)
    return figure


def _label(axes: Any, word_map: WordMap, colours: dict[str, str], size: float) -> None:
    """Words beside their dots; one for which there is no room is left out unless it was asked for."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    unit = pictures.DPI / 72
    spots = axes.transData.transform(word_map.places)
    room = (0.0, 0.0, _INCHES[0] * pictures.DPI, _TOP * _INCHES[1] * pictures.DPI)
    taken = [_box(spot, 3 * unit) for spot in spots]
    for start, end in word_map.arrows:
        steps = max(1, int(abs(spots[end] - spots[start]).max() / (4 * unit)))
        taken += [
            _box(spots[start] + (spots[end] - spots[start]) * step / steps, unit) for step in range(1, steps)
        ]
    properties = FontProperties(size=size)
    for number, (word, (x, y)) in enumerate(zip(word_map.words, spots.tolist(), strict=True)):
        box = TextPath((0, 0), word, prop=properties).get_extents() if word.strip() else None
        wide, high = (box.width * unit, size * 1.15 * unit) if box is not None else (unit, unit)
        others = taken[:number] + taken[number + 1 :]
        places = _within(room, list(_around(x, y, wide, high, _GAP * unit)))
        found = next((place for place in places if not any(_overlap(place, other) for other in others)), None)
        if found is None and word_map.chosen:
            found = places[0]
        if found is None:
            continue
        taken.append(found)
        # In the coordinates of the map, since an SVG has other pixels than a PNG.
        left, bottom = axes.transData.inverted().transform((found[0], found[1] + high * 0.22))
        axes.text(left, bottom, word, color=colours["ink"], fontsize=size, zorder=3)


def _box(spot: Any, reach: float) -> Box:
    x, y = float(spot[0]), float(spot[1])
    return x - reach, y - reach, x + reach, y + reach


def _around(x: float, y: float, wide: float, high: float, gap: float) -> Iterator[Box]:
    """Where a word may stand beside its dot, best first: (left, bottom, right, top)."""
    for left, bottom in (
        (x + gap, y - high / 2),
        (x - gap - wide, y - high / 2),
        (x - wide / 2, y + gap),
        (x - wide / 2, y - gap - high),
        (x + gap * 0.7, y + gap * 0.5),
        (x + gap * 0.7, y - gap * 0.5 - high),
        (x - gap * 0.7 - wide, y + gap * 0.5),
        (x - gap * 0.7 - wide, y - gap * 0.5 - high),
    ):
        yield left, bottom, left + wide, bottom + high


def _within(room: Box, places: list[Box]) -> list[Box]:
    """Those places of a word that are all within the picture, or else the first, moved as far as it takes.

    >>> _within((0, 0, 100, 50), [(95, 10, 125, 20), (55, 10, 85, 20)])
    [(55, 10, 85, 20)]
    >>> _within((0, 0, 100, 50), [(95, -5, 125, 5)])
    [(70, 0, 100, 10)]
    """
    whole = [
        place
        for place in places
        if place[0] >= room[0] and place[1] >= room[1] and place[2] <= room[2] and place[3] <= room[3]
    ]
    if whole:
        return whole
    left, bottom, right, top = places[0]
    x = max(room[0], min(left, room[2] - (right - left)))  # of what is wider than the picture the beginning
    y = max(room[1], min(bottom, room[3] - (top - bottom)))
    return [(x, y, x + right - left, y + top - bottom)]


def _overlap(first: Box, second: Box) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


def _legend(axes: Any, word_map: WordMap, colours: dict[str, str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker="o", linestyle="", color=shade, label=name, markersize=5)
        for name, shade in zip(word_map.group_names, word_map.shades(colours["ground"]), strict=False)
    ]
    axes.legend(
        handles=handles,
        loc="best",
        fontsize=8,
        labelcolor=colours["ink"],
        facecolor=colours["ground"],
        edgecolor=colours["faint"],
        framealpha=0.85,
        ncols=1 + len(handles) // 12,
    )
