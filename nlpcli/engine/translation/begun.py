"""How a sequence-to-sequence network begins with one over words (`--init`), mostly of masked words.

    encoder      all its weights; its sizes must be the same
    vectors      of each unit what the other network is told of it as a word, e = x / √D, since the vectors of
                 units are multiplied by √D where they are read

What writes begins as it would without. Not here: which sizes must be the same (`initial_network.py`).
"""

from __future__ import annotations

import dataclasses
import math
import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from nlpcli.engine.neural.sequence_trainer import GIVEN, WORDS
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.sequences.initial_network import InitialNetwork
from nlpcli.engine.translation.units import SPACE
from nlpcli.errors import SettingsError
from nlpcli.settings.translation import SPECIAL, UNKNOWN, Seq2SeqSettings
from nlpcli.wording import counted

# What a text is cut with, so that its words are units.
_TOKENIZERS = {
    "subword": ("subword",),
    "word": ("word", "nltk", "whitespace", "regexp"),
    "char": ("char",),
    "jamo": ("jamo",),
}
_JAMO = re.compile("HANGUL (?:CHO|JUNG|JONG)SEONG (.+)")


def initial_network(path: str, settings: Seq2SeqSettings) -> tuple[InitialNetwork, Seq2SeqSettings]:
    """The network in a file, and the settings with its subwords, where none are given.

    Raises ModelError for a file that is none; SettingsError where sizes or units are not the same, and for a
    network that is told more of a word than the word.
    """
    found = InitialNetwork.load(path)
    if GIVEN in found.network.tables or found.network.lm is not None:
        told = "--lm" if found.network.lm is not None else "--vectors"
        raise SettingsError(
            f"{path} has a network made with {told}, which units have not",
            hint="begin with a model of train-mlm",
        )
    analysis = found.analysis
    wanted = _TOKENIZERS[settings.unit]
    if analysis.tokenizer not in wanted:
        fitting = [unit for unit, names in _TOKENIZERS.items() if analysis.tokenizer in names]
        raise SettingsError(
            f"{path} has learnt of text cut by --tokenizer {analysis.tokenizer}, and here --unit is "
            f"{settings.unit}",
            hint=(f"add --unit {fitting[0]}, or " if fitting else "")
            + f"begin with a model of train-mlm --tokenizer {' or '.join(wanted)}",
        )
    if settings.unit == "subword":
        if settings.subword_model not in ("", analysis.subword_model):
            raise SettingsError(
                f"{path} has other subwords than --subword-model",
                hint="leave --subword-model out: those of the network are taken",
            )
        settings = dataclasses.replace(settings, subword_model=analysis.subword_model)
    found.check_sizes(settings)
    return found, settings


def begin_with(initial: InitialNetwork, weights: Weights, units: Sequence[str], unit: str) -> str:
    """Let the first weights of a network with these units be those of another; what was taken, in words."""
    for name, array in initial.encoder_weights.items():
        weights[name] = np.array(array, np.float32)
    network, vectors = initial.network, weights["embedding"]
    words = [as_word(one, unit) for one in units]
    scale = np.float32(math.sqrt(vectors.shape[1]))
    vectors[UNKNOWN] = 0
    vectors[UNKNOWN, : network.encoder.word_dim] = network.own_vectors(WORDS)[0] / scale
    filled = [number for number, word in enumerate(words) if word]  # a space alone is no word
    rows = np.array(filled, np.int64) + SPECIAL
    vectors[rows] = network.vectors([words[number] for number in filled]) / scale
    known = network.inputs.rows([words[number] for number in filled]).own > 0
    return f"the encoder, {int(known.sum()):,} of {counted(len(units), 'unit')}"


def as_word(unit: str, kind: str) -> str:
    """A unit as the tokenizer that cuts text like this has it; nothing where it is a space.

    >>> as_word("▁the", "word"), as_word("▁the", "subword"), as_word("ᆫ", "jamo")
    ('the', '▁the', 'ㄴ')
    """
    if kind == "word":
        return unit.removeprefix(SPACE).strip()
    if kind == "jamo" and (letter := _JAMO.fullmatch(unicodedata.name(unit, ""))):
        try:
            return unicodedata.lookup(f"HANGUL LETTER {letter[1]}")
        except KeyError:  # one of those that only old texts have
            return unit
    return unit if kind == "subword" else unit.strip()
