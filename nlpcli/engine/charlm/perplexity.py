"""How well a character model expects a text: loss, bits per character, per line or in all.

A character the model has never seen costs log₂ of the training text's length plus its alphabet's
(the add-one estimate for something never seen) and is not read by the network.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.model import CharLM
from nlpcli.engine.charlm.units import RARE, text_blocks, to_units
from nlpcli.engine.charlm.window_perplexity import window_nats
from nlpcli.engine.neural.recurrent_step import Array, log_softmax
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.errors import InputError
from nlpcli.settings.charlm import ATTENTION
from nlpcli.settings.input import InputSettings

_STREAMS, _WARM_UP, _SHORT = 32, 256, 1 << 15
_LINES = 1024
_BATCH = 64


@dataclass(frozen=True)
class Surprise:
    """What a text costs, in nats, and how long it is.

    Of `texts` that are written for a label or a vector each, `nats_without` is what they cost without.
    """

    nats: float
    units: int
    characters: int
    bytes: int
    unknown: int
    texts: int = 1
    nats_without: float | None = None

    @property
    def loss(self) -> float:
        """Nats per unit, as training shows it."""
        return self.nats / max(1, self.units)

    @property
    def bits_per_character(self) -> float:
        """Bits per character."""
        return self.nats / math.log(2) / max(1, self.characters)

    @property
    def bits_per_byte(self) -> float:
        """Bits per byte of UTF-8: comparable across alphabets and units."""
        return self.nats / math.log(2) / max(1, self.bytes)

    @property
    def bits_without(self) -> float | None:
        """Bits per character without label or vector."""
        return None if self.nats_without is None else self.nats_without / math.log(2) / self.characters

    @property
    def bits_saved(self) -> float | None:
        """Bits per text that its label or vector saves."""
        if self.nats_without is None:
            return None
        return (self.nats_without - self.nats) / math.log(2) / self.texts

    @property
    def perplexity(self) -> float:
        """2 to the bits per character; infinite where that is more than a number can be."""
        return 2**self.bits_per_character if self.bits_per_character < 1024 else math.inf


def of_text(
    model: CharLM,
    paths: Sequence[str] | None,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> Surprise:
    """What the text of `paths` costs, read from its beginning as after a line end.

    A text of more than 32,768 units is read as 32 streams at once, each begun 256 units early; by a
    transformer in the windows in which it would have been written.
    Raises InputError for an empty text.
    """
    parts, characters, size = [], 0, 0
    table = id_table(model)
    for block in text_blocks(paths, reading, progress):
        parts.append(table[to_units(block, model.unit)])
        characters += len(block)
        size += len(block.encode("utf-8", "replace"))
    if not characters:
        raise InputError("the input holds no text", hint="is the file empty?")
    ids = np.concatenate(parts)
    known = ids[ids >= 0]
    unknown = len(ids) - len(known)
    nats = _nats(model, known, progress) + unknown * _unseen(model)
    return Surprise(nats, len(ids), characters, size, unknown)


def of_lines(model: CharLM, lines: Iterable[str]) -> Iterator[tuple[str, float]]:
    """Each line with its bits per character, its line end counted; each read as after a line end."""
    table = id_table(model)
    window: list[str] = []
    for line in lines:
        window.append(line)
        if len(window) == _LINES:
            yield from _of_window(model, table, window)
            window = []
    yield from _of_window(model, table, window)


def _of_window(model: CharLM, table: NDArray[np.int32], lines: list[str]) -> Iterator[tuple[str, float]]:
    """Some lines, given back in their order."""
    ends = line_end(model)
    for line, nats in zip(lines, nats_of_lines(model, table, lines).tolist(), strict=True):
        yield line, nats / math.log(2) / max(1, len(line) + len(ends))


def line_end(model: CharLM) -> str:
    """What ends a line that is read by itself."""
    return "\n" if "\n" in model.alphabet.id_of else ""


def nats_of_lines(
    model: CharLM, table: NDArray[np.int32], lines: Sequence[str], conditions: Array | None = None
) -> NDArray[np.float64]:
    """What each line costs, its end with it [N]; batched by length, so that little is padded.

    conditions: of each line, [N, D], for a model that takes them.
    """
    encoded = [table[to_units(line + line_end(model), model.unit)] for line in lines]
    known = [ids[ids >= 0] for ids in encoded]
    order = sorted(range(len(lines)), key=lambda n: len(known[n]))
    found = np.zeros(len(lines))
    if model.settings.cell == ATTENTION:
        more = np.array([len(encoded[n]) - len(known[n]) for n in range(len(lines))])
        return window_nats(model, known) + more * _unseen(model)
    for start in range(0, len(order), _BATCH):
        chosen = order[start : start + _BATCH]
        length = max((len(known[n]) for n in chosen), default=0)
        ids = np.full((length, len(chosen)), -1, dtype=np.int32)
        for column, n in enumerate(chosen):
            ids[: len(known[n]), column] = known[n]
        unknown = np.array([len(encoded[n]) - len(known[n]) for n in chosen])
        under = None if conditions is None else conditions[chosen]
        found[chosen] = _streams_nats(model, ids, conditions=under) + unknown * _unseen(model)
    return found


def _nats(model: CharLM, ids: NDArray[np.int32], progress: Progress) -> float:
    """Summed loss of a text: one stream if it is short, else several that overlap."""
    if model.settings.cell == ATTENTION:
        return float(window_nats(model, [ids], progress)[0])
    if len(ids) <= _SHORT:
        return float(_streams_nats(model, ids[:, None], progress).sum())
    length = -(-len(ids) // _STREAMS)
    padded = np.concatenate([np.full(_WARM_UP, -1), ids, np.full(length, -1)]).astype(np.int32)
    streams = np.stack([padded[n * length : (n + 1) * length + _WARM_UP] for n in range(_STREAMS)], axis=1)
    return float(_streams_nats(model, streams, progress, skip=_WARM_UP).sum())


def _streams_nats(
    model: CharLM,
    ids: NDArray[np.int32],
    progress: Progress = SILENT,
    skip: int = 0,
    conditions: Array | None = None,
) -> NDArray[np.float64]:
    """Summed loss of each column of `ids` [L, B] from row `skip` on; −1 is padding and costs nothing."""
    batch = ids.shape[1]
    network = model.stepper(batch, conditions)
    newline = model.alphabet.id_of.get("\n")
    counts = (model.alphabet.counts + 1) / (model.alphabet.total + len(model.alphabet))
    start = np.log(counts).astype(np.float32)[None].repeat(batch, axis=0)
    scores = log_softmax(network.step([newline] * batch)) if newline is not None else start
    total = np.zeros(batch)
    columns = np.arange(batch)
    for t, row in enumerate(ids):
        here = row >= 0
        if t >= skip:
            total -= np.where(here, scores[columns, np.maximum(row, 0)], 0.0)
        if t + 1 < len(ids):
            if t == skip - 1 or t >= skip:
                scores = log_softmax(network.step(np.maximum(row, 0)))
            elif here.any():
                network.read(np.maximum(row, 0))
        if t % 256 == 0:
            progress.update("scoring", t * batch, ids.size)
    return total


def id_table(model: CharLM) -> NDArray[np.int32]:
    """The id of every code point, −1 for those never seen (or that of U+FFFD, if the model has one)."""
    table = np.full(0x110000, model.alphabet.id_of.get(RARE, -1), dtype=np.int32)
    for token, number in model.alphabet.id_of.items():
        table[ord(token)] = number
    return table


def _unseen(model: CharLM) -> float:
    return math.log(model.alphabet.total + len(model.alphabet))
