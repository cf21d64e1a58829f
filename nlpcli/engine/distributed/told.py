"""What a worker would say while it works, kept for the client."""

from __future__ import annotations

from collections.abc import Callable

from nlpcli.engine.runtime.progress import Progress
from nlpcli.errors import NlpcliError

_MOST = 20  # lines of one shard


class Abandoned(NlpcliError):
    """Nobody waits for this work any more."""


class Told(Progress):
    """Remarks, and what of the input was lost; of both the first lines.

    abandoned: whether who asked for the work is gone. Then it ends where it next tells how far it is.
    """

    def __init__(self, abandoned: Callable[[], bool] = lambda: False) -> None:
        self.notes: list[str] = []
        self.losses: list[str] = []
        self._abandoned = abandoned

    def update(self, stage: str, done: float, total: float | None = None, detail: str = "") -> None:  # noqa: ARG002
        """Raise Abandoned where nobody listens."""
        if self._abandoned():
            raise Abandoned("nobody waits for this work any more")

    def note(self, message: str) -> None:
        """Keep the line."""
        if len(self.notes) < _MOST:
            self.notes.append(message)

    def lost(self, message: str) -> None:
        """Keep the line."""
        if len(self.losses) < _MOST:
            self.losses.append(message)
