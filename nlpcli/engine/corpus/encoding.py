"""Text to ids: the step that everything after tokenization begins with.

Two roads, one contract: the same ids for the same text.

    kernel road    `word` and `whitespace`: `kernels/text/scan.py` over raw UTF-8, a thread per core;
                   `morph`: the same over the morphemes of each block (`text/morpheme_writer.py`)
    general road   any other analysis: `Analyzer.tokens`, line by line

The ids, once there are more than eight million, go to a temporary file under `$TMPDIR` as they
are made (it has no name, so nothing can be left behind, however the process ends) and come back
as a memory map. The text is never held whole. Lower-casing beyond ASCII, stop words and the choice
of a vocabulary happen to the types after the scan, not to the tokens during it.
"""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.blocks import as_blocks
from nlpcli.engine.corpus.empty_corpus import NoTokens, Sample
from nlpcli.engine.corpus.encoded_corpus import DocumentOffsets, EncodedCorpus
from nlpcli.engine.corpus.found_tokens import SEGMENT, FoundTokens, finish, with_ids
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.lines import Lines
from nlpcli.engine.io.text_lines import text_lines
from nlpcli.engine.runtime.processes import Failure
from nlpcli.engine.runtime.progress import SILENT, Progress
from nlpcli.engine.runtime.spill import SpillList
from nlpcli.engine.runtime.threads import available_cores, in_threads
from nlpcli.engine.text.analyzer import TIME_LIMIT, Analyzer, isolated
from nlpcli.engine.text.streaming import Pool, pieces
from nlpcli.engine.text.tokenizers.tokenizer import LineFailed
from nlpcli.errors import InputError
from nlpcli.settings.input import InputSettings
from nlpcli.settings.text import AnalysisSettings
from nlpcli.settings.vocabulary import VocabularySettings

if TYPE_CHECKING:
    import concurrent.futures

    from nlpcli.engine.io.record_formats import Documents

_SMALL = 1 << 20  # bytes or tokens that are dealt with before machine code is loaded
_SAMPLED = 1000  # types, or bytes, that tell why no token is left
_FEW_LINES = 256  # below this, processes cost more than they gain


