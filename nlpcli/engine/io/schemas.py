"""The schema of every kind of file that nlpcli writes and reads again; docs/MODEL_FILES.md says it in words.

V is the number of words (of characters, of terms), C of classes, F of features, D of documents.
"""

from __future__ import annotations

import itertools
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
from nlpcli.engine.io.schema import (
    ASCENDING,
    FINITE,
    NAN_OR_FINITE,
    Array,
    Arrays,
    Check,
    Held,
    Schema,
    below,
    offsets_into,
    strings,
    total_within,
    within,
)
from nlpcli.settings.charlm import CharLMSettings, weight_shapes
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.documents import VectorizeSettings
from nlpcli.settings.embeddings import (
    CooccurrenceSettings,
    FastTextSettings,
    GloveSettings,
    PhraseSettings,
    Word2VecSettings,
)
from nlpcli.settings.search import IndexSettings
from nlpcli.settings.text import AnalysisSettings

Fields = Mapping[str, Any]
_INT64 = 2**63 - 1
_LARGE_COUNT = 255  # of a feature: this and what is larger stands in features.large
_RARE = 0xFFFD  # stands in the alphabet of bytes, too, for those that are rare
_UNITS = 2.0**56  # a cell of counts, in units: sums of a hundred files stay in int64

_ANALYSIS = Field(settings_of(AnalysisSettings))
_VOCABULARY = {
    **strings("vocabulary", "V"),
    "vocabulary.counts": Array("int64", ("V",), within(0, MOST), total_within(0, MOST)),
}
_SEEN = {  # every word of it at least once
    **_VOCABULARY,
    "vocabulary.counts": Array("int64", ("V",), within(1, MOST), total_within(0, MOST)),
}
_WORD_ROWS = Array("float32", ("V", "dim"), FINITE)


def _dim(fields: Fields) -> dict[str, float]:
    return {"dim": fields["settings"].dim}


# --- classifiers ----------------------------------------------------------------------------

_CLASSIFIER = {
    "labels": Field(each(text, least=2, distinct=True)),
    "analysis": _ANALYSIS,
    "features": Field(settings_of(FeatureSettings)),
    "settings": Field(settings_of(NaiveBayesSettings)),
    # In what they go into, exp(scale − length · ln(features)), larger ones would overflow.
    "calibration": Field(
        nothing_or(parts(scale=Field(number(-50, 50)), length=Field(number(-10, 10)))), default=None
    ),
}
_FEATURES = {"features.keys": Array("uint64", ("F",), ASCENDING)}


def _large_counts(held: Held) -> str | None:
    large = int((held.arrays["features.small"] == _LARGE_COUNT).sum())
    return None if large == len(held.arrays["features.large"]) else "its counts do not fit together"


def _resolved_features(held: Held) -> str | None:
    return "its features are not decided" if held.fields["features"].char_ngrams == "auto" else None


_NAIVE_BAYES = Schema(
    {**_CLASSIFIER, "pruned": Field(flag, default=False)},
    {
        "documents": Array("int64", ("C",), within(0, MOST), total_within(1, MOST)),
        **_FEATURES,
        "features.small": Array("uint8", ("F", "C")),
        "features.large": Array("int64", ("L",), within(_LARGE_COUNT, MOST), total_within(0, MOST)),
        **_VOCABULARY,
    },
    sizes=lambda fields: {"C": len(fields["labels"])},
    relations=(_large_counts, _resolved_features),
)
_LINEAR = Schema(
    {**_CLASSIFIER, "normalised": Field(flag, default=False)},
    {
        **_FEATURES,
        "weights": Array("float32", ("F", "P"), FINITE),
        "bias": Array("float64", ("P",), FINITE),
        **_VOCABULARY,
    },
    # Two classes are one problem.
    sizes=lambda fields: {"P": 1 if len(fields["labels"]) == 2 else len(fields["labels"])},
    relations=(_resolved_features,),
)

# --- word vectors ---------------------------------------------------------------------------

_UNFINISHED = parts(
    stretches=Field(whole()), words=Field(whole()), loss=Field(number()), predictions=Field(whole())
)


