"""A vocabulary as TSV: `token<TAB>count`, one a line, ids in the order of the lines."""

from __future__ import annotations

import os
from typing import BinaryIO

from nlpcli.engine.corpus import Lines
from nlpcli.engine.store import write_atomically
from nlpcli.engine.vocabulary import Vocabulary
from nlpcli.errors import InputError


def write_to(file: BinaryIO, vocabulary: Vocabulary) -> None:
    """Write the lines to an open file.

    A tokenizer that keeps tabs or line ends inside a token does not exist; should one come
    through a JSON field, it is written as a space.
    """
    pairs = zip(vocabulary.tokens, vocabulary.counts.tolist(), strict=True)
    lines = [f"{token}\t{count}\n" for token, count in pairs]
    if any(line.count("\t") > 1 or line.count("\n") > 1 for line in lines):
        pairs = zip(vocabulary.tokens, vocabulary.counts.tolist(), strict=True)
        lines = [f"{' '.join(token.split())}\t{count}\n" for token, count in pairs]
    for start in range(0, len(lines), 10_000):
        file.write("".join(lines[start : start + 10_000]).encode("utf-8", "replace"))


def write(path: str | os.PathLike[str], vocabulary: Vocabulary) -> None:
    """Write the file, atomically."""
    with write_atomically(path) as file:
        write_to(file, vocabulary)


def read(path: str) -> Vocabulary:
    """Read the file; a line without a count counts 1. Raises InputError with file:line."""
    tokens: list[str] = []
    counts: list[int] = []
    seen: set[str] = set()
    lines = Lines([path])
    for line in lines:
        token, _, count = line.partition("\t")
        if not token and not count:
            continue
        if not token or not (count or "1").isdecimal():
            raise InputError(
                f"{lines.place}: expected token<TAB>count", hint="nlpcli count FILE writes such a file"
            )
        if token in seen:
            raise InputError(f"{lines.place}: the token {token!r} stands there a second time")
        seen.add(token)
        tokens.append(token)
        counts.append(int(count or "1"))
    if not tokens:
        raise InputError(f"{path}: no tokens")
    return Vocabulary.of(tokens, counts)
