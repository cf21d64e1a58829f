"""Texts as ids, made on many machines, for trainings on one.

    shard ─ analysed once ─▶ ids of its own types ──────────────────┐
                               types, added up ─▶ vocabulary ─ given to each ─▶ its ids, joined in order

What comes here are four bytes a token, and the vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.empty_corpus import NoTokens
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus, renumber
from nlpcli.engine.corpus.encoding import encode_every
from nlpcli.engine.corpus.token_counts import TokenCounting, TokenCounts, Tokens
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.distributed.counts import cluster_job
from nlpcli.engine.distributed.cuts import Reading
from nlpcli.engine.distributed.plan import Piece
from nlpcli.engine.distributed.told import Told
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.records import Records
from nlpcli.engine.runtime.arrays import joined, offsets_of
from nlpcli.engine.runtime.progress import Progress
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings


@dataclass(frozen=True, eq=False)
class _Ids:
    """Some documents: ids int32 [N], and how many each has, int64 [D]."""

    ids: NDArray[np.int32]
    lengths: NDArray[np.int64]


def encode_on_cluster(
    paths: Paths,
    analysis: AnalysisSettings,
    vocabulary: VocabularySettings,
    reading: Reading,
    machines: DistributedSettings,
    progress: Progress,
) -> EncodedCorpus:
    """Documents as ids: what `encode_documents` gives of all of them on one machine.

    Raises NoTokens where there are none, ClusterError, and what reading and choosing a vocabulary raise.
    """
    counting = TokenCounting(analysis, "1", vocabulary)
    with cluster_job(paths, reading, machines, progress) as job:
        shards = job.parts(partial(_encoded, analysis, reading), "encoding")
        counts = job.merge([job.then(_counts, shard) for shard in shards], counting.merge)
        chosen = job.then(partial(selected, counting), counts)
        found = job.got(chosen)  # so that a vocabulary without words is told before ids are made
        ids: _Ids = job.got(job.merge([job.then(_renumbered, shard, chosen) for shard in shards], _both))
    return EncodedCorpus(ids.ids, offsets_of(ids.lengths), found)


def selected(counting: TokenCounting, merged: TokenCounts) -> Vocabulary:
    """The words that are chosen of all: by a task, so that they are chosen again where they are lost.

    Raises NoTokens where there are none.
    """
    told = Told()
    vocabulary = counting.finish(merged, told)
    if not merged.words:
        raise NoTokens(told.notes[0], hint="is it the right file, or column?")
    return vocabulary


def _encoded(
    analysis: AnalysisSettings, reading: Reading, piece: Piece, told: Told
) -> tuple[EncodedCorpus, TokenCounts]:
    """A shard as ids of its own types, and these as counts that add up."""
    rows = Records(piece.paths, reading.records, reading.text, labelled=False, progress=told)
    corpus, counted = encode_every(rows.documents(), analysis)
    why_none = "" if len(counted.types) else counted.why_none().message
    counts = TokenCounts(Tokens.of(counted.types, piece.number), counted.lines, counted.types.total, why_none)
    return EncodedCorpus(np.asarray(corpus.ids), corpus.offsets, corpus.vocabulary), counts


def _counts(shard: tuple[EncodedCorpus, TokenCounts]) -> TokenCounts:
    return shard[1]


def _renumbered(shard: tuple[EncodedCorpus, TokenCounts], vocabulary: Vocabulary) -> _Ids:
    corpus = shard[0]
    made = renumber(corpus, vocabulary.ids_of(corpus.vocabulary.tokens), vocabulary)
    return _Ids(made.ids, np.diff(made.offsets))


def _both(one: _Ids, other: _Ids) -> _Ids:
    ids, lengths = joined([one, other], lambda some: (some.ids, some.lengths))
    return _Ids(ids, lengths)
