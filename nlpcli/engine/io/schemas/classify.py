"""Classifiers: Naive Bayes as counts, linear ones as weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlpcli.engine.io.header_fields import (
    LARGEST,
    MOST,
    Field,
    each,
    flag,
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
    Held,
    Schema,
    below,
    total_within,
    within,
)
from nlpcli.engine.io.schemas.networks import (
    CHECKPOINT_FIELDS,
    CHECKPOINT_PLACE,
    NETWORK_FIELDS,
    alphabet,
    checkpoint_arrays,
    checkpoint_sizes,
    network_arrays,
    weights_in_training,
)
from nlpcli.engine.io.schemas.vocabulary import SEEN, VOCABULARY
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings, RnnSettings
from nlpcli.settings.neural import EncoderSettings, output_size
from nlpcli.settings.text import AnalysisSettings

_LARGE_COUNT = 255  # of a feature: this and what is larger stands in features.large


# In what they go into, exp(scale − length · ln(features)), larger ones would overflow.
_CALIBRATION = Field(
    nothing_or(
        parts(scale=Field(number(-50, 50)), length=Field(number(-10, 10)), texts=Field(whole(), default=0))
    ),
    default=None,
)
_CLASSIFIER = {
    "labels": Field(each(text, least=2, distinct=True)),
    "analysis": Field(settings_of(AnalysisSettings)),
    "features": Field(settings_of(FeatureSettings)),
    "settings": Field(settings_of(NaiveBayesSettings)),
    "calibration": _CALIBRATION,
}
_FEATURES = {"features.keys": Array("uint64", ("F",), ASCENDING)}


def _large_counts(held: Held) -> str | None:
    large = int((held.arrays["features.small"] == _LARGE_COUNT).sum())
    return None if large == len(held.arrays["features.large"]) else "its counts do not fit together"


def _resolved_features(held: Held) -> str | None:
    return None if held.fields["features"].decided else "its features are not decided"


def _weights_of_features(held: Held) -> str | None:
    alike = "features.places" in held.arrays or held.sizes["F"] == held.sizes["R"]
    return None if alike else "its weights are not those of its features"


def _partial_counts(held: Held) -> str | None:
    if not held.fields["counted"].decided:
        return "its features are not decided"
    if held.fields["settings"].variant == "nbsvm":
        return "nbsvm does not count"
    if list(held.fields["labels"]) != sorted(held.fields["labels"]):
        return "its labels are not in order"
    documents, filled = held.arrays["documents"], held.arrays["filled"]
    if (filled > documents).any() or documents.sum() != held.fields["texts"]:
        return "its texts are not those of its classes"
    return None


NAIVE_BAYES = Schema(
    {**_CLASSIFIER, "pruned": Field(flag, default=False)},
    {
        "documents": Array("int64", ("C",), within(0, MOST), total_within(1, MOST)),
        **_FEATURES,
        "features.small": Array("uint8", ("F", "C")),
        "features.large": Array("int64", ("L",), within(_LARGE_COUNT, MOST), total_within(0, MOST)),
        **VOCABULARY,
    },
    sizes=lambda fields: {"C": len(fields["labels"])},
    relations=(_large_counts, _resolved_features),
)
PARTIAL_COUNTS = Schema(
    {
        "labels": Field(each(text, distinct=True)),
        "texts": Field(whole()),
        "analysis": Field(settings_of(AnalysisSettings)),
        "features": Field(settings_of(FeatureSettings)),  # as they were asked for
        "counted": Field(settings_of(FeatureSettings)),
        "settings": Field(settings_of(NaiveBayesSettings)),
    },
    {
        "documents": Array("int64", ("C",), within(1, MOST), total_within(0, MOST)),
        "filled": Array("int64", ("C",), within(0, MOST)),
        **_FEATURES,
        "features.small": Array("uint8", ("F", "C")),
        "features.large": Array("int64", ("L",), within(_LARGE_COUNT, MOST), total_within(0, MOST)),
        **SEEN,
    },
    sizes=lambda fields: {"C": len(fields["labels"])},
    relations=(_large_counts, _partial_counts),
)
LINEAR = Schema(
    {**_CLASSIFIER, "normalised": Field(flag, default=False), "apart": Field(flag, default=False)},
    {
        **_FEATURES,
        "weights": Array("float32", ("R", "P"), FINITE),
        "features.places": Array("int32", ("F",), below("R"), optional=True),
        "bias": Array("float64", ("P",), FINITE),
        **VOCABULARY,
    },
    # Two classes are one problem.
    sizes=lambda fields: {"P": 1 if len(fields["labels"]) == 2 else len(fields["labels"])},
    relations=(_resolved_features, _weights_of_features),
)


# --- classifiers by a network -------------------------------------------------------------------


def text_head_shapes(
    encoder: EncoderSettings, pooling: str, outputs: int, measures: int = 0
) -> dict[str, tuple[int, ...]]:
    """The weights of the last part of a network that classifies, by name.

    measures: of how alike two words are, for pairs of texts; 0 for single ones.
    """
    width, hidden = output_size(encoder), encoder.rnn_size
    found: dict[str, tuple[int, ...]] = {}
    if measures:
        found = {
            "head.align": (measures,),
            "head.compare_w": (4 * width + measures, width),
            "head.compare_b": (width,),
            "head.hidden_w": (4 * width, hidden),
            "head.hidden_b": (hidden,),
        }
    found |= {"head.w": (hidden if measures else width, outputs), "head.b": (outputs,)}
    if pooling == "attention":
        found |= {"head.attention_w": (width, hidden), "head.attention_b": (hidden,)}
        found["head.attention_v"] = (hidden,)
    return found


def _head(fields: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    measures = 2 + (fields["given_dim"] > 0) if fields["pairs"] else 0
    return text_head_shapes(fields["encoder"], fields["settings"].pooling, _outputs(fields), measures)


def _outputs(fields: Mapping[str, Any]) -> int:
    return 1 if fields["answer"] == "number" else len(fields["labels"])


def _unfinished_head(fields: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return text_head_shapes(fields["encoder"], fields["pooling"], fields["classes"], fields["measures"])


# A linear classifier that judges beside the network, and how much of each is taken.
_BLEND = {
    "network": Field(number(0, 1000)),
    "linear": Field(number(0, 1000)),
    "features": Field(settings_of(FeatureSettings)),
    "normalised": Field(flag),
    "apart": Field(flag),
    "calibration": _CALIBRATION,
}
_BLENDED = {
    "blend.features.keys": Array("uint64", ("F",), ASCENDING),
    "blend.weights": Array("float32", ("F", "P"), FINITE),
    "blend.bias": Array("float64", ("P",), FINITE),
}


def _blend(held: Held) -> str | None:
    """What is wrong with a linear classifier beside a network."""
    blend = held.fields["blend"]
    if blend is None:
        return None
    if held.fields["answer"] != "label" or held.fields["pairs"]:
        return "only classes of single texts can be blended"
    return None if blend["features"].decided else "its features are not decided"


def _answers(held: Held) -> str | None:
    """What is wrong with the labels for a kind of answer."""
    least = {"number": 0, "labels": 1, "label": 2}[held.fields["answer"]]
    count = len(held.fields["labels"])
    return "its labels do not fit its answers" if count < least or (least == 0 and count) else None


_ANSWER = {
    "answer": Field(one_of("label", "labels", "number"), default="label"),
    "labels": Field(each(text, distinct=True)),
    "separator": Field(text, default=","),
    "threshold": Field(number(0, 1), default=0.5),
    "mean": Field(number(), default=0.0),
    "deviation": Field(number(0), default=1.0),
}
RECURRENT_CLASSIFIER = Schema(
    {
        **NETWORK_FIELDS,
        **_ANSWER,
        "pairs": Field(flag, default=False),
        "blend": Field(nothing_or(parts(**_BLEND)), default=None),
        "analysis": Field(settings_of(AnalysisSettings)),
        "settings": Field(settings_of(RnnSettings)),
    },
    lambda fields: {
        **network_arrays(fields, _head(fields)),
        "priors": Array("float32", (_head(fields)["head.b"][0],), FINITE),
        **(_BLENDED if fields["blend"] is not None else {}),
    },
    # Two classes are one problem of a linear classifier.
    sizes=lambda fields: {"P": 1 if len(fields["labels"]) == 2 else len(fields["labels"])},
    relations=(alphabet, _answers, _blend),
)
RECURRENT_CLASSIFIER_CHECKPOINT = Schema(
    {
        **CHECKPOINT_FIELDS,
        "classes": Field(whole(1, MOST)),  # or labels, or one number
        "measures": Field(whole(0, 3), default=0),
        "pooling": Field(one_of("attention", "max", "mean", "last")),
    },
    lambda fields: checkpoint_arrays(fields, _unfinished_head(fields)),
    sizes=checkpoint_sizes,
)


# --- classifiers of rows of numbers --------------------------------------------------------------


def feed_forward_shapes(columns: int, units: int, layers: int, outputs: int) -> dict[str, tuple[int, ...]]:
    """The weights of a network without time steps, by name.

    >>> feed_forward_shapes(3, 8, 1, 2)
    {'layer0.w': (3, 8), 'layer0.b': (8,), 'head.w': (8, 2), 'head.b': (2,)}
    """
    found: dict[str, tuple[int, ...]] = {}
    inputs = columns
    for n in range(layers):
        found |= {f"layer{n}.w": (inputs, units), f"layer{n}.b": (units,)}
        inputs = units
    return {**found, "head.w": (inputs, outputs), "head.b": (outputs,)}


_FEED_FORWARD = {"rnn_size": Field(whole(1, 8192)), "num_layers": Field(whole(0, 16))}


def _feed_forward(fields: Mapping[str, Any], columns: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return feed_forward_shapes(columns, fields["rnn_size"], fields["num_layers"], outputs)


VECTOR_CLASSIFIER = Schema(
    {
        **_ANSWER,
        **_FEED_FORWARD,
        "columns": Field(each(text, least=1)),
        "vector_col": Field(text),
        "settings": Field(settings_of(RnnSettings)),
    },
    lambda fields: {
        **{
            name: Array("float32", shape, FINITE)
            for name, shape in _feed_forward(fields, len(fields["columns"]), _outputs(fields)).items()
        },
        "inputs.mean": Array("float64", (len(fields["columns"]),), FINITE),
        "inputs.deviation": Array("float64", (len(fields["columns"]),), within(0, LARGEST)),
    },
    relations=(_answers,),
)
VECTOR_CLASSIFIER_CHECKPOINT = Schema(
    {
        **CHECKPOINT_PLACE,
        **_FEED_FORWARD,
        "columns": Field(whole(1, MOST)),
        "outputs": Field(whole(1, MOST)),
    },
    lambda fields: weights_in_training(_feed_forward(fields, fields["columns"], fields["outputs"])),
    sizes=checkpoint_sizes,
)
