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
from nlpcli.engine.runtime.arrays import joined, offsets_of
from nlpcli.engine.runtime.progress import Progress
from nlpcli.settings.distributed import DistributedSettings


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Rows of some documents, and their labels; None where none are read."""

    matrix: SparseMatrix
    labels: list[str] | None


def rows_of_all(parts: list[LabelledRows]) -> LabelledRows:
    """The rows of some parts, one behind the other. `parts` is emptied; what was copied is let go of."""
    if len(parts) == 1:
        return parts.pop()
    columns = parts[0].matrix.columns
    labels = None
    if parts[0].labels is not None:
        labels = [label for part in parts for label in part.labels or ()]
    data, indices, lengths = joined(
        parts, lambda rows: (rows.matrix.data, rows.matrix.indices, np.diff(rows.matrix.indptr))
    )
    return LabelledRows(SparseMatrix(data, indices, offsets_of(lengths), columns), labels)


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
        promises = job.parts(partial(_rows, counting), "weighing", *shared)
        parts: list[LabelledRows] = []
        while promises:  # those of each shard come here straight from its worker, which then lets go of them
            parts.append(job.got(promises.pop(0)))
    return rows_of_all(parts), vectorizer


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
