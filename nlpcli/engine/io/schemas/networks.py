"""What files of networks over words have in common, whatever the head: encoder, tables, trainings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
from nlpcli.engine.io.schema import FINITE, Array, Held, strings, total_within, within
from nlpcli.settings.charlm import ATTENTION, CharLMSettings, weight_shapes
from nlpcli.settings.neural import EncoderSettings, encoder_shapes

Shapes = Mapping[str, tuple[int, ...]]


def _recurrent(value: Any) -> CharLMSettings:
    """The settings of a language model whose states are read."""
    settings: CharLMSettings = settings_of(CharLMSettings)(value)
    if settings.cell == ATTENTION:
        raise ValueError("the language model has no states")
    return settings


_LONGEST = 1 << 20  # of given vectors and a language model's states

NETWORK_FIELDS = {
    "encoder": Field(settings_of(EncoderSettings)),
    "jamo": Field(flag),
    "given_dim": Field(whole(0, _LONGEST)),
    "lm": Field(nothing_or(_recurrent), default=None),
}
CHECKPOINT_PLACE = {
    "digest": Field(text),
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
}
CHECKPOINT_FIELDS = {
    **CHECKPOINT_PLACE,
    "encoder": Field(settings_of(EncoderSettings)),
    "more": Field(whole(0, _LONGEST)),
}


def network_arrays(fields: Mapping[str, Any], head: Shapes) -> dict[str, Array]:
    """The arrays of a trained network with the weights of a head."""
    encoder, lm = fields["encoder"], fields["lm"]
    more = fields["given_dim"] + (lm.rnn_size if lm is not None else 0)
    shapes = {**encoder_shapes(encoder, more), **head}
    found = {
        **{name: Array("float32", shape, FINITE) for name, shape in shapes.items()},
        **strings("known", "V"),
        "table.words": Array("float16", ("V+1", encoder.word_dim), FINITE),
        "table.features": Array("float16", (encoder.bucket, encoder.ngram_dim), FINITE),
    }
    if lm is not None:
        own = weight_shapes(lm, "A").items()
        found |= {f"lm.{name}": Array("float32", shape, FINITE) for name, shape in own}
        found |= strings("lm.vocabulary", "A")
        found["lm.vocabulary.counts"] = Array("int64", ("A",), within(0, MOST), total_within(0, MOST))
    if fields["given_dim"]:
        found |= strings("given", "G")
        found["table.given"] = Array("float16", ("G+1", fields["given_dim"]), FINITE)
    return found


def alphabet(held: Held) -> str | None:
    """What is wrong with the alphabet of a language model in the file."""
    offsets = held.arrays.get("lm.vocabulary.offsets")
    return "its language model has no alphabet" if offsets is not None and len(offsets) < 2 else None


def weights_in_training(shapes: Shapes) -> dict[str, Array]:
    """Weights of a training that was interrupted: those of now, of the best, averages, Adam's moments."""
    found: dict[str, Array] = {}
    for name, shape in shapes.items():
        for part in ("now", "exp_avg", "mean", "best"):
            found[f"{part}/{name}"] = Array("float32", shape, FINITE)
        found[f"exp_avg_sq/{name}"] = Array("float32", shape, within(0, MOST))
    return found


def checkpoint_arrays(fields: Mapping[str, Any], head: Shapes) -> dict[str, Array]:
    """The arrays of a training that was interrupted."""
    encoder, averaged = fields["encoder"], fields["average"] > 0
    found = weights_in_training({**encoder_shapes(encoder, fields["more"]), **head})
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


def checkpoint_sizes(fields: Mapping[str, Any]) -> dict[str, float]:
    """How many updates there were: a row of a table cannot have been touched later."""
    return {"steps": fields["training"]["step"]}
