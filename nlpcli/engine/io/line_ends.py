"""Where lines end: `\\n`, and `\\r` alone in files that know no other end (exports of old Macs).

A `\\r` in a file whose lines end with `\\n` is a character of its line.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TypeVar

_SAMPLE, _MOST_WAITED = 1 << 20, 1 << 24  # the second where all ends of the first stand in quotes
Piece = TypeVar("Piece", str, bytes)


def with_line_feeds(pieces: Iterator[Piece], *, quoted: bool = False) -> Iterator[Piece]:
    """The same text or bytes; where lines end with `\\r` alone, every line end is `\\n`.

    Told by the beginning: all up to the first `\\n`, but no more than a mebibyte. `quoted`: it is a
    table, in whose quoted fields `\\n` may stand, although `\\r` ends the rows; then
    it is all up to the first end outside quotes.

    >>> list(with_line_feeds(iter(["one\\rtwo\\r", "three"]))), list(with_line_feeds(iter(["a\\rb\\n"])))
    (['one\\ntwo\\n', 'three'], ['a\\rb\\n'])
    """
    begun: list[Piece] = []
    size = 0
    for piece in pieces:
        begun.append(piece)
        size += len(piece)
        feed, back = (b"\n", b"\r") if isinstance(piece, bytes) else ("\n", "\r")
        is_enough = size >= _SAMPLE and not piece.endswith(back)  # the other half of its line end may follow
        if is_enough or feed in piece:
            _, is_sure, has_end = _beginning(piece[:0].join(begun), quoted)
            if is_sure or (is_enough and (has_end or size >= _MOST_WAITED)):
                break
    pieces = itertools.chain(begun, pieces)
    if begun and _beginning(begun[0][:0].join(begun), quoted)[0]:
        return _translated(pieces)
    return pieces


def ends_with_returns(head: bytes, *, quoted: bool = False) -> bool:
    """Whether the lines of a file with this beginning end with `\\r` alone.

    >>> ends_with_returns(b"one\\rtwo"), ends_with_returns(b"one\\r\\ntwo")
    (True, False)
    """
    return _beginning(head, quoted)[0]


def _beginning(text: Piece, quoted: bool) -> tuple[bool, bool, bool]:
    """Whether lines end with `\\r` alone, as far as the beginning shows; whether more cannot change it.

    And whether it has a line end outside quotes, or none at all.
    """
    if isinstance(text, str):
        feed, back, quote = "\n", "\r", '"'
    else:
        feed, back, quote = b"\n", b"\r", b'"'
    # Between an odd quote and the next one is what a field holds.
    outside = quote.join(text.split(quote)[::2]) if quoted and quote in text else text
    has_feed, has_back = feed in outside, back in outside
    return has_back and not has_feed, has_feed, has_feed or has_back


def _translated(pieces: Iterator[Piece]) -> Iterator[Piece]:
    after_return = False
    for piece in pieces:
        if isinstance(piece, str):
            feed, back, both = "\n", "\r", "\r\n"
        else:
            feed, back, both = b"\n", b"\r", b"\r\n"
        rest = piece.removeprefix(feed) if after_return else piece
        after_return = piece.endswith(back) if piece else after_return
        yield rest.replace(both, feed).replace(back, feed)


def one_line(text: str) -> str:
    """The text with its line ends as spaces."""
    if "\n" not in text and "\r" not in text:
        return text
    return text.replace("\r\n", " ").replace("\n", " ").replace("\r", " ")