def encode(
    paths: Sequence[str] | None,
    analysis: AnalysisSettings,
    vocabulary: VocabularySettings | Vocabulary,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> EncodedCorpus:
    """The lines of some files as ids; every line that holds a token is a document.

    `vocabulary` says how to choose one, or is one already (other tokens are dropped).

    Raises NoTokens, which says why, when no token is left for a vocabulary.
    """
    lines = text_lines(paths, reading, progress)
    return finish(_encode_lines(lines, analysis), vocabulary)


def encode_documents(
    batches: Iterable[Documents],
    analysis: AnalysisSettings,
    vocabulary: VocabularySettings | Vocabulary,
) -> EncodedCorpus:
    """Documents that are in memory, or come in batches from `records.Records`, as ids.

    >>> corpus = encode_documents([["a b a", ""]], AnalysisSettings(), VocabularySettings())
    >>> corpus.ids.tolist(), corpus.offsets.tolist(), corpus.vocabulary.tokens
    ([0, 1, 0], [0, 3, 3], ('a', 'b'))
    """
    return finish(_encode_batches(batches, analysis), vocabulary)


@dataclass(frozen=True, eq=False)
class Counted:
    """The types of some files in order of first appearance, of how many lines they are, and why there are
    none."""

    types: Vocabulary
    lines: int
    sample: Sample

    def why_none(self) -> NoTokens:
        """The error for a text without tokens."""
        return self.sample.no_tokens()


def count_types(
    paths: Sequence[str] | None,
    analysis: AnalysisSettings,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> Counted:
    """All types of some files, which may be none; keeps no ids."""
    found = _encode_lines(text_lines(paths, reading, progress, "counting"), analysis, keep=False)
    return Counted(found.types, found.lines, found.sample)


def encode_all(
    paths: Sequence[str] | None,
    analysis: AnalysisSettings,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> tuple[EncodedCorpus, Counted]:
    """Some files as ids of all their types, in order of first appearance; there may be none of them."""
    return _all_types(_encode_lines(text_lines(paths, reading, progress), analysis))


def encode_ranked(
    paths: Sequence[str] | None,
    analysis: AnalysisSettings,
    vocabulary: VocabularySettings | Vocabulary,
    reading: InputSettings = InputSettings(),
    progress: Progress = SILENT,
) -> tuple[EncodedCorpus, NDArray[np.int64], bool]:
    """As `encode`, and which word was seen first, second and so on: int64 [V], −1 for one that was not seen.

    Last comes whether there are tokens of other words. Of a vocabulary that is given, the counts are those in
    these files; there may be no token of it.
    """
    found = _encode_lines(text_lines(paths, reading, progress), analysis)
    if not isinstance(vocabulary, Vocabulary):
        corpus, new_id = with_ids(found, vocabulary)
        return corpus, _ranks(new_id, len(corpus.vocabulary)), bool((new_id < 0).any())
    if not len(found.types):
        counts = np.zeros(len(vocabulary), dtype=np.int64)
        nothing = EncodedCorpus(np.empty(0, np.int32), np.zeros(1, np.int64), vocabulary.with_counts(counts))
        return nothing, np.full(len(vocabulary), -1, dtype=np.int64), False
    corpus, new_id = with_ids(found, vocabulary)
    counts = np.zeros(len(vocabulary), dtype=np.int64)
    counts[new_id[new_id >= 0]] = found.types.counts[new_id >= 0]
    counted = EncodedCorpus(corpus.ids, corpus.offsets, vocabulary.with_counts(counts))
    return counted, _ranks(new_id, len(vocabulary)), bool((new_id < 0).any())


def _ranks(new_id: NDArray[np.int32], words: int) -> NDArray[np.int64]:
    """The rank of each word by first appearance from the ids of the types in that order, −1 for none."""
    ranks = np.full(words, -1, dtype=np.int64)
    seen = new_id[new_id >= 0]
    ranks[seen] = np.arange(len(seen))
    return ranks


def encode_every(batches: Iterable[Documents], analysis: AnalysisSettings) -> tuple[EncodedCorpus, Counted]:
    """Documents as ids of all their types, in order of first appearance; there may be none of them."""
    return _all_types(_encode_batches(batches, analysis))


def _all_types(found: FoundTokens) -> tuple[EncodedCorpus, Counted]:
    counted = Counted(found.types, found.lines, found.sample)
    if len(found.types):
        return finish(found, VocabularySettings(vocab_order="first-seen")), counted
    return EncodedCorpus(np.empty(0, np.int32), np.zeros_like(found.offsets), found.types), counted


# --- the general road -----------------------------------------------------------------------


def _analyze(
    lines: Iterable[str], analyzer: Analyzer, keep: bool = True, filled: bool = False
) -> FoundTokens:
    """Every line through the analyzer, a dictionary for the types."""
    number_of: dict[str, int] = {}
    counts: list[int] = []
    spilled = SpillList()
    waiting: list[int] = []
    ends: list[int] = []
    offsets = DocumentOffsets(filled)
    total = documents = 0
    sample = Sample(analyzer.settings)
    try:
        for tokens in _token_lists(sample.watched(lines), analyzer):
            for token in tokens:
                number = number_of.setdefault(token, len(counts))
                if number == len(counts):
                    counts.append(0)
                counts[number] += 1
                waiting.append(number)
            total += len(tokens)
            documents += 1
            ends.append(total)
            if len(waiting) + len(ends) >= SEGMENT:
                _write(waiting, spilled, keep)
                if keep:
                    offsets.add(np.array(ends, dtype=np.int64))
                ends.clear()
    except LineFailed as error:
        raise InputError(f"{_place(lines, documents + 1)}: {error.message}", hint=error.hint) from error
    _write(waiting, spilled, keep)
    if keep:
        offsets.add(np.array(ends, dtype=np.int64))
    identity = np.arange(len(counts), dtype=np.int32)
    return FoundTokens(
        Vocabulary.of(number_of, counts),
        spilled,
        [(total, 0)],
        [identity],
        offsets.array(),
        sample,
        documents,
    )


def _place(lines: Iterable[str], number: int) -> str:
    """Where a line stands; of lines that were read ahead only their number is known."""
    one_file = isinstance(lines, Lines) and len(lines.paths) == 1
    return f"{lines.name}:{number}" if one_file else f"text {number}"  # type: ignore[attr-defined]


def _token_lists(lines: Iterator[str], analyzer: Analyzer) -> Iterator[list[str]]:
    """The tokens of every line; what finds tags runs in a process per core when there is much to do.

    Raises InputError on a line that an analyser fails on.
    """
    cores, settings = available_cores() if os.name == "posix" else 1, analyzer.settings
    first = list(itertools.islice(lines, _FEW_LINES))
    if not settings.tagged or len(first) < _FEW_LINES or cores == 1:
        yield from map(analyzer.tokens, itertools.chain(first, lines))
        return
    with Pool(lambda: isolated(settings, "tokens", TIME_LIMIT), cores) as pool:
        waiting: deque[tuple[Sequence[str], concurrent.futures.Future[list[list[str] | Failure]]]] = deque()
        batch = first
        while batch or waiting:
            waiting.extend((piece, pool.submit(piece)) for piece in pieces(batch, cores))
            batch = list(itertools.islice(lines, _FEW_LINES))
            while waiting and (not batch or len(waiting) > 16 * cores):
                piece, future = waiting.popleft()
                for line, tokens in zip(piece, future.result(), strict=True):
                    if isinstance(tokens, Failure):
                        raise LineFailed(f"{settings.tokenizer} failed on a line: {tokens}: {line[:60]!r}")
                    yield tokens


def _write(waiting: list[int], spilled: SpillList, keep: bool) -> None:
    if keep:
        spilled.append(np.array(waiting, dtype=np.int32))
    waiting.clear()


# --- the kernel road ------------------------------------------------------------------------


def _encode_lines(lines: Lines, analysis: AnalysisSettings, keep: bool = True) -> FoundTokens:
    analyzer = Analyzer(analysis)
    if _are_written(analysis):
        return _scan_blocks(lines.line_blocks(), analyzer, keep, filled=True)
    if not analyzer.is_plain:
        return _analyze(lines, analyzer, keep, filled=True)
    return _encode_blocks(lines.blocks(), analyzer, keep, filled=True)


def _are_written(settings: AnalysisSettings) -> bool:
    """Whether a kernel writes the tokens, all in a row."""
    if settings.tokenizer != "morph":
        return False
    from nlpcli.engine.text.morpheme_writer import writes_morphemes

    return writes_morphemes(settings)


def _words_of(analyzer: Analyzer) -> Callable[[bytes], bytes]:
    """What makes a block one of words with white space between; such a block itself is one."""
    if analyzer.settings.tokenizer != "morph":
        return lambda block: block
    from nlpcli.engine.text.morpheme_writer import MorphemeWriter

    return MorphemeWriter(analyzer).lines


def _encode_batches(batches: Iterable[Documents], analysis: AnalysisSettings) -> FoundTokens:
    analyzer = Analyzer(analysis)
    if not analyzer.is_plain:
        from nlpcli.engine.io.record_formats import whole_texts

        return _analyze(whole_texts(batches), analyzer)
    return _encode_blocks(as_blocks(batches), analyzer)


def _encode_blocks(
    blocks: Iterator[bytes], analyzer: Analyzer, keep: bool = True, filled: bool = False
) -> FoundTokens:
    small = []
    for block in blocks:
        small.append(block)
        if sum(map(len, small)) > _SMALL:
            return _scan_blocks(itertools.chain(small, blocks), analyzer, keep, filled)
    text = b"".join(small).decode("utf-8", "surrogatepass")
    return _analyze(text.split("\n")[:-1], analyzer, keep, filled)


def _scan_blocks(
    blocks: Iterable[bytes], analyzer: Analyzer, keep: bool, filled: bool = False
) -> FoundTokens:
    """Every block through the kernel, on all cores; results in the order of the text."""
    from nlpcli.engine.corpus.scanner import Scanner, union

    threads = available_cores()
    lower = analyzer.only_lowers
    splits = analyzer.settings.tokenizer if analyzer.is_plain else "whitespace"
    scanners = [Scanner(splits, lower) for _ in range(threads)]
    words = [_words_of(analyzer) for _ in range(threads)]
    idle = deque(range(threads))
    spilled = SpillList()
    segments: list[tuple[int, int]] = []
    offsets = DocumentOffsets(filled)
    total = lines = 0

    def scan(block: bytes, number: int) -> tuple[int, NDArray[np.int32], NDArray[np.int64]]:
        which = idle.popleft()
        try:
            numbers, line_ends = scanners[which].scan(words[which](block), number)
            return which, numbers.copy() if keep else numbers, line_ends
        finally:
            idle.append(which)

    beginning = [""]

    def watched() -> Iterator[bytes]:
        for block in blocks:
            if not beginning[0]:
                beginning[0] = block.lstrip()[:_SAMPLED].decode("utf-8", "replace")
            yield block

    def take(result: tuple[int, NDArray[np.int32], NDArray[np.int64]]) -> None:
        nonlocal total, lines
        which, numbers, line_ends = result
        if keep:
            spilled.append(numbers)
            offsets.add(line_ends + total)
        segments.append((len(numbers), which))
        total += len(numbers)
        lines += len(line_ends)

    for result in in_threads(scan, ((block, number) for number, block in enumerate(watched())), threads):
        take(result)
    types, translations = union(scanners)
    scanned = types
    if not (lower or analyzer.finishes_nothing):
        types, finished = _finished_types(types, analyzer)
        translations = [finished[translation] for translation in translations]
    sample = Sample(analyzer.settings)
    if not len(types):
        sample.add(*(scanned.tokens[:_SAMPLED] or beginning))
    return FoundTokens(types, spilled, segments, translations, offsets.array(), sample, lines)


def _finished_types(types: Vocabulary, analyzer: Analyzer) -> tuple[Vocabulary, NDArray[np.int32]]:
    """Types as the analyzer would have given them (stems, say), and old id → new, −1 for none."""
    ids: dict[str, int] = {}
    finished = analyzer.finish(list(types.tokens))
    new = np.array(
        [-1 if token is None else ids.setdefault(token, len(ids)) for token in finished], dtype=np.int32
    )
    summed = np.zeros(len(ids), dtype=np.int64)
    np.add.at(summed, new[new >= 0], types.counts[new >= 0])
    return Vocabulary.of(ids, summed), new
