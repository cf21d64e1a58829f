"""Rows before training: `split`, `dedup` and `language`."""

from __future__ import annotations

from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Output, Quiet, with_settings
from nlpcli.cli.results import as_json, results
from nlpcli.engine import jobs
from nlpcli.settings.input import InputSettings, LabelRowSettings, TextRowSettings
from nlpcli.settings.results import JsonSettings, TableSettings
from nlpcli.settings.rows import DedupSettings, LanguageSettings, SplitSettings

File = Annotated[
    str,
    typer.Argument(
        metavar="[FILE]",
        help="Lines, a table (.csv, .tsv, .xlsx) or JSON lines; - or none is stdin.",
        show_default=False,
    ),
]


@with_settings
def split(
    file: File = "-",
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="FOLDER",
            show_default=False,
            help="Folder to write train, dev and test to, with the file's extension.",
        ),
    ] = ...,  # type: ignore[assignment]
    settings: SplitSettings = SplitSettings(),
    records: LabelRowSettings = LabelRowSettings(),
    reading: InputSettings = InputSettings(),
    shape: TableSettings = TableSettings(),
    quiet: Quiet = False,
) -> None:
    """Split a table, or lines, into train, dev and test: rows as they stand, each part with the header.

    With --label-col each part has about the same share of each label; with --group-col rows of one author,
    say, come into one part. The same file and --seed give the same parts.

    \b
    Examples:
      nlpcli split reviews.csv -o parts --label-col label
      nlpcli split posts.jsonl -o parts --dev 0 --test 0.2 --group-col author
      nlpcli split lines.txt -o parts --seed 7
    """  # fmt: skip
    found = jobs.split(
        file, output, settings, records=records, reading=reading, progress=console.progress(quiet)
    )
    names = sorted({name for part in found for name in part.labels})
    with results(shape, "-") as shown:
        shown.table(
            ("part", "rows", "file", *names),
            [(part.name, part.rows, part.file, *(part.labels[name] for name in names)) for part in found],
        )


@with_settings
def dedup(
    file: File = "-",
    output: Output = "-",
    settings: DedupSettings = DedupSettings(),
    report: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Table of what is dropped: line, line of the kept one, similarity, text.",
        ),
    ] = None,
    records: TextRowSettings = TextRowSettings(),
    reading: InputSettings = InputSettings(),
    shape: JsonSettings = JsonSettings(),
    quiet: Quiet = False,
) -> None:
    """Leave out rows whose text was there before, the same or nearly so; the first stays, with its columns.

    Of nearly the same texts most runs of --shingle characters are the same (MinHash, LSH).

    \b
    Examples:
      nlpcli dedup news.txt > once.txt
      nlpcli dedup reviews.csv --text-col text --threshold 0.7 --report dropped.tsv -o once.csv
      zcat posts.jsonl.gz | nlpcli dedup --text-col body --threshold 1 > once.jsonl
    """  # fmt: skip
    with as_json(output, shape) as written:
        jobs.dedup(
            file, written, settings, report=report, jsonl=shape.is_json, records=records, reading=reading,
            progress=console.progress(quiet),
        )  # fmt: skip


@with_settings
def language(
    file: File = "-",
    output: Output = "-",
    settings: LanguageSettings = LanguageSettings(),
    records: TextRowSettings = TextRowSettings(),
    reading: InputSettings = InputSettings(),
    shape: JsonSettings = JsonSettings(),
    quiet: Quiet = False,
) -> None:
    """Tell the language of each line: code and probability, one output line per input line.

    A table gets two columns more. Short lines are told best where --among says which languages there are.

    \b
    Examples:
      nlpcli language comments.txt | cut -f1 | sort | uniq -c
      nlpcli language reviews.csv --text-col text --among ko,en -o told.csv
      nlpcli language crawl.txt --only ko --min-probability 0.9 > ko.txt
    """
    with as_json(output, shape) as written:
        jobs.language(
            file, written, settings, jsonl=shape.is_json, records=records, reading=reading,
            progress=console.progress(quiet),
        )  # fmt: skip
