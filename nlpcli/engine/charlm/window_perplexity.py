"""What texts cost a transformer: every unit in the window in which it would have been written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.streams import Ids
from nlpcli.engine.charlm.windows import sliding
from nlpcli.engine.neural.recurrent_step import log_softmax
from nlpcli.engine.neural.transformer import Places
from nlpcli.engine.neural.transformer_lm import logits, outputs
from nlpcli.engine.runtime.progress import SILENT, Progress

_TOGETHER = 1 << 13  # units that are read side by side


class _Window(NamedTuple):
    """Units to read, and those that follow the last ones of them: of which text, what is to be expected."""

    text: int
    read: Ids
    targets: Ids


def window_nats(model: CharLM, texts: Sequence[Ids], progress: Progress = SILENT) -> NDArray[np.float64]:
    """The summed loss of each of some texts, as ids; each is read as after a line end.

    If the alphabet has no line end, the first unit of a text costs what its frequency says.
    """
    newline = model.alphabet.id_of.get("\n")
    total = np.zeros(len(texts))
    if newline is None:
        share = (model.alphabet.counts + 1) / (model.alphabet.total + len(model.alphabet))
        total -= [float(np.log(share[ids[0]])) if len(ids) else 0.0 for ids in texts]
    done, whole = 0, sum(map(len, texts))
    for batch in _batches(_windows(texts, newline, model.settings.context_size)):
        _add_nats(model, batch, total)
        done += sum(len(window.targets) for window in batch)
        progress.update("scoring", done, whole)
    return total


def _windows(texts: Sequence[Ids], newline: int | None, context: int) -> Iterator[_Window]:
    for number, ids in enumerate(texts):
        read = ids if newline is None else np.concatenate([np.array([newline], ids.dtype), ids])
        if len(read) < 2:
            continue
        for start, fresh, stop in sliding(len(read) - 1, context):
            yield _Window(number, read[start:stop], read[fresh + 1 : stop + 1])


def _batches(windows: Iterator[_Window]) -> Iterator[list[_Window]]:
    batch: list[_Window] = []
    size = 0
    for window in windows:
        batch.append(window)
        size += len(window.read)
        if size >= _TOGETHER:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _add_nats(model: CharLM, batch: Sequence[_Window], total: NDArray[np.float64]) -> None:
    lengths = np.array([len(window.read) for window in batch])
    counts = np.array([len(window.targets) for window in batch])
    places = Places.of(lengths)
    ids = np.concatenate([window.read for window in batch]).astype(np.int64)
    scored = places.position >= (lengths - counts)[places.text]
    y = outputs(model.weights, model.settings, ids, places)[scored]
    targets = np.concatenate([window.targets for window in batch])
    losses = log_softmax(logits(model.weights, y))[np.arange(len(y)), targets]
    texts = np.array([window.text for window in batch])[places.text[scored]]
    np.subtract.at(total, texts, losses.astype(np.float64))
