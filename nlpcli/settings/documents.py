"""Settings of document vectors."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

from nlpcli.errors import SettingsError
from nlpcli.settings.fields import MOST, Needs, NgramRanges, Settings, setting
from nlpcli.settings.frozen import frozen


@frozen
class VectorizeSettings(NgramRanges, Settings):
    """Bag-of-words weights."""

    RARE: ClassVar[frozenset[str]] = frozenset({"smooth_idf", "hash_bits"})
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType(
        {
            "smooth_idf": Needs("kind", ("tfidf",)),
            "sublinear_tf": Needs("kind", ("tfidf",)),
            "norm": Needs("kind", ("tfidf",)),
            "hash_bits": Needs("kind", ("hashing",)),
        }
    )

    kind: Literal["onehot", "bow", "binary", "tfidf", "hashing"] = setting(
        "tfidf",
        "A row per token; counts; 0 and 1; counts weighted by rarity; counts in hashed columns.",
        flags=("--method",),
        old=("--kind",),
    )
    ngrams: str = setting("1", "N-grams of words; 1-2 is words and pairs of neighbours.", metavar="RANGE")
    char_ngrams: str = setting(
        "0",
        "N-grams of characters inside words (a space at both ends) in place of words; 0 is off.",
        metavar="RANGE",
    )
    smooth_idf: bool = setting(True, "TF-IDF: idf = ln((1 + n) / (1 + df)) + 1, or ln(n / df) + 1.")
    sublinear_tf: bool = setting(False, "TF-IDF: 1 + ln(count) in place of the count.")
    norm: Literal["l2", "l1", "none"] = setting("l2", "TF-IDF: length to which each row is scaled.")
    min_df: int = setting(1, "Drop features found in fewer documents than this.", min=1, max=MOST)
    max_df: float = setting(1.0, "Drop features found in a larger share of the documents.", above=0, max=1)
    max_features: int | None = setting(None, "Keep only the N most frequent features.", min=1, max=MOST)
    hash_bits: int = setting(20, "Hashing: two to this power is the number of columns.", min=1, max=30)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.char_range != (1, 0) and self.word_range != (1, 1):
            raise SettingsError("--ngrams and --char-ngrams exclude each other")
        if self.word_range == (1, 0):
            raise SettingsError("--ngrams 0 leaves no features")
        if self.kind == "onehot" and self.char_range != (1, 0):
            raise SettingsError("--method onehot has a row per token, --char-ngrams has no tokens")
