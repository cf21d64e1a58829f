"""Summaries: `summarize`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Json, Quiet, with_settings
from nlpcli.engine import jobs
from nlpcli.settings.input import FolderSettings, InputSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.topics import SummarySettings

if TYPE_CHECKING:
    from nlpcli.engine.tasks.summarization import Summary


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
    analysis: AnalysisSettings = LOWERCASE,
    reading: InputSettings = InputSettings(),
    folders: FolderSettings = FolderSettings(),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Print the sentences that say most of a text, in their order.

    \b
    Examples:
      nlpcli summarize report.txt
      nlpcli summarize reports/ --sentences 10% --json
      nlpcli summarize 회의록.txt --method textrank -n 5 --lines
      nlpcli summarize news/*.txt -n 1 --reference headlines.txt
    """
    found = jobs.summarize(
        files, settings, analysis=analysis, reading=reading, folders=folders, progress=console.progress(quiet)
    )
    if reference is not None:
        result = jobs.rouge_of(list(found), reference, reading)
        if json:
            console.print_json(result._asdict())
        else:
            names = ("ROUGE-1", "ROUGE-2", "ROUGE-L")
            console.print_table(("measure", "F1"), list(zip(names, result, strict=True)))
        return
    summaries = list(found)
    for summary in summaries:
        _print(summary, lines or len(summaries) > 1, json)


def _print(summary: Summary, with_lines: bool, json: bool) -> None:
    if json:
        sentences = [
            {"line": one.line, "text": one.text, "score": round(one.score, 4)} for one in summary.sentences
        ]
        console.print_json({"file": summary.file, "of": summary.of, "sentences": sentences})
        return
    for sentence in summary.sentences:
        if with_lines:
            console.print_cells([f"{summary.file}:{sentence.line}", sentence.text])
        else:
            console.print_line(sentence.text)
