"""Files of words and their classes: what `cluster --members` prints, and Brown clusters.

word TAB class       of one file the fine classes, of a second one coarse ones
0010110 TAB word     Brown's paths: the whole path is the fine class, its beginning the coarse one
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.opening import display_name
from nlpcli.engine.tagging.features import Classes, hashes_of
from nlpcli.errors import InputError, SettingsError

_PATH = re.compile(r"[01]{2,}")
_COARSE_BITS = 6


def read_classes(paths: Sequence[str]) -> Classes:
    """The classes of words in one file or two. Raises InputError for lines without a class."""
    if len(paths) > 2:
        raise SettingsError("--clusters names one file, or two: fine classes and coarse ones")
    read = [_read(path) for path in paths]
    fine = read[0]
    if all(map(_PATH.fullmatch, fine.values())):
        coarse = {word: path[:_COARSE_BITS] for word, path in fine.items()}
    else:
        coarse = read[1] if len(read) > 1 else {}
    words = sorted({*fine, *coarse})
    hashes, first = np.unique(hashes_of(words), return_index=True)
    numbers = np.stack(
        [_numbered([classes.get(word, "") for word in words]) for classes in (fine, coarse)], axis=1
    )
    return Classes(hashes, numbers[first])


def _read(path: str) -> dict[str, str]:
    """The class of every word of a file."""
    found: dict[str, str] = {}
    lines = Lines([path])
    for line in lines:
        row = line.split("\t")
        if len(row) < 2 or not row[0] or not row[1]:
            if not line.strip():
                continue
            raise InputError(
                f"{lines.place}: expected word<TAB>class, found {line[:60]!r}",
                hint="nlpcli cluster VECTORS --k 500 --members writes such a file",
            )
        if lines.number == 1 and row[:2] == ["word", "cluster"]:
            continue
        word, of = (row[1], row[0]) if _PATH.fullmatch(row[0]) and not row[1].isdecimal() else row[:2]
        found.setdefault(word, of)
    if not found:
        raise InputError(f"{display_name(path)} is empty", hint="a word and its class a line are wanted")
    return found


def _numbered(classes: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Classes as numbers, in the order of their names; no class has the first."""
    ids = {name: number for number, name in enumerate(sorted({"", *classes}))}
    return np.array([ids[name] for name in classes], np.int32)
