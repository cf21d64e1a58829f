"""Word vectors alone, as `convert` writes them."""

from __future__ import annotations

from nlpcli.engine.io.header_fields import MOST, Field, nothing_or, parts, settings_of, whole
from nlpcli.engine.io.schema import FINITE, Array, Held, Schema, strings, within
from nlpcli.engine.io.schemas.vocabulary import VOCABULARY
from nlpcli.settings.embeddings import PhraseSettings
from nlpcli.settings.text import AnalysisSettings


def _scales(held: Held) -> str | None:
    vectors = held.arrays.get("vectors")
    if vectors is None or (vectors.dtype.name == "int8") == ("vectors.scales" in held.arrays):
        return None
    return "its vectors and their scales do not fit together"


VECTORS = Schema(
    {
        "settings": Field(parts(dim=Field(whole(1, 2**20)))),
        "analysis": Field(nothing_or(settings_of(AnalysisSettings)), default=None),
        "phrases": Field(settings_of(PhraseSettings), default=PhraseSettings()),
    },
    {
        "vectors": Array(("float32", "float16", "int8"), ("V", "dim"), FINITE),
        "vectors.scales": Array("float32", ("V",), FINITE, within(0, MOST), optional=True),
        **VOCABULARY,
        **strings("vocabulary", "V", any_bytes=True),  # word2vec.c cuts long words within a character
    },
    sizes=lambda fields: {"dim": fields["settings"]["dim"]},
    never_empty=("V",),
    relations=(_scales,),
)
