"""What `classify` writes of each text: a label, or TSV, or JSON lines.

    pos                                           the label
    pos   0.9131                                  --proba
    pos   0.9131   neg   0.0869                   --top 2
    pos   good:+2.31 film:+0.07                   --explain

    joy,love    0.9131,0.6210                     labels, of which there may be none; --proba
    3.6000                                        a number

Not here: what a terminal shows of the reasons (`cli/classifier_output.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from nlpcli.engine.classify.classifier import Classifier
from nlpcli.engine.classify.explanations import Reason, explain
from nlpcli.engine.classify.fasttext_classifier import FastTextClassifier
from nlpcli.engine.classify.findings import Found, LabelSets, Numbers, Predictions, number_text
from nlpcli.engine.io.record_formats import Documents, grouped, whole_texts
from nlpcli.engine.io.table_output import Column, ranked
from nlpcli.engine.io.writing import cell
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import SettingsError
from nlpcli.settings.classify import ClassifySettings

_STRONGEST = 8  # tokens that are named


class Explainer(Protocol):
    """A classifier by a network, which says itself which tokens decided."""

    @property
    def labels(self) -> tuple[str, ...]: ...  # noqa: D102

    def encode(self, batches: Iterable[Any]) -> Any:
        """Texts as the model's analysis sees them, or rows of numbers."""

    def predict(self, corpus: Any, progress: Progress = SILENT) -> Found:
        """The answer for every document or row."""

    def explain(self, corpus: Any) -> Iterator[Reason]:
        """For every document: the likeliest class against the next, token by token; columns for rows."""


def prediction_lines(
    classifier: Classifier | FastTextClassifier | Explainer,
    batches: Iterable[Any],
    settings: ClassifySettings,
    reason_as_text: Callable[[Reason], str] | None = None,
) -> Iterator[str]:
    """A line for each text, batch by batch as they come. SettingsError: --explain with fastText's."""
    if settings.explain and isinstance(classifier, FastTextClassifier):
        raise SettingsError(
            "--explain is not for fastText's models", hint="--proba and --top say how sure they are"
        )
    for group in grouped(batches):
        found, reasons = _judged(classifier, group, settings.explain)
        if isinstance(found, Numbers):
            answers: Iterator[_Answer] = (_Answer(number=value) for value in found.values.tolist())
        elif isinstance(found, LabelSets):
            answers = _label_sets(found, classifier.labels, settings.top_k)
        else:
            answers = _classes(found, classifier.labels, settings.top_k)
        for number, answer in enumerate(answers):
            reason = reasons[number] if reasons else None
            if settings.jsonl:
                yield json.dumps(_record(answer, reason), ensure_ascii=False)
            else:
                cells = _cells(answer, settings)
                if reason is not None:
                    cells.append((reason_as_text or _strongest)(reason))
                yield "\t".join(cells)


class _Answer(NamedTuple):
    """What is said of one text: the likeliest labels, or those that are likely enough, or a number."""

    likeliest: Sequence[tuple[str, float]] = ()
    separator: str | None = None
    number: float | None = None


def _classes(found: Predictions, labels: Sequence[str], top_k: int) -> Iterator[_Answer]:
    shown = min(top_k, len(labels)) or 1
    for label, chances in zip(found.labels, found.probabilities, strict=True):
        # The class with the best score first, also where rounding makes chances equal.
        ranked = sorted(range(len(labels)), key=lambda c: (-chances[c], c != label, c))[:shown]
        yield _Answer([(labels[c], float(chances[c])) for c in ranked])


def _label_sets(found: LabelSets, labels: Sequence[str], top_k: int) -> Iterator[_Answer]:
    for chosen, chances in zip(found.chosen, found.probabilities, strict=True):
        ranked = sorted(range(len(labels)), key=lambda c: (-chances[c], c))[:top_k]
        wanted = ranked if top_k else [c for c in range(len(labels)) if chosen[c]]
        yield _Answer([(labels[c], float(chances[c])) for c in wanted], found.separator)


def _judged(
    classifier: Classifier | FastTextClassifier | Explainer, group: Iterator[Documents], explains: bool
) -> tuple[Found, list[Reason] | None]:
    if isinstance(classifier, FastTextClassifier):
        return classifier.predict(classifier.encode([*whole_texts(group)])), None
    corpus = classifier.encode(group)
    if not explains:
        return classifier.predict(corpus), None
    if isinstance(classifier, Classifier):
        scored = classifier.scores(corpus)
        return classifier.predicted(*scored), list(explain(classifier, corpus, scored))
    return classifier.predict(corpus), list(classifier.explain(corpus))


def _record(answer: _Answer, reason: Reason | None) -> dict[str, Any]:
    record: dict[str, Any]
    if answer.number is not None:
        record = {"number": round(answer.number, 6)}
    else:
        names = [label for label, _ in answer.likeliest]
        record = {"label": names[0]} if answer.separator is None else {"labels": names}
        record["proba"] = {label: round(chance, 6) for label, chance in answer.likeliest}
    if reason is not None:
        record |= {"against": reason.rival} if reason.rival else {}
        record["start"] = round(reason.start, 4)
        record["tokens"] = [[token, round(odds, 4)] for token, odds in reason.tokens]
    return record


def _cells(answer: _Answer, settings: ClassifySettings) -> list[str]:
    if answer.number is not None:
        return [number_text(answer.number)]
    names = [cell(label) for label, _ in answer.likeliest]
    chances = [f"{chance:.4f}" for _, chance in answer.likeliest]
    if settings.top_k or (settings.proba and answer.separator is None):
        return [part for pair in zip(names, chances, strict=True) for part in pair]
    if answer.separator is None:
        return names
    return [answer.separator.join(part) for part in ([names, chances] if settings.proba else [names])]


def columns_of(settings: ClassifySettings, *, is_number: bool, several: bool) -> list[Column]:
    """The columns that a table gets of the answers: those of `_cells`, and a reason where it is asked for."""
    if is_number:
        columns = [Column("number", is_number=True)]
    elif several and not settings.top_k:
        columns = [Column("labels"), Column("probabilities")]
    else:
        columns = ranked([Column("label"), Column("probability", is_number=True)], settings.top_k or 1)
    return [*columns, *[Column("explanation")] * settings.explain]


def _strongest(reason: Reason) -> str:
    return " ".join(f"{cell(token)}:{odds:+.2f}" for token, odds in reason.strongest(_STRONGEST))
