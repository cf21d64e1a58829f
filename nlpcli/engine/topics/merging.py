"""Topic models of parts of a text, added up.

What is equal to a model of all the texts: the number of documents, and how often each word was counted, in
all topics together, if no part has dropped it (`--min-df 1`, or one vocabulary). What is not: topics are
found anew in every part, and their numbers say nothing. So each topic of a part goes to the one of the
first model that is most like it (Σ √(P(w | k) P(w | j)), Bhattacharyya 1943), no two to the same, and the
counts of the two are added; topics that were seeded by the same words keep their numbers. A vocabulary has
the words of the first part, then those that later parts add.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.topics.topic_model import TopicModel
from nlpcli.errors import ModelError
from nlpcli.wording import counted

_MAY_DIFFER = ("seed", "iterations", "optimize_interval")
_ALIKE = 0.3  # topics that have less in common are told of
_MOST = 2**31 - 2


def merge_topics(paths: Sequence[str], output: str, progress: Progress = SILENT) -> TopicModel:
    """Several models of lda added up, written to `output`. Raises ModelError for those that do not add up."""
    total = TopicModel.load(paths[0])
    _check_counts(total, paths[0])
    for path in paths[1:]:
        part = TopicModel.load(path)
        _check_counts(part, path)
        _check_alike(total, part)
        total, likeness = merged(total, part)
        lonely = np.flatnonzero(likeness < _ALIKE)
        if len(lonely):
            numbers = ", ".join(str(number + 1) for number in lonely[:8].tolist())
            progress.lost(
                f"{path}: little is like topics {numbers} of what it is added to; others were put there"
            )
        progress.note(f"{path}: topics matched, {float(likeness.mean()):.2f} alike in the mean")
    total = _by_size(total)
    total.save(output)
    progress.note(f"{output}: {counted(len(total), 'topic')} of {counted(total.documents, 'text')}")
    return total


def merged(first: TopicModel, second: TopicModel) -> tuple[TopicModel, NDArray[np.float64]]:
    """The first model with the counts of the second, and how alike each topic is to what was added to it."""
    words, rows = _joined(first.vocabulary, second.vocabulary)
    one = _spread(first, np.arange(len(first.vocabulary)), len(words))
    other = _spread(second, rows, len(words))
    seeded = 0 if first.seeds is None else len(first.settings.seed_words)
    order, likeness = matched(one, other, seeded)
    counts = one + other[:, order]
    if counts.max() > _MOST:
        raise ModelError(
            f"a word of a topic would be counted {counted(int(counts.max()), 'time')}: too many to add up"
        )
    assert first.alpha is not None and second.alpha is not None
    documents = first.documents + second.documents
    alpha = (first.alpha * first.documents + second.alpha[order] * second.documents) / documents
    model = dataclasses.replace(
        first, vocabulary=words, documents=documents, word_counts=counts.astype(np.int32), alpha=alpha,
        seeds=_seeds(first, second, rows),
    )  # fmt: skip
    return model, likeness


def matched(
    one: NDArray[np.int64], other: NDArray[np.int64], seeded: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each topic of one model the most like it of the other, and how alike they are [K].

    Counts are [V, K]. The most alike pair first, then of those that are left; the first `seeded` topics keep
    their numbers.

    >>> counts = np.array([[9, 0, 1], [0, 9, 1], [1, 1, 8]])
    >>> matched(counts, counts[:, [2, 0, 1]])[0].tolist()
    [1, 2, 0]
    """
    roots = [np.sqrt(counts / np.maximum(counts.sum(axis=0), 1)) for counts in (one, other)]
    likeness = roots[0].T @ roots[1]
    free = likeness.copy()
    found = np.full(len(likeness), -1, dtype=np.int64)
    for topic in range(len(likeness)):
        best = (topic, topic) if topic < seeded else divmod(int(free.argmax()), len(likeness))
        found[best[0]] = best[1]
        free[best[0], :] = free[:, best[1]] = -1
    return found, likeness[np.arange(len(likeness)), found]


def _joined(first: Vocabulary, second: Vocabulary) -> tuple[Vocabulary, NDArray[np.int64]]:
    """The words of both, and the row of each word of the second."""
    row_of = dict(first.id_of)
    rows = np.array([row_of.setdefault(word, len(row_of)) for word in second.tokens], dtype=np.int64)
    counts = np.zeros(len(row_of), dtype=np.int64)
    counts[: len(first)] = first.counts
    counts[rows] += second.counts
    return Vocabulary.of(row_of, counts), rows


def _spread(model: TopicModel, rows: NDArray[np.int64], words: int) -> NDArray[np.int64]:
    assert model.word_counts is not None
    counts = np.zeros((words, len(model)), dtype=np.int64)
    counts[rows] = model.word_counts
    return counts


def _seeds(first: TopicModel, second: TopicModel, rows: NDArray[np.int64]) -> NDArray[np.int32] | None:
    """The pairs of both; parts may lack a seed word."""
    if first.seeds is None or second.seeds is None:
        return first.seeds
    moved = second.seeds.copy()
    moved[:, 0] = rows[moved[:, 0]]
    pairs = dict.fromkeys(map(tuple, [*first.seeds.tolist(), *moved.tolist()]))
    return np.array([*pairs], dtype=np.int32)


def _by_size(model: TopicModel) -> TopicModel:
    """Seeded topics first, then the largest."""
    assert model.word_counts is not None and model.alpha is not None
    sizes = model.word_counts.sum(axis=0, dtype=np.int64)
    sizes[: len(model.settings.seed_words)] = np.iinfo(np.int64).max
    order = np.argsort(-sizes, kind="stable")
    counts = np.ascontiguousarray(model.word_counts[:, order])
    return dataclasses.replace(model, word_counts=counts, alpha=model.alpha[order])


def _check_counts(model: TopicModel, path: str) -> None:
    if model.word_counts is None:
        raise ModelError(
            f"{path} is of {model.settings.method}, which keeps no counts to add up",
            hint="models of train-topics --method lda add up",
        )


def _check_alike(first: TopicModel, second: TopicModel) -> None:
    """Raise ModelError for models that were trained in different ways."""
    if len(first) != len(second):
        raise ModelError(
            f"the models have {len(first):,} and {len(second):,} topics",
            hint="train all parts with one number",
        )
    for name in ("analysis", "settings"):
        mine, theirs = getattr(first, name).to_record(), getattr(second, name).to_record()
        different = [field for field in mine if mine[field] != theirs[field] and field not in _MAY_DIFFER]
        if different:
            field = different[0]
            raise ModelError(
                f"the models differ in {field}: {mine[field]!r} and {theirs[field]!r}",
                hint="models add up when they were trained with the same options",
            )
