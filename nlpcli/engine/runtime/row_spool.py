"""Rows of bytes on the disk until it is known where each goes."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator


class RowSpool:
    """Rows put aside until it is known where each goes: on the disk, in a file without a name."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (it is closed by `close`)
        self._lengths = array("q")

    def add(self, raw: bytes) -> None:
        """One row more."""
        self._file.write(raw)
        self._lengths.append(len(raw))

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(0)
        return (self._file.read(length) for length in self._lengths)

    def close(self) -> None:
        """The disk has it back."""
        self._file.close()
