"""Settings of groups of words and documents, and of topics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nlpcli.settings.fields import LAST_SEED, MOST, Settings, setting


@dataclass(frozen=True)
class ClusterSettings(Settings):
    """How many groups, and what is shown of each."""

    k: int = setting(20, "Clusters.", min=1, max=MOST)
    top: int | None = setting(None, "Words: only the N first (most frequent).", min=1, max=MOST)
    terms: int = setting(10, "Documents: terms to show for each cluster.", min=1, max=MOST)
    seed: int = setting(1, "Random seed.", min=0, max=2**32 - 1)


_LDA = "LDA"


@dataclass(frozen=True)
class TopicSettings(Settings):
    """What a topic model is made of, and which words it knows."""

    method: Literal["lda", "nmf", "lsa"] = setting(
        "lda",
        "Latent Dirichlet allocation; or of TF-IDF: non-negative factors, or latent semantic analysis.",
    )
    num_topics: int = setting(20, "Topics.", min=1, max=4096, flags=("--num-topics", "-k"))
    iterations: int = setting(
        500, "Sweeps over all tokens (LDA), or rounds at most (NMF).", min=1, max=1_000_000
    )
    alpha: float = setting(
        0.1, "How much of each topic a document has before it is read.", above=0, max=1e6, panel=_LDA
    )
    beta: float = setting(
        0.01, "How much of each word a topic has before it is read.", above=0, max=1e6, panel=_LDA
    )
    optimize_interval: int = setting(
        10, "Fit each topic's alpha every N sweeps; 0: leave it.", min=0, max=1_000_000, panel=_LDA
    )
    min_df: int = setting(2, "Drop words found in fewer documents than this.", min=1, max=MOST)
    max_df: float = setting(0.5, "Drop words found in a larger share of the documents.", above=0, max=1)
    seed: int = setting(1, "Random seed.", min=0, max=LAST_SEED)


@dataclass(frozen=True)
class TopicAnswerSettings(Settings):
    """What is said of a document, or of a topic."""

    top: int | None = setting(
        None, "Topics of a document (3), or words of a topic (10).", min=1, max=MOST, flags=("--top", "-n")
    )
    min_weight: float = setting(0.05, "Leave out topics that are less of a document.", min=0, max=1)
