"""Settings of indexes and searches."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

from nlpcli.settings.fields import MOST, Needs, Settings, setting
from nlpcli.settings.frozen import frozen
from nlpcli.settings.input import INPUT


@frozen
class IndexSettings(Settings):
    """What a document is when texts are searched."""

    unit: Literal["line", "paragraph", "file"] = setting(
        "line",
        "What is found: lines, paragraphs (separated by blank lines), or whole files.",
        flags=("--document",),
        old=("--unit",),
    )
    terms: Literal["auto", "words", "bigrams", "both"] = setting(
        "auto",
        "What Korean words are found by: the word, pairs of its letters, or both; auto: pairs where the "
        "tokenizer finds no morphemes.",
    )


@frozen
class AnswerSettings(Settings):
    """Which column of a table is the answer to the text of its row (for `chat`)."""

    answer_col: str | None = setting(
        None,
        "Column or field that holds the answer to the text of --text-col: the index then answers in chat.",
        panel=INPUT,
        metavar="COLUMN",
    )


@frozen
class ChatSettings(Settings):
    """How lines are answered."""

    turns: int = setting(
        0, "Earlier turns that a line is understood from; 0 is each line by itself.", min=0, max=100
    )
    fallback: str = setting("…", "Answer where there is none.", metavar="TEXT")
    min_score: float = setting(
        0.0, "Take no answer that is less sure than this.", min=0, max=1, flags=("--min-score",)
    )


@frozen
class SearchSettings(Settings):
    """How found documents are ranked."""

    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType(
        {
            "bm25_k1": Needs("by", ("bm25",)),
            "bm25_b": Needs("by", ("bm25",)),
            "rerank": Needs("by", ("bm25",)),
            "prefix": Needs("by", ("tfidf", "bm25")),
        }
    )

    top_k: int = setting(
        10, "Documents to show.", min=1, max=MOST, flags=("--top", "-n"), old=("--top-k", "-k")
    )
    by: Literal["tfidf", "bm25", "vectors"] = setting(
        "tfidf", "Cosine of TF-IDF rows, Okapi BM25, or cosine of mean word vectors (needs --vectors)."
    )
    prefix: Literal["auto", "on", "off"] = setting(
        "auto",
        "A query word also finds longer words that begin with it; auto: Hangul words, for their particles.",
    )
    bm25_k1: float | None = setting(
        None,
        "BM25: how soon more of a word says no more; 1.2 if not given, 0.4 of pairs of letters.",
        min=0,
        max=1e6,
    )
    bm25_b: float = setting(0.75, "BM25: how much long documents are held back.", min=0, max=1)
    rerank: int = setting(
        0,
        "BM25 of pairs of letters: rank so many of the best again, by how near each other the words stand in "
        "them and which stand there as they are (15 is good; 0: none).",
        min=0,
        max=10_000,
    )
    width: int = setting(160, "Characters of text to show.", min=20, max=MOST)
