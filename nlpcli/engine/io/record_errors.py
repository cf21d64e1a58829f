"""What to say of records that are not laid out as was asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.fields import changed, refuse
from nlpcli.settings.input import RecordSettings


def no_second_text(what: str) -> InputError:
    """What to say of an input that has one text each."""
    return InputError(
        f"{what} holds one text: there is no second for --text2-col",
        hint="pairs of texts are columns of a table or fields of JSON lines",
    )


def no_numbers(what: str) -> InputError:
    """What to say of an input that has no columns."""
    return InputError(
        f"{what} holds a text: there are no columns for --vector-col",
        hint="numbers are columns of a table, fields of JSON lines or an .npz file",
    )


def label_among(where: str, name: str) -> InputError:
    """What to say of a label among the numbers."""
    return InputError(
        f"{where}: {name!r} is the label, and a column of --vector-col too",
        hint="see --label-col, --vector-col",
    )


def bad_quoting(place: str, wrong: object) -> InputError:
    """What to say about quotes that do not close, or do not fit."""
    return InputError(
        f"{place}: the quoting is not CSV: {wrong}",
        hint='a quoted field ends with one ", a quote inside is ""; --quoting none takes quotes as they are',
    )


@contextlib.contextmanager
def asked_by(option: str) -> Iterator[None]:
    """A column is looked for as that of the text; what is said of it speaks of the option it was asked by."""
    try:
        yield
    except InputError as error:
        if not error.hint or option == "--text-col":
            raise
        raise InputError(error.message, hint=error.hint.replace("--text-col", option)) from error


def check_wanted(
    settings: RecordSettings, *, labelled: bool, pairs: bool, several: bool, numbers: bool
) -> None:
    """Raise SettingsError for columns that a command has nothing to do with."""
    if not labelled:
        refuse(
            changed(settings, "label_sep", "multi_label"),
            "where no labels are read",
            "--label-col names the column or field of labels",
        )
    if settings.vector_col is not None and not numbers:
        raise SettingsError(
            "--vector-col is for rows of numbers, and here texts are read",
            hint="train-rnn --cell none learns from numbers; classify and evaluate go on with its models",
        )
    if settings.vector_col is not None and settings.text_col is not None:
        raise SettingsError(
            "--text-col names a text and --vector-col numbers: a row is one or the other",
            hint="leave one of them out",
        )
    if settings.text2_col is not None and not pairs:
        raise SettingsError(
            "--text2-col is for pairs of texts, and here each text is by itself",
            hint="train-rnn learns from pairs; classify and evaluate judge them by its models",
        )
    if settings.multi_label == "all" and not several:
        raise SettingsError(
            "--multi-label all is for models that give several labels, and here each text has one",
            hint="train-rnn learns several; or --multi-label each, which counts a text once for each",
        )
