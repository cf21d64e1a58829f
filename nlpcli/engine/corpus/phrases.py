"""Phrases: neighbouring words that belong together become one word (Mikolov et al. 2013b).

    score(a, b) = (count(a b) − discount) · N / (count(a) · count(b))

Pairs above a threshold are joined with `_`; a second pass joins phrases to longer ones. As
word2phrase does, but within a sentence only, and over ids: the text is not written anew.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus, renumber
from nlpcli.engine.corpus.vocabulary import Vocabulary, select
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.settings.embeddings import PhraseSettings
from nlpcli.settings.vocabulary import VocabularySettings
from nlpcli.wording import counted

kernels = Kernels("counts.bigrams")

JOINT = "_"
_AT_A_TIME = 1 << 20


def join_phrases(
    corpus: EncodedCorpus, settings: PhraseSettings, progress: Progress = SILENT
) -> EncodedCorpus:
    """The text with its phrases as words of their own, in `settings.phrases` passes.

    >>> from nlpcli.engine.corpus.encoding import encode_documents
    >>> from nlpcli.settings.text import AnalysisSettings
    >>> lines = ["new york is a city", "a city is new york"] * 20
    >>> corpus = encode_documents([lines], AnalysisSettings(), VocabularySettings())
    >>> joined = join_phrases(corpus, PhraseSettings(phrases=1, phrase_threshold=4))
    >>> [joined.vocabulary.tokens[number] for number in joined.ids[:3].tolist()]
    ['new_york', 'is', 'a_city']
    """
    for number in range(1, settings.phrases + 1):
        pairs = _pairs_above(corpus, settings, progress, f"phrases {number}")
        corpus = _joined(corpus, pairs)
        progress.note(
            f"phrases, pass {number}: {counted(len(pairs), 'pair')} joined, "
            f"{counted(len(corpus.ids), 'word')} left"
        )
    return corpus


def choose(corpus: EncodedCorpus, settings: VocabularySettings) -> EncodedCorpus:
    """The text with the words that the settings keep. Raises InputError when none is left."""
    vocabulary, new_id = select(corpus.vocabulary, settings)
    return renumber(corpus, new_id, vocabulary)


def _pairs_above(
    corpus: EncodedCorpus, settings: PhraseSettings, progress: Progress, stage: str
) -> NDArray[np.int64]:
    """The keys of the pairs above the threshold, in order."""
    counts = corpus.vocabulary.counts
    frequent = counts > settings.phrase_discount
    ends = np.zeros(len(corpus.ids), np.bool_)
    ends[corpus.offsets[1:][np.diff(corpus.offsets) > 0] - 1] = True
    keys, found = np.full(1 << 12, -1, np.int64), np.zeros(1 << 12, np.int64)
    place = used = 0
    while place < len(corpus.ids):
        last = min(place + _AT_A_TIME, len(corpus.ids))
        place, used = kernels.count_bigrams(corpus.ids, ends, place, last, frequent, keys, found, used)
        if place < last:
            old = keys, found
            keys, found = np.full(2 * len(keys), -1, np.int64), np.zeros(2 * len(keys), np.int64)
            kernels.refill(*old, keys, found)
        progress.update(stage, place, len(corpus.ids))
    taken = keys >= 0
    a, b = np.divmod(keys[taken], len(counts))
    score = (found[taken] - settings.phrase_discount) / counts[a] / counts[b] * len(corpus.ids)
    return np.sort(keys[taken][score > settings.phrase_threshold])


def _joined(corpus: EncodedCorpus, pairs: NDArray[np.int64]) -> EncodedCorpus:
    tokens = list(corpus.vocabulary.tokens)
    words = len(tokens)
    id_of = dict(corpus.vocabulary.id_of)
    places = 1 << max(4, (2 * len(pairs)).bit_length())
    keys, phrases = np.full(places, -1, np.int64), np.zeros(places, np.int32)
    named = np.empty(len(pairs), np.int32)
    for number, key in enumerate(pairs.tolist()):
        name = JOINT.join(tokens[part] for part in divmod(key, words))
        if name not in id_of:
            id_of[name] = len(tokens)
            tokens.append(name)
        named[number] = id_of[name]
    kernels.enter(pairs, named, keys, phrases)
    ids, offsets = np.empty(len(corpus.ids), np.int32), np.empty(len(corpus.offsets), np.int64)
    size = kernels.joined(corpus.ids, corpus.offsets, keys, phrases, words, ids, offsets)
    ids = ids[:size]
    counts = np.bincount(ids, minlength=len(tokens))
    return EncodedCorpus(ids, offsets, Vocabulary.of(tokens, counts))
