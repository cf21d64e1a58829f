"""Settings of text classifiers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Final, Literal

from nlpcli.errors import SettingsError
from nlpcli.settings.fields import LAST_SEED, MOST, Needs, NgramRanges, Settings, setting
from nlpcli.settings.frozen import frozen

FEATURES = "Features"
CHECKING = "Checking and searching"
ANSWERS = "Options"  # with the plain ones
AUTO: Final = "auto"


@frozen
class FeatureSettings(NgramRanges, Settings):
    """What a classifier sees of a text."""

    RARE: ClassVar[frozenset[str]] = frozenset({"char_span", "skip_grams", "edges", "binary", "hash_bits"})
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType({"char_span": Needs("char_ngrams", but=("0",))})

    ngrams: str = setting(
        AUTO, "Word n-grams, as a range: 1-2 is words and pairs of neighbours; 0 is none; auto is 1-2, and "
        "1-3 for long texts.", panel=FEATURES, metavar="RANGE",
    )  # fmt: skip
    char_ngrams: str = setting(
        AUTO, "Character n-grams, as a range; 0 is none; auto is 2-4 for Korean, Chinese and Japanese, and "
        "2-5 for names and single words, and for short texts with nbsvm.", panel=FEATURES, metavar="RANGE",
    )  # fmt: skip
    char_span: Literal["auto", "text", "word"] = setting(
        AUTO, "Character n-grams run through the text as if it had no spaces, or stay inside words; auto is "
        "text for Korean, Chinese and Japanese.", panel=FEATURES,
    )  # fmt: skip
    skip_grams: bool = setting(
        False, "Also pairs of words with one between, and the word that begins a text; they come by "
        "themselves with nbsvm and short texts where --ngrams is auto.", flags=("--skip-grams",),
        panel=FEATURES,
    )  # fmt: skip
    edges: bool = setting(
        False, "With --skip-grams: also the word that ends a text, and the second from either end; they come "
        "by themselves where the texts are sentences.", flags=("--edges",), panel=FEATURES,
    )  # fmt: skip
    binary: bool = setting(
        False, "A feature counts once per document, however often it is there.", panel=FEATURES
    )
    min_docs: int = setting(
        1, "Leave features out that were seen fewer times than this.", min=1, max=MOST, panel=FEATURES,
        flags=("--min-count",), old=("--min-docs",),
    )  # fmt: skip
    hash_bits: int = setting(
        0, "Hash features into 2^N cells, which bounds the memory; 0 keeps each one apart.", min=0, max=32,
        panel=FEATURES,
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        word = (1, 1) if self.ngrams == AUTO else self.word_range
        char = (1, 1) if self.char_ngrams == AUTO else self.char_range
        if self.edges and not self.skip_grams:
            raise SettingsError("--edges goes with --skip-grams", hint="give both")
        if word[1] == 0 and char[1] == 0:
            raise SettingsError("--ngrams 0 and --char-ngrams 0 leave no features")

    @property
    def decided(self) -> bool:
        """Whether nothing is left to be decided by the texts."""
        return AUTO not in (self.ngrams, self.char_ngrams, self.char_span)

    def kinds(self) -> tuple[FeatureSettings, ...]:
        """Settings that give words alone and characters alone, as far as there are any."""
        word, char = self.word_range[1] > 0, self.char_range[1] > 0
        if not (word and char):
            return (self,)
        return (
            dataclasses.replace(self, char_ngrams="0"),
            dataclasses.replace(self, ngrams="0", skip_grams=False, edges=False),
        )


@frozen
class NaiveBayesSettings(Settings):
    """Which Naive Bayes, and how it is smoothed."""

    RARE: ClassVar[frozenset[str]] = frozenset({"prior", "epochs"})
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType(
        {
            "cost": Needs("variant", ("nbsvm",), unless=("autotune",)),
            "epochs": Needs("variant", ("nbsvm",), unless=("autotune",)),
        }
    )

    variant: Literal["multinomial", "binary-multinomial", "bernoulli", "complement", "nbsvm"] = setting(
        "binary-multinomial", "The model; see above.", panel="Model", flags=("--method",), old=("--variant",)
    )
    alpha: float | None = setting(
        None, "Additive smoothing; 1 is Laplace's, 0 is maximum likelihood. If not given, 1, and less where "
        "there are more features than a class has counts; bernoulli 0.5; nbsvm 1; of long texts 0.2 "
        "and no rare features.", min=0, max=1e9,
        panel="Model",
    )  # fmt: skip
    prior: Literal["fit", "uniform"] = setting(
        "fit", "Class priors from the label counts, or all equal.", panel="Model"
    )
    cost: float = setting(
        1.0,
        "nbsvm: what a mistake costs; lower is smoother.",
        above=0,
        max=1e9,
        panel="Model",
    )
    epochs: int = setting(10, "nbsvm: passes over the texts, at most.", min=1, max=1_000_000, panel="Model")
    seed: int = setting(1, "Seed of all shuffling.", min=0, max=LAST_SEED, panel="Model")


@frozen
class SelectionSettings(Settings):
    """How a classifier is chosen and checked before it is trained on all texts."""

    cross_validate: int = setting(
        0,
        "Measure in K parts, each with a model of the others; 0 is off.",
        min=0,
        max=MOST,
        panel=CHECKING,
        metavar="K",
    )
    holdout: float = setting(
        0.0, "Measure on a random share of the texts first, e.g. 0.1.", min=0, max=0.9, panel=CHECKING,
        metavar="SHARE",
    )  # fmt: skip
    autotune: float = setting(
        0.0,
        "Search for variant, smoothing and n-grams for so long.",
        min=0,
        max=1e9,
        panel=CHECKING,
        metavar="SECONDS",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cross_validate == 1:
            raise SettingsError("--cross-validate needs at least 2 parts")


@frozen
class RnnSettings(Settings):
    """How a network makes one answer of a text."""

    RARE: ClassVar[frozenset[str]] = frozenset({"label_type", "symmetric", "negatives", "max_words"})

    pooling: Literal["attention", "max", "mean", "last"] = setting(
        "attention", "How the words' outputs become the text's: a mean with learnt weights, the largest, the "
        "mean, or the last of either direction.", panel="Network",
    )  # fmt: skip
    label_type: Literal["auto", "class", "number"] = setting(
        "auto", "What a label is: a class, or a number to come near; auto: numbers where all labels are, "
        "more than 10 different ones and decimal fractions among them.", panel="Network",
    )  # fmt: skip
    symmetric: bool = setting(
        False, "Pairs of texts: their order says nothing, as with duplicates and similarity; swapped, they "
        "get the same answer.", flags=("--symmetric",), panel="Network",
    )  # fmt: skip
    negatives: str | None = setting(
        None, "Pairs of texts: the label of those that do not belong together; as many more are made of "
        "different pairs' texts as there are others.", metavar="LABEL", panel="Network",
    )  # fmt: skip
    max_words: int = setting(
        500, "Words of a text that are read; of longer ones the first.", min=1, max=MOST, panel="Network"
    )
    epochs: int = setting(0, "Passes over the texts; 0 goes by how many there are.", min=0, max=100_000)
    seed: int = setting(1, "Seed of all randomness.", min=0, max=LAST_SEED)


@frozen
class ClassifySettings(Settings):
    """What is told of a text besides its label."""

    proba: bool = setting(False, "The probability after the label.", flags=("--proba",), panel=ANSWERS)
    top_k: int = setting(
        0,
        "The N likeliest labels with their probabilities.",
        min=0,
        max=MOST,
        panel=ANSWERS,
        flags=("--top", "-n"),
        old=("--top-k",),
    )
    threshold: float | None = setting(
        None, "Give labels at least so probable, where there may be several; else what the model chose.",
        min=0, max=1, panel=ANSWERS,
    )  # fmt: skip
    explain: bool = setting(
        False, "The tokens that decided, with their log-odds.", flags=("--explain",), panel=ANSWERS
    )
    jsonl: bool = setting(False, "One JSON object per line.", flags=("--jsonl",), panel=ANSWERS)


def refuse_beside_append(options: Sequence[str]) -> None:
    """Raise SettingsError where options stand beside a model to go on from, which has its own."""
    if options:
        raise SettingsError(
            f"--append goes on with the model's own settings: {options[0]} has no place beside it",
            hint="it goes with -o, --test and input options",
        )
