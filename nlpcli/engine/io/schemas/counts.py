"""Counts of tokens, to be added up."""

from __future__ import annotations

from typing import Any

from nlpcli.engine.io.header_fields import Field, settings_of, text, whole
from nlpcli.engine.io.schema import Held, Schema
from nlpcli.engine.io.schemas.vocabulary import SEEN
from nlpcli.settings.fields import ngram_range
from nlpcli.settings.text import AnalysisSettings


def _ngrams(value: Any) -> str:
    """Lengths of n-grams, such as 1-2."""
    ngram_range("--ngrams", text(value))
    return str(value)


def _words_of_tokens(held: Held) -> str | None:
    """What is wrong with how many words there are: n-grams are made of some, and words are these."""
    seen, words = int(held.arrays["vocabulary.counts"].sum()), held.fields["words"]
    if held.fields["ngrams"] == "1":
        return None if seen == words else "its counts do not add up to its words"
    return "it has n-grams of no words" if seen and not words else None


TOKEN_COUNTS = Schema(
    {
        "analysis": Field(settings_of(AnalysisSettings)),
        "ngrams": Field(_ngrams),
        "documents": Field(whole()),
        "words": Field(whole()),
    },
    SEEN,
    relations=(_words_of_tokens,),
)
