"""What is shown of translations: how good they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlpcli.cli.results import Results
from nlpcli.wording import counted

if TYPE_CHECKING:
    from nlpcli.engine.translation.evaluation import TranslationEvaluation


def show_translation_evaluation(result: TranslationEvaluation, shown: Results) -> None:
    """BLEU and chrF with their signatures, then what is furthest off."""
    bleu = result.bleu
    precisions = " / ".join(f"{precision:.1f}" for precision in bleu.precisions)
    shown.table(
        ["measure", "value", "how"],
        [
            ("BLEU", bleu.score, bleu.signature),
            ("precisions", precisions, f"of 1- to 4-grams; brevity penalty {bleu.brevity_penalty:.3f}"),
            ("chrF2", result.chrf, result.chrf_signature),
            ("exact", result.exact, f"of {counted(result.lines, 'line')}"),
        ],
        name="measures",
    )
    if result.mistakes:
        shown.table(result.mistakes[0]._fields, result.mistakes, name="mistakes", title="furthest off")
