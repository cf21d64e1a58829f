"""Masked language models, and trainings of them that were interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlpcli.engine.io.header_fields import MOST, Field, settings_of, whole
from nlpcli.engine.io.schema import Held, Schema
from nlpcli.engine.io.schemas.networks import (
    CHECKPOINT_FIELDS,
    NETWORK_FIELDS,
    checkpoint_arrays,
    checkpoint_sizes,
    network_arrays,
)
from nlpcli.settings.masked import MaskedSettings
from nlpcli.settings.neural import EncoderSettings, output_size
from nlpcli.settings.text import AnalysisSettings

MASK = "[mask]"  # the last of the words with a row of their own: it stands for one to find


def masked_head_shapes(encoder: EncoderSettings, words: int | str) -> dict[str, tuple[int | str, ...]]:
    """The weights of the last part of a network that finds masked words, by name.

    The words' vectors are those that the encoder is told (Press and Wolf 2017).
    """
    return {"head.w": (output_size(encoder), encoder.word_dim), "head.b": (words,)}


def _mask(held: Held) -> str | None:
    """What is wrong with its words."""
    offsets = held.arrays["known.offsets"]
    if len(offsets) < 3:
        return "it has no word to find"
    last = held.arrays["known.bytes"][int(offsets[-2]) : int(offsets[-1])].tobytes()
    return None if last == MASK.encode() else "its last word is not the mask"


def _told(held: Held) -> str | None:
    more = held.fields["given_dim"] or held.fields["lm"] is not None
    return "it cannot be told more of a word than the word" if more else None


def _arrays(fields: Mapping[str, Any]) -> Any:
    return network_arrays(fields, masked_head_shapes(fields["encoder"], "V"))  # type: ignore[arg-type]


def _unfinished(fields: Mapping[str, Any]) -> Any:
    head = masked_head_shapes(fields["encoder"], fields["words"])
    return checkpoint_arrays(fields, head)  # type: ignore[arg-type]


MASKED_LM = Schema(
    {**NETWORK_FIELDS, "analysis": Field(settings_of(AnalysisSettings)),
     "settings": Field(settings_of(MaskedSettings))},
    _arrays,
    relations=(_told, _mask),
)  # fmt: skip
MASKED_LM_CHECKPOINT = Schema(
    {**CHECKPOINT_FIELDS, "words": Field(whole(1, MOST))}, _unfinished, sizes=checkpoint_sizes
)
