"""Where a sampler of LDA begins: with topics drawn by a non-negative factorisation of the same texts.

A chain that starts from topics thrown at random spends most of its sweeps on finding any topics at all.
Ten rounds of NMF find rough ones within the time of a few sweeps; from there the likelihood that a random
start has after 500 sweeps is reached after 100 to 200, and the chain is the same. Each token is drawn once:

    P(z_i = k) ∝ (P(k | d) + a)³ · (P(w | k) + b)³

where both are the factors' shares, a and b small, and the power makes most draws the likeliest topic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.documents import sparse
from nlpcli.engine.documents.sparse import split_rows
from nlpcli.engine.runtime.arrays import Floats
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.topics.factors import factorise
from nlpcli.engine.topics.seed_words import Seeds
from nlpcli.engine.topics.topic_model import tfidf_rows
from nlpcli.settings.topics import TopicSettings

kernels = Kernels("topics.gibbs")

PIECE = 1 << 20  # tokens of a call of a kernel
_ROUNDS = 10  # of NMF
_COMPONENTS = 128  # of it, at most: more topics begin as parts of these, since an SVD of k costs k³
_ANY_TOPIC = 0.1  # of a document's share, for all topics together
_ANY_WORD = 1e-5


def first_topics(
    corpus: EncodedCorpus,
    settings: TopicSettings,
    seeds: Seeds,
    threads: int,
    progress: Progress = SILENT,
) -> NDArray[np.int32]:
    """A topic for every token, int32 [N]; topics that have seed words get the component with most of them."""
    counts = sparse.count_matrix(corpus)
    rows = tfidf_rows(counts, sparse.document_frequencies(counts), corpus.documents)
    components = min(settings.topics, _COMPONENTS)
    w, h, _ = factorise(rows, components, _ROUNDS, settings.seed, threads, progress)
    sizes = np.maximum(h.sum(axis=0), np.float32(1e-12))
    # With columns of length 1 no factor begins with most of all tokens.
    shares = w * (sizes / np.maximum(np.linalg.norm(w, axis=0), np.float32(1e-12)))
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), np.float32(1e-12))
    shares += np.float32(_ANY_TOPIC / components)
    words = h / sizes + np.float32(_ANY_WORD)
    topics = np.empty(len(corpus.ids), dtype=np.int32)
    names, seed = _names(words, settings.topics, seeds), np.uint64(settings.seed)
    for first, last in pieces(corpus.offsets, 0, len(corpus.offsets) - 1):
        kernels.first_topics(
            corpus.ids, corpus.offsets, first, last, shares, words, names, seed, topics
        )  # fmt: skip
    claimed = np.full(len(h), -1, dtype=np.int32)
    claimed[seeds.pairs[::-1, 0]] = seeds.pairs[::-1, 1]  # of several topics the first
    named = claimed[corpus.ids]
    np.copyto(topics, named, where=named >= 0)
    return topics


def _names(words: Floats, topics: int, seeds: Seeds) -> NDArray[np.int32]:
    """The number that each topic gets, int32 [K]: a component's own, but for those that seed words claim.

    words [V, components]: shares of the words.
    """
    names = np.arange(topics, dtype=np.int32)
    for topic in range(min(seeds.topics, words.shape[1])):
        own = seeds.pairs[seeds.pairs[:, 1] == topic, 0]
        fit = (words[own] / words[own].sum(axis=1, keepdims=True)).sum(axis=0)
        fit[names[: len(fit)] < topic] = -1.0  # claimed already
        best = int(fit.argmax())
        there = int(np.flatnonzero(names == topic)[0])
        names[there], names[best] = names[best], topic
    return names


def pieces(offsets: NDArray[np.int64], first: int, last: int) -> list[tuple[int, int]]:
    """Documents `first` to `last` in ranges of about a million tokens."""
    parts = max(1, int(offsets[last] - offsets[first]) // PIECE)
    return [(first + a, first + b) for a, b in split_rows(offsets[first : last + 1] - offsets[first], parts)]
