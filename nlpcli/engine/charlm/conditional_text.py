"""Texts with a label or a vector each, as rows of a table, and as one long text of units.

Each text becomes a line; its start and end marker is the line end before and after it. Line ends inside a
text become spaces.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.conditions import END, Condition
from nlpcli.engine.charlm.units import CharText, text_of
from nlpcli.engine.io.line_ends import one_line
from nlpcli.engine.io.opening import STDIN, display_name
from nlpcli.engine.io.records import Records
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import InputError, SettingsError
from nlpcli.settings.charlm import CharLMSettings
from nlpcli.settings.input import ConditionedTextSettings, InputSettings
from nlpcli.wording import counted


@dataclass(frozen=True)
class Rows:
    """Texts [R], and of each its label, or its vector float64 [R, D], or neither where none was asked for."""

    texts: list[str]
    labels: list[str] | None = None
    vectors: NDArray[np.float64] | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ConditionalText(CharText):
    """Texts one behind another, each between line ends, and what each is written for.

    begins: int64 [R + 1], the line end before each text, and the last one. numbers: of each text its label's
    number int32 [R], or its vector in deviations float32 [R, D].
    """

    condition: Condition
    begins: NDArray[np.int64]
    numbers: NDArray[Any]

    @property
    def sha256(self) -> str:
        """A fingerprint of the texts and what they are written for."""
        found = hashlib.sha256(self.ids.tobytes())
        found.update("\0".join(self.condition.names).encode("utf-8", "surrogatepass"))
        found.update(self.numbers.tobytes())
        return found.hexdigest()

    def conditions(self, chosen: NDArray[Any]) -> NDArray[np.float32]:
        """What some texts [B] are written for: [B, D]."""
        numbers = self.numbers[chosen]
        return self.condition.of_numbers(numbers) if numbers.ndim == 1 else numbers


def is_conditional(records: ConditionedTextSettings) -> bool:
    """Whether labels or vectors were asked for.

    Raises SettingsError for both, and for a column of texts without either.
    """
    if records.has_labels and records.vector_col is not None:
        raise SettingsError(
            "--label-col and --vector-col: a text is written for a label or a vector", hint="leave one out"
        )
    return records.has_labels or records.vector_col is not None


def read_rows(
    paths: Sequence[str] | None,
    records: ConditionedTextSettings,
    reading: InputSettings,
    progress: Progress = SILENT,
) -> Rows:
    """The texts of some tables with their labels or vectors; without either, lines or a column of texts.

    Raises InputError where there is none, and SettingsError for vectors on stdin, since the table is read
    once for the texts and once for the numbers.
    """
    labelled = records.has_labels
    source = Records(
        paths, dataclasses.replace(records, vector_col=None), reading, labelled=labelled, progress=progress
    )
    texts = [_line(text) for batch in source.texts() for text in batch]
    if not texts:
        raise InputError(f"{display_name((paths or [STDIN])[0])}: there are no texts")
    if labelled:
        return Rows(texts, source.labels())
    if records.vector_col is None:
        return Rows(texts)
    if not paths or STDIN in paths:
        raise SettingsError(
            "texts and vectors are read one after the other, and stdin can be read once",
            hint="write it into a file",
        )
    only = dataclasses.replace(records, text_col=None)
    table = Records(paths, only, reading, labelled=False, numbers=True, progress=progress)
    vectors = np.array([text.split() for batch in table.texts() for text in batch], dtype=np.float64)
    if len(vectors) != len(texts) or not np.isfinite(vectors).all():
        raise InputError(
            f"{display_name(paths[0])}: {counted(len(texts), 'text')} and "
            f"{counted(len(vectors), 'row')} of finite numbers"
        )
    return Rows(texts, None, vectors, table.columns)


def read_conditional_text(
    paths: Sequence[str] | None,
    settings: CharLMSettings,
    dropout: float,
    records: ConditionedTextSettings,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> ConditionalText:
    """The texts of some tables as ids, each with its label or vector.

    Raises InputError where all texts have the same label, and where there are as many labels as texts.
    """
    rows = read_rows(paths, records, reading, progress)
    condition, numbers = _condition(rows, dropout)
    text = text_of(_between_line_ends(rows.texts), settings.unit, min_count=settings.min_char_count)
    marker = text.alphabet.id_of.get(END)
    if marker is None:
        raise InputError("there are fewer texts than --min-count", hint="use a smaller --min-count")
    return ConditionalText(
        text.ids, text.alphabet, text.characters, text.bytes,
        condition, np.flatnonzero(text.ids == marker), numbers,
    )  # fmt: skip


def _condition(rows: Rows, dropout: float) -> tuple[Condition, NDArray[Any]]:
    if rows.vectors is not None:
        mean, scale = rows.vectors.mean(axis=0), rows.vectors.std(axis=0)
        scale[scale < 1e-12 * (1 + np.abs(mean))] = 1
        condition = Condition("vector", rows.columns, dropout, mean=mean, scale=scale)
        return condition, condition.of_vectors(rows.vectors)
    labels = rows.labels or []
    names, numbers, counts = np.unique(np.array(labels), return_inverse=True, return_counts=True)
    known = tuple(map(str, names))
    if len(known) == 1:
        raise InputError(
            f"all {counted(len(labels), 'text')} are labelled {known[0]!r}",
            hint="is --label-col the right column?",
        )
    if len(known) > 50 and len(known) > len(labels) // 3:
        raise InputError(
            f"{len(known):,} different labels of {len(labels):,} texts: a model learns little of each",
            hint="is --label-col the right column?",
        )
    condition = Condition("label", known, dropout, counts=counts.astype(np.int64))
    return condition, numbers.reshape(-1).astype(np.int32)


def _line(text: str) -> str:
    return one_line(text).strip()


def _between_line_ends(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield f"{END}{text}"
    yield END
