"""Settings of groups of words and documents, and of topics."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

from nlpcli.errors import SettingsError
from nlpcli.settings.fields import LAST_SEED, MOST, Needs, Settings, setting, whole_number
from nlpcli.settings.frozen import frozen


@frozen
class ClusterSettings(Settings):
    """How many groups, and what is shown of each."""

    RARE: ClassVar[frozenset[str]] = frozenset({"min_size"})
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType(
        {
            "k": Needs("method", ("kmeans", "agglomerative")),
            "min_size": Needs("method", ("hdbscan",)),
        }
    )

    method: Literal["kmeans", "agglomerative", "hdbscan"] = setting(
        "kmeans", "k-means, Ward's clustering, or dense regions, with what lies between them in no cluster."
    )
    k: int | Literal["auto"] = setting(
        20, "Clusters; auto: by the silhouette, 50 at most.", min=1, max=MOST, metavar="N|auto"
    )
    min_size: int = setting(5, "Members that a dense region has, at least.", min=2, max=MOST)
    vocab: int | None = setting(None, "Words: only the N first (most frequent).", min=1, max=MOST)
    top: int = setting(
        10,
        "Words or terms to show for each cluster.",
        min=1,
        max=MOST,
        flags=("--top", "-n"),
        old=("--terms",),
    )
    seed: int = setting(1, "Seed of the starting points.", min=0, max=2**32 - 1)


_LDA = "LDA"
MATRICES = (".npz", ".npy", ".mtx", ".svm", ".libsvm")  # names of files that hold all weights


@frozen
class TopicSettings(Settings):
    """What a topic model is made of, and which words it knows."""

    RARE: ClassVar[frozenset[str]] = frozenset({"seed_weight"})
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType(
        {
            "seed_words": Needs("method", ("lda",)),
            "seed_weight": Needs("seed_words", but=((),)),
        }
    )

    method: Literal["lda", "nmf", "lsa"] = setting(
        "lda",
        "Latent Dirichlet allocation; or of TF-IDF: non-negative factors, or latent semantic analysis.",
    )
    num_topics: int | Literal["auto"] = setting(
        20,
        "Topics, 4096 at most; auto tries several numbers.",
        min=1,
        max=4096,
        flags=("--num-topics",),
        metavar="N|auto",
    )
    iterations: int = setting(
        200, "Sweeps over all tokens (LDA), or rounds at most (NMF).", min=1, max=1_000_000
    )
    alpha: float = setting(
        0.1, "How much of each topic a document has before it is read.", above=0, max=1e6, panel=_LDA
    )
    beta: float = setting(
        0.01, "How much of each word a topic has before it is read.", above=0, max=1e6, panel=_LDA
    )
    optimize_interval: int = setting(
        2, "Fit each topic's alpha every N sweeps; 0: leave it.", min=0, max=1_000_000, panel=_LDA
    )
    seed_words: tuple[str, ...] = setting(
        (),
        "Words that a topic is to hold, with spaces between; once for each topic, or a file with a line for "
        "each.",
        metavar="WORDS|FILE",
        panel=_LDA,
        reads="seed words",
    )
    seed_weight: float = setting(
        1.0,
        "How often a seed word counts as seen in its topic beforehand, as a multiple of its count.",
        above=0,
        max=1e6,
        panel=_LDA,
    )
    min_df: int = setting(2, "Drop words found in fewer documents than this.", min=1, max=MOST)
    max_df: float = setting(0.5, "Drop words found in a larger share of the documents.", above=0, max=1)
    seed: int = setting(1, "Random seed.", min=0, max=LAST_SEED)

    @property
    def topics(self) -> int:
        """The number of topics, once it is known."""
        assert self.num_topics != "auto"
        return self.num_topics


@frozen
class TopicCheckpoints(Settings):
    """When a training of topics leaves a checkpoint."""

    RARE: ClassVar[frozenset[str]] = frozenset({"checkpoint_every"})

    checkpoint_every: int = setting(
        0,
        "Sweeps between checkpoints; 0 is only when interrupted.",
        metavar="SWEEPS",
        min=0,
        max=MOST,
        panel="Options",
    )


@frozen
class TopicAnswerSettings(Settings):
    """What is said of a document, or of a topic."""

    top: int | None = setting(
        None, "Topics of a document (3), or words of a topic (10).", min=1, max=MOST, flags=("--top", "-n")
    )
    min_weight: float = setting(0.05, "Leave out topics that are less of a document.", min=0, max=1)


@frozen
class SummarySettings(Settings):
    """Which sentences of a text are its summary."""

    method: Literal["textrank", "lexrank", "lead", "mmr"] = setting(
        "textrank",
        "What counts: words in common with others, likeness by TF-IDF, the place alone, or likeness to the "
        "whole text but not to each other.",
    )
    sentences: str = setting(
        "3", "Sentences to keep, or a share of them.", metavar="N|P%", flags=("--sentences",)
    )
    unit: Literal["auto", "word", "bigram"] = setting(
        "auto", "How alike sentences are is told by words or pairs of letters; auto: these in Korean."
    )
    splitter: Literal["rules", "kiwi"] = setting(
        "rules",
        "What tells where Korean sentences end: marks and polite endings, or kiwi too, for ends without "
        "either, which takes far longer.",
    )
    position: float = setting(4.0, "How much more the first sentences count; 0: no more.", min=0, max=1e6)
    balance: float = setting(0.7, "With mmr: 1 is the text alone, 0 differences alone.", min=0, max=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.count(1)

    def count(self, there: int) -> int:
        """How many of so many sentences; of a share at least one.

        >>> SummarySettings(sentences="20%").count(12), SummarySettings(sentences="5").count(3)
        (2, 3)
        """
        digits, percent, rest = self.sentences.strip().partition("%")
        number = whole_number(digits) if digits.isdecimal() and digits.isascii() and not rest else 0
        if not 1 <= number <= (100 if percent else MOST):
            raise SettingsError(
                f"--sentences cannot be {self.sentences[:40]!r}",
                hint="wanted: a number from 1, or a share such as 20%",
            )
        return min(there, max(1, round(there * number / 100)) if percent else number)
