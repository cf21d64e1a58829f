"""From sentences of words and tags to a linear tagger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.schemas.tagging import MOST_PIECES, MOST_TAGS
from nlpcli.engine.kernels.tagging.arguments import WORD
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.tagging.features import NO_CLASSES, Classes, text_of
from nlpcli.engine.tagging.labels import OUTSIDE, may_follow
from nlpcli.engine.tagging.linear_tagger import LinearTagger
from nlpcli.engine.tagging.perceptron import Learner
from nlpcli.errors import InputError
from nlpcli.settings.tagging import TaggerSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.wording import counted

EPOCHS = 5
PLUS = "+"
_WHOLE = 64  # tags at most that are not taken apart by themselves
_USUAL_RARITY, _MOST_RARITY = 6.0, 16.0  # words outside of spans for one within; times the margin
_MOST_WHOLE = 512  # tags at most among which the best sequence is searched


class Training:
    """A tagger in training. The same sentences, settings and seed give the same model.

    Labels of spans (target "ner") are in BIO-2. Raises InputError for tags of one kind, and for too many.
    """

    def __init__(
        self,
        sentences: Sequence[Sequence[str]],
        tags: Sequence[Sequence[str]],
        target: str,
        settings: TaggerSettings = TaggerSettings(),
        analysis: AnalysisSettings = AnalysisSettings(tokenizer="nltk"),
        space: str = "",
        classes: Classes = NO_CLASSES,
    ) -> None:
        self._classes = classes
        self._target, self._settings, self._analysis, self._space = target, settings, analysis, space
        given = [tag for sentence in tags for tag in sentence]
        self._names, self._most, gold = tag_names(given, settings)
        self._text = text_of(sentences, classes)
        in_pieces = self._most > 0
        self.learner = Learner(
            self._text, gold, len(self._names) + in_pieces, settings.margin, settings.seed, settings.hash_bits
        )
        if target == "ner" and not in_pieces:
            self.learner.forbid(legal(self._names))
            if OUTSIDE in self._names:
                self.learner.outside = self._names.index(OUTSIDE), _outside_margin(given, settings)

    @property
    def epochs(self) -> int:
        """Passes over the text."""
        return self._settings.epochs or EPOCHS

    def go(self, progress: Progress = SILENT) -> None:
        """Learn to the end, from wherever the learner stands. May be interrupted between two sentences."""

        def report(done: int, total: int, wrong: float) -> None:
            progress.update("training", done, total, f"{wrong:.2%} wrong")

        self.learner.go(self.epochs, report)

    def model(self) -> LinearTagger:
        """The tagger as it is now."""
        weights, unit = self.learner.weights()
        known = np.unique(self._text.words[:, WORD])
        return LinearTagger(
            tuple(self._names), self._most, self._target, self._space, unit, weights, known, self._classes,
            self._analysis, self._settings,
        )  # fmt: skip

    def digest(self) -> str:
        """A sum of all that decides what is learnt: text, tags and settings."""
        total = hashlib.sha256(self._text.features.data)
        for array in (self._text.sentences, *self.learner.gold):
            total.update(np.ascontiguousarray(array).data)
        record = [self._names, self._target, self._space, self._settings.to_record()]
        total.update(json.dumps(record, sort_keys=True).encode())
        return total.hexdigest()


def train(
    sentences: Sequence[Sequence[str]],
    tags: Sequence[Sequence[str]],
    target: str,
    settings: TaggerSettings = TaggerSettings(),
    analysis: AnalysisSettings = AnalysisSettings(tokenizer="nltk"),
    space: str = "",
    classes: Classes = NO_CLASSES,
    progress: Progress = SILENT,
) -> LinearTagger:
    """A tagger of words, trained in one go. Raises what `Training` raises."""
    training = Training(sentences, tags, target, settings, analysis, space, classes)
    training.go(progress)
    return training.model()


def tag_names(
    given: Sequence[str], settings: TaggerSettings
) -> tuple[list[str], int, NDArray[np.int32] | list[list[int]]]:
    """Names of tags, or of their pieces; how many pieces a tag has at most, 0 for whole tags; each word's.

    Of whole tags a word has a number, int32 [N]; of pieces a list of them, the last of which is their number,
    for the end of the tag. Raises InputError for tags of one kind, and for too many.
    """
    kinds = _kinds_of(given)
    in_pieces = in_pieces_is_better(kinds, settings)
    names = sorted({piece for tag in kinds for piece in _parts(tag)}) if in_pieces else kinds
    _check_number(names)
    ids = {name: number for number, name in enumerate(names)}
    if not in_pieces:
        return names, 0, np.fromiter((ids[tag] for tag in given), np.int32, len(given))
    pieces = [[*(ids[part] for part in _parts(tag)), len(ids)] for tag in given]
    most = max(map(len, pieces)) - 1
    _check_length(most)
    return names, most, pieces


def _kinds_of(given: Sequence[str]) -> list[str]:
    """The different tags, at least two."""
    kinds = sorted(set(given))
    if len(kinds) >= 2:
        return kinds
    raise InputError(
        f"all {counted(len(given), 'word')} have the tag {kinds[0]!r}: there is nothing to learn"
        if kinds
        else "there are no tagged words to learn from",
        hint="--tag and --columns say which tags are meant",
    )


def _check_number(names: Sequence[str]) -> None:
    if len(names) > MOST_TAGS:
        raise InputError(
            f"there are {len(names):,} different tags, at most {MOST_TAGS:,} can be learnt",
            hint="is it the right column? --columns word=1,tag=4 names another",
        )


def _check_length(most: int) -> None:
    if most > MOST_PIECES:
        raise InputError(
            f"a tag has {most:,} pieces, at most {MOST_PIECES} can be learnt", hint="--pieces no"
        )


def _outside_margin(given: Sequence[str], settings: TaggerSettings) -> int:
    """By how much O has to win where it is right, and has a head start where it is not.

    Where spans are rare, a learner of words finds too few: a larger margin makes up for it.
    """
    if settings.outside_margin:
        return settings.outside_margin
    outside = given.count(OUTSIDE)
    rarity = outside / max(len(given) - outside, 1) / _USUAL_RARITY
    return round(settings.margin * min(max(rarity**2, 1.0), _MOST_RARITY))


def in_pieces_is_better(kinds: Sequence[str], settings: TaggerSettings) -> bool:
    """Whether tags are predicted piece by piece."""
    if settings.pieces != "auto":
        return settings.pieces == "yes"
    joined = sum(len(_parts(tag)) > 1 for tag in kinds)
    return len(kinds) > _MOST_WHOLE or (len(kinds) > _WHOLE and joined * 2 > len(kinds))


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
