"""Models of Korean morphemes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nlpcli.engine.io.header_fields import Field, each, text, whole
from nlpcli.engine.io.schema import Array, Held, Schema, below, offsets_into, within
from nlpcli.engine.kernels.tagging.arguments import LINE, NOUNS

_MARKS = ("B", "I", "Z", "E")
_MOST_LABELS, _MOST_TAGS, _MOST_PIECES = 1 << 14, 255, 16
_SPACE, _MOST_UNITS, _MOST_CHOICES = 1, 1 << 13, 1 << 12
_MOST_LENGTHS = 8  # of a noun
_MOST_LINES = 1 << 21  # that a packed file may hold


def _labels(held: Held) -> str | None:
    labels = held.fields["labels"]
    for label in labels:
        if not 1 <= len(label) <= _MOST_PIECES or any(
            len(piece) != 3 or piece[0] not in _MARKS or not piece[1] for piece in label
        ):
            return "its labels are none"
        if any(piece[0] == "I" for piece in label[1:]):
            return "a label goes on with what it did not begin"
    return None if len(labels) <= _MOST_LABELS else "it has too many labels"


def _sizes(held: Held) -> str | None:
    labels = held.fields["labels"]
    tags = {piece[1] for label in labels for piece in label}
    more = max(held.fields["lengths"], 1) - 1
    states = len(tags) + more * len(tags.intersection(NOUNS))
    variants = len(labels) + more * sum(one[0][0] == "I" and one[0][1] in NOUNS for one in labels)
    fits = (held.sizes["L"], held.sizes["S"], held.sizes["V"]) == (len(labels), states, variants)
    return None if fits and len(tags) <= _MOST_TAGS else "its labels and its weights do not fit together"


def _beginnings(held: Held) -> str | None:
    """Wherever the search stands, every unit has a label that begins a morpheme."""
    starts, labels = held.arrays["choices.starts"], held.arrays["choices.labels"]
    begins = [label[0][0] != "I" for label in held.fields["labels"]]
    if np.diff(starts).max() > _MOST_CHOICES:
        return "a character can have too many labels"
    for unit in range(_SPACE + 1, len(starts) - 1):
        if not any(begins[label] for label in labels[starts[unit] : starts[unit + 1]].tolist()):
            return "a character can begin nothing"
    return None


def _units(held: Held) -> str | None:
    units = held.arrays["units"]
    fits = units[ord(" ")] == _SPACE and held.sizes["U"] <= _MOST_UNITS
    return None if fits and (units == _SPACE).sum() == 1 else "its characters are not in order"


def _room(held: Held) -> str | None:
    words = held.arrays["words"]
    if not len(words) or not (words == 0).any():
        return "its dictionary is too full"
    always = held.arrays.get("always")
    return None if always is None or (always == 0).any() else "it has no room in its table of words"


def _arrays(fields: Mapping[str, Any]) -> dict[str, Array]:
    """Weights are as they are, or packed, where the header tells how many lines they are.

    Files that tell no lengths are of before: they have no weights of morphemes.
    """
    packed = {"weights.packed": Array("uint8", ("B",))}
    morphemes = {"morphemes.packed": Array("uint8", ("W",))}
    return {
        "units": Array("uint16", (65536,), within(_SPACE, _MOST_UNITS), below("U")),
        "words": Array("uint32", ("M",)),
        "choices.starts": Array("int32", ("U+1",), offsets_into("choices.labels")),
        "choices.labels": Array("int16", ("C",), below("L")),
        "slots": Array("int8", ("L",), within(0, LINE - 1)),
        "steps": Array("int16", (2, "S+1", "V")),
        "always": Array("uint16", ("A",), optional=True),
        **(morphemes if fields["lengths"] else {}),
        **(packed if fields["lines"] else {"weights": Array("int8", ("R", LINE))}),
    }


MORPHEMES = Schema(
    {
        "labels": Field(each(each(each(text)), least=1)),
        "beam": Field(whole(1, 1 << 28)),
        "lines": Field(whole(0, _MOST_LINES), 0),
        "lengths": Field(whole(0, _MOST_LENGTHS), 0),
        "learnt_from": Field(text, ""),
    },
    _arrays,
    sizes=lambda fields: {"R": fields["lines"]} if fields["lines"] else {},
    never_empty=("R",),
    relations=(_labels, _sizes, _units, _beginnings, _room),
)
