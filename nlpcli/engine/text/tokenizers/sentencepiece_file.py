"""A sentencepiece model as a file: a protocol buffer, looked at before the library gets it.

The library trusts what it is given: numbers that are not finite, text that is not UTF-8, and above all
the table by which text is normalised, a double array that it walks without looking where it steps
(https://github.com/s-yata/darts-clone). Here all of these are looked at; everything else the library
checks itself.

    ModelProto      1 pieces: 1 text, 2 score, 3 type     3 normalizer    5 denormalizer
    TrainerSpec (2) 44 what is written for the unknown    (3, 5) 2 the table of normalisation
"""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Iterator
from typing import TypeAlias

from nlpcli.errors import ModelError

Value: TypeAlias = int | memoryview
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_PIECES, _TRAINER, _NORMALIZERS = 1, 2, (3, 5)
_TEXT, _SCORE, _TYPE, _TABLE = 1, 2, 3, 2
_TYPES = range(1, 7)  # normal, unknown, control, user-defined, unused, byte
_SHOWN = (44, 45, 46, 47, 48)  # texts of the trainer's record that stand for pieces
_LEAF, _FAR, _LEADS, _ANY_BYTE = 1 << 31, 1 << 9, 1 << 8, 0xFF  # bits of a unit


def check_model(content: bytes, name: str = "this") -> None:
    """Raise ModelError, which names the model, for one that the library could stumble over."""
    try:
        _check(content)
    except (ValueError, struct.error) as error:
        raise ModelError(
            f"{name} is not a sentencepiece model, or it is damaged: {error}",
            hint="nlpcli train-subword FILE… -o ko.model makes one",
        ) from error


@functools.lru_cache(maxsize=1)  # where it is read, and where it is used
def _check(content: bytes) -> None:
    pieces = 0
    for field, kind, value in _fields(memoryview(content)):
        if not isinstance(value, memoryview) or kind != _BYTES:
            continue
        if field == _PIECES:
            _check_piece(value)
            pieces += 1
        elif field == _TRAINER:
            for inner, _, shown in _fields(value):
                if inner in _SHOWN and isinstance(shown, memoryview):
                    str(shown, "utf-8")
        elif field in _NORMALIZERS:
            for inner, width, table in _fields(value):
                if (inner, width) == (_TABLE, _BYTES) and isinstance(table, memoryview) and len(table):
                    _check_table(table)
    if not pieces:
        raise ValueError("it has no pieces")


def _fields(message: memoryview) -> Iterator[tuple[int, int, Value]]:
    """The fields of a message: number, kind and value. Raises ValueError where they do not fit in."""
    place, end = 0, len(message)
    while place < end:
        key, place = _varint(message, place)
        kind = key & 7
        value: Value
        if kind == _VARINT:
            value, place = _varint(message, place)
        else:
            if kind == _BYTES:
                size, place = _varint(message, place)
            elif kind in (_FIXED32, _FIXED64):
                size = 4 if kind == _FIXED32 else 8
            else:
                raise ValueError("a field is of no kind")
            if size > end - place:
                raise ValueError("it is cut short")
            value, place = message[place : place + size], place + size
        yield key >> 3, kind, value


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place == len(message):
            raise ValueError("it is cut short")
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError("a number is too long")


def _check_piece(message: memoryview) -> None:
    for field, kind, value in _fields(message):
        if field == _TEXT and kind == _BYTES and isinstance(value, memoryview):
            str(value, "utf-8")
        elif field == _SCORE and kind == _FIXED32 and isinstance(value, memoryview):
            if not math.isfinite(struct.unpack("<f", value)[0]):
                raise ValueError("a score is no number")
        elif field == _TYPE and kind == _VARINT and value not in _TYPES:
            raise ValueError("a piece is of no type")


def _check_table(table: memoryview) -> None:
    """A double array of units, after its size, and the texts that it leads to, each ended by a zero byte.

    From a unit that is no leaf the library steps to (place ^ offset ^ byte) for any byte, and where a
    bit says so to (place ^ offset), a leaf, whose value is where a text begins.
    """
    import numpy as np

    size = struct.unpack("<I", table[:4])[0]
    if size % 4 or not 0 < size <= len(table) - 4:
        raise ValueError("its normalisation is cut short")
    units = np.frombuffer(table[4 : 4 + size], "<u4")
    texts = np.frombuffer(table[4 + size :], np.uint8)
    places = np.arange(len(units), dtype=np.uint32)
    # The upper 22 bits, moved up by 8 where a bit says so.
    offsets = (units >> 10) << ((units & _FAR) >> 6)
    inner = (units & _LEAF) == 0
    steps = (places ^ offsets)[inner]
    if int((steps | _ANY_BYTE).max(initial=0)) >= len(units):
        raise ValueError("its normalisation points outside its table")
    starts = units[steps[(units[inner] & _LEADS) != 0]] & (_LEAF - 1)
    if not len(texts) or texts[-1] or int(starts.max(initial=0)) >= len(texts):
        raise ValueError("its normalisation points outside its texts")
    str(texts.data, "utf-8")
    if (texts[starts] & 0xC0 == 0x80).any():
        raise ValueError("its normalisation points into a character")
