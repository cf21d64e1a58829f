"""What is shown of taggers: how well one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlpcli.cli import console

if TYPE_CHECKING:
    from nlpcli.engine.sequences.evaluation import TaggerEvaluation

_MOST_COLUMNS = 40  # of a confusion matrix that is shown


def print_tagger_evaluation(result: TaggerEvaluation) -> None:
    """Measures, then types of spans as conlleval lists them, or tags and their confusion; then mistakes."""
    record = result.to_record()
    summary: list[tuple[str, float]] = [("accuracy", result.accuracy)]
    summary.append(("accuracy on unseen words", result.unseen_accuracy))
    summary += [("words", record["words"]), ("unseen words", record["unseen_words"])]
    summary += [("sentences", record["sentences"]), ("sentences all right", record["sentence_accuracy"])]
    console.print_table(["measure", "value"], summary)
    if result.spans:
        console.print_table(
            ["type", "precision", "recall", "f1", "there", "found", "right"],
            [
                (row.label, row.precision, row.recall, row.f1, row.there, row.found, row.right)
                for row in (*result.spans, result.overall())
            ],
        )
    else:
        rows = [*result.tokens.per_class(), result.tokens.macro()]
        console.print_table(
            ["tag", "precision", "recall", "f1", "words"],
            [(row.label, row.precision, row.recall, row.f1, row.support) for row in rows],
        )
        labels = result.tokens.labels
        if len(labels) <= _MOST_COLUMNS:
            confusion = zip(labels, result.tokens.confusion.tolist(), strict=True)
            console.print_table(
                ["true \\ predicted", *labels], [[label, *counts] for label, counts in confusion]
            )
    if result.mistakes:
        console.print_table(result.mistakes[0]._fields, result.mistakes, title="mistakes")
