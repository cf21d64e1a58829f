"""What both roads of `encoding.py` find in a text, and how its tokens get their final ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlpcli.engine.corpus.empty_corpus import Sample
from nlpcli.engine.corpus.encoded_corpus import EncodedCorpus
from nlpcli.engine.corpus.vocabulary import Vocabulary, select
from nlpcli.engine.runtime.arrays import offsets_of
from nlpcli.engine.runtime.compiled import Kernels
from nlpcli.engine.runtime.spill import SpillList
from nlpcli.engine.runtime.threads import run_all
from nlpcli.settings.vocabulary import VocabularySettings

kernels = Kernels("text.scan")

SEGMENT = 1 << 20  # ids renumbered at a time


@dataclass(frozen=True, eq=False)
class FoundTokens:
    """All types of a text in order of first appearance, and its tokens on disk.

    The spilled holds the tokens in `segments` of (how many, which translation): translation t
    takes the numbers of a segment to ids in `types`, −1 for a token that is dropped.
    `offsets` [D + 1] are the tokens before each document, and all. Where tokens are only counted,
    neither is there. `sample` is what tells why there are none. `lines` is how many there were.
    """

    types: Vocabulary
    spilled: SpillList
    segments: list[tuple[int, int]]
    translations: list[NDArray[np.int32]]
    offsets: NDArray[np.int64]
    sample: Sample
    lines: int


def finish(found: FoundTokens, vocabulary: VocabularySettings | Vocabulary) -> EncodedCorpus:
    """Give the tokens their final ids; on the disk in place."""
    return with_ids(found, vocabulary)[0]


def with_ids(
    found: FoundTokens, vocabulary: VocabularySettings | Vocabulary
) -> tuple[EncodedCorpus, NDArray[np.int32]]:
    """The same, and the final id of every type (−1: dropped)."""
    if isinstance(vocabulary, Vocabulary):
        chosen, new_id = vocabulary, vocabulary.ids_of(found.types.tokens)
    elif not len(found.types):
        raise found.sample.no_tokens()
    else:
        chosen, new_id = select(found.types, vocabulary)
    # −1 stays −1: the last entry of the table is what a dropped token finds.
    by_type = np.append(new_id, np.int32(-1))
    tables = [by_type[translation] for translation in found.translations]
    dropping = any((table < 0).any() for table in tables)
    if found.spilled.pieces is not None:
        ids, offsets = _renumbered(found, found.spilled.pieces, tables), found.offsets
        if dropping:
            keeps = ids >= 0
            ids, offsets = ids[keeps], offsets_of(keeps)[offsets]
    elif dropping:
        ids, offsets = _renumber_some(found, tables)
    else:
        ids, offsets = _renumber(found, tables), found.offsets
    ids.flags.writeable = False
    return EncodedCorpus(ids, offsets, chosen), new_id


def _renumbered(
    found: FoundTokens, pieces: Sequence[NDArray[np.int32]], tables: list[NDArray[np.int32]]
) -> NDArray[np.int32]:
    """Every token's id, out of memory."""
    if len(tables) == 1:
        return np.concatenate([np.zeros(0, dtype=np.int32), *(tables[0][piece] for piece in pieces)])
    places = offsets_of([len(piece) for piece in pieces])
    ids = np.empty(places[-1], dtype=np.int32)

    def translate(number: int) -> None:
        into = ids[places[number] : places[number + 1]]
        kernels.translate(pieces[number], tables[found.segments[number][1]], into)

    run_all(translate, ((number,) for number in range(len(pieces))), len(tables))
    return ids


def _renumber(found: FoundTokens, tables: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    """Every token's id, written over its number on the disk."""
    start = 0
    for count, table in _slices(found.segments):
        numbers = found.spilled.read(start, count)
        kernels.translate(numbers, tables[table], numbers)
        found.spilled.rewrite(start, numbers)
        start += count
    return found.spilled.numbers(start)


def _renumber_some(
    found: FoundTokens, tables: list[NDArray[np.int32]]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The same where tokens are dropped: the ids that are left, and how many before each document."""
    offsets = np.empty_like(found.offsets)
    start = kept = document = 0
    for count, table in _slices(found.segments):
        ids = tables[table][found.spilled.read(start, count)]
        keeps = ids >= 0
        before = offsets_of(keeps)
        through = int(np.searchsorted(found.offsets, start + count))
        offsets[document:through] = before[found.offsets[document:through] - start] + kept
        found.spilled.rewrite(kept, ids[keeps])
        start, document, kept = start + count, through, kept + int(before[-1])
    offsets[document:] = kept
    return found.spilled.numbers(kept), offsets


def _slices(segments: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for count, table in segments:
        for begin in range(0, count, SEGMENT):
            yield min(SEGMENT, count - begin), table
