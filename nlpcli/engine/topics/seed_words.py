"""Words that topics are to hold: an asymmetric prior of words (η of Blei et al. 2003), as a user names them.

A word w that is named for topic k counts there as if it had been seen `seed_weight` times as often as it is
in all texts, before any is read:

    η_wk = β + seed_weight · n_w        all others: β
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import SettingsError
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.topics import TopicSettings
from nlpcli.wording import counted


class Seeds(NamedTuple):
    """pairs int32 [S, 2], distinct, of a word and its topic; the first `topics` topics have some."""

    pairs: NDArray[np.int32]
    topics: int = 0


NO_SEEDS = Seeds(np.zeros((0, 2), dtype=np.int32))


def find_seeds(
    settings: TopicSettings, analysis: AnalysisSettings, vocabulary: Vocabulary, progress: Progress = SILENT
) -> Seeds:
    """The seed words of settings among the words of some texts, in the texts' own spelling.

    Raises SettingsError for more lines of them than topics, and for a line of which no word is there.
    """
    lines = settings.seed_words
    if not lines:
        return NO_SEEDS
    if settings.num_topics != "auto" and len(lines) > settings.num_topics:
        raise SettingsError(
            f"--seed-words names words of {counted(len(lines), 'topic')}, "
            f"and there are {settings.num_topics:,}",
            hint=f"--num-topics {len(lines)} or more; words of one topic stand on one line",
        )
    corpus = encode_documents([[line] for line in lines], analysis, vocabulary)
    pairs: dict[tuple[int, int], None] = {}
    for topic, line in enumerate(lines):
        ids = corpus.ids[corpus.offsets[topic] : corpus.offsets[topic + 1]].tolist()
        if not ids:
            raise SettingsError(
                f"no seed word of {line[:60]!r} is among the words of the texts",
                hint="is it the name of a file, misspelt? --min-df and --stopwords drop words too",
            )
        if len({*ids}) < len({*line.split()}):
            known = {vocabulary.tokens[word] for word in ids}
            progress.note(f"seed words of topic {topic + 1} that the texts have: {' '.join(sorted(known))}")
        pairs |= dict.fromkeys((word, topic) for word in ids)
    return Seeds(np.array([*pairs], dtype=np.int32).reshape(-1, 2), len(lines))


def seed_counts(
    pairs: NDArray[np.int32], frequencies: NDArray[np.int64], weight: float
) -> NDArray[np.float64]:
    """By how much the prior of each pair is above β: float64 [S]; frequencies [V] of the words.

    >>> seed_counts(np.array([[1, 0], [2, 0]]), np.array([5, 4, 3]), 0.5).tolist()
    [2.0, 1.5]
    """
    found: NDArray[np.float64] = weight * frequencies[pairs[:, 0]].astype(np.float64)
    return found