def _trained(settings: type[Word2VecSettings]) -> dict[str, Field]:
    return {
        "settings": Field(settings_of(settings)),
        "analysis": _ANALYSIS,
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


def _scales(held: Held) -> str | None:
    vectors = held.arrays.get("vectors")
    if vectors is None or (vectors.dtype.name == "int8") == ("vectors.scales" in held.arrays):
        return None
    return "its vectors and their scales do not fit together"


_WORD2VEC = Schema(
    _trained(Word2VecSettings),
    {"vectors": _WORD_ROWS, "output_vectors": _WORD_ROWS, **_SEEN},
    sizes=_dim,
    never_empty=("V",),
)
_FASTTEXT = Schema(
    _trained(FastTextSettings),
    {
        "vectors": _WORD_ROWS,
        "output_vectors": _WORD_ROWS,
        "word_rows": _WORD_ROWS,
        "ngram_buckets": Array("int32", ("N",), ASCENDING, below("bucket")),
        "ngram_rows": Array("float32", ("N", "dim"), FINITE),
        **_SEEN,
    },
    sizes=lambda fields: {"dim": fields["settings"].dim, "bucket": fields["settings"].bucket},
    never_empty=("V",),
)
_GLOVE = Schema(
    {
        "settings": Field(settings_of(GloveSettings)),
        "analysis": _ANALYSIS,
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
        **_SEEN,
    },
    sizes=lambda fields: {
        "dim": fields["settings"].dim,
        "width": fields["settings"].dim * (2 if fields["settings"].output_vectors == "both" else 1),
    },
    never_empty=("V",),
)
_VECTORS = Schema(
    {"settings": Field(parts(dim=Field(whole(1, 2**20))))},
    {
        "vectors": Array(("float32", "float16", "int8"), ("V", "dim"), FINITE),
        "vectors.scales": Array("float32", ("V",), FINITE, within(0, MOST), optional=True),
        **_VOCABULARY,
    },
    sizes=lambda fields: {"dim": fields["settings"]["dim"]},
    never_empty=("V",),
    relations=(_scales,),
)

# --- documents ------------------------------------------------------------------------------


def _seen_in_a_document(held: Held) -> str | None:
    """Without smoothing a feature of no document has no weight."""
    settings, seen = held.fields["settings"], held.arrays["document_frequencies"]
    if settings.kind != "tfidf" or settings.smooth_idf or not len(seen) or seen.min():
        return None
    return "a feature was seen in no document"


_VECTORIZER = Schema(
    {
        "settings": Field(settings_of(VectorizeSettings), default=VectorizeSettings()),
        "analysis": Field(settings_of(AnalysisSettings), default=AnalysisSettings()),
        "documents": Field(whole(1)),
    },
    {"document_frequencies": Array("int64", ("V",), within(0, "documents")), **_VOCABULARY},
    sizes=lambda fields: {"documents": fields["documents"]},
    never_empty=("V",),
    relations=(_seen_in_a_document,),
)
_INDEX = Schema(
    {
        "analysis": Field(settings_of(AnalysisSettings), default=AnalysisSettings()),
        "settings": Field(settings_of(IndexSettings), default=IndexSettings()),
    },
    {
        **strings("terms", "V"),
        **strings("texts", "D"),
        **strings("files", "files"),
        "postings.starts": Array("int64", ("V+1",), offsets_into("postings")),
        "postings.documents": Array("int32", ("postings",), below("D")),
        "postings.counts": Array("int32", ("postings",), within(1, MOST)),
        "lengths": Array("int32", ("D",), within(0, MOST)),
        "norms": Array("float32", ("D",), FINITE, within(0, MOST)),
        "file_numbers": Array("int32", ("D",), below("files")),
        "lines": Array("int32", ("D",), within(0, MOST)),
        "term_vectors": Array("float32", ("V", "dim"), FINITE, optional=True),
        "document_vectors": Array("float32", ("D", "dim"), FINITE, optional=True),
    },
    never_empty=("D",),
    relations=(
        lambda held: (
            None
            if ("term_vectors" in held.arrays) == ("document_vectors" in held.arrays)
            else "it has vectors of its terms or its documents only"
        ),
    ),
)

# --- characters -----------------------------------------------------------------------------


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
    return {**_VOCABULARY, **_weights(fields)}


def _charlm_checkpoint(fields: Fields) -> Arrays:
    settings = fields["settings"]
    numbers = range(2 if settings.cell == "lstm" else 1)  # of an LSTM, h and c
    states = [f"state/{layer}/{number}" for layer in range(settings.num_layers) for number in numbers]
    return {
        **_charlm(fields),
        **_weights(fields, "now/"),
        **_weights(fields, "exp_avg/"),
        **_weights(fields, "exp_avg_sq/", within(0, MOST)),
        **{name: Array("float32", ("B", settings.rnn_size), FINITE) for name in states},
    }


_CHARLM_FIELDS = {
    "settings": Field(settings_of(CharLMSettings)),
    "record": Field(parts(history=Field(each(mapping), default=())), default={}),
}
_CHARLM = Schema(_CHARLM_FIELDS, _charlm, never_empty=("V",), relations=(_alphabet,))
_CHARLM_CHECKPOINT = Schema(
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
    never_empty=("V", "B"),
    relations=(_alphabet,),
)

# --- co-occurrence counts -------------------------------------------------------------------


def _distinct(held: Held) -> str | None:
    if "vocabulary.bytes" not in held.arrays:
        return None
    content, offsets = held.arrays["vocabulary.bytes"].tobytes(), held.arrays["vocabulary.offsets"].tolist()
    words = {content[start:end] for start, end in itertools.pairwise(offsets)}
    return None if len(words) == len(offsets) - 1 else "a word stands twice in its vocabulary"


# `indices` and `data` stay in the file and are looked at row by row, as they are read.
_COUNTS = Schema(
    {
        "settings": Field(settings_of(CooccurrenceSettings)),
        "analysis": _ANALYSIS,
        "format": Field(whole(1)),
    },
    {
        **_VOCABULARY,
        "shape": Array("int64", (2,), within("V", "V")),
        "indptr": Array("int64", ("V+1",), offsets_into("cells")),
        "indices": Array("int32", ("cells",), below("V")),
        "data": Array("float64", ("cells",), within("one unit", "most")),
    },
    never_empty=("V",),
    relations=(_distinct,),
)


def count_bounds(unit: int) -> dict[str, float]:
    """The sizes by which counts in fractions of `unit` are looked at: no count is less than one unit."""
    return {"one unit": (1 - 1e-9) / unit, "most": min(float(MOST), _UNITS / unit)}


COUNTS = "co-occurrence counts"
SCHEMAS = {
    "naive-bayes": _NAIVE_BAYES,
    "linear-classifier": _LINEAR,
    "word2vec": _WORD2VEC,
    "fasttext": _FASTTEXT,
    "glove": _GLOVE,
    "vectors": _VECTORS,
    "vectorizer": _VECTORIZER,
    "index": _INDEX,
    "charlm": _CHARLM,
    "charlm-checkpoint": _CHARLM_CHECKPOINT,
    COUNTS: _COUNTS,
}
