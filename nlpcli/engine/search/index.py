"""Texts made ready for searching: who says which word how often, and the texts themselves.

An index is one model file that needs neither the texts nor the word vectors it was made from.
Not here: ranking (`ranking.py`) and what is shown of a text (`snippets.py`).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.documents import sparse
from nlpcli.engine.io.folders import files_in
from nlpcli.engine.io.model_file import read_model, write_model
from nlpcli.engine.io.opening import STDIN, display_name, open_bytes
from nlpcli.engine.io.text_lines import text_lines
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.search.answers import read_pairs
from nlpcli.engine.search.ranking import Hit, Search, idf
from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.engine.text.arguments import plain_settings
from nlpcli.engine.vectors.document_vectors import document_vectors
from nlpcli.engine.vectors.word_vectors import Vectors
from nlpcli.errors import InputError
from nlpcli.settings.fields import whole_number
from nlpcli.settings.input import FolderSettings, InputSettings
from nlpcli.settings.search import AnswerSettings, IndexSettings, SearchSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

KIND = "index"
_STRINGS = ("terms", "texts", "files")
_ARRAYS = ("lengths", "norms", "file_numbers", "lines", "term_vectors", "document_vectors")
_POSTINGS = ("starts", "documents", "counts")


@dataclass(frozen=True, eq=False)
class Postings:
    """For term t the documents in documents[starts[t]:starts[t + 1]], ascending, and counts there."""

    starts: NDArray[np.int64]
    documents: NDArray[np.int32]
    counts: NDArray[np.int32]

    def of(self, term: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The documents of a term, and how often it stands in each."""
        cells = slice(int(self.starts[term]), int(self.starts[term + 1]))
        return self.documents[cells], self.counts[cells]


@dataclass(frozen=True, eq=False)
class SearchIndex:
    """Documents [D] and terms [V].

    lengths: terms per document, int32 [D]. norms: length of each TF-IDF row, float32 [D]. files
    and their numbers int32 [D], lines int32 [D]: where each document begins. texts: the documents.
    term_vectors float32 [V, dim] and document_vectors float32 [D, dim], if word vectors were given.
    answers [D]: of an index of questions, which are its texts.
    """

    analysis: AnalysisSettings
    settings: IndexSettings
    terms: PackedTokens
    postings: Postings
    lengths: NDArray[np.int32]
    norms: NDArray[np.float32]
    texts: PackedTokens
    files: PackedTokens
    file_numbers: NDArray[np.int32]
    lines: NDArray[np.int32]
    term_vectors: NDArray[np.float32] | None = None
    document_vectors: NDArray[np.float32] | None = None
    answers: PackedTokens | None = None

    def __len__(self) -> int:
        return len(self.texts)

    @functools.cached_property
    def analyzer(self) -> Analyzer:
        """What turns queries into words as it did the documents."""
        return Analyzer(self.analysis)

    @plain_settings
    def search(self, query: str, settings: SearchSettings = SearchSettings()) -> list[Hit]:
        """The documents that answer a query, the best first: `.search("deep learning", top_k=3)`.

        Raises InputError when no word of the query stands in any document.
        """
        return Search(self, settings).find(query)

    def document_at(self, place: str) -> int:
        """The document that begins at `file:line` or before it in that file, and none between.

        Raises InputError for a file that is not in the index, and for a line before its first document.
        """
        name, _, line = place.rpartition(":")
        if not name or not line.isdecimal():
            raise InputError(f"{place}: no place in a file", hint="wanted: file:line, as search prints it")
        numbers = [number for number in range(len(self.files)) if self.files[number] == name]
        inside = np.isin(self.file_numbers, numbers) & (self.lines <= whole_number(line))
        if not inside.any():
            raise InputError(
                f"{place}: the index has no document there",
                hint="files are called as they were when they were indexed: search prints their names",
            )
        return int(np.flatnonzero(inside)[-1])

    @plain_settings
    def more_like(self, places: Sequence[str], settings: SearchSettings = SearchSettings()) -> list[Hit]:
        """The documents most like those at some places, `file:line`, which are not among them."""
        return Search(self, settings).more_like(places)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index as one model file."""
        tensors: dict[str, NDArray[Any]] = {
            "postings.starts": self.postings.starts,
            "postings.documents": self.postings.documents,
            "postings.counts": self.postings.counts,
            "lengths": self.lengths,
            "norms": self.norms,
            "file_numbers": self.file_numbers,
            "lines": self.lines,
        }
        for name in _STRINGS:
            tensors |= getattr(self, name).to_tensors(name)
        if self.term_vectors is not None and self.document_vectors is not None:
            tensors |= {"term_vectors": self.term_vectors, "document_vectors": self.document_vectors}
        if self.answers is not None:
            tensors |= self.answers.to_tensors("answers")
        header = {"analysis": self.analysis.to_record(), "settings": self.settings.to_record()}
        write_model(path, KIND, header, tensors)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SearchIndex:
        """Read an index. Raises ModelError."""
        model = read_model(path, KIND)
        strings = {name: PackedTokens.from_model(model, name) for name in _STRINGS}
        if "answers.bytes" in model.tensors:
            strings["answers"] = PackedTokens.from_model(model, "answers")
        arrays: dict[str, Any] = {name: model.tensors.get(name) for name in _ARRAYS}
        return cls(
            **{**model.fields, **strings, **arrays},
            postings=Postings(*(model.tensors[f"postings.{name}"] for name in _POSTINGS)),
        )


def is_index(path: str) -> bool:
    """Is this a model file? (`SearchIndex.load` says which kind it needs.)"""
    if not os.path.isfile(path):  # noqa: PTH113
        return False
    with open_bytes(path) as (stream, _):
        start = stream.peek(16)  # type: ignore[attr-defined]
    return len(start) > 9 and start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 100 << 20


# --- making one -----------------------------------------------------------------------------


def build(
    paths: Sequence[str],
    analysis: AnalysisSettings = AnalysisSettings(lowercase=True),
    settings: IndexSettings = IndexSettings(),
    reading: InputSettings = InputSettings(),
    vectors: Vectors | None = None,
    folders: FolderSettings = FolderSettings(),
    progress: Progress = SILENT,
    columns: AnswerSettings = AnswerSettings(),
) -> SearchIndex:
    """An index of some texts: files, `-`, and folders with all text files in them.

    Files in a folder that are hidden, binary or badly encoded are passed over, which `progress`
    is told; a named file is an error then. Raises InputError when there is no text, and for what
    may not be read (`folders`).
    """
    found, answers = _Documents(), None
    if columns.answer_col is not None:
        pairs = read_pairs(paths, columns, reading, progress)
        found = _Documents(pairs.questions, pairs.files, pairs.file_numbers, pairs.rows)
        answers, paths = PackedTokens.of(pairs.answers), []
    for path, optional in _files(paths, folders, progress):
        try:
            found.add(path, settings.unit, reading)
        except InputError as error:
            if not optional:
                raise
            progress.lost(f"passed over {error.message}")
    if not found.texts:
        raise InputError(f"no text in {', '.join(map(display_name, paths or found.files))}")
    plain = [text.replace("\n", " ") for text in found.texts]
    counts = encode_documents([plain], analysis, VocabularySettings(vocab_order="first-seen"))
    terms, lengths = counts.vocabulary.tokens, np.diff(counts.offsets).astype(np.int32)
    matrix = sparse.count_matrix(counts)
    del counts  # its ids take as much room as the texts, which are now packed
    postings, norms = _postings(matrix)
    known = means = None
    if vectors is not None:
        known = _term_vectors(terms, vectors)
        named = Vectors(terms, known)
        means = document_vectors([plain], named, analysis)
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), np.float32(1e-12))
    return SearchIndex(
        analysis,
        settings,
        PackedTokens.of(terms),
        postings,
        lengths,
        norms,
        PackedTokens.of(found.texts),
        PackedTokens.of(found.files),
        np.array(found.file_numbers, dtype=np.int32),
        np.array(found.lines, dtype=np.int32),
        known,
        means,
        answers,
    )


def _postings(matrix: sparse.SparseMatrix) -> tuple[Postings, NDArray[np.float32]]:
    """Counts by term, and the length of each document's TF-IDF row."""
    import scipy.sparse

    by_document = scipy.sparse.csr_array((matrix.data, matrix.indices, matrix.indptr), shape=matrix.shape)
    by_term = by_document.tocsc()
    starts = by_term.indptr.astype(np.int64)
    weights = matrix.data * idf(np.diff(starts), matrix.shape[0])[matrix.indices]
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    norms = np.sqrt(np.bincount(rows, weights=weights**2, minlength=matrix.shape[0]))
    postings = Postings(starts, by_term.indices.astype(np.int32), by_term.data.astype(np.int32))
    return postings, norms.astype(np.float32)


