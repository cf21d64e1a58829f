"""Sequence-to-sequence models, trained and in training."""

from __future__ import annotations

from nlpcli.engine.io.header_fields import (
    MOST,
    Field,
    each,
    flag,
    mapping,
    nothing_or,
    number,
    parts,
    settings_of,
    text,
    whole,
)
from nlpcli.engine.io.schema import FINITE, Array, Arrays, Held, Schema, strings, within
from nlpcli.engine.io.schemas.vocabulary import Fields
from nlpcli.settings.translation import SPECIAL, Seq2SeqSettings, seq2seq_shapes

_LARGEST = 1 << 24  # units
_GROWTH = 100  # more than a network is let write for a unit
_TARGETS = Field(whole(SPECIAL, _LARGEST))


def _sizes(held: Held) -> str | None:
    """The special units have vectors and no strings; what can be written is among what can be read."""
    vectors, units = len(held.arrays["embedding"]), len(held.arrays["units.offsets"]) - 1
    if vectors != units + SPECIAL:
        return f"it has {vectors:,} vectors of {units:,} units"
    return _few(held.fields["targets"], vectors)


def _few(targets: int, vectors: int) -> str | None:
    return f"it writes {targets:,} of {vectors:,} units" if targets > vectors else None


def _seq2seq(fields: Fields) -> Arrays:
    shapes = seq2seq_shapes(fields["settings"], "N", fields["targets"])
    return {
        **{name: Array("float32", shape, FINITE) for name, shape in shapes.items()},
        **strings("units", "V"),
    }


def _checkpoint(fields: Fields) -> Arrays:
    found: dict[str, Array] = {}
    for name, shape in seq2seq_shapes(fields["settings"], fields["units"], fields["targets"]).items():
        for part in ("now", "exp_avg", "mean", "best"):
            found[f"{part}/{name}"] = Array("float32", shape, FINITE)
        found[f"exp_avg_sq/{name}"] = Array("float32", shape, within(0, MOST))
    return found


SEQ2SEQ = Schema(
    {
        "settings": Field(settings_of(Seq2SeqSettings)),
        "targets": _TARGETS,
        "growth": Field(number(0, _GROWTH)),
        "capitals": Field(flag),
    },
    _seq2seq,
    never_empty=("V",),
    relations=(_sizes,),
)
SEQ2SEQ_CHECKPOINT = Schema(
    {
        "digest": Field(text),
        "settings": Field(settings_of(Seq2SeqSettings)),
        "units": Field(whole(SPECIAL, _LARGEST)),
        "targets": _TARGETS,
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
    _checkpoint,
    relations=(lambda held: _few(held.fields["targets"], held.fields["units"]),),
)
