"""Sentences of words as the arrays that the kernels of tagging work on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.kernels.tagging.arguments import (
    CLASS_FEATURES,
    FEATURES,
    FINE,
    LOWER,
    PROPERTIES,
    VOWEL,
    WORD,
    Text,
)
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels

kernels = Kernels("tagging.features")


class Classes(NamedTuple):
    """Which words are alike: hashes uint64 [C] of words, ascending; numbers int32 [C, 2], a fine class and a
    coarse one."""

    hashes: NDArray[np.uint64]
    numbers: NDArray[np.int32]


NO_CLASSES = Classes(np.zeros(0, np.uint64), np.zeros((0, 2), np.int32))


def hashes_of(words: Sequence[str]) -> NDArray[np.uint64]:
    """What words are known by, uint64 [N]."""
    return _described(words)[:, WORD]


def properties_of(words: Sequence[str]) -> NDArray[np.uint64]:
    """Hashes of words, their affixes, shapes and last syllables, uint64 [N, P]."""
    return _described(words)[:, : VOWEL + 1]


def text_of(sentences: Sequence[Sequence[str]], classes: Classes = NO_CLASSES) -> Text:
    """The features of every word. By its class, a rare word is like frequent ones."""
    described = _described([word for sentence in sentences for word in sentence])
    starts = offsets_of(np.fromiter(map(len, sentences), np.int64, len(sentences)))
    if len(classes.hashes):
        described[:, FINE:] = _classes_of(described, classes)
    more = CLASS_FEATURES if len(classes.hashes) else 0
    features = np.zeros((len(described), FEATURES + more), np.uint32)
    kernels.describe_sentences(described, starts, features)
    return Text(described, features, starts)


def _described(words: Sequence[str]) -> NDArray[np.uint64]:
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    offsets = offsets_of(np.fromiter(map(len, encoded), np.int64, len(encoded)))
    described = np.zeros((len(words), PROPERTIES), np.uint64)
    kernels.describe_words(np.frombuffer(b"".join(encoded), np.uint8), offsets, described)
    return described


def _classes_of(described: NDArray[np.uint64], classes: Classes) -> NDArray[np.uint64]:
    """The classes of words, as they are written or in lower case; 0 for those that have none."""
    found = np.zeros((len(described), 2), np.uint64)
    for column in (LOWER, WORD):
        wanted = described[:, column]
        places = np.minimum(np.searchsorted(classes.hashes, wanted), len(classes.hashes) - 1)
        known = classes.hashes[places] == wanted
        found[known] = classes.numbers[places[known]].astype(np.uint64) + np.uint64(1)
    return found
