"""Co-occurrence counts on disk: `.npz` files that scipy reads, and their exact sums.

The arrays of `scipy.sparse.save_npz` (CSR, float64 counts) and beside them the vocabulary, the
unit and the settings, which scipy passes over. Counts are multiples of 1/unit, so the whole
number of units comes back from the float64 by rounding, and sums of files are exact.

Not here: how counts are made (`cooccurrence.py`).
"""

from __future__ import annotations

import itertools
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.cooccurrence import (
    Counts,
    Rows,
    Scratch,
    ShelvedCounts,
    SummedCounts,
    TextCounts,
    group_bounds,
    unit_of,
)
from nlpcli.engine.encoding import available_cores, encode
from nlpcli.engine.progress import SILENT, Progress
from nlpcli.engine.store import Model, write_atomically
from nlpcli.engine.threads import Stop, run_threads
from nlpcli.engine.vocabulary import Vocabulary
from nlpcli.errors import InputError, ModelError, SettingsError
from nlpcli.settings import (
    AnalysisSettings,
    CooccurrenceSettings,
    GloveResources,
    InputSettings,
    VocabularySettings,
)

_MEMBERS = ("data", "indices", "indptr", "shape", "format", "nlpcli")
_MAX_RECORD = 100 << 20


@dataclass(frozen=True, eq=False)
class Cooccurrence:
    """A co-occurrence matrix [V, V] with all that is needed to go on counting or to train.

    indptr int64 [V + 1], columns int32 [n] and units int64 [n] are its CSR form; the count of a
    cell is units / unit. Also a `Counts`, which gives its rows group by group.
    """

    vocabulary: Vocabulary
    settings: CooccurrenceSettings
    analysis: AnalysisSettings
    indptr: NDArray[np.int64]
    columns: NDArray[np.int32]
    units: NDArray[np.int64]

    @property
    def words(self) -> int:
        """The size of the vocabulary."""
        return len(self.vocabulary)

    @property
    def unit(self) -> int:
        """Counts are kept in fractions of it."""
        return unit_of(self.settings)

    @property
    def bounds(self) -> NDArray[np.int64]:
        """Where groups of rows begin, and the end."""
        return group_bounds(self.vocabulary.counts, self.settings)

    def group(self, number: int, scratch: Scratch, stop: Stop) -> Rows:  # noqa: ARG002
        """Rows bounds[number] to bounds[number + 1]."""
        first, last = self.bounds[number : number + 2].tolist()
        begin, end = self.indptr[first], self.indptr[last]
        return Rows(self.indptr[first + 1 : last + 1] - begin, self.columns[begin:end], self.units[begin:end])

    def dense(self) -> NDArray[np.float64]:
        """The matrix as counts [V, V]; for small vocabularies."""
        matrix = np.zeros((self.words, self.words))
        rows = np.repeat(np.arange(self.words), np.diff(self.indptr))
        matrix[rows, self.columns] = self.units / self.unit
        return matrix

    def pairs(self) -> Iterator[tuple[int, int, float]]:
        """Every non-zero cell: row, column, count."""
        for row in range(self.words):
            begin, end = self.indptr[row], self.indptr[row + 1]
            counts = self.units[begin:end] / self.unit
            yield from zip(
                itertools.repeat(row), self.columns[begin:end].tolist(), counts.tolist(), strict=False
            )


def count(
    paths: Sequence[str] | None,
    counting: CooccurrenceSettings,
    vocabulary: VocabularySettings | Vocabulary,
    analysis: AnalysisSettings,
    reading: InputSettings = InputSettings(),  # noqa: B008 (frozen)
    resources: GloveResources = GloveResources(),  # noqa: B008 (frozen)
    progress: Progress = SILENT,
) -> Cooccurrence:
    """How often the words of some files stand near each other.

    Raises InputError for unreadable files and when no word is left for a vocabulary.
    """
    corpus = encode(paths, analysis, vocabulary, reading, progress)
    counts = TextCounts(corpus, counting)
    threads = resources.threads or available_cores()
    return collect(counts, corpus.vocabulary, counting, analysis, threads=threads, progress=progress)


def collect(
    counts: Counts,
    vocabulary: Vocabulary,
    settings: CooccurrenceSettings,
    analysis: AnalysisSettings,
    *,
    threads: int = 1,
    progress: Progress = SILENT,
) -> Cooccurrence:
    """All rows of a matrix in memory."""
    shelf = ShelvedCounts(counts.words, counts.unit, counts.bounds, memory=1 << 62)
    fill(shelf, counts, threads, progress)
    groups = [shelf.group(number, Scratch(0), Stop()) for number in range(len(counts.bounds) - 1)]
    before = np.cumsum([0, *(len(rows.columns) for rows in groups)])
    return Cooccurrence(
        vocabulary,
        settings,
        analysis,
        np.concatenate(
            [np.zeros(1, np.int64), *(rows.ends + start for rows, start in zip(groups, before, strict=False))]
        ),
        np.concatenate([rows.columns for rows in groups]),
        np.concatenate([rows.units for rows in groups]),
    )


