"""`vectorize` on many machines: the frequencies of all shards first, then the rows of each, joined.

No sum goes over rows, so those of a shard are, to the bit, those of all at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from nlpcli.engine.distributed.counts import cluster_job
from nlpcli.engine.distributed.cuts import Reading
from nlpcli.engine.distributed.plan import Piece
from nlpcli.engine.distributed.told import Told
from nlpcli.engine.documents.partial_counts import FrequencyCounting, FrequencyFile
from nlpcli.engine.documents.sparse import SparseMatrix
from nlpcli.engine.documents.vectorizer import Vectorizer, hashed
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.records import Records
from nlpcli.engine.runtime.progress import Progress
from nlpcli.settings.distributed import DistributedSettings


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Rows of some documents, and their labels; None where none are read."""

    matrix: SparseMatrix
    labels: list[str] | None

    def followed_by(self, other: LabelledRows) -> LabelledRows:
        """The rows of both."""
        one, two = self.matrix, other.matrix
        matrix = SparseMatrix(
            np.concatenate([one.data, two.data]),
            np.concatenate([one.indices, two.indices]),
            np.concatenate([one.indptr, two.indptr[1:] + one.indptr[-1]]),
            one.columns,
        )
        labels = None if self.labels is None else [*self.labels, *(other.labels or ())]
        return LabelledRows(matrix, labels)


def rows_on_cluster(
    paths: Paths,
    counting: FrequencyCounting,
    vectorizer: Vectorizer | None,
    machines: DistributedSettings,
    progress: Progress,
) -> tuple[LabelledRows, Vectorizer | None]:
    """The rows of all documents, by a vectorizer that is there already, or one of the frequencies of all.

    Raises ClusterError, and what both passes raise.
    """
    reading = Reading(counting.reading, counting.records, labelled=counting.records.has_labels)
    with cluster_job(paths, reading, machines, progress) as job:
        if counting.settings.kind == "hashing":
            promise = None
        elif vectorizer is not None:
            promise = job.then(partial(_given, vectorizer))
        else:
            promise = job.then(counting.finish, job.merged(counting, "counting documents"))
            vectorizer = job.got(promise)
        shared = () if promise is None else (promise,)
        work = partial(_rows, counting)
        made: LabelledRows = job.got(job.reduced(work, LabelledRows.followed_by, "weighing", *shared))
    return made, vectorizer


def frequencies_on_cluster(
    paths: Paths, counting: FrequencyCounting, machines: DistributedSettings, progress: Progress
) -> FrequencyFile:
    """The frequencies of all documents, as `merge` would add them up."""
    reading = Reading(counting.reading, counting.records, labelled=counting.records.has_labels)
    with cluster_job(paths, reading, machines, progress) as job:
        counts = job.got(job.merged(counting, "counting documents"))
    return FrequencyFile(counts, counting.analysis, counting.settings.ngrams, counting.settings.char_ngrams)


def _given(vectorizer: Vectorizer) -> Vectorizer:
    return vectorizer


def _rows(
    counting: FrequencyCounting, piece: Piece, told: Told, vectorizer: Vectorizer | None = None
) -> LabelledRows:
    labelled = counting.records.has_labels
    rows = Records(piece.paths, counting.records, counting.reading, labelled=labelled, progress=told)
    if vectorizer is None:
        matrix = hashed(rows.documents(), counting.analysis, counting.settings)
    else:
        matrix = vectorizer.rows(rows.documents())
    labels = rows.labels(matrix.documents) if labelled else None
    return LabelledRows(replace(matrix, documents=None), labels)
