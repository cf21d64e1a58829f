"""Keywords as bars and as a cloud of words: self-contained pages (`data/panels.html`), and PNG pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from nlpcli.engine.documents.keywords import Keyword, KeywordGroup, Keywords, merged_words
from nlpcli.engine.io import page_style, pages, palette, pictures
from nlpcli.engine.io.writing import open_output
from nlpcli.engine.plots import word_cloud
from nlpcli.errors import InputError, OutputError
from nlpcli.wording import counted

MOST_GROUPS, MOST_WORDS = 24, 200
_KINDS = ("html", "png")
_SCORES = {"class": "z", "document": "score", "corpus": "score"}


def kind_of(path: str) -> str:
    """Html or png. Raises OutputError for another extension."""
    kind = PurePath(path).suffix.lower().removeprefix(".")
    if kind not in _KINDS:
        raise OutputError(f"cannot write {path}: a page is .html, a picture .png")
    return kind


def chart(found: Keywords, path: str, font: str | None = None) -> str:
    """A bar for each keyword, a panel for each group; what comes back are characters that no font shows."""
    groups = _plain(found)
    if len(groups) > MOST_GROUPS:
        raise InputError(
            f"{path}: {len(groups):,} groups of bars are too many to look at; {MOST_GROUPS} can be drawn",
            hint="--cloud draws all keywords together; --by corpus has one group",
        )
    if kind_of(path) == "html":
        panels = "".join(bars(group, number, found.by) for number, group in enumerate(groups))
        return _page(path, "Keywords", found, f'<div class="groups">{panels}</div>')
    texts = [text for group in groups for text in (group.name, *(one.word for one in group.words))]
    return _picture(path, texts, lambda: _bars_figure(groups, _SCORES[found.by]), font)


def cloud(found: Keywords, path: str, font: str | None = None) -> str:
    """All keywords in one cloud, as large as they are telling, in the colour of their group."""
    groups = _plain(found)
    words = merged_words(groups, MOST_WORDS)
    if kind_of(path) == "html":
        return _page(path, "Keywords", found, cloud_body(groups, words))
    texts = [*(one.word for one, _ in words), *(group.name for group in groups)]
    return _picture(path, texts, lambda: _cloud_figure(groups, words), font)


def _plain(found: Keywords) -> list[KeywordGroup]:
    """The groups without control characters, which nothing shows."""
    groups = [
        KeywordGroup(
            pages.plain(group.name), [replace(one, word=pages.plain(one.word)) for one in group.words]
        )
        for group in found.groups
    ]
    if not groups:
        raise InputError("there are no keywords to draw", hint="no text holds a word that tells it")
    return groups


# --- pages ----------------------------------------------------------------------------------

_NOTES = {
    "class": "z-scores of log-odds against all other classes (Monroe et al. 2008): above 2 is rarely chance.",
    "document": "Count in the document · ln((n + 1) / documents with the word).",
    "corpus": "Count in all documents · ln((n + 1) / documents with the word).",
}


def _page(path: str, title: str, found: Keywords, body: str) -> str:
    note = f'<p class="note">{pages.escaped(_NOTES[found.by])}</p>'
    written = page_style.page("panels", title=title, groups=MOST_GROUPS, LANGUAGE="", NOTE=note, BODY=body)
    with open_output(path) as file:
        file.write(written.encode("utf-8", "replace"))
    return ""


def bars(group: KeywordGroup, number: int, by: str) -> str:
    """A panel of a page: a bar for each keyword of a group, in the group's colour."""
    highest = max((one.score for one in group.words), default=1.0) or 1.0
    name = group.name if by == "class" else f"document {group.name}" if by == "document" else "All texts"
    rows = "".join(
        f'<li data-say="{pages.escaped(_said(one, by))}">'
        f'<span class="word">{pages.escaped(one.word)}</span><span class="room"><span class="bar" '
        f'style="width:{100 * one.score / highest:.1f}%;background:var(--c{number % MOST_GROUPS})"></span>'
        "</span>"
        f'<span class="value">{one.score:.1f}</span></li>'
        for one in group.words
    )
    return f"<section><h2>{pages.escaped(name)}</h2><ol>{rows}</ol></section>"


def _said(one: Keyword, by: str) -> str:
    """What is told of a word that is pointed at."""
    if by == "class":
        odds = math.exp(min(one.log_odds, 50))
        return (
            f"{one.word}: z {one.score:.1f}; {counted(one.count, 'time')} here, {one.elsewhere:,} elsewhere; "
            f"{odds:,.1f} times the odds"
        )
    return (
        f"{one.word}: {one.score:.1f}; {counted(one.count, 'time')}, in {counted(one.elsewhere, 'document')}"
    )


