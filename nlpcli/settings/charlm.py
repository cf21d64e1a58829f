"""Settings of the character language model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypeVar

from nlpcli.settings.fields import LAST_SEED, MOST, Needs, Settings, setting
from nlpcli.settings.frozen import frozen
from nlpcli.settings.transformer import Blocks, block_shapes, check_heads

TRAINING = "Training"
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
ATTENTION = "transformer"
LOOK_BACK = 3  # units that a transformer's input is made of: a unit and those before it
Size = TypeVar("Size", int, str)


NETWORK = "Network"


@frozen
class CharLMSettings(Settings):
    """A network that predicts the next character."""

    RARE: ClassVar[frozenset[str]] = frozenset(
        {"optimizer", "vocab_size", "subword_model", "min_char_count", "patience"}
    )
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType(
        {
            "num_heads": Needs("cell", (ATTENTION,)),
            "vocab_size": Needs("unit", ("subword",)),
            "subword_model": Needs("unit", ("subword",)),
            "context_size": Needs("cell", (ATTENTION,)),
            "embedding_dim": Needs("cell", but=(ATTENTION,)),
            "seq_length": Needs("cell", but=(ATTENTION,)),
            "optimizer": Needs("cell", (ATTENTION,)),
        }
    )

    cell: Literal["rnn", "lstm", "gru", "transformer"] = setting(
        "lstm", "Recurrent cell, or transformer: layers of self-attention.", panel=NETWORK
    )
    rnn_size: int = setting(
        256, "Units per layer; 128, 256 or 384 in a transformer's presets.", min=1, max=8192,
        flags=("--rnn-size",), old=("--hidden-size",), panel=NETWORK,
    )  # fmt: skip
    num_layers: int = setting(
        1, "Layers; 4, 6 or 6 in a transformer's presets.", min=1, max=16, panel=NETWORK
    )
    num_heads: int = setting(4, "Heads of each layer of a transformer.", min=1, max=64, panel=NETWORK)
    context_size: int = setting(
        64, "Characters that a transformer sees, with which it is trained.", min=1, max=8192, panel=NETWORK,
        flags=("--context",),
    )  # fmt: skip
    embedding_dim: int = setting(
        0, "Length of a character's vector; 0 is one-hot.", min=0, max=8192, panel=NETWORK
    )
    dropout: float = setting(
        0.0, "Share of each layer's outputs dropped while training.", min=0, max=0.95, panel=NETWORK
    )
    unit: Literal["char", "jamo", "byte", "subword"] = setting(
        "char",
        "What is predicted: characters, with Hangul syllables taken apart into jamo, UTF-8 bytes, or "
        "subwords of the text.",
        panel=NETWORK,
    )
    vocab_size: int = setting(
        0, "Subwords; 0 goes by the amount of text, 4000 at most.", min=0, max=100_000, panel=NETWORK
    )
    subword_model: str = setting(
        "", "Subwords of this model of train-subword, in place of own ones.", panel=NETWORK,
        flags=("--subword-model",), metavar="FILE", reads="subwords",
    )  # fmt: skip
    min_char_count: int = setting(
        1,
        "Characters seen fewer times than this become one, U+FFFD.",
        min=1,
        max=MOST,
        panel=NETWORK,
        flags=("--min-count",),
        old=("--min-char-count",),
    )
    seq_length: int = setting(
        64,
        "Characters through which the gradient flows back; the state is carried on.",
        min=1,
        max=1_000_000,
        panel=TRAINING,
    )
    batch_size: int = setting(
        64, "Streams trained side by side; fewer if the text is short.", min=1, max=1_000_000, panel=TRAINING
    )
    epochs: int = setting(10, "Passes over the text.", min=1, max=1_000_000, panel=TRAINING)
    learning_rate: float = setting(
        0.012, "Adam's step size at the start; 0.004 in larger presets and a transformer's.", above=0,
        max=100, flags=("--learning-rate", "--lr"), panel=TRAINING,
    )  # fmt: skip
    schedule: Literal["constant", "linear", "cosine"] = setting(
        "cosine", "How the step size falls to 1 % of the start.", panel=TRAINING
    )
    optimizer: Literal["adamw", "muon"] = setting(
        "adamw",
        "How a transformer learns; muon, which the presets take, makes updates of its matrices orthogonal.",
        panel=TRAINING,
    )
    weight_decay: float = setting(
        0.0, "Pull of the weights towards zero (AdamW).", min=0, max=1000, panel=TRAINING
    )
    grad_clip: float = setting(
        5.0, "Largest norm of the gradient; 0 is off.", min=0, max=1e12, panel=TRAINING
    )
    val_frac: float = setting(
        0.05, "Share of the text, from its end, kept for validation.", min=0, max=0.9, panel=TRAINING
    )
    eval_every: int = setting(
        0,
        "Updates between validations; 0 is an epoch, about 40 at most and at least every 1000 updates.",
        min=0,
        max=MOST,
        panel=TRAINING,
    )
    patience: int = setting(
        0, "Stop after this many validations without a better one; 0 is off.", min=0, max=MOST, panel=TRAINING
    )
    sample_every: int = setting(
        0, "Updates between samples of what the model writes; 0 is off.", min=0, max=MOST, panel=TRAINING
    )
    seed: int = setting(1, "Seed of all randomness.", min=0, max=LAST_SEED, panel=TRAINING)
    device: Literal["auto", "cpu", "cuda"] = setting("auto", "Where to compute.", panel=TRAINING)
    precision: Literal["auto", "float32", "bfloat16"] = setting(
        "auto",
        "Numbers in matrix products; auto is bfloat16 where the hardware has units for it.",
        panel=TRAINING,
    )
    threads: int = setting(
        0,
        "Parts the batch is split into, a thread each; 0 is a thread per core, at most 8. "
        "The same number gives the same bytes; of a transformer, any.",
        min=0,
        max=256,
        panel=TRAINING,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cell == ATTENTION:
            check_heads("--rnn-size", self.rnn_size, self.num_heads)

    @property
    def blocks(self) -> Blocks:
        """What the layers of a transformer are made of."""
        return Blocks(self.rnn_size, self.num_layers, self.num_heads)


def weight_shapes(settings: CharLMSettings, size: Size) -> dict[str, tuple[int | Size, ...]]:
    """The weights of a network over an alphabet of `size`, a number or what stands for it, by name.

    >>> weight_shapes(CharLMSettings(cell="gru", rnn_size=8), 4)["layer0.w_hh"]
    (8, 24)
    """
    hidden = settings.rnn_size
    output: dict[str, tuple[int | Size, ...]] = {"output.w": (hidden, size), "output.b": (size,)}
    if settings.cell == ATTENTION:
        inputs_of = {f"embedding{n}": (size, hidden) for n in range(LOOK_BACK)}
        return {**inputs_of, **block_shapes(settings.blocks), **output}
    gates = GATES[settings.cell] * hidden
    found: dict[str, tuple[int | Size, ...]] = {}
    if settings.embedding_dim:
        found["embedding"] = (size, settings.embedding_dim)
    inputs: int | Size = settings.embedding_dim or size
    for n in range(settings.num_layers):
        found[f"layer{n}.w_xh"] = (inputs, gates)
        found[f"layer{n}.w_hh"] = (hidden, gates)
        found[f"layer{n}.b"] = (gates,)
        inputs = hidden
    return {**found, **output}


@frozen
class ConditionSettings(Settings):
    """How a model learns from texts that have a label or a vector each."""

    RARE: ClassVar[frozenset[str]] = frozenset({"condition_dropout"})

    condition_dropout: float = setting(
        0.1,
        "Share of the texts learnt without their label or vector, so that the model can also write without.",
        min=0,
        max=1,
        panel=TRAINING,
    )


def condition_shapes(settings: CharLMSettings, size: Size) -> dict[str, tuple[int | Size, ...]]:
    """The weights by which a condition of `size` numbers moves the gates of each layer, by name.

    >>> sorted(condition_shapes(CharLMSettings(cell="gru", rnn_size=8), 5).items())
    [('condition.layer0.every', (5, 24)), ('condition.layer0.first', (5, 24))]
    """
    gates = GATES[settings.cell] * settings.rnn_size
    names = [f"condition.layer{n}.{part}" for n in range(settings.num_layers) for part in ("first", "every")]
    return dict.fromkeys(names, (size, gates))


# Sizes that suit a laptop, a workstation, a GPU.
CHARLM_PRESETS: dict[str, dict[str, Any]] = {
    "small": {
        "rnn_size": 256,
        "num_layers": 1,
        "dropout": 0.0,
        "seq_length": 64,
        "batch_size": 64,
        "epochs": 10,
    },
    "medium": {
        "rnn_size": 512,
        "num_layers": 2,
        "dropout": 0.4,
        "seq_length": 128,
        "batch_size": 64,
        "epochs": 30,
        "learning_rate": 0.004,
    },
    "large": {
        "rnn_size": 1024,
        "num_layers": 3,
        "dropout": 0.4,
        "seq_length": 256,
        "batch_size": 128,
        "epochs": 50,
        "learning_rate": 0.004,
    },
}


# The same for a transformer.
TRANSFORMER_PRESETS: dict[str, dict[str, Any]] = {
    "small": {
        "rnn_size": 128,
        "num_layers": 4,
        "num_heads": 4,
        "dropout": 0.0,
        "context_size": 64,
        "optimizer": "muon",
        "learning_rate": 0.004,
        "batch_size": 32,
        "epochs": 10,
    },
    "medium": {
        "rnn_size": 256,
        "num_layers": 6,
        "num_heads": 4,
        "dropout": 0.1,
        "context_size": 128,
        "optimizer": "muon",
        "learning_rate": 0.004,
        "batch_size": 32,
        "epochs": 20,
    },
    "large": {
        "rnn_size": 384,
        "num_layers": 6,
        "num_heads": 6,
        "dropout": 0.2,
        "context_size": 256,
        "optimizer": "muon",
        "learning_rate": 0.004,
        "batch_size": 64,
        "epochs": 50,
    },
}


def sizes_of(preset: str, cell: str | None) -> dict[str, Any]:
    """The settings that a preset stands for; without a cell that of recurrent ones."""
    return (TRANSFORMER_PRESETS if cell == ATTENTION else CHARLM_PRESETS)[preset]


@frozen
class CheckpointSettings(Settings):
    """When a training leaves a checkpoint."""

    RARE: ClassVar[frozenset[str]] = frozenset({"checkpoint_every"})

    checkpoint_every: int = setting(
        0,
        "Updates between checkpoints; 0 is only when interrupted.",
        metavar="UPDATES",
        min=0,
        max=MOST,
        panel="Options",
    )


@frozen
class GenerateSettings(Settings):
    """How characters are drawn from a language model."""

    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType(
        {"top_k": Needs("temperature", but=(0,)), "top_p": Needs("temperature", but=(0,))}
    )

    length: int = setting(500, "Most characters to write.", min=0, max=MOST)
    until: str | None = setting(None, "Stop when this has been written.", metavar="TEXT")
    temperature: float = setting(
        1.0, "Below 1 safer, above 1 bolder; 0 always takes the likeliest.", min=0, max=1000
    )
    top_k: int = setting(0, "Draw from the K likeliest only; 0 is off.", min=0, max=MOST)
    top_p: float = setting(1.0, "Draw from the likeliest that together reach P.", above=0, max=1)
    num_samples: int = setting(1, "Texts to write.", min=1, max=MOST, flags=("--num-samples", "-n"))
    guidance: float | None = setting(
        None, "How far --label or --vector counts: 0 not at all, 1 as in training, more if above; 1.5 if not "
        "given.", min=0, max=100,
    )  # fmt: skip
    seed: int = setting(1, "Seed of all randomness.", min=0, max=LAST_SEED)


@frozen
class ActivationSettings(Settings):
    """Which cells of a character model are looked at, on how much text."""

    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType({"count": Needs("find", but=(None,))})

    find: Literal["quote", "line-length", "bracket", "indent", "if", "word-length", "upper-case"] | None = (
        setting(None, "Rank the cells by their correlation with this property of the text.")
    )
    count: int = setting(
        10, "Cells in the ranking.", min=1, max=MOST, flags=("--top", "-n"), old=("--count",)
    )
    layer: int | None = setting(None, "Layer to begin at, from 0; the last if not given.", min=0, max=MOST)
    signal: str = setting("cell", "Signal to begin at: cell, h, or a gate: i f o g (LSTM), z r n (GRU).")
    cell: int | None = setting(
        None,
        "Cell to begin at, from 0; with --find, the best match.",
        min=0,
        max=MOST,
        flags=("--cell-number",),
        old=("--cell",),
    )
    max_chars: int = setting(2000, "Characters of the text to read.", min=1, max=100_000)


@frozen
class GradientSettings(Settings):
    """How far back, on how much text."""

    steps: int = setting(50, "Steps back in time.", min=1, max=10_000)
    max_text: int = setting(
        100_000,
        "Characters of the text to use.",
        min=2,
        max=MOST,
        flags=("--max-chars",),
        old=("--max-text",),
    )


@frozen
class ToySettings(Settings):
    """The scalar network h_t = tanh(w_hh h_(t-1) + w_xh x_t + b)."""

    w_hh: float = setting(3.0, "Recurrent weight.", min=-1e6, max=1e6, panel="Toy")
    w_xh: float = setting(2.0, "Input weight.", min=-1e6, max=1e6, panel="Toy")
    b: float = setting(1.0, "Bias.", min=-1e6, max=1e6, panel="Toy")
    x: tuple[float, ...] = setting(
        (0.0,),
        "Input; given several times, one a step (then --steps is theirs).",
        min=-1e6,
        max=1e6,
        panel="Toy",
    )
    h0: float = setting(0.0, "State before the first step.", min=-1e6, max=1e6, panel="Toy")
