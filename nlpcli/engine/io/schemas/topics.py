"""Topic models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlpcli.engine.io.header_fields import MOST, Field, settings_of, whole
from nlpcli.engine.io.schema import FINITE, Array, Held, Schema, within
from nlpcli.engine.io.schemas.vocabulary import VOCABULARY
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.topics import TopicSettings

_MOST_COUNT = 2**31 - 2


def _arrays(fields: Mapping[str, Any]) -> dict[str, Array]:
    """Counts with lda; weights of words, and what TF-IDF is made of, with the others."""
    if fields["settings"].method == "lda":
        return {
            **VOCABULARY,
            "word_counts": Array("int32", ("V", "K"), within(0, _MOST_COUNT)),
            "alpha": Array("float64", ("K",), FINITE, within(1e-6, 1e9)),
        }
    low = 0.0 if fields["settings"].method == "nmf" else -1e9
    return {
        **VOCABULARY,
        "components": Array("float32", ("V", "K"), FINITE, within(low, 1e9)),
        "strengths": Array("float64", ("K",), FINITE, within(0, 1e15)),
        "document_frequencies": Array("int64", ("V",), within(0, "documents")),
    }


def _enough(held: Held) -> str | None:
    return "it has more topics than it may" if held.sizes["K"] > held.fields["settings"].num_topics else None


TOPICS = Schema(
    {
        "settings": Field(settings_of(TopicSettings)),
        "analysis": Field(settings_of(AnalysisSettings), default=AnalysisSettings()),
        "documents": Field(whole(1, MOST)),
    },
    _arrays,
    sizes=lambda fields: {"documents": fields["documents"]},
    never_empty=("V", "K"),
    relations=(_enough,),
)
