"""Co-occurrence on many machines: the words of all shards first, then their cells over these, added up."""

from __future__ import annotations

import dataclasses
import itertools
from functools import partial

import numpy as np

from nlpcli.engine.cooccurrence.count_files import Cooccurrence
from nlpcli.engine.cooccurrence.partial_counts import CellCounts, CooccurrenceCounting
from nlpcli.engine.corpus.cluster_encoding import selected
from nlpcli.engine.corpus.token_counts import TokenCounting
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.distributed.counts import cluster_job
from nlpcli.engine.distributed.cuts import Reading
from nlpcli.engine.distributed.plan import Piece
from nlpcli.engine.distributed.told import Told
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.shards import Shard
from nlpcli.engine.runtime.progress import Progress
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.vocabulary import VocabularySettings


def counted_on_cluster(
    paths: Paths,
    counting: CooccurrenceCounting,
    chosen: Vocabulary | VocabularySettings,
    machines: DistributedSettings,
    progress: Progress,
    *,
    keep_counts: bool = False,
) -> Cooccurrence:
    """The counts of all files, of the words that are `chosen`; `counting` is without them.

    keep_counts: words that are given are as frequent as they were, and not as they are in these files

    Raises NoTokens where there are none, ClusterError, and what both countings raise.
    """
    with cluster_job(paths, Reading.of(counting.reading), machines, progress) as job:
        if isinstance(chosen, Vocabulary):
            promise = job.then(partial(_given, chosen))
        else:
            tokens = TokenCounting(counting.analysis, "1", chosen, counting.reading)
            promise = job.then(partial(selected, tokens), job.merged(tokens, "counting words"))
        vocabulary: Vocabulary = job.got(promise)
        part = partial(_part, counting)
        takes = [partial(_rows, *ends) for ends in row_slices(vocabulary, job.slices)]
        slices = job.in_slices(part, takes, counting.merge, "counting pairs", promise)
        found: list[CellCounts] = [job.got(each) for each in slices]
        del slices  # the workers may let go of them
    if keep_counts and isinstance(chosen, Vocabulary):
        return counting.over(chosen, found)
    return counting.over(vocabulary.with_counts(found[0].seen), found)


def row_slices(vocabulary: Vocabulary, number: int) -> list[tuple[int, int]]:
    """Rows in so many slices at most, of about as many cells as far as the words' counts tell.

    >>> row_slices(Vocabulary.of(["a", "b", "c", "d"], [4, 2, 1, 1]), 2)
    [(0, 1), (1, 4)]
    """
    likely = np.cumsum(np.minimum(vocabulary.counts, len(vocabulary)))
    places = np.searchsorted(likely, np.arange(1, number) * (likely[-1] / number)) + 1
    cuts = np.unique([0, *places.tolist(), len(vocabulary)]).tolist()
    return list(itertools.pairwise(cuts))


def _rows(first: int, last: int, cells: CellCounts) -> CellCounts:
    return cells.slice(first, last)


def _given(vocabulary: Vocabulary) -> Vocabulary:
    return vocabulary


def _part(counting: CooccurrenceCounting, piece: Piece, told: Told, vocabulary: Vocabulary) -> CellCounts:
    return dataclasses.replace(counting, vocabulary=vocabulary).part(Shard(piece.number, piece.paths), told)
