"""Taggers, and trainings of them that were interrupted."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from nlpcli.engine.io.header_fields import (
    MOST,
    Field,
    each,
    flag,
    mapping,
    nothing_or,
    number,
    one_of,
    parts,
    settings_of,
    text,
    whole,
)
from nlpcli.engine.io.schema import (
    ASCENDING,
    FINITE,
    Array,
    Arrays,
    Check,
    Held,
    Schema,
    strings,
    total_within,
    within,
)
from nlpcli.settings.charlm import CharLMSettings, weight_shapes
from nlpcli.settings.neural import EncoderSettings, encoder_shapes, output_size
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


def _network(fields: Mapping[str, Any], tags: int, more: int) -> dict[str, tuple[int, ...]]:
    encoder = fields["encoder"]
    return {
        **encoder_shapes(encoder, more),
        **head_shapes(encoder, tags, fields["most_pieces"], crf=fields["crf"]),
    }


def _recurrent(fields: Mapping[str, Any]) -> Arrays:
    encoder, lm = fields["encoder"], fields["lm"]
    more = fields["given_dim"] + (lm.rnn_size if lm is not None else 0)
    shapes = _network(fields, len(fields["tags"]), more)
    found = {
        **{name: Array("float32", shape, FINITE) for name, shape in shapes.items()},
        **strings("known", "V"),
        "table.words": Array("float16", ("V+1", encoder.word_dim), FINITE),
        "table.features": Array("float16", (encoder.bucket, encoder.ngram_dim), FINITE),
        "known_words": Array("uint64", ("K",), ASCENDING),
    }
    if lm is not None:
        found |= {
            f"lm.{name}": Array("float32", shape, FINITE) for name, shape in weight_shapes(lm, "A").items()
        }
        found |= strings("lm.vocabulary", "A")
        found["lm.vocabulary.counts"] = Array("int64", ("A",), within(0, MOST), total_within(0, MOST))
    if fields["given_dim"]:
        found |= strings("given", "G")
        found["table.given"] = Array("float16", ("G+1", fields["given_dim"]), FINITE)
    return found


def _recurrent_checkpoint(fields: Mapping[str, Any]) -> Arrays:
    encoder, averaged = fields["encoder"], fields["average"] > 0
    found: dict[str, Array] = {}
    for name, shape in _network(fields, fields["tags"], fields["more"]).items():
        for part in ("now", "exp_avg", "mean", "best"):
            found[f"{part}/{name}"] = Array("float32", shape, FINITE)
        found[f"exp_avg_sq/{name}"] = Array("float32", shape, within(0, MOST))
    for name, rows, dim in (
        ("words", "R", encoder.word_dim),
        ("features", encoder.bucket, encoder.ngram_dim),
    ):
        means: str | int = rows if averaged else 0
        for part in ("now", "exp_avg", "best"):
            found[f"{part}/table.{name}"] = Array("float32", (rows, dim), FINITE)
        found[f"exp_avg_sq/table.{name}"] = Array("float32", (rows, dim), within(0, MOST))
        found[f"mean/table.{name}"] = Array("float32", (means, dim), FINITE)
        found[f"last/table.{name}"] = Array("int32", (means,), within(0, "steps"))
    return found


def _in_pieces(held: Held) -> str | None:
    both = held.fields["crf"] and held.fields["most_pieces"]
    return "its tags are of two kinds" if both else None


def _alphabet(held: Held) -> str | None:
    offsets = held.arrays.get("lm.vocabulary.offsets")
    return "its language model has no alphabet" if offsets is not None and len(offsets) < 2 else None


_NETWORK = {
    "encoder": Field(settings_of(EncoderSettings)),
    "most_pieces": Field(whole(0, MOST_PIECES)),
    "crf": Field(flag),
}
RECURRENT_TAGGER = Schema(
    {
        **_NETWORK,
        "tags": Field(each(text, least=1, distinct=True)),
        "target": Field(one_of(*TARGETS)),
        "space": Field(text),
        "jamo": Field(flag),
        "given_dim": Field(whole(0, 1 << 16)),
        "lm": Field(nothing_or(settings_of(CharLMSettings)), default=None),
        "analysis": Field(settings_of(AnalysisSettings)),
        "settings": Field(settings_of(TaggerSettings)),
    },
    _recurrent,
    relations=(_tags, _in_pieces, _alphabet),
)
RECURRENT_TAGGER_CHECKPOINT = Schema(
    {
        **_NETWORK,
        "digest": Field(text),
        "more": Field(whole(0, 1 << 20)),
        "tags": Field(whole(1, MOST_TAGS)),
        "average": Field(number(0, 1)),
        "training": Field(
            parts(
                step=Field(whole()),
                stale=Field(whole()),
                best_loss=Field(nothing_or(number())),
                loss_sum=Field(number()),
                loss_count=Field(whole()),
            )
        ),
        "history": Field(each(mapping), default=()),
    },
    _recurrent_checkpoint,
    sizes=lambda fields: {"steps": fields["training"]["step"]},
    relations=(_in_pieces,),
)
