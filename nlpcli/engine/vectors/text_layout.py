"""What layout a text of word vectors has: does a header lie, is it text at all, how many numbers has a row?

A first line of two whole numbers promises words and numbers per word (word2vec); what follows is text
or float32 as they are in memory. Text is told by its rows, not by its length, and binary by bytes that
no text has. Not here: the rows (`text_rows.py`) and the binary layout (`word2vec_binary.py`).
"""

from __future__ import annotations

import collections
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.runtime.arrays import Floats, offsets_of
from nlpcli.engine.vectors import text_rows
from nlpcli.errors import InputError
from nlpcli.wording import counted

BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(rb"\s*(\d{1,12})[ \t]+(\d{1,6})[ \t\r]*")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_LINES = 200  # that are looked at
_LONGEST_TOKEN = 1 << 16
_LEAST, _MOST = 2e-4, 8.0  # float32 whose four bytes may be text, but hardly that of numbers or words


@dataclass(frozen=True)
class Head:
    """What the beginning of a file tells.

    promised: the words that the first line speaks of, None without such a line. dim: numbers per word,
    0 when these are no vectors. is_binary: float32 follow the first line, not text. doubted: what the
    first line promises, where it may as well be the first row of a file without header.
    """

    promised: int | None
    dim: int
    is_binary: bool = False
    doubted: tuple[int, int] | None = None


def head_of(sample: bytes, whole: bool, name: str) -> Head:
    """The head of a file that begins with `sample`, or is it, if that is the `whole`.

    Raises InputError for a first line whose dimension is not that of the rows.
    """
    sample = sample.removeprefix(BOM)
    first, _, rest = sample.partition(b"\n")
    header = _HEADER.fullmatch(first)
    widths = [_numbers(line) for line in _lines(rest if header else sample, whole)]
    usual = collections.Counter(width for width in widths if width)
    dim = max(usual, key=lambda width: (usual[width], width), default=0)
    if header is None:
        return Head(None, dim)
    promised, claimed = int(header[1]), int(header[2])
    few = 2 * usual.total() < max(len(widths), 1)
    # Of a tiny binary file half of the lines may happen to look like a word and a number.
    if few or (usual.total() < len(widths) and whole and _fits(rest, promised, claimed)):
        return Head(promised, claimed, is_binary=_is_binary(rest, whole, promised, claimed))
    if claimed != dim and len(usual) == 1 and usual.total() == len(widths):
        if dim == 1 and not (whole and promised == len(widths)):
            return Head(None, 1, doubted=(promised, claimed))
        raise lying(name, claimed, dim)
    return Head(promised, claimed)


def _lines(text: bytes, whole: bool) -> list[bytes]:
    """The first lines with something in them, without one that is cut off."""
    cut = text.split(b"\n", 2 * _LINES)
    if len(cut) > 1 and not (whole and len(cut) <= 2 * _LINES):
        cut.pop()
    return [line for line in cut if line.strip()][:_LINES]


def _numbers(line: bytes) -> int:
    """How many numbers a line ends with; its first field is a word, whatever it looks like."""
    fields = line.split()
    if line[:1] not in (b" ", b"\t"):
        del fields[:1]
    odd = next(
        (place for place, field in enumerate(reversed(fields)) if not text_rows.is_number(field)), None
    )
    return len(fields) if odd is None else odd


def lying(name: str, claimed: int, found: int) -> InputError:
    """The error for a first line that claims another dimension than the rows have."""
    return InputError(
        f"{name}:1: the first line promises {counted(claimed, 'number')} per word, every row has {found:,}",
        hint=f"correct it to end in {found}, or delete it, if it is as you want it",
    )


# --- binary ---------------------------------------------------------------------------------


def _fits(rest: bytes, promised: int, dim: int) -> bool:
    """Whether what follows the first line, taken for float32, are just the rows that it promises."""
    found = list(_binary_rows(rest, dim))
    end = found[-1][1] if found else len(rest) + 1
    return dim > 0 and len(found) == promised and end <= len(rest) and not rest[end:].strip(b"\n")


def _is_binary(rest: bytes, whole: bool, promised: int, dim: int) -> bool:
    """Are there float32 after the first line? Asked where lines do not look like a word and its numbers."""
    found = list(_binary_rows(rest, dim))
    if any(_CONTROL.search(row) or not _may_be_utf8(row) for row, _ in found):
        return True
    if not (whole and _fits(rest, promised, dim)):
        return False
    numbers = np.frombuffer(b"".join(row for row, _ in found), "<f4")
    return bool(((numbers >= _LEAST) & (numbers < _MOST)).all())


def _binary_rows(rest: bytes, dim: int) -> Iterator[tuple[bytes, int]]:
    """The first rows, taken as binary: the bytes of their numbers, and where they end."""
    at = 0
    for _ in range(_LINES):
        space = rest.find(b" ", at, at + _LONGEST_TOKEN)
        if space < 0:
            return
        at = space + 1 + 4 * dim
        yield rest[space + 1 : at], at
        if at >= len(rest):
            return


def _may_be_utf8(row: bytes) -> bool:
    """Whether what follows a space, and may be cut off in a character, can be UTF-8."""
    try:
        row.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


# --- text -----------------------------------------------------------------------------------


def read_text(stream: BinaryIO, head: Head, name: str) -> tuple[PackedTokens, Floats, str]:
    """The words, the matrix and the layout of a text. Raises InputError for what is not, with the line."""
    if stream.peek(3)[:3] == BOM:  # type: ignore[attr-defined]
        stream.read(3)
    if head.dim < 1:
        raise not_vectors(name)
    layout = "glove" if head.promised is None else "word2vec"
    if head.promised is not None:
        stream.readline()
    first_line = 1 if head.promised is None else 2
    tokens, matrix = text_rows.read_rows(stream, head.dim, name, first_line, spaced=head.promised is None)
    if head.doubted is not None and len(tokens) == head.doubted[0] + 1:
        raise lying(name, head.doubted[1], head.dim)
    if head.promised is not None and len(tokens) != head.promised:
        raise wrong_count(name, head.promised, len(tokens))
    if not tokens:
        raise not_vectors(name)
    return packed(tokens), matrix, layout


def packed(tokens: list[bytes]) -> PackedTokens:
    """Words as one block of bytes."""
    return PackedTokens(b"".join(tokens), offsets_of(np.fromiter(map(len, tokens), np.int64, len(tokens))))


def not_vectors(name: str) -> InputError:
    """The error for a file of something else."""
    return InputError(
        f"{name}: no word vectors",
        hint="expected a .safetensors model, or word2vec, GloVe or fastText: a word and its numbers per line",
    )


def wrong_count(name: str, promised: int, found: int) -> InputError:
    """The error for more or fewer words than the first line speaks of."""
    why = "is cut short" if found < promised else "has grown"
    return InputError(
        f"{name}: the first line promises {counted(promised, 'word')}, the file holds {found:,}",
        hint=f"the file {why}; if it is as you want it, correct its first line, or delete it in a text",
    )
