"""Texts with their summaries marked, as one HTML page (`data/summary.html`)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from nlpcli.engine.io import page_style, pages
from nlpcli.engine.tasks.summarization import Sentence, Summary
from nlpcli.wording import counted

MOST_TEXTS = 200  # of a page


def page(summaries: Sequence[Summary]) -> str:
    """The first 200 texts, with all their sentences; those of the summary are marked."""
    shown = summaries[:MOST_TEXTS]
    chosen, of = sum(len(summary.sentences) for summary in shown), sum(summary.of for summary in shown)
    note = f"{chosen:,} of {counted(of, 'sentence')}"
    if len(shown) < len(summaries):
        note += f"; the first {len(shown):,} of {counted(len(summaries), 'text')}"
    return page_style.page(
        "summary", title="Summaries", NOTE=note, BODY="".join(map(_text, shown)) or "<p>No text.</p>"
    )


def _text(summary: Summary) -> str:
    chosen = {(one.line, one.text) for one in summary.sentences}
    lines = "".join(
        "<p>" + " ".join(_sentence(one, (one.line, one.text) in chosen) for one in line) + "</p>"
        for _, line in itertools.groupby(summary.whole, key=lambda one: one.line)
    )
    return f"<section><h2>{pages.escaped(summary.file)}</h2>{lines}</section>"


def _sentence(one: Sentence, is_chosen: bool) -> str:
    said = f"line {one.line:,}: {one.score:.2f}{', in the summary' if is_chosen else ''}"
    tag = "mark" if is_chosen else "span"
    return f'<{tag} data-say="{said}">{pages.escaped(one.text)}</{tag}>'
