"""Pairs of questions and answers, read from the columns of tables to be searched by the question."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

from nlpcli.engine.io.opening import STDIN
from nlpcli.engine.io.records import Records
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import SettingsError
from nlpcli.settings.input import InputSettings, TextInputSettings
from nlpcli.settings.search import AnswerSettings
from nlpcli.wording import counted


@dataclass
class Pairs:
    """Questions of each file, as (row counted from 1, text), and all answers in the same order."""

    questions: list[tuple[str, list[tuple[int, str]]]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)


def read_pairs(
    paths: Sequence[str],
    columns: AnswerSettings,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> Pairs:
    """The pairs of some tables; one with an empty side is left out, and counted in a note.

    Raises SettingsError where `reading` names no column of questions.
    """
    if not isinstance(reading, TextInputSettings) or reading.text_col is None:
        raise SettingsError(
            "--text-col and --answer-col go together", hint="add --text-col COLUMN: pairs of a table"
        )
    records = dataclasses.replace(reading.records, text2_col=columns.answer_col)
    found, empty = Pairs(), 0
    for path in paths:
        source = Records([path], records, reading, labelled=False, pairs=True, progress=progress)
        texts = [" ".join(text.split()) for batch in source.texts() for text in batch]
        pairs = list(zip(texts[::2], texts[1::2], strict=True))
        whole = [(row, *pair) for row, pair in enumerate(pairs, start=1) if all(pair)]
        empty += len(pairs) - len(whole)
        name = "<stdin>" if path == STDIN else path
        found.questions.append((name, [(row, question) for row, question, _ in whole]))
        found.answers += [answer for _, _, answer in whole]
    if empty:
        progress.lost(f"{counted(empty, 'pair')} with an empty question or answer left out")
    return found
