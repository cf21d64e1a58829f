"""A map of words as one HTML file that needs nothing else: hover, search, zoom.

The page itself is `data/word_map.html`; this puts the words into it.
"""

from __future__ import annotations

from importlib import resources
from typing import Literal

from nlpcli.engine.io import pages
from nlpcli.engine.plots.word_map import WordMap


def page(word_map: WordMap, theme: Literal["auto", "light", "dark"] = "auto") -> bytes:
    """The HTML file's bytes; `auto` follows the reader's system, and the page has a switch."""
    data = {
        "words": word_map.words,
        "places": [[round(x, 5), round(y, 5)] for x, y in word_map.places.tolist()],
        "groups": word_map.groups,
        "names": word_map.group_names,
        "colours": word_map.colours,
        "arrows": word_map.arrows,
        "near": [[[word, round(score, 4)] for word, score in found] for found in word_map.near],
        "note": word_map.note,
        "noun": word_map.noun,
        "chosen": word_map.chosen,
    }
    template = resources.files("nlpcli").joinpath("data/word_map.html").read_text(encoding="utf-8")
    title, safe = pages.escaped(word_map.title), pages.script_data(data)
    # Lone surrogates cannot be written.
    return pages.page(template, TITLE=title, THEME=theme, DATA=safe).encode("utf-8", "replace")
