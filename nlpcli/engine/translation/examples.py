"""Pairs as numbers, ready to be learnt from: which are kept, their vocabulary, what is held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.translation.lexicon import single_words
from nlpcli.engine.translation.pairs import TextPairs, plainer
from nlpcli.engine.translation.units import Units, with_subwords
from nlpcli.engine.translation.vocabulary import Side, UnitVocabulary
from nlpcli.errors import InputError
from nlpcli.settings.translation import END, SPECIAL, Seq2SeqSettings
from nlpcli.wording import counted

_RARE = {"word": 2}  # units seen fewer times are unknown, where nothing is said
_DEV, _MOST_DEV = 5, 2000  # what a draw of chance is for; pairs that are held out at most
_SLACK = 10  # units of difference that are never too much
_CAPITALS = 0.005  # of the sources that are in capital letters: these are learnt from then
_SURE, _NARROW, _MOST = 0.995, 0.5, 100.0  # share of pairs within the growth; its bounds
Split = tuple[list[list[str]], list[list[str]]]


@dataclass(frozen=True, eq=False)
class PairExamples:
    """Pairs to learn from: numbers of units, targets with END behind each.

    dev: those that are held out. growth: how many units of a target there are at most for one of a source.
    capitals: some sources are in capital letters altogether.
    """

    settings: Seq2SeqSettings
    vocabulary: UnitVocabulary
    sources: Side
    targets: Side
    dev: tuple[Side, Side]
    growth: float
    capitals: bool = False


def examples_of(
    pairs: TextPairs,
    settings: Seq2SeqSettings = Seq2SeqSettings(),
    dev: TextPairs | None = None,
    val_frac: float = 0.0,
    progress: Progress = SILENT,
) -> PairExamples:
    """Pairs as numbers; without `dev` a share of them is held out.

    Raises InputError where no pair is left, and where no unit of a target is known.
    """
    if dev is None and val_frac:
        pairs, dev = _held_out(pairs, val_frac, settings.seed)
    settings = with_subwords(settings, [*pairs.sources, *pairs.targets])
    units = Units(settings)
    split = _split(pairs, units)
    split = _kept(split, settings, progress)
    least = settings.min_count or _RARE.get(settings.unit, 1)
    vocabulary = UnitVocabulary.of(*split, least)
    _check_targets(vocabulary, split, settings)
    more: dict[str, int] = {}
    lengths = [np.fromiter(map(len, side), np.int64) for side in split]
    capitals = sum(text.isupper() and " " in text for text in pairs.sources)
    growth = float(np.quantile(lengths[1] / lengths[0], _SURE))
    besides = _fitting(_split(_besides(pairs, settings), units), settings)
    sources, targets = _numbers((split[0] + besides[0], split[1] + besides[1]), vocabulary, more)
    held = _split(dev, units) if dev is not None else ([], [])
    return PairExamples(
        settings, vocabulary, sources, targets, _numbers(held, vocabulary, more),
        min(max(growth, _NARROW), _MOST), capitals >= _CAPITALS * len(pairs),
    )  # fmt: skip


def _besides(pairs: TextPairs, settings: Seq2SeqSettings) -> TextPairs:
    """What is learnt besides, as `augment` says: plainer texts, and of words and subwords single words."""
    if not settings.augment or settings.noise != "none":
        return TextPairs([], [])
    plain = plainer(pairs, settings.augment)
    if settings.unit not in ("subword", "word"):
        return plain
    words = single_words(pairs, settings.seed)
    return TextPairs(plain.sources + words.sources, plain.targets + words.targets)


def _held_out(pairs: TextPairs, share: float, seed: int) -> tuple[TextPairs, TextPairs]:
    """What is learnt from, and what is held out: none of two pairs or fewer."""
    count = min(round(len(pairs) * share), _MOST_DEV, len(pairs) - 2)
    if count < 1:
        return pairs, TextPairs([], [])
    order = np.random.default_rng([seed, _DEV]).permutation(len(pairs))
    held, learnt = np.sort(order[:count]).tolist(), np.sort(order[count:]).tolist()
    return pairs.chosen(learnt), pairs.chosen(held)


def _split(pairs: TextPairs, units: Units) -> Split:
    return [units.split(text) for text in pairs.sources], [units.split(text) for text in pairs.targets]


def _numbers(split: Split, vocabulary: UnitVocabulary, more: dict[str, int]) -> tuple[Side, Side]:
    sources = Side([vocabulary.numbers(units, more) for units in split[0]])
    return sources, Side([[*vocabulary.numbers(units, more), END] for units in split[1]])


def _fitting(split: Split, settings: Seq2SeqSettings) -> Split:
    """Pairs that are neither too long nor too different in length."""
    kept = [
        (one, other)
        for one, other in zip(*split, strict=True)
        if max(len(one), len(other)) <= settings.max_units
        and max(len(one), len(other)) <= settings.max_ratio * min(len(one), len(other)) + _SLACK
    ]
    return [one for one, _ in kept], [other for _, other in kept]


def _kept(split: Split, settings: Seq2SeqSettings, progress: Progress) -> Split:
    """The same, and what is left out is told."""
    kept = _fitting(split, settings)
    long = sum(max(len(one), len(other)) > settings.max_units for one, other in zip(*split, strict=True))
    uneven = len(split[0]) - len(kept[0]) - long
    if long:
        progress.lost(
            f"{counted(long, 'pair')} of more than {settings.max_units:,} units left out (--max-units)"
        )
    if uneven:
        progress.lost(
            f"{counted(uneven, 'pair')} left out, of which one side is more "
            f"than {settings.max_ratio:g} times longer "
            "(--max-ratio)"
        )
    if not kept[0]:
        raise InputError(
            "no pair is left to learn from: all are too long, or their sides too different in length",
            hint="do source and target belong together? else use a larger --max-units or --max-ratio",
        )
    return kept


def _check_targets(vocabulary: UnitVocabulary, split: Split, settings: Seq2SeqSettings) -> None:
    """Raise InputError where the vocabulary has nothing to write the targets with."""
    if vocabulary.targets == SPECIAL:
        raise InputError(
            "no unit of a target is known: each is rarer than --min-count",
            hint="use a smaller --min-count, or another --unit",
        )
    if settings.unit == "subword":
        written = [unit for units in split[1] for unit in units if unit != "▁"]
        spelt = sum(unit.startswith("<0x") and unit.endswith(">") for unit in written)
        if spelt > len(written) / 2:
            raise InputError(
                "the subword model has no characters of the targets: they would be spelt in bytes",
                hint="train it on both sides together, or leave --subword-model out",
            )
