"""Subword models: `train-subword` and `detokenize`."""

from __future__ import annotations

from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Output, Quiet, with_settings
from nlpcli.cli.results import as_json, results
from nlpcli.engine import jobs
from nlpcli.errors import SettingsError
from nlpcli.settings.fields import changed, refuse
from nlpcli.settings.input import TextInputSettings
from nlpcli.settings.results import JsonSettings, LineSettings, TableSettings
from nlpcli.settings.text import SubwordSettings


@with_settings
def train_subword(
    files: Files = None,
    output: Annotated[
        str, typer.Option("-o", "--output", help="Model file to write.", metavar="FILE", show_default=False)
    ] = ...,  # type: ignore[assignment]
    settings: SubwordSettings = SubwordSettings(),
    reading: TextInputSettings = TextInputSettings(),
    shape: TableSettings = TableSettings(),
    quiet: Quiet = False,
) -> None:
    """Learn subwords from text; the model is sentencepiece's own file.

    \b
    Examples:
      nlpcli train-subword wiki.txt --vocab-size 8000 -o ko.model
      nlpcli train-subword wiki.txt --method unigram -o ko.model
      nlpcli train-subword tiny.txt --vocab-size 300 --show-merges 20 -o tiny.model
      nlpcli tokenize --tokenizer subword --model ko.model news.txt | nlpcli detokenize --model ko.model
    """
    if not settings.merges:
        refuse(changed(shape), "without --show-merges")
    if settings.merges and output == "-":
        raise SettingsError("--show-merges prints to stdout: write the model to a file with -o")
    model = jobs.train_subword(
        files, console.output(output), settings, reading=reading,
        progress=console.progress(quiet),
    )  # fmt: skip
    if settings.merges:
        rows = [(number, *row) for number, row in enumerate(model.merges, start=1)]
        with results(shape) as shown:
            shown.table(["merge", "left", "right", "joined", "count"], rows)


@with_settings
def detokenize(
    files: Files = None,
    output: Output = "-",
    model: Annotated[
        str,
        typer.Option("--model", help="The model that split the text.", metavar="FILE", show_default=False),
    ] = ...,  # type: ignore[assignment]
    ids: Annotated[bool, typer.Option("--ids", help="The input is ids, not pieces.")] = False,
    reading: TextInputSettings = TextInputSettings(),
    table: LineSettings = LineSettings(),
    shaped: JsonSettings = JsonSettings(),
    quiet: Quiet = False,  # noqa: ARG001
) -> None:
    """Put subwords together again: exactly the text that was split.

    \b
    Examples:
      nlpcli detokenize --model ko.model pieces.txt > text.txt
      nlpcli tokenize --tokenizer subword --model ko.model --ids a.txt > ids.txt
      nlpcli detokenize --ids --model ko.model ids.txt
    """
    with as_json(output, shaped, ["text"], table) as file:
        jobs.detokenize(files, model, file, ids=ids, reading=reading, table=table)
