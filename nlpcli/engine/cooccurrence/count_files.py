"""Co-occurrence counts on disk: `.npz` files that scipy reads, and their exact sums.

The arrays of `scipy.sparse.save_npz` (CSR, float64 counts) and beside them the vocabulary and
the settings, which scipy passes over. Counts are multiples of 1/unit, so the whole number of
units comes back from the float64 by rounding, and sums of files are exact. Files are written
and read group by group, never held whole.

Not here: how counts are made (`counting.py`), and the command (`job.py`).
"""

from __future__ import annotations

import dataclasses
import json
import weakref
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.cooccurrence.counting import (
    Counts,
    Scratch,
    SpilledCounts,
    StoredCounts,
    SummedCounts,
    add_rows,
    unit_of,
)
from nlpcli.engine.cooccurrence.memory import make_plan
from nlpcli.engine.cooccurrence.row_groups import group_bounds, largest_group
from nlpcli.engine.cooccurrence.vocabularies import dropped, united
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.atomic import write_atomically
from nlpcli.engine.io.model_file import parse_json
from nlpcli.engine.io.npz import Arrays, NotArrays, open_arrays
from nlpcli.engine.io.schema import AGAIN, Held
from nlpcli.engine.io.schemas.cooccurrence import COUNTS, count_bounds
from nlpcli.engine.kernels.counts.arguments import Rows
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.sizes import parse_size
from nlpcli.engine.runtime.spill import read_at
from nlpcli.engine.runtime.threads import Stop, available_cores
from nlpcli.errors import InputError, ModelError, OutputError, SettingsError
from nlpcli.settings.embeddings import CooccurrenceSettings, GloveResources
from nlpcli.settings.text import AnalysisSettings

FORMAT = 1
_TABLE_WORDS = 100
_PARTS = ("bytes", "offsets", "counts")
_RANKS = "vocabulary.first"
_WHOLE = (*(f"vocabulary.{name}" for name in _PARTS), "shape", "indptr")  # the others stay in the file


@dataclass(frozen=True, eq=False)
class Cooccurrence:
    """A co-occurrence matrix [V, V] with all that is needed to go on counting or to train.

    vocab_order: by what its words are in order, if they were not given; first_seen: int64 [V], the rank of
    each by first appearance, −1 for one that was not seen; none where that is not known; dropped: whether
    there were tokens of other words.
    """

    vocabulary: Vocabulary
    settings: CooccurrenceSettings
    analysis: AnalysisSettings
    counts: Counts
    vocab_order: str = "frequency"
    first_seen: NDArray[np.int64] | None = None
    dropped: bool = False

    @classmethod
    def of_nothing(
        cls, settings: CooccurrenceSettings, analysis: AnalysisSettings, order: str
    ) -> Cooccurrence:
        """The counts of a part of a text that holds no tokens."""
        none = np.zeros(0, dtype=np.int64)
        counts = SpilledCounts(0, unit_of(settings), np.zeros(1, dtype=np.int64), 0)
        return cls(Vocabulary.of([], []), settings, analysis, counts, order, none)

    def groups(self) -> Iterator[tuple[int, Rows]]:
        """The matrix piece by piece: the first row's number, and some rows."""
        scratch, stop = Scratch(self.counts.words), Stop()
        for number, first in enumerate(self.counts.bounds[:-1].tolist()):
            yield first, self.counts.group(number, scratch, stop)

    def pairs(self) -> Iterator[tuple[int, int, float]]:
        """Every non-zero cell: row, column, count; row by row, columns ascending."""
        for first, rows in self.groups():
            words = np.repeat(np.arange(first, first + len(rows.ends)), np.diff(rows.ends, prepend=0))
            counts = rows.units / self.counts.unit
            yield from zip(words.tolist(), rows.columns.tolist(), counts.tolist(), strict=True)

    def table(self) -> list[list[str]]:
        """The matrix as rows of text, words above and before the counts.

        Raises OutputError when there are too many words to read.
        """
        tokens = self.vocabulary.tokens
        if len(tokens) > _TABLE_WORDS:
            raise OutputError(
                f"a table of {len(tokens):,} words would not be readable",
                hint="use -o counts.npz, or --per-pair for one line per pair",
            )
        rows = zip(tokens, self.dense(), strict=True)
        return [["", *tokens], *([token, *(f"{count:.10g}" for count in row)] for token, row in rows)]

    def dense(self) -> NDArray[np.float64]:
        """The matrix as counts [V, V]; for small vocabularies."""
        matrix = np.zeros((len(self.vocabulary), len(self.vocabulary)))
        for row, column, count in self.pairs():
            matrix[row, column] = count
        return matrix


