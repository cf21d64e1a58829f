"""Word vectors as text: lines of a word and its numbers, read and written fast.

Small files go through plain Python, large ones through a kernel (`kernels/text/vector_rows.py`) in
threads; both give the same. Not here: which layout a file has (`reading.py`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.packed_strings import PackedTokens
from nlpcli.engine.kernels.text import codes
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.threads import in_threads
from nlpcli.errors import InputError, OutputError
from nlpcli.wording import counted

kernels = Kernels("text.vector_rows")

Block = tuple[list[bytes], NDArray[np.float32]]
_CHUNK = 8 << 20
_SMALL = 2 << 20  # bytes; below this, loading numba would take longer than reading
_LARGEST = float(np.finfo(np.float32).max)
_MARGIN = 4e-16  # as in the kernel
_NUMBER = re.compile(rb"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|(?i:nan|inf|infinity))")
_DIGITS = 17  # most bytes of a number with nine digits and its separator


# --- reading --------------------------------------------------------------------------------


def read_rows(
    stream: BinaryIO, dim: int, name: str, first_line: int = 1, *, spaced: bool = True
) -> tuple[list[bytes], NDArray[np.float32]]:
    """The words and the matrix [V, dim] of the lines that are left in `stream`.

    A word may hold spaces (GloVe's 840B file has some): the last `dim` fields are the numbers. It may not
    end with a number, or one number too many would not be seen; but it may be numbers, if it is `spaced`.
    Blank lines are skipped. `name` and `first_line` are for messages.

    Raises InputError, with the line, where a line has too few numbers or one is not finite.
    """
    tokens: list[bytes] = []
    matrix = np.empty((1024, dim), dtype=np.float32)
    for words, rows in _blocks(stream, dim, name, first_line, spaced):
        count = len(tokens)
        tokens += words
        if len(tokens) > len(matrix):
            matrix.resize((max(len(tokens), len(matrix) * 3 // 2), dim), refcheck=False)
        matrix[count : len(tokens)] = rows
    return tokens, matrix[: len(tokens)]


def _blocks(stream: BinaryIO, dim: int, name: str, line: int, spaced: bool) -> Iterator[Block]:
    chunks = _line_chunks(stream)
    head = list(itertools.islice(chunks, 1))
    if not head or len(head[0]) < _SMALL:
        for chunk in itertools.chain(head, chunks):
            yield _read_plainly(chunk, dim, name, line, spaced)
            line += chunk.count(b"\n")
        return
    jobs = ((chunk, dim, spaced) for chunk in itertools.chain(head, chunks))
    for found in in_threads(_read_compiled, jobs):
        if isinstance(found, bytes):  # something is wrong in it, and the plain way says where
            yield _read_plainly(found, dim, name, line, spaced)
            line += found.count(b"\n")
        else:
            tokens, rows, lines = found
            yield tokens, rows
            line += lines


def _line_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Pieces of whole lines, a few megabytes each."""
    rest = b""
    while piece := stream.read(_CHUNK):
        cut = piece.rfind(b"\n") + 1
        if cut:
            yield rest + piece[:cut]
            rest = piece[cut:]
        else:
            rest += piece
    if rest:
        yield rest + b"\n"


def _read_plainly(chunk: bytes, dim: int, name: str, line: int, spaced: bool = True) -> Block:
    tokens: list[bytes] = []
    rows: list[list[float]] = []
    for number, text in enumerate(chunk.split(b"\n")[:-1], start=line):
        if text := text.rstrip(b" \t\r"):
            token, values = split_line(text, dim, f"{name}:{number}", spaced)
            tokens.append(token)
            rows.append(values)
    return tokens, np.array(rows, dtype=np.float64).reshape(len(rows), dim).astype(np.float32)


def _read_compiled(
    chunk: bytes, dim: int, spaced: bool = True
) -> tuple[list[bytes], NDArray[np.float32], int] | bytes:
    """The block of a chunk and its number of lines; the chunk itself if a line of it is no vector."""
    text = np.frombuffer(chunk, dtype=np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1])
    matrix = np.empty((len(ends), dim), dtype=np.float32)
    token_ends = starts.copy()
    states = np.empty(len(ends), dtype=np.uint8)
    kernels.parse_rows(text, starts, ends, matrix, token_ends, states)
    tokens = [chunk[start:end] for start, end in zip(starts.tolist(), token_ends.tolist(), strict=True)]
    try:
        for row in np.flatnonzero(states == codes.ODD).tolist():
            tokens[row], matrix[row] = split_line(
                chunk[starts[row] : ends[row]].rstrip(b" \t\r"), dim, "", spaced
            )
    except InputError:
        return chunk
    if (blank := states == codes.BLANK).any():
        tokens = [token for token, drop in zip(tokens, blank.tolist(), strict=True) if not drop]
        matrix = matrix[~blank]
    return (tokens, matrix, len(ends)) if np.isfinite(matrix).all() else chunk


