"""Subwords as the units of a language model: sentencepiece's pieces of each line, and line ends between.

Wherever units are numbers, as characters are by their code points, piece n is number 0xF0000 + n: a code
point for private use, so that the alphabet of a model of subwords is one of single characters too.
"""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.text.tokenizers.sentencepiece import SPACE, Subwords
from nlpcli.errors import InputError, ModelError

_FIRST = 0xF0000
_MOST = 0x10FFFF - _FIRST
_UNKNOWN = "\ufffd"
_BYTE = re.compile("<0x([0-9A-F]{2})>")


class SubwordUnit(str):
    """The unit `subword`, with the sentencepiece model that says what the subwords are.

    Raises ModelError where there is none.
    """

    _pieces: list[str]

    def __new__(cls, subword_model: str) -> SubwordUnit:
        """From what settings hold: base64."""
        unit = super().__new__(cls, "subword")
        try:
            content = base64.b64decode(subword_model, validate=True)
        except ValueError:
            content = b""
        unit._subwords = Subwords(content, "the model's subwords")
        unit._pieces = unit._subwords.pieces
        if len(unit._pieces) > _MOST:
            raise ModelError(f"a language model takes {_MOST:,} subwords at most, not {len(unit._pieces):,}")
        unit._points = {piece: _FIRST + n for n, piece in enumerate(unit._pieces)}
        return unit

    _subwords: Subwords
    _points: dict[str, int]

    def points(self, text: str) -> NDArray[np.uint32]:
        """The pieces of a text as numbers; line ends are their own."""
        found: list[int] = []
        for number, line in enumerate(text.split("\n")):
            if number:
                found.append(ord("\n"))
            found += [self._points.get(piece, _FIRST) for piece in self._subwords.split(line)]
        return np.array(found, np.uint32)

    def piece(self, token: str) -> str:
        """What a token of the alphabet stands for: a piece, or itself where it is none."""
        number = ord(token) - _FIRST
        return self._pieces[number] if 0 <= number < len(self._pieces) else token

    def ids(self, text: str, alphabet: Vocabulary, *, skip_unknown: bool = False) -> NDArray[np.int32]:
        """The ids of a short text, without the spaces at its end, which belong to the next subword.

        Raises InputError naming the subwords the model has never seen, unless they are skipped.
        """
        tokens = [*map(chr, self.points(text.replace("\r\n", "\n").rstrip(" ")).tolist())]
        unknown = [self.piece(token) for token in dict.fromkeys(tokens) if token not in alphabet.id_of]
        if unknown and not skip_unknown:
            shown = " ".join(unknown[:10]) + " …" * (len(unknown) > 10)
            raise InputError(
                f"the model has never seen the subwords {shown}",
                hint="leave them out, or use --skip-unknown to ignore them",
            )
        known = (alphabet.id_of.get(token) for token in tokens)
        return np.array([number for number in known if number is not None], np.int32)


class SubwordWriter:
    """Pieces back to text, as they come; `after` is the text that they follow."""

    def __init__(self, unit: SubwordUnit, after: str = "") -> None:
        self._unit = unit
        self._at_start = not after or after.endswith("\n")
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, token: str) -> str:
        """The text that a token completes; nothing while a character is open that is spelled in bytes."""
        piece = self._unit.piece(token)
        if spelled := _BYTE.fullmatch(piece):
            self._at_start = False
            return self._decoder.decode(bytes([int(spelled[1], 16)]))
        text = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        piece = _UNKNOWN if piece == "<unk>" else piece.replace(SPACE, " ")
        if self._at_start and piece.startswith(" "):  # a line's first word has a space before it, too
            piece = piece[1:]
        self._at_start = token == "\n"
        return text + piece

    def end(self) -> str:
        """Bytes held back are no whole character."""
        return ""


def pieces_of(unit: str, tokens: Iterable[str]) -> list[str]:
    """The tokens of an alphabet as they are shown."""
    return [unit.piece(token) if isinstance(unit, SubwordUnit) else token for token in tokens]
