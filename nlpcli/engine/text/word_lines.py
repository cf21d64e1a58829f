"""Blocks of bytes in, the words of their lines out: the fast road of `tokenize`.

Two roads, one contract, as for ids (`corpus/encoding.py`): what `Analyzer.tokens` gives for each line, with a
space between the words. A kernel writes the words straight into the output (`word_writer.py`); short texts
are done before its machine code could be loaded, and without numpy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nlpcli.engine.text.analyzer import Analyzer
from nlpcli.settings.text import AnalysisSettings, RunSettings

_SMALL = 1 << 19  # bytes that are dealt with before machine code is loaded


def has_fast_road(settings: AnalysisSettings, run: RunSettings) -> bool:
    """Whether words are all there is to find; stop words and lower case are no hindrance."""
    changes = settings.normalizes or settings.tagged or settings.lemma or settings.stem != "none"
    return settings.tokenizer in ("word", "whitespace") and not changes and run.jobs == 1


def word_lines(blocks: Iterable[bytes], settings: AnalysisSettings) -> Iterator[bytes]:
    """The words of each block's lines; a line may go on in the next block, behind a space or tab.

    Raises what `Analyzer` raises.
    """
    analyzer = Analyzer(settings)
    words_of = None
    size, begun = 0, False
    for block in blocks:
        size += len(block)
        if words_of is None and size > _SMALL:
            from nlpcli.engine.text.word_writer import WordWriter

            words_of = WordWriter(analyzer).words
        words = words_of(block) if words_of is not None else _words(block, analyzer)
        if begun and words[:1] not in (b"", b"\n"):
            words = b" " + words
        yield words
        if words:
            begun = not words.endswith(b"\n")


def _words(block: bytes, analyzer: Analyzer) -> bytes:
    lines = block.decode("utf-8", "surrogatepass").split("\n")
    return "\n".join(" ".join(analyzer.tokens(line)) for line in lines).encode("utf-8", "replace")
