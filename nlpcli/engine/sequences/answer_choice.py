"""Which kind of answer labels ask for, and which one a model file holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from nlpcli.engine.classify.examples import Labelled, labels_in
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.sequences.answers import Answer, Classes, Labels, Number
from nlpcli.engine.sequences.label_numbers import are_decimals, numbers_of
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.input import RecordSettings
from nlpcli.wording import counted

_NUMBERS = 10  # more different ones than these are no classes, where decimal fractions are among them


def number_answer(examples: Labelled) -> Number:
    """The answer for examples that are labelled with numbers. Raises InputError where all are the same."""
    values = numbers_of(examples)
    deviation = float(values.std())
    if not deviation:
        raise InputError(
            f"all {counted(len(values), 'text')} are labelled with the number {values[0]:g}",
            hint="there is nothing to learn; is --label-col the right column?",
        )
    return Number(float(values.mean()), deviation)


def answer_to(
    examples: Labelled, records: RecordSettings, target: str, progress: Progress = SILENT
) -> Classes | Labels | Number:
    """The kind of answer that labels ask for: several, where they are read so; numbers; or one class.

    Raises SettingsError where several labels shall be numbers, InputError for labels that are not what
    `target` says, or are all the same.
    """
    if records.multi_label == "all" or (records.multi_label == "auto" and records.label_sep is not None):
        if target == "number":
            raise SettingsError(
                "--label-type number takes one number a text, and --label-sep separates several"
            )
        labels = sorted({label for name in examples.names for label in labels_in(name)})
        if not labels:
            raise InputError("no text has a label", hint="is --label-col the right column?")
        return Labels(tuple(labels), records.separator)
    if target == "auto" and are_decimals(examples.names, _NUMBERS):
        progress.note(
            f"all labels are numbers, {len(examples.names)} different ones: numbers are learnt, no classes "
            "(--label-type class)"
        )
        target = "number"
    return number_answer(examples) if target == "number" else Classes(examples.names)


def with_all_labels(records: RecordSettings, answer: Labels) -> RecordSettings:
    """How labelled rows are read that a model of several labels is judged by: with all of theirs.

    Raises SettingsError where other labels are asked for.
    """
    if records.multi_label in ("first", "each"):
        raise SettingsError(
            f"--multi-label {records.multi_label}: a model of several labels is judged by all of a text",
            hint="leave it out",
        )
    return dataclasses.replace(records, multi_label="all", label_sep=records.label_sep or answer.separator)


def answer_of(fields: Mapping[str, Any]) -> Classes | Labels | Number:
    """The answer of a model file."""
    if fields["answer"] == Number.kind:
        return Number(fields["mean"], fields["deviation"])
    if fields["answer"] == Labels.kind:
        return Labels(fields["labels"], fields["separator"], fields["threshold"])
    return Classes(fields["labels"])


def check_labels(answer: Answer, dev: Labelled | None, path: str | None, what: str = "text") -> None:
    """Raise InputError for labels that what is learnt from does not have, or that are no numbers."""
    if dev is None:
        return
    if isinstance(answer, Number):
        numbers_of(dev)
        return
    names = (
        dev.names if isinstance(answer, Classes) else [one for name in dev.names for one in labels_in(name)]
    )
    if other := sorted({*names} - {*answer.labels}):
        raise InputError(
            f"{path} has the label {other[0]!r}, which no {what} to learn from has",
            hint="is --label-col the right column?",
        )
