"""Settings of document vectors, classifiers and search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nlpcli.errors import SettingsError
from nlpcli.settings.fields import NgramRanges, Settings, setting


@dataclass(frozen=True)
class VectorizeSettings(NgramRanges, Settings):
    """Bag-of-words weights."""

    kind: Literal["onehot", "bow", "binary", "tfidf", "hashing"] = setting(
        "tfidf", "A row per token; counts; 0 and 1; counts weighted by rarity; counts in hashed columns."
    )
    ngrams: str = setting("1", "Runs of words; 1-2 is words and pairs of neighbours.", metavar="RANGE")
    char_ngrams: str = setting(
        "0",
        "Runs of characters inside words (a space at both ends) in place of words; 0 is off.",
        metavar="RANGE",
    )
    smooth_idf: bool = setting(True, "TF-IDF: idf = ln((1 + n) / (1 + df)) + 1, or ln(n / df) + 1.")
    sublinear_tf: bool = setting(False, "TF-IDF: 1 + ln(count) in place of the count.")
    norm: Literal["l2", "l1", "none"] = setting("l2", "TF-IDF: length to which each row is scaled.")
    min_df: int = setting(1, "Drop features found in fewer documents than this.", min=1)
    max_df: float = setting(1.0, "Drop features found in a larger share of the documents.", above=0, max=1)
    max_features: int | None = setting(None, "Keep only the N most frequent features.", min=1)
    hash_bits: int = setting(20, "Hashing: two to this power is the number of columns.", min=1, max=30)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.char_range != (1, 0) and self.word_range != (1, 1):
            raise SettingsError("--ngrams and --char-ngrams exclude each other")
        if self.word_range == (1, 0):
            raise SettingsError("--ngrams 0 leaves no features")
        if self.kind == "onehot" and self.char_range != (1, 0):
            raise SettingsError("--kind onehot has a row per token, --char-ngrams has no tokens")


FEATURES = "Features"


@dataclass(frozen=True)
class FeatureSettings(NgramRanges, Settings):
    """What a classifier sees of a text."""

    ngrams: str = setting(
        "1-3", "Word n-grams, as a range: 1-2 is words and pairs of neighbours; 0 is none.", panel=FEATURES,
        metavar="RANGE",
    )  # fmt: skip
    char_ngrams: str = setting(
        "auto", "Character n-grams, as a range; 0 is none; auto is 2-4 for Korean, Chinese and Japanese.",
        panel=FEATURES, metavar="RANGE",
    )  # fmt: skip
    char_span: Literal["text", "word"] = setting(
        "text", "Character n-grams run through the text as if it had no spaces, or stay inside words.",
        panel=FEATURES,
    )  # fmt: skip
    binary: bool = setting(
        False, "A feature counts once per document, however often it is there.", panel=FEATURES
    )
    min_docs: int = setting(
        1, "Leave features out that were seen fewer times than this.", min=1, panel=FEATURES,
        flags=("--min-count", "--min-docs"),
    )  # fmt: skip
    hash_bits: int = setting(
        0, "Hash features into 2^N cells, which bounds the memory; 0 keeps each one apart.", min=0, max=32,
        panel=FEATURES,
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        word, char = self.word_range, self.char_range if self.char_ngrams != "auto" else (1, 1)
        if word[1] == 0 and char[1] == 0:
            raise SettingsError("--ngrams 0 and --char-ngrams 0 leave no features")


@dataclass(frozen=True)
class NaiveBayesSettings(Settings):
    """Which Naive Bayes, and how it is smoothed."""

    variant: Literal["multinomial", "binary-multinomial", "bernoulli", "complement", "nbsvm"] = setting(
        "binary-multinomial", "The model; see above.", panel="Model"
    )
    alpha: float = setting(
        0.5, "Additive smoothing; 1 is Laplace's, 0 is maximum likelihood.", min=0, panel="Model"
    )
    prior: Literal["fit", "uniform"] = setting(
        "fit", "Class priors from the label counts, or all equal.", panel="Model"
    )
    cost: float = setting(1.0, "nbsvm: what a mistake costs; lower is smoother.", above=0, panel="Model")
    epochs: int = setting(10, "nbsvm: passes over the texts, at most.", min=1, panel="Model")
    seed: int = setting(1, "Seed of all shuffling.", min=0, panel="Model")


@dataclass(frozen=True)
class IndexSettings(Settings):
    """What a document is when texts are searched."""

    unit: Literal["line", "paragraph", "file"] = setting(
        "line", "What is found: lines, paragraphs (parted by blank lines), or whole files."
    )


@dataclass(frozen=True)
class SearchSettings(Settings):
    """How found documents are ranked."""

    top_k: int = setting(10, "Documents to show.", min=1, flags=("--top-k", "-k"))
    by: Literal["tfidf", "bm25", "vectors"] = setting(
        "tfidf", "Cosine of TF-IDF rows, Okapi BM25, or cosine of mean word vectors (needs --vectors)."
    )
    prefix: Literal["auto", "on", "off"] = setting(
        "auto",
        "A query word also finds longer words that begin with it; auto: Hangul words, for their particles.",
    )
    bm25_k1: float = setting(1.2, "BM25: how soon more of a word says no more.", min=0)
    bm25_b: float = setting(0.75, "BM25: how much long documents are held back.", min=0, max=1)
    width: int = setting(160, "Characters of text to show.", min=20)
