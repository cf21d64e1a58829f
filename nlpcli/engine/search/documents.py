"""The documents of an index as they are read: lines, paragraphs or whole files, and where each begins."""

from __future__ import annotations

import itertools
import os
from array import array
from collections.abc import Iterator, Sequence

import numpy as np

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.io.folders import files_in
from nlpcli.engine.io.opening import STDIN
from nlpcli.engine.io.text_lines import text_lines
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.spill import SpillList
from nlpcli.engine.search.strings import MappedStrings
from nlpcli.errors import InputError
from nlpcli.settings.input import FolderSettings, InputSettings

_BATCH = 4096  # documents


class Documents:
    """Documents as they are read, and where each begins; many texts wait on the disk."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.file_numbers, self.lines = array("i"), array("i")
        self._content = SpillList(np.uint8)
        self._sizes = array("q")

    def __len__(self) -> int:
        return len(self.lines)

    def add(self, name: str, found: Sequence[tuple[int, str]]) -> list[str]:
        """Documents (first line, text) of the file of this name, behind those it has."""
        if found and (not self.files or self.files[-1] != name):
            self.files.append(name)
        texts = [text for _, text in found]
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        self._content.append(np.frombuffer(b"".join(encoded), np.uint8))
        self._sizes.extend(map(len, encoded))
        self.lines.extend(line for line, _ in found)
        self.file_numbers.extend([len(self.files) - 1] * len(found))
        return texts

    def texts(self) -> MappedStrings:
        """All of them."""
        starts = offsets_of(np.array(self._sizes))
        return MappedStrings(self._content.numbers(int(starts[-1])), starts)

    def names(self) -> PackedTokens:
        """What the files are called."""
        return PackedTokens.of(self.files)


def read_all(
    found: Documents,
    paths: Sequence[str],
    unit: str,
    reading: InputSettings,
    folders: FolderSettings,
    progress: Progress = SILENT,
) -> Iterator[list[str]]:
    """The documents of some files in batches, as they are put into `found`.

    Files in a folder that are hidden, binary or badly encoded are passed over, which `progress` is told; a
    named file raises InputError then.
    """
    for path, optional in _files(paths, folders, progress):
        units, name = _units(path, unit, reading, progress), "<stdin>" if path == STDIN else path
        if not optional:
            while batch := list(itertools.islice(units, _BATCH)):
                yield found.add(name, batch)
            continue
        try:
            whole = list(units)  # it is taken as a whole or not at all
        except InputError as error:
            progress.lost(f"passed over {error.message}")
            continue
        yield found.add(name, whole)


def _units(
    path: str, unit: str, reading: InputSettings, progress: Progress = SILENT
) -> Iterator[tuple[int, str]]:
    """(first line, text) of each document that is not blank."""
    lines = text_lines([path], reading, progress)
    kept: list[str] = []
    first = 1
    for line in lines:
        if "\0" in line:
            raise InputError(f"{lines.place}: not text: a zero byte in it")
        if unit == "line":
            if line and not line.isspace():
                yield lines.number, line
        elif unit == "paragraph" and not line.strip():
            if kept:
                yield first, "\n".join(kept)
            kept = []
        else:
            first = first if kept else lines.number
            kept.append(line)
    if any(line.strip() for line in kept):
        yield first, "\n".join(kept)


def _files(paths: Sequence[str], folders: FolderSettings, progress: Progress) -> Iterator[tuple[str, bool]]:
    """The files, those in folders in alphabetical order; True for what was found in a folder."""
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112
            yield from ((file, True) for file in files_in(path, folders.on_error, progress))
        else:
            yield path, False
