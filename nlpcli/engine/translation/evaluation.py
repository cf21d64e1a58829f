"""How good translations are: BLEU and chrF, how many are exact, and the ones furthest off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, NamedTuple

from nlpcli.engine.translation.scores import CHRF_SIGNATURE, Bleu, bleu, chrf, tokenizer_for


class Miss(NamedTuple):
    """A translation that is far from its reference, by its own chrF."""

    chrf: float
    source: str
    target: str
    found: str


@dataclass(frozen=True)
class TranslationEvaluation:
    """Translations against references; `exact` is the share of those that are the same as the reference."""

    judged: ClassVar[str] = "translations"

    lines: int
    bleu: Bleu
    chrf: float
    exact: float
    mistakes: tuple[Miss, ...] = ()

    @property
    def chrf_signature(self) -> str:
        """How chrF was measured, in sacreBLEU's words."""
        return CHRF_SIGNATURE

    def to_record(self) -> dict[str, Any]:
        """As JSON types."""
        record = asdict(self)
        return {
            **record,
            "chrf_signature": CHRF_SIGNATURE,
            "mistakes": [miss._asdict() for miss in self.mistakes],
        }


def compared(
    found: Sequence[str],
    sources: Sequence[str],
    references: Sequence[str],
    tokenize: str = "auto",
    mistakes: int = 0,
) -> TranslationEvaluation:
    """The measures of some translations, with the `mistakes` that are furthest off."""
    if tokenize == "auto":
        tokenize = tokenizer_for(references)
    exact = sum(one == other for one, other in zip(found, references, strict=True)) / max(1, len(found))
    worst: list[Miss] = []
    if mistakes:
        together = zip(sources, references, found, strict=True)
        every = [
            Miss(chrf([ours], [right]), one, right, ours) for one, right, ours in together if ours != right
        ]
        worst = sorted(every)[:mistakes]
    return TranslationEvaluation(
        len(found), bleu(found, references, tokenize), chrf(found, references), exact, tuple(worst)
    )
