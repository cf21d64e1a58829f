"""What a network is told of words: rows of tables, for the word itself and for each feature of its form.

    words       the words that are frequent enough, in lower case; row 0 stands for all others
    features    character n-grams, affixes and the shape of the word as it is written, hashed into rows
                (the n-grams are fastText's; Bojanowski et al. 2017)

Not here: the tables themselves (`tables.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.subwords import SubwordRule
from nlpcli.engine.neural.packing import Ids
from nlpcli.engine.runtime.arrays import offsets_of, ranges
from nlpcli.engine.tagging.features import properties_of
from nlpcli.settings.neural import EncoderSettings

_HANGUL = re.compile("[가-힣]")
_MIX, _ODD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)


class WordRows(NamedTuple):
    """The rows of W words.

    own: int64 [W], in the table of words; features: int64 [M], in that of features, those of word w at
    starts[w] up to starts[w + 1], starts int64 [W + 1]; vectors: int64 [W], in given vectors, 0 for none.
    """

    own: Ids
    starts: Ids
    features: Ids
    vectors: Ids

    def of(self, words: Ids) -> WordRows:
        """Those of some of the words."""
        counts = np.diff(self.starts)[words]
        features = self.features[ranges(self.starts[words], counts)]
        return WordRows(self.own[words], offsets_of(counts), features, self.vectors[words])


@dataclass(frozen=True, eq=False)
class WordInputs:
    """From words to rows.

    known: the words with a row of their own, from row 1 on; given: those of given vectors, from row 1 on.
    """

    known: Sequence[str]
    given: Sequence[str]
    settings: EncoderSettings
    jamo: bool

    def __post_init__(self) -> None:
        for name, words in (("_own", self.known), ("_given", self.given)):
            object.__setattr__(self, name, {word: row for row, word in enumerate(words, 1)})

    @classmethod
    def of_text(
        cls,
        words: Iterable[str],
        settings: EncoderSettings,
        given: Sequence[str] = (),
        more: Iterable[str] = (),
    ) -> WordInputs:
        """For the words of a text to learn from, and `more` that are known whether they are there or not."""
        times = Counter(word.lower() for word in words)
        known = sorted({*more, *(word for word, count in times.items() if count >= settings.min_word_count)})
        korean = sum(bool(_HANGUL.search(word)) for word in times) * 2 > len(times)
        jamo = korean if settings.jamo == "auto" else settings.jamo == "yes"
        return cls(known, given, settings, jamo)

    def rows(self, words: Sequence[str]) -> WordRows:
        """The rows of words, which may be unknown."""
        own: dict[str, int] = self._own  # type: ignore[attr-defined]
        given: dict[str, int] = self._given  # type: ignore[attr-defined]
        lowered = [word.lower() for word in words]
        size = self.settings.bucket
        rule = SubwordRule(self.settings.minn, self.settings.maxn, size, self.jamo)
        starts, ngrams = rule.buckets(lowered)
        forms = _hashed(properties_of(words), size)
        return WordRows(
            np.fromiter((own.get(word, 0) for word in lowered), np.int64, len(words)),
            starts + np.arange(len(words) + 1) * forms.shape[1],
            _joined(starts, ngrams.astype(np.int64), forms),
            np.fromiter(
                (given.get(word) or given.get(low, 0) for word, low in zip(words, lowered, strict=True)),
                np.int64,
                len(words),
            ),
        )


def _hashed(properties: NDArray[np.uint64], size: int) -> Ids:
    """Properties of words [W, P] as rows of a table of `size`; equal values of two are told apart."""
    kinds = np.arange(1, properties.shape[1] + 1, dtype=np.uint64) * _MIX
    return ((((properties ^ kinds) * _ODD) >> np.uint64(33)) % np.uint64(size)).astype(np.int64)


def _joined(starts: Ids, ngrams: Ids, forms: Ids) -> Ids:
    """Of each word its n-grams, and behind them its form's rows."""
    width = forms.shape[1]
    found = np.empty(len(ngrams) + forms.size, np.int64)
    is_ngram = np.ones(len(found), np.bool_)
    ends = starts[1:] + np.arange(len(forms)) * width
    places = ends[:, None] + np.arange(width)
    is_ngram[places] = False
    found[places] = forms
    found[is_ngram] = ngrams
    return found
