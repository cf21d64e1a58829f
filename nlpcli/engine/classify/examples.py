"""Examples: labelled texts as ids, to learn from or to be measured on.

Read once; holding some of them out, or going through folds, only changes `labels`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.encoding import encode_documents, encode_every
from nlpcli.engine.io.record_formats import SEVERAL, Documents
from nlpcli.engine.io.records import Records
from nlpcli.engine.runtime.arrays import offsets_of, ranges
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import InputError
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings
from nlpcli.wording import counted


class Labelled(Protocol):
    """Anything labelled: texts, pairs of them, rows of numbers. `Examples` says what its fields are."""

    @property
    def labels(self) -> NDArray[np.int32]: ...  # noqa: D102
    @property
    def names(self) -> tuple[str, ...]: ...  # noqa: D102

    def documents_per_class(self) -> NDArray[np.int64]:
        """How many each class has, int64 [C]."""

    def relabelled(self, labels: NDArray[np.int32], names: tuple[str, ...]) -> Self:
        """The same with other labels."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Encoded texts and their classes.

    labels: int32 [D], an index into `names` (sorted), −1 for a document that is left out. A name may be
    several labels at once (`labels_in`). sides: how many texts an example has, 2 for pairs: example d is the
    texts 2d and 2d + 1 of the corpus.
    """

    corpus: EncodedCorpus
    labels: NDArray[np.int32]
    names: tuple[str, ...]
    sides: int = 1

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Whether each example has a token in every text: bool [D]."""
        return np.asarray((np.diff(self.corpus.offsets) > 0).reshape(-1, self.sides).all(axis=1))

    def documents_per_class(self) -> NDArray[np.int64]:
        """How many documents each class has, int64 [C]."""
        return np.bincount(self.labels[self.labels >= 0], minlength=len(self.names)).astype(np.int64)

    def relabelled(self, labels: NDArray[np.int32], names: tuple[str, ...]) -> Examples:
        """The same texts with other labels."""
        return dataclasses.replace(self, labels=labels, names=names)

    def chosen(self, wanted: NDArray[np.bool_]) -> Examples:
        """The `wanted` [D] documents by themselves, with the vocabulary of all."""
        lengths, texts = np.diff(self.corpus.offsets), np.repeat(wanted, self.sides)
        offsets = offsets_of(lengths[texts])
        ids = self.corpus.ids[np.repeat(texts, lengths)]
        corpus = EncodedCorpus(ids, offsets, self.corpus.vocabulary)
        return dataclasses.replace(self, corpus=corpus, labels=self.labels[wanted])

    def only(self, chosen: NDArray[np.bool_]) -> Examples:
        """The same documents, of which only the `chosen` [D] count."""
        return dataclasses.replace(self, labels=np.where(chosen, self.labels, np.int32(-1)))


def with_mismatched(examples: Examples, label: str, seed: int) -> Examples:
    """Pairs and as many more, labelled `label`, as have another label: the second texts of those, shuffled.

    Where all pairs that do not belong together are of one matter, a model learns the matter; those of chance
    are of every one. No text comes with the second text of its own pair.
    """
    number = examples.names.index(label)
    others = np.flatnonzero(examples.labels != number)
    order = np.random.default_rng(seed).permutation(others)
    texts = np.concatenate(
        [np.arange(2 * len(examples.labels)), np.stack([2 * order, 2 * np.roll(order, 1) + 1], 1).reshape(-1)]
    )
    lengths = np.diff(examples.corpus.offsets)[texts]
    ids = examples.corpus.ids[ranges(examples.corpus.offsets[texts], lengths)]
    labels = np.concatenate([examples.labels, np.full(len(order), number, np.int32)])
    corpus = EncodedCorpus(ids, offsets_of(lengths), examples.corpus.vocabulary)
    return dataclasses.replace(examples, corpus=corpus, labels=labels)


