"""Topic models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlpcli.engine.io.header_fields import MOST, Field, mapping, settings_of, text, whole
from nlpcli.engine.io.schema import FINITE, Array, Held, Schema, below, within
from nlpcli.engine.io.schemas.vocabulary import VOCABULARY
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.topics import TopicSettings

_MOST_COUNT = 2**31 - 2
_ALPHA = Array("float64", ("K",), FINITE, within(1e-6, 1e9))


def _arrays(fields: Mapping[str, Any]) -> dict[str, Array]:
    """Counts with lda; weights of words, and what TF-IDF is made of, with the others."""
    if fields["settings"].method == "lda":
        return {
            **VOCABULARY,
            "word_counts": Array("int32", ("V", "K"), within(0, _MOST_COUNT)),
            "alpha": _ALPHA,
            "seeds": Array("int32", ("S", 2), within(0, _MOST_COUNT), optional=True),
        }
    low = 0.0 if fields["settings"].method == "nmf" else -1e9
    return {
        **VOCABULARY,
        "components": Array("float32", ("V", "K"), FINITE, within(low, 1e9)),
        "strengths": Array("float64", ("K",), FINITE, within(0, 1e15)),
        "document_frequencies": Array("int64", ("V",), within(0, "documents")),
    }


def _enough(held: Held) -> str | None:
    return "it has more topics than it may" if held.sizes["K"] > held.fields["settings"].topics else None


def _seeds(held: Held) -> str | None:
    seeds = held.arrays.get("seeds")
    if seeds is None or not len(seeds):
        return None
    inside = seeds[:, 0].max() < held.sizes["V"] and seeds[:, 1].max() < held.sizes["K"]
    return None if inside else "its seed words are not among its words and topics"


def _settings(value: Any) -> TopicSettings:
    """Settings of a model, whose number of topics is known."""
    found: TopicSettings = settings_of(TopicSettings)(mapping(value))
    if found.num_topics == "auto":
        raise ValueError("expected a number of topics")
    return found


TOPICS = Schema(
    {
        "settings": Field(_settings),
        "analysis": Field(settings_of(AnalysisSettings), default=AnalysisSettings()),
        "documents": Field(whole(1, MOST)),
    },
    _arrays,
    sizes=lambda fields: {"documents": fields["documents"]},
    never_empty=("V", "K"),
    relations=(_enough, _seeds),
)
CHECKPOINT = Schema(
    {
        "digest": Field(text),
        "done": Field(whole(0, _MOST_COUNT)),
        "tokens": Field(whole(1, MOST)),
        "num_topics": Field(whole(1, 4096)),
    },
    {"topics": Array("int32", ("N",), below("K")), "alpha": _ALPHA},
    sizes=lambda fields: {"N": fields["tokens"], "K": fields["num_topics"]},
    never_empty=("N", "K"),
)
