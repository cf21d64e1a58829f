"""Co-occurrence of shards: added up in any order, the bytes of counting all texts at once."""

from __future__ import annotations

import pickle
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.engine import jobs
from nlpcli.engine.cooccurrence import count_files
from nlpcli.engine.cooccurrence.counting import Scratch
from nlpcli.engine.cooccurrence.packed_cells import blocks_of, packed
from nlpcli.engine.cooccurrence.partial_counts import (
    NO_WORDS,
    CellCounts,
    CooccurrenceCounting,
    HeldCells,
)
from nlpcli.engine.corpus.encoding import encode
from nlpcli.engine.corpus.token_counts import TokenCounting
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.shards import Shard, merge_all
from nlpcli.engine.kernels.counts.arguments import Rows
from nlpcli.engine.runtime.threads import Stop, at_most_cores
from nlpcli.errors import ModelError, SettingsError
from nlpcli.settings.embeddings import CooccurrenceSettings
from nlpcli.settings.text import LOWERCASE
from nlpcli.settings.vocabulary import VocabularySettings

LINES = [
    "the king and the queen", "tea for the king", "", "a queen", "king", "다 같이 tea", "a b a b a",
    "tea tea", "and the last line of the queen",
]  # fmt: skip


def files_of(folder, lines, cuts):
    """Files of the lines between cuts; some may be empty."""
    paths = []
    for number, (begin, end) in enumerate(zip([0, *cuts], [*cuts, len(lines)], strict=True)):
        path = folder / f"shard{number}"
        path.write_text("".join(f"{line}\n" for line in lines[begin:end]))
        paths.append(str(path))
    return paths


def at_once(folder, lines, **options):
    (folder / "whole").write_text("".join(f"{line}\n" for line in lines))
    jobs.cooccur(str(folder / "whole"), str(folder / "whole.npz"), **options)
    return (folder / "whole.npz").read_bytes()


def merged_of(paths, folder, **options):
    for path in paths:
        jobs.cooccur(path, f"{path}.npz", **options)
    jobs.merge([f"{path}.npz" for path in paths], str(folder / "merged.npz"))
    return (folder / "merged.npz").read_bytes()


@pytest.mark.parametrize("cuts", [[], [4], [1, 2, 3, 4, 5, 6, 8]])
@pytest.mark.parametrize("order", ["frequency", "first-seen", "alphabetical"])
def test_files_of_parts_add_up_to_the_bytes_of_all_at_once(tmp_path, cuts, order):
    lines = [line for line in LINES if line]  # every part has to have a vocabulary of its own
    paths = files_of(tmp_path, lines, [min(cut, len(lines) - 1) for cut in cuts])
    options = {"window": 2, "vocab_order": order}
    assert merged_of(paths, tmp_path, **options) == at_once(tmp_path, lines, **options)


def test_merged_files_can_be_merged_further(tmp_path):
    lines = [line for line in LINES if line]
    paths = files_of(tmp_path, lines, [2, 3, 6])
    for path in paths:
        jobs.cooccur(path, f"{path}.npz")
    jobs.merge([f"{path}.npz" for path in paths[:3]], str(tmp_path / "first.npz"))
    jobs.merge([str(tmp_path / "first.npz"), f"{paths[3]}.npz"], str(tmp_path / "merged.npz"))
    assert (tmp_path / "merged.npz").read_bytes() == at_once(tmp_path, lines)


@pytest.mark.parametrize("cuts", [[], [3], [2, 2, 3], [1, 2, 3, 4, 5, 6, 8]])
@pytest.mark.parametrize(
    "chosen", [{"min_count": 2}, {"max_vocab": 4}, {"min_count": 2, "vocab_order": "alphabetical"}]
)
def test_parts_with_one_vocabulary_add_up_with_rare_words_left_out(tmp_path, cuts, chosen):
    (tmp_path / "all").write_text("".join(f"{line}\n" for line in LINES))
    jobs.count(str(tmp_path / "all"), str(tmp_path / "vocabulary.tsv"), lowercase=True, **chosen)
    given_one = {"read_vocab": str(tmp_path / "vocabulary.tsv")}
    paths = files_of(tmp_path, LINES, cuts)
    merged = merged_of(paths, tmp_path, **given_one)
    assert merged == at_once(tmp_path, LINES, **given_one)
    if "vocab_order" not in chosen:  # which the vocabulary alone knows
        assert merged == at_once(tmp_path, LINES, **chosen)