def spilled(
    matrix: Cooccurrence, *, threads: int = 1, memory: int = 1 << 40, progress: Progress = SILENT
) -> Cooccurrence:
    """The same matrix with all its rows made: in memory, or on disk beyond `memory` bytes."""
    counts = matrix.counts
    spill_store = SpilledCounts(counts.words, counts.unit, counts.bounds, memory)
    spill_store.fill(counts, threads, progress)
    return dataclasses.replace(matrix, counts=spill_store)


# --- writing --------------------------------------------------------------------------------


def save(path: str, matrix: Cooccurrence) -> None:
    """Write counts as an `.npz` file, atomically; the same counts give the same bytes."""
    words = len(matrix.vocabulary)
    counts = matrix.counts if isinstance(matrix.counts, StoredCounts) else spilled(matrix).counts
    assert isinstance(counts, StoredCounts)
    indptr = offsets_of(np.concatenate([np.empty(0, np.int64), *counts.row_lengths()]))
    cells = int(indptr[-1])
    record = {
        "settings": matrix.settings.to_record(),
        "analysis": matrix.analysis.to_record(),
        "format": FORMAT,
        **({"vocab_order": matrix.vocab_order} if matrix.vocab_order != "frequency" else {}),
        **({"dropped": True} if matrix.dropped else {}),
    }
    ranks = {} if matrix.first_seen is None else {_RANKS: matrix.first_seen}
    small: dict[str, NDArray[Any]] = {
        "format": np.array(b"csr"),
        "shape": np.array([words, words], dtype=np.int64),
        "nlpcli": np.frombuffer(
            json.dumps(record, sort_keys=True, ensure_ascii=False).encode(), dtype=np.uint8
        ),
        **matrix.vocabulary.to_tensors(),
        **ranks,
        "indptr": indptr,
    }
    with write_atomically(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in small.items():
            with _member(archive, name) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        with _member(archive, "indices") as member:
            _write_long(member, cells, np.dtype("<i4"), counts.columns())
        with _member(archive, "data") as member:
            _write_long(member, cells, np.dtype("<f8"), _shares(counts.units(), counts.unit))


def _shares(pieces: Iterator[NDArray[np.integer]], unit: int) -> Iterator[NDArray[np.float64]]:
    """Counts from units; each piece lies where the one before lay."""
    room = np.empty(0)
    for units in pieces:
        if len(units) > len(room):
            room = np.empty(len(units))
        yield np.divide(units, np.float64(unit), out=room[: len(units)])


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    # A ZipInfo made by hand has a fixed date: no time in the file.
    return archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True)


def _write_long(member: IO[bytes], length: int, dtype: np.dtype[Any], pieces: Iterator[NDArray[Any]]) -> None:
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (length,)}
    np.lib.format.write_array_header_1_0(member, header)
    for piece in pieces:
        member.write(np.ascontiguousarray(piece, dtype=dtype).data.cast("B") if len(piece) else b"")


# --- reading --------------------------------------------------------------------------------


