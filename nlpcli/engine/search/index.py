"""Texts made ready for searching: who says which word how often, and the texts themselves.

An index is one model file that needs neither the texts nor the word vectors it was made from.
Not here: ranking (`ranking.py`) and what is shown of a text (`snippets.py`).
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.encoding import encode_documents
from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.io.model_file import Model, read_model, write_model
from nlpcli.engine.io.opening import display_name, open_bytes
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.search.answers import read_pairs
from nlpcli.engine.search.documents import Documents, read_all
from nlpcli.engine.search.first_format import PLAIN, from_plain
from nlpcli.engine.search.postings import Postings, postings_of, usual_k1
from nlpcli.engine.search.ranking import Hit, Search
from nlpcli.engine.search.strings import MappedStrings
from nlpcli.engine.search.terms import kind_for, terms_of_words
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
_ARRAYS = ("lengths", "norms", "file_numbers", "lines", "term_vectors", "document_vectors")
_POSTINGS = ("frequencies", "ends", "widths", "places", "cosines", "okapi", "packed")
_VERIFIED = 32 << 20  # bytes of a file that is read whole before it is used
_AS_ASKED = ("texts.bytes", "postings.packed")  # what of a larger one is looked at as it is used


@dataclass(frozen=True, eq=False)
class SearchIndex:
    """Documents [D] and terms [V], these by their bytes ascending.

    lengths: terms per document, int32 [D]. norms: length of each TF-IDF row, float32 [D]. files
    and their numbers int32 [D], lines int32 [D]: where each document begins. texts: the documents.
    term_vectors float32 [V, dim] and document_vectors float32 [D, dim], if word vectors were given.
    answers [D]: of an index of questions, which are its texts.
    """

    analysis: AnalysisSettings
    settings: IndexSettings
    terms: MappedStrings
    postings: Postings
    lengths: NDArray[np.int32]
    norms: NDArray[np.float32]
    texts: MappedStrings
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
        """The document that has the line at `file:line`.

        Raises InputError for a file that is not in the index, and for a line that no document has.
        """
        name, _, line = place.rpartition(":")
        if not name or not line.isdecimal():
            raise InputError(f"{place}: no place in a file", hint="wanted: file:line, as search prints it")
        numbers = [number for number in range(len(self.files)) if self.files[number] == name]
        asked = whole_number(line)
        before = np.flatnonzero(np.isin(self.file_numbers, numbers) & (self.lines <= asked))
        found = int(before[-1]) if len(before) else None
        if found is None or asked > int(self.lines[found]) + str(self.texts[found]).count("\n"):
            raise InputError(
                f"{place}: the index has no document there",
                hint="files are called as they were when they were indexed: search prints their names",
            )
        return found

    @plain_settings
    def more_like(self, places: Sequence[str], settings: SearchSettings = SearchSettings()) -> list[Hit]:
        """The documents most like those at some places, `file:line`, which are not among them."""
        return Search(self, settings).more_like(places)

    def place_of(self, document: int) -> tuple[str, int]:
        """The file of a document, and the line it begins at."""
        return self.files[int(self.file_numbers[document])], int(self.lines[document])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index as one model file."""
        tensors: dict[str, NDArray[Any]] = {
            **{f"postings.{name}": getattr(self.postings, name) for name in _POSTINGS},
            "lengths": self.lengths,
            "norms": self.norms,
            "file_numbers": self.file_numbers,
            "lines": self.lines,
        }
        for name in ("terms", "texts", "files"):
            tensors |= getattr(self, name).to_tensors(name)
        if self.term_vectors is not None and self.document_vectors is not None:
            tensors |= {"term_vectors": self.term_vectors, "document_vectors": self.document_vectors}
        if self.answers is not None:
            tensors |= self.answers.to_tensors("answers")
        header = {
            "analysis": self.analysis.to_record(),
            "settings": self.settings.to_record(),
            "postings": "blocks",
        }
        write_model(path, KIND, header, tensors)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SearchIndex:
        """Read an index; of a large one texts and postings stay in the file. Raises ModelError."""
        small = not os.path.isfile(path) or os.path.getsize(path) <= _VERIFIED  # noqa: PTH113, PTH202
        model = read_model(path, KIND, verify=small, unread=() if small else _AS_ASKED)
        if model.fields["postings"] == PLAIN:
            model = from_plain(model)
        return cls._of(model)

    @classmethod
    def _of(cls, model: Model) -> SearchIndex:
        held = model.tensors
        terms, texts = (
            MappedStrings(held[f"{name}.bytes"], held[f"{name}.offsets"]) for name in ("terms", "texts")
        )
        arrays: dict[str, Any] = {name: held.get(name) for name in _ARRAYS}
        return cls(
            model.fields["analysis"],
            model.fields["settings"],
            terms,
            Postings(*(held[f"postings.{name}"] for name in _POSTINGS)),
            texts=texts,
            files=PackedTokens.from_model(model, "files"),
            answers=PackedTokens.from_model(model, "answers") if "answers.bytes" in held else None,
            **arrays,
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
    """An index of some texts: files, `-`, and folders with all text files in them; or of pairs in tables.

    Files in a folder that are hidden, binary or badly encoded are passed over, which `progress`
    is told; a named file is an error then. Raises InputError when there is no text, and for what
    may not be read (`folders`).
    """
    found, nothing = Documents(), f"no text in {_named(paths)}"
    if columns.answer_col is not None:
        pairs = read_pairs(paths, columns, reading, progress)
        rows = [found.add(name, questions) for name, questions in pairs.questions]
        made = _built(found, rows, analysis, settings, vectors, nothing)
        return dataclasses.replace(made, answers=PackedTokens.of(pairs.answers))
    batches = read_all(found, paths, settings.unit, reading, folders, progress)
    return _built(found, batches, analysis, settings, vectors, nothing)


def extend(
    index: SearchIndex,
    paths: Sequence[str],
    reading: InputSettings = InputSettings(),
    folders: FolderSettings = FolderSettings(),
    progress: Progress = SILENT,
) -> SearchIndex:
    """An index of the documents of another and of more files, as if all were indexed together.

    Of a file that the index has already, what it holds now takes the place of what it held. Raises
    InputError as `build` does, and for an index with word vectors, which are not in it for all words.
    """
    if index.answers is not None:
        raise InputError("an index with answers cannot grow", hint="index all tables anew, with --answer-col")
    if index.term_vectors is not None:
        raise InputError(
            "an index with word vectors cannot grow", hint="index all texts anew, with --vectors"
        )
    more, found = Documents(), Documents()
    added = list(read_all(more, paths, index.settings.unit, reading, folders, progress))
    if not len(more):
        raise InputError(f"no text in {_named(paths)}")

    def batches() -> Iterator[list[str]]:
        renewed = set(more.files)
        for number, (first, last) in enumerate(_spans(index.file_numbers)):
            name = index.files[number]
            if name not in renewed:
                yield found.add(name, [(int(index.lines[at]), index.texts[at]) for at in range(first, last)])
        texts = iter(zip(more.lines, (text for batch in added for text in batch), strict=True))
        for number, (first, last) in enumerate(_spans(np.array(more.file_numbers))):
            yield found.add(more.files[number], [next(texts) for _ in range(first, last)])

    return _built(found, batches(), index.analysis, index.settings, None, "no text")


def _spans(numbers: NDArray[Any]) -> list[tuple[int, int]]:
    """The documents of each file, which stand together: first, and the one behind the last."""
    starts = np.flatnonzero(np.diff(numbers, prepend=-1)).tolist()
    return list(zip(starts, [*starts[1:], len(numbers)], strict=True))


def _named(paths: Sequence[str]) -> str:
    return ", ".join(map(display_name, paths))


def _built(
    found: Documents,
    batches: Iterable[list[str]],
    analysis: AnalysisSettings,
    settings: IndexSettings,
    vectors: Vectors | None,
    nothing: str,
) -> SearchIndex:
    plain = ([text.replace("\n", " ") for text in batch] for batch in batches)
    filled = _first_of(plain, nothing)
    corpus = encode_documents(filled, analysis, VocabularySettings(vocab_order="first-seen"))
    (content, offsets), counts = corpus.vocabulary.packed, corpus.vocabulary.counts
    words = MappedStrings(content, offsets)  # as strings all at once they would take more than the texts
    if settings.terms == "auto":
        kind = kind_for(analysis.tokenizer, words, np.asarray(counts))
        kind = "both" if kind == "bigrams" and vectors is not None else kind  # vectors are of whole words
        settings = dataclasses.replace(settings, terms=kind)  # type: ignore[arg-type]
    terms = terms_of_words(words, settings.terms)
    counted = postings_of(corpus, terms, usual_k1(settings.terms))
    del corpus, words, counts
    names, texts = MappedStrings.packed(terms.names), found.texts()
    known = means = None
    if vectors is not None:
        known, means = _word_vectors(names, vectors, texts, analysis)
    return SearchIndex(
        analysis,
        settings,
        names,
        counted.postings,
        counted.lengths,
        counted.norms,
        texts,
        found.names(),
        np.array(found.file_numbers, dtype=np.int32),
        np.array(found.lines, dtype=np.int32),
        known,
        means,
    )


def _first_of(batches: Iterator[list[str]], nothing: str) -> Iterator[list[str]]:
    """The batches; InputError where none of them has a document."""
    some = False
    for batch in batches:
        some = some or bool(batch)
        yield batch
    if not some:
        raise InputError(nothing)


def _word_vectors(
    terms: MappedStrings, vectors: Vectors, texts: MappedStrings, analysis: AnalysisSettings
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The vectors of terms, zeros for those that have none, and of documents."""
    known = np.zeros((len(terms), vectors.dim), dtype=np.float32)
    for number, term in enumerate(terms):
        row = vectors.find(term)
        if row is not None:
            known[number] = vectors.matrix[row]
    if not known.any():
        raise InputError(
            "the word vectors know no word of the texts", hint="are they of another language or case?"
        )
    named = Vectors(list(terms), known)
    means = document_vectors([[text.replace("\n", " ") for text in texts]], named, analysis)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), np.float32(1e-12))
    return known, means
