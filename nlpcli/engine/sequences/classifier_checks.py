"""What is looked at before a network learns to classify: files, columns, labels."""

from __future__ import annotations

from nlpcli.engine.classify.examples import Examples
from nlpcli.engine.documents.labelled_rows import is_array_file
from nlpcli.engine.io.opening import Paths
from nlpcli.engine.runtime.progress import Progress
from nlpcli.engine.sequences.answers import Answer, Classes, Number
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.input import RecordSettings


def check_texts(paths: Paths, records: RecordSettings) -> None:
    """Raise SettingsError for rows of numbers where texts are read."""
    arrays = [path for path in paths or () if is_array_file(path)]
    if records.vector_col is not None or arrays:
        raise SettingsError(
            f"{arrays[0] if arrays else '--vector-col'}: rows of numbers are for --cell none",
            hint="add --cell none; texts are named by --text-col",
        )


def check_filled(examples: Examples, progress: Progress) -> None:
    """Say how many pairs have a side without a token, from which nothing is learnt. InputError: all have."""
    empty = int((~examples.filled).sum())
    if examples.sides == 2 and empty == len(examples.labels):
        raise InputError(
            "no pair has a token in both texts", hint="are --text-col and --text2-col the right columns?"
        )
    if examples.sides == 2 and empty:
        pairs, them = ("pairs", "them") if empty > 1 else ("pair", "it")
        progress.note(f"{empty:,} {pairs} with an empty side: nothing is learnt from {them}")


def check_negatives(answer: Answer, label: str | None) -> None:
    """Raise SettingsError for a label that no pair has."""
    if label is not None and (label not in answer.labels or not isinstance(answer, Classes)):
        raise SettingsError(
            f"--negatives {label}: no pair has that label",
            hint=f"there are: {', '.join(answer.labels[:20])}" if answer.labels else "numbers are learnt",
        )


def told_of(answer: Answer) -> str:
    """What is learnt, for a note: classes, labels or numbers."""
    if isinstance(answer, Number):
        return f"numbers of {answer.mean:.4g} ± {answer.deviation:.4g}"
    return f"{len(answer.labels)} {'classes' if isinstance(answer, Classes) else 'labels'}"
