"""What is shown of classifiers: reasons in colour, evaluations, telling features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

from nlpcli.cli import console
from nlpcli.cli.results import Results, results
from nlpcli.cli.tagger_output import show_tagger_evaluation
from nlpcli.cli.translation_output import show_translation_evaluation
from nlpcli.settings.results import TableSettings

if TYPE_CHECKING:
    from nlpcli.engine.classify.answer_metrics import Difference, LabelsEvaluation, NumberEvaluation
    from nlpcli.engine.classify.explanations import Reason, TellingFeature
    from nlpcli.engine.classify.metrics import Evaluation, Mistake
    from nlpcli.engine.sequences.evaluation import TaggerEvaluation
    from nlpcli.engine.tasks.squad import AnswerScores
    from nlpcli.engine.topics.coherence import TopicEvaluation
    from nlpcli.engine.translation.evaluation import TranslationEvaluation


def painted_reason(reason: Reason) -> str:
    """Every token in the colour of what it speaks for, with its log-odds, for a terminal."""
    return " ".join(_painted(token, odds) for token, odds in reason.tokens)


def _painted(token: str, odds: float) -> str:
    colour = "green" if odds > 0 else "red"
    return console.painted(token, colour, bold=abs(odds) >= 1) + console.painted(f"{odds:+.2f}", "dim")


AnyEvaluation: TypeAlias = (
    "Evaluation | LabelsEvaluation | NumberEvaluation | TaggerEvaluation "
    "| TopicEvaluation | TranslationEvaluation | AnswerScores"
)
NOT_MEASURED = "where nothing is measured: it goes with --test, --holdout and the like"


def show_evaluation(result: AnyEvaluation, shown: Results) -> None:
    """Measures, classes, confusion and mistakes as tables."""
    if result.judged == "words":
        show_tagger_evaluation(cast("TaggerEvaluation", result), shown)
    elif result.judged == "translations":
        show_translation_evaluation(cast("TranslationEvaluation", result), shown)
    elif result.judged == "topics":
        _show_topics(cast("TopicEvaluation", result), shown)
    elif result.judged == "answers":
        scores = cast("AnswerScores", result)
        rows = [("questions", scores.questions), ("exact", scores.exact), ("f1", scores.f1)]
        shown.table(["measure", "value"], rows)
    elif result.judged == "labels":
        _show_labels(cast("LabelsEvaluation", result), shown)
    elif result.judged == "numbers":
        _show_numbers(cast("NumberEvaluation", result), shown)
    else:
        _show_classes(cast("Evaluation", result), shown)


def when_measured(shape: TableSettings) -> Callable[[str, AnyEvaluation], None]:
    """Prints what a training has measured; a reader who leaves does not keep the model from being written."""

    def show(result: AnyEvaluation) -> None:
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
    _show_f1(result, "class", shown)
    confusion = zip(result.labels, result.confusion.tolist(), strict=True)
    shown.table(
        ["true \\ predicted", *result.labels],
        [[label, *counts] for label, counts in confusion],
        name="confusion",
    )
    _show_mistakes(result.mistakes, "most confident mistakes", shown)


def _show_labels(result: LabelsEvaluation, shown: Results) -> None:
    measures = {
        "micro_f1": result.micro().f1,
        "macro_f1": result.macro().f1,
        "subset_accuracy": result.accuracy,
        "texts": result.documents,
    }
    shown.record(measures, as_rows=True)
    _show_f1(result, "label", shown)
    _show_mistakes(result.mistakes, "most confident mistakes", shown)


def _show_numbers(result: NumberEvaluation, shown: Results) -> None:
    measures = {
        "pearson": result.pearson,
        "spearman": result.spearman,
        "mse": result.squared_error,
        "texts": result.documents,
    }
    shown.record(measures, as_rows=True)
    _show_mistakes(result.mistakes, "largest differences", shown)


def _show_topics(result: TopicEvaluation, shown: Results) -> None:
    measures = {
        "texts": result.documents,
        "tokens": result.tokens,
        "perplexity": result.perplexity,
        "npmi": result.npmi,
        "c_v": result.c_v,
        "diversity": result.diversity,
    }
    shown.record(measures, as_rows=True)
    shown.table(
        ["topic", "npmi", "c_v", "words"],
        [(number, npmi, c_v, " ".join(words)) for number, (npmi, c_v, words) in enumerate(result.topics, 1)],
        name="topics",
    )


def _show_f1(result: Evaluation | LabelsEvaluation, name: str, shown: Results) -> None:
    rows = [*result.per_class(), result.macro(), result.micro()]
    shown.table(
        [name, "precision", "recall", "f1", "texts"],
        [[row.label, row.precision, row.recall, row.f1, row.support] for row in rows],
        name="classes" if name == "class" else "labels",
    )


def _show_mistakes(mistakes: Sequence[Mistake] | Sequence[Difference], title: str, shown: Results) -> None:
    if mistakes:
        shown.table(mistakes[0]._fields, mistakes, name="mistakes", title=title)


def show_telling_features(found: Sequence[TellingFeature], shown: Results) -> None:
    """The most telling features of every class, for `inspect --top`."""
    shown.table(
        ["class", "feature", "log_odds", "in_class", "elsewhere"],
        [
            [one.label, one.text, one.log_odds, *("" if n is None else n for n in (one.inside, one.outside))]
            for one in found
        ],
    )
