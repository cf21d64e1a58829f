"""Models of word vectors, as they are trained."""

from __future__ import annotations

from nlpcli.engine.io.header_fields import (
    MOST,
    Field,
    each,
    nothing_or,
    number,
    parts,
    settings_of,
    whole,
)
from nlpcli.engine.io.schema import (
    ASCENDING,
    FINITE,
    NAN_OR_FINITE,
    Array,
    Schema,
    below,
    within,
)
from nlpcli.engine.io.schemas.vocabulary import SEEN, Fields
from nlpcli.settings.embeddings import (
    CooccurrenceSettings,
    FastTextSettings,
    GloveSettings,
    PhraseSettings,
    Word2VecSettings,
)
from nlpcli.settings.text import AnalysisSettings

_INT64 = 2**63 - 1
_WORD_ROWS = Array("float32", ("V", "dim"), FINITE)


def _dim(fields: Fields) -> dict[str, float]:
    return {"dim": fields["settings"].dim}


_UNFINISHED = parts(
    # Once the text was cut otherwise, and the pieces were called stretches.
    chunks=Field(nothing_or(whole()), default=None),
    words=Field(whole()),
    loss=Field(number()),
    predictions=Field(whole()),
)


def _trained(settings: type[Word2VecSettings]) -> dict[str, Field]:
    return {
        "settings": Field(settings_of(settings)),
        "analysis": Field(settings_of(AnalysisSettings)),
        "phrases": Field(settings_of(PhraseSettings), default=PhraseSettings()),
        "losses": Field(each(number()), default=()),
        "unfinished": Field(nothing_or(_UNFINISHED), default=None),
    }


def _both_sides(name: str) -> dict[str, Array]:
    return {
        name: _WORD_ROWS,
        f"{name}.biases": Array("float32", ("V", 2), FINITE),
        f"{name}.squares": Array("float32", ("V", "dim"), FINITE, within(0, MOST)),
    }


WORD2VEC = Schema(
    _trained(Word2VecSettings),
    {"vectors": _WORD_ROWS, "output_vectors": _WORD_ROWS, **SEEN},
    sizes=_dim,
    never_empty=("V",),
)
FASTTEXT = Schema(
    _trained(FastTextSettings),
    {
        "vectors": _WORD_ROWS,
        "output_vectors": _WORD_ROWS,
        "word_rows": _WORD_ROWS,
        "ngram_buckets": Array("int32", ("N",), ASCENDING, below("bucket")),
        "ngram_rows": Array("float32", ("N", "dim"), FINITE),
        **SEEN,
    },
    sizes=lambda fields: {"dim": fields["settings"].dim, "bucket": fields["settings"].bucket},
    never_empty=("V",),
)
GLOVE = Schema(
    {
        "settings": Field(settings_of(GloveSettings)),
        "analysis": Field(settings_of(AnalysisSettings)),
        "counting": Field(settings_of(CooccurrenceSettings)),
        "costs": Field(each(number())),
        "cells": Field(whole()),
        "total": Field(whole(most=_INT64)),
    },
    {
        "vectors": Array("float32", ("V", "width"), FINITE),
        **_both_sides("words"),
        **_both_sides("contexts"),
        "unfinished": Array("float64", ("blocks",), NAN_OR_FINITE, optional=True),
        **SEEN,
    },
    sizes=lambda fields: {
        "dim": fields["settings"].dim,
        "width": fields["settings"].dim * (2 if fields["settings"].output_vectors == "both" else 1),
    },
    never_empty=("V",),
)
