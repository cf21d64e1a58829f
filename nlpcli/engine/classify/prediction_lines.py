"""What `classify` writes of each text: a label, or TSV, or JSON lines.

    pos                                           the label
    pos   0.9131                                  --proba
    pos   0.9131   neg   0.0869                   --top 2
    pos   good:+2.31 film:+0.07                   --explain

Not here: what a terminal shows of the reasons (`cli/classifier_output.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from nlpcli.engine.classify.classifier import AnyClassifier, Classifier, Predictions
from nlpcli.engine.classify.explanations import Reason, explain
from nlpcli.engine.classify.fasttext_classifier import FastTextClassifier
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.io.record_formats import Documents, grouped, whole_texts
from nlpcli.engine.io.writing import cell
from nlpcli.errors import SettingsError
from nlpcli.settings.classify import ClassifySettings

_STRONGEST = 8  # tokens that are named


class Explainer(AnyClassifier, Protocol):
    """A classifier that says itself which tokens decided."""

    def explain(self, corpus: EncodedCorpus) -> Iterator[Reason]:
        """For every document: the likeliest class against the next, token by token."""


def prediction_lines(
    classifier: Classifier | FastTextClassifier | Explainer,
    batches: Iterable[Documents],
    settings: ClassifySettings,
    reason_as_text: Callable[[Reason], str] | None = None,
) -> Iterator[str]:
    """A line for each text, batch by batch as they come. SettingsError: --explain with fastText's."""
    if settings.explain and isinstance(classifier, FastTextClassifier):
        raise SettingsError(
            "--explain is not for fastText's models", hint="--proba and --top say how sure they are"
        )
    labels = classifier.labels
    shown = min(settings.top_k, len(labels)) or 1
    for group in grouped(batches):
        found, reasons = _judged(classifier, group, settings.explain)
        for number, (label, chances) in enumerate(zip(found.labels, found.probabilities, strict=True)):
            # The class with the best score first, also where rounding makes chances equal.
            ranked = sorted(range(len(labels)), key=lambda c: (-chances[c], c != label, c))[:shown]
            likeliest = [(labels[c], float(chances[c])) for c in ranked]
            reason = reasons[number] if reasons else None
            if settings.jsonl:
                yield json.dumps(_record(likeliest, reason), ensure_ascii=False)
            else:
                cells = _cells(likeliest, settings.proba or settings.top_k > 0)
                if reason is not None:
                    cells.append((reason_as_text or _strongest)(reason))
                yield "\t".join(cells)


def _judged(
    classifier: Classifier | FastTextClassifier | Explainer, group: Iterator[Documents], explains: bool
) -> tuple[Predictions, list[Reason] | None]:
    if isinstance(classifier, FastTextClassifier):
        return classifier.predict(classifier.encode([*whole_texts(group)])), None
    corpus = classifier.encode(group)
    found = classifier.predict(corpus)
    if not explains:
        return found, None
    if isinstance(classifier, Classifier):
        return found, list(explain(classifier, corpus))
    return found, list(classifier.explain(corpus))


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


def _cells(likeliest: list[tuple[str, float]], proba: bool) -> list[str]:
    if not proba:
        return [cell(likeliest[0][0])]
    return [part for label, chance in likeliest for part in (cell(label), f"{chance:.4f}")]


def _strongest(reason: Reason) -> str:
    return " ".join(f"{cell(token)}:{odds:+.2f}" for token, odds in reason.strongest(_STRONGEST))
