"""Decisions of Naive Bayes written out: `classify --show-work`."""

from __future__ import annotations

from collections.abc import Iterable

from nlpcli.engine.classify.classifier import Classifier
from nlpcli.engine.classify.shown_work import MOST_TEXTS, check_model, decisions
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.io.record_formats import Documents
from nlpcli.engine.io.records import Records
from nlpcli.engine.io.shown_work import WorkTable, few_texts
from nlpcli.engine.text.arguments import as_list, plain_settings
from nlpcli.settings.input import InputSettings, JudgedTextSettings


@plain_settings
def classify_work(
    model: str,
    texts: Iterable[str] | None = None,
    *,
    paths: Paths = None,
    records: JudgedTextSettings = JudgedTextSettings(),
    reading: InputSettings = InputSettings(),
) -> list[WorkTable]:
    """How a Naive Bayes model decides about some texts, or those in files: fractions, products, decisions.

    Raises SettingsError for variants that are no product of fractions, InputError for more than can be
    shown, ModelError for a file that is no Naive Bayes model.
    """
    classifier = Classifier.load(model)
    check_model(classifier.model)
    if texts is not None:
        batches: Iterable[Documents] = [[*as_list(texts)]]
    else:
        batches = Records(paths, records, reading, labelled=False).documents()
    return decisions(classifier, classifier.encode(few_texts(batches, MOST_TEXTS)))