class CountFile:
    """The matrix in an `.npz` file, read group by group; safe to use from threads."""

    def __init__(self, path: str, held: Held, places: dict[str, int], bounds: NDArray[np.int64]) -> None:
        self.unit = unit_of(held.fields["settings"])
        self.bounds = bounds
        self.indptr = held.arrays["indptr"]
        self.words = len(self.indptr) - 1
        self._file = open(path, "rb")  # noqa: SIM115 (open as long as the counts are in use)
        weakref.finalize(self, self._file.close)
        self._path = path
        self._held = held
        self._places = places

    def rows(self, first: int, last: int) -> Rows:
        """Rows first … last − 1.

        Raises ModelError for indices outside the matrix: kernels do not look again.
        """
        return self.runs([(first, last)])

    def runs(self, runs: Sequence[tuple[int, int]]) -> Rows:
        """Rows first … last − 1 of each of these runs, one behind the other. Raises ModelError likewise."""
        begins, stops = self.indptr[np.array(runs, dtype=np.int64).reshape(-1, 2)].T
        places = offsets_of(stops - begins)
        columns = np.empty(int(places[-1]), dtype="<i4")
        counts = np.empty(int(places[-1]), dtype="<f8")
        for begin, place, end in zip(begins.tolist(), places[:-1].tolist(), places[1:].tolist(), strict=True):
            self._read("indices", columns[place:end], begin)
            self._read("data", counts[place:end], begin)
        lengths = [np.diff(self.indptr[first : last + 1]) for first, last in runs]
        ends = np.cumsum(np.concatenate([np.empty(0, np.int64), *lengths]))
        rising = np.diff(columns) > 0
        rising[ends[(ends > 0) & (ends < len(columns))] - 1] = True  # where a row ends
        pieces = {"indices": columns, "data": counts}
        COUNTS.check(self._path, Held(self._held.fields, self._held.sizes, pieces), pieces)
        if not rising.all():
            raise ModelError(f"{self._path} is damaged: its columns are not in order", hint=AGAIN)
        return Rows(ends, columns, np.rint(counts * self.unit).astype(np.int64))

    def group(self, number: int, scratch: Scratch, stop: Stop) -> Rows:  # noqa: ARG002
        """Rows bounds[number] to bounds[number + 1]."""
        first, last = self.bounds[number : number + 2].tolist()
        return self.rows(first, last)

    def _read(self, name: str, array: NDArray[Any], begin: int) -> None:
        """Fill the array with the numbers from `begin` on."""
        offset = self._places[name] + begin * array.itemsize
        rest = array.data.cast("B") if len(array) else memoryview(b"")
        while len(rest):
            got = read_at(self._file.fileno(), rest[: 1 << 28], offset)
            if not got:
                raise ModelError(f"{self._path} is damaged: it ends too early")
            rest, offset = rest[got:], offset + got


def load(path: str) -> Cooccurrence:
    """The counts that `save` wrote; the matrix stays in the file until it is asked for.

    Raises InputError for a missing file and ModelError for one that is damaged or not counts.
    """
    try:
        with open_arrays(path) as arrays:
            return _load(path, arrays)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except NotArrays as error:
        raise ModelError(
            f"{path} is not a file of co-occurrence counts, or it is damaged ({error})",
            hint="nlpcli cooccur FILE… -o counts.npz makes one",
        ) from error


def _load(path: str, arrays: Arrays) -> Cooccurrence:
    if "nlpcli" not in arrays.members:
        raise NotArrays("it has no nlpcli")
    try:
        header = parse_json(arrays.read("nlpcli").tobytes())
    except RecursionError as error:
        raise NotArrays("its header cannot be read") from error
    fields = COUNTS.read_header(path, header if isinstance(header, dict) else {})
    if fields["format"] > FORMAT:
        raise ModelError(
            f"{path} has counts in format {fields['format']}, this nlpcli reads up to {FORMAT}",
            hint="it was written by a newer nlpcli: upgrade nlpcli to use it",
        )
    settings = fields["settings"]
    sizes = {**COUNTS.fit(path, fields, arrays.members), **count_bounds(unit_of(settings))}
    whole = [*_WHOLE, *({_RANKS} & {*arrays.members})]
    held = Held(fields, sizes, {name: arrays.read(name) for name in whole})
    COUNTS.check(path, held, whole)
    vocabulary = Vocabulary.of_bytes(*(held.arrays[f"vocabulary.{name}"] for name in _PARTS))
    bounds = group_bounds(vocabulary.counts, settings)
    places = {name: arrays.place(name) for name in ("indices", "data")}
    return Cooccurrence(
        vocabulary,
        settings,
        fields["analysis"],
        CountFile(path, held, places, bounds),
        fields["vocab_order"],
        held.arrays.get(_RANKS),
        fields["dropped"],
    )


