"""Documents to numbers: what `vectorize` does.

Here and not in `documents/`, because the mean of word vectors is one of the ways.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from nlpcli.engine.corpus import vocabulary_files
from nlpcli.engine.documents import matrix_files
from nlpcli.engine.documents.cluster_rows import frequencies_on_cluster, rows_on_cluster
from nlpcli.engine.documents.matrix_files import LabelledMatrix
from nlpcli.engine.documents.partial_counts import FrequencyCounting, FrequencyFile, check_name
from nlpcli.engine.documents.shown_work import MOST_DOCUMENTS, written_out
from nlpcli.engine.documents.vectorizer import Vectorizer, find_features, fit, hashed
from nlpcli.engine.io.atomic import check_writable
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.record_formats import Documents
from nlpcli.engine.io.records import Records
from nlpcli.engine.io.shards import Shard
from nlpcli.engine.io.shown_work import WorkTable, few_texts
from nlpcli.engine.io.table_output import Column, kept_for, open_lines
from nlpcli.engine.io.writing import Output, cell, open_output
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.text.arguments import as_list, plain_settings
from nlpcli.errors import SettingsError
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.documents import VectorizeSettings
from nlpcli.settings.fields import changed, given_options, refuse
from nlpcli.settings.input import InputSettings, LabelledTextSettings, RecordSettings
from nlpcli.settings.results import RowSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings
from nlpcli.wording import counted

if TYPE_CHECKING:
    from nlpcli.engine.corpus.vocabulary import Vocabulary
    from nlpcli.engine.documents.sparse import SparseMatrix

_NGRAMS = ("--ngrams", "--char-ngrams")
_CUTS = ("--min-df", "--max-df", "--max-features", "--min-count", "--max-vocab", "--vocab-order")


@dataclasses.dataclass(frozen=True)
class _Files:
    """What is read and written beside the documents and their matrix."""

    model: str | None
    vectors: str | None
    save_model: str | None
    save_vocab: str | None
    read_vocab: str | None
    read_frequencies: str | None = None


@plain_settings
def vectorize(
    paths: Paths,
    output: Output | None = None,
    settings: VectorizeSettings = VectorizeSettings(),
    *,
    model: str | None = None,
    vectors: str | None = None,
    idf_weighted: bool = False,
    top: int | None = None,
    save_model: str | None = None,
    save_vocab: str | None = None,
    read_vocab: str | None = None,
    read_frequencies: str | None = None,
    analysis: AnalysisSettings = LOWERCASE,
    vocabulary: VocabularySettings = VocabularySettings(),
    records: LabelledTextSettings = LabelledTextSettings(),
    reading: InputSettings = InputSettings(),
    rows_as: RowSettings = RowSettings(),
    machines: DistributedSettings = DistributedSettings(),
    given: frozenset[str] = frozenset(),
    progress: Progress = SILENT,
) -> LabelledMatrix:
    """A row of weights for each document, with the names of the columns and the documents' labels.

    `output` is written in the format that its extension names, an open file as JSON lines. `model`
    is a saved vectorizer, whose columns are taken; `vectors` are word vectors, whose mean is a row.
    `read_frequencies` is a file of `count_frequencies`, of more documents than these: rows are weighed by it.
    With `top`, a table (.csv, .tsv, .json, .jsonl, .xlsx, .parquet) gets not the weights, but the rows of the
    documents, with so many of their heaviest terms in the columns `terms` and `weights`.
    `given` are the names of settings that the user set, which must not contradict the rest.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "text")
    ...     _ = path.write_text("a rose is a rose\\nis it\\n")
    ...     table = vectorize(path, kind="bow")
    >>> table.features.tokens, table.matrix.to_scipy().toarray().tolist()
    (('a', 'rose', 'is', 'it'), [[2, 2, 1, 0], [0, 0, 1, 1]])

    Raises SettingsError for settings that contradict each other, InputError when no feature is
    left, and OutputError, before any work, for what cannot be written.
    """
    path = output if isinstance(output, str | os.PathLike) else None
    kept = kept_for(path, rows_as) if path is not None and top is not None else None
    if kept is None:
        refuse(changed(rows_as), "without --top and a table to write")
    else:
        _check_files(paths)
    if path is not None and kept is None:
        matrix_files.check_extension(path)
    for written in (path, save_model, save_vocab):
        if written not in (None, "-"):
            check_writable(written)
    files = _Files(model, vectors, save_model, save_vocab, read_vocab, read_frequencies)
    _refuse_contradictions(settings.kind, files, idf_weighted, given)
    if machines.wanted:
        _refuse_on_cluster(files, kept is not None)
        counting = FrequencyCounting(analysis, settings, vocabulary, RecordSettings.of(records), reading)
        table = _on_cluster(paths, counting, files, machines, progress)
        if output is not None:
            _write(output, table, progress)
        progress.note(_size_of(table.matrix))
        return table
    labelled = records.has_labels and kept is None
    rows = Records(paths, records, reading, labelled=labelled, progress=progress)
    features: Sequence[str] | Vocabulary | None = None
    if vectors is not None:
        matrix, features = _mean_vectors(rows, vectors, analysis, idf_weighted)
    elif settings.kind == "hashing":
        matrix = hashed(rows.documents(), analysis, settings)
    else:
        matrix, features = _weights(rows, files, settings, analysis, vocabulary)
    labels = rows.labels(matrix.documents) if labelled else None
    table = LabelledMatrix(matrix, features, labels)
    if output is not None and kept is not None:
        again = Records(paths, records, reading, labelled=False, kept=kept, progress=progress)
        with open_lines(output, kept, [Column("terms"), Column("weights")], rows_as, progress) as writer:
            for line in _terms(again, table.heaviest(top or 1)):
                writer.write(line)
    elif output is not None:
        _write(output, table, progress)
    progress.note(_size_of(matrix))
    return table


def _size_of(matrix: SparseMatrix) -> str:
    return (
        f"{counted(matrix.shape[0], 'row')} × {counted(matrix.shape[1], 'feature')}, "
        f"{len(matrix.data):,} not zero"
    )


def _refuse_on_cluster(files: _Files, with_terms: bool) -> None:
    for option, wanted in (
        ("--vectors", files.vectors), ("--read-vocab", files.read_vocab), ("--top with a table", with_terms),
    ):  # fmt: skip
        if wanted:
            raise SettingsError(
                f"{option} does not go with --cluster", hint="do it on one machine, without it"
            )


def _on_cluster(
    paths: Paths,
    counting: FrequencyCounting,
    files: _Files,
    machines: DistributedSettings,
    progress: Progress,
) -> LabelledMatrix:
    """The rows of many machines. A vectorizer that they made is saved."""
    vectorizer = None
    if files.model is not None:
        vectorizer = Vectorizer.load(files.model)
    elif files.read_frequencies is not None:
        frequencies = FrequencyFile.load(files.read_frequencies)
        vectorizer = frequencies.vectorizer(counting.settings, counting.vocabulary)
    made, vectorizer = rows_on_cluster(paths, counting, vectorizer, machines, progress)
    if vectorizer is not None:
        _save(vectorizer, files)
    return LabelledMatrix(made.matrix, None if vectorizer is None else vectorizer.vocabulary, made.labels)


def _check_files(paths: Paths) -> None:
    """Raise SettingsError for what cannot be read twice."""
    if not all(os.path.isfile(path) for path in paths or ["-"]):  # noqa: PTH113
        raise SettingsError(
            "a table with the terms of --top is read twice, and what comes from a pipe cannot be",
            hint="name files",
        )


def _terms(again: Records, heaviest: Iterable[list[tuple[str, float]]]) -> Iterator[str]:
    """Of each text its terms and their weights, for its row, which is read once more."""
    following = iter(heaviest)
    for texts in again.texts():
        for found in itertools.islice(following, len(texts)):
            yield "\t".join((
                ", ".join(cell(term) for term, _ in found), ", ".join(f"{weight:.4g}" for _, weight in found)
            ))  # fmt: skip


@plain_settings
def vectorize_work(
    texts: Iterable[str] | None = None,
    settings: VectorizeSettings = VectorizeSettings(),
    *,
    paths: Paths = None,
    model: str | None = None,
    read_vocab: str | None = None,
    analysis: AnalysisSettings = LOWERCASE,
    vocabulary: VocabularySettings = VocabularySettings(),
    records: LabelledTextSettings = LabelledTextSettings(),
    reading: InputSettings = InputSettings(),
    given: frozenset[str] = frozenset(),
) -> list[WorkTable]:
    """How the rows of a few documents, or those in files, come about: tf, df, idf and their product.

    >>> idf, weights = vectorize_work(["a rose is a rose", "is it"], norm="none")
    >>> idf.rows[2]
    ('is', 2, 'ln(3/3) + 1', 1.0)

    Raises what `vectorize` raises, SettingsError where columns are hashed, and InputError for more
    than can be shown.
    """
    _refuse_contradictions(settings.kind, _Files(model, None, None, None, read_vocab), False, given)
    if settings.kind == "hashing":
        raise SettingsError("--show-work does nothing with --method hashing, which keeps no terms")
    if texts is not None:
        read: Iterable[Documents] = [[*as_list(texts)]]
    else:
        read = Records(paths, records, reading, labelled=False).documents()
    batches = [*few_texts(read, MOST_DOCUMENTS)]
    if model is not None:
        vectorizer = Vectorizer.load(model)
    else:
        chosen = vocabulary_files.read(read_vocab) if read_vocab else vocabulary
        vectorizer, _ = fit(batches, analysis, chosen, settings)
    found = find_features(batches, vectorizer.analysis, vectorizer.settings, vectorizer.vocabulary)
    return written_out(vectorizer, found)


@plain_settings
def count_frequencies(
    paths: Paths,
    output: str,
    settings: VectorizeSettings = VectorizeSettings(),
    *,
    analysis: AnalysisSettings = LOWERCASE,
    records: LabelledTextSettings = LabelledTextSettings(),
    reading: InputSettings = InputSettings(),
    machines: DistributedSettings = DistributedSettings(),
    given: frozenset[str] = frozenset(),
    progress: Progress = SILENT,
) -> FrequencyFile:
    """In how many documents of a part of them each feature stands, written to `output`: for `merge`, and then
    for `vectorize` with `read_frequencies`.

    Of `settings`, those of n-grams alone have a meaning here. Raises SettingsError for others.
    """
    others = [
        name for name in given_options(given, VectorizeSettings, VocabularySettings) if name not in _NGRAMS
    ]
    refuse(others, "with --save-frequencies, which counts all features", "give it with --read-frequencies")
    check_name(output)
    check_writable(output)
    counting = FrequencyCounting(analysis, settings, records=RecordSettings.of(records), reading=reading)
    if machines.wanted:
        file = frequencies_on_cluster(paths, counting, machines, progress)
    else:
        part = counting.part(Shard(0, None if paths is None else tuple(paths)), progress)
        file = FrequencyFile(part, analysis, settings.ngrams, settings.char_ngrams)
    file.save(output)
    progress.note(
        f"{output}: {counted(file.documents, 'document')}, "
        f"{counted(len(file.counts.tokens), 'feature')}, for merge"
    )
    return file


def _refuse_contradictions(kind: str, files: _Files, idf_weighted: bool, given: frozenset[str]) -> None:
    """Raise SettingsError for what cannot be meant together."""
    vocabulary_files = files.save_model or files.save_vocab or files.read_vocab
    if files.model and files.vectors:
        raise SettingsError("give either --model or --vectors, not both")
    if files.vectors and vocabulary_files:
        raise SettingsError("--vectors has its own vocabulary; there is none to save or read")
    if kind == "hashing" and (files.model or vocabulary_files):
        raise SettingsError(
            "--method hashing has no vocabulary to save or read",
            hint="give the same options again: the columns are the same for every text",
        )
    if idf_weighted and not files.vectors:
        raise SettingsError(
            "--idf-weighted goes with --vectors", hint="--method tfidf weighs words by rarity"
        )
    others = given_options(given, VectorizeSettings, VocabularySettings)
    if files.vectors:
        refuse(others, "beside --vectors: a row is a mean of word vectors")
    if kind == "hashing" and (useless := [option for option in others if option in _CUTS]):
        raise SettingsError(
            f"--method hashing has no vocabulary to choose from: {useless[0]} has no place there"
        )
    _refuse_beside_frequencies(kind, files, others, given)
    fixed = others + given_options(given, AnalysisSettings)
    if files.model and fixed:
        raise SettingsError(
            f"--model brings its own analysis and vocabulary: {fixed[0]} has no place beside it",
            hint=f"nlpcli inspect {files.model} shows what the model does",
        )


def _refuse_beside_frequencies(
    kind: str, files: _Files, others: Sequence[str], given: frozenset[str]
) -> None:
    if files.read_frequencies is None:
        return
    for name, other in (
        ("--model", files.model),
        ("--vectors", files.vectors),
        ("--read-vocab", files.read_vocab),
    ):
        if other:
            raise SettingsError(f"give either --read-frequencies or {name}, not both")
    if kind == "hashing":
        raise SettingsError("--method hashing needs no frequencies: each part can be written by itself")
    fixed = [name for name in others if name in _NGRAMS] + given_options(given, AnalysisSettings)
    refuse(
        fixed, "beside --read-frequencies, which brings its own analysis and n-grams",
        f"nlpcli inspect {files.read_frequencies} shows them",
    )  # fmt: skip


def _mean_vectors(
    rows: Records, vectors: str, analysis: AnalysisSettings, idf: bool
) -> tuple[SparseMatrix, list[str]]:
    from nlpcli.engine.vectors.document_vectors import as_rows, document_vectors
    from nlpcli.engine.vectors.word_vectors import Vectors

    matrix = as_rows(document_vectors(rows.texts(), Vectors.load(vectors), analysis, idf=idf))
    return matrix, [f"d{number}" for number in range(1, matrix.columns + 1)]


def _weights(
    rows: Records,
    files: _Files,
    settings: VectorizeSettings,
    analysis: AnalysisSettings,
    vocabulary: VocabularySettings,
) -> tuple[SparseMatrix, Vocabulary]:
    """Rows by a saved vectorizer or by one that is fitted to them, which is then saved."""
    if files.model is not None:
        vectorizer = Vectorizer.load(files.model)
        matrix = vectorizer.rows(rows.documents())
    elif files.read_frequencies is not None:
        vectorizer = FrequencyFile.load(files.read_frequencies).vectorizer(settings, vocabulary)
        matrix = vectorizer.rows(rows.documents())
    else:
        chosen = vocabulary_files.read(files.read_vocab) if files.read_vocab else vocabulary
        vectorizer, matrix = fit(rows.documents(), analysis, chosen, settings)
    _save(vectorizer, files)
    return matrix, vectorizer.vocabulary


def _save(vectorizer: Vectorizer, files: _Files) -> None:
    if files.save_model:
        vectorizer.save(files.save_model)
    if files.save_vocab:
        vocabulary_files.write(files.save_vocab, vectorizer.vocabulary)


def _write(output: Output, table: LabelledMatrix, progress: Progress) -> None:
    if not isinstance(output, str | os.PathLike):
        with open_output(output) as file:
            matrix_files.write_jsonl(file, table)
        return
    matrix_files.write_matrix(output, table)
    suffix = os.fspath(output).rsplit(".", 1)[-1]
    if table.labels is not None and suffix in ("svm", "libsvm"):
        codes = matrix_files.label_codes(table.labels)
        if any(name != code for name, code in codes.items()):
            # The names themselves do not get into the file, so this is said even after --quiet.
            progress.lost("labels: " + ", ".join(f"{code} = {name}" for name, code in codes.items()))
