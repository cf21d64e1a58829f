"""How the core says where it is, without knowing a terminal.

Engine functions take a `Progress` and call it; this one is silent. `nlpcli.cli.console`
has the one that draws.
"""

from __future__ import annotations

from collections.abc import Callable


class Progress:
    """Told about long work as it goes on. This one says nothing; subclasses draw."""

    def update(self, stage: str, done: float, total: float | None = None, detail: str = "") -> None:
        """`done` of `total` units of `stage` are finished (`total` None: unknown).

        `detail` is a short remark to stand beside the bar ("loss 2.31, 180 kwords/s").
        Cheap enough to be called ten times a second; a new `stage` closes the one before.
        """

    def note(self, message: str) -> None:
        """A line that stays: the loss after an epoch, the size of a vocabulary."""

    def lost(self, message: str) -> None:
        """A line about input that did not get through; said even where notes are not wanted."""
        self.note(message)


SILENT = Progress()

# Whom to tell what is no command's own work: that kernels are compiled, and everything waits.
listeners: list[Callable[[str], object]] = []

# What to do before more input is waited for: what has been made of the input so far goes out.
before_reading: list[Callable[[], object]] = []
