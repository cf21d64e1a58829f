"""What is shown of taggers: how well one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlpcli.cli.results import Results

if TYPE_CHECKING:
    from nlpcli.engine.sequences.evaluation import TaggerEvaluation

_MOST_COLUMNS = 40  # of a confusion matrix that is shown


def show_tagger_evaluation(result: TaggerEvaluation, shown: Results) -> None:
    """Measures, then types of spans as conlleval lists them, or tags and their confusion; then mistakes."""
    record = result.to_record()
    names = ("accuracy", "unseen_accuracy", "words", "unseen_words", "sentences", "sentence_accuracy")
    shown.record({name: record[name] for name in names}, as_rows=True)
    if result.spans:
        shown.table(
            ["type", "precision", "recall", "f1", "there", "found", "right"],
            [
                (row.label, row.precision, row.recall, row.f1, row.there, row.found, row.right)
                for row in (*result.spans, result.overall())
            ],
            name="spans",
        )
    else:
        rows = [*result.tokens.per_class(), result.tokens.macro()]
        shown.table(
            ["tag", "precision", "recall", "f1", "words"],
            [(row.label, row.precision, row.recall, row.f1, row.support) for row in rows],
            name="tags",
        )
        labels = result.tokens.labels
        if len(labels) <= _MOST_COLUMNS:
            confusion = zip(labels, result.tokens.confusion.tolist(), strict=True)
            shown.table(
                ["true \\ predicted", *labels],
                [[label, *counts] for label, counts in confusion],
                name="confusion",
            )
    if result.mistakes:
        shown.table(result.mistakes[0]._fields, result.mistakes, name="mistakes", title="mistakes")
