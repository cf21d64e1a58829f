"""Settings of answers to questions, and of what learns to find them."""

from __future__ import annotations

from nlpcli.settings.fields import LAST_SEED, MOST, Settings, setting
from nlpcli.settings.frozen import frozen


@frozen
class AskSettings(Settings):
    """Which answers are given."""

    top: int = setting(1, "Answers to a question.", min=1, max=MOST, flags=("--top", "-n"))
    documents: int = setting(
        5, "Documents to look for the answer in, those that answer the question best.", min=1, max=1000,
        flags=("--documents",),
    )  # fmt: skip
    min_score: float = setting(
        0.05, "Give no answer where the best is less sure than this.", min=0, max=1, flags=("--min-score",)
    )


@frozen
class ReaderSettings(Settings):
    """How it is learnt which words of a text answer a question."""

    epochs: int = setting(3, "Passes over the questions.", min=1, max=10_000)
    learning_rate: float = setting(
        0.1, "Rate of learning (AdaGrad).", above=0, max=100, flags=("--learning-rate", "--lr")
    )
    decay: float = setting(1e-6, "How much weights shrink at each step.", min=0, max=1)
    wrong: int = setting(
        300, "Wrong spans of a text to tell the right one from.", min=1, max=1_000_000, flags=("--wrong",)
    )
    buckets: int = setting(2**18, "Weights that features are hashed to.", min=2**10, max=2**26)
    seed: int = setting(1, "Random seed.", min=0, max=LAST_SEED)
