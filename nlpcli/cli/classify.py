"""Classifiers: `train-nb`, `classify`, `evaluate`."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, cast

import typer

from nlpcli.cli import console
from nlpcli.cli.classifier_output import painted_reason, print_evaluation
from nlpcli.cli.options import Files, Json, Model, Quiet, given_options, with_settings
from nlpcli.engine import jobs
from nlpcli.errors import SettingsError
from nlpcli.settings.classify import (
    CHECKING,
    ClassifySettings,
    FeatureSettings,
    NaiveBayesSettings,
    SelectionSettings,
    refuse_beside_append,
)
from nlpcli.settings.fields import whole_number
from nlpcli.settings.input import INPUT, InputSettings, RecordSettings
from nlpcli.settings.tagging import TaggedTextSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings

AFTER = "After training"

Labelled = Annotated[
    list[str] | None,
    typer.Argument(
        help="Labelled texts: TSV, CSV, JSON lines, __label__ lines, a folder per class; - is stdin.",
        show_default=False,
    ),
]
ModelOutput = Annotated[
    str | None,
    typer.Option("-o", "--output", help="Model file to write.", metavar="FILE", show_default=False),
]
TextOutput = Annotated[
    str,
    typer.Option("-o", "--output", help="File to write; - is stdout.", metavar="FILE", show_default=False),
]
Append = Annotated[
    str | None,
    typer.Option(
        help="Go on from this model, with its settings; exactly as if trained on all.", metavar="MODEL"
    ),
]
Test = Annotated[
    str | None, typer.Option(help="Measure on these labelled texts afterwards, as evaluate does.",
                             metavar="FILE", show_default=False, rich_help_panel=CHECKING)
]  # fmt: skip
Calibrate = Annotated[
    bool, typer.Option("--calibrate", help="Calibrate the probabilities, by a tenth of the texts held out.",
                       rich_help_panel=AFTER)
]  # fmt: skip
Prune = Annotated[
    bool, typer.Option("--prune", help="Drop features that change no decision; smaller, no longer mergeable.",
                       rich_help_panel=AFTER)
]  # fmt: skip


@with_settings
def train_nb(
    context: typer.Context,
    files: Labelled = None,
    output: ModelOutput = None,
    append: Append = None,
    settings: NaiveBayesSettings = NaiveBayesSettings(),
    features: FeatureSettings = FeatureSettings(),
    selection: SelectionSettings = SelectionSettings(),
    test: Test = None,
    calibrate: Calibrate = False,
    prune: Prune = False,
    analysis: AnalysisSettings = LOWERCASE,
    records: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a classifier on labelled texts: Naive Bayes, or the more accurate nbsvm.

    \b
    Examples:
      nlpcli train-nb reviews.tsv -o reviews.safetensors
      zcat nsmc-train.tsv.gz | nlpcli train-nb - --text-col document --label-col label -o nsmc.safetensors
      nlpcli train-nb mail/ --variant nbsvm --calibrate --holdout 0.1 -o mail.safetensors
      nlpcli train-nb reviews.tsv --cross-validate 5
      nlpcli train-nb train.tsv --test test.tsv -o reviews.safetensors
      nlpcli train-nb monday.tsv --append week.safetensors -o week.safetensors
    """
    if append is not None and output is not None:
        refuse_beside_append(given_options(context, NaiveBayesSettings, FeatureSettings, AnalysisSettings))
    jobs.train_nb(
        files, output, settings, features, append=append, selection=selection, test=test,
        calibrate=calibrate, prune=prune, analysis=analysis, records=records, reading=reading,
        measured=lambda _, result: print_evaluation(result, json), progress=console.progress(quiet),
    )  # fmt: skip


@with_settings
def classify(
    model: Model,
    files: Files = None,
    output: TextOutput = "-",
    settings: ClassifySettings = ClassifySettings(),
    records: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    quiet: Quiet = False,
) -> None:
    """Label texts with a trained classifier, ours or fastText's, one output line per input line.

    Lines are taken as plain text unless a column or a format is named.

    \b
    Examples:
      echo '정말 재미있는 영화였어요' | nlpcli classify nsmc.safetensors --explain
      nlpcli classify nsmc.safetensors reviews.csv --text-col document --proba
      nlpcli classify duplicates.safetensors pairs.tsv --text-col 1 --text2-col 2
      tail -f chat.log | nlpcli classify spam.safetensors --jsonl | jq 'select(.label == "spam")'
    """
    jobs.classify(
        model, files, console.output(output), settings, records=records, reading=reading,
        reason_as_text=painted_reason if output == "-" and console.is_terminal() else None,
        progress=console.progress(quiet),
    )  # fmt: skip


@with_settings
def evaluate(
    model: Model,
    files: Labelled = None,
    errors: Annotated[
        list[str] | None,
        typer.Option(
            "--errors",
            "--mistakes",
            "--show-errors",
            metavar="N",
            help="List the N most confident mistakes; or, with replace or skip, go on over bytes that are no "
            "text.",
            show_default=False,
        ),
    ] = None,
    plot: Annotated[
        str | None, typer.Option(help="Draw the confusion matrix: .png, .svg, .pdf or .html.", metavar="FILE")
    ] = None,
    records: RecordSettings = RecordSettings(),
    tagged: TaggedTextSettings = TaggedTextSettings(),
    encoding: Annotated[
        str, typer.Option(help="Encoding of the input.", metavar="NAME", rich_help_panel=INPUT)
    ] = InputSettings.encoding,  # not all of InputSettings: its --errors is a part of this one's
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure a classifier on labelled texts, or a tagger on tagged text: accuracy, F1, confusion.

    Of a topic model and texts: perplexity, coherence and diversity.

    \b
    Examples:
      nlpcli evaluate nsmc.safetensors nsmc-test.tsv.gz --errors 10
      nlpcli evaluate nsmc.safetensors test.csv --text-col document --label-col label --json
      nlpcli evaluate topics.safetensors test.jsonl --plot confusion.html
      nlpcli evaluate names.safetensors conll2003/test.txt --show-errors 20
    """
    mistakes, reading = _errors(errors or [], encoding)
    result = jobs.evaluate(
        model, files, mistakes=mistakes, plot=plot, records=records, tagged=tagged,
        reading=reading, progress=console.progress(quiet),
    )  # fmt: skip
    print_evaluation(result, json)


def _errors(given: list[str], encoding: str) -> tuple[int, InputSettings]:
    """How many mistakes to list, and how to read: `--errors` is the name of both."""
    mistakes, reading = 0, InputSettings(encoding=encoding)
    for value in given:
        if value.isdecimal():
            mistakes = whole_number(value)
        elif value in ("strict", "replace", "skip"):
            reading = dataclasses.replace(reading, errors=cast(Any, value))
        else:
            raise SettingsError(
                f"--errors cannot be {value!r}",
                hint="wanted: how many mistakes to list, or strict, replace or skip for bad bytes",
            )
    return mistakes, reading
