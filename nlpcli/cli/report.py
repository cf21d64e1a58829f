"""A page about a corpus: `report`."""

from __future__ import annotations

from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Quiet, with_settings
from nlpcli.cli.results import results
from nlpcli.engine import jobs
from nlpcli.settings.fields import refuse
from nlpcli.settings.input import InputSettings, LabelledTextSettings
from nlpcli.settings.reports import ReportSettings
from nlpcli.settings.results import TableSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.wording import counted


@with_settings
def report(
    files: Files = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", show_default=False, help="Page to write: .html."),
    ] = None,
    settings: ReportSettings = ReportSettings(),
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", show_default=False, help="Heading of the page.")
    ] = None,
    analysis: AnalysisSettings = LOWERCASE,
    records: LabelledTextSettings = LabelledTextSettings(),
    reading: InputSettings = InputSettings(encoding="auto"),
    shape: TableSettings = TableSettings(),
    quiet: Quiet = False,
) -> None:
    """Tell what is in a corpus, as a page to send on: sizes, lengths, words, keywords, duplicates, languages.

    Every line is a text, or every row of a table with --text-col; --label-col gives keywords of each class.
    Without -o, or with --json, the figures are printed.

    \b
    Examples:
      nlpcli report reviews.csv --text-col text --label-col label -o reviews.html
      nlpcli report 말뭉치.txt --tokenizer kiwi --keep-pos NNG,NNP,VV,VA -o report.html
      nlpcli report news/*.txt --json | jq .measures
    """
    refuse(["--title"] * (title is not None and output is None), "without -o")
    found = jobs.report(
        files, output, settings, title=title, analysis=analysis, records=records, reading=reading,
        progress=console.progress(quiet),
    )  # fmt: skip
    if output is not None and not shape.is_json:
        console.remark_unless_quiet(f"{output}: {counted(int(found.measures['texts']), 'text')}")
        return
    with results(shape, "-") as shown:
        if shape.is_json:
            shown.record({"measures": found.measures})
        else:
            shown.record(found.measures, as_rows=True)
        for name, (columns, rows) in found.tables().items():
            if rows and not (shown.drawn and name in ("characters", "tokens", "growth", "zipf")):
                shown.gap()
                shown.table(columns, rows, name=name, title=name)
