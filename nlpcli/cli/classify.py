"""Classifiers: `train-nb`, `classify`, `evaluate`, and their side of `inspect` and `merge`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from nlpcli.cli import console
from nlpcli.cli.options import Files, Json, Model, Quiet, given_options, with_settings
from nlpcli.errors import SettingsError
from nlpcli.settings.classify import FeatureSettings, NaiveBayesSettings
from nlpcli.settings.input import INPUT, InputSettings, RecordSettings
from nlpcli.settings.text import AnalysisSettings

if TYPE_CHECKING:
    from nlpcli.engine.classify.classifier import Trained
    from nlpcli.engine.classify.examples import Examples
    from nlpcli.engine.classify.explanations import Reason
    from nlpcli.engine.classify.metrics import Evaluation
    from nlpcli.engine.runtime.progress import Progress

CHECKING, AFTER = "Checking and searching", "After training"
_STRONGEST = 8  # tokens that --explain names in a pipe

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
CrossValidate = Annotated[
    int, typer.Option(help="Measure in K parts, each with a model of the others; 0 is off.", metavar="K",
                      min=0, rich_help_panel=CHECKING)
]  # fmt: skip
Holdout = Annotated[
    float, typer.Option(help="Measure on a random share of the texts first, e.g. 0.1.", metavar="SHARE",
                        min=0, max=0.9, rich_help_panel=CHECKING)
]  # fmt: skip
Autotune = Annotated[
    float, typer.Option(help="Search for variant, smoothing and n-grams for so long.", metavar="SECONDS",
                        min=0, rich_help_panel=CHECKING)
]  # fmt: skip
Test = Annotated[
    str | None, typer.Option(help="Measure on these labelled texts afterwards, as evaluate does.",
                             metavar="FILE", show_default=False, rich_help_panel=CHECKING)
]  # fmt: skip
Calibrate = Annotated[
    bool, typer.Option("--calibrate", help="Make probabilities honest, by a tenth of the texts held out.",
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
    cross_validate: CrossValidate = 0,
    holdout: Holdout = 0.0,
    autotune: Autotune = 0.0,
    test: Test = None,
    calibrate: Calibrate = False,
    prune: Prune = False,
    analysis: AnalysisSettings = AnalysisSettings(lowercase=True),
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
    from nlpcli.engine.classify import training
    from nlpcli.engine.classify.examples import read_examples
    from nlpcli.engine.io.atomic import check_writable
    from nlpcli.engine.io.lines import STDIN, check_readable

    training.check(settings, prune)
    if test is not None:
        if test == STDIN and STDIN in (files or [STDIN]):
            raise SettingsError("stdin cannot be both the texts to train on and those to --test")
        check_readable(test)
    if output is not None:
        check_writable(output)
    elif not (cross_validate or holdout or autotune or test):
        raise SettingsError(
            "where should the model go?",
            hint="name a file with -o, or only measure: --cross-validate 5, --test FILE",
        )
    progress = console.progress(quiet)
    if append is not None:
        others = given_options(context, NaiveBayesSettings, FeatureSettings, AnalysisSettings)
        for name in ("cross_validate", "holdout", "autotune", "calibrate", "prune"):
            if context.params[name]:
                others.append("--" + name.replace("_", "-"))
        _append(append, output, files, test, records, reading, json, progress, others)
        return
    examples = read_examples(files, analysis, records, reading, progress)
    tests = _read_tests(test, analysis, records, reading, progress)
    if autotune:
        features, settings = _tuned(examples, autotune, analysis, features, settings, progress)
    plan = _Plan(analysis, features, settings)
    _check_first(examples, plan, cross_validate, holdout, json, progress)
    if output is not None or test is not None:
        model = training.train(
            examples, analysis, features, settings, prune=prune, calibrate=calibrate, progress=progress
        )
        if output is not None:
            _save(model, output, len(examples.labels), progress)
        _measure(model, tests, json, progress)


@dataclasses.dataclass(frozen=True)
class _Plan:
    analysis: AnalysisSettings
    features: FeatureSettings
    settings: NaiveBayesSettings


def _save(model: Trained, output: str, texts: int, progress: Progress) -> None:
    model.save(output)
    features = f"{len(model.keys):,} features"
    if model.used < len(model.keys):  # the others are kept for --append and merge
        features += f", {model.used or 'none'} of them seen often enough to count (--min-count)"
    progress.note(f"{output}: {texts:,} texts, {len(model.labels)} classes, {features}")


def _read_tests(
    path: str | None,
    analysis: AnalysisSettings,
    records: RecordSettings,
    reading: InputSettings,
    progress: Progress,
) -> Examples | None:
    """What --test names, read before training, so that what is wrong with it is told before."""
    from nlpcli.engine.classify.examples import read_labelled

    return read_labelled([path], analysis, records, reading, progress) if path is not None else None


def _measure(model: Trained, tests: Examples | None, json: bool, progress: Progress) -> None:
    if tests is None:
        return
    from nlpcli.engine.classify.classifier import Classifier, as_tests, measure

    classifier = Classifier(model)
    _print_evaluation(measure(classifier, as_tests(classifier, tests), progress)[0], json)


def _append(
    path: str,
    output: str | None,
    files: list[str] | None,
    test: str | None,
    records: RecordSettings,
    reading: InputSettings,
    json: bool,
    progress: Progress,
    others: list[str],
) -> None:
    from nlpcli.engine.classify import training
    from nlpcli.engine.classify.classifier import load_model
    from nlpcli.engine.classify.examples import read_labelled

    if output is None:
        raise SettingsError("where should the longer model go?", hint=f"name a file with -o, perhaps {path}")
    if others:
        raise SettingsError(
            f"--append goes on with the model's own settings: {others[0]} has no place beside it",
            hint="it goes with -o, --test and input options",
        )
    model = training.countable(load_model(path), path)
    examples = read_labelled(files, model.analysis, records, reading, progress)
    tests = _read_tests(test, model.analysis, records, reading, progress)
    if model.calibration is not None:
        progress.note(f"the calibration of {path} is dropped: it no longer fits")
    longer = training.appended(model, examples, progress)
    _save(longer, output, int(longer.documents.sum()), progress)
    _measure(longer, tests, json, progress)


def _tuned(
    examples: Examples,
    seconds: float,
    analysis: AnalysisSettings,
    features: FeatureSettings,
    settings: NaiveBayesSettings,
    progress: Progress,
) -> tuple[FeatureSettings, NaiveBayesSettings]:
    from nlpcli.engine.classify.model_selection import autotune

    trials = autotune(examples, seconds, analysis, features, settings, progress)
    for trial in trials[:5]:
        progress.note(f"{trial.accuracy:.4f}  {trial.describe()}")
    progress.note(f"chosen of {len(trials)} tried: {trials[0].describe()}")
    return trials[0].features, trials[0].settings


def _check_first(
    examples: Examples, plan: _Plan, cross_validate: int, holdout: float, json: bool, progress: Progress
) -> None:
    from nlpcli.engine.classify import model_selection

    how = (plan.analysis, plan.features, plan.settings, progress)
    if holdout:
        _print_evaluation(model_selection.on_held_out(examples, holdout, *how), json)
    if cross_validate:
        if cross_validate == 1:
            raise SettingsError("--cross-validate needs at least 2 parts")
        parts = model_selection.cross_validate(examples, cross_validate, *how)
        for number, part in enumerate(parts, start=1):
            progress.note(f"part {number}: accuracy {part.accuracy:.4f}, macro F1 {part.macro().f1:.4f}")
        _print_evaluation(model_selection.pooled(parts), json)


@with_settings
def classify(
    model: Model,
    files: Files = None,
    output: TextOutput = "-",
    proba: Annotated[bool, typer.Option("--proba", help="The probability after the label.")] = False,
    top_k: Annotated[int, typer.Option(help="The K likeliest labels with their probabilities.", min=0)] = 0,
    explain: Annotated[
        bool, typer.Option("--explain", help="The tokens that decided, with their log-odds.")
    ] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object per line.")] = False,
    records: RecordSettings = RecordSettings(),
    reading: InputSettings = InputSettings(),
    quiet: Quiet = False,
) -> None:
    """Label texts with a trained classifier, one output line per input line.

    Lines are taken as plain text unless a column or a format is named.

    \b
    Examples:
      echo '정말 재미있는 영화였어요' | nlpcli classify nsmc.safetensors --explain
      nlpcli classify nsmc.safetensors reviews.csv --text-col document --proba
      tail -f chat.log | nlpcli classify spam.safetensors --jsonl | jq 'select(.label == "spam")'
    """
    from nlpcli.engine.classify.classifier import Classifier
    from nlpcli.engine.classify.explanations import explain as reasons_of
    from nlpcli.engine.io.records import Records

    classifier = Classifier.load(model)
    labels = classifier.labels
    shown = min(top_k, len(labels)) or 1
    source = Records(files, records, reading, labelled=False, progress=console.progress(quiet))
    with console.open_output(output) as file:
        writer = console.LineWriter(file)
        for corpus, found in classifier.classify(source.texts()):
            reasons = list(reasons_of(classifier, corpus)) if explain else None
            for number, (label, chances) in enumerate(zip(found.labels, found.probabilities, strict=True)):
                # The class with the best score first, also where rounding makes chances equal.
                ranked = sorted(range(len(labels)), key=lambda c: (-chances[c], c != label, c))[:shown]
                likeliest = [(labels[c], float(chances[c])) for c in ranked]
                reason = reasons[number] if reasons else None
                if jsonl:
                    writer.write(console.as_json(_record(likeliest, reason)))
                else:
                    writer.write(_line(likeliest, reason, proba or top_k > 0, output == "-"))


def _record(likeliest: list[tuple[str, float]], reason: Reason | None) -> dict[str, Any]:
    record: dict[str, Any] = {
        "label": likeliest[0][0],
        "proba": {label: round(chance, 6) for label, chance in likeliest},
    }
    if reason is not None:
        record["against"] = reason.rival
        record["start"] = round(reason.start, 4)
        record["tokens"] = [[token, round(odds, 4)] for token, odds in reason.tokens]
    return record


def _line(likeliest: list[tuple[str, float]], reason: Reason | None, proba: bool, to_stdout: bool) -> str:
    cells = (
        [part for label, chance in likeliest for part in (label, f"{chance:.4f}")]
        if proba
        else [likeliest[0][0]]
    )
    if reason is None:
        return "\t".join(cells)
    if to_stdout and console.is_terminal():
        return "\t".join([*cells, " ".join(_painted(token, odds) for token, odds in reason.tokens)])
    return "\t".join(
        [*cells, " ".join(f"{token}:{odds:+.2f}" for token, odds in reason.strongest(_STRONGEST))]
    )


def _painted(token: str, odds: float) -> str:
    colour = "green" if odds > 0 else "red"
    return console.painted(token, colour, bold=abs(odds) >= 1) + console.painted(f"{odds:+.2f}", "dim")


@with_settings
def evaluate(
    model: Model,
    files: Labelled = None,
    errors: Annotated[
        list[str] | None,
        typer.Option(
            "--errors",
            "--mistakes",
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
    encoding: Annotated[
        str, typer.Option(help="Encoding of the input.", metavar="NAME", rich_help_panel=INPUT)
    ] = InputSettings.encoding,  # not all of InputSettings: its --errors is a part of this one's
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure a classifier on labelled texts: accuracy, precision, recall, F1, confusion.

    \b
    Examples:
      nlpcli evaluate nsmc.safetensors nsmc-test.tsv.gz --errors 10
      nlpcli evaluate nsmc.safetensors test.csv --text-col document --label-col label --json
      nlpcli evaluate topics.safetensors test.jsonl --plot confusion.html
    """
    from nlpcli.engine.classify.classifier import Classifier, measure, read_tests
    from nlpcli.engine.plots.confusion import check_plot, plot_confusion

    if plot is not None:
        check_plot(plot)
    mistakes, reading = _errors(errors or [], encoding)
    classifier = Classifier.load(model)
    texts: list[str] | None = [] if mistakes else None
    progress = console.progress(quiet)
    examples = read_tests(classifier, files, records, reading, progress, texts)
    result, found = measure(classifier, examples, progress)
    worst = []
    for number in found.mistakes(examples.labels)[:mistakes]:
        label, took = examples.names[examples.labels[number]], examples.names[found.labels[number]]
        worst.append((float(found.probabilities[number].max()), label, took, (texts or [])[number]))
    if plot is not None:
        plot_confusion(result, plot)
    _print_evaluation(result, json, worst)


