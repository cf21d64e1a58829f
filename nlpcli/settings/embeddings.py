"""Settings of training word vectors."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

from nlpcli.errors import SettingsError
from nlpcli.settings.fields import LAST_SEED, MOST, Needs, Settings, setting
from nlpcli.settings.frozen import frozen

MOST_EPOCHS = 1_000_000


@frozen
class Word2VecSettings(Settings):
    """Skip-gram and CBOW (Mikolov et al. 2013)."""

    RARE: ClassVar[frozenset[str]] = frozenset({"min_alpha", "ns_exponent", "fixed_window", "deterministic"})
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType(
        {"negative": Needs("loss", ("ns",)), "ns_exponent": Needs("loss", ("ns",))}
    )

    model: Literal["skipgram", "cbow"] = setting(
        "skipgram", "Predict the context, or from the context.", flags=("--method",), old=("--model",)
    )
    loss: Literal["ns", "hs", "softmax"] = setting(
        "ns", "Negative sampling, hierarchical softmax, or the full softmax (for small vocabularies)."
    )
    dim: int = setting(100, "Length of a vector.", min=1, max=4096)
    window: int = setting(5, "Most words to each side of the centre.", min=1, max=10_000)
    epochs: int = setting(5, "Passes over the text.", min=1, max=MOST_EPOCHS)
    negative: int = setting(5, "Noise words drawn per centre word.", min=1, max=1000)
    sample: float = setting(1e-3, "Subsampling threshold for frequent words; 0 is off.", min=0, max=1)
    alpha: float = setting(
        0.05, "Learning rate at the start.", above=0, max=100, flags=("--learning-rate", "--lr"),
        old=("--alpha",),
    )  # fmt: skip
    min_alpha: float = setting(
        0.0001, "Learning rate at the end.", min=0, max=100, flags=("--min-learning-rate",),
        old=("--min-alpha",),
    )  # fmt: skip
    ns_exponent: float = setting(
        0.75, "Power of the counts from which noise words are drawn.", min=-10, max=10
    )
    fixed_window: bool = setting(
        False, "Always the whole window, not a random part of it.", flags=("--fixed-window",)
    )
    threads: int = setting(
        1, "Threads; more than one gives other bytes every time, but with --deterministic.", min=1, max=256
    )
    deterministic: bool = setting(
        False, "The same bytes with any number of threads, at some cost.", flags=("--deterministic",)
    )
    seed: int = setting(1, "Seed of all randomness.", min=0, max=LAST_SEED)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.deterministic and self.loss == "softmax":
            raise SettingsError("--loss softmax has no --deterministic", hint="use --threads 1")


@frozen
class FastTextSettings(Word2VecSettings):
    """Word2vec with subwords: a word is the mean of itself and its n-grams (Bojanowski et al. 2017)."""

    RARE: ClassVar[frozenset[str]] = Word2VecSettings.RARE | {"bucket"}
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType(
        {
            **Word2VecSettings.NEEDS,
            "minn": Needs("maxn", but=(0,)),
            "bucket": Needs("maxn", but=(0,)),
            "jamo": Needs("maxn", but=(0,)),
        }
    )

    loss: Literal["ns", "hs"] = setting("ns", "Negative sampling or hierarchical softmax.")
    sample: float = setting(1e-4, "Subsampling threshold for frequent words; 0 is off.", min=0, max=1)
    minn: int = setting(3, "Shortest character n-gram.", min=1, max=64, panel="Subwords")
    maxn: int = setting(6, "Longest character n-gram; 0 is none.", min=0, max=64, panel="Subwords")
    bucket: int = setting(
        2_000_000, "Buckets that n-grams are hashed into.", min=1, max=2**31 - 1, panel="Subwords"
    )
    jamo: bool = setting(False, "Korean: n-grams of jamo (ㅎㅏㄴ) and not of syllables.", panel="Subwords")

    def __post_init__(self) -> None:
        super().__post_init__()
        if 0 < self.maxn < self.minn:
            raise SettingsError(f"--maxn {self.maxn} is below --minn {self.minn}")


@frozen
class PhraseSettings(Settings):
    """Word pairs that are joined to one word before training (Mikolov et al. 2013b, section 4)."""

    RARE: ClassVar[frozenset[str]] = frozenset({"phrase_threshold", "phrase_discount"})
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType(
        {"phrase_threshold": Needs("phrases", but=(0,)), "phrase_discount": Needs("phrases", but=(0,))}
    )

    phrases: int = setting(
        0, "Times to join words that belong together (new_york); 0 is off.", min=0, max=100, panel="Phrases"
    )
    phrase_threshold: float = setting(100.0, "Higher joins fewer.", min=0, max=1e12, panel="Phrases")
    phrase_discount: int = setting(
        5, "Pairs must be seen more often than this.", min=0, max=MOST, panel="Phrases"
    )


@frozen
class ContinuationSettings(Settings):
    """Where training begins, and what it leaves on the way."""

    RARE: ClassVar[frozenset[str]] = frozenset({"checkpoint_every"})

    resume: str | None = setting(
        None,
        "Go on with a model: an interrupted one, or with more epochs or new text.",
        panel="Continue",
        metavar="MODEL",
    )
    init: str | None = setting(None, "Begin with these word vectors.", panel="Continue", metavar="VECTORS")
    checkpoint_every: float | None = setting(
        None,
        "Epochs (or a part of one) between checkpoints; without it only when interrupted.",
        above=0,
        max=MOST_EPOCHS,
        panel="Continue",
        metavar="EPOCHS",
    )


@frozen
class CooccurrenceSettings(Settings):
    """Which neighbours count, and how much (Pennington et al. 2014, section 4.2)."""

    RARE: ClassVar[frozenset[str]] = frozenset({"symmetric", "distance_weighting"})

    window_size: int = setting(
        10,
        "Words to each side that count as neighbours.",
        min=1,
        max=1_000_000,
        flags=("--window",),
        old=("--window-size",),
    )
    symmetric: bool = setting(
        True, "Count both sides, or the left side only.", flags=("--symmetric/--asymmetric",)
    )
    distance_weighting: bool = setting(
        True, "A neighbour at distance d counts 1/d, or always 1.", flags=("--distance-weighting/--flat",)
    )


@frozen
class GloveSettings(Settings):
    """Weighted least squares on log co-occurrence counts, by AdaGrad (Pennington et al. 2014)."""

    RARE: ClassVar[frozenset[str]] = frozenset({"bias", "tolerance", "output_vectors"})

    dim: int = setting(100, "Length of a vector.", min=1, max=4096)
    epochs: int = setting(15, "Passes over the co-occurrence cells.", min=1, max=MOST_EPOCHS)
    x_max: float = setting(100.0, "Count from which a cell has full weight.", above=0, max=1e15)
    alpha: float = setting(
        0.75, "Exponent of the weighting function.", min=0, max=100, flags=("--exponent",), old=("--alpha",)
    )
    eta: float = setting(
        0.05, "AdaGrad's first step.", above=0, max=100, flags=("--learning-rate", "--lr"), old=("--eta",)
    )
    bias: bool = setting(True, "Bias terms b_i and b_j, as in the paper.")
    tolerance: float = setting(
        0.0, "End when an epoch lowers the cost by a smaller share than this; 0 is off.", min=0, max=1
    )
    output_vectors: Literal["w+c", "w", "c", "both"] = setting(
        "w+c", "Sum of word and context vectors, one of them, or both side by side.", old=("--model",)
    )
    seed: int = setting(1, "Seed of all randomness.", min=0, max=LAST_SEED)


@frozen
class GloveResources(Settings):
    """What counting and training may use of this machine. None of it changes the result."""

    RARE: ClassVar[frozenset[str]] = frozenset({"memory"})

    threads: int | None = setting(
        None, "Threads; all cores if not given. The result is the same.", min=1, max=256
    )
    memory: str = setting("4GB", "Most memory to use; what is more goes to $TMPDIR.", metavar="SIZE")
