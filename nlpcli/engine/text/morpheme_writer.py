"""Blocks of bytes in, the morphemes of their lines out: the fast road of `morph`, where a kernel writes them.

What `Analyzer.tokens` gives for each line, with a space between the morphemes; or what `Analyzer.analyse`
gives, as form/tag. Lines with characters that nobody sees, which are rare, go the general road.

Not here: how morphemes are found (`tokenizers/morph.py`), and what becomes of tokens behind it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np

from nlpcli.engine.io.lines import ended_lines
from nlpcli.engine.kernels.tagging.arguments import Spelling
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.tagging.morphemes import spelling_of
from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.engine.text.invisible import has_invisible
from nlpcli.engine.text.tagsets import tag_begins
from nlpcli.engine.text.token import pieces
from nlpcli.engine.text.tokenizers.morph import Morphemes
from nlpcli.engine.text.tokenizers.morphemes import CHUNK, fit
from nlpcli.settings.text import AnalysisSettings

_AT_ONCE = 1 << 17  # characters
_PER_CHARACTER = 8  # bytes of output that there is room for at first
_NOT_CLEAN = re.compile(r"[\x00-\x08\x7f\ud800-\udfff]|[^\S\n ]")

kernel = Kernels("tagging.morphemes_out")


def writes_morphemes(settings: AnalysisSettings) -> bool:
    """Whether morphemes are all there is to find, of whatever tags; lower case and stems come after it."""
    changes = settings.normalizes or settings.lemma or settings.stopwords or settings.stem == "korean"
    return settings.tokenizer == "morph" and not changes


class MorphemeWriter:
    """Writes the morphemes of blocks of whole lines as an analyzer finds them; one per thread.

    tags: with "/" and the tag behind each. Raises what `Analyzer` raises.
    """

    def __init__(self, analyzer: Analyzer, tags: bool = False) -> None:
        settings = analyzer.settings
        self._analyzer = analyzer
        self._tags = tags
        self._morphemes = Morphemes.shipped(settings.user_dict)
        kept = [
            not tag_begins("morph", tag, settings.drop_pos)
            and (not settings.keep_pos or tag_begins("morph", tag, settings.keep_pos))
            for tag in self._morphemes.model.tags
        ]
        self._spelling: Spelling = spelling_of(self._morphemes.model, kept, tags)
        self._written = np.empty(0, np.uint8)

    def lines(self, block: bytes) -> bytes:
        """The morphemes of the block's lines, one line for each."""
        text = block.decode("utf-8", "surrogatepass")
        lines = ended_lines(text)
        odd = {}
        if has_invisible(text):
            odd = {number: line for number, line in enumerate(lines) if has_invisible(line)}
            lines = ["" if number in odd else line for number, line in enumerate(lines)]
        if _NOT_CLEAN.search(text) or not unicodedata.is_normalized("NFC", text):
            lines = [fit(line).text for line in lines]
        written = b"".join(self._written_parts(lines))
        if not odd:
            return written
        together = written.split(b"\n")
        for number, line in odd.items():
            together[number] = self._odd(line).encode("utf-8", "replace")
        return b"\n".join(together)

    def _odd(self, line: str) -> str:
        if self._tags:
            return " ".join(f"{token.form}/{token.tag}" for token in self._analyzer.analyse(line))
        return " ".join(self._analyzer.tokens(line))

    def _written_parts(self, lines: Sequence[str]) -> Iterator[bytes]:
        parts: list[str] = []
        ended: list[bool] = []
        size, begun = 0, False
        for line in lines:
            cut = [line] if len(line) <= CHUNK else [part for _, part in pieces(line, CHUNK)]
            for number, part in enumerate(cut, start=1):
                parts.append(part)
                ended.append(number == len(cut))
                size += len(part)
                if size >= _AT_ONCE:
                    written, begun = self._put(parts, ended, begun)
                    yield written
                    parts, ended, size = [], [], 0
        yield self._put(parts, ended, begun)[0]

    def _put(self, parts: Sequence[str], ended: Sequence[bool], begun: bool) -> tuple[bytes, bool]:
        """The morphemes of parts of lines; begun: whether the line of the first one has some already."""
        codes, labels = self._morphemes.labelled(parts)
        ends = np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)))
        line_ends = np.array(ended, np.uint8)
        least = len(codes) * _PER_CHARACTER + len(parts) + 2 * self._spelling.most
        if len(self._written) < least:
            self._written = np.empty(least, np.uint8)
        while True:
            size, begun_now = kernel.write_morphemes(
                codes, labels, ends, line_ends, begun, self._spelling, self._written
            )
            if size >= 0:
                return self._written[:size].tobytes(), bool(begun_now)
            self._written = np.empty(2 * len(self._written), np.uint8)
