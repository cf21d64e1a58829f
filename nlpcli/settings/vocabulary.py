"""Settings of vocabularies."""

from __future__ import annotations

from typing import ClassVar, Literal

from nlpcli.settings.fields import MOST, Settings, setting
from nlpcli.settings.frozen import frozen

VOCABULARY = "Vocabulary"


@frozen
class VocabularySettings(Settings):
    """Which tokens get an id, and in which order."""

    RARE: ClassVar[frozenset[str]] = frozenset({"max_vocab", "vocab_order"})

    min_count: int = setting(1, "Drop tokens seen fewer times than this.", min=1, max=MOST, panel=VOCABULARY)
    max_vocab: int | None = setting(
        None, "Keep only the N most frequent tokens.", min=1, max=MOST, panel=VOCABULARY
    )
    vocab_order: Literal["frequency", "first-seen", "alphabetical"] = setting(
        "frequency", "Order of the ids.", panel=VOCABULARY
    )


FIVE_OR_MORE = VocabularySettings(min_count=5)  # what word vectors are trained on: rare words learn little
