"""What is shown of classifiers: reasons in colour, evaluations, telling features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from nlpcli.cli import console
from nlpcli.cli.results import Results, results
from nlpcli.cli.tagger_output import show_tagger_evaluation
from nlpcli.settings.results import TableSettings

if TYPE_CHECKING:
    from nlpcli.engine.classify.explanations import Reason, TellingFeature
    from nlpcli.engine.classify.metrics import Evaluation
    from nlpcli.engine.sequences.evaluation import TaggerEvaluation


def painted_reason(reason: Reason) -> str:
    """Every token in the colour of what it speaks for, with its log-odds, for a terminal."""
    return " ".join(_painted(token, odds) for token, odds in reason.tokens)


def _painted(token: str, odds: float) -> str:
    colour = "green" if odds > 0 else "red"
    return console.painted(token, colour, bold=abs(odds) >= 1) + console.painted(f"{odds:+.2f}", "dim")


NOT_MEASURED = "where nothing is measured: it goes with --test, --holdout and the like"


def show_evaluation(result: Evaluation | TaggerEvaluation, shown: Results) -> None:
    """Measures, classes, confusion and mistakes as tables."""
    if result.judged == "words":
        show_tagger_evaluation(cast("TaggerEvaluation", result), shown)
    else:
        _show_classes(cast("Evaluation", result), shown)


def when_measured(shape: TableSettings) -> Callable[[str, Evaluation | TaggerEvaluation], None]:
    """Prints what a training has measured; a reader who leaves does not keep the model from being written."""

    def show(result: Evaluation | TaggerEvaluation) -> None:
        with results(shape) as shown:
            show_evaluation(result, shown)

    return lambda _, result: console.while_read(lambda: show(result))


def _show_classes(result: Evaluation, shown: Results) -> None:
    measures = {
        "accuracy": result.accuracy,
        "texts": result.documents,
        "calibration_error": result.calibration_error,
    }
    shown.record(measures, as_rows=True)
    rows = [*result.per_class(), result.macro(), result.micro()]
    shown.table(
        ["class", "precision", "recall", "f1", "texts"],
        [[row.label, row.precision, row.recall, row.f1, row.support] for row in rows],
        name="classes",
    )
    confusion = zip(result.labels, result.confusion.tolist(), strict=True)
    shown.table(
        ["true \\ predicted", *result.labels],
        [[label, *counts] for label, counts in confusion],
        name="confusion",
    )
    if result.mistakes:
        shown.table(
            result.mistakes[0]._fields, result.mistakes, name="mistakes", title="most confident mistakes"
        )


def show_telling_features(found: Sequence[TellingFeature], shown: Results) -> None:
    """The most telling features of every class, for `inspect --top`."""
    shown.table(
        ["class", "feature", "log_odds", "in_class", "elsewhere"],
        [
            [one.label, one.text, one.log_odds, *("" if n is None else n for n in (one.inside, one.outside))]
            for one in found
        ],
    )
