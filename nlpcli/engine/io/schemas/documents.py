"""What is learnt of documents: their vectorizer, and an index to search them."""

from __future__ import annotations

from typing import Any

from nlpcli.engine.io.header_fields import (
    MOST,
    Field,
    Read,
    one_of,
    settings_of,
    text,
    whole,
)
from nlpcli.engine.io.schema import (
    FINITE,
    UTF8,
    Array,
    Held,
    Schema,
    below,
    offsets_into,
    strings,
    within,
)
from nlpcli.engine.io.schemas.vocabulary import SEEN, VOCABULARY
from nlpcli.settings.documents import VectorizeSettings
from nlpcli.settings.fields import ngram_range
from nlpcli.settings.search import IndexSettings
from nlpcli.settings.text import AnalysisSettings


def _seen_in_a_document(held: Held) -> str | None:
    """Without smoothing a feature of no document has no weight."""
    settings, seen = held.fields["settings"], held.arrays["document_frequencies"]
    if settings.kind != "tfidf" or settings.smooth_idf or not len(seen) or seen.min():
        return None
    return "a feature was seen in no document"


VECTORIZER = Schema(
    {
        "settings": Field(settings_of(VectorizeSettings), default=VectorizeSettings()),
        "analysis": Field(settings_of(AnalysisSettings), default=AnalysisSettings()),
        "documents": Field(whole(1)),
    },
    {"document_frequencies": Array("int64", ("V",), within(0, "documents")), **VOCABULARY},
    sizes=lambda fields: {"documents": fields["documents"]},
    never_empty=("V",),
    relations=(_seen_in_a_document,),
)


def _frequencies_of_words(held: Held) -> str | None:
    """Nothing stands in more documents than it was seen, and n-grams are made of words."""
    seen = held.arrays["vocabulary.counts"]
    if (held.arrays["document_frequencies"] > seen).any():
        return "a feature stands in more documents than it was seen"
    return "it has features of no words" if len(seen) and not held.fields["words"] else None


def _range(option: str) -> Read:
    """Lengths of n-grams, such as 1-2."""

    def read(value: Any) -> str:
        ngram_range(option, text(value))
        return str(value)

    return read


FREQUENCIES = Schema(
    {
        "analysis": Field(settings_of(AnalysisSettings)),
        "ngrams": Field(_range("--ngrams")),
        "char_ngrams": Field(_range("--char-ngrams")),
        "documents": Field(whole()),
        "words": Field(whole()),
    },
    {"document_frequencies": Array("int64", ("V",), within(1, "documents")), **SEEN},
    sizes=lambda fields: {"documents": fields["documents"]},
    relations=(_frequencies_of_words,),
)

_TOLD = {
    "lengths": Array("int32", ("D",), within(0, MOST)),
    "norms": Array("float32", ("D",), FINITE, within(0, MOST)),
    "file_numbers": Array("int32", ("D",), below("files")),
    "lines": Array("int32", ("D",), within(0, MOST)),
    "term_vectors": Array("float32", ("V", "dim"), FINITE, optional=True),
    "document_vectors": Array("float32", ("D", "dim"), FINITE, optional=True),
    **strings("files", "files", any_bytes=True),  # names of files, which format 1 wrote as they are
    **strings("answers", "D", optional=True),
}
_PLAIN = {
    **strings("terms", "V"),
    **strings("texts", "D"),
    "postings.starts": Array("int64", ("V+1",), offsets_into("postings")),
    "postings.documents": Array("int32", ("postings",), below("D")),
    "postings.counts": Array("int32", ("postings",), within(1, MOST)),
    **_TOLD,
}
_BLOCKS = {  # texts and packed postings may stay in the file: who reads them has to look at them
    **strings("terms", "V"),
    "texts.bytes": Array("uint8", ("bytes of texts",), UTF8),
    "texts.offsets": Array("int64", ("D+1",), offsets_into("texts.bytes")),
    "postings.frequencies": Array("int64", ("V",), within(1, "D")),
    "postings.ends": Array("int32", ("blocks",), below("D")),
    "postings.widths": Array("uint8", ("blocks", 2), within(0, 31)),
    "postings.places": Array("int64", ("blocks+1",), within(0, "words")),
    "postings.cosines": Array("float32", ("blocks",), FINITE, within(0, MOST)),
    "postings.okapi": Array("float32", ("blocks",), FINITE, within(0, MOST)),
    "postings.packed": Array("uint32", ("words",)),
    **_TOLD,
}


def _blocks_of_terms(held: Held) -> str | None:
    if held.fields["postings"] == "plain":
        return None
    blocks = int((-(-held.arrays["postings.frequencies"] // 128)).sum())
    if blocks != held.sizes["blocks"]:
        return "its terms have other blocks than its postings"
    ends = int(held.arrays["postings.places"][-1]) + 1  # kernels read a word beyond
    return None if ends == held.sizes["words"] else "its postings end elsewhere"


INDEX = Schema(
    {
        "analysis": Field(settings_of(AnalysisSettings), default=AnalysisSettings()),
        "settings": Field(settings_of(IndexSettings), default=IndexSettings(terms="words")),
        "postings": Field(one_of("plain", "blocks"), default="plain"),  # plain in format 1
    },
    lambda fields: _PLAIN if fields["postings"] == "plain" else _BLOCKS,
    never_empty=("D",),
    relations=(
        lambda held: (
            None
            if ("term_vectors" in held.arrays) == ("document_vectors" in held.arrays)
            else "it has vectors of its terms or its documents only"
        ),
        lambda held: (
            None
            if ("answers.bytes" in held.arrays) == ("answers.offsets" in held.arrays)
            else "it has half of its answers"
        ),
        _blocks_of_terms,
    ),
)
