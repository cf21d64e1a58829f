"""Skip-gram written out: `train-w2v --show-work`."""

from __future__ import annotations

import itertools

import numpy as np

from nlpcli.engine.corpus.encoding import encode
from nlpcli.engine.embeddings.job import read_pairs
from nlpcli.engine.embeddings.shown_work import MOST_PAIRS, last_epoch
from nlpcli.engine.embeddings.word2vec import pairs as pairs_within
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.shown_work import WorkTable
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.errors import SettingsError
from nlpcli.settings.embeddings import Word2VecSettings
from nlpcli.settings.input import InputSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings


@plain_settings
def train_w2v_work(
    paths: Paths,
    settings: Word2VecSettings = Word2VecSettings(dim=2, epochs=1),
    *,
    vocabulary: VocabularySettings = VocabularySettings(),
    analysis: AnalysisSettings = LOWERCASE,
    reading: InputSettings = InputSettings(),
    pairs: str | None = None,
) -> list[WorkTable]:
    """The pairs of a sliding window, or those in the file `pairs`, and skip-gram's softmax on each of them.

    W1 and W2 before and after every pair, h, the scores and chances of all words, the loss; in the last
    of the epochs. Nothing is written. Raises SettingsError for CBOW, InputError for more than can be shown.
    """
    if settings.model != "skipgram":
        raise SettingsError("--show-work follows skip-gram", hint="leave out --method cbow")
    if pairs is not None:
        numbers, words = read_pairs(pairs, reading)
    else:
        corpus = encode(paths, analysis, vocabulary, reading)
        words = corpus.vocabulary
        found = itertools.islice(pairs_within(corpus, settings.window), MOST_PAIRS + 1)
        numbers = np.array([[words.id_of[word] for word in pair] for pair in found], np.int32).reshape(-1, 2)
    return last_epoch(numbers, words, settings)
