"""Where lines end: `\\n`, and `\\r` alone in files that know no other end (exports of old Macs).

A `\\r` in a file whose lines end with `\\n` is a character of its line.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TypeVar

_SAMPLE = 1 << 20
Piece = TypeVar("Piece", str, bytes)


def with_line_feeds(pieces: Iterator[Piece], *, quoted: bool = False) -> Iterator[Piece]:
    """The same text or bytes; where lines end with `\\r` alone, every line end is `\\n`.

    Told by the beginning: all up to the first `\\n`, but no more than a mebibyte. `quoted`: it is a
    table, in whose quoted fields `\\n` may stand, although `\\r` ends the rows.

    >>> list(with_line_feeds(iter(["one\\rtwo\\r", "three"]))), list(with_line_feeds(iter(["a\\rb\\n"])))
    (['one\\ntwo\\n', 'three'], ['a\\rb\\n'])
    """
    begun: list[Piece] = []
    size = 0
    for piece in pieces:
        begun.append(piece)
        size += len(piece)
        feed, back = (b"\n", b"\r") if isinstance(piece, bytes) else ("\n", "\r")
        if size >= _SAMPLE and not piece.endswith(back):  # the other half of its line end may follow
            break
        if feed in piece:
            _, is_sure = _beginning(piece[:0].join(begun), quoted)
            if is_sure:
                break
    pieces = itertools.chain(begun, pieces)
    if begun and _beginning(begun[0][:0].join(begun), quoted)[0]:
        return _translated(pieces)
    return pieces


def _beginning(text: Piece, quoted: bool) -> tuple[bool, bool]:
    """Whether lines end with `\\r` alone, as far as the beginning shows; whether more cannot change it."""
    if isinstance(text, str):
        feed, back, both, quote = "\n", "\r", "\r\n", '"'
    else:
        feed, back, both, quote = b"\n", b"\r", b"\r\n", b'"'
    has_feed = feed in text
    has_back_alone = text.count(back) > text.count(both) if back in text else False
    if not quoted or not has_back_alone:
        return has_back_alone and not has_feed, has_feed
    # Between an odd quote and the next one is what a field holds.
    outside = quote.join(text.split(quote)[::2])
    return outside.count(back) > outside.count(both) and feed not in outside, feed in outside


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