def fill(shelf: ShelvedCounts, counts: Counts, threads: int, progress: Progress) -> None:
    """Make every group of `counts` and put it on the shelf, in several threads."""
    numbers = iter(range(len(counts.bounds) - 1))
    total = len(counts.bounds) - 1

    def work(_thread: int, stop: Stop) -> None:
        scratch = Scratch(counts.words)
        for number in numbers:
            if stop:
                return
            rows = counts.group(number, scratch, stop)
            if not stop:
                shelf.put(number, rows)
                progress.update("counting", number + 1, total)

    run_threads(work, min(threads, total))


def save(path: str, counts: Cooccurrence) -> None:
    """Write counts as an `.npz` file, atomically; the same counts give the same bytes."""
    record = {"settings": counts.settings.to_record(), "analysis": counts.analysis.to_record(), "format": 1}
    members: Mapping[str, NDArray[Any]] = {
        "format": np.array("csr".encode("ascii")),
        "shape": np.array([counts.words, counts.words], dtype=np.int64),
        "indptr": counts.indptr,
        "indices": counts.columns,
        "data": counts.units / counts.unit,
        "nlpcli": np.array(json.dumps(record, sort_keys=True, ensure_ascii=False)),
        **counts.vocabulary.to_tensors(),
    }
    with write_atomically(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in members.items():
            # A ZipInfo made by hand has a fixed date: no time in the file.
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array, order="C"), allow_pickle=False)


def load(path: str) -> Cooccurrence:
    """The counts that `save` wrote.

    Raises InputError for a missing file and ModelError for one that is damaged or not counts.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = {
                info.filename.removesuffix(".npy"): _read_member(archive, info) for info in archive.infolist()
            }
        record = json.loads(str(arrays["nlpcli"]))
        settings = CooccurrenceSettings.from_record(record["settings"])
        analysis = AnalysisSettings.from_record(record["analysis"])
        vocabulary = Vocabulary.from_model(Model("counts", {}, arrays))
        counts = Cooccurrence(
            vocabulary,
            settings,
            analysis,
            arrays["indptr"].astype(np.int64),
            arrays["indices"].astype(np.int32),
            np.rint(arrays["data"] * unit_of(settings)).astype(np.int64),
        )
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, EOFError) as error:
        raise ModelError(
            f"{path} is not a file of co-occurrence counts",
            hint="nlpcli cooccur FILE… -o counts.npz makes one",
        ) from error
    _check(path, counts)
    return counts


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError("compressed")  # a small file could then claim a huge array
    with archive.open(info) as member:
        array: NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
    return array


def _check(path: str, counts: Cooccurrence) -> None:
    """Raise ModelError unless every index points inside the matrix: kernels do not look again."""
    indptr, columns = counts.indptr, counts.columns
    sound = (
        indptr.shape == (counts.words + 1,)
        and columns.ndim == 1
        and columns.shape == counts.units.shape
        and indptr[0] == 0
        and indptr[-1] == len(columns)
        and bool((np.diff(indptr) >= 0).all())
        and (
            not len(columns)
            or (columns.min() >= 0 and columns.max() < counts.words and counts.units.min() > 0)
        )
    )
    if sound:
        falls = np.flatnonzero(np.diff(columns) <= 0) + 1
        sound = bool(np.isin(falls, indptr).all())
    if not sound:
        raise ModelError(f"{path} is damaged: its matrix does not fit together")


def merge(parts: Sequence[Cooccurrence], *, threads: int = 1, progress: Progress = SILENT) -> Cooccurrence:
    """The exact sum of counts of several texts; the vocabularies are united, most frequent first.

    Equal to counting all texts at once, when no shard dropped a word (`--min-count 1`) or all
    used one vocabulary.

    Raises SettingsError when they were counted in different ways.
    """
    first = parts[0]
    for part in parts[1:]:
        if (part.settings, part.analysis) != (first.settings, first.analysis):
            raise SettingsError(
                "the counts were made with different settings and cannot be added",
                hint="count all shards with the same options",
            )
    vocabulary = _united([part.vocabulary for part in parts])
    moved: list[Counts] = [_renumbered(part, vocabulary) for part in parts]
    return collect(
        SummedCounts(moved), vocabulary, first.settings, first.analysis, threads=threads, progress=progress
    )


def _united(vocabularies: Sequence[Vocabulary]) -> Vocabulary:
    total: dict[str, int] = {}
    for vocabulary in vocabularies:
        for token, count in zip(vocabulary.tokens, vocabulary.counts.tolist(), strict=True):
            total[token] = total.get(token, 0) + count
    ordered = sorted(total, key=lambda token: -total[token])
    return Vocabulary.of(ordered, [total[token] for token in ordered])


def _renumbered(counts: Cooccurrence, vocabulary: Vocabulary) -> Cooccurrence:
    """The same counts as rows and columns of a larger vocabulary."""
    new = np.array([vocabulary.id_of[token] for token in counts.vocabulary.tokens], dtype=np.int32)
    rows = np.repeat(new, np.diff(counts.indptr))
    columns = new[counts.columns]
    order = np.lexsort((columns, rows))
    indptr = np.zeros(len(vocabulary) + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows, minlength=len(vocabulary)), out=indptr[1:])
    return Cooccurrence(
        vocabulary, counts.settings, counts.analysis, indptr, columns[order], counts.units[order]
    )
