"""Questions to word vectors: what `similar`, `analogy`, `odd-one-out` and `evaluate-vectors` do.

Not here: `convert` (`conversion.py`), and how questions are answered (`neighbours.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeAlias

from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.questions import Answers, Questions
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.engine.vectors.evaluation import AnalogiesResult, PairsResult, evaluate
from nlpcli.engine.vectors.word_vectors import Scored, Vectors
from nlpcli.settings.input import InputSettings
from nlpcli.settings.vectors import (
    AnalogySettings,
    OddOneOutSettings,
    SimilarSettings,
    VectorEvaluationSettings,
)
from nlpcli.wording import counted

VectorsOrPath: TypeAlias = str | os.PathLike[str] | Vectors


@plain_settings
def similar(
    vectors: VectorsOrPath,
    words: Iterable[str] | None = None,
    settings: SimilarSettings = SimilarSettings(),
    *,
    progress: Progress = SILENT,
) -> Answers[Scored]:
    """Each of some words with the words most like it and their scores, best first.

    Without `words` they are read from stdin, one per line, as they arrive; those without a vector
    are noted and passed over. Of a list the first such word raises InputError.
    """
    loaded = load_vectors(vectors, progress, unread=True)
    questions = Questions(words, progress, "word")

    def answer(batch: list[str]) -> Iterable[tuple[str, Scored]]:
        known = questions.solved(batch, lambda word: loaded.look_up(word, hint=not questions.stream))
        near = loaded.nearest([place for _, place in known], settings) if known else []
        return zip([word for word, _ in known], near, strict=True)

    return Answers(questions, answer)


@plain_settings
def analogy(
    vectors: VectorsOrPath,
    questions: Iterable[str] | None = None,
    settings: AnalogySettings = AnalogySettings(),
    *,
    progress: Progress = SILENT,
) -> Answers[Scored]:
    """Each of some analogies with the words that complete it and their scores, best first.

    An analogy is 'king - man + woman', or three words 'man king woman'. Without any they are read
    from stdin, as with `similar`. Raises InputError for what is no analogy.
    """
    loaded = load_vectors(vectors, progress, unread=True)
    asked = Questions(questions, progress, "analogy")
    hint = not asked.stream
    return Answers(
        asked, lambda batch: asked.solved(batch, lambda each: loaded.analogy(each, settings, hint=hint))
    )


@plain_settings
def odd_one_out(
    vectors: VectorsOrPath,
    groups: Iterable[str] | None = None,
    settings: OddOneOutSettings = OddOneOutSettings(),
    *,
    progress: Progress = SILENT,
) -> Answers[Scored]:
    """Each of some groups of words with how far its words are from the others, the odd one first.

    A group is three words or more with spaces between them. Without any they are read from stdin,
    as with `similar`. Raises InputError for fewer words.
    """
    loaded = load_vectors(vectors, progress, unread=True)
    asked = Questions(groups, progress, "group of words")
    hint = not asked.stream
    return Answers(
        asked, lambda batch: asked.solved(batch, lambda each: loaded.apart(each.split(), settings, hint=hint))
    )


@plain_settings
def evaluate_vectors(
    vectors: VectorsOrPath,
    paths: Paths,
    settings: VectorEvaluationSettings = VectorEvaluationSettings(),
    *,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> list[PairsResult | AnalogiesResult]:
    """How well word vectors agree with people's judgements: a result for each file of them.

    Raises InputError, with `file:line`, for a line that is neither scored pair nor analogy.
    """
    return evaluate(load_vectors(vectors, progress, unread=True), paths or [], settings, reading, progress)


def load_vectors(vectors: VectorsOrPath, progress: Progress = SILENT, *, unread: bool = False) -> Vectors:
    """The vectors in a file, or those already loaded; a note when words stand in the file twice.

    With `unread` the numbers of a large model are looked at only as questions are answered.
    """
    if isinstance(vectors, Vectors):
        return vectors
    path = os.fspath(vectors)
    loaded = Vectors.load(path, unread=unread)
    if loaded.repeated:
        progress.lost(
            f"{path}: {counted(loaded.repeated, 'word stands', 'words stand')} in "
            "it more than once; the first of each counts"
        )
    return loaded
