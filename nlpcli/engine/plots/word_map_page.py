"""A map of words as one HTML file that needs nothing else: hover, search, zoom.

The page itself is `data/word_map.html`; this puts the words into it.
"""

from __future__ import annotations

from nlpcli.engine.io import page_style, pages
from nlpcli.engine.plots.word_map import WordMap


def page(word_map: WordMap, theme: page_style.Theme = "auto") -> bytes:
    """The HTML file's bytes; `auto` follows the reader's system, and the page has a switch."""
    data = {
        "words": word_map.words,
        "places": [[round(x, 5), round(y, 5)] for x, y in word_map.places.tolist()],
        "groups": word_map.groups,
        "names": word_map.group_names,
        "arrows": word_map.arrows,
        "near": [[[word, round(score, 4)] for word, score in found] for found in word_map.near],
        "note": word_map.note,
        "noun": word_map.noun,
        "chosen": word_map.chosen,
    }
    written = page_style.page(
        "word_map",
        title=word_map.title,
        groups=max(1, len(word_map.group_names)),
        theme=theme,
        DATA=pages.script_data(data),
    )
    return written.encode("utf-8", "replace")  # lone surrogates cannot be written
