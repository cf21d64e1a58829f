"""Settings of keywords, and of what is done with the rows of tables before anything is trained on them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

from nlpcli.errors import SettingsError
from nlpcli.settings.fields import MOST, Needs, Settings, ngram_range, setting
from nlpcli.settings.frozen import frozen


@frozen
class KeywordSettings(Settings):
    """Which words are said to be key, and how many."""

    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType({"prior_size": Needs("by", ("auto", "class"))})

    by: Literal["auto", "document", "class", "corpus"] = setting(
        "auto", "Of each document, each class, or all; auto: of each class where --label-col names one."
    )
    top: int = setting(10, "Keywords of each.", min=1, max=MOST, flags=("--top", "-n"))
    min_length: int = setting(2, "Leave out words of fewer characters.", min=1, max=1000)
    ngrams: str = setting("1", "N-grams of words; 1-2 is words and pairs of neighbours.", metavar="RANGE")
    prior_size: float = setting(
        1000.0, "Of classes: how many tokens of all texts together each class is taken to hold beforehand.",
        above=0, max=1e9,
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.word_range == (1, 0):
            raise SettingsError("--ngrams 0 leaves no keywords")

    @property
    def word_range(self) -> tuple[int, int]:
        """Shortest and longest n-gram of words."""
        return ngram_range("--ngrams", self.ngrams)
