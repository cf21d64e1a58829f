"""Character language models, trained and in training."""

from __future__ import annotations

from typing import Any

from nlpcli.engine.io.header_fields import (
    MOST,
    Field,
    each,
    mapping,
    nothing_or,
    number,
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
    within,
)
from nlpcli.engine.io.schemas.vocabulary import VOCABULARY, Fields
from nlpcli.settings.charlm import ATTENTION, CharLMSettings, weight_shapes

_STATES = {"lstm": 2, ATTENTION: 0}  # of a layer: an LSTM's h and c; one otherwise
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


def _weights(fields: Fields, beside: str = "", *checks: Check) -> dict[str, Array]:
    shapes = weight_shapes(fields["settings"], "V")
    return {beside + name: Array("float32", shape, FINITE, *checks) for name, shape in shapes.items()}


def _charlm(fields: Fields) -> Arrays:
    return {**VOCABULARY, **_weights(fields)}


def _charlm_checkpoint(fields: Fields) -> Arrays:
    settings = fields["settings"]
    numbers = range(_STATES.get(settings.cell, 1))
    states = [f"state/{layer}/{number}" for layer in range(settings.num_layers) for number in numbers]
    return {
        **_charlm(fields),
        **_weights(fields, "now/"),
        **_weights(fields, "exp_avg/"),
        **_weights(fields, "exp_avg_sq/", within(0, MOST)),
        **{name: Array("float32", ("B", settings.rnn_size), FINITE) for name in states},
    }


def _record(value: Any) -> dict[str, Any]:
    """What training measured: told, and not relied on but for the history, which goes on."""
    return {**mapping(value), **read_fields(value, {"history": Field(each(mapping), default=())})}


_CHARLM_FIELDS = {
    "settings": Field(settings_of(CharLMSettings)),
    "record": Field(_record, default={}),
}
CHARLM = Schema(_CHARLM_FIELDS, _charlm, never_empty=("V",), relations=(_alphabet,))
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
    sizes=lambda fields: {"B": 1} if fields["settings"].cell == ATTENTION else {},  # no states, no batch
    never_empty=("V", "B"),
    relations=(_alphabet,),
)
