"""Settings of masked language models: what is masked and learnt, and how masks are filled."""

from __future__ import annotations

from typing import ClassVar

from nlpcli.settings.fields import LAST_SEED, MOST, Settings, setting
from nlpcli.settings.frozen import frozen
from nlpcli.settings.neural import NetworkTraining
from nlpcli.settings.vocabulary import VOCABULARY

MASKING = "Masking"


@frozen
class MaskedSettings(Settings):
    """What is learnt of a text by filling its masked words in."""

    RARE: ClassVar[frozenset[str]] = frozenset({"mask_share", "candidates", "context"})

    mask_share: float = setting(
        0.15,
        "Share of words that are predicted: of ten such words eight are masked, one is another word and one "
        "stays.",
        above=0,
        max=0.9,
        panel=MASKING,
    )
    max_vocab: int = setting(
        20_000, "Words that can be found, the most frequent ones.", min=1, max=1_000_000,
        panel=VOCABULARY,
    )  # fmt: skip
    candidates: int = setting(
        2000, "Words that a masked word is told from at an update, drawn by frequency; 0 is all.", min=0,
        max=1_000_000, panel=MASKING,
    )  # fmt: skip
    context: int = setting(
        128, "Words that are read together; longer lines are cut.", min=1, max=4096, panel=MASKING
    )
    epochs: int = setting(0, "Passes over the text; 0 goes by its length.", min=0, max=100_000)
    seed: int = setting(1, "Seed of all randomness.", min=0, max=LAST_SEED)


MASKED_TRAINING = NetworkTraining(dropout=0.1, word_dropout=0.1)


@frozen
class FillSettings(Settings):
    """Which words are told of a mask."""

    top_k: int = setting(5, "Words to show for each mask.", min=1, max=MOST, flags=("--top", "-n"))
    mask: str = setting(
        "[MASK]", "What stands in the text for a word to find.", flags=("--mask-token",), metavar="TEXT"
    )
