"""Co-occurrence of shards: added up in any order, the bytes of counting all texts at once."""

from __future__ import annotations

import dataclasses
import pickle
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.engine import jobs
from nlpcli.engine.cooccurrence import count_files
from nlpcli.engine.cooccurrence.partial_counts import NO_WORDS, CellCounts, CooccurrenceCounting
from nlpcli.engine.corpus.encoding import encode
from nlpcli.engine.corpus.token_counts import TokenCounting
from nlpcli.engine.corpus.vocabulary import Vocabulary
from nlpcli.engine.io.shards import Shard, merge_all
from nlpcli.engine.runtime.threads import at_most_cores
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
    middle, rows = len(vocabulary) // 2, len(vocabulary)
    halves = [
        merge_all([part.slice(first, last) for part in parts], cells.merge)
        for first, last in ((0, middle), (middle, rows))
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


def cells_of(rows):
    """Rows of cells, each (column, count in units), as counts of a shard over 70,000 words."""
    counts = [unit for row in rows for _, unit in row]
    seen = np.zeros(70_000, np.int64)
    return CellCounts(
        np.cumsum([0, *map(len, rows)]),
        np.array([column for row in rows for column, _ in row], dtype=np.int32),
        np.array(counts, dtype=np.min_scalar_type(max(counts))),
        seen,
        seen,
    )


@pytest.mark.parametrize("cores", [1, 3])
def test_sums_of_cells_outgrow_the_types_of_their_parts(cores):
    one = cells_of([[(0, 255), (7, 200), (69_999, 1)], [], [(3, 1)], [(2, 5)]])
    other = cells_of([[(7, 100)], [], [(1, 70_000), (3, 9), (4, 9)], []])
    with at_most_cores(cores):
        merged = CooccurrenceCounting(NO_WORDS).merge(one, other)
    assert merged.indptr.tolist() == [0, 3, 3, 6, 7]
    assert merged.columns.tolist() == [0, 7, 69_999, 1, 3, 4, 2]
    assert merged.units.tolist() == [255, 300, 1, 70_000, 10, 9, 5]
    huge = dataclasses.replace(one, units=np.full(5, 1 << 62, dtype=np.uint64))
    with pytest.raises(ModelError, match="too large to be added up"):
        CooccurrenceCounting(NO_WORDS).merge(huge, huge)
