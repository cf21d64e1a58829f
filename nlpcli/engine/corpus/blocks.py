"""Documents as blocks of UTF-8 lines, of a size that kernels scan: what `encoding.py` feeds them.

A long document is never copied whole: it comes in pieces, cut at white space.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, AnyStr

if TYPE_CHECKING:
    from nlpcli.engine.io.record_formats import Documents


_LARGE = 1 << 21  # bytes, or characters, given to a kernel at once, where there is white space to cut at


def as_blocks(batches: Iterable[Documents]) -> Iterator[bytes]:
    """Documents as lines of UTF-8; a line end inside a document is white space like any other.

    >>> list(as_blocks([["one", "two\\nlines"], b"three\\n"]))
    [b'one\\ntwo lines\\n', b'three\\n']
    """
    for batch in batches:
        for lines in [batch] if isinstance(batch, bytes) else map(_encoded, _joined(batch)):
            yield from in_pieces(lines)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _joined(documents: Sequence[str]) -> Iterator[str]:
    """Documents as lines, many short ones together, long ones in pieces."""
    waiting: list[str] = []
    size = 0
    for document in documents:
        size += len(document)
        if size > _LARGE:
            if waiting:
                yield "\n".join([*waiting, ""])
                waiting.clear()
            *pieces, document = _cut(document)
            for piece in pieces:
                yield piece.replace("\n", " ")
            size = len(document)
        waiting.append(document.replace("\n", " "))
    if waiting:
        yield "\n".join([*waiting, ""])


def _cut(document: str) -> Iterator[str]:
    """A document in pieces that end with white space, but for the last."""
    start = 0
    while cut := _cut_after(document, start, "\n \t"):
        yield document[start:cut]
        start = cut
    yield document[start:]


def in_pieces(text: bytes) -> Iterator[bytes]:
    """A long block cut at white space, so that what a kernel fills stays small.

    >>> [len(piece) for piece in in_pieces(b"word " * 1_000_000)]
    [2097150, 2097150, 805700]
    """
    start = 0
    while cut := _cut_after(text, start, (b"\n", b" ", b"\t")):
        yield text[start:cut]
        start = cut
    yield text[start:] if start else text


def _cut_after(text: AnyStr, start: int, ends: Iterable[AnyStr]) -> int:
    """Where the piece that begins at `start` ends: after white space; 0 if it is the last."""
    if len(text) - start <= _LARGE:
        return 0
    return max(text.rfind(end, start, start + _LARGE) for end in ends) + 1