def read_examples(
    paths: Sequence[str] | None,
    analysis: AnalysisSettings,
    records: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> Examples:
    """The labelled texts of some files.

    Raises InputError for an input without labels, with a single class, or with a class none of
    whose texts holds a token.
    """
    examples = read_labelled(paths, analysis, records, reading, progress)
    check_classes(examples, analysis)
    return examples


def read_labelled(
    paths: Sequence[str] | None,
    analysis: AnalysisSettings,
    records: RecordSettings,
    reading: InputSettings,
    progress: Progress = SILENT,
    keep: list[str] | None = None,
    *,
    pairs: bool = False,
    several: bool = False,
    none_too: bool = False,
) -> Examples:
    """The same of any labelled texts, to be measured on: a single class is fine.

    The texts themselves are added to `keep`, if there is one. pairs, several: whether there may be pairs of
    texts, and several labels at once. none_too: whether there may be no token at all.
    """
    source = Records(paths, records, reading, pairs=pairs, several=several, progress=progress)
    batches = source.documents() if keep is None else _kept(source.texts(), keep)
    corpus, counted = encode_every(batches, analysis)
    if not len(counted.types) and not none_too:
        raise counted.why_none()
    names = tuple(sorted(source.names))
    position = {name: number for number, name in enumerate(names)}
    order = np.array([position[name] for name in source.names], dtype=np.int32)
    sides = 1 if records.text2_col is None else 2
    return Examples(corpus, order[np.array(source.codes, dtype=np.int32)], names, sides)


def _kept(batches: Iterator[list[str]], keep: list[str]) -> Iterator[Documents]:
    for batch in batches:
        keep += batch
        yield batch


def examples_of(
    texts: list[str], labels: Sequence[str], analysis: AnalysisSettings, sides: int = 1
) -> Examples:
    """Examples from texts and labels in memory; pairs have their texts one behind the other."""
    names = tuple(sorted(set(labels)))
    corpus = encode_documents([texts], analysis, VocabularySettings(vocab_order="first-seen"))
    return Examples(corpus, np.array([names.index(label) for label in labels], dtype=np.int32), names, sides)


def labels_in(name: str) -> list[str]:
    """The labels in a name that holds several."""
    return name.split(SEVERAL) if name else []


def check_names(examples: Labelled, what: str) -> None:
    """Raise InputError for labels of `what` that are no set of classes."""
    check_number(examples.names, len(examples.labels), what)


def check_number(names: tuple[str, ...], documents: int, what: str) -> None:
    """Raise InputError for names of a number of documents that are no set of classes."""
    if len(names) == 1:
        raise InputError(
            f"there is only one class: all {documents:,} {what} are labelled {names[0]!r}",
            hint="a classifier needs at least two; is --label-col the right column?",
        )
    if len(names) > 50 and len(names) > documents // 3:
        raise InputError(
            f"{len(names):,} different labels in {documents:,} {what}: that is not a set of classes",
            hint="is --label-col the right column?",
        )


def check_classes(examples: Examples, analysis: AnalysisSettings, one_class: str = "") -> None:
    """Raise InputError for labels that are no classes, and for classes of empty texts.

    one_class: a hint for whoever has only one.
    """
    try:
        check_names(examples, "texts")
    except InputError as error:
        if len(examples.names) == 1 and one_class:
            raise InputError(error.message, hint=f"{error.hint} {one_class}") from error
        raise
    what = "texts holds a token" if examples.sides == 1 else "pairs holds a token in both texts"
    filled = examples.only(examples.filled).documents_per_class()
    check_filled(examples.names, examples.documents_per_class(), filled, analysis, what)


def check_filled(
    names: tuple[str, ...],
    documents: NDArray[np.int64],
    filled: NDArray[np.int64],
    analysis: AnalysisSettings,
    what: str = "texts holds a token",
) -> None:
    """Raise InputError for a class of which no document has a token; documents, filled: of each class [C]."""
    if not filled.all():
        empty = int(np.argmin(filled))
        raise InputError(
            f"the class {names[empty]!r} is empty: none of its {documents[empty]:,} {what}",
            hint="leave the class out, or "
            + ("shorten --stopwords" if analysis.stopwords else "choose another --tokenizer"),
        )


def held_out(examples: Labelled, share: float, seed: int, *, by_class: bool = True) -> NDArray[np.bool_]:
    """A random `share` of the documents, the same share of each class: bool [D].

    by_class: else labels are many, such as numbers, and documents are all of one class.
    """
    if not by_class:
        examples = examples.relabelled(np.zeros_like(examples.labels), ("",))
    rank = _shuffled_ranks(examples, seed)
    sizes = examples.documents_per_class()
    quota = np.maximum(1, np.round(sizes * share)).astype(np.int64)
    quota = np.minimum(quota, np.maximum(sizes - 1, 0))
    return np.asarray((examples.labels >= 0) & (rank < quota[examples.labels]))


def folds(examples: Examples, number: int, seed: int) -> Iterator[NDArray[np.bool_]]:
    """`number` parts of the documents, each with its share of every class: bool [D] each.

    Real files are often sorted by label, so documents are shuffled by `seed` first.
    Raises InputError when a class has fewer documents than there are folds.
    """
    sizes = examples.documents_per_class()
    if int(sizes.min()) < number:
        name = examples.names[int(np.argmin(sizes))]
        raise InputError(
            f"the class {name!r} has {counted(int(sizes.min()), 'text')}, too few for {number} folds",
            hint=(f"use --cross-validate {sizes.min()}, or " if sizes.min() > 1 else "")
            + "leave the class out",
        )
    rank = _shuffled_ranks(examples, seed)
    for fold in range(number):
        yield np.asarray((examples.labels >= 0) & (rank % number == fold))


def _shuffled_ranks(examples: Labelled, seed: int) -> NDArray[np.int64]:
    """The place of every document among those of its class, after shuffling."""
    shuffled = np.random.default_rng(seed).permutation(len(examples.labels))
    by_class = shuffled[np.argsort(examples.labels[shuffled], kind="stable")]
    classes = examples.labels[by_class]
    starts = np.searchsorted(classes, classes)
    ranks = np.empty(len(classes), dtype=np.int64)
    ranks[by_class] = np.arange(len(classes)) - starts
    return ranks
