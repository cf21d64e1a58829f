"""What is shown of translations: how good they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlpcli.cli import console

if TYPE_CHECKING:
    from nlpcli.engine.translation.evaluation import TranslationEvaluation


def print_translation_evaluation(result: TranslationEvaluation) -> None:
    """BLEU and chrF with their signatures, then what is furthest off."""
    bleu = result.bleu
    shares = " / ".join(f"{precision:.1f}" for precision in bleu.precisions)
    console.print_table(
        ["measure", "value", "how"],
        [
            ("BLEU", f"{bleu.score:.2f}", bleu.signature),
            ("precisions", shares, f"of 1- to 4-grams; brevity penalty {bleu.brevity_penalty:.3f}"),
            ("chrF2", f"{result.chrf:.2f}", result.chrf_signature),
            ("exact", f"{result.exact:.4f}", f"of {result.lines:,} lines"),
        ],
    )
    if result.mistakes:
        console.print_table(result.mistakes[0]._fields, result.mistakes, title="furthest off")
