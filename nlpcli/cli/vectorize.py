"""Documents to numbers: `vectorize`, and word frequencies: `count`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Json, Output, Quiet, given_options, with_settings
from nlpcli.errors import SettingsError
from nlpcli.settings.documents import VectorizeSettings
from nlpcli.settings.fields import ngram_range
from nlpcli.settings.input import InputSettings, RecordSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

if TYPE_CHECKING:
    from nlpcli.engine.corpus.vocabulary import Vocabulary
    from nlpcli.engine.documents.matrix_files import LabelledMatrix
    from nlpcli.engine.documents.sparse import SparseMatrix
    from nlpcli.engine.io.records import Records

_LOWERCASE = AnalysisSettings(lowercase=True)


@with_settings
def vectorize(
    context: typer.Context,
    files: Files = None,
    output: Output = "-",
    settings: VectorizeSettings = VectorizeSettings(),
    top: Annotated[
        int | None, typer.Option(help="Print the N heaviest terms of each document.", min=1)
    ] = None,
    save_model: Annotated[
        str | None, typer.Option(metavar="FILE", help="Keep vocabulary and analysis for new text.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Turn new text into the columns of a saved model; takes its analysis."
        ),
    ] = None,
    save_vocab: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the vocabulary as token<TAB>count.")
    ] = None,
    vectors: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Each document as the mean of these word vectors."),
    ] = None,
    idf_weighted: Annotated[
        bool, typer.Option("--idf-weighted", help="With --vectors: rare words weigh more.")
    ] = False,
    read_vocab: Annotated[str | None, typer.Option(metavar="FILE", help="Use this vocabulary.")] = None,
    analysis: AnalysisSettings = _LOWERCASE,
    vocabulary: VocabularySettings = VocabularySettings(),
    records: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    quiet: Quiet = False,
) -> None:
    """Turn documents into weighted features: bag of words, TF-IDF, one-hot, hashed.

    Every line is a document, or every row of a table with --text-col. The extension of -o
    chooses the format: .npz .npy .mtx .svm .csv .tsv .jsonl; without -o, JSON lines are printed.

    \b
    Examples:
      nlpcli vectorize news.txt -o news.npz --save-model tfidf.safetensors
      nlpcli vectorize --model tfidf.safetensors new.txt -o new.npz
      nlpcli vectorize reviews.tsv --text-col text --label-col label -o reviews.svm
      nlpcli vectorize --kind bow --vocab-order first-seen notes.txt
      nlpcli vectorize articles.txt --top 5
      nlpcli vectorize --vectors words.safetensors articles.txt -o articles.npy
    """
    from nlpcli.engine.corpus import vocabulary_files
    from nlpcli.engine.documents import matrix_files
    from nlpcli.engine.documents.vectorizer import Vectorizer, fit, hashed
    from nlpcli.engine.io.atomic import check_writable
    from nlpcli.engine.io.records import Records

    if output != "-":
        matrix_files.check_extension(output)
    for path in (output, save_model, save_vocab):
        if path not in (None, "-"):
            check_writable(path)
    _refuse_contradictions(context, settings.kind)
    rows = Records(files, records, reading, labelled=records.has_labels, progress=console.progress(quiet))
    features: Sequence[str] | Vocabulary | None = None
    if vectors is not None:
        matrix, features = _mean_vectors(rows, vectors, analysis, idf_weighted)
    elif settings.kind == "hashing":
        matrix = hashed(rows.texts(), analysis, settings)
    else:
        if model is not None:
            vectorizer = Vectorizer.load(model)
            matrix = vectorizer.transform(rows.documents())
        else:
            given = vocabulary_files.read(read_vocab) if read_vocab else vocabulary
            vectorizer, matrix = fit(rows.documents(), analysis, given, settings)
        features = vectorizer.vocabulary
        if save_model:
            vectorizer.save(save_model)
        if save_vocab:
            vocabulary_files.write(save_vocab, vectorizer.vocabulary)
    table = matrix_files.LabelledMatrix(
        matrix, features, rows.labels(matrix.documents) if records.has_labels else None
    )
    _write(table, output, top)
    if not quiet:
        console.remark(
            f"{matrix.shape[0]:,} rows × {matrix.shape[1]:,} features, {len(matrix.data):,} not zero"
        )


def _refuse_contradictions(context: typer.Context, kind: str) -> None:
    """Raise SettingsError for options that cannot be meant together."""
    given = context.params
    vocabulary_files = ("save_model", "save_vocab", "read_vocab")
    if given["model"] and given["vectors"]:
        raise SettingsError("give either --model or --vectors, not both")
    if given["vectors"] and any(given[name] for name in vocabulary_files):
        raise SettingsError("--vectors has its own vocabulary; there is none to save or read")
    if kind == "hashing" and any(given[name] for name in ("model", *vocabulary_files)):
        raise SettingsError(
            "--kind hashing has no vocabulary to save or read",
            hint="give the same options again: the columns are the same for every text",
        )
    if given["idf_weighted"] and not given["vectors"]:
        raise SettingsError("--idf-weighted goes with --vectors", hint="--kind tfidf weighs words by rarity")
    others = given_options(context, VectorizeSettings, VocabularySettings)
    cuts = ("--min-df", "--max-df", "--max-features", "--min-count", "--max-vocab", "--vocab-order")
    if kind == "hashing" and (useless := [option for option in others if option in cuts]):
        raise SettingsError(
            f"--kind hashing has no vocabulary to choose from: {useless[0]} has no place there"
        )
    if kind != "hashing" and "--hash-bits" in others:
        raise SettingsError("--hash-bits goes with --kind hashing")
    fixed = given_options(context, VectorizeSettings, VocabularySettings, AnalysisSettings)
    if given["model"] and fixed:
        raise SettingsError(
            f"--model brings its own analysis and vocabulary: {fixed[0]} has no place beside it",
            hint=f"nlpcli inspect {given['model']} shows what the model does",
        )


def _mean_vectors(
    rows: Records, vectors: str, analysis: AnalysisSettings, idf: bool
) -> tuple[SparseMatrix, list[str]]:
    from nlpcli.engine.vectors.document_vectors import as_rows, document_vectors
    from nlpcli.engine.vectors.word_vectors import Vectors

    matrix = as_rows(document_vectors(rows.texts(), Vectors.load(vectors), analysis, idf=idf))
    return matrix, [f"d{number}" for number in range(1, matrix.columns + 1)]


def _write(table: LabelledMatrix, output: str, top: int | None) -> None:
    from nlpcli.engine.documents import matrix_files

    if top is not None:
        lines = (
            (number, term, weight)
            for number, terms in enumerate(matrix_files.heaviest(table, top), start=1)
            for term, weight in terms
        )
        console.print_table(("document", "term", "weight"), lines)
    elif output == "-":
        for row in matrix_files.json_rows(table):
            console.print_line(row)
    if output != "-":
        matrix_files.write_matrix(output, table)
        suffix = output.rsplit(".", 1)[-1]
        if table.labels is not None and suffix in ("svm", "libsvm"):
            codes = matrix_files.label_codes(table.labels)
            if any(name != code for name, code in codes.items()):
                console.remark("labels: " + ", ".join(f"{code} = {name}" for name, code in codes.items()))


@with_settings
def count(
    files: Files = None,
    output: Output = "-",
    ngrams: Annotated[
        str, typer.Option(metavar="RANGE", help="Count runs of words; 1-2 is words and pairs of neighbours.")
    ] = "1",
    vocabulary: VocabularySettings = VocabularySettings(),
    analysis: AnalysisSettings = AnalysisSettings(),
    reading: InputSettings = InputSettings(),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Count tokens, most frequent first, as token<TAB>count.

    \b
    Examples:
      nlpcli count novel.txt | head -20
      nlpcli count --lowercase --min-count 5 corpus/*.txt -o vocabulary.tsv
      nlpcli count --tokenizer kiwi ko.txt | head
      nlpcli count --ngrams 2-3 --lowercase novel.txt | head
    """
    from nlpcli.engine.corpus import vocabulary_files
    from nlpcli.engine.corpus.encoding import count_tokens
    from nlpcli.engine.corpus.word_ngrams import count_ngrams

    shortest, longest = ngram_range("--ngrams", ngrams)
    progress = console.progress(quiet)
    if longest == 1:
        counted = count_tokens(files, analysis, vocabulary, reading, progress)
    else:
        counted = count_ngrams(files, shortest, longest, analysis, vocabulary, reading, progress)
    if json:
        console.print_json(dict(zip(counted.tokens, counted.counts.tolist(), strict=True)))
    elif output == "-":
        with console.open_output(output) as file:
            vocabulary_files.write_to(file, counted)
    else:
        vocabulary_files.write(output, counted)
