"""Settings of networks over words: what they are made of, and how they are trained."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Protocol

from nlpcli.errors import SettingsError
from nlpcli.settings.fields import MOST, Needs, Settings, setting
from nlpcli.settings.frozen import frozen
from nlpcli.settings.transformer import Blocks, block_shapes, check_heads

NETWORK, TRAINING = "Network", "Training of the network"
ENCODER_GATES = {"rnn": 1, "lstm": 4, "gru": 3, "mingru": 2}
FORWARD, BACKWARD = "forward", "backward"
TRANSFORMER = "transformer"


class Layers(Protocol):
    """What the shapes of layers follow from."""

    @property
    def cell(self) -> str: ...  # noqa: D102
    @property
    def bidirectional(self) -> bool: ...  # noqa: D102
    @property
    def rnn_size(self) -> int: ...  # noqa: D102
    @property
    def num_layers(self) -> int: ...  # noqa: D102
    @property
    def num_heads(self) -> int: ...  # noqa: D102


@frozen
class EncoderSettings(Settings):
    """From words to numbers that know what is around them."""

    RARE: ClassVar[frozenset[str]] = frozenset(
        {"num_heads", "word_dim", "ngram_dim", "minn", "maxn", "bucket", "jamo", "min_word_count"}
    )
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType({"num_heads": Needs("cell", (TRANSFORMER,))})

    cell: Literal["rnn", "lstm", "gru", "mingru", "transformer"] = setting(
        "lstm", "Recurrent cell, or transformer: layers of self-attention.", panel=NETWORK
    )
    bidirectional: bool = setting(
        True, "Read from both ends.", flags=("--bidirectional/--no-bidirectional",), panel=NETWORK
    )
    rnn_size: int = setting(
        128, "Units per layer and direction.", min=1, max=8192, flags=("--rnn-size",), old=("--hidden-size",),
        panel=NETWORK,
    )  # fmt: skip
    num_layers: int = setting(1, "Layers.", min=1, max=16, panel=NETWORK)
    num_heads: int = setting(
        4, "Heads of self-attention in a layer of a transformer.", min=1, max=64, panel=NETWORK
    )
    word_dim: int = setting(100, "Length of a word's own vector.", min=1, max=8192, panel=NETWORK)
    ngram_dim: int = setting(
        100, "Length of the vector that a word's character n-grams make.", min=1, max=8192, panel=NETWORK
    )
    minn: int = setting(3, "Shortest character n-gram.", min=1, max=20, panel=NETWORK)
    maxn: int = setting(5, "Longest character n-gram.", min=1, max=20, panel=NETWORK)
    bucket: int = setting(
        1 << 15, "Rows that character n-grams are hashed into.", min=1, max=1 << 24, panel=NETWORK
    )
    jamo: Literal["auto", "yes", "no"] = setting(
        "auto", "Take Hangul apart for n-grams; auto: where most words are Korean.", panel=NETWORK
    )
    min_word_count: int = setting(
        2, "Words seen fewer times have no vector of their own.", min=1, max=MOST, panel=NETWORK,
        flags=("--min-count",), old=("--min-word-count",),
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.minn > self.maxn:
            raise SettingsError(
                f"--maxn {self.maxn} is below --minn {self.minn}: there are no n-grams between",
                hint="give both, the shorter first: --minn 3 --maxn 5",
            )
        if self.cell == TRANSFORMER:
            check_heads("--rnn-size", self.rnn_size, self.num_heads)

    def to_record(self) -> dict[str, Any]:
        """The settings as JSON types; without heads where there are none, as before there were any."""
        record = super().to_record()
        if self.cell != TRANSFORMER:
            del record["num_heads"]
        return record


@frozen
class ClassifierEncoder(EncoderSettings):
    """The same of a classifier, which may also judge rows of numbers, where there is nothing to read."""

    cell: Literal["rnn", "lstm", "gru", "mingru", "transformer", "none"] = setting(  # type: ignore[assignment]
        "lstm", "Recurrent cell, or transformer; none: for rows of numbers (--vector-col).", panel=NETWORK,
    )  # fmt: skip
    num_layers: int = setting(1, "Layers; 0 is for --cell none alone.", min=0, max=16, panel=NETWORK)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.num_layers and self.cell != "none":
            raise SettingsError(
                f"--num-layers 0 is for --cell none, and the cell is {self.cell}", hint="wanted: 1 or more"
            )

    @property
    def plain(self) -> EncoderSettings:
        """Those of an encoder over words."""
        return EncoderSettings(**self.to_record())


@frozen
class NetworkTraining(Settings):
    """How a network over words learns."""

    RARE: ClassVar[frozenset[str]] = frozenset(
        {
            "word_dropout",
            "schedule",
            "weight_decay",
            "grad_clip",
            "batch_tokens",
            "average",
            "eval_every",
            "patience",
            "threads",
        }
    )

    dropout: float = setting(
        0.4, "Share of a layer's inputs and outputs dropped while training.", min=0, max=0.95, panel=TRAINING
    )
    word_dropout: float = setting(
        0.3, "Share of words taken for unknown while training.", min=0, max=0.95, panel=TRAINING
    )
    learning_rate: float = setting(
        0.003, "Adam's step size at the start.", above=0, max=100, flags=("--learning-rate", "--lr"),
        panel=TRAINING,
    )  # fmt: skip
    schedule: Literal["constant", "linear", "cosine"] = setting(
        "linear", "How the step size falls to 1 % of the start.", panel=TRAINING
    )
    weight_decay: float = setting(
        0.0, "Pull of the weights towards zero (AdamW).", min=0, max=1000, panel=TRAINING
    )
    grad_clip: float = setting(
        5.0, "Largest norm of the gradient; 0 is off.", min=0, max=1e12, panel=TRAINING
    )
    batch_tokens: int = setting(
        0, "Words a batch, rows with --cell none; 0 goes by the task: 350 for taggers, 32 texts or rows for "
        "classifiers, 300 to 2000 units for pairs.", min=0, max=MOST, panel=TRAINING,
    )  # fmt: skip
    average: float = setting(
        0.1, "The mean of the weights over about this share of training is kept; 0 is off.", min=0,
        max=1, panel=TRAINING,
    )  # fmt: skip
    val_frac: float = setting(
        0.05, "Share of the text held out where no --dev is given; 0 is none.", min=0, max=0.9, panel=TRAINING
    )
    eval_every: int = setting(
        0, "Updates between validations; 0 is an epoch.", min=0, max=MOST, panel=TRAINING
    )
    patience: int = setting(
        0, "Stop after this many validations without a better one; 0 is off.", min=0, max=MOST, panel=TRAINING
    )
    threads: int = setting(
        0, "Threads; the bytes are the same for any number.", min=0, max=256, panel=TRAINING
    )


def directions(settings: Layers) -> tuple[str, ...]:
    """The names of the directions in which sentences are read; self-attention reads but once."""
    both = settings.bidirectional and settings.cell != TRANSFORMER
    return (FORWARD, BACKWARD) if both else (FORWARD,)


def blocks_of(settings: Layers) -> Blocks:
    """The layers of a transformer."""
    return Blocks(settings.rnn_size, settings.num_layers, settings.num_heads)


def output_size(settings: Layers) -> int:
    """How many numbers the encoder gives for a word."""
    return settings.rnn_size * len(directions(settings))


def encoder_shapes(settings: EncoderSettings, more: int = 0) -> dict[str, tuple[int, ...]]:
    """The encoder's weights by name; `more`: the length of given vectors and of a language model's states.

    >>> shapes = encoder_shapes(EncoderSettings(rnn_size=8))
    >>> shapes["layer0.forward.w_xh"], shapes["layer0.backward.w_hh"]
    ((200, 32), (8, 32))
    """
    return layer_shapes(settings, settings.word_dim + settings.ngram_dim + more)


def layer_shapes(settings: Layers, inputs: int) -> dict[str, tuple[int, ...]]:
    """The weights of layers that read words of so many numbers, by name."""
    if settings.cell == TRANSFORMER:
        size = settings.rnn_size
        return {"input.w": (inputs, size), "input.b": (size,), **block_shapes(blocks_of(settings))}
    found: dict[str, tuple[int, ...]] = {}
    gates = ENCODER_GATES[settings.cell] * settings.rnn_size
    for n in range(settings.num_layers):
        for direction in directions(settings):
            found[f"layer{n}.{direction}.w_xh"] = (inputs, gates)
            if settings.cell != "mingru":
                found[f"layer{n}.{direction}.w_hh"] = (settings.rnn_size, gates)
            found[f"layer{n}.{direction}.b"] = (gates,)
        inputs = output_size(settings)
    return found
