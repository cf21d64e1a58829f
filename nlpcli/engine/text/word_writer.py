"""The words of a block of bytes, written by a kernel; with what Python decides about, put in between.

Not here: when this road is taken (`word_lines.py`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.io.lines import count_lines
from nlpcli.engine.kernels.text.arguments import Batch, Definition, StopWords, Written
from nlpcli.engine.kernels.text.codes import ASK, INVISIBLE
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.engine.text.invisible import visible
from nlpcli.engine.text.stopwords import untagged
from nlpcli.engine.text.tokenizers.character_classes import character_classes
from nlpcli.engine.text.unicode_marks import typewriter

_BATCH = 512  # words that the kernel splits off before it copies them
_SHORT = 16  # bytes of a stop word that has a place in the kernel's table
_SLACK = 32  # bytes that a copy may write too many
_ODD = 8 * _BATCH  # words left to Python at a time
_REMEMBERED = 1 << 14  # what they are, since words come again
_SURROGATES = slice(0xD800, 0xE000)
_CAPITAL_SIGMA = 0x3A3  # ς at the end of a word
_LAST_CAPITAL = 0x1E943
_GAPS = re.compile(rb"(?m)^ +| +(?= |$)")

kernel = Kernels("text.words_out")
scan = Kernels("text.scan")


class WordWriter:
    """Writes the words of blocks as an analyzer that lower-cases and leaves out stop words gives them."""

    def __init__(self, analyzer: Analyzer) -> None:
        settings = analyzer.settings
        self._analyzer = analyzer
        self._lower = settings.lowercase
        left_out = untagged(settings.stopwords)
        self._definition = Definition(
            character_classes(settings.tokenizer), settings.tokenizer == "whitespace"
        )
        self._becomes = _becomes(self._definition.classes, self._lower, bool(left_out))
        self._stops = _table(left_out)
        begins, stops = np.empty((2, _BATCH), np.int64)
        self._batch = Batch(begins, stops, np.empty(0, np.uint64), np.empty((0, 3), np.uint64))
        self._odd = np.empty((_ODD, 2), np.int64)
        self._text = self._written = np.empty(0, np.uint8)
        self._form = functools.lru_cache(_REMEMBERED)(self._asked)

    def words(self, block: bytes) -> bytes:
        """The words of the block's lines, with a space between those of a line."""
        text = np.frombuffer(block, np.uint8)
        if len(self._written) < len(text) + _SLACK:
            self._text, self._written = np.empty((2, len(text) + _SLACK), np.uint8)
        if self._lower:
            scan.lower_ascii(text, self._text)
            text = self._text[: len(text)]
            text.flags.writeable = False  # as it is without this: one kernel for both
        ends = np.empty(count_lines(block), np.int64)
        parts: list[bytes] = []
        some_left_out = False
        reached = Written(0, 0, False, 0)
        while reached.at < len(text):
            reached = Written(
                *kernel.write_words(
                    text, self._definition, self._becomes, self._stops, self._batch, ends, self._written,
                    self._odd, reached._replace(out=0, odd=0),
                )
            )  # fmt: skip
            written = self._written[: reached.out].tobytes()
            for part in self._decided(written, self._odd[: reached.odd].tolist()):
                some_left_out |= part is None
                parts.append(part or b"")
        words = b"".join(parts)
        return _GAPS.sub(b"", words) if some_left_out else words

    def _decided(self, written: bytes, odd: list[list[int]]) -> Iterator[bytes | None]:
        """The parts of what was written, with the words that are odd as they should be; None: left out."""
        at = 0
        for begin, end in odd:
            yield written[at:begin]
            yield self._form(written[begin:end])
            at = end
        yield written[at:]

    def _asked(self, word: bytes) -> bytes | None:
        (form,) = self._analyzer.finish([visible(word.decode("utf-8", "surrogatepass"))])
        return form.encode("utf-8", "replace") if form is not None else None


def _becomes(classes: NDArray[np.uint8], lower: bool, stops: bool) -> NDArray[np.int32]:
    """What each code point becomes, or ASK, where that takes more than a look at the character."""
    becomes = np.arange(0x110000, dtype=np.int32)
    becomes[: len(classes)][classes == INVISIBLE] = ASK
    becomes[_SURROGATES] = ASK  # they cannot be written
    if not (lower or stops):
        return becomes
    characters = np.arange(_LAST_CAPITAL + 1, dtype=np.uint32).view("<U1")
    for code in np.flatnonzero(np.strings.lower(characters) != characters).tolist():
        small = chr(code).lower()
        is_simple = code != _CAPITAL_SIGMA and len(small.encode()) == len(chr(code).encode())
        if code >= 0x80:
            becomes[code] = ord(small) if lower and len(small) == 1 and is_simple else ASK
    if stops:
        becomes[[code for code in range(0x80, 0x10000) if typewriter(chr(code)) != chr(code)]] = ASK
    return becomes


def _table(words: Iterable[str]) -> StopWords:
    """The table of stop words; long ones are left to Python."""
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    short = [word for word in encoded if 0 < len(word) <= _SHORT]
    slots = np.zeros((1 << (4 * len(short)).bit_length() if encoded else 0, 3), np.uint64)
    if short:
        text = np.frombuffer(b"".join(short) + bytes(_SHORT), np.uint8)
        kernel.enter_stop_words(text, offsets_of([len(word) for word in short]), slots)
    return StopWords(slots, max(map(len, encoded), default=0))
