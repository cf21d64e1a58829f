"""Taggers, and trainings of them that were interrupted."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from nlpcli.engine.io.header_fields import Field, each, flag, number, one_of, settings_of, text, whole
from nlpcli.engine.io.schema import ASCENDING, Array, Check, Held, Schema, within
from nlpcli.engine.io.schemas.networks import (
    CHECKPOINT_FIELDS,
    NETWORK_FIELDS,
    alphabet,
    checkpoint_arrays,
    checkpoint_sizes,
    network_arrays,
)
from nlpcli.settings.neural import EncoderSettings, output_size
from nlpcli.settings.tagging import TaggerSettings
from nlpcli.settings.text import AnalysisSettings

FORBIDDEN = -(1 << 28)  # a transition's weight; no sum of others comes near it
MOST_TAGS = 1 << 12  # whole tags or pieces; more are no tags
MOST_PIECES = 64  # of one tag
TARGETS = ("upos", "xpos", "ner", "tag")
_MOST_WEIGHT = 1 << 20  # of a transition
_MOST_STEPS = 1 << 40


def _moderate(array: NDArray[Any], _held: Held) -> bool:
    within_bounds = (array >= -_MOST_WEIGHT) & (array <= _MOST_WEIGHT)
    return bool((within_bounds | (array == FORBIDDEN)).all())


_MODERATE = Check("weights of transitions", _moderate)


def _tags(held: Held) -> str | None:
    tags = held.fields["tags"]
    fine = len(tags) <= MOST_TAGS and all(tags) and all(a < b for a, b in itertools.pairwise(tags))
    return None if fine else "its tags are not in order"


def _rows(held: Held) -> str | None:
    rows = int(held.sizes["R"])
    return None if rows and rows & (rows - 1) == 0 else "the number of its weights is no power of two"


def _classes(held: Held) -> str | None:
    both = ("classes.words" in held.arrays) == ("classes.numbers" in held.arrays)
    return None if both else "its classes of words do not fit together"


TAGGER = Schema(
    {
        "tags": Field(each(text, least=1, distinct=True)),
        "most_pieces": Field(whole(0, MOST_PIECES)),
        "target": Field(one_of(*TARGETS)),
        "space": Field(text),
        "unit": Field(number(1e-6, 1e6)),
        "analysis": Field(settings_of(AnalysisSettings)),
        "settings": Field(settings_of(TaggerSettings)),
    },
    {
        "weights": Array("int8", ("R", "W")),
        "transitions": Array("int32", ("W+1", "W"), _MODERATE),
        "known_words": Array("uint64", ("K",), ASCENDING),
        "classes.words": Array("uint64", ("N",), ASCENDING, optional=True),
        "classes.numbers": Array("int32", ("N", 2), within(0, 2**31 - 1), optional=True),
    },
    # Pieces of tags have one more: the end of a tag.
    sizes=lambda fields: {"W": len(fields["tags"]) + (fields["most_pieces"] > 0)},
    relations=(_tags, _rows, _classes),
)
TAGGER_CHECKPOINT = Schema(
    {"digest": Field(text), "done": Field(whole(most=_MOST_STEPS)), "step": Field(whole(most=_MOST_STEPS))},
    {
        "rows": Array("int32", ("N",), ASCENDING, within(0, 2**31 - 1)),
        "weights": Array("int16", ("N", "W")),
        "sums": Array("int64", ("N", "W")),
        "transitions": Array("int32", ("T+1", "W"), within(FORBIDDEN, 1 << 24)),
        "transition_sums": Array("int64", ("T+1", "W")),
    },
)


# --- taggers by a network -----------------------------------------------------------------------


def head_shapes(encoder: EncoderSettings, tags: int, most: int, *, crf: bool) -> dict[str, tuple[int, ...]]:
    """The weights of the last part of a network that tags, by name; `most` pieces a tag, 0 for whole tags."""
    width = output_size(encoder)
    if not most:
        found: dict[str, tuple[int, ...]] = {"head.w": (width, tags), "head.b": (tags,)}
        return {**found, "head.transitions": (tags + 1, tags)} if crf else found
    hidden = encoder.rnn_size
    return {
        "head.v": (width, hidden),
        "head.pieces": (tags + 1, hidden),
        "head.places": (most + 1, hidden),
        "head.w": (hidden, tags + 1),
        "head.b": (tags + 1,),
    }


def _head(fields: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return head_shapes(fields["encoder"], len(fields["tags"]), fields["most_pieces"], crf=fields["crf"])


def _unfinished_head(fields: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return head_shapes(fields["encoder"], fields["tags"], fields["most_pieces"], crf=fields["crf"])


def _in_pieces(held: Held) -> str | None:
    both = held.fields["crf"] and held.fields["most_pieces"]
    return "its tags are of two kinds" if both else None


_HEAD = {"most_pieces": Field(whole(0, MOST_PIECES)), "crf": Field(flag)}
RECURRENT_TAGGER = Schema(
    {
        **NETWORK_FIELDS,
        **_HEAD,
        "tags": Field(each(text, least=1, distinct=True)),
        "target": Field(one_of(*TARGETS)),
        "space": Field(text),
        "analysis": Field(settings_of(AnalysisSettings)),
        "settings": Field(settings_of(TaggerSettings)),
    },
    lambda fields: {
        **network_arrays(fields, _head(fields)),
        "known_words": Array("uint64", ("K",), ASCENDING),
    },
    relations=(_tags, _in_pieces, alphabet),
)
RECURRENT_TAGGER_CHECKPOINT = Schema(
    {**CHECKPOINT_FIELDS, **_HEAD, "tags": Field(whole(1, MOST_TAGS))},
    lambda fields: checkpoint_arrays(fields, _unfinished_head(fields)),
    sizes=checkpoint_sizes,
    relations=(_in_pieces,),
)