def split_line(text: bytes, dim: int, place: str, spaced: bool = True) -> tuple[bytes, list[float]]:
    """A line's word and its `dim` numbers. Raises InputError, which begins with `place`.

    >>> split_line(b". . . 0.5 1e-2", 2, "x.txt:1")
    (b'. . .', [0.5, 0.01])
    """
    for fields in (text.replace(b"\t", b" ").rsplit(b" ", dim), text.rsplit(None, dim)):
        if len(fields) == dim + 1 and all(map(is_number, fields[1:])):
            token = fields[0].strip(b" \t")
            if _has_number_too_many(token, spaced):
                break
            return token, _finite(fields[1:], place)
    shown = text[:60].decode("utf-8", "replace")
    raise InputError(
        f"{place}: expected a word and {counted(dim, 'number')}, found "
        f"{counted(len(text.split()), 'field')}: {shown}",
        hint="all vectors of a file have the same length; is the file cut short?",
    )


def is_number(field: bytes) -> bool:
    """Whether a field is a number as C and Python write them; nan and inf are."""
    return _NUMBER.fullmatch(field) is not None


def _has_number_too_many(token: bytes, spaced: bool) -> bool:
    """Whether what stands before the numbers ends with another one: `b 1`; `1 2 3` is a word if `spaced`."""
    parts = token.split()
    return len(parts) > 1 and is_number(parts[-1]) and not (spaced and all(map(is_number, parts)))


def _finite(fields: list[bytes], place: str) -> list[float]:
    values = list(map(float, fields))
    if not all(abs(value) <= _LARGEST for value in values):
        raise InputError(
            f"{place}: a number of the vector is nan, inf or too large for 32 bits",
            hint="train it again, or delete the line",
        )
    return values


def read_numbers(stream: BinaryIO, name: str) -> NDArray[np.float32]:
    """The matrix [V, dim] of lines of numbers alone. Raises InputError, with the line, for others."""
    rows: list[NDArray[np.float32]] = []
    lines = itertools.chain.from_iterable(map(bytes.splitlines, _line_chunks(stream)))
    for number, line in enumerate(lines, start=1):
        fields = line.split()
        if not fields:
            continue
        place = f"{name}:{number}"
        if not all(map(is_number, fields)) or (rows and len(fields) != len(rows[0])):
            wanted = f"{counted(len(rows[0]), 'number')}" if rows else "numbers alone"
            raise InputError(f"{place}: expected {wanted}: {line[:60].decode('utf-8', 'replace')}")
        rows.append(np.array(_finite(fields, place), np.float64).astype(np.float32))
    if not rows:
        raise InputError(f"{name}: no numbers in it")
    return np.stack(rows)


# --- writing --------------------------------------------------------------------------------


def write_rows(
    file: BinaryIO, tokens: PackedTokens | None, matrix: NDArray[np.float32], separator: bytes = b" "
) -> None:
    """Lines of a word and its numbers (only numbers without `tokens`).

    A number has as few digits, six to nine, as give the same float32 back.


    Raises OutputError for numbers that are not finite.
    """
    if tokens is None:
        tokens = PackedTokens(b"", np.zeros(len(matrix) + 1, dtype=np.int64))
    for rows in _row_blocks(len(matrix), matrix.shape[1]):
        if not np.isfinite(matrix[rows]).all():
            raise OutputError("the vectors hold nan or inf, which no reader of this layout takes")
    compiled = matrix.size * 10 > _SMALL
    make: Callable[..., bytes] = _formatted_compiled if compiled else _formatted_plainly
    blocks = (
        (matrix[rows], tokens.text, tokens.offsets[rows.start : rows.stop + 1], separator)
        for rows in _row_blocks(len(matrix), matrix.shape[1])
    )
    for text in in_threads(make, blocks) if compiled else itertools.starmap(make, blocks):
        file.write(text)


def _row_blocks(count: int, dim: int) -> Iterator[slice]:
    step = max(1, (1 << 19) // max(dim, 1))
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))


def _formatted_plainly(
    matrix: NDArray[np.float32], text: bytes, offsets: NDArray[np.int64], separator: bytes
) -> bytes:
    numbers = _shortest(matrix.reshape(-1))
    dim = matrix.shape[1]
    bounds = offsets.tolist()
    lines = []
    for row, (start, end) in enumerate(itertools.pairwise(bounds)):
        fields = separator.join(numbers[row * dim : (row + 1) * dim])
        lines += [text[start:end], separator if end > start else b"", fields, b"\n"]
    return b"".join(lines)


def _shortest(values: NDArray[np.float32]) -> list[bytes]:
    """Each number in as few digits, six to nine, as give it back; as the kernel does it."""
    texts = [b""] * len(values)
    left = np.arange(len(values))
    for count in (6, 7, 8, 9):
        made = [b"%.*g" % (count, value) for value in values[left].tolist()]
        decimal = np.array([float(text) for text in made])
        with np.errstate(over="ignore"):
            low, high = (
                (decimal * (1 - _MARGIN)).astype(np.float32),
                (decimal * (1 + _MARGIN)).astype(np.float32),
            )
        done = (low == values[left]) & (high == values[left]) | (count == 9)
        for number, text, is_done in zip(left.tolist(), made, done.tolist(), strict=True):
            if is_done:
                texts[number] = text
        left = left[~done]
    return texts


def _formatted_compiled(
    matrix: NDArray[np.float32], text: bytes, offsets: NDArray[np.int64], separator: bytes
) -> bytes:
    tokens = np.frombuffer(text[offsets[0] : offsets[-1]], dtype=np.uint8)
    out = np.empty(matrix.size * _DIGITS + len(tokens) + 2 * len(matrix), dtype=np.uint8)
    written = kernels.format_rows(matrix, tokens, offsets - offsets[0], separator[0], out)
    return out[:written].tobytes()