def test_a_text_without_a_word_of_the_vocabulary_counts_nothing(tmp_path):
    (tmp_path / "vocabulary").write_text("king\t5\nqueen\t2\n")
    for text in ("", "tea tea\n", "\n"):
        (tmp_path / "text").write_text(text)
        counts = jobs.cooccur(
            str(tmp_path / "text"), str(tmp_path / "c.npz"), read_vocab=str(tmp_path / "vocabulary")
        )
        assert list(counts.pairs()) == [] and counts.vocabulary.counts.tolist() == [0, 0]
        assert count_files.load(str(tmp_path / "c.npz")).vocabulary.tokens == ("king", "queen")
    with pytest.raises(SettingsError, match="--min-count does nothing beside --read-vocab"):
        jobs.cooccur(str(tmp_path / "text"), read_vocab=str(tmp_path / "vocabulary"), min_count=2)


def test_what_is_missing_from_parts_is_told(tmp_path):
    notes = []
    paths = files_of(tmp_path, ["a a b b c", "a a c c"], [1])
    for path in paths:
        jobs.cooccur(path, f"{path}.npz", min_count=2)
    progress = type("Noting", (), {"note": notes.append, "update": lambda *_: None})()
    jobs.merge([f"{path}.npz" for path in paths], str(tmp_path / "merged.npz"), progress=progress)
    assert "--read-vocab" in notes[0]


words = st.lists(st.sampled_from(["a", "b", "c", "dd", "가", "É"]), max_size=6).map(" ".join)


