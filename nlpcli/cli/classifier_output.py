"""What is shown of classifiers: reasons in colour, evaluations, telling features."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from nlpcli.cli import console
from nlpcli.cli.tagger_output import print_tagger_evaluation

if TYPE_CHECKING:
    from nlpcli.engine.classify.answer_metrics import Difference, LabelsEvaluation, NumberEvaluation
    from nlpcli.engine.classify.explanations import Reason, TellingFeature
    from nlpcli.engine.classify.metrics import Evaluation, Mistake
    from nlpcli.engine.sequences.evaluation import TaggerEvaluation
    from nlpcli.engine.topics.coherence import TopicEvaluation


def painted_reason(reason: Reason) -> str:
    """Every token in the colour of what it speaks for, with its log-odds, for a terminal."""
    return " ".join(_painted(token, odds) for token, odds in reason.tokens)


def _painted(token: str, odds: float) -> str:
    colour = "green" if odds > 0 else "red"
    return console.painted(token, colour, bold=abs(odds) >= 1) + console.painted(f"{odds:+.2f}", "dim")


def print_evaluation(
    result: Evaluation | LabelsEvaluation | NumberEvaluation | TaggerEvaluation | TopicEvaluation, json: bool
) -> None:
    """Measures, classes, confusion and mistakes as tables or JSON."""
    if json:
        console.print_json(result.to_record())
    elif result.judged == "words":
        print_tagger_evaluation(cast("TaggerEvaluation", result))
    elif result.judged == "topics":
        _print_topics(cast("TopicEvaluation", result))
    elif result.judged == "labels":
        _print_labels(cast("LabelsEvaluation", result))
    elif result.judged == "numbers":
        _print_numbers(cast("NumberEvaluation", result))
    else:
        _print_classes(cast("Evaluation", result))


def _print_topics(result: TopicEvaluation) -> None:
    rows: list[tuple[str, float]] = [("texts", result.documents), ("tokens", result.tokens)]
    if result.perplexity is not None:
        rows.append(("perplexity", result.perplexity))
    rows += [("NPMI", result.npmi), ("C_v", result.c_v), ("diversity", result.diversity)]
    console.print_table(["measure", "value"], rows)
    topics = enumerate(result.topics, 1)
    console.print_table(
        ["topic", "NPMI", "C_v", "words"],
        [(number, npmi, c_v, " ".join(words)) for number, (npmi, c_v, words) in topics],
    )


def _print_classes(result: Evaluation) -> None:
    summary: list[tuple[str, float]] = [("accuracy", result.accuracy), ("texts", result.documents)]
    if result.calibration_error is not None:
        summary.append(("calibration error", result.calibration_error))
    console.print_table(["measure", "value"], summary)
    _print_f1(result, "class")
    confusion = zip(result.labels, result.confusion.tolist(), strict=True)
    console.print_table(
        ["true \\ predicted", *result.labels], [[label, *counts] for label, counts in confusion]
    )
    _print_mistakes(result.mistakes, "most confident mistakes")


def _print_labels(result: LabelsEvaluation) -> None:
    console.print_table(
        ["measure", "value"],
        [
            ("micro F1", result.micro().f1),
            ("macro F1", result.macro().f1),
            ("subset accuracy", result.accuracy),
            ("texts", result.documents),
        ],
    )
    _print_f1(result, "label")
    _print_mistakes(result.mistakes, "most confident mistakes")


def _print_numbers(result: NumberEvaluation) -> None:
    console.print_table(
        ["measure", "value"],
        [
            ("Pearson", result.pearson),
            ("Spearman", result.spearman),
            ("MSE", result.squared_error),
            ("texts", result.documents),
        ],
    )
    _print_mistakes(result.mistakes, "largest differences")


def _print_f1(result: Evaluation | LabelsEvaluation, name: str) -> None:
    rows = [*result.per_class(), result.macro(), result.micro()]
    console.print_table(
        [name, "precision", "recall", "f1", "texts"],
        [[row.label, row.precision, row.recall, row.f1, row.support] for row in rows],
    )


def _print_mistakes(mistakes: Sequence[Mistake] | Sequence[Difference], title: str) -> None:
    if mistakes:
        console.print_table(mistakes[0]._fields, mistakes, title=title)


def print_telling_features(found: Sequence[TellingFeature], json: bool) -> None:
    """The most telling features of every class, for `inspect --top`."""
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
