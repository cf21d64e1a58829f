"""For someone who has to choose: `compare-tokenizers`."""

from __future__ import annotations

from typing import Annotated, get_args

import typer

from nlpcli.cli import console
from nlpcli.cli.described import Listed
from nlpcli.cli.options import Files, Quiet, with_settings
from nlpcli.cli.results import results
from nlpcli.engine import jobs
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.results import ResultSettings
from nlpcli.settings.text import AnalysisSettings, ComparisonSettings, TokenizerName


@with_settings
def compare_tokenizers(
    files: Files = None,
    tokenizers: Annotated[
        str,
        typer.Option(
            help="Names with commas between; subword:FILE is a model's.",
            metavar=Listed("NAME,…", get_args(TokenizerName)),
        ),
    ] = "word,nltk,kiwi",
    settings: ComparisonSettings = ComparisonSettings(),
    analysis: AnalysisSettings = AnalysisSettings(),
    reading: TextInputSettings = TextInputSettings(),
    shape: ResultSettings = ResultSettings(),
    quiet: Quiet = False,
) -> None:
    """The same lines through several tokenizers: tokens side by side, speed, vocabulary.

    \b
    Examples:
      nlpcli compare-tokenizers ko.txt --tokenizers word,kiwi,mecab,okt
      nlpcli compare-tokenizers ko.txt --tokenizers word,kiwi,subword:ko.model -n 3
      nlpcli compare-tokenizers en.txt --tokenizers word,nltk --json
    """
    names = [name.strip() for name in tokenizers.split(",") if name.strip()]
    compared = jobs.compare_tokenizers(
        files, names, settings, analysis=analysis, reading=reading,
        progress=console.progress(quiet),
    )  # fmt: skip
    rows = [
        (number, one.name, one.examples[number - 1])
        for number in range(1, len(compared.lines) + 1)
        for one in compared.tokenizers
    ]
    columns = ["tokenizer", "start_s", "chars_per_s", "tokens", "vocabulary", "failed_lines"]
    summary = [
        (one.name, f"{one.start:.2f}", f"{one.speed:,.0f}", one.tokens, one.vocabulary, one.failed)
        if not shape.is_json
        else (one.name, round(one.start, 3), round(one.speed), one.tokens, one.vocabulary, one.failed)
        for one in compared.tokenizers
    ]
    with results(shape) as shown:
        if rows:
            shown.table(["line", "tokenizer", "tokens"], rows, name="lines")
            shown.gap()
        shown.table(columns, summary, name="tokenizers")