@settings(max_examples=40)
@given(
    lines=st.lists(words, max_size=12),
    cuts=st.lists(st.integers(0, 12), max_size=7),
    seed=st.integers(0, 99),
    counting=st.builds(CooccurrenceSettings, st.integers(1, 4), st.booleans(), st.booleans()),
    min_count=st.integers(1, 2),
)
def test_shards_in_any_order_are_the_whole(tmp_path_factory, lines, cuts, seed, counting, min_count):
    folder = tmp_path_factory.mktemp("shards")
    lines = ["a a b b", *lines]
    paths = files_of(folder, lines, sorted(min(cut, len(lines)) for cut in cuts))
    shards = [Shard(number, (path,)) for number, path in enumerate(paths)]
    random.Random(seed).shuffle(shards)
    tokens = TokenCounting(LOWERCASE, vocabulary=VocabularySettings(min_count))
    vocabulary = tokens.finish(merge_all(map(tokens.part, shards), tokens.merge))
    cells = CooccurrenceCounting(vocabulary, counting)
    parts = [pickle.loads(pickle.dumps(cells.part(shard))) for shard in shards]
    count_files.save(str(folder / "merged.npz"), cells.finish(merge_all(parts, cells.merge)))
    expected = at_once(folder, lines, counting=counting, min_count=min_count)
    assert (folder / "merged.npz").read_bytes() == expected
    pieces = len(parts[0].pieces)
    halves = [
        merge_all([part.slice(first, last) for part in parts], cells.merge)
        for first, last in ((0, pieces // 2), (pieces // 2, pieces))
    ]
    count_files.save(str(folder / "joined.npz"), cells.over(vocabulary, halves))
    assert (folder / "joined.npz").read_bytes() == expected


@pytest.mark.parametrize("ranks", [[0, 0, 1], [0, 1, 3], [0, 1, -2], [2, 0, 0], [1, 2, -1], [1, 2, 3]])
def test_ranks_that_are_none_are_refused(tmp_path, ranks):
    (tmp_path / "text").write_text("a b c\n")
    counts = jobs.cooccur(str(tmp_path / "text"))
    forged = count_files.dataclasses.replace(counts, first_seen=np.array(ranks))
    count_files.save(str(tmp_path / "forged.npz"), forged)
    with pytest.raises(ModelError, match="damaged"):
        count_files.load(str(tmp_path / "forged.npz"))


def test_files_of_earlier_versions_without_ranks_still_add_up(tmp_path):
    paths = files_of(tmp_path, ["b a a", "a c b b"], [1])
    for path in paths:
        counts = jobs.cooccur(path)
        count_files.save(f"{path}.npz", count_files.dataclasses.replace(counts, first_seen=None))
    merged = jobs.merge([f"{path}.npz" for path in paths], str(tmp_path / "merged.npz"))
    assert merged.first_seen is None and merged.vocabulary.tokens == ("a", "b", "c")
    assert merged.vocabulary.counts.tolist() == [3, 3, 1]


def test_a_given_vocabulary_keeps_ids_and_counts_anew(tmp_path):
    (tmp_path / "text").write_text("b a b\n")
    given_one = Vocabulary.of(["x", "b", "a"], [9, 9, 9])
    counts = CooccurrenceCounting(given_one).part(Shard(0, (str(tmp_path / "text"),)))
    assert counts.seen.tolist() == [0, 2, 1]
    assert encode([str(tmp_path / "text")], LOWERCASE, given_one).vocabulary is given_one


def cells_of(rows, words):
    """Rows of cells, each (column, count in units), as counts of a shard over some words, in two pieces."""
    blocks, pieces = blocks_of(words), []
    for some in (rows[:3], rows[3:]):
        columns, units = (
            np.array([cell[which] for row in some for cell in row], dtype=kind)
            for which, kind in ((0, np.int32), (1, np.int64))
        )
        pieces.append(packed(Rows(np.cumsum([*map(len, some)]), columns, units), blocks))
    seen = np.zeros(words, np.int64)
    return CellCounts(np.array([0, 3, len(rows)]), pieces, seen, seen)


def rows_of(cells, bounds):
    """The same as rows, in groups of rows that begin elsewhere."""
    held, found = HeldCells([cells], 1, np.array(bounds)), []
    for number in range(len(bounds) - 1):
        ends, columns, units = held.group(number, Scratch(0), Stop())
        found += [
            [*zip(columns[begin:end].tolist(), units[begin:end].tolist(), strict=True)]
            for begin, end in zip([0, *ends.tolist()], ends.tolist(), strict=False)
        ]
    assert np.concatenate([*held.row_lengths()]).tolist() == [*map(len, found)]
    flat = [cell for row in found for cell in row]
    assert np.concatenate([*held.columns()]).tolist() == [column for column, _ in flat]
    assert np.concatenate([*held.units()]).tolist() == [units for _, units in flat]
    return found


ROWS = [[(0, 255), (7, 200), (69_999, 1)], [], [(3, 1), (65_535, 65_535), (65_536, 3)], [(2, 65_536)]]
OTHERS = [[(7, 65_400)], [(68_000, 1 << 40)], [(1, 70_000), (3, 9), (65_535, 1)], []]
SUMS = [
    [(0, 255), (7, 65_600), (69_999, 1)], [(68_000, 1 << 40)],
    [(1, 70_000), (3, 10), (65_535, 65_536), (65_536, 3)], [(2, 65_536)],
]  # fmt: skip


@pytest.mark.parametrize("cores", [1, 3])
@pytest.mark.parametrize("words", [70_000, 200_000])
@pytest.mark.parametrize("bounds", [[0, 4], [0, 1, 2, 4], [0, 3, 4]])
def test_cells_and_their_sums_are_as_large_as_they_get(cores, words, bounds):
    one, other = cells_of(ROWS, words), cells_of(OTHERS, words)
    assert (rows_of(one, bounds), rows_of(other, bounds)) == (ROWS, OTHERS)
    with at_most_cores(cores):
        merge = CooccurrenceCounting(NO_WORDS).merge
        for merged in (merge(one, other), merge(other, one)):
            assert rows_of(merged, bounds) == SUMS
        both = [[(column, units * 2) for column, units in row] for row in SUMS]
        assert rows_of(merge(merged, merged), bounds) == both
        huge = cells_of([[], [], [], [(5, 1 << 62)]], words)
        with pytest.raises(ModelError, match="too large to be added up"):
            merge(huge, huge)


@settings(max_examples=30)
@given(seed=st.integers(0, 999), words=st.sampled_from([9, 65_536, 65_537, 140_000]))
def test_sums_are_those_of_plain_numbers(seed, words):
    rng = np.random.default_rng(seed)
    sums = [{} for _ in range(5)]
    parts = []
    for _ in range(3):
        rows = [
            {int(column): int(units) for column, units in zip(
                rng.integers(0, words, 6), rng.choice([1, 40_000, 65_535, 65_536, 1 << 33], 6), strict=True)}
            for _ in sums
        ]  # fmt: skip
        parts.append(cells_of([sorted(row.items()) for row in rows], words))
        for total, row in zip(sums, rows, strict=True):
            for column, units in row.items():
                total[column] = total.get(column, 0) + units
    merged = merge_all(parts, CooccurrenceCounting(NO_WORDS).merge)
    assert rows_of(merged, [0, 2, 5]) == [sorted(total.items()) for total in sums]
