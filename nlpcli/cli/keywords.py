"""Keywords of texts: `keywords`."""

from __future__ import annotations

from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Quiet, with_settings
from nlpcli.cli.results import results
from nlpcli.engine import jobs
from nlpcli.settings.input import InputSettings, LabelledTextSettings
from nlpcli.settings.keywords import KeywordSettings
from nlpcli.settings.results import ResultSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings


@with_settings
def keywords(
    files: Files = None,
    settings: KeywordSettings = KeywordSettings(),
    chart: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Draw bars too: .html or .png.", rich_help_panel="Output"),
    ] = None,
    cloud: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Draw a word cloud too: .html or .png.", rich_help_panel="Output"),
    ] = None,
    font: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", show_default=False, help="Font file for .png.", rich_help_panel="Output"
        ),
    ] = None,
    analysis: AnalysisSettings = LOWERCASE,
    vocabulary: VocabularySettings = VocabularySettings(),
    records: LabelledTextSettings = LabelledTextSettings(),
    reading: InputSettings = InputSettings(),
    shape: ResultSettings = ResultSettings(),
    quiet: Quiet = False,
) -> None:
    """Print the words that tell most: of each class against the others, of each document, or of all texts.

    Every line is a document, or every row of a table with --text-col. Classes are compared by log-odds with
    a prior (Monroe et al. 2008): z above 2 is rarely chance. --keep-pos chooses parts of speech.

    \b
    Examples:
      nlpcli keywords reviews.csv --text-col text --label-col label --chart words.html
      nlpcli keywords 리뷰.xlsx --text-col 내용 --label-col 평점 --tokenizer kiwi --keep-pos NNG,NNP
      nlpcli keywords news.txt --stopwords en -n 50 --cloud cloud.png
      nlpcli keywords articles.txt --by document -n 5 --jsonl
    """
    found = jobs.keywords(
        files, settings, chart=chart, cloud=cloud, font=font, analysis=analysis, vocabulary=vocabulary,
        records=records, reading=reading, progress=console.progress(quiet),
    )  # fmt: skip
    with results(shape) as shown:
        shown.table(found.columns, found.rows())
    for path in (chart, cloud):
        if path is not None:
            console.remark_unless_quiet(f"{path} is written")
