"""N-grams of words as features: `new york` beside `new` and `york`.

An n-gram is the pair of its first n − 1 words and its last one, so ids of n-grams follow from ids of words
without a string being made; names are put together for the runs that are kept. A run is named by
its words with a space between them, which no word holds, so no two features share a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.encoding import Counted, encode, encode_all
from nlpcli.engine.corpus.vocabulary import Vocabulary, select
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.input import InputSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings
from nlpcli.wording import counted

kernels = Kernels("counts.ngrams")


def with_ngrams(
    corpus: EncodedCorpus, shortest: int, longest: int, vocabulary: VocabularySettings | Vocabulary
) -> EncodedCorpus:
    """The corpus with its n-grams of `shortest` to `longest` words as tokens, shorter ones first.

    `vocabulary` chooses among the runs, or is a vocabulary of runs already.

    >>> from nlpcli.engine.corpus.encoding import encode_documents
    >>> from nlpcli.settings.text import AnalysisSettings
    >>> words = encode_documents([["a b a b"]], AnalysisSettings(), VocabularySettings())
    >>> runs = with_ngrams(words, 1, 2, VocabularySettings(vocab_order="first-seen"))
    >>> runs.vocabulary.tokens, runs.vocabulary.counts.tolist()
    (('a', 'b', 'a b', 'b a'), [2, 2, 2, 1])

    Raises InputError when no run is left.
    """
    names = _RunNames(corpus.vocabulary.tokens)
    runs = _numbered(corpus, longest, names)[shortest - 1 :]
    starts = names.starts[shortest - 1 :]
    ids = np.empty(int((runs >= 0).sum()), dtype=np.int32)
    offsets = np.empty_like(corpus.offsets)
    kernels.interleave(runs, np.array(starts, dtype=np.int32) - starts[0], corpus.offsets, ids, offsets)
    counts = np.bincount(ids, minlength=len(names) - starts[0]).astype(np.int64)
    first = np.zeros(len(counts), dtype=np.int64)
    first[ids[::-1]] = np.arange(len(ids) - 1, -1, -1)  # written last, so it stays: the first appearance
    enough = vocabulary.min_count if isinstance(vocabulary, VocabularySettings) else 1
    candidates = np.flatnonzero(counts >= min(enough, counts.max(initial=1)))
    if not len(candidates) and isinstance(vocabulary, VocabularySettings):
        raise no_ngrams(shortest)
    candidates = candidates[np.argsort(first[candidates], kind="stable")]
    named = names.of(candidates + starts[0])
    if isinstance(vocabulary, VocabularySettings):
        chosen, new_id = select(Vocabulary.of(named, counts[candidates]), vocabulary)
    else:
        chosen, new_id = vocabulary, vocabulary.ids_of(named)
    position = np.full(len(counts), -1, dtype=np.int32)
    position[candidates] = new_id
    ids = position[ids]
    kept = ids >= 0
    before = offsets_of(kept)
    return EncodedCorpus(ids[kept], before[offsets], chosen)


def count_ngrams(
    paths: Sequence[str] | None,
    shortest: int,
    longest: int,
    analysis: AnalysisSettings,
    vocabulary: VocabularySettings,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> Vocabulary:
    """How often each n-gram of words stands in the lines of some files.

    Raises InputError when no run is left (NoTokens: no token), SettingsError for an empty range.
    """
    _check_range(shortest, longest)
    words = encode(paths, analysis, VocabularySettings(vocab_order="first-seen"), reading, progress)
    return with_ngrams(words, shortest, longest, vocabulary).vocabulary


def count_all_ngrams(
    paths: Sequence[str] | None,
    shortest: int,
    longest: int,
    analysis: AnalysisSettings,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> tuple[Vocabulary, Counted]:
    """All n-grams in order of first appearance, which may be none, and the words they are made of.

    Raises SettingsError for an empty range.
    """
    _check_range(shortest, longest)
    words, counted = encode_all(paths, analysis, reading, progress)
    if int(np.diff(words.offsets).max(initial=0)) < shortest:
        return Vocabulary.of([], []), counted
    everything = VocabularySettings(vocab_order="first-seen")
    return with_ngrams(words, shortest, longest, everything).vocabulary, counted


def no_ngrams(shortest: int) -> InputError:
    """The error for texts that are all too short."""
    return InputError(
        f"no n-gram is left: no text has {counted(shortest, 'token')}", hint="use --ngrams 1, or shorter ones"
    )


def _check_range(shortest: int, longest: int) -> None:
    if shortest > longest:
        raise SettingsError("--ngrams 0 leaves nothing to count")


def _numbered(corpus: EncodedCorpus, longest: int, names: _RunNames) -> NDArray[np.int32]:
    """For each size, which n-gram of that size begins at each position: int32 [longest, N], −1 none."""
    runs = np.full((longest, len(corpus.ids)), -1, dtype=np.int32)
    runs[0] = corpus.ids
    last = np.zeros(len(corpus.ids) + longest, dtype=bool)  # is this the last word of its document?
    last[corpus.offsets[1:][np.diff(corpus.offsets) > 0] - 1] = True
    ended = np.zeros(len(corpus.ids), dtype=bool)
    for size in range(1, longest):
        # A run that is one word longer needs that word in the same document.
        ended |= last[size - 1 : size - 1 + len(ended)]
        left = np.where(ended, np.int32(-1), runs[size - 1])
        right = np.append(corpus.ids[size:], np.zeros(size, dtype=np.int32))[: len(left)]
        runs[size], pairs = _number_pairs(left, np.ascontiguousarray(right))
        names.add(pairs)
    return runs


def _number_pairs(
    left: NDArray[np.int32], right: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """A number for every pair in order of first appearance, and the pairs as left · 2^32 + right."""
    keys = np.empty(1 << 19, dtype=np.int64)
    slots = np.full(1 << 20, -1, dtype=np.int32)
    found = np.empty(len(left), dtype=np.int32)
    at = known = 0
    while True:
        reached, known = kernels.number_pairs(left[at:], right[at:], keys, slots, found[at:], known)
        at += reached
        if at >= len(left):
            return found, keys[:known]
        keys = np.concatenate([keys, np.empty_like(keys)])
        slots = np.full(2 * len(slots), -1, dtype=np.int32)
        kernels.refill(keys, known, slots)


@dataclass
class _RunNames:
    """Names of runs by number: first the words, then the pairs, then the triples, …

    `starts[n − 1]` is the number of the first n-gram of n words.
    """

    words: Sequence[str]
    starts: list[int] = field(default_factory=lambda: [0])
    pairs: list[NDArray[np.int64]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.words) + sum(map(len, self.pairs))

    def add(self, pairs: NDArray[np.int64]) -> None:
        """The runs that are one word longer: run · 2^32 + word each."""
        self.starts.append(len(self))
        self.pairs.append(pairs)

    def of(self, numbers: NDArray[np.int64]) -> list[str]:
        """The names of some runs."""
        names = np.empty(len(numbers), dtype=object)
        sizes = np.searchsorted(self.starts, numbers, side="right")
        for size in range(1, len(self.starts) + 1):
            chosen = np.flatnonzero(sizes == size)
            runs = numbers[chosen] - self.starts[size - 1]
            columns: list[list[str]] = []
            for pairs in reversed(self.pairs[: size - 1]):
                columns.append([self.words[word] for word in (pairs[runs] & 0xFFFFFFFF).tolist()])
                runs = pairs[runs] >> 32
            columns.append([self.words[word] for word in runs.tolist()])
            names[chosen] = [" ".join(words) for words in zip(*reversed(columns), strict=True)]
        return names.tolist()
