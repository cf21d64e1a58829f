"""For someone who has to choose: `compare-tokenizers`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, get_args

import typer

from nlpcli.cli import console
from nlpcli.cli.described import Listed
from nlpcli.cli.options import Files, Json, Quiet, with_settings
from nlpcli.engine import jobs
from nlpcli.settings.input import InputSettings
from nlpcli.settings.text import AnalysisSettings, ComparisonSettings, TokenizerName

if TYPE_CHECKING:
    from nlpcli.engine.text.comparison import TokenizerComparison


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
    reading: InputSettings = InputSettings(),
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The same lines through several tokenizers: tokens side by side, speed, vocabulary.

    \b
    Examples:
      nlpcli compare-tokenizers ko.txt --tokenizers word,kiwi,mecab,okt
      nlpcli compare-tokenizers ko.txt --tokenizers word,kiwi,subword:ko.model --lines 3
      nlpcli compare-tokenizers en.txt --tokenizers word,nltk --json
    """
    names = [name.strip() for name in tokenizers.split(",") if name.strip()]
    compared = jobs.compare_tokenizers(
        files, names, settings, analysis=analysis, reading=reading,
        progress=console.progress(quiet),
    )  # fmt: skip
    if as_json:
        console.print_json(_record(compared))
        return
    rows = [
        (number, one.name, " ".join(one.examples[number - 1]))
        for number in range(1, len(compared.lines) + 1)
        for one in compared.tokenizers
    ]
    if rows:
        console.print_table(["line", "tokenizer", "tokens"], rows)
        console.print_line("")
    columns = ["tokenizer", "start s", "chars/s", "tokens", "vocabulary", "failed lines"]
    summary = [
        (one.name, f"{one.start:.2f}", f"{one.speed:,.0f}", one.tokens, one.vocabulary, one.failed)
        for one in compared.tokenizers
    ]
    console.print_table(columns, summary)


def _record(compared: TokenizerComparison) -> object:
    return {
        "lines": [
            {"text": text, "tokens": {one.name: one.examples[number] for one in compared.tokenizers}}
            for number, text in enumerate(compared.lines)
        ],
        "tokenizers": [
            {
                "tokenizer": one.name,
                "start_seconds": round(one.start, 3),
                "characters_per_second": round(one.speed),
                "tokens": one.tokens,
                "vocabulary": one.vocabulary,
                "failed_lines": one.failed,
            }
            for one in compared.tokenizers
        ],
    }
