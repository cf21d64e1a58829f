"""Character language models, trained and in training."""

from __future__ import annotations

from typing import Any

from nlpcli.engine.io.header_fields import (
    LARGEST,
    MOST,
    Field,
    each,
    mapping,
    nothing_or,
    number,
    one_of,
    parts,
    read_fields,
    settings_of,
    text,
    whole,
)
from nlpcli.engine.io.schema import (
    FINITE,
    Array,
    Arrays,
    Check,
    Held,
    Schema,
    total_within,
    within,
)
from nlpcli.engine.io.schemas.vocabulary import VOCABULARY, Fields
from nlpcli.settings.charlm import ATTENTION, CharLMSettings, condition_shapes, weight_shapes

_STATES = {"lstm": 2, ATTENTION: 0}  # of a layer: an LSTM's h and c; one otherwise
_LEAST_SCALE = 1e-150  # deviations are divided by it
_RARE = 0xFFFD  # stands in the alphabet of bytes, too, for those that are rare


def _alphabet(held: Held) -> str | None:
    """Each token is one character; in an alphabet of bytes one of U+0000 to U+00FF."""
    content, offsets = held.arrays["vocabulary.bytes"], held.arrays["vocabulary.offsets"]
    first = (content & 0xC0) != 0x80
    if int(first.sum()) != len(offsets) - 1 or (offsets[1:] == offsets[:-1]).any():
        return "its alphabet holds more or less than single characters"
    if held.fields["settings"].unit == "byte":
        characters = content.tobytes().decode("utf-8", "surrogatepass")
        if any(ord(character) > 0xFF and ord(character) != _RARE for character in characters):
            return "its alphabet holds what is no byte"
    return None


# What each kind of condition has beside its weights.
_CONDITION = {
    "label": {"condition.counts": Array("int64", ("conditions",), within(0, MOST), total_within(1, MOST))},
    "vector": {
        "condition.mean": Array("float64", ("conditions",), FINITE),
        "condition.scale": Array("float64", ("conditions",), FINITE, within(_LEAST_SCALE, LARGEST)),
    },
}


def _weights(fields: Fields, beside: str = "", *checks: Check) -> dict[str, Array]:
    shapes = weight_shapes(fields["settings"], "V")
    if fields["condition"] is not None:
        shapes |= condition_shapes(fields["settings"], "conditions")
    return {beside + name: Array("float32", shape, FINITE, *checks) for name, shape in shapes.items()}


def _charlm(fields: Fields) -> Arrays:
    return {**VOCABULARY, **_weights(fields), **_CONDITION.get(_kind(fields), {})}


def _kind(fields: Fields) -> str:
    return "" if fields["condition"] is None else str(fields["condition"]["kind"])


def _conditions(fields: Fields) -> dict[str, float]:
    return {} if fields["condition"] is None else {"conditions": len(fields["condition"]["names"])}


def _marker(held: Held) -> str | None:
    """Texts by themselves have a start and an end."""
    content = held.arrays["vocabulary.bytes"]
    return (
        None if held.fields["condition"] is None or (content == ord("\n")).any() else "it has no end marker"
    )


def _charlm_checkpoint(fields: Fields) -> Arrays:
    settings = fields["settings"]
    numbers = range(_STATES.get(settings.cell, 1))
    layers = range(settings.num_layers if fields["condition"] is None else 0)  # texts begin with zeros
    states = [f"state/{layer}/{number}" for layer in layers for number in numbers]
    return {
        **_charlm(fields),
        **_weights(fields, "now/"),
        **_weights(fields, "exp_avg/"),
        **_weights(fields, "exp_avg_sq/", within(0, MOST)),
        **{name: Array("float32", ("B", settings.rnn_size), FINITE) for name in states},
    }


def _streams(held: Held) -> str | None:
    """Streams that are read side by side are some, where there are any."""
    return None if held.sizes.get("B", 1) else "it is empty"


def _record(value: Any) -> dict[str, Any]:
    """What training measured: told, and not relied on but for the history, which goes on."""
    return {**mapping(value), **read_fields(value, {"history": Field(each(mapping), default=())})}


_CHARLM_FIELDS = {
    "settings": Field(settings_of(CharLMSettings)),
    "record": Field(_record, default={}),
    "condition": Field(
        nothing_or(
            parts(
                kind=Field(one_of("label", "vector")),
                names=Field(each(text, least=1, distinct=True)),
                dropout=Field(number(0, 1)),
            )
        ),
        default=None,
    ),
}
CHARLM = Schema(_CHARLM_FIELDS, _charlm, _conditions, never_empty=("V",), relations=(_alphabet, _marker))
CHARLM_CHECKPOINT = Schema(
    {
        **_CHARLM_FIELDS,
        "training": Field(
            parts(
                step=Field(whole()),
                stale=Field(whole()),
                best_loss=Field(nothing_or(number())),
                loss_sum=Field(number()),
                loss_count=Field(whole()),
                threads=Field(whole(1, 4096)),
                text_sha256=Field(text),
            )
        ),
    },
    _charlm_checkpoint,
    _conditions,
    never_empty=("V",),
    relations=(_alphabet, _marker, _streams),
)
