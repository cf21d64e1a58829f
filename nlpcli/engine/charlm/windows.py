"""What a transformer sees of a text: at most `context` units, in training and at work.

In training an epoch is the text cut into windows of `context` units, from another place on each time, in an
order drawn by the seed.

At work the window slides in leaps. It grows to `context` units; when one more is to be read, the last
⌊context / 2⌋ units become a new window, at its places 0, 1, … So a prediction depends on nothing but the
units of its window, and what is written is what one gets by reading the window anew:

    context 4    ABCDEFGH     A, AB, ABC, ABCD, CDE, CDEF, EFG, EFGH
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nlpcli.engine.charlm.streams import UPDATES_PER_EPOCH, Ids, held_out, validation_streams
from nlpcli.engine.charlm.units import CharText
from nlpcli.settings.charlm import ATTENTION, CharLMSettings

_ORDER = 2  # what a draw of chance is for


def kept_of(context: int) -> int:
    """How many units of a full window begin the next one."""
    return context // 2


def sliding(length: int, context: int) -> Iterator[tuple[int, int, int]]:
    """The windows of a text: where each begins, where its first unit is that no other has, where it ends.

    >>> [*sliding(8, 4)]
    [(0, 0, 4), (2, 4, 6), (4, 6, 8)]
    """
    start, fresh, stop = 0, 0, min(context, length)
    while True:
        yield start, fresh, stop
        if stop >= length:
            return
        start, fresh = stop - kept_of(context), stop
        stop = min(start + context, length)


def last_window(settings: CharLMSettings, ids: list[int]) -> list[int]:
    """What has to be read of a text, so as to go on from its end: of a transformer the last window."""
    if settings.cell != ATTENTION:
        return ids
    *_, (start, _, _) = sliding(len(ids), settings.context_size)
    return ids[start:]


class Windows:
    """The text as windows for training, B at a time, and streams for validation; its end is held out.

    Raises InputError for a text of a single unit.
    """

    def __init__(self, text: CharText, settings: CharLMSettings) -> None:
        self.item = "window"
        self.held_out = held_out(len(text.ids), settings.val_frac)
        self._ids, self._seed = text.ids[: len(text.ids) - self.held_out], settings.seed
        most = len(self._ids) - 1
        self.length = min(settings.context_size, most)
        # One window less than there are, so that the first may begin anywhere in the first.
        self._count = max(1, most // self.length - 1)
        self.batch = max(1, min(settings.batch_size, self._count // UPDATES_PER_EPOCH))
        self.steps = self._count // self.batch
        self._epoch, self._starts = -1, np.empty(0, np.int64)
        begin = len(self._ids) if self.held_out else 1
        self.validation, self.warm_up = validation_streams(text.ids, begin, kept_of(settings.context_size))

    @property
    def per_epoch(self) -> int:
        """Training units scored in an epoch."""
        return self.steps * self.batch * self.length

    def of_update(self, step: int) -> Ids:
        """The windows of update `step`, counted from 0: [length + 1, B], a column each."""
        epoch, place = divmod(step, self.steps)
        if epoch != self._epoch:
            random = np.random.default_rng([self._seed, _ORDER, epoch])
            first = random.integers(len(self._ids) - self._count * self.length)
            self._epoch, self._starts = epoch, first + random.permutation(self._count) * self.length
        starts = self._starts[place * self.batch : (place + 1) * self.batch]
        windows: Ids = self._ids[starts + np.arange(self.length + 1)[:, None]]
        return windows