def _errors(given: list[str], encoding: str) -> tuple[int, InputSettings]:
    """How many mistakes to list, and how to read: `--errors` is the name of both."""
    mistakes, reading = 0, InputSettings(encoding=encoding)
    for value in given:
        if value.isdecimal():
            mistakes = int(value)
        elif value in ("strict", "replace", "skip"):
            reading = dataclasses.replace(reading, errors=cast(Any, value))
        else:
            raise SettingsError(
                f"--errors cannot be {value!r}",
                hint="wanted: how many mistakes to list, or strict, replace or skip for bad bytes",
            )
    return mistakes, reading


def _print_evaluation(
    result: Evaluation, json: bool, mistakes: list[tuple[float, str, str, str]] | None = None
) -> None:
    columns = ("proba", "true", "predicted", "text")
    if json:
        record = result.to_record()
        if mistakes:
            record["errors"] = [dict(zip(columns, mistake, strict=True)) for mistake in mistakes]
        console.print_json(record)
        return
    summary: list[tuple[str, float]] = [("accuracy", result.accuracy), ("texts", result.documents)]
    if result.calibration_error is not None:
        summary.append(("calibration error", result.calibration_error))
    console.print_table(["measure", "value"], summary)
    rows = [*result.per_class(), result.macro(), result.micro()]
    console.print_table(
        ["class", "precision", "recall", "f1", "texts"],
        [[row.label, row.precision, row.recall, row.f1, row.support] for row in rows],
    )
    confusion = zip(result.labels, result.confusion.tolist(), strict=True)
    console.print_table(
        ["true \\ predicted", *result.labels], [[label, *counts] for label, counts in confusion]
    )
    if mistakes:
        console.print_table(columns, mistakes, title="most confident mistakes")


# --- their side of commands for all models --------------------------------------------------


def print_telling_features(path: str, top: int, json: bool = False) -> None:
    """The most telling features of every class, for `inspect --top`."""
    from nlpcli.engine.classify.classifier import load_model
    from nlpcli.engine.classify.explanations import telling_features

    found = telling_features(load_model(path), top)
    if json:
        console.print_json([dataclasses.asdict(feature) for feature in found])
        return
    console.print_table(
        ["class", "feature", "log-odds", "in class", "elsewhere"],
        [
            [one.label, one.text, one.log_odds, *("" if n is None else n for n in (one.inside, one.outside))]
            for one in found
        ],
    )


def merge_counts(paths: list[str], output: str, progress: Progress) -> None:
    """Several Naive Bayes models added up into one, for `merge`."""
    from nlpcli.engine.classify import naive_bayes, training
    from nlpcli.engine.classify.classifier import load_model

    models = [training.countable(load_model(path), path) for path in paths]
    total = models[0]
    for model in models[1:]:
        total = naive_bayes.merged(total, model)
    if any(model.calibration is not None for model in models):
        progress.note("the calibration is dropped: it was of a part, and does not fit the whole")
    _save(total, output, int(total.documents.sum()), progress)
