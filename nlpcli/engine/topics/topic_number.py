"""How many topics: several numbers tried on the same texts, told by what each is worth.

Every tenth text is held out. Of LDA counts how likely the held-out texts are (perplexity, by document
completion) and how well the words of a topic go together (NPMI, over all texts); of NMF the second alone.
The perplexity falls with every topic more, ever less, and topics become ever harder to read: so both, the
perplexity by its logarithm, are scaled from 0 (the worst that was tried) to 1 (the best), and the number with
the best mean is taken.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.runtime.progress import Progress
from nlpcli.engine.topics.coherence import coherence, perplexity, some_of
from nlpcli.engine.topics.topic_model import TopicModel
from nlpcli.settings.topics import TopicSettings
from nlpcli.wording import counted

_COARSE = (5, 10, 20, 40, 80, 160)
_TEXTS = 10  # that a topic needs, at least
_HELD_OUT = 10  # every so many-th text
_SWEEPS = 100  # of a trial, at most
_ALIKE = 0.02  # scores that differ by no more than this
_WORDS = 10

Train = Callable[[EncodedCorpus, TopicSettings, Progress], TopicModel]


class _Trying(Progress):
    """How far a trial is, without its remarks."""

    def __init__(self, progress: Progress, number: int) -> None:
        self._progress, self._number = progress, number

    def update(self, stage: str, done: float, total: float | None = None, detail: str = "") -> None:  # noqa: ARG002
        """One bar for each trial."""
        self._progress.update(f"trying {counted(self._number, 'topic')}", done, total)


class Trial(NamedTuple):
    """A number of topics and what it is worth; perplexity is None but with lda."""

    topics: int
    perplexity: float | None
    npmi: float


def choose_number(
    corpus: EncodedCorpus, settings: TopicSettings, least: int, train: Train, progress: Progress
) -> tuple[int, list[Trial]]:
    """The number of topics to train, at least `least`, and all that were tried, in their order.

    First far apart, then between the best and its neighbours.
    """
    held = _held_out(corpus)
    part = some_of(corpus, ~held) if settings.method == "lda" else corpus
    rest = some_of(corpus, held)
    settings = dataclasses.replace(settings, iterations=min(settings.iterations, _SWEEPS))
    trials: dict[int, Trial] = {}

    def attempt(numbers: list[int]) -> None:
        for number in numbers:
            asked = dataclasses.replace(settings, num_topics=number)
            model = train(part, asked, _Trying(progress, number))
            trials[number] = _judged(model, number, corpus, rest)
            progress.note(_told(trials[number]))

    attempt(_coarse(corpus.documents, least))
    attempt(_between([*trials], best([*trials.values()]).topics, least))
    found = sorted(trials.values())
    return best(found).topics, found


def best(trials: Sequence[Trial]) -> Trial:
    """The trial to go by; of nearly equals the one with the fewest topics.

    >>> best([Trial(5, 900.0, 0.2), Trial(10, 692.0, 0.15), Trial(20, 690.0, 0.15), Trial(40, 720.0, 0.1)])
    Trial(topics=10, perplexity=692.0, npmi=0.15)
    """
    scores = _scaled([trial.npmi for trial in trials])
    if all(trial.perplexity is not None for trial in trials):
        likely = _scaled([-math.log(trial.perplexity or 1) for trial in trials])
        scores = [(one + other) / 2 for one, other in zip(scores, likely, strict=True)]
    enough = max(scores) - _ALIKE
    near = [trial for trial, score in zip(trials, scores, strict=True) if score >= enough]
    return min(near, key=lambda trial: trial.topics)


def _scaled(values: list[float]) -> list[float]:
    """From 0, the least, to 1, the greatest."""
    low, high = min(values), max(values)
    return [(value - low) / (high - low) if high > low else 1.0 for value in values]


def _coarse(documents: int, least: int) -> list[int]:
    numbers = {max(number, least) for number in _COARSE if number * _TEXTS <= documents}
    return sorted(numbers) or [max(least, 2)]


def _between(tried: list[int], chosen: int, least: int) -> list[int]:
    """The geometric means of the number that is chosen and its neighbours."""
    place = tried.index(chosen)
    pairs = [tried[max(0, place - 1) : place + 1], tried[place : place + 2]]
    found = {round(math.sqrt(pair[0] * pair[1])) for pair in pairs if len(pair) == 2}
    return sorted(number for number in found - {*tried} if number >= least)


def _held_out(corpus: EncodedCorpus) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which tokens are of held-out texts: bool [N]."""
    lengths = np.diff(corpus.offsets)
    number = np.cumsum(lengths > 0) - 1  # of texts that are not empty
    chosen = (number % _HELD_OUT == _HELD_OUT - 1) & (lengths > 0)
    return np.repeat(chosen, lengths)


def _judged(model: TopicModel, number: int, corpus: EncodedCorpus, rest: EncodedCorpus) -> Trial:
    npmi, _ = coherence(corpus, [[word for word, _ in words] for words in model.top_words(_WORDS)])
    likely = perplexity(model, rest) if model.settings.method == "lda" else None
    if likely is not None and not math.isfinite(likely):
        likely = None  # nothing to measure on
    return Trial(number, likely, float(np.mean(npmi)))


def _told(trial: Trial) -> str:
    likely = "" if trial.perplexity is None else f"held-out perplexity {trial.perplexity:,.1f}, "
    return f"{trial.topics:,} topics: {likely}NPMI {trial.npmi:.4f}"
