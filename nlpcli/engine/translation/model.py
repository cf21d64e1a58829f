"""A sequence-to-sequence model: texts in, the best targets out.

Not here: how it is learnt (`training.py`).
"""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.io.checkpoints import read_finished
from nlpcli.engine.io.model_file import Model, write_model
from nlpcli.engine.neural.int8_matrix import LARGE
from nlpcli.engine.neural.weights import Weights
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.text.arguments import as_list
from nlpcli.engine.translation.beam_search import Hypothesis, beam_search
from nlpcli.engine.translation.network import Network
from nlpcli.engine.translation.units import Units, cleaned
from nlpcli.engine.translation.vocabulary import UnitVocabulary
from nlpcli.settings.translation import Seq2SeqSettings, TranslateSettings, seq2seq_shapes

KIND, UNFINISHED = "seq2seq", "seq2seq-checkpoint"
_MARGIN = 10  # units that a target may have beyond what sources of its length usually have
_WINDOW = 32  # batches of lines among which those of like length are put together


class Target(NamedTuple):
    """A target of a text: log P of all its units, what the search thought of it, and its mean probability.

    source, units: what was read and written. attention: float32 [units and the end, source], where it was
    asked for and the text was not cut in parts.
    """

    text: str
    log_probability: float
    score: float
    probability: float
    source: tuple[str, ...]
    units: tuple[str, ...]
    attention: Floats | None = None


