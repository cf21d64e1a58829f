"""Sequence to sequence: `train-seq2seq`, `translate`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.classifier_output import NOT_MEASURED, when_measured
from nlpcli.cli.classify import ModelOutput, Test, TextOutput
from nlpcli.cli.described import Rare
from nlpcli.cli.networks import Resume
from nlpcli.cli.options import Files, Json, Model, Quiet, given_names, with_settings
from nlpcli.cli.results import as_json
from nlpcli.engine import jobs
from nlpcli.settings.charlm import CheckpointSettings
from nlpcli.settings.fields import changed, given_options, refuse
from nlpcli.settings.input import INPUT, InputSettings, TextRowSettings
from nlpcli.settings.neural import NetworkTraining
from nlpcli.settings.results import JsonSettings, LineSettings, TableSettings
from nlpcli.settings.translation import (
    SEQ2SEQ_TRAINING,
    Seq2SeqSettings,
    TargetSettings,
    TranslateSettings,
)

Pairs = Annotated[
    list[str] | None,
    typer.Argument(
        help="Pairs: source TAB target a line; CSV, JSON lines; with --noise plain text; - is stdin.",
        show_default=False,
    ),
]
Source = Annotated[
    str | None,
    typer.Option(help="File of sources, a line each, beside --target.", metavar="FILE", show_default=False,
                 rich_help_panel=INPUT),
]  # fmt: skip
Target = Annotated[
    str | None,
    typer.Option(help="File of targets: its n-th line belongs to the n-th of --source.", metavar="FILE",
                 show_default=False, rich_help_panel=INPUT),
]  # fmt: skip
Dev = Annotated[
    str | None,
    typer.Option(help="Pairs by which the best weights are chosen; else some are held out.", metavar="FILE",
                 show_default=False),
]  # fmt: skip
Init = Annotated[
    str | None,
    typer.Option(
        help="The encoder and the units' vectors begin with those of this model of train-mlm.",
        metavar="MODEL", show_default=False, rich_help_panel=Rare("Options"),
    ),
]  # fmt: skip
AttentionPage = Annotated[
    str | None,
    typer.Option(help="Write a page that shows what each unit looked at.", metavar="FILE.html",
                 show_default=False),
]  # fmt: skip


@with_settings
def train_seq2seq(
    context: typer.Context,
    files: Pairs = None,
    output: ModelOutput = None,
    settings: Seq2SeqSettings = Seq2SeqSettings(),
    training: NetworkTraining = SEQ2SEQ_TRAINING,
    source: Source = None,
    target: Target = None,
    init: Init = None,
    dev: Dev = None,
    test: Test = None,
    resume: Resume = None,
    records: TextRowSettings = TextRowSettings(),
    column: TargetSettings = TargetSettings(),
    checkpoints: CheckpointSettings = CheckpointSettings(),
    reading: InputSettings = InputSettings(),
    shape: TableSettings = TableSettings(),
    quiet: Quiet = False,
) -> None:
    """Train a network that reads one text and writes another: translation, dates, spelling, transliteration.

    Ctrl-C leaves a checkpoint, from which --resume goes on.

    \b
    Examples:
      nlpcli train-seq2seq en-de.tsv -o en-de.safetensors
      nlpcli train-seq2seq --source train.en --target train.ko --dev dev.tsv -o en-ko.safetensors
      nlpcli train-seq2seq dates.tsv --unit char --rnn-size 64 -o dates.safetensors
      nlpcli train-seq2seq news.txt --noise spaces --unit char -o spacing.safetensors
    """
    if test is None:
        refuse(changed(shape), NOT_MEASURED)
    if dev is not None:
        refuse(given_options(given_names(context) & {"val_frac"}, NetworkTraining), "beside --dev")
    jobs.train_seq2seq(
        files, output, settings, training=training, source=source, target=target, init=init,
        dev=dev, test=test, resume=resume, checkpoints=checkpoints, records=records, column=column,
        reading=reading, measured=when_measured(shape), progress=console.progress(quiet),
    )  # fmt: skip


@with_settings
def translate(
    model: Model,
    files: Files = None,
    output: TextOutput = "-",
    settings: TranslateSettings = TranslateSettings(),
    attention_page: AttentionPage = None,
    records: TextRowSettings = TextRowSettings(),
    reading: InputSettings = InputSettings(),
    table: LineSettings = LineSettings(),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the best target of each line with a model of train-seq2seq, one output line per input line.

    Lines are taken as plain text unless a column or a format is named. With --n-best the targets of a line
    stand in one line, best first, with tabs between.

    \b
    Examples:
      echo 'A dog runs.' | nlpcli translate en-de.safetensors
      nlpcli translate en-de.safetensors news.txt --beam-size 8 --n-best 3 --proba
      nlpcli translate en-de.safetensors news.txt --attention-page looks.html -o news.de.txt
    """
    shape = JsonSettings(json=json, jsonl=settings.jsonl)
    with as_json(output, shape, rows=table) as file:
        jobs.translate(
            model, files, file, replace(settings, jsonl=shape.is_json), attention_page=attention_page,
            records=records, reading=reading, table=table, progress=console.progress(quiet),
        )  # fmt: skip
