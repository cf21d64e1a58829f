"""Classifiers: `train-nb`, `classify`, `evaluate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Json, Model, Output, Quiet, with_settings
from nlpcli.settings import (
    AnalysisSettings,
    FeatureSettings,
    InputSettings,
    NaiveBayesSettings,
    RecordSettings,
)

if TYPE_CHECKING:
    from nlpcli.engine.linear import LinearModel
    from nlpcli.engine.metrics import Evaluation
    from nlpcli.engine.naive_bayes import NaiveBayes

Labelled = Annotated[
    list[str] | None,
    typer.Argument(
        help="Labelled texts: TSV, CSV, JSON lines, __label__ lines, a folder per class; - is stdin.",
        show_default=False,
    ),
]


@with_settings
def train_nb(
    files: Labelled = None,
    output: Output = "-",
    settings: NaiveBayesSettings = NaiveBayesSettings(),  # noqa: B008 (frozen)
    features: FeatureSettings = FeatureSettings(),  # noqa: B008 (frozen)
    analysis: AnalysisSettings = AnalysisSettings(lowercase=True),  # noqa: B008 (frozen)
    records: RecordSettings = RecordSettings(),  # noqa: B008 (frozen)
    reading: InputSettings = InputSettings(),  # noqa: B008 (frozen)
    quiet: Quiet = False,
) -> None:
    """Train a classifier (Naive Bayes) on labelled texts.

    \b
    Examples:
      nlpcli train-nb reviews.tsv -o reviews.safetensors
      zcat nsmc-train.tsv.gz | nlpcli train-nb - --text-col document --label-col label -o nsmc.safetensors
    """
    from nlpcli.engine import naive_bayes, nbsvm
    from nlpcli.engine.examples import read_examples
    from nlpcli.engine.store import check_writable

    naive_bayes.check_settings(settings)
    check_writable(output)
    progress = console.progress(quiet)
    examples = read_examples(files, analysis, records, reading, progress)
    model: NaiveBayes | LinearModel
    if settings.variant == "nbsvm":
        model = nbsvm.train(examples, analysis, features, settings, progress)
    else:
        model = naive_bayes.train(examples, analysis, features, settings, progress)
    model.save(output)
    texts, classes = len(examples.labels), len(model.labels)
    progress.note(f"{output}: {texts:,} texts, {classes} classes, {len(model.keys):,} features")


@with_settings
def classify(
    model: Model,
    files: Files = None,
    output: Annotated[
        str, typer.Option("-o", "--output", help="File to write; - is stdout.", metavar="FILE")
    ] = "-",
    records: RecordSettings = RecordSettings(),  # noqa: B008 (frozen)
    reading: InputSettings = InputSettings(),  # noqa: B008 (frozen)
) -> None:
    """Label texts with a trained classifier, one output line per input line.

    \b
    Examples:
      echo '정말 재미있는 영화였어요' | nlpcli classify nsmc.safetensors
      nlpcli classify nsmc.safetensors reviews.csv --text-col document
    """
    from nlpcli.engine.classifier import Classifier
    from nlpcli.engine.records import Records

    classifier = Classifier.load(model)
    source = Records(files, records, reading, labelled=False)
    with console.open_output(output) as file:
        writer = console.LineWriter(file)
        for _, found in classifier.classify(batch.texts for batch in source.batches()):
            for number in found.labels.tolist():
                writer.write(classifier.labels[number])


@with_settings
def evaluate(
    model: Model,
    files: Labelled = None,
    records: RecordSettings = RecordSettings(),  # noqa: B008 (frozen)
    reading: InputSettings = InputSettings(),  # noqa: B008 (frozen)
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure a classifier on labelled texts: accuracy, precision, recall, F1, confusion.

    \b
    Examples:
      nlpcli evaluate nsmc.safetensors nsmc-test.tsv.gz
      nlpcli evaluate nsmc.safetensors test.csv --text-col document --label-col label --json
    """
    from nlpcli.engine.classifier import Classifier, test

    result = test(Classifier.load(model), files, records, reading, console.progress(quiet))
    if json:
        console.print_json(result.to_record())
    else:
        _print_evaluation(result)


def _print_evaluation(result: Evaluation) -> None:
    console.print_table(["measure", "value"], [["accuracy", result.accuracy], ["texts", result.documents]])
    rows = [*result.per_class(), result.macro(), result.micro()]
    console.print_table(
        ["class", "precision", "recall", "f1", "texts"],
        [[row.label, row.precision, row.recall, row.f1, row.support] for row in rows],
    )
    console.print_table(
        ["true \\ predicted", *result.labels],
        [[label, *counts] for label, counts in zip(result.labels, result.confusion.tolist(), strict=True)],
    )
