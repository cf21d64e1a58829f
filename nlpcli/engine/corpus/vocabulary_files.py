"""A vocabulary as TSV: `token<TAB>count`, one a line, ids in the order of the lines."""

from __future__ import annotations

import os
from typing import BinaryIO

import numpy as np

from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.atomic import write_atomically
from nlpcli.engine.io.lines import Lines
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.errors import InputError
from nlpcli.settings.fields import whole_number
from nlpcli.settings.input import InputSettings

kernels = Kernels("counts.documents")

_LINES = 50_000  # written at a time; fewer are done before machine code is loaded
_MOST = 1 << 53  # that may be counted
_DIGITS = 19  # of the largest count


def write_to(file: BinaryIO, vocabulary: Vocabulary) -> None:
    """Write the lines to an open file.

    A tokenizer that keeps tabs or line ends inside a token does not exist; should one come
    through a JSON field, it is written as a space.
    """
    for first in range(0, len(vocabulary), _LINES):
        part = slice(first, first + _LINES)
        lines = _lines(vocabulary, part) if len(vocabulary) > _LINES else b""
        if not _is_table(lines, len(vocabulary.counts[part])):
            pairs = zip(vocabulary.tokens[part], vocabulary.counts[part].tolist(), strict=True)
            words = [
                f"{token.replace(chr(9), ' ').replace(chr(10), ' ')}\t{count}\n" for token, count in pairs
            ]
            lines = "".join(words).encode("utf-8", "replace")
        file.write(lines)


def _is_table(lines: bytes, rows: int) -> bool:
    try:
        lines.decode()
    except UnicodeDecodeError:  # a lone surrogate out of a JSON string
        return False
    return lines.count(b"\t") == lines.count(b"\n") == rows


def _lines(vocabulary: Vocabulary, part: slice) -> bytes:
    """The lines of some tokens, straight from their bytes."""
    text, offsets = vocabulary.packed
    counts = vocabulary.counts[part]
    bounds = offsets[part.start : part.start + len(counts) + 1]
    lines = np.empty(int(bounds[-1] - bounds[0]) + len(counts) * (_DIGITS + 2), dtype=np.uint8)
    size = kernels.spell_counts(text, bounds, counts, lines)
    return lines[:size].tobytes()


def write(path: str | os.PathLike[str], vocabulary: Vocabulary) -> None:
    """Write the file, atomically."""
    with write_atomically(path) as file:
        write_to(file, vocabulary)


def read(path: str) -> Vocabulary:
    """Read the file; a line without a count counts 1. Raises InputError with file:line."""
    tokens: list[str] = []
    counts: list[int] = []
    seen: set[str] = set()
    lines = Lines([path], InputSettings(encoding="auto"))
    for line in lines:
        token, _, count = line.partition("\t")
        if not token and not count:
            continue
        number = whole_number(count or "1") if (count or "1").isdecimal() else 1 << 63
        if not token or number > _MOST:
            raise InputError(
                f"{lines.place}: expected token<TAB>count", hint="nlpcli count FILE writes such a file"
            )
        if token in seen:
            raise InputError(f"{lines.place}: the token {token!r} stands there a second time")
        seen.add(token)
        tokens.append(token)
        counts.append(number)
    if not tokens:
        raise InputError(f"{path}: no tokens")
    return Vocabulary.of(tokens, counts)
