"""What a worker would say while it works, kept for the client."""

from __future__ import annotations

from nlpcli.engine.runtime.progress import Progress

_MOST = 20  # lines of one shard


class Told(Progress):
    """Remarks, and what of the input was lost; of both the first lines."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.losses: list[str] = []

    def note(self, message: str) -> None:
        """Keep the line."""
        if len(self.notes) < _MOST:
            self.notes.append(message)

    def lost(self, message: str) -> None:
        """Keep the line."""
        if len(self.losses) < _MOST:
            self.losses.append(message)
