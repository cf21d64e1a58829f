"""How good topics are: perplexity of texts, coherence and diversity of the topics' words.

    perplexity   exp(−log P(w) / tokens) of the second half of each text (every other token), its topics
                 found by the first half: document completion (Wallach et al. 2009)
    NPMI         mean over pairs of a topic's ten heaviest words of ln(p_ij / (p_i p_j)) / −ln p_ij, words
                 standing in the same window of 10 tokens (Aletras and Stevenson 2013)
    C_v          mean cosine of a word's NPMI with all of them to the sum of these of all, in windows of 110
                 (Röder et al. 2015)
    diversity    the share of different words among the 25 heaviest of all topics (Dieng et al. 2020)

Tokens are those that the model knows: words that it has dropped do not widen a window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.documents.sparse import split_rows
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.threads import available_cores, in_threads
from nlpcli.engine.topics.topic_model import TopicModel
from nlpcli.errors import InputError

kernels = Kernels("topics.windows")
fold_in = Kernels("topics.fold_in")

_TOP, _DIVERSE = 10, 25
_NPMI_WINDOW, _CV_WINDOW = 10, 110
_LITTLE = 1e-12


@dataclass(frozen=True, eq=False)
class TopicEvaluation:
    """What is measured of a topic model on some texts; perplexity is None but with lda."""

    judged: ClassVar[str] = "topics"

    documents: int
    tokens: int
    perplexity: float | None
    npmi: float
    c_v: float
    diversity: float
    topics: tuple[tuple[float, float, tuple[str, ...]], ...]  # NPMI, C_v, words of each

    def to_record(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "documents": self.documents,
            "tokens": self.tokens,
            "perplexity": self.perplexity,
            "npmi": self.npmi,
            "c_v": self.c_v,
            "diversity": self.diversity,
            "topics": [
                {"topic": number, "npmi": npmi, "c_v": c_v, "words": list(words)}
                for number, (npmi, c_v, words) in enumerate(self.topics, 1)
            ],
        }


def evaluate_topics(model: TopicModel, corpus: EncodedCorpus) -> TopicEvaluation:
    """All measures. Raises InputError for texts without a word that the model knows."""
    if not len(corpus.ids):
        raise InputError("no text has a word that the model knows", hint="are they of another language?")
    tops = [[word for word, _ in words] for words in model.top_words(_TOP)]
    npmi, c_v = coherence(corpus, tops)
    wide = [word for words in model.top_words(_DIVERSE) for word, _ in words]
    return TopicEvaluation(
        corpus.documents,
        len(corpus.ids),
        perplexity(model, corpus) if model.settings.method == "lda" else None,
        float(np.mean(npmi)),
        float(np.mean(c_v)),
        len({*wide}) / max(1, len(wide)),
        tuple((n, c, tuple(words)) for n, c, words in zip(npmi, c_v, tops, strict=True)),
    )


def perplexity(model: TopicModel, corpus: EncodedCorpus) -> float:
    """Of every other token of each text, given the rest."""
    places = np.arange(len(corpus.ids)) - np.repeat(corpus.offsets[:-1], np.diff(corpus.offsets))
    known, asked = (some_of(corpus, places % 2 == odd) for odd in (0, 1))
    if not len(asked.ids):
        return math.nan
    shares = model.weights(known)
    found = sum(
        in_threads(
            lambda first, last: fold_in.log_likelihood(
                asked.ids, asked.offsets, first, last, model.word_weights, shares
            ),
            split_rows(asked.offsets, 4),
        )
    )
    return math.exp(-found / len(asked.ids))


def some_of(corpus: EncodedCorpus, chosen: NDArray[np.bool_]) -> EncodedCorpus:
    """The texts with the tokens that are chosen alone; `chosen` [N]."""
    return EncodedCorpus(corpus.ids[chosen], offsets_of(chosen)[corpus.offsets], corpus.vocabulary)


def coherence(corpus: EncodedCorpus, topics: list[list[str]]) -> tuple[list[float], list[float]]:
    """NPMI and C_v of each topic, given by its words, the heaviest first.

    >>> from nlpcli.engine.corpus.encoding import encode_documents
    >>> from nlpcli.settings.text import AnalysisSettings
    >>> from nlpcli.settings.vocabulary import VocabularySettings
    >>> texts = encode_documents([["a b"] * 5 + ["c d"] * 5], AnalysisSettings(), VocabularySettings())
    >>> [round(value, 2) for value in coherence(texts, [["a", "b"], ["a", "d"]])[0]]
    [1.0, -0.95]
    """
    asked = list(dict.fromkeys(word for words in topics for word in words))
    number_of = {word: number for number, word in enumerate(asked)}
    ids = corpus.vocabulary.ids_of(asked)
    number = np.full(len(corpus.vocabulary), -1, dtype=np.int64)
    number[ids[ids >= 0]] = np.flatnonzero(ids >= 0)
    places = [[number_of[word] for word in words] for words in topics]
    narrow, wide = (_npmi(*_windows(corpus, number, len(asked), size)) for size in (_NPMI_WINDOW, _CV_WINDOW))
    return [_mean_of_pairs(narrow, words) for words in places], [_c_v(wide, words) for words in places]


def _windows(
    corpus: EncodedCorpus, number: NDArray[np.int64], asked: int, size: int
) -> tuple[NDArray[np.int64], int]:
    """In how many windows two words stand together, and how many windows there are."""

    def part(first: int, last: int) -> tuple[NDArray[np.int64], int]:
        together = np.zeros((asked, asked), dtype=np.int64)
        inside, present = np.zeros(asked, dtype=np.int64), np.zeros(asked, dtype=np.int64)
        windows = kernels.count_windows(
            corpus.ids, corpus.offsets, first, last, number, size, inside, present, together
        )
        return together, windows

    together, windows = np.zeros((asked, asked), dtype=np.int64), 0
    for counts, some in in_threads(part, split_rows(corpus.offsets, 4 * available_cores())):
        together += counts
        windows += some
    return together, windows


def _npmi(together: NDArray[np.int64], windows: int) -> NDArray[np.float64]:
    """Of all pairs, [n, n]: about −1 for words that never stand together (10^-12 is added), 1 for always."""
    joint = together / windows
    alone = np.diagonal(joint)
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log((joint + _LITTLE) / (alone[:, None] * alone[None, :]))
        found = pmi / -np.log(joint + _LITTLE)
    found[~np.isfinite(found)] = 0.0  # a word that is not there
    always = joint >= 1 - 1e-9
    found[always] = 1.0
    clipped: NDArray[np.float64] = np.clip(found, -1.0, 1.0)
    return clipped


def _mean_of_pairs(npmi: NDArray[np.float64], words: list[int]) -> float:
    pairs = [npmi[a, b] for place, a in enumerate(words) for b in words[:place]]
    return float(np.mean(pairs)) if pairs else 0.0


def _c_v(npmi: NDArray[np.float64], words: list[int]) -> float:
    """Each word's vector of NPMI with all words of the topic, against the sum of these vectors."""
    vectors = npmi[np.ix_(words, words)]
    whole = vectors.sum(axis=0)
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(whole)
    cosines = np.divide(vectors @ whole, lengths, out=np.zeros(len(words)), where=lengths > 0)
    return float(cosines.mean()) if len(words) else 0.0
