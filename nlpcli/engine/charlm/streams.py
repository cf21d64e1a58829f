"""A text cut into streams: those that are trained on side by side, and those of the validation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.charlm.units import CharText
from nlpcli.errors import InputError
from nlpcli.settings.charlm import CharLMSettings

Ids = NDArray[np.int32]
_WARM_UP = 64
_MIN_VALIDATION = 16
_MAX_VALIDATION = 1 << 18
UPDATES_PER_EPOCH = 20  # at least, if the text is short


class Split:
    """The text as training streams [L + 1, B] and validation streams; the text's end is held out.

    The validation streams begin `warm_up` units early, so that each unit is scored with some
    text before it. Of a very long held-out text, evenly spread pieces are scored, 262,144 units
    in all. With nothing held out, since the text is too short, the training text is scored.

    Raises InputError for a text of a single unit.
    """

    def __init__(self, text: CharText, settings: CharLMSettings) -> None:
        self.item = "stream"
        ids = text.ids
        self.held_out = held_out(len(ids), settings.val_frac)
        kept = len(ids) - self.held_out
        # A short text gets fewer streams, so that an epoch is still some steps of descent.
        most = (kept - 1) // (settings.seq_length * UPDATES_PER_EPOCH)
        self.batch = max(1, min(settings.batch_size, most))
        self.length = (kept - 1) // self.batch
        starts = np.arange(self.batch) * self.length
        self.streams = np.stack([ids[s : s + self.length + 1] for s in starts], axis=1)
        self.validation, self.warm_up = validation_streams(ids, kept if self.held_out else 1)

    @property
    def per_epoch(self) -> int:
        """Training units scored in an epoch."""
        return self.length * self.batch


def held_out(length: int, share: float) -> int:
    """How many units of a text are kept for validation. Raises InputError for a text of a single unit."""
    if length < 2:
        raise InputError("the text is a single character: there is nothing to predict")
    count = int(length * share)
    return count if count >= _MIN_VALIDATION else 0


def validation_streams(ids: Ids, begin: int, most_warm_up: int = _WARM_UP) -> tuple[Ids, int]:
    """Streams [warm-up + L + 1, S] that score ids[begin:], and the warm-up; past the end stands −1."""
    held_out = len(ids) - begin
    streams = max(1, min(64, held_out // 256))
    distance = -(-held_out // streams)
    length = min(distance, _MAX_VALIDATION // streams)
    warm_up = min(most_warm_up, begin - 1)
    padded = np.concatenate([ids, np.full(distance, -1, dtype=ids.dtype)])
    starts = begin - 1 - warm_up + np.arange(streams) * distance
    return np.stack([padded[s : s + warm_up + length + 1] for s in starts], axis=1), warm_up
