"""Subwords: the character n-grams of a word, and for Korean those of its jamo.

    where, 3 to 3       <wh whe her ere re>
    한글, jamo, 3 to 3  <ㅎㅏ ㅎㅏㄴ ㅏㄴㄱ ㄴㄱㅡ ㄱㅡㄹ ㅡㄹ>

Syllables without a final consonant get a mark in its place, so that three letters always are
one syllable (Park et al. 2018, "Subword-level Word Vector Representations for Korean").
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io import model_file
from nlpcli.engine.runtime.arrays import Floats, offsets_of
from nlpcli.settings.embeddings import FastTextSettings

LINE_END = "</s>"  # fastText's word for it has no n-grams
NO_FINAL = "_"
_FIRST = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_MIDDLE = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINAL = NO_FINAL + "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_SYLLABLES = range(ord("가"), ord("힣") + 1)


def decomposed(word: str) -> str:
    """Hangul syllables as three letters each; everything else as it is.

    >>> decomposed("나는 go")
    'ㄴㅏ_ㄴㅡㄴ go'
    """
    return "".join(_letters(letter) for letter in word)


def _letters(letter: str) -> str:
    number = ord(letter)
    if number not in _SYLLABLES:
        return letter
    rest, final = divmod(number - _SYLLABLES.start, len(_FINAL))
    first, middle = divmod(rest, len(_MIDDLE))
    return _FIRST[first] + _MIDDLE[middle] + _FINAL[final]


@dataclass(frozen=True)
class SubwordRule:
    """Which n-grams a word has, and how many buckets they are hashed into."""

    minn: int
    maxn: int
    bucket: int
    jamo: bool = False

    def buckets(self, words: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The buckets of all n-grams of each word: `starts` [V + 1] and `buckets`.

        >>> starts, buckets = SubwordRule(minn=3, maxn=4, bucket=100).buckets(["ab", "c"])
        >>> starts.tolist()  # <ab ab> <ab>, <c>
        [0, 3, 4]
        """
        if self.maxn == 0 or not len(words):
            return np.zeros(len(words) + 1, np.int64), np.zeros(0, np.int32)
        from nlpcli.engine.runtime.compiled import kernels_of

        shown = (decomposed(word) for word in words) if self.jamo else words
        encoded = [
            b"" if word == LINE_END else f"<{word}>".encode("utf-8", "surrogatepass") for word in shown
        ]
        offsets = offsets_of([len(word) for word in encoded])
        text = np.frombuffer(b"".join(encoded), np.uint8)
        starts, buckets = np.empty(len(encoded) + 1, np.int64), np.empty(0, np.int32)
        fill = kernels_of("text.subword_hashes").subword_buckets
        fill(text, offsets, self.minn, self.maxn, self.bucket, starts, buckets)
        buckets = np.empty(starts[-1], np.int32)
        fill(text, offsets, self.minn, self.maxn, self.bucket, starts, buckets)
        return starts, buckets


def rule_of(settings: FastTextSettings) -> SubwordRule:
    """The n-grams that settings ask for."""
    return SubwordRule(settings.minn, settings.maxn, settings.bucket, settings.jamo)


def subword_vector(rule: SubwordRule, word: str, buckets: NDArray[np.int32], rows: Floats) -> Floats:
    """The mean of the rows [M, dim] of a word's n-grams, of those in `buckets` [M] (ascending)."""
    _, wanted = rule.buckets([word])
    wanted = wanted[np.isin(wanted, buckets)]
    if not len(wanted):
        return np.zeros(rows.shape[1], np.float32)
    mean: Floats = rows[np.searchsorted(buckets, wanted)].mean(axis=0, dtype=np.float32)
    return mean


def unseen_vectors(model: model_file.Model) -> Callable[[str], Floats]:
    """What gives the vector of a word that a model file does not hold."""
    buckets, rows = model.tensors["ngram_buckets"], model.tensors["ngram_rows"]
    return functools.partial(subword_vector, rule_of(model.fields["settings"]), buckets=buckets, rows=rows)
