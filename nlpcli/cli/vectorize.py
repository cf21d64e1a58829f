"""Documents to numbers: `vectorize`, and word frequencies: `count`."""

from __future__ import annotations

from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Output, Quiet, given_names, with_settings
from nlpcli.cli.results import as_json, is_sheet, results
from nlpcli.cli.shown_work import ShowWork, show_work
from nlpcli.engine import jobs
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.documents import VectorizeSettings
from nlpcli.settings.fields import MOST, changed, given_options, refuse
from nlpcli.settings.input import InputSettings, LabelledTextSettings, TextInputSettings
from nlpcli.settings.results import TABLES, JsonSettings, RowSettings, TableSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

SaveFrequencies = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Of a part of the documents only count the frequencies, for merge."),
]
ReadFrequencies = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="Weigh by the frequencies of all documents; takes their analysis."),
]


@with_settings
def vectorize(
    context: typer.Context,
    files: Files = None,
    output: Output = "-",
    settings: VectorizeSettings = VectorizeSettings(),
    top: Annotated[
        int | None,
        typer.Option("--top", "-n", help="Print the N heaviest terms of each document.", min=1, max=MOST),
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
    show_the_work: ShowWork = False,
    read_vocab: Annotated[str | None, typer.Option(metavar="FILE", help="Use this vocabulary.")] = None,
    save_frequencies: SaveFrequencies = None,
    read_frequencies: ReadFrequencies = None,
    analysis: AnalysisSettings = LOWERCASE,
    vocabulary: VocabularySettings = VocabularySettings(),
    records: LabelledTextSettings = LabelledTextSettings(),
    reading: InputSettings = InputSettings(),
    table: RowSettings = RowSettings(),
    machines: DistributedSettings = DistributedSettings(),
    shape: TableSettings = TableSettings(),
    quiet: Quiet = False,
) -> None:
    """Turn documents into weighted features: bag of words, TF-IDF, one-hot, hashed.

    Every line is a document, or every row of a table with --text-col. The extension of -o
    chooses the format: .npz .npy .mtx .svm .csv .tsv .jsonl; without -o, JSON lines are printed.
    With --top, -o TABLE.csv (.tsv .json .jsonl .xlsx .parquet) gets the rows with their heaviest terms.

    \b
    Examples:
      nlpcli vectorize news.txt -o news.npz --save-model tfidf.safetensors
      nlpcli vectorize --model tfidf.safetensors new.txt -o new.npz
      nlpcli vectorize reviews.tsv --text-col text --label-col label -o reviews.svm
      nlpcli vectorize --method bow --vocab-order first-seen notes.txt
      nlpcli vectorize articles.txt --top 5
      nlpcli vectorize --vectors words.safetensors articles.txt -o articles.npy
      nlpcli vectorize --show-work --norm none two_lines.txt
      nlpcli vectorize part-1.txt --save-frequencies part-1.safetensors
      nlpcli vectorize part-1.txt --read-frequencies all.safetensors -o part-1.npz
    """
    given = given_names(context)
    if save_frequencies is not None:
        refuse(_beside_frequencies(given), "with --save-frequencies, which counts a part and no more")
        jobs.count_frequencies(
            files, save_frequencies, settings, analysis=analysis, records=records, reading=reading,
            machines=machines, given=given, progress=console.progress(quiet),
        )  # fmt: skip
        return
    if show_the_work:
        refuse(["--cluster"] * machines.wanted, "beside --show-work")
        others = {
            "--top": top, "--save-model": save_model, "--save-vocab": save_vocab, "--vectors": vectors,
            "--label-col": records.label_col, "--idf-weighted": idf_weighted or None,
            "-o": None if output == "-" else output, "--read-frequencies": read_frequencies,
        }  # fmt: skip
        refuse([option for option, value in others.items() if value is not None], "beside --show-work")
        work = jobs.vectorize_work(
            None, settings, paths=files, model=model, read_vocab=read_vocab, analysis=analysis,
            vocabulary=vocabulary, records=records, reading=reading, given=given,
        )  # fmt: skip
        show_work(work, shape)
        return
    if top is None:
        refuse(["--no-header"] * shape.no_header, "without --top")
        if output != "-":
            refuse(changed(shape), "with a file, whose name says how it is written, and without --top")
    is_rows = top is not None and output.lower().endswith(TABLES)
    with as_json(output, JsonSettings(json=shape.json and top is None)) as file:
        found = jobs.vectorize(
            files, None if top and output == "-" else file, settings, model=model,
            vectors=vectors, idf_weighted=idf_weighted,
            top=top if is_rows else None, rows_as=table, save_model=save_model, save_vocab=save_vocab,
            read_vocab=read_vocab, read_frequencies=read_frequencies, analysis=analysis,
            vocabulary=vocabulary, records=records, reading=reading, machines=machines, given=given,
            progress=console.progress(quiet),
        )  # fmt: skip
    if top is not None and not is_rows:
        lines = (
            (number, term, weight)
            for number, terms in enumerate(found.heaviest(top), start=1)
            for term, weight in terms
        )
        with results(shape) as shown:
            shown.table(("document", "term", "weight"), lines)


def _beside_frequencies(given: frozenset[str]) -> list[str]:
    """The options for rows of weights that were given."""
    options = {
        "output": "-o", "top": "--top", "show_the_work": "--show-work", "save_model": "--save-model",
        "model": "--model", "save_vocab": "--save-vocab", "vectors": "--vectors",
        "idf_weighted": "--idf-weighted", "read_vocab": "--read-vocab",
        "read_frequencies": "--read-frequencies",
    }  # fmt: skip
    rows = given_options(given, RowSettings, TableSettings)
    return [*(option for name, option in options.items() if name in given), *rows]


@with_settings
def count(
    files: Files = None,
    output: Output = "-",
    ngrams: Annotated[
        str, typer.Option(metavar="RANGE", help="Count n-grams; 1-2 is words and pairs of neighbours.")
    ] = "1",
    vocabulary: VocabularySettings = VocabularySettings(),
    analysis: AnalysisSettings = AnalysisSettings(),
    reading: TextInputSettings = TextInputSettings(),
    machines: DistributedSettings = DistributedSettings(),
    shape: JsonSettings = JsonSettings(),
    quiet: Quiet = False,
) -> None:
    """Count tokens, most frequent first, as token<TAB>count.

    \b
    Examples:
      nlpcli count novel.txt | head -20
      nlpcli count --lowercase --min-count 5 corpus/*.txt -o vocabulary.tsv
      nlpcli count --tokenizer kiwi ko.txt | head
      nlpcli count --ngrams 2-3 --lowercase novel.txt | head
      nlpcli count part-1.txt -o part-1.safetensors
    """
    if output.lower().endswith(".safetensors"):
        refuse(["--json" if shape.json else "--jsonl"] * shape.is_json, "with .safetensors")
    is_table = shape.is_json or is_sheet(output)
    counted = jobs.count(
        files, None if is_table else console.output(output), ngrams=ngrams, vocabulary=vocabulary,
        analysis=analysis, reading=reading, machines=machines, progress=console.progress(quiet),
    )  # fmt: skip
    if is_table:
        with results(shape, output) as shown:
            shown.table(("token", "count"), zip(counted.tokens, counted.counts.tolist(), strict=True))
