"""What many kinds of file have: a vocabulary with its counts.

V is the number of words (of characters, of terms), C of classes, F of features, D of documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlpcli.engine.io.header_fields import (
    MOST,
)
from nlpcli.engine.io.schema import (
    Array,
    strings,
    total_within,
    within,
)

Fields = Mapping[str, Any]

VOCABULARY = {
    **strings("vocabulary", "V"),
    "vocabulary.counts": Array("int64", ("V",), within(0, MOST), total_within(0, MOST)),
}
SEEN = {  # every word of it at least once
    **VOCABULARY,
    "vocabulary.counts": Array("int64", ("V",), within(1, MOST), total_within(0, MOST)),
}
