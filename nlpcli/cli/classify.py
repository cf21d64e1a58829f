"""Classifiers: `train-nb`, `classify`, `evaluate`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, cast

import typer

from nlpcli.cli import console
from nlpcli.cli.classifier_output import NOT_MEASURED, painted_reason, show_evaluation, when_measured
from nlpcli.cli.described import Listed, Old, Rare
from nlpcli.cli.options import Files, Json, Model, Quiet, given_names, with_settings
from nlpcli.cli.results import as_json, results
from nlpcli.cli.shown_work import ShowWork, show_work
from nlpcli.engine import jobs
from nlpcli.settings.classify import (
    CHECKING,
    ClassifySettings,
    FeatureSettings,
    NaiveBayesSettings,
    SelectionSettings,
    refuse_beside_append,
)
from nlpcli.settings.distributed import DistributedSettings
from nlpcli.settings.fields import MOST, changed, given_options, refuse, whole_number
from nlpcli.settings.input import (
    INPUT,
    InputSettings,
    JudgedTextSettings,
    LabelledTextSettings,
    RecordSettings,
)
from nlpcli.settings.results import JsonSettings, LineSettings, ResultSettings, TableSettings
from nlpcli.settings.tagging import TaggedTextSettings
from nlpcli.settings.text import LOWERCASE, AnalysisSettings
from nlpcli.settings.translation import TargetSettings, TranslationScoreSettings

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
Partial = Annotated[
    bool, typer.Option("--partial", help="Only count a part of the texts; merge makes a model of parts.",
                       rich_help_panel=Rare(AFTER))
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
    partial: Partial = False,
    show_the_work: ShowWork = False,
    analysis: AnalysisSettings = LOWERCASE,
    records: LabelledTextSettings = LabelledTextSettings(),
    reading: InputSettings = InputSettings(),
    machines: DistributedSettings = DistributedSettings(),
    shape: TableSettings = TableSettings(),
    quiet: Quiet = False,
) -> None:
    """Train a classifier on labelled texts: Naive Bayes, or the more accurate nbsvm.

    \b
    Examples:
      nlpcli train-nb reviews.tsv -o reviews.safetensors
      zcat nsmc-train.tsv.gz | nlpcli train-nb - --text-col document --label-col label -o nsmc.safetensors
      nlpcli train-nb mail/ --method nbsvm --calibrate --holdout 0.1 -o mail.safetensors
      nlpcli train-nb reviews.tsv --cross-validate 5
      nlpcli train-nb train.tsv --test test.tsv -o reviews.safetensors
      nlpcli train-nb monday.tsv --append week.safetensors -o week.safetensors
      nlpcli train-nb part-1.tsv --partial -o part-1.safetensors
    """
    if append is not None and output is not None:
        kinds = (NaiveBayesSettings, FeatureSettings, AnalysisSettings)
        refuse_beside_append(given_options(given_names(context), *kinds))
    measures = bool(test or selection.holdout or selection.cross_validate)
    refuse(["--show-work"] * (show_the_work and measures), "where something is measured: results are either")
    if not (measures or show_the_work):
        refuse(changed(shape), NOT_MEASURED)
    outcome = jobs.train_nb(
        files, output, settings, features, append=append, selection=selection, test=test,
        calibrate=calibrate, prune=prune, partial=partial, machines=machines, analysis=analysis,
        records=records, reading=reading, measured=when_measured(shape), show_work=show_the_work,
        progress=console.progress(quiet),
    )  # fmt: skip
    if show_the_work:
        show_work(outcome.work, shape)


@with_settings
def classify(
    context: typer.Context,
    model: Model,
    files: Files = None,
    output: TextOutput = "-",
    settings: ClassifySettings = ClassifySettings(),
    records: JudgedTextSettings = JudgedTextSettings(),
    reading: InputSettings = InputSettings(),
    table: LineSettings = LineSettings(),
    machines: DistributedSettings = DistributedSettings(),
    show_the_work: ShowWork = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Label texts with a trained classifier, ours or fastText's, one output line per input line.

    Lines are taken as plain text unless a column or a format is named.

    \b
    Examples:
      echo '정말 재미있는 영화였어요' | nlpcli classify nsmc.safetensors --explain
      nlpcli classify nsmc.safetensors reviews.csv --text-col document --proba
      nlpcli classify nsmc.safetensors reviews.csv --encoding cp949 --text-col document -o labelled.xlsx
      nlpcli classify duplicates.safetensors pairs.tsv --text-col 1 --text2-col 2
      echo 'good film' | nlpcli classify few.safetensors --show-work
      tail -f chat.log | nlpcli classify spam.safetensors --jsonl | jq 'select(.label == "spam")'
    """
    shape = JsonSettings(json=json, jsonl=settings.jsonl)
    if show_the_work:
        refuse(["--cluster"] * machines.wanted, "beside --show-work")
        answers = given_options(given_names(context), ClassifySettings, but=["jsonl"])
        refuse(answers, "beside --show-work, which says all")
        show_work(jobs.classify_work(model, paths=files, records=records, reading=reading), shape, output)
        return
    with as_json(output, shape, folder=machines.wanted) as file:
        jobs.classify(
            model, files, file, replace(settings, jsonl=shape.is_json), records=records, reading=reading,
            table=table, machines=machines,
            reason_as_text=painted_reason if output == "-" and console.is_terminal() else None,
            progress=console.progress(quiet),
        )  # fmt: skip


