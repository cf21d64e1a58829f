"""Settings of sequence-to-sequence models: `train-seq2seq` and `translate`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from nlpcli.errors import SettingsError
from nlpcli.settings.fields import LAST_SEED, MOST, Needs, Settings, setting
from nlpcli.settings.frozen import frozen
from nlpcli.settings.input import INPUT
from nlpcli.settings.neural import (
    ENCODER_GATES,
    NETWORK,
    TRAINING,
    TRANSFORMER,
    NetworkTraining,
    layer_shapes,
    output_size,
)
from nlpcli.settings.transformer import check_heads

UNITS, SEARCH, ANSWERS = "Units", "Search", "Options"
SPECIAL = 2  # ids before those of units
UNKNOWN, END = range(SPECIAL)  # what is not in the vocabulary; the end of a target, and what comes before it


@frozen
class TargetSettings(Settings):
    """Where the target stands in a line."""

    target_col: str | None = setting(
        None, "Column (name, or number from 1) or JSON field that holds the target.", panel=INPUT,
        metavar="COLUMN",
    )  # fmt: skip


@frozen
class Seq2SeqSettings(Settings):
    """What a text is made of, the network, and which pairs it learns from."""

    RARE: ClassVar[frozenset[str]] = frozenset(
        {
            "subword_model",
            "min_count",
            "max_ratio",
            "label_smoothing",
            "decoder_layers",
            "precision",
            "max_units",
            "num_heads",
        }
    )
    NEEDS: ClassVar[Mapping[str, Needs]] = MappingProxyType({"num_heads": Needs("cell", (TRANSFORMER,))})

    unit: Literal["subword", "word", "char", "jamo"] = setting(
        "subword", "What is read and written step by step; subwords are those of both sides together.",
        panel=UNITS,
    )  # fmt: skip
    vocab_size: int = setting(
        0, "Subwords; 0 goes by the amount of text, 4000 at most.", min=0, max=1_000_000, panel=UNITS
    )
    subword_model: str = setting(
        "", "Subwords of this model of train-subword, in place of own ones.", panel=UNITS,
        flags=("--subword-model",), metavar="FILE", reads="subwords",
    )  # fmt: skip
    min_count: int = setting(
        0, "Units seen fewer times are unknown, which may still be copied; 0 is 2 for words, else 1.",
        min=0, max=MOST, panel=UNITS,
    )  # fmt: skip
    max_units: int = setting(
        200, "Longest source or target to learn from; longer sources are translated in parts.", min=1,
        max=100_000, panel=UNITS,
    )  # fmt: skip
    max_ratio: float = setting(
        9.0, "Leave out pairs of which one side is so many times longer.", min=1, max=1e9, panel=UNITS
    )
    noise: Literal["none", "spaces"] = setting(
        "none", "Make pairs of plain text: the line is the target, and its source has its spaces wrong.",
        panel=UNITS,
    )  # fmt: skip
    augment: float = setting(
        0.1,
        "Share of pairs that are learnt once more in small letters, without the full stop; beside them "
        "single words, as the pairs tell what they mean; 0 is neither.",
        min=0,
        max=1,
        panel=UNITS,
    )  # fmt: skip
    cell: Literal["rnn", "lstm", "gru", "transformer"] = setting(
        "lstm", "Recurrent cell; a transformer reads only, an LSTM writes.", panel=NETWORK
    )
    bidirectional: bool = setting(
        True, "Read the source from both ends.", flags=("--bidirectional/--no-bidirectional",), panel=NETWORK
    )
    rnn_size: int = setting(
        256, "Units per layer and direction.", min=1, max=8192, flags=("--rnn-size", "--hidden-size"),
        panel=NETWORK,
    )  # fmt: skip
    num_layers: int = setting(1, "Layers that read.", min=1, max=16, panel=NETWORK)
    num_heads: int = setting(
        4, "Heads of self-attention in a layer of a transformer.", min=1, max=64, panel=NETWORK
    )
    decoder_layers: int = setting(
        2, "Layers that write; the first looks at the source, the others are told what it saw.", min=1,
        max=16, panel=NETWORK,
    )  # fmt: skip
    embedding_dim: int = setting(256, "Length of a unit's vector.", min=1, max=8192, panel=NETWORK)
    attention: Literal["additive", "dot", "none"] = setting(
        "dot", "How the decoder looks at the source; none leaves it the encoder's last states alone.",
        panel=NETWORK,
    )  # fmt: skip
    copy: bool = setting(
        True, "Units of the source may be copied: names and numbers.", flags=("--copy/--no-copy",),
        panel=NETWORK,
    )  # fmt: skip
    label_smoothing: float = setting(
        0.1, "Share of the target's probability that is spread over all units.", min=0, max=0.9,
        panel=TRAINING,
    )  # fmt: skip
    epochs: int = setting(0, "Passes over the pairs; 0 goes by how many there are.", min=0, max=100_000)
    seed: int = setting(1, "Seed of all randomness.", min=0, max=LAST_SEED)
    precision: Literal["auto", "float32", "bfloat16"] = setting(
        "auto", "Numbers in matrix products; auto is bfloat16 where the processor has units for it.",
        panel=TRAINING,
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.subword_model and self.unit != "subword":
            raise SettingsError(f"--subword-model goes with --unit subword, not with --unit {self.unit}")
        if self.cell == TRANSFORMER:
            check_heads("--rnn-size", self.rnn_size, self.num_heads)

    @property
    def writer(self) -> str:
        """The cell that writes."""
        return "lstm" if self.cell == TRANSFORMER else self.cell

    def to_record(self) -> dict[str, Any]:
        """The settings as JSON types; without heads where there are none, as before there were any."""
        record = super().to_record()
        if self.cell != TRANSFORMER:
            del record["num_heads"]
        return record

    @property
    def copies(self) -> bool:
        """Whether the network has a copy mechanism: it needs attention to point with."""
        return self.copy and self.attention != "none"


SEQ2SEQ_TRAINING = NetworkTraining(dropout=0.3, word_dropout=0.05, learning_rate=0.003)


@frozen
class TranslateSettings(Settings):
    """How the best target is looked for, and what is told of it."""

    beam_size: int = setting(4, "Hypotheses side by side; 1 is greedy.", min=1, max=1024, panel=SEARCH)
    length_penalty: float = setting(
        1.0, "How far long targets are preferred; 0 is not at all.", min=0, max=100, panel=SEARCH
    )
    coverage_penalty: float = setting(
        0.2, "How far targets that looked at all of the source are preferred; 0 is not at all.", min=0,
        max=100, panel=SEARCH,
    )  # fmt: skip
    no_repeat_ngram: int = setting(
        4, "No n-gram of so many words or subwords is written twice; 0 is off. Loops never are.", min=0,
        max=MOST, panel=SEARCH, flags=("--no-repeat-ngram", "--no-repeat-ngram-size"),
    )  # fmt: skip
    max_length: int = setting(
        0, "Most units of a target; 0 goes by the source's length.", min=0, max=100_000, panel=SEARCH
    )
    n_best: int = setting(1, "The N best targets, in one line with tabs between.", min=1, max=1024,
                          panel=ANSWERS, metavar="N")  # fmt: skip
    proba: bool = setting(
        False, "Behind each target, after a tab, its probability per unit.", flags=("--proba",),
        panel=ANSWERS,
    )  # fmt: skip
    jsonl: bool = setting(False, "One JSON object per line.", flags=("--jsonl",), panel=ANSWERS)
    precision: Literal["auto", "float32", "int8"] = setting(
        "auto", "Numbers in matrix products; auto is int8, twice as fast, for networks of 128 units or more.",
        panel=SEARCH,
    )  # fmt: skip
    batch_lines: int = setting(
        32, "Lines that are translated side by side.", min=1, max=MOST, panel=SEARCH, flags=("--batch-lines",)
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_best > self.beam_size:
            raise SettingsError(
                f"--n-best {self.n_best} is more than --beam-size {self.beam_size} finds",
                hint=f"use --beam-size {self.n_best} or more",
            )


@frozen
class TranslationScoreSettings(Settings):
    """How targets are measured."""

    bleu_tokenize: Literal["auto", "13a", "char", "none"] = setting(
        "auto", "Tokens of BLEU; auto: characters for Korean, Chinese and Japanese, else 13a.",
        panel="Translations", flags=("--bleu-tokenize", "--tokenize"),
    )  # fmt: skip


def seq2seq_shapes(
    settings: Seq2SeqSettings, units: int | str, targets: int | str
) -> dict[str, tuple[int | str, ...]]:
    """The weights by name. `units`: vectors, the special ones among them; `targets`: what can be written.

    >>> shapes = seq2seq_shapes(Seq2SeqSettings(rnn_size=8, embedding_dim=6), 50, 40)
    >>> shapes["decoder.layer0.w_xh"], shapes["decoder.layer1.w_xh"], shapes["vocabulary.b"]
    ((6, 32), (16, 32), (40,))
    """
    size, dim = settings.rnn_size, settings.embedding_dim
    gates, out = ENCODER_GATES[settings.writer] * size, output_size(settings)
    seen = size if settings.attention != "none" else 0
    found: dict[str, tuple[int | str, ...]] = {"embedding": (units, dim), **layer_shapes(settings, dim)}
    found["bridge.w"] = (out, gates)
    for n in range(settings.decoder_layers):
        found[f"decoder.layer{n}.w_xh"] = (dim if n == 0 else size + seen, gates)
        found[f"decoder.layer{n}.w_hh"] = (size, gates)
        found[f"decoder.layer{n}.b"] = (gates,)
    if seen:
        found["attention.memory"] = (out, size)
    if settings.attention == "additive":
        found |= {"attention.query": (size, size), "attention.key": (size, size), "attention.v": (size,)}
    found |= {"output.w": (size + seen, dim), "output.b": (dim,), "vocabulary.b": (targets,)}
    if settings.copies:
        found |= {"copy.w": (dim,), "copy.b": (1,)}
    return found
