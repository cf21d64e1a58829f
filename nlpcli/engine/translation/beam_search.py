"""Beam search: the best targets of some sources, side by side.

A hypothesis with units y and attention a is worth

    log P(y) / ((5 + |y|) / 6)^α  +  β Σ_s log min(1, Σ_t a_ts)            (Wu et al. 2016)

α the length penalty, β the coverage penalty; |y| counts the end. A source is done when it has as many
finished hypotheses as the beam is wide. Not here: the network (`network.py`), and which units may not come
(`kernels/neural/beam_search.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.translation.network import Network, Sources, Step
from nlpcli.settings.translation import END, TranslateSettings

kernels = Kernels("neural.beam_search")
_DEAD = -np.inf
_NOTHING = -1e29  # below it an extension is none
_LOOP = {"subword": 3, "word": 3, "char": 12, "jamo": 12}  # units of a loop, least


@dataclass
class Hypothesis:
    """A target: its units, log P, its worth; attention float32 [units and the end, S], if asked for."""

    units: list[int]
    log_probability: float
    score: float
    attention: Floats | None = None

    @property
    def probability(self) -> float:
        """The geometric mean of the probabilities of its units and of its end."""
        return float(np.exp(self.log_probability / (len(self.units) + 1)))


@dataclass
class _Beams:
    """Sources under way: their numbers [A], totals float64 [A, K], what was written int32 [A, K, length]."""

    numbers: Ids
    sources: Sources
    limits: Ids
    totals: NDArray[np.float64]
    histories: NDArray[np.int32]
    states: list[Floats]
    coverage: Floats
    seen: list[Floats] = field(default_factory=list)  # attention of each step so far, [A, K, S], if asked for

    @property
    def width(self) -> int:
        """K."""
        return int(self.totals.shape[1])

    def keep(self, which: Ids) -> None:
        """Go on with some of the sources alone."""
        rows = (which[:, None] * self.width + np.arange(self.width)).reshape(-1)
        self.states = [state[rows] for state in self.states]
        self.numbers, self.limits, self.totals = self.numbers[which], self.limits[which], self.totals[which]
        self.histories, self.coverage = self.histories[which], self.coverage[which]
        self.sources, self.seen = self.sources.of(which), [one[which] for one in self.seen]

    def choose(self, hypotheses: Ids, units: Ids, totals: NDArray[np.float64]) -> None:
        """Let each source go on with some hypotheses int64 [A, K], each longer by a unit."""
        places = np.arange(len(hypotheses))[:, None]
        rows = (places * self.width + hypotheses).reshape(-1)
        self.states = [state[rows] for state in self.states]
        longer = units[:, :, None].astype(np.int32)
        self.histories = np.concatenate([self.histories[places, hypotheses], longer], axis=2)
        self.totals, self.coverage = totals, self.coverage[places, hypotheses]
        self.seen = [one[places, hypotheses] for one in self.seen]


def beam_search(
    network: Network,
    sources: Sequence[Sequence[int]],
    limits: Sequence[int],
    settings: TranslateSettings = TranslateSettings(),
    *,
    with_attention: bool = False,
) -> list[list[Hypothesis]]:
    """The best targets of each source of at least one unit, best first, of up to `limits` units each."""
    width, count = settings.beam_size, len(sources)
    ngram = settings.no_repeat_ngram if network.settings.unit in ("subword", "word") else 0
    loop = _LOOP[network.settings.unit]
    read = network.read(sources)
    totals = np.full((count, width), _DEAD)
    totals[:, 0] = 0.0
    beams = _Beams(
        np.arange(count), read, np.asarray(limits, np.int64), totals,
        np.zeros((count, width, 0), np.int32), network.states(count * width),
        np.zeros((count, width, read.units.shape[1]), np.float32),
    )  # fmt: skip
    finished: list[list[Hypothesis]] = [[] for _ in sources]
    units = np.full(count * width, END, np.int64)
    for length in range(max(limits) + 1):
        step = network.step(units, beams.sources, beams.states, first=length == 0)
        found = _extensions(step, beams, length, ngram, loop)
        if step.attention is not None:
            attention = step.attention.reshape(*beams.totals.shape, -1)
            beams.coverage = beams.coverage + attention
            if with_attention:
                beams.seen.append(attention)
        done = _advance(beams, found, length, settings, finished)
        if done.all():
            break
        if done.any():
            beams.keep(np.flatnonzero(~done))
        units = beams.histories[:, :, length].reshape(-1).astype(np.int64)
    return [sorted(some, key=lambda one: -one.score)[:width] for some in finished]


def _extensions(
    step: Step, beams: _Beams, length: int, ngram: int, loop: int
) -> tuple[NDArray[np.float64], Ids, Ids]:
    """The best extensions of each source, twice as many as the beam is wide: values, hypotheses, units."""
    count, most = len(beams.numbers), 2 * beams.width
    values = np.empty((count, most))
    hypotheses, units = np.empty((count, most), np.int64), np.empty((count, most), np.int64)
    gates = np.zeros((0, 2), np.float32) if step.gate is None else step.gate
    attention = np.zeros((0, 0), np.float32) if step.attention is None else step.attention
    kernels.extensions(
        step.scores, gates, attention, beams.sources.units, beams.totals,
        beams.histories.reshape(count * beams.width, length), length, ngram, loop, values, hypotheses, units,
    )  # fmt: skip
    return values, hypotheses, units


def _advance(
    beams: _Beams,
    found: tuple[NDArray[np.float64], Ids, Ids],
    length: int,
    settings: TranslateSettings,
    finished: list[list[Hypothesis]],
) -> NDArray[np.bool_]:
    """Finish hypotheses and let the others go on; which sources are done: bool [A]."""
    values, hypotheses, units = found
    width = beams.width
    ends = (units == END) & (values > _NOTHING)
    some_end = bool(ends.any())
    for place, rank in np.argwhere(ends[:, :width]).tolist() if some_end else ():
        finished[beams.numbers[place]].append(
            _finished(
                beams, place, int(hypotheses[place, rank]), length, float(values[place, rank]), settings
            )
        )
    # The best that do not end, in order, as many as the beam is wide.
    if some_end:
        order = np.argsort(ends, axis=1, kind="stable")[:, :width]
        places = np.arange(len(order))[:, None]
        going, hypotheses, units = values[places, order], hypotheses[places, order], units[places, order]
        going[ends[places, order]] = _DEAD
    else:
        going, hypotheses, units = values[:, :width], hypotheses[:, :width], units[:, :width]
    going[going <= _NOTHING] = _DEAD
    beams.choose(hypotheses, units, going)
    count = np.fromiter((len(finished[number]) for number in beams.numbers), np.int64, len(beams.numbers))
    done: NDArray[np.bool_] = (count >= width) | (going == _DEAD).all(axis=1)
    for place in np.flatnonzero((length + 1 >= beams.limits) & ~done).tolist():
        done[place] = True
        if not count[place]:  # it is cut off where it is longest
            for hypothesis in np.flatnonzero(going[place] > _NOTHING).tolist():
                total = float(going[place, hypothesis])
                finished[beams.numbers[place]].append(
                    _finished(beams, place, hypothesis, length + 1, total, settings)
                )
    return done


def _finished(
    beams: _Beams, place: int, hypothesis: int, length: int, total: float, settings: TranslateSettings
) -> Hypothesis:
    attention = None
    if beams.seen:
        size = int((beams.sources.units[place] >= 0).sum())
        attention = np.stack([one[place, hypothesis, :size] for one in beams.seen])
    filled = beams.sources.units[place] >= 0
    covered = beams.coverage[place, hypothesis][filled] if beams.sources.memory is not None else np.ones(1)
    score = worth(total, length + 1, covered, settings)
    return Hypothesis(beams.histories[place, hypothesis, :length].tolist(), total, score, attention)


def worth(
    log_probability: float, length: int, coverage: NDArray[np.floating], settings: TranslateSettings
) -> float:
    """What a hypothesis is worth; `length` counts the end; coverage [S]: attention to each unit, summed.

    >>> alone = TranslateSettings(length_penalty=1.0, coverage_penalty=0.0)
    >>> worth(-3.0, 7, np.ones(2), alone)  # (5 + 7) / 6 = 2
    -1.5
    """
    penalty: float = ((5 + length) / 6) ** settings.length_penalty
    covered = float(np.log(np.clip(coverage, 1e-6, 1.0)).sum()) if settings.coverage_penalty else 0.0
    return log_probability / penalty + settings.coverage_penalty * covered
