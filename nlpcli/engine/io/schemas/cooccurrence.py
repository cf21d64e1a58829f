"""Co-occurrence counts."""

from __future__ import annotations

import itertools

import numpy as np

from nlpcli.engine.io.header_fields import (
    MOST,
    Field,
    flag,
    one_of,
    settings_of,
    whole,
)
from nlpcli.engine.io.schema import (
    Array,
    Held,
    Schema,
    below,
    offsets_into,
    within,
)
from nlpcli.engine.io.schemas.vocabulary import VOCABULARY
from nlpcli.settings.embeddings import CooccurrenceSettings
from nlpcli.settings.text import AnalysisSettings

_UNITS = 2.0**56  # a cell of counts, in units: sums of a hundred files stay in int64


def _distinct(held: Held) -> str | None:
    if "vocabulary.bytes" not in held.arrays:
        return None
    content, offsets = held.arrays["vocabulary.bytes"].tobytes(), held.arrays["vocabulary.offsets"].tolist()
    words = {content[start:end] for start, end in itertools.pairwise(offsets)}
    return None if len(words) == len(offsets) - 1 else "a word stands twice in its vocabulary"


def _ranks(held: Held) -> str | None:
    """What is wrong with the ranks by first appearance: those of the words that were seen, −1 for others."""
    ranks = held.arrays.get("vocabulary.first")
    if ranks is None:
        return None
    seen = ranks[ranks >= 0]
    distinct = len(seen) == 0 or (int(seen.max()) < len(seen) and bool((np.bincount(seen) == 1).all()))
    return None if distinct else "its ranks by first appearance are none"


# `indices` and `data` stay in the file and are looked at row by row, as they are read.
COUNTS = Schema(
    {
        "settings": Field(settings_of(CooccurrenceSettings)),
        "analysis": Field(settings_of(AnalysisSettings)),
        "format": Field(whole(1)),
        "vocab_order": Field(one_of("frequency", "first-seen", "alphabetical"), default="frequency"),
        "dropped": Field(flag, default=False),
    },
    {
        **VOCABULARY,
        "vocabulary.first": Array("int64", ("V",), within(-1, "V"), optional=True),
        "shape": Array("int64", (2,), within("V", "V")),
        "indptr": Array("int64", ("V+1",), offsets_into("cells")),
        "indices": Array("int32", ("cells",), below("V")),
        "data": Array("float64", ("cells",), within("one unit", "most")),
    },
    relations=(_distinct, _ranks),
)


def count_bounds(unit: int) -> dict[str, float]:
    """The sizes by which counts in fractions of `unit` are looked at: no count is less than one unit."""
    return {"one unit": (1 - 1e-9) / unit, "most": min(float(MOST), _UNITS / unit)}
