"""The sentences of a text that say most of it.

Words tell how alike sentences are; in texts of Hangul pairs of syllables do, because a noun with another
particle is another word there. Not here: ranking (`sentence_ranks.py`), and files (`summary_job.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nlpcli.engine.corpus.empty_corpus import NoTokens
from nlpcli.engine.documents.sparse import SparseMatrix
from nlpcli.engine.documents.vectorizer import find_features
from nlpcli.engine.tasks.sentence_ranks import Scores, diverse, lexrank, textrank, tfidf
from nlpcli.engine.text.sentences import make_sentences
from nlpcli.engine.text.token import Token
from nlpcli.settings.documents import VectorizeSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.topics import SummarySettings
from nlpcli.settings.vocabulary import VocabularySettings

_HANGUL = re.compile("[가-힣]")
_SHARE_OF_HANGUL = 0.2  # of all characters: above this a text is Korean


class Sentence(NamedTuple):
    """A sentence, the line in which it begins (from 1), and how much it says."""

    line: int
    text: str
    score: float = 0.0


@dataclass(frozen=True)
class Summary:
    """The chosen sentences of a text, in the order of the text, and how many there are in all.

    whole: all sentences, where they are kept.
    """

    file: str
    sentences: tuple[Sentence, ...]
    of: int
    whole: tuple[Sentence, ...] = ()

    @property
    def text(self) -> str:
        """The sentences, one after the other."""
        return " ".join(sentence.text for sentence in self.sentences)


def sentences_of(lines: Iterable[str], split: Callable[[str], list[Token]] | None = None) -> list[Sentence]:
    """The sentences of a text, which end at the end of a line at the latest."""
    split = split or make_sentences(unmarked=False)
    return [
        Sentence(number, text)
        for number, line in enumerate(lines, 1)
        for token in split(line)
        if (text := " ".join(token.form.split()))
    ]


def summarized(
    sentences: Sequence[Sentence],
    settings: SummarySettings = SummarySettings(),
    analysis: AnalysisSettings = AnalysisSettings(lowercase=True),
    file: str = "",
) -> Summary:
    """As many sentences as the settings say; equals in the order of the text.

    >>> text = "The cat sat on the mat. It rained. A cat on a mat is a happy cat."
    >>> summarized(sentences_of([text]), SummarySettings(sentences="1", method="lead")).text
    'The cat sat on the mat.'
    """
    wanted = settings.count(len(sentences))
    prior = 1 + settings.position / np.sqrt(np.arange(1, len(sentences) + 1))
    counts = None if settings.method == "lead" or not sentences else _counts(sentences, settings, analysis)
    if counts is None:  # also where no sentence has a word
        scores, chosen = prior, list(range(wanted))
    elif settings.method == "mmr":
        rows = tfidf(counts)
        chosen = diverse(rows, prior, wanted, settings.balance)
        scores = lexrank(rows) * prior
    else:
        scores = _ranks(counts, settings) * prior
        chosen = np.argsort(-scores, kind="stable")[:wanted].tolist()
    whole = tuple(one._replace(score=float(score)) for one, score in zip(sentences, scores, strict=True))
    return Summary(file, tuple(whole[number] for number in sorted(chosen)), len(sentences), whole)


def _ranks(counts: SparseMatrix, settings: SummarySettings) -> Scores:
    """Ranks of which the mean is 1."""
    ranks = textrank(counts) if settings.method == "textrank" else lexrank(tfidf(counts))
    return ranks * len(ranks)


def _counts(
    sentences: Sequence[Sentence], settings: SummarySettings, analysis: AnalysisSettings
) -> SparseMatrix | None:
    texts = [sentence.text for sentence in sentences]
    features = VectorizeSettings(char_ngrams="2") if _by_bigrams(texts, settings, analysis) else None
    try:
        found = find_features([texts], analysis, features or VectorizeSettings(), VocabularySettings())
    except NoTokens:
        return None
    return found.counts


def _by_bigrams(texts: list[str], settings: SummarySettings, analysis: AnalysisSettings) -> bool:
    if settings.unit != "auto":
        return settings.unit == "bigram"
    hangul = sum(len(_HANGUL.findall(text)) for text in texts)
    return analysis.tokenizer == "word" and hangul > _SHARE_OF_HANGUL * sum(map(len, texts))
