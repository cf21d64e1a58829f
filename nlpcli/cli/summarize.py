"""Summaries: `summarize`."""

from __future__ import annotations

from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Quiet, with_settings
from nlpcli.cli.results import lines as written_lines
from nlpcli.cli.results import results
from nlpcli.engine import jobs
from nlpcli.settings.fields import changed, refuse
from nlpcli.settings.input import FolderSettings, TextInputSettings
from nlpcli.settings.results import TABLES, ResultSettings, RowSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.topics import SummarySettings


@with_settings
def summarize(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TEXT]...",
            help="Texts, one per file; folders; - or none is stdin.",
            show_default=False,
        ),
    ] = None,
    settings: SummarySettings = SummarySettings(),
    lines: Annotated[
        bool,
        typer.Option("--lines", "-l", help="Print file and line of each sentence; several files always do."),
    ] = False,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Print ROUGE against these summaries, a line for each text, not the sentences.",
        ),
    ] = None,
    highlight: Annotated[
        str | None,
        typer.Option(
            help="Write a page (HTML) of the texts too, with these sentences marked.", metavar="FILE"
        ),
    ] = None,
    analysis: AnalysisSettings = LOWERCASE,
    reading: TextInputSettings = TextInputSettings(),
    folders: FolderSettings = FolderSettings(),
    shape: ResultSettings = ResultSettings(),
    quiet: Quiet = False,
) -> None:
    """Print the sentences that say most of a text, in their order.

    \b
    Examples:
      nlpcli summarize report.txt
      nlpcli summarize reports/ --sentences 10% --json
      nlpcli summarize 회의록.txt --method textrank --sentences 5 --lines
      nlpcli summarize reports/ --highlight reports.html
      nlpcli summarize news/*.txt --sentences 1 --reference headlines.txt
    """
    is_table = shape.output.lower().endswith(TABLES) and reference is None and not shape.is_json
    if is_table:
        refuse(["--lines"] * lines, "with a table")
    else:
        refuse(changed(shape, "output_encoding"), "but with a table to write")
    table = RowSettings(output_encoding=shape.output_encoding)
    found = jobs.summarize(
        files, settings, output=shape.output if is_table else None, highlight=highlight,
        analysis=analysis, reading=reading,
        folders=folders, table=table, progress=console.progress(quiet),
    )  # fmt: skip
    if is_table:
        return
    if reference is not None:
        rouge = jobs.rouge_of(list(found), reference, reading)
        with results(shape) as shown:
            shown.table(("measure", "f1"), list(zip(("ROUGE-1", "ROUGE-2", "ROUGE-L"), rouge, strict=True)))
        return
    refuse(changed(shape, "no_header"), "without --reference: sentences have no headings")
    summaries = list(found)
    if shape.is_json:
        with results(shape) as shown:
            shown.table(
                ("file", "line", "text", "score"),
                [
                    (summary.file, one.line, one.text, round(one.score, 4))
                    for summary in summaries
                    for one in summary.sentences
                ],
            )
        return
    with written_lines(shape.output) as write:
        for summary in summaries:
            for one in summary.sentences:
                named = lines or len(summaries) > 1
                write([f"{summary.file}:{one.line}", one.text] if named else [one.text])