def cloud_body(groups: Sequence[KeywordGroup], words: Sequence[tuple[Keyword, int]]) -> str:
    """The cloud as SVG, once for a desk and once for a phone, with a legend and its words as a table."""
    legend = "".join(
        f'<li><i style="background:var(--t{number % MOST_GROUPS})"></i>{pages.escaped(group.name)}</li>'
        for number, group in enumerate(groups)
        if len(groups) > 1 and number < MOST_GROUPS
    )
    rows = "".join(
        f"<tr><td>{pages.escaped(one.word)}</td><td>{pages.escaped(groups[number].name)}</td>"
        f"<td>{one.count:,}</td></tr>"
        for one, number in words
    )
    return (
        f'<ul class="legend">{legend}</ul>{_svg(words, groups, 1000, 620, "desk")}'
        f"{_svg(words, groups, 420, 760, 'phone')}<details><summary>The words as a table</summary>"
        f"<table><tr><th>word</th><th>group</th><th>count</th></tr>{rows}</table></details>"
    )


def _svg(
    words: Sequence[tuple[Keyword, int]], groups: Sequence[KeywordGroup], width: int, height: int, name: str
) -> str:
    """Each word is made as wide as its box, so that none meets another whatever font the reader has."""
    widths = [word_cloud.estimated_width(one.word) for one, _ in words]
    heights = word_cloud.sizes([one.score for one, _ in words], max(width, height) * 0.9)
    places = word_cloud.placed(
        heights, lambda number, size: (widths[number] * size + 6, size * 1.15), width, height
    )
    parts = [f'<svg class="{name}" viewBox="0 0 {width} {height}" role="group" aria-label="Word cloud">']
    for (one, number), place in zip(words, places, strict=True):
        if place is None:
            continue
        size, (left, top, wide, _) = place
        said = f"{one.word}: {counted(one.count, 'time')}" + (
            f" in {groups[number].name}" if len(groups) > 1 else ""
        )
        parts.append(
            f'<text data-say="{pages.escaped(said)}" x="{left + 3:.1f}" '
            f'y="{top + size * 0.9:.1f}" font-size="{size:.1f}" textLength="{wide - 6:.1f}" '
            f'lengthAdjust="spacingAndGlyphs" style="fill:var(--t{number % MOST_GROUPS})">'
            f"{pages.escaped(one.word)}</text>"
        )
    return "".join([*parts, "</svg>"])


# --- pictures -------------------------------------------------------------------------------


def _picture(path: str, texts: Sequence[str], draw: Callable[[], Any], font: str | None) -> str:
    content, unseen = pictures.picture(texts, draw, font=font)
    with open_output(path) as file:
        file.write(content)
    return unseen


def _bars_figure(groups: Sequence[KeywordGroup], score: str) -> Any:
    columns = min(3, len(groups))
    lines = -(-len(groups) // columns)
    longest = max(len(group.words) for group in groups)
    figure = pictures.empty_figure(4.2 * columns, lines * (0.9 + 0.26 * longest))
    figure.set_layout_engine("constrained")
    for number, group in enumerate(groups):
        axes = figure.add_subplot(lines, columns, number + 1)
        places = range(len(group.words))
        axes.barh(places, [one.score for one in group.words], color=palette.series(number))
        axes.set_yticks(places, [one.word for one in group.words])
        axes.set_ylim(longest - 0.4, -0.6)
        axes.set_title(group.name, fontsize=11)
        axes.set_xlabel(score, fontsize=8)
        axes.tick_params(axis="x", labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _ink(number: int) -> str:
    """The colour of words of a group."""
    return palette.series(number, least=palette.TEXT)


def _cloud_figure(groups: Sequence[KeywordGroup], words: Sequence[tuple[Keyword, int]]) -> Any:
    from matplotlib.lines import Line2D

    figure = pictures.empty_figure(10, 6.4)
    width, height = (float(side) * pictures.DPI for side in figure.get_size_inches())
    renderer = figure.canvas.get_renderer()
    below = height * 0.06 if len(groups) > 1 else 0.0  # room for the legend
    texts = [figure.text(0, 0, one.word, color=_ink(number)) for one, number in words]

    def measure(number: int, size: float) -> tuple[float, float]:
        texts[number].set_fontsize(size * 72 / pictures.DPI)
        box = texts[number].get_window_extent(renderer)
        return box.width + 8, box.height + 6

    heights = word_cloud.sizes([one.score for one, _ in words], max(width, height))
    for text, place in zip(texts, word_cloud.placed(heights, measure, width, height - below), strict=True):
        if place is None:
            text.remove()
            continue
        size, (left, top, _, high) = place
        text.set(fontsize=size * 72 / pictures.DPI, verticalalignment="bottom")
        text.set_position(((left + 4) / width, (height - top - high + 3) / height))
    if len(groups) > 1:
        handles = [
            Line2D([], [], marker="o", linestyle="", color=_ink(number), label=group.name)
            for number, group in enumerate(groups[:MOST_GROUPS])
        ]
        figure.legend(handles=handles, loc="lower center", ncols=min(8, len(handles)), fontsize=8)
    return figure