class Seq2Seq:
    """Turns texts into others.

    growth: how many units of a target there are at most for one of a source. capitals: texts in capital
    letters altogether were learnt from; where they were not, they are read in small letters.
    """

    def __init__(
        self,
        settings: Seq2SeqSettings,
        vocabulary: UnitVocabulary,
        weights: Weights,
        growth: float,
        capitals: bool = False,
    ) -> None:
        self.settings, self.vocabulary, self.weights = settings, vocabulary, weights
        self.growth, self.capitals = growth, capitals

    @functools.cached_property
    def network(self) -> Network:
        """The network at work, in float32."""
        return Network(self.settings, self.weights)

    @functools.cached_property
    def rounded_network(self) -> Network:
        """The same with matrices of int8."""
        return Network(self.settings, self.weights, int8=True)

    def _network_for(self, settings: TranslateSettings) -> Network:
        small = self.settings.rnn_size < LARGE
        exact = settings.precision == "float32" or (settings.precision == "auto" and small)
        return self.network if exact else self.rounded_network

    @functools.cached_property
    def units(self) -> Units:
        """How texts are split."""
        return Units(self.settings)

    def translate(self, texts: Iterable[str], settings: TranslateSettings = TranslateSettings()) -> list[str]:
        """The best target of each text."""
        return [found[0].text for found in self.targets([*(as_list(texts) or [])], settings)]

    def targets(
        self,
        texts: Sequence[str],
        settings: TranslateSettings = TranslateSettings(),
        *,
        with_attention: bool = False,
    ) -> Iterator[list[Target]]:
        """The best targets of each text, best first, one at least; of an empty text it is empty."""
        window = settings.batch_lines * _WINDOW
        for first in range(0, len(texts), window):
            some = [self._read(text) for text in texts[first : first + window]]
            yield from self._targets(some, settings, with_attention)

    def _read(self, text: str) -> list[str]:
        """The units of a text."""
        text = cleaned(text)
        in_words = self.settings.unit in ("subword", "word")
        if in_words and not self.capitals and " " in text and text.isupper():
            text = text.lower()
        return self.units.split(text)

    def _targets(
        self, texts: Sequence[list[str]], settings: TranslateSettings, with_attention: bool
    ) -> Iterator[list[Target]]:
        parts = [(number, part) for number, text in enumerate(texts) for part in self._parts(text)]
        order = sorted(range(len(parts)), key=lambda place: len(parts[place][1]))
        found: list[list[Target]] = [[] for _ in parts]
        for begin in range(0, len(order), settings.batch_lines):
            places = order[begin : begin + settings.batch_lines]
            some = self._batch([parts[place][1] for place in places], settings, with_attention)
            for place, answer in zip(places, some, strict=True):
                found[place] = answer
        of_text: list[list[list[Target]]] = [[] for _ in texts]
        for (number, _), answer in zip(parts, found, strict=True):
            of_text[number].append(answer)
        for answers in of_text:
            yield _joined(answers)[: settings.n_best]

    def _parts(self, units: list[str]) -> Iterator[list[str]]:
        """A text in parts of up to `max_units`, cut where a word begins if there is one."""
        most = self.settings.max_units
        while len(units) > most:
            places = (place for place in range(most, most // 2, -1) if self.units.begins_word(units[place]))
            cut = next(places, most)
            yield units[:cut]
            units = units[cut:]
        if units:
            yield units

    def _batch(
        self, texts: Sequence[list[str]], settings: TranslateSettings, with_attention: bool
    ) -> Iterator[list[Target]]:
        more: dict[str, int] = {}
        sources = [self.vocabulary.numbers(text, more) for text in texts]
        limits = [settings.max_length or math.ceil(self.growth * len(text)) + _MARGIN for text in texts]
        network = self._network_for(settings)
        found = beam_search(network, sources, limits, settings, with_attention=with_attention)
        unknown = [*more]
        for text, hypotheses in zip(texts, found, strict=True):
            targets = [self._target(text, one, unknown) for one in hypotheses] or [_nothing(text)]
            ngram = settings.no_repeat_ngram
            # The same words may be spelt of other units: what repeats itself comes last.
            yield sorted(targets, key=lambda target: ngram > 1 and repeats(target.text, ngram))

    def _target(self, text: Sequence[str], found: Hypothesis, unknown: Sequence[str]) -> Target:
        written = self.vocabulary.spelt(found.units, unknown)
        return Target(
            self.units.join(written), found.log_probability, found.score, found.probability, tuple(text),
            tuple(written), found.attention,
        )  # fmt: skip

    def log_probability(self, source: str, target: str) -> float:
        """Log P(target | source), its end included; −inf for a target that cannot be written."""
        more: dict[str, int] = {}
        read = self.vocabulary.numbers(self.units.split(cleaned(source)), more)
        written = [*self.vocabulary.numbers(self.units.split(cleaned(target)), more), 1]
        network = self.network
        sources, states = network.read([read]), network.states(1)
        total, before = 0.0, 1
        for place, unit in enumerate(written):
            step = network.step(np.array([before]), sources, states, first=place == 0)
            scores = step.scores[0].astype(np.float64)
            chance = 0.0
            if unit < network.targets:
                chance = math.exp(scores[unit] - np.logaddexp.reduce(scores))
            if step.gate is not None and step.attention is not None:
                write, copy = np.exp(step.gate[0].astype(np.float64)).tolist()
                chance = write * chance + copy * float(step.attention[0][sources.units[0] == unit].sum())
            total += math.log(chance) if chance > 0 else -math.inf
            before = unit
        return total

    # --- files ------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file."""
        header = {
            "settings": self.settings.to_record(),
            "targets": self.vocabulary.targets,
            "growth": self.growth,
            "capitals": self.capitals,
        }
        units = PackedTokens.of(self.vocabulary.units).to_tensors("units")
        write_model(path, KIND, header, {**self.weights, **units})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Seq2Seq:
        """The model that `save` wrote. Raises ModelError."""
        return cls.from_model(read_finished(path, (KIND,), (UNFINISHED,), "model", "train-seq2seq"))

    @classmethod
    def from_model(cls, model: Model) -> Seq2Seq:
        """The same from a file already read."""
        fields = model.fields
        vocabulary = UnitVocabulary([*PackedTokens.from_model(model, "units")], fields["targets"])
        names = seq2seq_shapes(fields["settings"], len(vocabulary), vocabulary.targets)
        weights = {name: model.tensors[name] for name in names}
        return cls(fields["settings"], vocabulary, weights, fields["growth"], fields["capitals"])


def repeats(text: str, n: int) -> bool:
    """Whether an n-gram of words stands in a text twice.

    >>> repeats("a b c a b", 2), repeats("a b c a b", 3)
    (True, False)
    """
    words = text.split()
    grams = [*zip(*(words[start:] for start in range(n)), strict=False)]
    return len(set(grams)) < len(grams)


def _nothing(text: Sequence[str]) -> Target:
    return Target("", 0.0, 0.0, 1.0, tuple(text), ())


def _joined(parts: Sequence[Sequence[Target]]) -> list[Target]:
    """The targets of a text from those of its parts: the best of each part, the second best and so on."""
    if not parts:
        return [_nothing(())]
    if len(parts) == 1:
        return [*parts[0]]
    ranks = range(max(map(len, parts)))
    return [_one_behind_another([part[min(rank, len(part) - 1)] for part in parts]) for rank in ranks]


def _one_behind_another(parts: Sequence[Target]) -> Target:
    total, length = sum(one.log_probability for one in parts), sum(len(one.units) + 1 for one in parts)
    return Target(
        " ".join(one.text for one in parts if one.text),
        total,
        sum(one.score for one in parts),
        math.exp(total / length),
        tuple(unit for one in parts for unit in one.source),
        tuple(unit for one in parts for unit in one.units),
    )
