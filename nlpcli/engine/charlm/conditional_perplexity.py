"""What texts cost a model that is told what each is written for, and what they would cost it untold.

Without its label a text costs what it does on average over all labels, −log Σ_y p(y) p(text | y), p(y) the
share of label y in training: the model knows as much, but not which label the text has. What is saved is, on
average, the mutual information of label and text as the model sees it, and never more than −log p(y).
Of a vector there is no such sum: without it the model reads a text as it did those of its training whose
vector was left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.conditional_text import Rows, read_rows
from nlpcli.engine.charlm.conditions import Condition
from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.perplexity import Surprise, id_table, line_end, nats_of_lines
from nlpcli.engine.charlm.units import to_units
from nlpcli.engine.neural.recurrent_step import Array
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import SettingsError
from nlpcli.settings.input import ConditionedTextSettings, InputSettings

_ROWS = 1024


def of_rows(
    model: CharLM,
    condition: Condition,
    paths: Sequence[str] | None,
    records: ConditionedTextSettings,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> Surprise:
    """What the texts of a table cost under their labels or vectors; without either, of lines, untold.

    Raises InputError for a label that the model does not know, and for a table without texts.
    """
    rows = read_rows(paths, records, reading, progress)
    table, unit = id_table(model), model.settings.unit
    nats, without, units, unknown = 0.0, 0.0, 0, 0
    is_told = rows.labels is not None or rows.vectors is not None
    for start, texts, under in _batches(rows, condition):
        nats += float(nats_of_lines(model, table, texts, under).sum())
        if is_told:
            without += float(_untold(model, condition, table, texts).sum())
        ids = table[to_units("".join(text + line_end(model) for text in texts), unit)]
        units, unknown = units + len(ids), unknown + int((ids < 0).sum())
        progress.update("scoring", start + len(texts), len(rows.texts))
    characters = sum(len(text) + 1 for text in rows.texts)
    size = sum(len(text.encode("utf-8", "replace")) + 1 for text in rows.texts)
    both = is_told and (condition.kind == "label" or condition.dropout > 0)
    return Surprise(nats, units, characters, size, unknown, len(rows.texts), without if both else None)


def of_each_row(
    model: CharLM,
    condition: Condition,
    paths: Sequence[str] | None,
    records: ConditionedTextSettings,
    reading: InputSettings = InputSettings(),
) -> Iterator[tuple[str, float]]:
    """Each text of a table with its bits per character, its end counted."""
    table = id_table(model)
    for _, texts, under in _batches(read_rows(paths, records, reading), condition):
        for text, nats in zip(texts, nats_of_lines(model, table, texts, under).tolist(), strict=True):
            yield text, nats / math.log(2) / (len(text) + 1)


def _batches(rows: Rows, condition: Condition) -> Iterator[tuple[int, list[str], Array | None]]:
    """Some texts at a time, with the place of the first, and their conditions [N, D]."""
    told = "label" if rows.labels is not None else "vector" if rows.vectors is not None else None
    if told not in (None, condition.kind) or (told is None and not condition.dropout):
        raise SettingsError(
            f"the model takes a {condition.kind} beside each text", hint=f"--{condition.kind}-col names them"
        )
    for start in range(0, len(rows.texts), _ROWS):
        chosen = slice(start, start + _ROWS)
        under: Any = None
        if rows.labels is not None:
            under = np.stack([condition.of_label(label) for label in rows.labels[chosen]])
        elif rows.vectors is not None:
            under = condition.of_vectors(rows.vectors[chosen])
        yield start, rows.texts[chosen], under


def _untold(
    model: CharLM, condition: Condition, table: NDArray[np.int32], texts: Sequence[str]
) -> NDArray[np.float64]:
    """What each text costs without its label or vector [N]."""
    if condition.kind == "vector":
        return nats_of_lines(model, table, texts)
    costs = np.empty((len(condition), len(texts)))
    for number, share in enumerate(condition.prior().tolist()):
        under = condition.of_numbers(np.full(len(texts), number))
        costs[number] = nats_of_lines(model, table, texts, under) - math.log(max(share, 1e-300))
    least = costs.min(axis=0)
    found: NDArray[np.float64] = least - np.log(np.exp(least - costs).sum(axis=0))
    return found
