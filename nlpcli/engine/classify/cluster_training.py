"""Naive Bayes on many machines: the counts of shards by class, added up; the model is that of one machine.

What the texts are looked at for, where nobody said, is guessed from the first of them, so that all shards are
counted alike, and is held against all of them at the end: where the guess was wrong, they are counted again.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any

from nlpcli.engine.classify.automatic_features import resolved
from nlpcli.engine.classify.naive_bayes import NaiveBayes
from nlpcli.engine.classify.partial_counts import ClassCounting, ClassCounts
from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.distributed.counts import Job, cluster_job
from nlpcli.engine.distributed.cuts import Reading
from nlpcli.engine.distributed.plan import Piece
from nlpcli.engine.distributed.told import Told
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.record_formats import Documents
from nlpcli.engine.io.records import Records
from nlpcli.engine.io.shards import Shard
from nlpcli.engine.runtime.progress import Progress
from nlpcli.errors import SettingsError
from nlpcli.settings.classify import FeatureSettings
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.vocabulary import VocabularySettings

_GUESSED_FROM = 2000  # texts
_ALONE = "train it on one large machine, without --cluster"
# What a user can do instead.
_WAYS_ROUND = {
    "--method nbsvm": "choose another method, or " + _ALONE,
    "--append": "train on the new texts with --partial, and let merge add them up",
    "--prune": _ALONE,
    "--calibrate": _ALONE,
    "--autotune": "search on a part of the texts without --cluster, and say what was found",
    "--holdout": "split texts off with nlpcli split, and measure on them: --test FILE",
    "--cross-validate": "split texts off with nlpcli split, and measure on them: --test FILE",
    "--show-work": "show it of a few texts without --cluster",
}


def refuse_at_once(wanted: dict[str, bool]) -> None:
    """Raise SettingsError for an option that needs all texts at once, with the way round."""
    for option, is_wanted in wanted.items():
        if is_wanted:
            raise SettingsError(
                f"{option} does not go with --cluster: it needs all texts at once", hint=_WAYS_ROUND[option]
            )


def counted_on_cluster(
    paths: Paths, counting: ClassCounting, machines: DistributedSettings, progress: Progress
) -> ClassCounts:
    """The counts of all texts. Raises ClusterError, and what `ClassCounting.part` raises."""
    reading = Reading(counting.reading, counting.records, labelled=True)
    with cluster_job(paths, reading, machines, progress) as job:
        if not counting.features.decided:
            guessed = job.first(partial(_guess, counting), "looking at the first texts")
            counting = dataclasses.replace(counting, counted=guessed)
        slices = _in_slices(job, counting)
        if not counting.features.decided:
            wanted = counting.decide(
                counting.join([job.got(job.then(ClassCounts.without_features, each)) for each in slices])
            )
            if not counting.counts_by(wanted):
                progress.note(
                    "by all texts together other n-grams are counted than by the first: counting again"
                )
                counting = dataclasses.replace(counting, counted=wanted)
                slices = _in_slices(job, counting)
        found: list[ClassCounts] = [job.got(each) for each in slices]
    return counting.join(found) if len(found) > 1 else found[0]


def _in_slices(job: Job, counting: ClassCounting) -> list[Any]:
    """The promises of the counts of all texts, in slices by key: as many features in each, since keys are
    hashes."""
    ends = [(number << 64) // job.slices for number in range(job.slices + 1)]
    takes = [partial(_between, *some) for some in itertools.pairwise(ends)]
    return job.in_slices(partial(_part, counting), takes, counting.merge, "counting")


def _part(counting: ClassCounting, piece: Piece, told: Told) -> ClassCounts:
    return counting.part(Shard(piece.number, piece.paths), told).by_key()


def _between(first: int, last: int, counts: ClassCounts) -> ClassCounts:
    return counts.between(first, last)


def trained_on_cluster(
    paths: Paths, counting: ClassCounting, machines: DistributedSettings, progress: Progress
) -> tuple[NaiveBayes, int]:
    """The model of all texts, and how many they are. Raises what `ClassCounting.finish` raises too."""
    counts = counted_on_cluster(paths, counting, machines, progress)
    return counting.finish(counts, progress), counts.texts


def _guess(counting: ClassCounting, piece: Piece, told: Told) -> FeatureSettings:
    """What the first texts of a shard decide."""
    source = Records(piece.paths, counting.records, counting.reading, progress=told)
    corpus = encode_documents(
        _first(source.texts()), counting.analysis, VocabularySettings(vocab_order="first-seen")
    )
    return resolved(counting.features, counting.settings.variant, corpus)


def _first(batches: Iterator[list[str]]) -> Iterator[Documents]:
    left = _GUESSED_FROM
    for batch in batches:
        yield batch[:left]
        left -= len(batch)
        if left <= 0:
            return
