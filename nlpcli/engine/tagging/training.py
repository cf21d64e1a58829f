"""From sentences of words and tags to a linear tagger."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.tagging.arguments import WORD
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.tagging.features import text_of
from nlpcli.engine.tagging.labels import OUTSIDE, may_follow
from nlpcli.engine.tagging.linear_tagger import MOST_TAGS, LinearTagger
from nlpcli.engine.tagging.perceptron import Learner
from nlpcli.errors import InputError
from nlpcli.settings.tagging import TaggerSettings
from nlpcli.settings.text import AnalysisSettings

PLUS = "+"
_WHOLE = 64  # tags at most that are not taken apart by themselves
_MOST_WHOLE = 512  # tags at most among which the best sequence is searched


def train(
    sentences: Sequence[Sequence[str]],
    tags: Sequence[Sequence[str]],
    target: str,
    settings: TaggerSettings = TaggerSettings(),
    analysis: AnalysisSettings = AnalysisSettings(tokenizer="nltk"),
    space: str = "",
    progress: Progress = SILENT,
) -> LinearTagger:
    """A tagger of words. Labels of spans (target "ner") are in BIO-2.

    The same sentences, settings and seed give the same model.

    Raises InputError for tags of a single kind, and for too many.
    """
    given = [tag for sentence in tags for tag in sentence]
    kinds = sorted(set(given))
    if len(kinds) < 2:
        raise InputError(
            f"all {len(given):,} words have the tag {kinds[0]!r}: there is nothing to learn"
            if kinds
            else "there are no tagged words to learn from",
            hint="--tag and --columns say which tags are meant",
        )
    in_pieces = in_pieces_is_better(kinds, settings)
    names = sorted({piece for tag in kinds for piece in _parts(tag)}) if in_pieces else kinds
    if len(names) > MOST_TAGS:
        raise InputError(
            f"there are {len(names):,} different tags, at most {MOST_TAGS:,} can be learnt",
            hint="is it the right column? --columns word=1,tag=4 names another",
        )
    text = text_of(sentences)
    ids = {name: number for number, name in enumerate(names)}
    learner = Learner(text, len(names) + in_pieces, settings.margin, settings.seed, settings.hash_bits)

    def report(done: int, total: int, wrong: float) -> None:
        progress.update("training", done, total, f"{wrong:.2%} wrong")

    most = 0
    if in_pieces:
        pieces = [[*(ids[part] for part in _parts(tag)), len(names)] for tag in given]
        most = max(map(len, pieces)) - 1
        learner.learn_pieces(pieces, settings.epochs, report)
    else:
        if target == "ner":
            learner.forbid(legal(names))
        learner.learn_tags(
            np.fromiter((ids[tag] for tag in given), np.int32, len(given)), settings.epochs, report
        )
    known = np.unique(text.words[:, WORD])
    return LinearTagger(tuple(names), most, target, space, learner.weights(), known, analysis, settings)


def in_pieces_is_better(kinds: Sequence[str], settings: TaggerSettings) -> bool:
    """Whether tags are predicted piece by piece."""
    if settings.pieces != "auto":
        return settings.pieces == "yes"
    return len(kinds) > _MOST_WHOLE or (
        len(kinds) > _WHOLE and sum(PLUS in tag for tag in kinds) * 2 > len(kinds)
    )


def _parts(tag: str) -> list[str]:
    """The pieces of a tag; a + of its own stays.

    >>> _parts("NNG+JKS"), _parts("+"), _parts("SY++")
    (['NNG', 'JKS'], ['+'], ['SY++'])
    """
    parts = tag.split(PLUS)
    return parts if all(parts) else [tag]


def legal(names: Sequence[str]) -> NDArray[np.bool_]:
    """Which label of BIO-2 may follow which, or begin (the last row): bool [T + 1, T]."""
    return np.array([[may_follow(before, tag) for tag in names] for before in [*names, OUTSIDE]])
