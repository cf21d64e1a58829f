"""Co-occurrence on many machines: the words of all shards first, then their cells over these, added up."""

from __future__ import annotations

import dataclasses
import itertools
from functools import partial

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.cooccurrence.count_files import Cooccurrence
from nlpcli.engine.cooccurrence.partial_counts import CellCounts, CooccurrenceCounting
from nlpcli.engine.cooccurrence.row_groups import group_bounds
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
from nlpcli.settings.embeddings import CooccurrenceSettings
from nlpcli.settings.vocabulary import VocabularySettings

_BINS, _DRAWS = 512, 64  # of words by how frequent they are; of how many neighbours there may be


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
        takes = [partial(_pieces, *ends) for ends in piece_slices(vocabulary, counting.counting, job.slices)]
        slices = job.in_slices(part, takes, counting.merge, "counting pairs", promise)
        found: list[CellCounts] = [job.got(each) for each in slices]
        del slices  # the workers may let go of them
    if keep_counts and isinstance(chosen, Vocabulary):
        return counting.over(chosen, found)
    return counting.over(vocabulary.with_counts(found[0].seen), found)


def piece_slices(
    vocabulary: Vocabulary, settings: CooccurrenceSettings, number: int
) -> list[tuple[int, int]]:
    """Pieces of rows in so many slices at most, of about as many cells as far as the words' counts tell.

    >>> counts = [8000, 4000, 2000, 1000, 1000]
    >>> piece_slices(Vocabulary.of("abcde", counts), CooccurrenceSettings(window_size=1), 2)
    [(0, 3), (3, 5)]
    """
    bounds = group_bounds(vocabulary.counts, settings)
    before = np.cumsum(likely_cells(vocabulary.counts, settings))[bounds[1:] - 1]
    cuts = np.searchsorted(before, np.arange(1, number) * (before[-1] / number)) + 1
    cuts = np.unique([0, *cuts.tolist(), len(bounds) - 1]).tolist()
    return list(itertools.pairwise(cuts))


def likely_cells(counts: NDArray[np.int64], settings: CooccurrenceSettings) -> NDArray[np.float64]:
    """How many different neighbours each word has, if these were drawn by how frequent they are: [V].

    >>> likely_cells(np.array([1000, 1]), CooccurrenceSettings(window_size=1)).round(1).tolist()
    [1.9, 0.9]
    """
    ordered = np.sort(counts)
    cuts = np.unique(np.linspace(0, len(ordered), _BINS + 1).astype(int))
    sizes = np.diff(cuts)
    chances = np.add.reduceat(ordered, cuts[:-1]) / sizes / max(int(ordered.sum()), 1)
    draws = np.geomspace(1, max(float(ordered[-1]), 1) * 2 * settings.window_size, _DRAWS)
    found = -np.expm1(-np.outer(draws, chances)) @ sizes
    reach = settings.window_size * (2 if settings.symmetric else 1)
    likely: NDArray[np.float64] = np.interp(counts * float(reach), draws, found)
    return likely


def _pieces(first: int, last: int, cells: CellCounts) -> CellCounts:
    return cells.slice(first, last)


def _given(vocabulary: Vocabulary) -> Vocabulary:
    return vocabulary


def _part(counting: CooccurrenceCounting, piece: Piece, told: Told, vocabulary: Vocabulary) -> CellCounts:
    return dataclasses.replace(counting, vocabulary=vocabulary).part(Shard(piece.number, piece.paths), told)
