"""Sentences of words as the arrays that the kernels of tagging work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nlpcli.engine.kernels.tagging.arguments import CLUSTER_FEATURES, FEATURES, PROPERTIES, Text
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels

kernels = Kernels("tagging.features")


def text_of(sentences: Sequence[Sequence[str]], clusters: Mapping[str, int] | None = None) -> Text:
    """The features of every word. clusters: classes of words, by which rare words are like frequent ones."""
    words = [word for sentence in sentences for word in sentence]
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    offsets = offsets_of(np.fromiter(map(len, encoded), np.int64, len(encoded)))
    classes = np.full(len(words), -1, np.int32)
    if clusters:
        found = (clusters.get(word, clusters.get(word.lower(), -1)) for word in words)
        classes = np.fromiter(found, np.int32, len(words))
    starts = offsets_of(np.fromiter(map(len, sentences), np.int64, len(sentences)))
    described = np.zeros((len(words), PROPERTIES), np.uint64)
    features = np.zeros((len(words), FEATURES + (CLUSTER_FEATURES if clusters else 0)), np.uint32)
    kernels.describe_words(np.frombuffer(b"".join(encoded), np.uint8), offsets, classes, described)
    kernels.describe_sentences(described, starts, features)
    return Text(described, features, starts)