def _term_vectors(terms: Sequence[str], vectors: Vectors) -> NDArray[np.float32]:
    known = np.zeros((len(terms), vectors.dim), dtype=np.float32)
    for number, term in enumerate(terms):
        row = vectors.find(term)
        if row is not None:
            known[number] = vectors.matrix[row]
    if not known.any():
        raise InputError(
            "the word vectors know no word of the texts", hint="are they of another language or case?"
        )
    return known


@dataclass
class _Documents:
    """Documents as they are read, and where each begins."""

    texts: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    file_numbers: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def add(self, path: str, unit: str, reading: InputSettings) -> None:
        """The documents of one file; none of them if it cannot be read to its end."""
        found = list(_units(path, unit, reading))
        for line, text in found:
            self.texts.append(text)
            self.lines.append(line)
            self.file_numbers.append(len(self.files))
        if found:
            self.files.append("<stdin>" if path == STDIN else path)


def _units(path: str, unit: str, reading: InputSettings) -> Iterator[tuple[int, str]]:
    """(first line, text) of each document that is not blank."""
    lines = text_lines([path], reading)
    kept: list[str] = []
    first = 1
    for line in lines:
        if "\0" in line:
            raise InputError(f"{lines.place}: not text: a zero byte in it")
        if unit == "line":
            if line and not line.isspace():
                yield lines.number, line
        elif unit == "paragraph" and not line.strip():
            if kept:
                yield first, "\n".join(kept)
            kept = []
        else:
            first = first if kept else lines.number
            kept.append(line)
    if any(line.strip() for line in kept):
        yield first, "\n".join(kept)


def _files(paths: Sequence[str], folders: FolderSettings, progress: Progress) -> Iterator[tuple[str, bool]]:
    """The files, those in folders in alphabetical order; True for what was found in a folder."""
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112
            yield from ((file, True) for file in files_in(path, folders.on_error, progress))
        else:
            yield path, False