# --- sums -----------------------------------------------------------------------------------


class RenumberedCounts:
    """Counts of a file as rows and columns of another vocabulary."""

    def __init__(self, part: Cooccurrence, vocabulary: Vocabulary, new: NDArray[np.int32]) -> None:
        counts = part.counts
        assert isinstance(counts, CountFile)
        self._file = counts
        self.words = len(vocabulary)
        self.unit = counts.unit
        self.bounds = group_bounds(vocabulary.counts, part.settings)
        self._new = new
        self._old = np.full(self.words, -1, dtype=np.int64)
        self._old[new] = np.arange(len(new))
        self._same = len(new) == self.words and bool((new == np.arange(len(new))).all())

    def group(self, number: int, scratch: Scratch, stop: Stop) -> Rows:
        """Rows bounds[number] to bounds[number + 1]."""
        first, last = self.bounds[number : number + 2].tolist()
        if self._same:
            return self._file.rows(first, last)
        old = self._old[first:last]
        there = old[old >= 0]
        cuts = np.flatnonzero(np.diff(there) != 1) + 1  # runs of rows that follow one another in the file
        starts, stops = (
            there[[0, *cuts]] if len(there) else there,
            there[[*cuts - 1, -1]] if len(there) else there,
        )
        found = self._file.runs(list(zip(starts.tolist(), (stops + 1).tolist(), strict=True)))
        lengths = np.zeros(last - first, dtype=np.int64)
        lengths[old >= 0] = np.diff(found.ends, prepend=0)
        moved = Rows(np.cumsum(lengths), self._new[found.columns], found.units)
        return add_rows([moved, _no_rows(last - first)], scratch, stop)  # which puts columns in order


def _no_rows(rows: int) -> Rows:
    return Rows(np.zeros(rows, np.int64), np.empty(0, np.int32), np.empty(0, np.int64))


def merge(parts: Sequence[Cooccurrence]) -> Cooccurrence:
    """The exact sum of the counts of several files, which are in the order of the text.

    Equal to counting all texts at once, with the words in the same order, when no shard dropped a word
    (`--min-count 1`) or all used one vocabulary (`--read-vocab`); for files without ranks, which earlier
    versions wrote, up to the order of words of the same count. Sums are made as they are asked for, group by
    group.

    Raises SettingsError when they were counted in different ways.
    """
    first = parts[0]
    for part in parts[1:]:
        mine = (first.settings, first.analysis, first.vocab_order)
        if (part.settings, part.analysis, part.vocab_order) != mine:
            raise SettingsError(
                "the counts were made with different settings and cannot be added",
                hint="count all shards with the same options",
            )
    vocabulary, ranks, news = united(parts)
    moved: list[Counts] = [
        RenumberedCounts(part, vocabulary, new) for part, new in zip(parts, news, strict=True)
    ]
    return dataclasses.replace(
        first,
        vocabulary=vocabulary,
        counts=SummedCounts(moved),
        first_seen=ranks,
        dropped=any(part.dropped for part in parts),
    )


def merge_files(
    paths: Sequence[str], output: str, resources: GloveResources, progress: Progress = SILENT
) -> Cooccurrence:
    """The exact sum of `.npz` files of counts, as `cooccur` makes them, written to another.

    Raises InputError, ModelError and SettingsError as `load` and `merge` do, OutputError for another name.
    """
    if not output.lower().endswith(".npz"):
        raise OutputError(
            f"{output}: added up, counts of cooccur are written as .npz", hint="name a .npz file"
        )
    parts = [load(path) for path in paths]
    total = merge(parts)
    if warning := dropped(parts, paths):
        progress.note(warning)
    group = largest_group(total.vocabulary.counts, total.settings)
    memory, threads = parse_size(resources.memory), resources.threads or available_cores()
    plan = make_plan(memory, threads, len(total.vocabulary), 0, group)
    total = spilled(total, threads=plan.threads, memory=plan.cells, progress=progress)
    save(output, total)
    return total