@with_settings
def evaluate(
    model: Model,
    files: Labelled = None,
    mistakes: Annotated[
        int,
        typer.Option(
            "-n",
            "--top",
            "--mistakes",
            Old("--show-errors"),
            metavar="N",
            min=0,
            max=MOST,
            help="List the N most confident mistakes.",
        ),
    ] = 0,
    plot: Annotated[
        str | None, typer.Option(help="Draw the confusion matrix: .png, .svg, .pdf or .html.", metavar="FILE")
    ] = None,
    records: RecordSettings = RecordSettings(),
    tagged: TaggedTextSettings = TaggedTextSettings(),
    column: TargetSettings = TargetSettings(),
    scores: TranslationScoreSettings = TranslationScoreSettings(),
    encoding: Annotated[
        str, typer.Option(help="Encoding of the input.", metavar="NAME", rich_help_panel=INPUT)
    ] = InputSettings.encoding,  # not all of InputSettings: --errors was the number of mistakes
    errors: Annotated[
        list[str] | None,
        typer.Option(
            help="Bytes that are not text: strict (end), replace (put U+FFFD for them) or skip. [strict]",
            metavar=Listed("NAME", ("strict", "replace", "skip")),
            rich_help_panel=Rare(INPUT),
        ),
    ] = None,
    shape: ResultSettings = ResultSettings(),
    quiet: Quiet = False,
) -> None:
    """Measure a model: a classifier on labelled texts, a tagger on tagged text, a translator on pairs.

    Accuracy, F1 and confusion; of translations BLEU with sacreBLEU's signature, and chrF.

    Of a topic model and texts: perplexity, coherence and diversity. Of a reader and questions (SQuAD's JSON):
    exact match and F1.

    \b
    Examples:
      nlpcli evaluate nsmc.safetensors nsmc-test.tsv.gz --top 10
      nlpcli evaluate nsmc.safetensors test.csv --text-col document --label-col label --json
      nlpcli evaluate topics.safetensors test.jsonl --plot confusion.html
      nlpcli evaluate names.safetensors conll2003/test.txt --top 20
      nlpcli evaluate en-de.safetensors test.tsv
      nlpcli evaluate reader.safetensors questions.json
    """
    reading = InputSettings(encoding=encoding)
    for value in errors or []:
        if value.isdecimal():  # what --errors was before
            mistakes = whole_number(value)
        else:
            reading = replace(reading, errors=cast(Any, value))
    result = jobs.evaluate(
        model, files, mistakes=mistakes, plot=plot, records=records, tagged=tagged,
        column=column, scores=scores, reading=reading, progress=console.progress(quiet),
    )  # fmt: skip
    with results(shape) as shown:
        show_evaluation(result, shown)
