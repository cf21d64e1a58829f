"""The vectors of words from those of their n-grams, also of words that no text has shown.

    seen      mean of the word's own row and the rows of its n-grams
    unseen    mean of the rows of its n-grams

N-grams without a row count as zeros, as in files that hold every bucket, where those that no text
has shown are zeros; or they do not count at all, as in models that fastText has pruned, and in model
files that do not say.

Not here: which n-grams a word has (`corpus/subwords.py`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.subwords import SubwordRule, rule_of
from nlpcli.engine.io import model_file
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.errors import ModelError

ABSENT, ZEROS = "absent_ngrams", "zeros"  # in the header of a model file
_WORDS = 20_000  # put together at a time, since their n-grams are listed meanwhile
_ALIGNED = 64 << 20  # bytes that are rather copied than left where a compiled kernel cannot take them


@dataclass(frozen=True, eq=False)
class Subwords:
    """The rows of n-grams and of words that a model's vectors are means of.

    buckets: int32 [M], ascending, the n-grams that have a row; None: all of them, in order.
    rows: float32 [M, dim]. zeros: whether n-grams without a row count, as zeros. word_rows [V, dim] and
    output_rows [V, dim] are None where they were not read, or are not there.
    """

    rule: SubwordRule
    buckets: NDArray[np.int32] | None
    rows: Floats
    zeros: bool = True
    word_rows: Floats | None = None
    output_rows: Floats | None = None

    def vector(self, word: str) -> Floats:
        """The vector [dim] of any word from its n-grams alone; zeros when none has a row."""
        _, wanted = self.rule.buckets([word])
        found = self._places(wanted)
        known = found[found >= 0]
        if not len(known):
            return np.zeros(self.rows.shape[1], np.float32)
        total: Floats = self.rows[known].sum(axis=0, dtype=np.float32)
        total /= np.float32(len(wanted) if self.zeros else len(known))
        if not np.isfinite(total).all():
            raise ModelError(f"the vector of {word!r} would be nan or inf", hint="is the model damaged?")
        return total

    def _places(self, wanted: NDArray[np.int32]) -> NDArray[np.int64]:
        """The row of each n-gram, −1 for one that has none."""
        if self.buckets is None:
            return wanted.astype(np.int64)
        places = np.searchsorted(self.buckets, wanted)
        places[places == len(self.buckets)] = -1
        if len(self.buckets):
            places[self.buckets[places] != wanted] = -1
        return places

    def put_together(self, words: Sequence[str], own: Floats, out: Floats) -> None:
        """Set `out` [V, dim], which may be `own`, to the vectors of words whose own rows are `own`."""
        for part in _parts(len(words)):
            sums, counted = self._sums(words[part], counts_zeros=self.zeros)
            sums += own[part]
            sums /= counted[:, None]
            out[part] = sums

    def own_rows(self, words: Sequence[str], vectors: Floats) -> Iterator[Floats]:
        """The words' own rows, in blocks, of which their `vectors` [V, dim] are made in fastText's way."""
        if self.zeros and self.word_rows is not None and len(self.word_rows) == len(vectors):
            yield self.word_rows
            return
        for part in _parts(len(words)):
            sums, counted = self._sums(words[part], counts_zeros=True)
            yield vectors[part] * counted[:, None] - sums

    def _sums(self, words: Sequence[str], counts_zeros: bool) -> tuple[Floats, Floats]:
        """The sum of the rows of each word's n-grams [V, dim], and how many there are with its own [V]."""
        from nlpcli.engine.runtime.compiled import kernels_of

        starts, wanted = self.rule.buckets(words)
        places = self._places(wanted)
        counted = np.diff(starts)
        known = places >= 0
        if not known.all():
            before = np.concatenate([np.zeros(1, np.int64), np.cumsum(known)])
            starts, places = before[starts], places[known]
        found = np.diff(starts)
        sums = np.empty((len(words), self.rows.shape[1]), np.float32)
        kernels_of("text.subword_hashes").row_means(_aligned(self.rows), starts, places, sums)
        sums *= found.astype(np.float32)[:, None]
        return sums, ((counted if counts_zeros else found) + 1).astype(np.float32)

    def every_row(self) -> Iterator[Floats]:
        """The rows of all buckets in order, in blocks, those without a row as zeros."""
        if self.buckets is None:
            yield self.rows
            return
        for start in range(0, self.rule.bucket, _WORDS):
            end = min(start + _WORDS, self.rule.bucket)
            block = np.zeros((end - start, self.rows.shape[1]), np.float32)
            first, last = np.searchsorted(self.buckets, (start, end))
            block[self.buckets[first:last] - start] = self.rows[first:last]
            yield block

    def of_words(self, kept: NDArray[np.int64]) -> Subwords:
        """The same for some of the words only."""
        word_rows, output_rows = (
            None if rows is None else rows[kept] for rows in (self.word_rows, self.output_rows)
        )
        return dataclasses.replace(self, word_rows=word_rows, output_rows=output_rows)


def _parts(count: int) -> Iterator[slice]:
    for start in range(0, count, _WORDS):
        yield slice(start, min(start + _WORDS, count))


def _aligned(rows: Floats) -> Floats:
    return rows.copy() if not rows.flags.aligned and rows.nbytes <= _ALIGNED else rows


def subwords_of(model: model_file.Model) -> Subwords:
    """The subwords of a model file of ours; with the words' own rows where these were asked for."""
    found = model.tensors
    return Subwords(
        rule_of(model.fields["settings"]),
        found["ngram_buckets"],
        found["ngram_rows"],
        model.header.get(ABSENT) == ZEROS,
        found.get("word_rows"),
        found.get("output_vectors"),
    )
